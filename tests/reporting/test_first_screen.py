"""The first screen: six tiles, two charts, findings that pass their test, each with a link to its section."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError
from cpticd.reporting.change import change
from cpticd.reporting.findings import Options
from cpticd.reporting.first_screen import first_screen, read
from cpticd.reporting.page import page
from cpticd.reporting.telling import MOST, telling
from tests.charts.samples import DRIVERS
from tests.reporting.test_report import Page, findings


def months(rates: list[float], *, begin: str = "2024-01-01") -> pd.DataFrame:
    """Mature months of 1,000 lines each, with these rates."""
    days = pd.date_range(begin, periods=len(rates), freq="MS")
    denied = [round(1000 * rate) for rate in rates]
    return pd.DataFrame(
        {
            "period": days,
            "n": 1000,
            "denied": denied,
            "mature": True,
            "effective_lines": 500.0,
            "direction": None,
        }
    )


def test_the_last_three_months_are_held_against_the_same_of_a_year_before() -> None:
    found = change(months([0.10] * 12 + [0.10] * 9 + [0.20] * 3))
    assert found is not None and found.is_sure
    assert found.difference == pytest.approx(0.10)
    # statsmodels: confint_proportions_2indep(300, 1500, 150, 1500, method="newcomb")
    assert (found.low, found.high) == (pytest.approx(0.0745, abs=5e-4), pytest.approx(0.1254, abs=5e-4))
    assert (found.now, found.before) == ("Oct–Dec 2025", "Oct–Dec 2024")


def test_without_a_year_the_three_months_before_and_without_these_nothing() -> None:
    found = change(months([0.10] * 3 + [0.11] * 3))
    assert found is not None and not found.is_sure
    assert (found.now, found.before) == ("Apr–Jun 2024", "Jan–Mar 2024")
    assert change(months([0.10] * 5)) is None
    assert change(months([0.10] * 6).assign(n=[1000.0, None, *[1000.0] * 4])) is None


def test_every_tile_and_finding_leads_to_a_section_that_is_there() -> None:
    found = findings(drivers=DRIVERS)
    shown = Page(page(found))
    screen = first_screen(found)
    assert screen.count('class="tile"') == 6
    assert screen.count("<figcaption>") == 2
    assert {each.section for each in telling(found)} <= set(shown.sections)
    assert 1 <= len(telling(found)) <= MOST
    assert "rejected" in read(found)


def test_a_driver_is_told_with_dollars_interval_and_since_when_and_not_where_its_interval_reaches_zero() -> (
    None
):
    texts = [each.text for each in telling(findings(drivers=DRIVERS)) if each.section == "drivers"]
    assert texts and all("95 % interval $" in text for text in texts)
    assert any("throughout the period" in text or "since " in text for text in texts)
    by_chance = DRIVERS.assign(excess_low=-1.0)
    by_chance.attrs = DRIVERS.attrs
    assert not [each for each in telling(findings(drivers=by_chance)) if each.section == "drivers"]


def test_a_rise_within_chance_is_no_finding() -> None:
    rising = months([0.10] * 12 + [0.10] * 9 + [0.105] * 3)
    assert not [each for each in telling(findings(trend=rising)) if each.section == "trend"]


def test_an_unknown_form_is_refused_and_the_full_one_folds_nothing() -> None:
    with pytest.raises(ArgumentError, match=r"detail: found 'long'; give one of \['short', 'full'\]"):
        Options(detail="long")
    found = findings(drivers=DRIVERS)
    assert '<details class="more" open>' not in page(found)
    found.options = Options(detail="full")
    assert '<details class="more">' not in page(found)


def test_the_tile_of_open_denials_says_what_is_due_as_far_as_it_may_be_shown() -> None:
    rows = pd.DataFrame(
        {"age_band": ["0–30 days"] * 2, "route": ["coding", "clinical appeal"], "lines": [40, 30],
         "expected_allowed": [900.0, 600.0], "expected_recovery": [500.0, 400.0], "near_deadline": [20, pd.NA],
         "unknown_deadline": [10, 20]}
    )  # fmt: skip
    shown = _words(first_screen(findings(open_summary=rows)))
    assert (
        "$900 70 lines; $1,500 allowed deadline within 30 days: at least 20, 30 without a known one" in shown
    )
    of_all = amend(rows.assign(near_deadline=[20, 5]), {"nearest_deadline": pd.Timestamp("2026-01-09")})
    shown = _words(first_screen(findings(open_summary=of_all)))
    assert "next deadline 2026-01-09; deadline within 30 days: 25, 30 without a known one" in shown


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
