"""Denials under unspecified coding beside gaps: counts by hand, dollars that add up, frames that lack something."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError, SchemaError
from tests.spec import frame, shown
from tests.specificity.samples import lines_of

two_ledgers = cx.specificity.two_ledgers

#: Heart failure: 30 of 60 unspecified lines denied against 10 of 100; asthma: no difference; hypertension: specific.
CELLS = [
    ("North", "99213", "I509", 30, 30),
    ("North", "99213", "I5021", 10, 90),
    ("North", "99213", "J45909", 4, 36),
    ("North", "99213", "J4530", 4, 36),
    ("North", "99213", "I10", 10, 90),
]
GAPS = """
    person_id | hcc | kind        | also_kinds           | diagnosis_code | confidence | status
    p1        | 226 | unspecified |                      | I5022          | 0.8        | open
    p2        | 226 | implied     | unspecified, learned | I5022          | 0.4        | open
    p3        | 226 | unspecified |                      | I5022          | 0.9        | closed by the same HCC
    q9        | 37  | lapsed      |                      | E1122          | 0.5        | open
    q9        | 280 | learned     |                      |                | 0.1        | open
"""
IMPACT = """
    person_id | hcc | kind        | expected_score | payment_factor
    p1        | 226 | unspecified | 0.2            | 0.9
    p2        | 226 | implied     | 0.1            | 0.9
    q9        | 37  | lapsed      | 0.1            | 0.9
    q9        | 280 | unsupported | -0.3           | 0.9
