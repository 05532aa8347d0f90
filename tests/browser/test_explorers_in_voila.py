"""Each explorer's notebook as a page of Voila: opened, filtered, clicked, read aloud; the report beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.servers import EXPLORERS
from tests.browser.shown import Shown, open_page, violations
from tests.browser.test_explorers_in_lab import MATRIX

pytestmark = pytest.mark.browser
#: A filter of each explorer and what it is set to.
FILTER = {"denials": ("measure", "rate"), "risk": ("direction", "gaps"), "rules": ("min_precision", "0.8"),
          "two_ledgers": ("denials", "all"), "worklist": ("min_expected", "100")}  # fmt: skip


@pytest.mark.parametrize("name", EXPLORERS)
def test_voila_serves_the_page_which_anyone_can_read(
    context: Any, voila: str, name: str, record_property: Callable[[str, object], None]
) -> None:
    page, faults = open_page(context, f"{voila}/voila/render/explore_{name}.ipynb")
    shown = Shown(page)
    shown.wait()
    shown.settle()
    first = shown.text
    shown.choose(*FILTER[name])
    assert shown.text != first
    changed = shown.text
    if name in MATRIX:
        shown.click_mark(MATRIX[name])
    else:
        shown.press(shown.part("work").locator("tbody button").first)
    assert shown.text != changed
    reset = shown.root.get_by_role("button", name="Reset", exact=True)
    if reset.is_enabled():  # of a rule of few persons nothing may leave
        shown.press(reset)
    assert shown.export().count("\n") > 1
    assert {width: shown.outside(width) for width in (1000, 1900)} == {1000: [], 1900: []}
    assert page.evaluate("document.documentElement.scrollWidth") <= 1900
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert violations(page) == []
    assert faults == []
    record_property(
        "measured",
        f"{name} in Voila, demo: from a filter to repainted charts in view: {shown.latencies()[0]:.0f} ms",
    )
    page.close()


def test_the_address_says_where_the_page_stands_and_keys_alone_lead_everywhere(
    context: Any, voila: str
) -> None:
    address = f"{voila}/voila/render/explore_denials.ipynb"
    page, faults = open_page(context, f"{address}#denials:payer=Cedar%20Advantage&dates=2025-01-15..")
    shown = Shown(page)
    shown.wait()
    page.wait_for_function("document.querySelector('.cpticd-board [id$=-payer]').value === 'Cedar Advantage'")
    assert shown.value("dates-first") == "2025-01-15"
    shown.control("payer").focus()
    before = shown.drawn
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    shown.after(before)
    page.keyboard.press("Escape")
    assert shown.control("payer").evaluate("each => each === document.activeElement")
    both = shown.value("payer")
    assert both.startswith("Cedar Advantage|") or both.endswith("|Cedar Advantage")
    assert page.url.count("payer=") == 2
    shown.choose("compare", "payer")
    assert "like with like" in shown.written
    assert violations(page, ".cpticd-board") == []
    before = shown.drawn
    page.go_back()
    shown.after(before)
    assert shown.value("compare") == ""
    row = shown.part("pairs").locator("tbody button").first
    for place in (row, shown.part("lines").locator("tbody button").first):
        before = shown.drawn
        place.focus()
        page.keyboard.press("Enter")
        shown.after(before)
    assert shown.part("story").locator("ol li").count() >= 1
    assert shown.unreached() == []
    assert violations(page, ".cpticd-board") == []
    shown.press(page.get_by_role("button", name="Reset", exact=True))
    assert (shown.value("payer"), page.url) == ("", address)
    assert faults == []
    page.close()


def test_the_report_can_be_read_by_anyone(browser: Any, report: Path) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="light")
    page.goto(report.as_uri())
    page.locator(".main-svg").first.wait_for()
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert violations(page, colors=True) == []
    page.close()


def test_a_page_that_few_can_read_is_found(browser: Any) -> None:
    page = browser.new_page()
    page.set_content('<main><button></button><p style="color: #ccc">pale</p></main>')
    found = violations(page)
    assert any("button-name" in each for each in found)
    assert any("color-contrast" in each for each in found)
    (pale,) = violations(page, colors=True)
    assert "color-contrast" in pale
    page.close()
