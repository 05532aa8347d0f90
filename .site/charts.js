// Draws the charts of a page when they come into view, in the reader's light or dark theme, and anew when that changes.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const quiet = { displaylogo: false, responsive: true, showSendToCloud: false, plotlyServerURL: "" };

  function draw(place) {
    const { data, layout, config } = JSON.parse(place.querySelector("script").textContent);
    const shown = { ...layout, autosize: true };
    delete shown.width;
    if (dark.matches && shown.template) shown.template = { ...shown.template, layout: DARK_LAYOUT };
    if (shown.height) place.style.minHeight = `${shown.height}px`;
    let canvas = place.querySelector(".canvas");
    if (!canvas) {
      canvas = document.createElement("div");
      canvas.className = "canvas";
      place.append(canvas);
    }
    return Plotly.react(canvas, data, shown, { ...config, ...quiet });
  }

  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || seen.has(target)) continue;
      seen.add(target);
      draw(target);
    }
  }, { rootMargin: "400px" });
  document.querySelectorAll(".chart").forEach((place) => watch.observe(place));
  dark.addEventListener("change", () => seen.forEach(draw));
})();
