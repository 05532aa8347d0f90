"""Gaps of each kind, as small tables in and out, on each engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, QueryError, SchemaError
from cpticd.risk.gaps import KINDS, gaps
from tests.risk.visits import claims_of_visits
from tests.spec import shown

RULES = ("lapsed", "unspecified", "combination", "implied")
VISITS = """
    p01 | 2024-03-01 | 11  | E11.42 I10   | 99213
    p01 | 2024-11-03 | 11  | E11.42       | 99213
    p01 | 2025-02-01 | 11  | I10          | 99213
    p02 | 2024-03-01 | 11  | E11.42       | 99213
    p02 | 2025-03-01 | 11  | E11.42       | 99213
    p03 | 2024-03-01 | 11  | E11.42       | 99213
    p03 | 2025-03-01 | 11  | E11.9        | 99213
    p04 | 2024-03-01 | 11  | N18.4        | 99213
    p04 | 2025-03-01 | 11  | N18.6        | 99213
    p05 | 2024-03-01 | 11  | C50.911      | 99213
    p05 | 2025-03-01 | 11  | Z85.3        | 99213
    p06 | 2024-03-01 | 111 | I63.9        |
    p06 | 2025-03-01 | 11  | I10          | 99213
    p07 | 2024-03-01 | 81  | I48.91       | 80053
    p07 | 2025-03-01 | 11  | I10          | 99213
    p08 | 2025-03-01 | 11  | F32.A        | 99213
    p08 | 2025-04-01 | 11  | F32.A        | 90868
    p09 | 2025-03-01 | 11  | F33.2        | 99213
    p09 | 2025-04-01 | 11  | F32.A        | 90868
    p10 | 2025-03-01 | 11  | N18.9        | 99213
    p11 | 2025-03-01 | 11  | E11.9        | 99213
    p11 | 2025-04-01 | 11  | N18.2        | 99213
    p12 | 2025-03-01 | 11  | E11.22 N18.2 | 99213
    p13 | 2025-03-01 | 11  | E11.9 I50.9  | 99213
    p14 | 2025-03-01 | 11  | R53.83       | 99213
    p14 | 2025-04-01 | 12  | R53.83       | A4407
    p15 | 2025-03-01 | 11  | Z93.3        | 99213
    p15 | 2025-04-01 | 12  | Z93.3        | A4407
    p16 | 2025-04-01 | 65  | R53.83       | 90960
    p16 | 2025-05-01 | 11  | N18.4        | 99213
