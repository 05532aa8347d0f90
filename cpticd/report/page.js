// Charts follow the page: dark on a dark page, light on paper.
const templates = __TEMPLATES__;
const dark = matchMedia("(prefers-color-scheme: dark)");
function paint(isDark) {
  for (const div of document.querySelectorAll(".plotly-graph-div")) {
    Plotly.relayout(div, { template: templates[isDark ? "dark" : "light"] });
  }
}
if (dark.matches) paint(true);
dark.addEventListener("change", () => paint(dark.matches));
addEventListener("beforeprint", () => paint(false));
addEventListener("afterprint", () => paint(dark.matches));
