"""Trends: the rules by which they are read, and changes from period to period with their intervals."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.measure import measure_of
from cpticd.denials import trend_rules
from cpticd.denials.trend_changes import in_words
from tests.spec import claims_of, shown

#: Standardised rates that complete no rule.
FLAT = [0.1, -0.2, 0.3, -0.1, 0.2, -0.3, 0.1]


def words_of(z: Sequence[float], use: Sequence[bool] | None = None) -> list[str]:
    """Signals of standardised rates."""
    used = np.ones(len(z), bool) if use is None else np.array(use)
    return trend_rules.signals(np.array(z, float), np.zeros(len(z)), np.ones(len(z)), used)


# -- the rules ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("z", "signal"),
    [
        ([*FLAT, 3.1], "above limit"),
        ([*FLAT, -3.1], "below limit"),
        ([*FLAT, 2.9], ""),
        ([*FLAT, 2.1, 0.4, 2.1], "two of three above"),
        ([*FLAT, 2.1, 0.4, -0.1, 2.1], ""),
        ([*FLAT, 2.1, -2.1], ""),  # on different sides
        ([*FLAT, -2.1, -2.2], "two of three below"),
        ([*FLAT, 2.1, 2.2, 0.3], ""),  # the point itself is not beyond
        ([-0.1, 0.1, 0.5, 0.2, 0.6, 0.3, 0.7, 0.4, 0.2], "run above"),
        ([-0.1, 0.1, 0.5, 0.2, 0.6, 0.3, 0.7, 0.4], ""),  # seven
        ([0.3, -0.1, -0.5, -0.2, -0.6, -0.3, -0.7, -0.4, -0.2], "run below"),
        ([0.1, 0.5, 0.2, 0.6, 0.0, 0.3, 0.7, 0.4, 0.2], ""),  # on the center is on neither side
        ([0.5, -0.9, -0.6, -0.3, 0.1, 0.4, 0.7], "rising"),
        ([0.5, -0.6, -0.3, 0.1, 0.4, 0.7], ""),  # five
        ([0.5, -0.9, -0.6, -0.6, 0.1, 0.4, 0.7], ""),  # a tie is no rise
        ([-0.5, 0.9, 0.6, 0.3, -0.1, -0.4, -0.7], "falling"),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 3.5], "above limit"),  # the gravest of three
    ],
)
def test_rules_by_hand(z: list[float], signal: str) -> None:
    assert words_of(z)[-1] == signal


def test_a_period_that_takes_no_part_breaks_no_run() -> None:
    z = [0.1, 0.5, 0.2, 0.6, -9.0, 0.3, 0.7, 0.4, 0.2]
    assert words_of(z, [True] * 4 + [False] + [True] * 4) == ["run above" if i == 8 else "" for i in range(9)]
    assert trend_rules.directions(["run above", "", "below limit", "falling"]) == ["rise", "", "fall", "fall"]


def test_six_in_a_row_by_every_order_of_six() -> None:
    """Of the 720 orders of six values one rises and one falls."""
    found = [words_of(np.array(order) / 10)[-1] for order in itertools.permutations(range(-3, 3))]
    assert (found.count("rising"), found.count("falling")) == (1, 1) and len(found) == 720


def test_false_alarms_are_as_often_as_published() -> None:
    """Mean number of points up to a false alarm: Champ and Woodall, Technometrics 29 (1987) 393, exactly.

    122.05 with three sigma, two of three and eight in a row; without the second of these 152.73, without the last 225.44,
    with three sigma alone 370.40.
    """
    rng = np.random.default_rng(3)
    length, seen, alarms = 300, 0, 0
    for _ in range(500):
        words = words_of(rng.standard_normal(length))
        first = next((i for i, word in enumerate(words) if word and word not in ("rising", "falling")), None)
        seen += length if first is None else first + 1
        alarms += first is not None
    assert 109 < seen / alarms < 136  # 2.3 standard errors


# -- changes --------------------------------------------------------------------------------------------


def months(*counts: tuple[int, int], lines: int = 1, recurs: bool = False) -> Claims:
    """Months of claims of equal lines, from January 2024 on: of how many, how many are denied; all answered in July.

    ``recurs``: the same persons come every month, else each claim has its own.
    """
    texts: dict[str, list[str]] = {
        name: [] for name in ("claims", "lines", "adjudications", "line_payments", "adjustments")
    }
    for month, (n, denied) in enumerate(counts, start=1):
        for i in range(n):
            claim, person, paid = (
                f"C{month}-{i}",
                f"p{i}" if recurs else f"p{month}-{i}",
                0 if i < denied else 80,
            )
            texts["claims"].append(f"{claim} | {person} | North | 2024-{month:02}-10 | {100 * lines}")
            texts["adjudications"].append(
                f"{claim} | 1 | North | 2024-07-31 | 1 | {100 * lines} | {paid * lines}"
            )
            for line in range(1, lines + 1):
                texts["lines"].append(f"{claim} | {line} | 99213 | 100")
                texts["line_payments"].append(
                    f"{claim} | 1 | {line} | {line} | 99213 | 100 | {paid} | {paid}"
                )
                carc = "50" if paid == 0 else "45"
                texts["adjustments"].append(f"{claim} | 1 | {line} | {line} | 1 | CO | {carc} | {100 - paid}")
    heads = {
        "claims": "claim_id | person_id | payer | claim_start_date | charge_amount",
        "lines": "claim_id | claim_line_number | hcpcs_code | charge_amount",
        "adjudications": "claim_id | adjudication_number | payer | paid_date | claim_status_code | charge_amount | paid_amount",
        "line_payments": "claim_id | adjudication_number | service_number | claim_line_number | hcpcs_code | charge_amount | allowed_amount | paid_amount",
        "adjustments": "claim_id | adjudication_number | service_number | claim_line_number | adjustment_position | group_code | carc | amount",
    }  # fmt: skip
    return claims_of(**{name: "\n".join([heads[name], *rows]) for name, rows in texts.items()})


def change(claims: Claims) -> tuple[float, float, float]:
    row = cx.denials.trend(claims).iloc[1]
    return row["rate_change"], row["rate_change_low"], row["rate_change_high"]


def test_the_interval_of_a_change_is_newcombes_where_lines_are_independent() -> None:
    """56 of 70 and 48 of 80: 0.2, 0.0524 to 0.3339 (Newcombe, Statistics in Medicine 17 (1998) 873, method 10)."""
    claims = months((80, 48), (70, 56))
    assert change(claims) == pytest.approx((0.2, 0.0524, 0.3339), abs=0.002)
    found = cx.denials.trend(claims)
    assert found["design_effect"].tolist() == pytest.approx([1, 1], abs=0.02)
    assert found["rate_change"].isna().tolist() == [True, False] and found["year_rate_change"].isna().all()


def test_lines_that_are_decided_together_count_as_one() -> None:
    """Five equal lines a claim are worth one: the interval is that of claims, the design effect five."""
    claims = months((80, 48), (70, 56), lines=5)
    found = cx.denials.trend(claims)
    assert found["design_effect"].tolist() == pytest.approx([5, 5], rel=0.03)
    assert found["effective_lines"].tolist() == pytest.approx([80, 70], rel=0.03)
    assert change(claims) == pytest.approx((0.2, 0.0524, 0.3339), abs=0.004)


def test_persons_of_both_periods_make_a_change_surer() -> None:
    apart, together = change(months((80, 40), (80, 48))), change(months((80, 40), (80, 48), recurs=True))
    assert apart[0] == together[0] == pytest.approx(0.1)
    assert together[2] - together[1] < 0.7 * (apart[2] - apart[1])
    assert apart[1] < 0 < together[1]  # the same persons, eight of them denied more


def test_what_is_not_mature_is_not_compared() -> None:
    claims = months((20, 4), (20, 10), (20, 8), (0, 0), (20, 2))
    by_month = cx.denials.trend(claims)
    assert shown(by_month, "period", "rate", "rate_change") == [
        ("2024-01-01", 0.2, None),
        ("2024-02-01", 0.5, 0.3),
        ("2024-03-01", 0.4, -0.1),
        ("2024-05-01", 0.1, None),  # nothing in the month before
    ]
    every = cx.denials.trend(claims, mature_share=1.01)
    assert every["rate_change"].isna().all() and not every["signal"].any()


def test_a_year_before() -> None:
    claims = cx.simulate(persons=150, seed=4).claims
    found = cx.denials.trend(claims, "claim_type", period="quarter").set_index(["claim_type", "period"])
    rates = found["rate"].where(found["mature"])
    for (kind, period), row in found.iterrows():
        before = rates.get((kind, period - pd.DateOffset(years=1)), np.nan)
        expected = rates[kind, period] - before
        assert (np.isnan(expected) and np.isnan(row["year_rate_change"])) or expected == pytest.approx(
            row["year_rate_change"]
        )
    assert found["year_rate_change"].notna().sum() > 4


def test_a_change_in_words() -> None:
    row = {"period": pd.Timestamp("2025-04-01"), "rate": 0.114, "rate_change": 0.023, "rate_change_low": 0.011,
           "rate_change_high": 0.035, "year_rate_change": -0.005, "year_rate_change_low": -0.02,
           "year_rate_change_high": 0.01}  # fmt: skip
    assert in_words(row, "quarter") == (
        "In 2025 Q2 denials rose from 9.1 % to 11.4 % (+2.3 points, 1.1 to 3.5) against the quarter before."
    )
    assert in_words(row, "month", "year_rate_change") == (
        "In 2025-04 11.4 % were denied after 11.9 % in the same month a year before (-0.5 points, -2.0 to 1.0): no more "
        "than chance can do."
    )
    assert in_words(row | {"rate_change": np.nan}, "month") == ""


def test_the_report_says_the_change_that_is_more_than_chance() -> None:
    found = cx.denials.trend(months((200, 20), (200, 60)))
    declared = measure_of(found)
    assert declared is not None and declared.sentence is not None
    assert declared.sentence(found) == (
        "In 2024-02 denials rose from 10.0 % to 30.0 % (+20.0 points, 12.3 to 27.5) against the month before."
    )
    assert declared.sentence(cx.denials.trend(months((200, 20), (200, 60)), "payer")) == ""


# -- what leaves ----------------------------------------------------------------------------------------


def test_a_change_leaves_where_both_of_its_rates_do() -> None:
    claims = months((40, 15), (40, 20), (40, 5), (40, 18), (40, 20), (40, 16))
    found = cx.denials.trend(claims)
    release = disclosure.Release(claims).add("trend", found)
    left = release["trend"]
    hidden = left["rate"].isna().to_numpy()
    assert hidden[2] and not hidden[0]
    for i in range(1, len(left)):
        assert left["rate_change"].isna()[i] == (hidden[i] or hidden[i - 1]), i
    assert hidden[3] or release.marked("trend").loc[3, "rate_change"] == "suppressed"
    assert left.loc[hidden, ["design_effect", "effective_lines", "signal", "direction"]].isna().all(axis=None)
    kept = found.loc[~hidden, "signal"].reset_index(drop=True)
    assert (left.loc[~hidden, "signal"].fillna("").reset_index(drop=True).isin(["", *kept])).all()
