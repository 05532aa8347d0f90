"""Impact in payment years that blend two models: each normalized and adjusted first, then blended; by hand.

Payment year 2025 pays 33 % of V24 (normalization 1.153) and 67 % of V28 (1.045), both less 5.9 %. Coefficients of the
aged who live at home without Medicaid, from CMS's announcements: V24 HCC 9 1.024, 18 0.302, 19 0.105; V28 HCC 19 1.798,
20 1.136, 37 and 38 0.166.
"""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.risk.visits import claims_of_visits

V24 = 0.33 * (1 - 0.059) / 1.153
V28 = 0.67 * (1 - 0.059) / 1.045
VISITS = """
    nothing | 2024-03-01 | 11 | I10          | 99214
    gapped  | 2024-03-01 | 11 | I10          | 99214
    sugar   | 2024-03-01 | 11 | E11.22 E11.9 | 99214
    cancers | 2024-03-01 | 11 | C34.90       | 99214
    cancers | 2024-04-01 | 11 | C90.00       | 99214
"""
NONE = pd.DataFrame({"person_id": [], "hcc": []}).astype(str)


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of_visits(VISITS, years=(2024, 2025))


def gap(person: str, hcc: str, code: str | None) -> pd.DataFrame:
    return pd.DataFrame({"person_id": [person], "hcc": [hcc], "diagnosis_code": [code], "confidence": [0.5]})


def unsupported(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person_id", "hcc"])


def test_a_gap_is_worth_its_hcc_of_either_model(claims: Claims) -> None:
    worth = cx.risk.impact(
        claims, gap("gapped", "37", "E11.22"), payment_year=2025, base_rate=1000, member_months=10
    )
    row = worth.iloc[0]
    change = 0.302 * V24 + 0.166 * V28
    assert row["marginal_score"] == row["shapley_score"] == pytest.approx(change)
    assert row["payment_factor"] == 1
    assert row["shapley_dollars"] == pytest.approx(change * 1000 * 10)
    assert row["expected_dollars"] == pytest.approx(change * 1000 * 10 / 2)
    contract = cx.contract(worth)
    assert contract["shares"] == {"V28": 0.67, "V24": 0.33}
    assert contract["gaps_valued_by_the_usual_code"] == 0
    totals = {record["direction"]: record for record in contract.records["totals"]}
    now = cx.risk.blended(claims, payment_year=2025, quiet=True)["payment_score"].sum()
    assert totals["coded"]["score"] == pytest.approx(now)
    assert totals["gaps"]["expected_dollars"] == pytest.approx(change * 5000)


def test_a_gap_without_a_code_is_valued_by_the_code_that_is_used_most(claims: Claims) -> None:
    worth = cx.risk.impact(claims, gap("gapped", "38", None), payment_year=2025)
    assert worth["shapley_score"].tolist() == pytest.approx([0.105 * V24 + 0.166 * V28])  # E11.9, once coded
    assert cx.contract(worth)["gaps_valued_by_the_usual_code"] == 1


def test_what_is_left_of_a_condition_counts_in_either_model(claims: Claims) -> None:
    """Without E11.22 there is still E11.9: the same weight in V28, less in V24."""
    worth = cx.risk.impact(claims, NONE, unsupported(("sugar", "37")), payment_year=2025)
    assert worth["shapley_score"].tolist() == pytest.approx([(0.105 - 0.302) * V24])


def test_an_hcc_of_two_codes_is_lost_with_the_last_of_them(claims: Claims) -> None:
    """Two HCCs of V28, one of V24: either alone leaves the one of V24, both take it away."""
    worth = cx.risk.impact(claims, NONE, unsupported(("cancers", "19"), ("cancers", "20")), payment_year=2025)
    worth = worth.set_index("hcc")
    assert worth["marginal_score"].to_dict() == pytest.approx({"19": (1.136 - 1.798) * V28, "20": 0.0})
    assert worth["shapley_score"].sum() == pytest.approx(-1.024 * V24 - 1.798 * V28)


def test_hccs_of_the_other_model_are_valued_in_both_too(claims: Claims) -> None:
    worth = cx.risk.impact(claims, gap("gapped", "18", "E11.22"), payment_year=2025, model="V24")
    assert worth["shapley_score"].tolist() == pytest.approx([0.302 * V24 + 0.166 * V28])


def test_shares_of_the_users_own_make_another_payment(claims: Claims) -> None:
    rows = [
        {"payment_year": 2025, "model": model, "population": "", "share": share, "normalization": 1.0,
         "coding_adjustment": 0.0}
        for model, share in (("V24", 0.0), ("V28", 1.0))
    ]  # fmt: skip
    worth = cx.risk.impact(
        claims, gap("gapped", "37", "E11.22"), payment_year=2025, factors=pd.DataFrame(rows)
    )
    assert worth["shapley_score"].tolist() == pytest.approx([0.166])
    assert "shares" not in cx.contract(worth)


def test_a_chart_names_the_score_that_it_draws(claims: Claims) -> None:
    blended = cx.risk.impact(claims, gap("gapped", "37", "E11.22"), payment_year=2025)
    assert cx.charts.impact(blended).layout.xaxis.title.text == "Total blended payment score"
    with_dollars = cx.risk.impact(claims, gap("gapped", "37", "E11.22"), payment_year=2025, base_rate=1000)
    assert cx.charts.impact(with_dollars).layout.xaxis.title.text.endswith("payment, US dollars")
