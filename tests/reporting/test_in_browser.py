"""The report in a real browser: every chart is drawn, nothing is fetched, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cpticd as cx
from tests.amount import first
from tests.browser import chromium
from tests.browser.shown import violations
from tests.reporting.few_parts import RISK, only
from tests.small_claims import HOSTILE, small_claims

pytestmark = pytest.mark.browser
CHARTS = ("payers", "causes", "families", "scatter", "trend", "delay")
RISK_CHARTS = ("risk-waterfall", "risk-matrix", "risk-persons", "risk-prevalence", "risk-recapture")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.running() as found:
        yield found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cx.report(small_claims(), tmp_path_factory.mktemp("report") / "report.html", minimum=1)


#: What was folded is drawn where it is unfolded.
UNFOLD = "for (const each of document.querySelectorAll('details.more')) each.open = true"


@pytest.mark.parametrize(
    ("scheme", "paper", "width"),
    first(1, [("light", "rgb(255, 255, 255)", 1200), ("dark", "rgb(22, 25, 29)", 420)]),
)
def test_every_chart_is_drawn_and_nothing_is_fetched(
    browser: Any, path: Path, scheme: str, paper: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    faults: list[str] = []
    fetched: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(path.as_uri())
    page.evaluate(UNFOLD)
    for name in CHARTS:
        chart = page.locator(f"#chart-{name}")
        chart.locator(".main-svg .trace, .main-svg .hm, .main-svg image").first.wait_for(state="attached")
        assert chart.locator(".gtitle").text_content(), name
        assert (
            chart.locator(".main-svg").first.evaluate("svg => getComputedStyle(svg).backgroundColor") == paper
        ), name
        box = chart.bounding_box()
        assert box["height"] > 150
        title = chart.locator(".gtitle").bounding_box()
        assert title["x"] + title["width"] <= box["x"] + box["width"], "title is cut"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert HOSTILE in page.locator("#findings").inner_text()
    assert faults == []
    assert [url for url in fetched if not url.startswith(("file:", "data:", "blob:"))] == []
    page.close()


def test_the_first_screen_fits_and_tables_sort_and_filter_and_paper_is_short(
    browser: Any, path: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(path.as_uri())
    assert page.locator(".tile").count() == 6
    assert page.evaluate("document.querySelector('.telling').getBoundingClientRect().bottom") < 800
    assert not page.locator(".up").is_visible()  # it would lie over the tiles
    page.locator("nav a[href='#accounting']").click()
    table = page.locator("#accounting .scroll > table").first
    first = table.locator("tbody tr:not(.folded) td:first-child")
    heading = table.locator("th").first
    heading.locator("button").press("Enter")
    names = first.all_text_contents()
    assert names == sorted(names)
    heading.locator("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert first.all_text_contents() == names[::-1]
    # Filtering is asked for in tables that have more rows than are seen at once.
    if (search := page.locator("#accounting input[type=search]")).count():
        search.first.fill("lines")
        assert all("lines" in text for text in table.locator("tbody tr:not(.folded)").all_text_contents())
    assert page.locator(".up").is_visible()
    page.evaluate(UNFOLD)
    assert violations(page) == []
    page.evaluate("for (const each of document.querySelectorAll('details.more')) each.open = false")
    assert 0 < page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") <= 12
    page.close()


@pytest.mark.thorough
def test_risk_adjustment_is_drawn_on_dark_and_fits_its_box(browser: Any, tmp_path: Path) -> None:
    claims = cx.simulate(persons=300, seed=5).claims
    with only("summary", "accounting", *RISK):
        report = cx.report(claims, tmp_path / "risk.html", base_rate=1000, payment_year=2026, minimum=1)
    page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="dark")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(report.as_uri())
    page.evaluate(UNFOLD)
    for name in RISK_CHARTS:
        chart = page.locator(f"#chart-{name}")
        chart.locator(".main-svg .trace, .main-svg .hm").first.wait_for(state="attached")
        paper = chart.locator(".main-svg").first.evaluate("svg => getComputedStyle(svg).backgroundColor")
        assert paper == "rgb(22, 25, 29)", name
        box = chart.bounding_box()
        # Words in the right margin are not cut.
        for text in chart.locator(".annotation-text, .gtitle, .ytick text").all():
            part = text.bounding_box()
            assert part is None or part["x"] >= box["x"] - 1, (name, text.text_content())
            assert part is None or part["x"] + part["width"] <= box["x"] + box["width"] + 1, (
                name, text.text_content()
            )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") <= 1200
    sides = [side.bounding_box() for side in page.locator("#risk .sides > div").all()]
    assert len(sides) == 2
    assert sides[0]["y"] == sides[1]["y"]
    assert sides[0]["x"] + sides[0]["width"] <= sides[1]["x"]
    assert faults == []
    page.close()


def test_hover_tells_n_denied_and_interval(browser: Any, path: Path) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(path.as_uri())
    point = page.locator("#chart-payers .scatterlayer .point").first
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    shown = page.locator("#chart-payers .hoverlayer")
    shown.locator("text").first.wait_for()
    text = shown.text_content()
    # 160 lines of fewer claims and persons: Wilson's interval of effective lines.
    for fact in ("North", "n: 160", "denied: 32", "13.1–29.4 %"):
        assert fact in text
    page.close()
