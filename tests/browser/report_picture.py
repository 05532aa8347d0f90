"""Draw the README's picture of the report's first screen: ``python -m tests.browser.report_picture``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cpticd as cx
from tests.browser import chromium

PICTURE = Path(__file__).parents[2] / "notebooks" / "images" / "report.png"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, chromium.running() as browser:
        path = cx.report(cx.demo(), Path(folder) / "report.html", payment_year=2026)
        page = browser.new_page(viewport={"width": 1280, "height": 790}, device_scale_factor=0.9)
        page.goto(path.as_uri())
        page.wait_for_timeout(1500)
        page.add_style_tag(content=".up { display: none }")
        page.screenshot(path=PICTURE)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
