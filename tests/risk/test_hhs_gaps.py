"""Gaps, unsupported conditions and their impact in HHS's models: of marketplace persons, within the benefit year."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd import risk
from cpticd.claims import Claims
from tests.risk.visits import claims_of_visits
from tests.spec import shown

VISITS = """
    lapsed   | 2025-03-01 | 11 | Z00.00      | 99214
    lapsed   | 2024-03-01 | 11 | G20.A1      | 99214
    joined   | 2025-03-01 | 11 | E11.9 N18.4 | 99214
    infused  | 2025-03-01 | 11 | E11.9       | 99214 J1745
    dialysed | 2025-03-01 | 11 | Z00.00      | 90935
    outsider | 2024-03-01 | 11 | G20.A1      | 99214
    thin     | 2025-03-01 | 11 | I50.9       | 99214
"""
PLANS = {
    "lapsed": "bronze", "joined": "silver", "infused": "gold", "dialysed": "platinum", "outsider": "", "thin": "silver"
}  # fmt: skip


@pytest.fixture(scope="module")
def claims() -> Claims:
    heading = (
        "person_id | year | birth_date | sex | enrolled_months | metal_level | csr_variant | part_b_months\n"
    )
    rows = [
        f"{person} | {year} | 1980-01-15 | female | 8 | {metal} | {'06' if metal == 'silver' else ''} | 0"
        for person, metal in PLANS.items()
        for year in (2024, 2025)
    ]
    return claims_of_visits(VISITS, members=heading + "\n".join(rows))


def test_gaps_are_of_the_benefit_year_and_of_marketplace_persons(claims: Claims) -> None:
    gaps = risk.gaps(claims, year=2025, model="HHS V08", kinds=["lapsed", "combination", "implied"])
    assert cx.contract(gaps)["payment_year"] == 2025
    found = shown(
        gaps.loc[gaps["status"] == "open", ["person_id", "hcc", "kind"]].sort_values(["person_id", "hcc"])
    )
    # The drug on a line is given for either of two diseases.
    assert found == [
        ("dialysed", "184", "implied"), ("infused", "48", "implied"), ("infused", "56", "implied"),
        ("joined", "20", "combination"), ("lapsed", "119", "lapsed"),
    ]  # fmt: skip


def test_impact_is_by_hand_with_drugs_groups_and_counts(claims: Claims) -> None:
    gaps = pd.DataFrame({"person_id": ["infused", "joined", "dialysed"], "hcc": ["48", "20", "184"]})
    thin = pd.DataFrame({"person_id": ["thin"], "hcc": ["130"], "confidence": [0.5]})
    worth = risk.impact(claims, gaps, thin, payment_year=2025, model="HHS V08", base_rate=100)
    got = worth.set_index("person_id")["shapley_score"].round(6).to_dict()
    assert got == {
        "infused": round(1.023 + 1.406, 6),  # gold: HCC 48, and RXC 9 with it
        "joined": 0,  # of the same group as HCC 21
        "dialysed": 20.669,  # platinum: HCC 184
        "thin": -1.773,
    }
    factor = worth.set_index("person_id")["payment_factor"].to_dict()
    assert factor == pytest.approx({"infused": 1, "joined": 1.12, "dialysed": 1, "thin": 1.12})
    # Dollars are of the months of enrolment, eight in 2025.
    dollars = worth.set_index("person_id")["shapley_dollars"]
    assert dollars["thin"] == pytest.approx(-1.773 * 1.12 * 100 * 8)


def test_a_persons_gaps_add_up_to_his_score_with_all_of_them(claims: Claims) -> None:
    gaps = pd.DataFrame({"person_id": "lapsed", "hcc": ["119", "2", "34", "6", "163", "1"]})
    worth = risk.impact(claims, gaps, payment_year=2025, model="HHS V08")
    # Bronze: G12, four severe HCCs and HIV in six payment HCCs, a transplant among them.
    whole = 1.136 + 8.740 + 6.189 + 8.333 + 7.067 + 0.197 - 2.202 + 12.324
    assert worth["shapley_score"].sum() == pytest.approx(whole)


def test_the_other_direction_and_populations_know_the_models(claims: Claims) -> None:
    thin = risk.unsupported(claims, year=2025, model="HHS V08", min_confidence=0)
    assert set(thin["hcc"]) >= {"130", "188"} and "outsider" not in set(thin["person_id"])
    again = risk.recapture(claims, payment_year=2025, model="HHS V08").set_index(["year", "hcc"])
    assert again.loc[(2025, "119"), ["had_before", "persons"]].to_list() == [1, 0]
    assert again["persons_enrolled"].unique().tolist() == [5]
