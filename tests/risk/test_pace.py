"""Members of PACE: V22 and V28 in shares of their own, without MA coding adjustment; everybody else as before."""

from __future__ import annotations

import importlib

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.risk.visits import claims_of_visits
from tests.spec import frame

# By hand, a woman of 70 with diabetes with complications and heart failure:
# V22: cell 0.374, HCC 18 0.318, HCC 85 0.323, diabetes with heart failure 0.154
# V28: cell 0.395, HCC 37 0.166, HCC 226 0.360, diabetes with heart failure 0.112
V22, V28 = 0.374 + 0.318 + 0.323 + 0.154, 0.395 + 0.166 + 0.360 + 0.112
FACTORS = {2026: (0.9, 1.187, 1.067), 2027: (0.5, 1.202, 1.079)}
MEMBERS = """
    person_id | year | birth_date | sex    | part_b_months | esrd | pace
    pace      | 2025 | 1955-06-01 | female | 12            | no   | yes
    plan      | 2025 | 1955-06-01 | female | 12            | no   | no
    unknown   | 2025 | 1955-06-01 | female | 12            | no   |
"""
VISITS = """
    pace    | 2025-03-01 | 11 | E11.22 I50.9 | 99214
    plan    | 2025-03-01 | 11 | E11.22 I50.9 | 99214
    unknown | 2025-03-01 | 11 | E11.22 I50.9 | 99214
"""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of_visits(VISITS, members=MEMBERS)


@pytest.mark.parametrize("payment_year", [2026, 2027])
def test_a_member_of_pace_is_blended_of_v22_and_v28(payment_year: int) -> None:
    members = frame(
        """
        person_id | age | sex | pace
        pace      | 70  | F   | yes
        plan      | 70  | F   | no
        unknown   | 70  | F   |
        """
    )
    codes = pd.DataFrame([(who, code) for who in members["person_id"] for code in ("E11.22", "I50.9")],
                         columns=["person_id", "diagnosis_code"])  # fmt: skip
    scored = cx.risk.blended(members, codes, payment_year=payment_year)
    share, of_v22, of_v28 = FACTORS[payment_year]
    want = [share * V22 / of_v22 + (1 - share) * V28 / of_v28] + 2 * [V28 / of_v28 * (1 - 0.059)]
    assert scored["payment_score"].tolist() == pytest.approx(want)
    assert scored["raw_score_V22"].notna().tolist() == [True, False, False]
    assert cx.contract(scored)["shares_of_pace"] == pytest.approx({"V28": 1 - share, "V22": share})
    assert cx.contract(scored)["shares"] == {"V28": 1.0}


def test_each_model_scores_whom_cms_pays_by_it(claims: Claims) -> None:
    scored = cx.risk.score(claims, payment_year=2026, model="V22", quiet=True)
    assert scored["person_id"].tolist() == ["pace", "unknown"]
    assert cx.contract(scored)["assumed"]["a member of PACE"] == 1
    assert "PACE" in cx.risk.rejects(scored).set_index("location").loc["person plan", "reason"]
    assert scored["payment_score"].tolist() == pytest.approx([V22 / 1.187] * 2)
    assert list(scored["hccs"][0]) == ["18", "85"]


@pytest.mark.parametrize(("model", "esrd"), [("RxHCC V08", "no"), ("ESRD V24", "yes")])
def test_models_that_cms_blends_for_pace_say_that_they_score_alone(
    model: str, esrd: str, capsys: pytest.CaptureFixture[str]
) -> None:
    members = MEMBERS.replace("| no   | yes", f"| {esrd:4} | yes").replace(
        "| no   | no ", f"| {esrd:4} | no "
    )
    scored = cx.risk.score(claims_of_visits(VISITS, members=members), payment_year=2026, model=model)
    what = "of PACE, whom CMS pays by a blend with an older model: this model alone"
    assert cx.contract(scored)["assumed"][what] == 1
    assert f"assumed of 1: {what}" in capsys.readouterr().out


def test_before_2026_pace_was_paid_by_v22_alone() -> None:
    members = pd.DataFrame({"person_id": ["pace", "plan"], "age": 70, "sex": "F", "pace": [True, False]})
    codes = pd.DataFrame({"person_id": ["pace"], "diagnosis_code": ["E11.22"]})
    scored = cx.risk.blended(members, codes, payment_year=2025)
    assert scored["person_id"].tolist() == ["plan"]
    assert "by V22" in cx.risk.rejects(scored)["reason"][0]


def test_a_gap_of_pace_is_worth_what_both_models_say(claims: Claims) -> None:
    """Kidney disease of stage 4 (V22's HCC 137, V28's 327): re-scored by hand in both models, then blended."""
    gaps = pd.DataFrame({"person_id": ["pace", "plan"], "hcc": "327", "diagnosis_code": "N18.4"})
    worth = cx.risk.impact(claims, gaps, payment_year=2026).set_index("person_id")["marginal_score"]
    # V28: HCC 327 0.514, heart failure with kidney disease 0.176; V22: HCC 137 0.237, the two together 0.270.
    v28, v22 = (0.514 + 0.176) / 1.067, (0.237 + 0.270) / 1.187
    assert worth.to_dict() == pytest.approx({"pace": 0.9 * v22 + 0.1 * v28, "plan": v28 * (1 - 0.059)})


def test_pace_is_no_part_of_a_sample_for_data_validation(claims: Claims) -> None:
    drawn = cx.risk.radv_sample(claims, payment_year=2026, size=1, strata=1, seed=1)
    assert {row["person_id"]: row["reason"] for row in cx.contract(drawn).records["not_eligible"]}[
        "pace"
    ] == ("a member of PACE, whose plans are audited apart")


def test_where_pace_has_no_blend_nobody_asks_who_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In payment year 2025 CMS paid PACE by V22 alone: members of PACE are rejected by both models, and asked for once."""
    members = pd.DataFrame({"person_id": ["pace", "plan"], "age": 70, "sex": "F", "pace": [True, False]})
    codes = pd.DataFrame({"person_id": ["pace", "plan"], "diagnosis_code": "E11.22"})
    module = importlib.import_module("cpticd.risk.score")
    monkeypatch.setattr(module, "_in_pace", lambda *_: pytest.fail("asked who is in PACE"))
    scored = cx.risk.blended(members, codes, payment_year=2025)
    assert scored["person_id"].tolist() == ["plan"] and "shares_of_pace" not in cx.contract(scored)
    with pytest.raises(pytest.fail.Exception, match="asked who is in PACE"):
        cx.risk.blended(members, codes, payment_year=2026)
