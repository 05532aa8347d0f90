"""Who is scored by a model, and who is rejected with a reason: by hand from 42 CFR 422.308 and CMS's announcements."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.risk.visits import claims_of_visits
from tests.spec import frame, shown

VISITS = """
    full    | 2024-03-01 | 11 | E11.22 N18.4 | 99214
    full    | 2025-03-01 | 11 | I10          | 99214
    none    | 2024-03-01 | 11 | E11.22 N18.4 | 99214
    none    | 2025-03-01 | 11 | I10          | 99214
    joined  | 2025-03-01 | 11 | E11.22       | 99214
    comes   | 2025-03-01 | 11 | E11.22       | 99214
    kidneys | 2024-03-01 | 11 | E11.22       | 99214
    kidneys | 2025-03-01 | 11 | I10          | 99214
    unknown | 2025-03-01 | 11 | E11.22       | 99214
"""
MEMBERS = """
    person_id | year | birth_date | sex    | part_b_months | esrd
    full      | 2024 | 1950-06-01 | female | 12            | no
    full      | 2025 | 1950-06-01 | female | 12            | no
    full      | 2026 | 1950-06-01 | female | 12            | no
    none      | 2024 | 1950-06-01 | female | 0             | no
    none      | 2025 | 1950-06-01 | female | 0             | no
    none      | 2026 | 1950-06-01 | female | 0             | no
    joined    | 2025 | 1950-06-01 | female | 3             | no
    joined    | 2026 | 1950-06-01 | female | 12            | no
    comes     | 2025 | 1950-06-01 | female | 0             | no
    comes     | 2026 | 1950-06-01 | female | 12            | no
    kidneys   | 2024 | 1950-06-01 | female | 12            | yes
    kidneys   | 2025 | 1950-06-01 | female | 12            | yes
    kidneys   | 2026 | 1950-06-01 | female | 12            | yes
    unknown   | 2025 | 1950-06-01 | female |               |
