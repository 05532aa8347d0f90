"""Breaks on the days on which code sets change: who changed, who stands in for whom, what is borne out of season."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import reference
from cpticd.core.errors import ArgumentError
from cpticd.specificity.code_changes import changes, outside_dates
from tests.spec import shown
from tests.specificity.samples import Row, lines_of

calendar = cx.specificity.calendar
OCTOBER = date(2021, 10, 1)


def test_what_went_is_stitched_to_what_came() -> None:
    """CMS's addendum of October 2021: M54.5 became M54.50, M54.51 and M54.59, R05 became R05.1 to R05.9."""
    found = changes([OCTOBER], ["M545", "M5450", "R051"], [])
    assert shown(found[["code_group", "kind"]].drop_duplicates()) == [
        ("M545 → M5450, M5451, M5459", "replaced"),
        ("R05 → R051, R052, R053, R054, R058, R059", "replaced"),
    ]
    low_back = found[found["code_group"].str.startswith("M545")]
    assert shown(low_back, "code", "role") == [
        ("M5450", "new"), ("M5451", "new"), ("M5459", "new"), ("M545", "retired"),
    ]  # fmt: skip


def test_what_came_beside_others_takes_along_out_of_what_it_came() -> None:
    """E11.A came out of E11.9 on October 1, 2025 (CMS's conversion table); what the data lack is left out."""
    found = changes([date(2025, 10, 1)], ["E119", "E1165", "I10"], [])
    assert shown(found, "code_group", "kind", "code", "role") == [
        ("E119 + E11A", "added", "E119", "kept"),
        ("E119 + E11A", "added", "E11A", "new"),
    ]
    # Type 1 diabetes before its symptoms was coded as prediabetes: another category.
    across = changes([date(2024, 10, 1)], ["R7303"], [])
    assert across["code_group"].unique().tolist() == ["R7303 + E10A0, E10A1, E10A2"]
    assert changes([date(2025, 4, 1)], ["E119"], []).empty  # April 2025 changed no code


def test_an_added_conversion_table_comes_first(tmp_path: Path) -> None:
    lines = ["Current Code Assignment\tEffective Year\tPrevious Code(s) Assignment", "E11.A\t2025\tR73.03"]
    file = tmp_path / "conversion.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    reference.add("icd10cm_conversion", file, folder=tmp_path, effective_from="2025-10-01")
    found = changes([date(2025, 10, 1)], ["E119", "R7303"], [], folder=tmp_path)
    assert found["code_group"].unique().tolist() == ["R7303 + E11A"]


def test_procedures_are_stitched_by_their_first_characters() -> None:
    """CPT 2021: 99201 went, and nothing came in its place; 99417 came beside the others of 994."""
    found = changes([date(2021, 1, 1)], [], ["99201", "99406"])
    assert ("99201", "retired") in shown(found, "code_group", "kind")


def test_days_on_which_a_code_is_none() -> None:
    found = outside_dates(["M545", "M5450", "I10"], ["99201"]).set_index("code")
    assert found.loc["M545", ["reason", "outside_from"]].tolist() == ["retired", pd.Timestamp(2021, 10, 1)]
    assert found.loc["M5450", ["reason", "outside_to"]].tolist() == [
        "not yet effective",
        pd.Timestamp(2021, 9, 30),
    ]
    assert found.loc["99201", ["reason", "last_day"]].tolist() == ["retired", pd.Timestamp(2020, 12, 31)]
    assert "I10" not in found.index


def months_around(code: str, new: str, rates: tuple[float, float], size: int, seed: int) -> list[Row]:
    """Six months before and after October 2021: ``code`` until then, ``new`` from then on, denied at the two rates."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for place, month in enumerate(pd.date_range("2021-04-01", periods=12, freq="MS")):
        denied = int(random.binomial(size, rates[place >= 6]))
        rows.append(
            ("North", "99213", new if place >= 6 else code, denied, size - denied, f"{month:%Y-%m}-15")
        )
    # Whole months of data are looked at.
    rows += [("North", "99213", "M25561", 0, 1, day) for day in ("2021-04-01", "2022-03-31")]
    return rows


@pytest.fixture(scope="module")
def broken() -> pd.DataFrame:
    """Low back pain is denied three times as often once the code has changed; the knee is not; three lines are late."""
    rows = months_around("M545", "M5450", (0.15, 0.40), 30, 1)
    rows += months_around("M25561", "M25561", (0.15, 0.15), 60, 2)
    rows += [("North", "99213", "M545", 3, 1, "2021-11-15")]
    return calendar(lines_of(rows), boundaries=["2021-10-01"])


def test_the_stitched_codes_go_on_and_their_denials_break(broken: pd.DataFrame) -> None:
    one = broken.set_index("code_group").loc["M545 → M5450, M5451, M5459"]
    assert one["kind"] == "replaced"
    assert one[["lines_before", "lines_after"]].tolist() == [180, 184]
    assert one[["control_lines_before", "control_lines_after"]].tolist() == [362, 362]
    assert one["low_use_odds_ratio"] < 1 < one["high_use_odds_ratio"]
    assert one["low_denial_odds_ratio"] > 1
    assert one["denial_q_value"] < 0.01
    assert one["new_code_share"] == pytest.approx(180 / 184)
    rate = one["denied_after"] / 184
    assert one["rate_after"] == pytest.approx(rate)


def test_the_untouched_row_stands_for_the_day_itself(broken: pd.DataFrame) -> None:
    first = broken.iloc[0]
    assert (first["kind"], first["system"], first["code_group"]) == ("untouched", "all", "")
    assert first["lines_before"] == 362
    assert first["low_denial_odds_ratio"] < 1 < first["high_denial_odds_ratio"]


def test_lines_out_of_season_are_counted_with_their_denials(broken: pd.DataFrame) -> None:
    one = broken.set_index("code_group").loc["M545 → M5450, M5451, M5459"]
    assert one[["outside_lines", "outside_denied", "outside_denied_amount"]].tolist() == [4, 3, 300.0]
    outside = cx.contract(broken).records["outside"]
    assert outside == [
        {
            "system": "diagnosis", "code": "M545", "reason": "retired", "code_date": "2021-09-30",
            "first_date": "2021-11-15", "last_date": "2021-11-15", "lines": 4, "adjudicated": 4, "denied": 3,
            "denied_amount": 300.0,
        }
    ]  # fmt: skip
    json.dumps(dict(cx.contract(broken)) | cx.contract(broken).records)


def test_boundaries_of_the_data_are_found_and_others_refused() -> None:
    rows: list[Row] = [("North", "99213", "I10", 1, 2, f"2025-{month:02}-10") for month in range(1, 13)]
    claims = lines_of(rows)
    found = calendar(claims)
    assert cx.contract(found)["boundaries"] == ["2025-04-01", "2025-10-01"]
    assert found["kind"].tolist() == ["untouched", "untouched"]
    with pytest.raises(ArgumentError, match="first days of months"):
        calendar(claims, boundaries=["2025-10-02"])
    with pytest.raises(ArgumentError, match="window_months"):
        calendar(claims, window_months=1)
    short = calendar(lines_of(rows[:1]))
    assert short.empty
    assert cx.contract(short).records["outside"] == []
