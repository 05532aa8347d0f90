"""What a scorecard is of: groups by any dimension, and selections of lines."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.rules.scorecard import scorecard
from tests.rules.cases_outcomes import found, judged
from tests.rules.test_scorecard import FEW, FLAGS, _many, flags_of
from tests.spec import shown


def test_grouping_by_month_adds_up() -> None:
    card = scorecard(judged(FEW), found(FLAGS), by="month")
    assert shown(card, "month", "flagged_lines") == [("2024-02-01", 5)]


def test_by_diagnoses_a_line_counts_in_the_group_of_each_and_its_dollars_are_shared_out() -> None:
    claims = judged(
        """
        claim | dx         | charge | paid  | carc
        A     | E11.9 I10  | 100.00 |       | 4
        B     | I10        | 60.00  | 40.00 | 45
        C     | I10 E11.65 | 80.00  | 30.00 | 45
        D     | E11.9      | 50.00  |       | 4
        """
    )
    flags = found(
        """
        claim_id | claim_line_number | rule
        A        | 1                 | laterality_conflict
        B        | 1                 | laterality_conflict
        C        | 1                 | laterality_conflict
        """
    )
    columns = ("lines", "flagged_lines", "denied_lines", "flagged_amount", "caught_amount", "paid_amount")
    by_code = scorecard(claims, flags, by="diagnosis_code").sort_values("diagnosis_code")
    assert shown(by_code, "diagnosis_code", *columns) == [
        ("E1165", 1, 1, 0, 40.0, 0.0, 15.0),
        ("E119", 2, 1, 1, 50.0, 50.0, 0.0),
        ("I10", 3, 3, 1, 150.0, 50.0, 55.0),
    ]
    # A line that points to two codes of a category is in it once.
    by_category = scorecard(claims, flags, by=["diagnosis_category", "payer"]).sort_values(
        "diagnosis_category"
    )
    assert shown(by_category, "diagnosis_category", "payer", *columns) == [
        ("E11", "North", 3, 2, 1, 90.0, 50.0, 15.0),
        ("I10", "North", 3, 3, 1, 150.0, 50.0, 55.0),
    ]
    assert cx.contract(by_code)["groups"].startswith("overlap")
    whole = scorecard(claims, flags, by=None)
    assert by_code[list(columns[3:])].sum().tolist() == whole[list(columns[3:])].sum().tolist()


def test_of_a_selection_the_chosen_lines_alone_are_judged_and_compared() -> None:
    flags = flags_of("Strata")
    every = judged([{name: value for name, value in row.items() if name != "flag"} for row in _many()])
    chosen = every.where(payer="Strata", place="22", dates=(None, "2024-03-31"))
    row = scorecard(chosen, flags).iloc[0]
    rows = pd.DataFrame([r for r in _many() if r["payer"] == "Strata"])
    rows = rows[(rows["place"] == "22") & (rows["day"] <= "2024-03-31")]
    assert (row["lines"], row["flagged_lines"]) == (len(rows), rows["flag"].sum())
    assert row["base_rate"] == pytest.approx((rows.loc[~rows["flag"], "carc"] == "4").mean())
    assert cx.contract(scorecard(chosen, flags))["selection"]["place"] == ["22"]