"""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of_visits(VISITS, members=MEMBERS)


def test_scored_are_those_whom_cms_pays_by_the_model(claims: Claims) -> None:
    scores = cx.risk.score(claims, payment_year=2026)
    assert shown(scores[["person_id", "segment"]]) == [
        ("comes", "NE"), ("full", "CNA"), ("joined", "NE"), ("unknown", "CNA")
    ]  # fmt: skip
    assert scores.set_index("person_id")["hccs"].map(list).to_dict() == {
        "comes": [], "full": [], "joined": [], "unknown": ["37"],
    }  # fmt: skip
    left = cx.risk.rejects(scores).set_index("location")["reason"]
    assert left["person none"].startswith("no month of Medicare Part B in the service year")
    assert "ESRD V24" in left["person kidneys"]
    assert cx.contract(scores)["assumed"]["Medicare Part B in every month"] == 1


def test_the_model_of_kidneys_scores_them_alone(claims: Claims) -> None:
    scores = cx.risk.score(claims, payment_year=2026, model="ESRD V24")
    # Of the one whose status nobody knows dialysis is taken, as of anybody whom the user scores by this model.
    assert scores["person_id"].tolist() == ["kidneys", "unknown"]


def test_nobody_else_has_gaps_doubts_or_dollars(claims: Claims) -> None:
    gaps = cx.risk.gaps(claims, year=2025, kinds=["lapsed"])
    assert set(gaps["person_id"]) == {"full"}
    assert "none" not in set(cx.risk.unsupported(claims, year=2025, min_confidence=0)["person_id"])
    worth = cx.risk.impact(claims, gaps, payment_year=2026, base_rate=1000)
    assert set(worth["person_id"]) == {"full"}
    found = cx.risk.recapture(claims, payment_year=2026)
    assert found.query("year == 2025")["persons_enrolled"].unique().tolist() == [
        4
    ]  # full, joined, comes, unknown


def test_frames_heed_months_of_part_b_and_grafts_choose_their_segment() -> None:
    members = frame("""
        person_id | age | sex | esrd | part_b_months
        a         | 70  | F   | no   | 12
        b         | 70  | F   | no   | 0
        c         | 70  | F   | yes  | 12
    """)
    codes = pd.DataFrame({"person_id": ["a"], "diagnosis_code": ["E11.22"]})
    assert cx.risk.score(members, codes, payment_year=2026)["person_id"].tolist() == ["a"]
    grafted = frame("""
        person_id | year | birth_date | sex    | esrd_status       | graft_date | part_b_months
        g         | 2025 | 1950-06-01 | female | functioning graft | 2025-03-15 | 12
        t         | 2025 | 1950-06-01 | female |                   | 2025-11-15 | 12
    """)
    visits = "g | 2025-05-01 | 11 | I10 | 99213\n t | 2025-05-01 | 11 | I10 | 99213"
    claims = claims_of_visits(visits, members=grafted.to_csv(sep="|", index=False).replace("|", " | "))
    scores = cx.risk.score(claims, payment_year=2026, model="ESRD V24")
    assert shown(scores[["person_id", "segment"]]) == [("g", "GNPA"), ("t", "TRANSPLANT")]


def test_base_rates_of_persons_and_counties(claims: Claims) -> None:
    gaps = cx.risk.gaps(claims, year=2025, kinds=["lapsed"])

    def dollars(rate: object) -> float:
        worth = cx.risk.impact(claims, gaps, payment_year=2026, base_rate=rate)  # type: ignore[arg-type]
        return float(worth["expected_dollars"].sum())

    one = dollars(1000)
    assert dollars({"full": 1500, "joined": 1, "comes": 1, "unknown": 1}) == pytest.approx(1.5 * one)
    assert dollars(pd.DataFrame({"person_id": ["full"], "base_rate": [500.0]})) == pytest.approx(one / 2)
    with pytest.raises(ArgumentError, match="base_rate: none for person 'full'"):
        dollars({"joined": 1000})
    with pytest.raises(ArgumentError, match="base_rate: found '1000'"):
        dollars("1000")
    with pytest.raises(ArgumentError, match="no row of members has a county_code"):
        dollars(pd.DataFrame({"county_code": ["06037"], "base_rate": [1000.0]}))


@pytest.mark.parametrize(
    ("year", "procedure", "counts"),
    [(2025, "99213-93", True), (2026, "99213-93", False), (2026, "99213-FQ", False), (2026, "99213-95", True)],
)  # fmt: skip
def test_audio_only_services_count_until_services_of_2026(year: int, procedure: str, counts: bool) -> None:
    visits = f"a | {year}-03-03 | 10 | E11.22 | {procedure}"
    found = cx.risk.conditions(claims_of_visits(visits, years=(year, year + 1)), year=year)
    assert found["counted"].tolist() == [counts]
    assert counts or found["not_counted_reasons"].map(list).tolist() == [["telephone"]]


@pytest.mark.parametrize(
    ("year", "linked", "counts"), [(2025, None, True), (2026, None, False), (2026, "P1", True)]
)
def test_a_chart_review_that_adds_to_no_claim_counts_until_2025(
    year: int, linked: str | None, counts: bool
) -> None:
    day = f"{year}-03-03"
    claims = cx.read_tables(
        claims=pd.DataFrame([{"claim_id": "R", "claim_type": "professional", "person_id": "a", "is_chart_review": True,
                              "original_payer_claim_id": linked, "claim_start_date": day, "claim_end_date": day}]),
        lines=pd.DataFrame([{"claim_id": "R", "claim_line_number": 1, "hcpcs_code": "99213", "claim_line_start_date": day}]),
        diagnoses=pd.DataFrame([{"claim_id": "R", "diagnosis_position": 1, "diagnosis_code": "E1122"}]),
        progress=False,
    )  # fmt: skip
    found = cx.risk.conditions(claims, year=year)
    assert found["counted"].tolist() == [counts]


def test_the_dead_and_those_in_hospice_have_no_score() -> None:
    """No month of the payment year is paid after death; a hospice is paid apart, but for Part D."""
    members = frame(
        """
        person_id | year | birth_date | sex    | part_b_months | death_date | hospice_months
        alive     | 2025 | 1950-06-01 | female | 12            |            |
        before    | 2025 | 1950-06-01 | female | 12            | 2025-12-31 |
        during    | 2025 | 1950-06-01 | female | 12            |            |
        during    | 2026 | 1950-06-01 | female | 12            | 2026-01-01 |
        hospice   | 2025 | 1950-06-01 | female | 12            |            |
        hospice   | 2026 | 1950-06-01 | female | 12            |            | 12
        partly    | 2026 | 1950-06-01 | female | 12            |            | 5
        """
    )
    claims = cx.read_tables(members=members, progress=False)
    scored = {
        model: cx.risk.score(claims, payment_year=2026, model=model, quiet=True)
        for model in ("V28", "RxHCC V08")
    }
    assert scored["V28"]["person_id"].tolist() == ["alive", "during", "partly"]
    assert scored["RxHCC V08"]["person_id"].tolist() == ["alive", "during", "hospice", "partly"]
    left = cx.risk.rejects(scored["V28"]).set_index("location")["reason"]
    assert "died before the payment year" in left["person before"]
    assert "in hospice in every month" in left["person hospice"]


def test_the_dead_and_those_in_hospice_are_on_no_list(capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be paid any more is no row to review; who died after the new year has rows, and no next visit."""
    visits = "\n".join(
        f"{who} | {day} | 11 | I63.9 | 99213"
        for who in ("alive", "before", "during", "hospice")
        for day in ("2025-05-01", "2025-05-08", "2025-05-15")
    )
    members = """
        person_id | year | birth_date | sex    | death_date | hospice_months
        alive     | 2025 | 1950-06-01 | female |            |
        before    | 2025 | 1950-06-01 | female | 2025-12-31 |
        during    | 2025 | 1950-06-01 | female |            |
        during    | 2026 | 1950-06-01 | female | 2026-01-05 |
        hospice   | 2025 | 1950-06-01 | female |            |
        hospice   | 2026 | 1950-06-01 | female |            | 12
    """
    claims = claims_of_visits(visits, members=members)
    thin = cx.risk.unsupported(claims, year=2025, min_confidence=0)
    assert thin["person_id"].tolist() == ["alive", "during"]
    reasons = [
        "died before the payment year, of which CMS pays no month",
        "in hospice in every month of the payment year, whom CMS pays without a risk score",
    ]
    assert cx.contract(thin)["not_paid"] == dict.fromkeys(reasons, 1)
    text = f"1 person {reasons[0]}; 1 person {reasons[1]}\n"
    assert capsys.readouterr().out == f"On no list of unsupported conditions: {text}"
    mine = pd.DataFrame({"person_id": ["alive", "before", "during", "hospice"], "hcc": "249"})
    booked = mine[["person_id"]].assign(appointment_date="2026-01-20")
    todo = cx.risk.worklist(claims, mine, year=2025, as_of="2026-01-10", appointments=booked)
    assert todo["person_id"].tolist() == ["alive", "during"]
    assert todo["next_visit_by"].tolist() == ["appointment", ""]
    assert todo["next_visit"].isna().tolist() == [False, True]
    assert cx.contract(todo)["not_paid"] == dict.fromkeys(reasons, 1)
    assert capsys.readouterr().out == f"On no list of rows to review: {text}"
    coded = cx.risk.prevalence(claims, mine.iloc[:0].assign(confidence=0.5, status=""), thin, year=2025)
    assert coded["coded_persons"].tolist() == [4]


def test_a_functioning_graft_is_a_graft_in_frames_too() -> None:
    members = pd.DataFrame({"person_id": ["a"], "age": [70], "sex": ["F"], "graft_months": [5],
                            "esrd_status": ["functioning graft"]})  # fmt: skip
    nothing = pd.DataFrame({"person_id": [], "diagnosis_code": []}, dtype="str")
    scored = cx.risk.score(members, nothing, payment_year=2026, model="ESRD V24")
    assert scored["segment"].tolist() == ["GNPA"]
