"""Pictures of the explorers for the README, from the pages that Voila serves.

python -m tests.browser.pictures
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

import cpticd as cx
from tests.browser import chromium, servers
from tests.browser.shown import Shown, open_page

IMAGES: Final = servers.ROOT / "notebooks" / "images"
WIDTH, HEIGHT = 1360, 1120


#: Picture, explorer, what a reader did before.
PICTURES: Final[tuple[tuple[str, str, Callable[[Shown], object]], ...]] = (
    (
        "explore_denials",
        "denials",
        lambda shown: [shown.choose(*each) for each in (("payer", "Cedar Advantage"), ("compare", "payer"))],
    ),
    ("explore_risk_dark", "risk", lambda shown: shown.dark(True)),
    (
        "explore_worklist",
        "worklist",
        lambda shown: shown.press(shown.part("work").locator("tbody button").nth(1)),
    ),
)


def _draw(context: Any, voila: str, name: str, explorer: str, before: Callable[[Shown], object]) -> None:
    page, _ = open_page(context, f"{voila}/voila/render/explore_{explorer}.ipynb", width=WIDTH)
    shown = Shown(page)
    shown.wait()
    before(shown)
    shown.settle()
    shown.root.evaluate("root => root.scrollIntoView()")
    page.evaluate("document.activeElement?.blur()")
    page.mouse.move(0, 0)
    page.wait_for_timeout(800)
    box = shown.root.bounding_box()
    path = IMAGES / f"{name}.png"
    clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": min(box["height"], HEIGHT)}
    page.screenshot(path=path, clip=clip, full_page=True)
    print(f"{path.name}: {path.stat().st_size // 1000} kB")
    page.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as base, sync_playwright() as playwright:
        folder = Path(base)
        cx.demo().save(folder / "claims")
        servers.copy_notebooks(folder / "notebooks", folder / "claims")
        with servers.voila(folder / "notebooks", folder / "voila") as voila:
            browser = chromium.launch(playwright)
            context = browser.new_context(color_scheme="light")
            for name, explorer, before in PICTURES:
                _draw(context, voila, name, explorer, before)
            browser.close()


if __name__ == "__main__":
    main()
