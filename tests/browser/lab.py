"""A notebook in JupyterLab: opened, run, asked, reloaded."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from tests.browser.servers import get
from tests.browser.shown import open_page

_IDLE = 60


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

    def run_all(self) -> None:
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()

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