"""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return lines_of(CELLS)


def gaps_frame() -> pd.DataFrame:
    found = frame(GAPS).fillna({"also_kinds": "", "diagnosis_code": ""})
    found["confidence"] = found["confidence"].astype(float)
    return amend(found, year=2025, model="V28", kinds=["unspecified"])


def impact_frame() -> pd.DataFrame:
    return frame(IMPACT).astype({"expected_score": float, "payment_factor": float})


def test_the_denial_ledger_by_hand(claims: Claims) -> None:
    found = two_ledgers(claims).set_index("diagnosis_family")
    heart = found.loc["09 Circulatory"]
    assert heart[["unspecified_lines", "compared_lines", "denied_lines", "denial_persons", "providers"]].tolist() == [
        60, 60, 30, 60, 3,
    ]  # fmt: skip
    # The payer denies 28 of the procedure's 280 other lines, and 58 of all 340; each leans with ten lines.
    prior = (28 + 10 * 58 / 340) / (280 + 10)
    rate = (10 + 10 * prior) / (100 + 10)
    assert heart["expected_denials"] == pytest.approx(60 * rate)
    assert heart["denied_amount"] == 3000.0
    assert heart["excess_amount"] == pytest.approx(3000 - 6000 * rate, abs=0.01)
    # The payer allows 40 of 100 when it pays.
    assert heart["denied_allowed_amount"] == 1200.0
    assert heart["excess_allowed_amount"] == pytest.approx(0.4 * (3000 - 6000 * rate), abs=0.01)
    assert heart["excess_low_amount"] > 0
    variance = 40**2 * (30 * (1 - rate) ** 2 + 30 * rate**2) + (60 * 40) ** 2 * rate * (1 - rate) / 110
    assert heart["excess_high_amount"] - heart["excess_low_amount"] == pytest.approx(
        2 * 1.959964 * np.sqrt(variance), abs=0.02
    )


def test_where_unspecified_makes_no_difference_nothing_is_in_excess(claims: Claims) -> None:
    lung = two_ledgers(claims).set_index("diagnosis_family").loc["10 Respiratory"]
    assert lung["denied_amount"] == 400.0
    assert lung["excess_low_amount"] < 0 < lung["excess_high_amount"]
    assert not lung["pays_twice"]


def test_the_risk_ledger_counts_open_gaps(claims: Claims) -> None:
    found = two_ledgers(claims, gaps_frame()).set_index("diagnosis_family")
    columns = ["risk_persons", "gaps", "expected_gaps", "unspecified_gaps", "persons", "both_persons"]
    assert found.loc["09 Circulatory", columns].tolist() == [2, 2, 1.2, 2, 60, 2]
    assert found.loc["04 Endocrine and metabolic", columns].tolist() == [1, 1, 0.5, 0, 1, 0]
    # A learned gap names no code: HCC 280 is of the lungs.
    assert found.loc["10 Respiratory", "gaps"] == 1
    assert found["expected_dollars"].isna().all()
    assert found.loc["09 Circulatory", "pays_twice"]
    assert found.index[0] == "09 Circulatory"


def test_dollars_come_from_the_impact_or_from_a_base_rate_and_are_never_assumed(claims: Claims) -> None:
    gaps, impact = gaps_frame(), impact_frame()
    scored = two_ledgers(claims, gaps, impact=impact).set_index("diagnosis_family")
    assert scored.loc["09 Circulatory", "expected_score"] == pytest.approx(0.3)
    assert scored["expected_dollars"].isna().all()
    paid = two_ledgers(claims, gaps, impact=impact, base_rate=1000).set_index("diagnosis_family")
    assert paid.loc["09 Circulatory", "expected_dollars"] == pytest.approx(0.3 * 0.9 * 1000 * 12)
    assert paid.loc["09 Circulatory", "unspecified_expected_dollars"] == pytest.approx(0.3 * 0.9 * 1000 * 12)
    assert paid.loc["04 Endocrine and metabolic", "unspecified_expected_dollars"] == 0
    own = two_ledgers(claims, gaps, impact=impact.assign(expected_dollars=[5.0, 6.0, 7.0, -9.0]))
    assert own["expected_dollars"].sum() == 18.0
    assert cx.contract(paid)["base_rate"] == 1000


def test_families_add_up_to_categories(claims: Claims) -> None:
    columns = ["unspecified_lines", "denied_lines", "expected_denials", "denied_amount", "excess_amount"]
    family = two_ledgers(claims, gaps_frame())
    category = two_ledgers(claims, gaps_frame(), by="diagnosis_category")
    assert category[columns].sum().tolist() == pytest.approx(family[columns].sum().tolist())
    assert category["gaps"].sum() == family["gaps"].sum() == 4
    assert "(no one code)" in category["diagnosis_category"].tolist()


def test_both_ledgers_are_of_the_gaps_year() -> None:
    cells = [("North", "99213", "I509", 3, 3, day) for day in ("2024-05-01", "2025-05-01")]
    claims = lines_of(cells)
    assert two_ledgers(claims)["unspecified_lines"].sum() == 12
    one_year = two_ledgers(claims, gaps_frame())
    assert one_year["unspecified_lines"].sum() == 6
    contract = cx.contract(one_year)
    assert contract["service_year"] == 2025
    assert contract["gaps"]["year"] == 2025
    json.dumps(dict(contract))
    asked = two_ledgers(claims.where(dates=(None, "2024-12-31")), gaps_frame())
    assert asked["unspecified_lines"].sum() == 6


def test_a_selection_holds_for_both_ledgers() -> None:
    cells = [("North", "99213", "I509", 1, 1), ("South", "99213", "I509", 1, 3)]
    found = two_ledgers(lines_of(cells).where(payer="North"), gaps_frame())  # persons p0 and p1
    assert shown(found, "unspecified_lines", "gaps") == [(2, 1)]
    assert cx.contract(found)["persons_with_gaps_left_out"] == 2


def test_frames_that_lack_something_are_refused(claims: Claims) -> None:
    gaps, impact = gaps_frame(), impact_frame()
    with pytest.raises(SchemaError, match=r"gaps: no column.*diagnosis_code"):
        two_ledgers(claims, gaps.drop(columns="diagnosis_code"))
    with pytest.raises(SchemaError, match=r"impact: no column.*expected_score"):
        two_ledgers(claims, gaps, impact=impact.drop(columns="expected_score"))
    with pytest.raises(ArgumentError, match="base_rate"):
        two_ledgers(claims, gaps, base_rate=1000)
    with pytest.raises(ArgumentError, match="pass gaps"):
        two_ledgers(claims, base_rate=1000)
    with pytest.raises(ArgumentError, match="by="):
        two_ledgers(claims, by="payer")


def test_no_unspecified_code_leaves_an_empty_ledger() -> None:
    claims = lines_of([("North", "99213", "I10", 1, 3)])
    assert two_ledgers(claims).empty
    only_risk = two_ledgers(claims, gaps_frame())
    assert shown(
        only_risk[only_risk["diagnosis_family"] == "09 Circulatory"], "unspecified_lines", "gaps"
    ) == [(0, 2)]