"""
OPEN = {
    ("p01", "37", "lapsed", "E1142", "open"),
    ("p08", "155", "unspecified", "F332", "open"),
    ("p11", "37", "combination", "E1122", "open"),
    ("p14", "463", "implied", "Z933", "open"),
    ("p16", "326", "unspecified", "N186", "open"),
}


@pytest.fixture(scope="module", params=["duckdb", "spark"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Claims:
    claims = claims_of_visits(VISITS)
    if request.param == "duckdb":
        return claims
    folder = claims.save(tmp_path_factory.mktemp("gaps") / "claims")
    return cx.open(folder, engine="spark", session=request.getfixturevalue("spark_session"))


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of_visits(VISITS)


@pytest.fixture(scope="module")
def found(small: Claims) -> pd.DataFrame:
    return gaps(small, year=2025)


def rows(frame: pd.DataFrame, *persons: str) -> list[tuple[Any, ...]]:
    picked = frame[frame["person_id"].isin(persons)] if persons else frame
    picked = picked.sort_values(["person_id", "hcc"])
    return shown(picked, "person_id", "hcc", "kind", "diagnosis_code", "status")


def test_lapsed_is_coded_the_year_before_and_not_in_the_year(found: pd.DataFrame) -> None:
    assert rows(found, "p01") == [("p01", "37", "lapsed", "E1142", "open")]


def test_lapsed_is_closed_by_what_is_coded_of_its_hierarchy(found: pd.DataFrame) -> None:
    assert rows(found, "p02", "p03", "p04") == [
        ("p02", "37", "lapsed", "E1142", "closed by the same HCC"),
        ("p03", "37", "lapsed", "E1142", "closed by a lower HCC"),
        ("p04", "327", "lapsed", "N184", "closed by a higher HCC"),
    ]


def test_a_lower_hcc_beside_a_higher_one_is_no_condition_of_its_own() -> None:
    visits = """
        a | 2024-03-01 | 11 | E11.42 E11.9 | 99213
        a | 2024-04-01 | 11 | E11.9        | 99213
        a | 2025-03-01 | 11 | I10          | 99213
    """
    assert rows(gaps(claims_of_visits(visits), year=2025)) == [("a", "37", "lapsed", "E1142", "open")]


def test_last_coded_two_years_ago_is_lapsed_in_a_stratum_of_its_own() -> None:
    visits = """
        a | 2023-03-01 | 11 | E11.42 | 99213
        a | 2024-03-01 | 11 | I10    | 99213
        b | 2023-03-01 | 11 | E11.42 | 99213
        b | 2025-03-01 | 11 | E11.42 | 99213
    """
    claims = claims_of_visits(visits)
    found = gaps(claims, year=2025)
    assert shown(found, "person_id", "hcc", "stratum") == [("a", "37", "lasting, not for 2+ years")]
    assert "coded on 1 claim in 2023, last 2023-03-01; not coded in 2025" in found["evidence"].iloc[0]
    assert gaps(claims, year=2025, lookback_years=1).empty


def test_history_makes_a_stratum_of_its_own_and_acute_codes_do_not_lapse(
    claims: Claims, found: pd.DataFrame
) -> None:
    assert rows(found, "p05") == []  # below the least confidence that is listed
    everything = gaps(claims, year=2025, kinds=["lapsed"], min_confidence=0.0)
    history = everything[everything["person_id"] == "p05"]
    assert history["stratum"].tolist() == ["history code"]
    assert "a history code says that it is over" in history["evidence"].iloc[0]
    assert history["confidence"].iloc[0] < 0.2 < found.loc[found["person_id"] == "p01", "confidence"].iloc[0]
    assert rows(found, "p06") == []  # a stroke of last year is not coded as one again


def test_claims_that_do_not_count_lapse_nothing(found: pd.DataFrame) -> None:
    assert rows(found, "p07") == []  # a laboratory's claim


def test_unspecified_needs_the_service_and_is_closed_by_the_specific_code(found: pd.DataFrame) -> None:
    assert rows(found, "p08", "p09", "p10") == [
        ("p08", "155", "unspecified", "F332", "open"),
        ("p09", "155", "unspecified", "F332", "closed by the same HCC"),
    ]


def test_combination_is_open_though_its_parts_carry_a_lower_hcc(found: pd.DataFrame) -> None:
    assert rows(found, "p11", "p12", "p13") == [
        ("p11", "37", "combination", "E1122", "open"),
        ("p12", "37", "combination", "E1122", "closed by the same HCC"),
    ]


def test_implied_is_open_or_closed_by_what_is_coded(found: pd.DataFrame) -> None:
    assert rows(found, "p14", "p15") == [
        ("p14", "463", "implied", "Z933", "open"),
        ("p15", "463", "implied", "Z933", "closed by the same HCC"),
    ]


def test_a_lower_hcc_closes_the_service_but_not_the_unspecified_code_itself(
    claims: Claims, found: pd.DataFrame
) -> None:
    """Dialysis beside chronic kidney disease stage 4."""
    service = gaps(claims, year=2025, kinds=["implied"])
    assert rows(service, "p16") == [("p16", "326", "implied", "N186", "closed by a lower HCC")]
    assert rows(found, "p16") == [("p16", "326", "unspecified", "N186", "open")]


def test_nothing_else_is_open(found: pd.DataFrame) -> None:
    opened = found[(found["status"] == "open") & (found["stratum"] != "history code")]
    assert set(rows(opened)) == OPEN


def test_evidence_is_text_and_data(found: pd.DataFrame) -> None:
    lapsed = found[found["person_id"] == "p01"].iloc[0]
    assert lapsed["evidence"] == (
        "E11.42 (HCC 37) coded on 2 claims in 2024, last 2024-11-03; not coded in 2025, seen on 1 day"
    )
    assert lapsed["evidence_codes"] == ["E1142"]
    assert lapsed["evidence_claims"] == ["V1", "V2"]
    assert lapsed["evidence_dates"] == ["2024-03-01", "2024-11-03"]
    joined = found[found["person_id"] == "p11"].iloc[0]
    assert joined["evidence"].startswith(
        "E11.9 and N18.2 coded apart; joined they are E11.22 (type 2 diabetes with"
    )
    assert joined["evidence_codes"] == ["E119", "N182"]
    service = found[found["person_id"] == "p14"].iloc[0]
    assert service["evidence"].startswith(
        "A4407 on 1 claim in 2025, last 2025-04-01 (ostomy supplies are used only"
    )
    assert (service["evidence_codes"], service["evidence_claims"]) == (["A4407"], ["V26"])


def test_the_result_is_sorted_bounded_and_says_what_it_means(found: pd.DataFrame) -> None:
    assert not found.duplicated(["person_id", "hcc"]).any()
    assert found["confidence"].between(0, 1).all()
    assert found["calibration"].str.match("(simulated persons|highest before charts are reviewed): ").all()
    assert found["label"].ne("").all()
    contract = cx.contract(found)
    assert contract["year"] == 2025 and contract["payment_year"] == 2026 and contract["kinds"] == list(KINDS)
    opened = found[found["status"] == "open"]
    assert opened["confidence"].is_monotonic_decreasing


def test_no_relation_is_left(small: Claims, found: pd.DataFrame) -> None:
    assert len(found)
    for name in ("gap_hits", "gap_services", "learned_scores", "gap_rule_codes"):
        with pytest.raises(QueryError), small.session() as s:
            s.fetch(f"SELECT * FROM {name}")


# Own rules, and what is asked ---------------------------------------------------------------------------------


def test_kinds_can_be_chosen(claims: Claims) -> None:
    assert set(gaps(claims, year=2025, kinds=["lapsed"])["kind"]) == {"lapsed"}
    assert set(gaps(claims, year=2025, kinds="implied")["kind"]) == {"implied"}


def test_the_users_own_rows_extend_the_tables(claims: Claims) -> None:
    own = pd.DataFrame(
        [
            {
                "rule": "mine",
                "system": "icd-10-cm",
                "code_from": "R5383",
                "code_to": "R5383",
                "diagnosis_code": "E119",
            }
        ]
    )
    found = gaps(claims, year=2025, kinds=["implied"], implied=own)
    assert ("p14", "38", "implied", "E119", "open") in rows(found)
    pairs = pd.DataFrame([{"rule": "mine", "codes_a": "E119", "codes_b": "I509", "diagnosis_code": "E1159"}])
    found = gaps(claims, year=2025, kinds=["combination"], combinations=pairs)
    assert ("p13", "37", "combination", "E1159", "open") in rows(found)
    own = pd.DataFrame(
        [
            {
                "rule": "mine", "unspecified_codes": "N189", "system": "hcpcs", "code_from": "99213",
                "code_to": "99213", "diagnosis_code": "N184",
            }
        ]
    )  # fmt: skip
    found = gaps(claims, year=2025, kinds=["unspecified"], specific=own)
    assert ("p10", "327", "unspecified", "N184", "open") in rows(found)


def test_own_rows_that_lack_a_column_are_refused(claims: Claims) -> None:
    with pytest.raises(SchemaError, match=r"implied_services: no column \['rule', 'system'"):
        gaps(claims, year=2025, implied=pd.DataFrame({"code_from": ["A4407"]}))
    wrong = pd.DataFrame(
        [
            {
                "rule": "r",
                "system": "hcpcs",
                "code_from": "A",
                "code_to": "A",
                "diagnosis_code": "E119",
                "share": 2,
            }
        ]
    )
    with pytest.raises(SchemaError, match="share lies above 0"):
        gaps(claims, year=2025, implied=wrong)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"year": "2025"}, "year: a whole service year"),
        ({"year": 1990}, "1991"),
        ({"year": 2025, "model": "V99"}, "no risk adjustment model"),
        ({"year": 2025, "kinds": ["lapse"]}, "kinds: found"),
        ({"year": 2025, "kinds": []}, "kinds: found"),
        ({"year": 2025, "min_confidence": 2}, "min_confidence lies from 0 to 1"),
        ({"year": 2025, "folds": 1}, "folds: a whole number from 2"),
        ({"year": 2025, "min_persons": 0}, "min_persons"),
        ({"year": 2025, "lookback_years": 0}, "lookback_years"),
    ],
)
def test_arguments_outside_are_refused(claims: Claims, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        gaps(claims, **arguments)


def test_persons_who_left_or_died_before_the_payment_year_have_no_gap(
    capsys: pytest.CaptureFixture[str],
) -> None:
    visits = """
        a | 2024-03-01 | 11 | E11.42 | 99213
        b | 2024-03-01 | 11 | E11.42 | 99213
        c | 2024-03-01 | 11 | E11.42 | 99213
        d | 2024-03-01 | 11 | E11.42 | 99213
    """
    members = """
        a | 2024 | 1950-01-01 | female |
        b | 2025 | 1950-01-01 | female | 2024-12-31
        c | 2025 | 1950-01-01 | female | 2025-12-30
        d | 2025 | 1950-01-01 | female | 2026-01-02
    """
    claims = claims_of_visits(visits, members=members)
    found = gaps(claims, year=2025, suspects=pd.DataFrame([{"person_id": "c", "hcc": "226"}]))
    assert shown(found, "person_id", "hcc") == [("d", "37")]
    why = "died before the payment year, of which CMS pays no month"
    assert cx.contract(found)["not_paid"] == {why: 1}
    assert f"On no list of gaps: 1 person {why}\n" in capsys.readouterr().out
    assert cx.risk.rejects(found)["reason"].tolist() == [why]
    # Rates of the year itself count who died in it.
    recapture = cx.risk.recapture(claims, payment_year=2026)
    assert recapture.query("year == 2025")["persons_enrolled"].unique().tolist() == [3]


def test_edits_by_age_and_sex_hold_for_suspected_conditions() -> None:
    visits = """
        f | 2024-03-01 | 11 | D66 | 99213
        m | 2024-03-01 | 11 | D66 | 99213
    """
    members = """
        f | 2025 | 1950-01-01 | female |
        m | 2025 | 1950-01-01 | male   |
    """
    found = gaps(claims_of_visits(visits, members=members), year=2025)
    assert sorted(shown(found, "person_id", "hcc")) == [("f", "112"), ("m", "111")]


def test_without_members_those_seen_in_the_year_are_judged(tmp_path: Path) -> None:
    visits = """
        a | 2024-03-01 | 11 | E11.42 | 99213
        a | 2025-03-01 | 11 | I10    | 99213
        b | 2024-03-01 | 11 | E11.42 | 99213
    """
    found = gaps(claims_of_visits(visits, years=()), year=2025)
    assert shown(found, "person_id", "hcc", "kind") == [("a", "37", "lapsed")]


def test_a_service_for_several_conditions_goes_where_the_users_others_go() -> None:
    """Tacrolimus levels: the table says kidney first; here the others with the service have livers."""
    others = "\n".join(f"o{number:02d} | 2025-03-01 | 11 | Z94.4 | 99213 80197" for number in range(30))
    visits = others + "\n q | 2025-03-01 | 11 | R53.83 | 99213 80197"
    found = gaps(claims_of_visits(visits), year=2025, kinds=["implied"])
    mine = found[found["person_id"] == "q"].set_index("hcc")["confidence"]
    alone = gaps(
        claims_of_visits("q | 2025-03-01 | 11 | R53.83 | 99213 80197"), year=2025, kinds=["implied"]
    ).set_index("hcc")["confidence"]
    assert mine["62"] > 2 * alone["62"]
    assert mine["62"] > 5 * mine.get("221", 0.0)


def test_the_year_before_says_which_of_several_conditions() -> None:
    visits = """
        q | 2024-03-01 | 11 | C90.00 | 99213
        q | 2025-03-01 | 11 | R53.83 | 99213 J9041
    """
    found = gaps(claims_of_visits(visits), year=2025)
    assert shown(found, "hcc", "stratum") == [("19", "with other evidence")]
    row = found.iloc[0]
    assert {row["kind"], row["also_kinds"]} == {"lapsed", "implied"}
    assert "; also " in row["evidence"] and row["evidence_codes"] == ["C9000", "J9041"]
