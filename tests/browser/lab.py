"""A notebook in JupyterLab: opened, run, asked, reloaded."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from tests.browser.servers import get
from tests.browser.shown import open_page

_IDLE = 60
#: Notes when a key is pressed, and the frame after which the charts in view stand on the page.
_FIRST = """() => {
  window.cpticdPainted = null;
  window.addEventListener("keydown", () => { window.cpticdBegan = performance.now(); }, { capture: true, once: true });
  const watch = new MutationObserver(() => {
    if (!document.querySelector(".cpticd-board[data-charts]")) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.cpticdPainted = performance.now(); }));
  });
  watch.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-charts"] });
}"""


class Notebook:
    """``name`` opened by the JupyterLab at ``address``; its faults are gathered in ``faults``."""

    def __init__(self, context: Any, address: str, name: str) -> None:
        self.address, self.name = address, name
        self.page, self.faults = open_page(context, f"{address}/lab/tree/{name}?reset")
        self.page.locator(".jp-Notebook").wait_for(timeout=60000)
        self._wait_for_idle()

    def _wait_for_idle(self) -> None:
        end = time.monotonic() + _IDLE
        while time.monotonic() < end:
            states = [
                one["kernel"]["execution_state"]
                for one in get(f"{self.address}/api/sessions")
                if one["path"] == self.name
            ]
            if states == ["idle"]:
                return
            self.page.wait_for_timeout(150)
        raise AssertionError(f"the kernel of {self.name} is not idle after {_IDLE} s")

    def run_all(self) -> float:
        """Run every cell; seconds from the explorer's own to its first paint."""
        code = self.page.locator(".jp-Notebook .jp-CodeCell")
        number = code.count()
        code.first.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self.wait_for_count(1)
        painted = self.run_cell(1)
        for place in range(2, number):
            code.nth(place).locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
        self.wait_for_count(number)
        return painted

    def wait_for_count(self, number: int) -> None:
        """Until so many cells were run."""
        self.page.wait_for_function(
            "number => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')]"
            ".some(each => each.textContent.includes(`[${number}]`))",
            arg=number,
            timeout=120000,
        )  # fmt: skip

    def run_cell(self, place: int) -> float:
        """Run a code cell whose output is an explorer; seconds until its charts in view are painted."""
        self.page.locator(".jp-Notebook .jp-CodeCell").nth(place).locator(".cm-content").click()
        self.page.evaluate(_FIRST)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function("window.cpticdPainted", timeout=120000)
        return float(self.page.evaluate("(window.cpticdPainted - window.cpticdBegan) / 1000"))

    @property
    def cells(self) -> int:
        return int(self.page.locator(".jp-Notebook .jp-Cell").count())

    @property
    def active(self) -> int:
        """Number of the cell that JupyterLab's shortcuts act on."""
        return int(self.page.evaluate(
            "[...document.querySelectorAll('.jp-Notebook .jp-Cell')].findIndex(each => each.classList.contains('jp-mod-active'))"
        ))  # fmt: skip

    def _told(self) -> dict[str, Any] | None:
        text = (
            self.page.locator(".jp-Notebook .jp-CodeCell")
            .last.locator(".jp-OutputArea-output pre")
            .all_text_contents()
        )
        said = [line[6:] for line in "".join(text).splitlines() if line.startswith("probe {")]
        return json.loads(said[0]) if said else None

    def ask(self) -> dict[str, Any]:
        """Run the last cell, which tells where the page stands as Python sees it."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").last
        before = self._told()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        end = time.monotonic() + _IDLE
        while time.monotonic() < end:
            told = self._told()
            if told and (before is None or told["turn"] > before["turn"]):
                return told
            self.page.wait_for_timeout(100)
        raise AssertionError("the last cell told nothing")

    def save_and_reload(self) -> None:
        self.page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
        self.page.keyboard.press("Control+s")
        self.page.wait_for_timeout(500)
        self.page.reload()

    def close(self) -> None:
        """Close the page and end its kernel."""
        self.page.close()
        for session in get(f"{self.address}/api/sessions"):
            if session["path"] == self.name:
                request = urllib.request.Request(
                    f"{self.address}/api/sessions/{session['id']}", method="DELETE"
                )
                urllib.request.urlopen(request, timeout=20).close()
