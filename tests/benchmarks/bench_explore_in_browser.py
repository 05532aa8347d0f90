"""How long the explorer of denials takes in JupyterLab, from a filter to repainted charts, at many lines.

    python -m tests.benchmarks.bench_explore_in_browser [LINES]      default: 1000000

Every filter is set to two of its choices and back. "In view" are the charts that the window shows, "page" is all of it
with its tables; both until the frame that shows them. The demo's figures are told by the tests themselves.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.big_claims import folder_of
from tests.browser import chromium, servers
from tests.browser.lab import Notebook
from tests.browser.shown import Shown

CHOICES = 2


def measure(shown: Shown) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds to the charts in view and to the whole page, by filter."""
    found: dict[str, list[tuple[float, float]]] = {}
    for name, values in shown.filters.items():
        start = shown.values[name]
        for value in [*[value for value in values if value != start][:CHOICES], start]:
            shown.choose(name, value)
            shown.page.wait_for_timeout(300)
            found.setdefault(name, []).append((shown.latencies()[-1], shown.latencies("drawn")[-1]))
    return found


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as base, sync_playwright() as playwright:
        folder = Path(base)
        servers.copy_notebooks(folder / "notebooks", Path(folder_of(lines, folder)))
        with servers.jupyterlab(folder / "notebooks", folder / "lab") as lab:
            browser = chromium.launch(playwright)
            notebook = Notebook(browser.new_context(), lab, "explore_denials.ipynb")
            seconds = notebook.run_all()
            shown = Shown(notebook.page)
            shown.wait()
            found = measure(shown)
            browser.close()
    print(f"{lines:,} lines: first paint (frame, controls, tiles) {seconds:.1f} s")
    for name, times in found.items():
        print(
            f"  {name:12}", ", ".join(f"{view:.0f} / {page:.0f}" for view, page in times), "ms in view / page"
        )
    for place, what in enumerate(("charts in view", "whole page")):
        every = sorted(times[place] for several in found.values() for times in several)
        tail = every[int(0.9 * len(every))]
        print(
            f"{what}: median {statistics.median(every):.0f} ms, 90 % within {tail:.0f} ms, worst {every[-1]:.0f} ms"
        )


if __name__ == "__main__":
    main()
