"""An explorer's page in a browser: what it shows, and what a reader does to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

#: Faults that pages have whatever they show: fonts that Voila asks of the net, and what two extensions of Jupyter do
#: in it (plotly's renderer stores a picture that Voila has no place for; a model that is looked for too early).
NOT_OURS: Final = ("Failed to load resource", "r.setData is not a function", "widget model not found",
                   "Unsatisfied version", "No satisfying version")  # fmt: skip

_TEXT: Final = (
    """(root, marks) => [...root.querySelectorAll(marks)].map(each => each.textContent).join("\\n")"""
)
_WRITTEN: Final = ".cpticd-parts h3, .cpticd-tiles, .cpticd-parts p, .cpticd-parts table"
#: Milliseconds from a reader's change to the frame that shows the charts in view anew, and to that of the whole page.
_WATCH: Final = """root => {
  const began = {};
  window.cpticdTimes = { charts: [], drawn: [] };
  root.addEventListener("change", () => { began.charts = began.drawn = performance.now(); }, true);
  new MutationObserver(changes => {
    for (const what of new Set(changes.map(change => change.attributeName.slice(5)))) {
      const from = began[what];
      if (from === undefined) continue;
      delete began[what];
      requestAnimationFrame(() => setTimeout(() => window.cpticdTimes[what].push(performance.now() - from)));
    }
  }).observe(root, { attributes: true, attributeFilter: ["data-charts", "data-drawn"] });
}"""
#: Until the page was drawn again: no polling, which would take time from what is measured.
_AFTER: Final = """(root, [before, wait]) => new Promise(resolve => {
  const over = () => Number(root.dataset.drawn) > before;
  if (over()) return resolve(true);
  const watch = new MutationObserver(() => { if (over()) { watch.disconnect(); resolve(true); } });
  watch.observe(root, { attributes: true, attributeFilter: ["data-drawn"] });
  setTimeout(() => { watch.disconnect(); resolve(over()); }, wait);
})"""
#: Where the mark lies that a reader would click: the cell of a heatmap, else the middle of a bar or point.
_MARK: Final = """section => {
  const plot = section.querySelector(".js-plotly-plot");
  plot.scrollIntoView({ block: "center" });
  const box = plot.getBoundingClientRect();
  const at = plot._fullData.findIndex(trace => trace.type === "heatmap");
  if (at >= 0) {
    const { x, y, z } = plot.calcdata[at][0], { xaxis, yaxis } = plot._fullLayout;
    const middle = (edges, n, axis) => (axis.c2p(edges[n]) + axis.c2p(edges[n + 1])) / 2 + axis._offset;
    for (let row = 0; row < z.length; row++) for (let column = 0; column < z[row].length; column++) {
      const value = z[row][column];
      if (value !== null && value !== undefined && !Number.isNaN(value))
        return { x: box.left + middle(x, column, xaxis), y: box.top + middle(y, row, yaxis) };
    }
  }
  const marks = [...plot.querySelectorAll(".cartesianlayer .point path, .cartesianlayer path.point")].map(mark => mark.getBoundingClientRect());
  const mark = marks.sort((a, b) => b.width * b.height - a.width * a.height)[0];
  return { x: mark.left + mark.width / 2, y: mark.top + mark.height / 2 };
}"""
_OUTSIDE: Final = """root => {
  const right = root.getBoundingClientRect().right + 1, found = [];
  for (const each of root.querySelectorAll("*")) {
    if (each.closest(".cpticd-scroll") !== null || each.closest("svg") !== null || each.closest("caption") !== null) continue;
    const box = each.getBoundingClientRect();
    if (box.width && box.right > right) found.push(`${each.tagName}.${each.className} +${Math.round(box.right - right)}`);
  }
  return found;
}"""
#: The values of a list of boxes that is open.
_BOXES: Final = (
    """each => [...each.parentNode.querySelectorAll(".cpticd-boxes input")].map(box => box.value)"""
)
_FOCUSABLE: Final = """root => [...root.querySelectorAll("select, input, textarea, button, summary, [tabindex='0']")]
  .filter(each => !each.disabled && each.checkVisibility() && !each.closest(".modebar"))"""


class Shown:
    """The one explorer on ``page``."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.root = page.locator(".cpticd-board")

    def wait(self, timeout: float = 90) -> None:
        """Until the whole page is drawn."""
        self.root.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=1000 * timeout)
        self.page.wait_for_function("Number(document.querySelector('.cpticd-board')?.dataset.drawn ?? 0) > 0")
        self.root.evaluate(_WATCH)

    @property
    def drawn(self) -> int:
        return int(self.root.get_attribute("data-drawn"))

    @property
    def text(self) -> str:
        """All that is written on the page, in charts as well."""
        return str(self.root.evaluate(_TEXT, f"{_WRITTEN}, .cpticd-parts .main-svg text"))

    @property
    def written(self) -> str:
        """What is written beside charts, whose ticks are others in another width."""
        return str(self.root.evaluate(_TEXT, _WRITTEN))

    @property
    def said(self) -> str:
        return str(self.root.locator(".cpticd-said").text_content())

    def tile(self, label: str) -> str:
        """The number of the tile with this label."""
        tile = self.root.locator(".cpticd-tiles li").filter(has=self.page.get_by_text(label, exact=True))
        return str(tile.locator("strong").text_content())

    def part(self, name: str) -> Any:
        return self.root.locator(f"section[data-part={name}]")

    def control(self, name: str) -> Any:
        return self.root.locator(f".cpticd-controls [id$='-{name}']")

    @property
    def values(self) -> dict[str, str]:
        """What every filter is set to."""
        return {name: self.value(name) for name in self.kinds}

    def value(self, name: str) -> str:
        """What a filter is set to; several values with ``|`` between them."""
        return str(self.control(name).evaluate("each => each.value"))

    @property
    def filters(self) -> dict[str, list[str]]:
        """Values to choose from, by the control's name: all of a select, two of a share or an amount."""
        found = {}
        for name, kind in self.kinds.items():
            control = self.control(name)
            if kind == "several":
                control.click()
                found[name] = ["", *control.evaluate(_BOXES)]
                self.page.keyboard.press("Escape")
            elif kind == "day":
                found[name] = ["", "2024-11-05", "2025-02-17"]
            elif kind == "one":
                found[name] = control.evaluate("each => [...each.options].map(option => option.value)")
            else:
                found[name] = {"share": ["0.8", "0.4"], "amount": ["100", "20"]}[kind]
        return found

    @property
    def kinds(self) -> dict[str, str]:
        """What is chosen with a control: several values, a day, one value, a share or an amount."""
        marks = "select, .cpticd-control > input, .cpticd-pick"
        found = {}
        for control in self.root.locator(".cpticd-controls").locator(marks).all():
            name = control.get_attribute("id").split("-", 2)[2]
            if "cpticd-pick" in (control.get_attribute("class") or ""):
                found[name] = "several"
            elif control.get_attribute("type") == "date":
                found[name] = "day"
            elif control.evaluate("each => each.tagName") == "SELECT":
                found[name] = "one"
            else:
                found[name] = "share" if control.get_attribute("max") else "amount"
        return found

    def settle(self) -> None:
        """Until nothing is missing that is worked out beside the page."""
        self.page.wait_for_function(
            "!document.querySelector('.cpticd-board').textContent.match(/Working: |being worked out/)"
            " && [...document.querySelectorAll('.cpticd-tiles strong')].every(each => each.textContent !== '…')"
        )

    def after(self, before: int, what: str = "an event", seconds: float = 20) -> None:
        """Until the page was drawn again."""
        assert self.root.evaluate(_AFTER, [before, 1000 * seconds]), f"not drawn again after {what}"

    def choose(self, name: str, value: str, seconds: float = 20) -> None:
        """Set a filter as a reader does."""
        before, control = self.drawn, self.control(name)
        tag = control.evaluate("each => each.tagName")
        if tag == "BUTTON":
            self._pick(control, value)
        elif tag == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
            control.dispatch_event("change")
        self.after(before, f"{name} = {value!r}", seconds)

    def _pick(self, control: Any, value: str) -> None:
        """Check this value alone in a list of boxes, or lift the filter."""
        control.click()
        panel = control.locator("xpath=..").locator(".cpticd-panel")
        if value:
            for box in panel.locator("input:checked").all():
                box.uncheck()
            panel.locator(f"input[value='{value}']").check()
        else:
            panel.locator("button").click()
        self.page.keyboard.press("Escape")

    def press(self, button: Any) -> None:
        """Press a button that draws the page anew."""
        before = self.drawn
        button.click()
        self.after(before)

    def click_mark(self, part: str) -> None:
        """Click the first cell, or the largest bar or point, of a chart with the mouse."""
        place = self.part(part).evaluate(_MARK)
        before = self.drawn
        self.page.mouse.move(place["x"] - 1, place["y"] - 1)
        self.page.mouse.click(place["x"], place["y"])
        if not self.root.evaluate(
            _AFTER, [before, 5000]
        ):  # a chart that was just drawn did not see the mouse come
            self.page.mouse.move(place["x"] + 1, place["y"] + 1)
            self.page.wait_for_timeout(300)
            self.page.mouse.click(place["x"], place["y"])
        self.after(before)

    def export(self) -> str:
        """What the browser is handed when the export button is pressed."""
        with self.page.expect_download(timeout=30000) as download:
            self.control("export").click()
        assert download.value.suggested_filename.endswith(".csv")
        return Path(download.value.path()).read_text(encoding="utf-8-sig")

    def outside(self, width: int) -> list[str]:
        """What reaches out of the page on its right at this width of the window."""
        self.page.set_viewport_size({"width": width, "height": 1000})
        self.page.wait_for_timeout(300)
        return list(self.root.evaluate(_OUTSIDE))

    def unreached(self) -> list[str]:
        """What can be used with a mouse and is not reached by the Tab key from the first control."""
        self.root.evaluate(
            f"root => {{ window.cpticdAll = ({_FOCUSABLE})(root); window.cpticdAll[0].focus(); window.cpticdSeen = []; }}"
        )
        number = self.page.evaluate("window.cpticdAll.length")
        for _ in range(2 * number + 200):  # a day is three places, and a table scrolls
            inside = self.root.evaluate(
                "root => { window.cpticdSeen.push(document.activeElement); return root.contains(document.activeElement); }"
            )
            if not inside:
                break
            self.page.keyboard.press("Tab")
        return list(self.page.evaluate(
            "window.cpticdAll.filter(each => each.isConnected && !window.cpticdSeen.includes(each))"
            ".map(each => each.outerHTML.slice(0, 120))"
        ))  # fmt: skip

    def dark(self, dark: bool) -> tuple[str, str]:
        """Colours of the page and of its first chart after JupyterLab's theme is changed."""
        before = self.drawn
        self.page.evaluate(
            "light => { document.body.dataset.jpThemeLight = light; }", "false" if dark else "true"
        )
        self.after(before)
        page = self.root.evaluate("root => getComputedStyle(root).backgroundColor")
        chart = self.root.locator(".main-svg").first.evaluate("svg => getComputedStyle(svg).backgroundColor")
        return page, chart

    def latencies(self, what: str = "charts") -> list[float]:
        """Milliseconds from each change of a filter to repainted charts in view, or to all (``drawn``)."""
        self.page.wait_for_timeout(50)
        return list(self.page.evaluate("what => window.cpticdTimes[what]", what))


def open_page(context: Any, address: str, width: int = 1400) -> tuple[Any, list[str]]:
    """A new page of a browser's context at ``address``, and the list in which its faults are gathered."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 1000})
    faults: list[str] = []

    def note(text: str) -> None:
        if not any(known in text for known in NOT_OURS):
            faults.append(text[:500])

    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda message: note(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: dialog.accept())
    # Fonts that Voila asks of the net are not waited for.
    page.route(
        lambda url: not url.startswith(("http://127.0.0.1", "data:", "blob:")), lambda route: route.abort()
    )
    page.goto(address)
    return page, faults


def violations(page: Any, context: str | None = None, *, colors: bool = False) -> list[str]:
    """Serious and critical violations of accessibility that axe-core finds; ``colors``: by its rules of color alone."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if colors:
        options["runOnly"] = {"type": "tag", "values": ["cat.color"]}
    found = Axe().run(page, context, options).response["violations"]
    return [
        f"{each['impact']}: {each['id']}: {json.dumps([node['html'][:200] for node in each['nodes'][:3]])}"
        for each in found if each["impact"] in ("serious", "critical")
    ]  # fmt: skip
