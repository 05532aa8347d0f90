"""Relative values, dollars per unit and comorbidity of persons, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from scipy.stats import t as student_t

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.patterns.fees import add_fees
from tests.spec import claims_of

FEES = """
    99213,,A,1.30,1.20,0.50,0.10,2.60,1.90,0,XXX,0,0,0
    71046,,A,0.20,0.60,NA,0.04,0.84,NA,1,XXX,0,0,0
    71046,26,A,0.20,0.10,0.10,0.01,0.31,0.31,1,XXX,0,0,0
    71046,TC,A,0.00,0.50,NA,0.03,0.53,NA,1,XXX,0,0,0
    69436,,A,2.00,NA,3.00,0.40,NA,5.40,0,010,0,1,2
    80053,,X,0.00,0.00,0.00,0.00,0.00,0.00,9,XXX,9,9,9
"""
#: What each line is worth: work, practice, malpractice, total; nothing where it has no value.
TABLES = {
    "claims": """
        claim_id | claim_type    | person_id | payer | place_of_service_code | bill_type_code | claim_start_date | billing_npi
        A        | professional  | p1        | N     | 11                    |                | 2024-03-01       | one
        B        | professional  | p2        | N     | 22                    |                | 2024-03-01       | one
        C        | professional  | p2        | N     | 22                    |                | 2024-03-02       | two
        D        | institutional | p3        | N     |                       | 131            | 2024-03-01       | two
        E        | professional  | p3        | N     | 11                    |                | 2025-03-01       | two
        F        | professional  | p4        | N     | 11                    |                | 2024-03-01       | two
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | hcpcs_modifier_1 | hcpcs_modifier_2 | service_unit_quantity | charge_amount
        A        | 1                 | 99213      | 25               |                  | 1                     | 100
        A        | 2                 | 71046      |                  |                  | 2                     | 100
        A        | 3                 | 80053      |                  |                  | 1                     | 100
        B        | 1                 | 99213      |                  |                  | 1                     | 100
        B        | 2                 | 71046      | 26               |                  | 1                     | 100
        C        | 1                 | 69436      | 50               | 80               | 1                     | 100
        C        | 2                 | 69436      | 54               |                  | 1                     | 100
        D        | 1                 | 99213      |                  |                  | 1                     | 100
        E        | 1                 | 99213      |                  |                  | 1                     | 100
        F        | 1                 | 12345      |                  |                  | 1                     | 100
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code
        A        | 1                  | I509
        A        | 2                  | E1165
        B        | 1                  | C787
    """,
    "pointers": """
        claim_id | claim_line_number | pointer_position | diagnosis_position
        A        | 1                 | 1                | 1
        A        | 1                 | 2                | 2
        A        | 2                 | 1                | 1
        B        | 1                 | 1                | 1
    """,
    "adjudications": """
        claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount
        A        | 1                   | N     | 2024-04-01 | 1                 | 300           | 80
        B        | 1                   | N     | 2024-04-01 | 1                 | 200           | 0
    """,
    "line_payments": """
        claim_id | adjudication_number | claim_line_number | hcpcs_code | charge_amount | paid_amount | allowed_amount
        A        | 1                   | 1                 | 99213      | 100           | 52          | 65
        A        | 1                   | 2                 | 71046      | 100           | 28          | 28
        B        | 1                   | 1                 | 99213      | 100           | 0           | 0
    """,
    "adjustments": """
        claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
        A        | 1                   | 1                 | 1                   | CO         | 45   | 35
        A        | 1                   | 1                 | 2                   | PR         | 2    | 13
        A        | 1                   | 2                 | 1                   | CO         | 45   | 72
        B        | 1                   | 1                 | 1                   | CO         | 50   | 100
    """,
}


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of(**TABLES)


@pytest.fixture(scope="module")
def fees(tmp_path_factory: pytest.TempPathFactory) -> str:
    return add_fees(tmp_path_factory.mktemp("fees"), FEES)


def test_values_are_those_of_the_day_setting_component_units_and_modifiers(
    claims: Claims, fees: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = patterns.value(claims, by="provider", folder=fees, min_lines=1).set_index("provider")
    # one: A1 1.30 1.20 .10; A2 twice .20 .60 .04; B1 in a hospital 1.30 .50 .10; B2 the reading .20 .10 .01.
    one = found.loc["one"]
    assert one[["work_rvu", "practice_rvu", "malpractice_rvu", "total_rvu"]].tolist() == pytest.approx(
        [3.2, 3.0, 0.29, 2.6 + 1.68 + 1.9 + 0.31]
    )
    assert one[["lines", "valued_lines", "units", "persons"]].tolist() == [5, 4, 5, 2]
    # two: both sides, by an assistant: 1.5 × 0.16 of 5.40; all others have no value.
    assert found.loc["two", ["total_rvu", "work_rvu"]].tolist() == pytest.approx([5.4 * 0.24, 2 * 0.24])
    printed = capsys.readouterr().out
    assert "5 of 10 service lines have a relative value (50%)" in printed
    assert cx.contract(patterns.value(claims, folder=fees, min_lines=1, quiet=True))[
        "lines_without_value"
    ] == {
        "code not in the schedule": 1,
        "institutional bill": 1,
        "no fixed value for its modifier, or not on the day": 1,
        "no relative value (status X)": 1,
        "no release of the schedule for the day": 1,
    }


def test_dollars_are_held_against_units_of_lines_allowed_and_of_lines_decided(
    claims: Claims, fees: str
) -> None:
    row = patterns.value(claims, folder=fees, min_lines=1, quiet=True).iloc[0]
    assert row["allowed_per_rvu"] == pytest.approx((65 + 28) / (2.6 + 1.68))
    assert row["paid_per_rvu"] == pytest.approx((52 + 28 + 0) / (2.6 + 1.68 + 1.9))
    # p1: heart failure 1 and diabetes 1 (Quan counts E11.6 as without complications); p2: metastatic cancer 6.
    assert row["charlson"] == pytest.approx((2 + 6) / 2)
    assert row["persons"] == 2


def test_by_diagnoses_values_are_shared_out_and_add_up(claims: Claims, fees: str) -> None:
    whole = patterns.value(claims, folder=fees, min_lines=1, quiet=True).iloc[0]
    shared = patterns.value(claims, by="ccsr", folder=fees, min_lines=1, quiet=True)
    assert shared["total_rvu"].sum() == pytest.approx(whole["total_rvu"])
    assert shared["paid_amount"].sum() == pytest.approx(whole["paid_amount"])
    half = shared.set_index("ccsr").loc["END003"]
    assert half["total_rvu"] == pytest.approx(1.3)
    assert half["rvu_per_line"] == pytest.approx(2.6), "half of a line has half of its value: the line's"


def test_the_interval_is_that_of_a_ratio_of_independent_persons(fees: str) -> None:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        {"code": rng.choice(["99213", "71046"], 300), "charge": rng.integers(20, 90, 300).astype(str)}
    )
    from tests.patterns.billed import billed

    found = patterns.value(billed(rows.assign(diagnoses="I10")), folder=fees, quiet=True).iloc[0]
    units = rows["code"].map({"99213": 2.6, "71046": 0.84}).to_numpy(float)
    paid = rows["charge"].astype(float).to_numpy()
    ratio = paid.sum() / units.sum()
    error = np.sqrt(((paid - ratio * units) ** 2).sum() * 300 / 299) / units.sum()
    assert found["paid_per_rvu"] == pytest.approx(ratio)
    assert found["paid_per_rvu_high"] == pytest.approx(ratio + norm.ppf(0.975) * error, rel=1e-3)


def test_lines_of_a_person_that_are_alike_count_for_little_more_than_one(fees: str) -> None:
    """Twelve persons of four equal lines each, at 40, 45, … 95 dollars a line of 2.6 units: every line of a person says
    what the others say, so that the correlation is 1."""
    from tests.patterns.billed import billed

    rows = pd.DataFrame({"charge": np.repeat(np.arange(40, 100, 5), 4).astype(str), "code": "99213"})
    rows["person"] = "p" + rows["charge"]
    found = patterns.value(billed(rows.assign(diagnoses="I10")), folder=fees, quiet=True).iloc[0]
    # Residuals about the mean of 67.50: 2.5, 7.5, … 27.5 on either side, their squares over 48 lines 4 · 3,575.
    independent = np.sqrt(4 * 3575 * 48 / 47) / (48 * 2.6)
    # Between persons, (4 · residual)²: four times the lines' variance, by 12/11 where lines have 48/47. With the weight
    # of eleven clusters to five it leans, in logarithms, on 1 + (4 - 1) · 1.
    own, expected, weight = 4 * (12 / 11) / (48 / 47), 4.0, 11 / 16
    effect = own**weight * expected ** (1 - weight)
    assert 4.1 < effect < 4.3
    freedom = (11 + 5) * (effect / (effect - 1)) ** 2
    half = student_t.ppf(0.975, freedom) * independent * np.sqrt(effect)
    assert found["paid_per_rvu"] == pytest.approx(67.5 / 2.6)
    assert found["paid_per_rvu_low"] == pytest.approx(67.5 / 2.6 - half, rel=1e-6)
    assert found["paid_per_rvu_high"] == pytest.approx(67.5 / 2.6 + half, rel=1e-6)
    assert half > 2 * norm.ppf(0.975) * independent


def test_small_groups_do_not_leave_and_no_schedule_is_an_error(
    claims: Claims, fees: str, tmp_path: Path
) -> None:
    shown = cx.disclosure.Release(claims).add("value", patterns.value(claims, by="provider", folder=fees,
                                                                      min_lines=1, quiet=True))["value"]  # fmt: skip
    assert shown[["valued_lines", "total_rvu", "paid_per_rvu", "charlson"]].isna().all(axis=None)
    assert cx.charts.draw(patterns.value(claims, by="provider", folder=fees, min_lines=1, quiet=True)).data
    with pytest.raises(ArgumentError, match=r"add one: reference.add\('fee_schedule'"):
        patterns.value(claims, folder=str(tmp_path))
