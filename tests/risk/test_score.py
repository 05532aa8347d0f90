"""Scores by hand, of frames and of claims, on both engines; what is assumed and what is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import risk
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError, SchemaError
from tests.risk.visits import claims_of_visits
from tests.spec import frame, shown

MEMBERS = frame("""
    person_id | age | sex    | dual_status_code | original_reason_entitlement_code | long_term_institutional | new_enrollee | special_needs_plan
    aged      | 72  | F      | 00               | 0                                | no                      | no           | no
    disabled  | 50  | male   | 02               | 1                                |                         | no           |
    home      | 80  | 2      | NA               | 1                                | yes                     | no           | no
    new       | 64  | M      | 1                | 0                                | no                      | yes          | no
""")
DIAGNOSES = frame("""
    person_id | diagnosis_code
    aged      | e11.22
    aged      | N18.4
    aged      | I50.9
    disabled  | F20.9
    disabled  | F11.20
    home      | L89.154
    new       | E11.22
""")

VISITS = """
    p1 | 2025-03-01 | 11  | E1122 N184 | 99213
    p1 | 2025-05-01 | 81  | I509       | 80053
    p1 | 2024-05-01 | 11  | C3490      | 99213
    p2 | 2025-06-01 | 111 | I509       |
"""


def test_a_score_is_the_sum_of_its_parts_by_hand() -> None:
    """V28 coefficients of CNA, CFD, INS and NE from CMS's table, added up on paper."""
    found = risk.score(MEMBERS, DIAGNOSES, payment_year=2026)
    assert shown(
        found,
        "person_id",
        "segment",
        "demographic_score",
        "disease_score",
        "interaction_score",
        "count_score",
    ) == [
        (
            "aged",
            "CNA",
            0.395,
            1.04,
            0.288,
            0.0,
        ),  # HCC 37 .166 + 226 .360 + 327 .514; diabetes x HF .112, HF x kidney .176
        (
            "disabled",
            "CFD",
            0.293,
            0.885,
            0.152,
            0.0,
        ),  # HCC 137 .471 + 151 .414; substance use x psychiatric .152
        ("home", "INS", 0.862, 1.42, 0.0, 0.0),
        ("new", "NE", 1.182, 0.0, 0.0, 0.0),
    ]
    assert found["hccs"].tolist() == [["37", "226", "327"], ["137", "151"], ["379"], []]
    total = found[["demographic_score", "disease_score", "interaction_score", "count_score"]].sum(axis=1)
    assert (total - found["raw_score"]).abs().max() < 1e-12
    assert (found["raw_score"] / 1.067 - found["normalized_score"]).abs().max() < 1e-12
    assert (found["normalized_score"] * 0.941 - found["payment_score"]).abs().max() < 1e-12


def test_age_is_that_of_february_first() -> None:
    born = frame("""
        person_id | birth_date | sex
        before    | 1961-02-01 | F
        after     | 1961-02-02 | F
        unborn    | 2026-03-01 | F
        future    | 2030-01-01 | F
    """)
    found = risk.score(born, DIAGNOSES.iloc[:0], payment_year=2026)
    assert [row["reason"] for row in cx.contract(found).records["rejects"]] == [
        "birth_date: after the payment year: 2030-01-01"
    ]
    assert found["segment"].tolist() == ["CNA", "CND", "CND"]
    assert found["demographic_score"].tolist() == [0.33, 0.436, 0.238]
    assert cx.contract(found)["assumed"] == {
        "original reason for entitlement taken by age": 3, "Medicare Part B in every month": 3,
    }  # fmt: skip


@pytest.mark.parametrize("column", ["sex", "person_id"])
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=f"members: no column '{column}'"):
        risk.score(MEMBERS.drop(columns=column), DIAGNOSES, payment_year=2026)


@pytest.mark.parametrize("column", ["person_id", "diagnosis_code"])
def test_a_missing_column_of_the_diagnoses_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=rf"diagnoses: no column \['{column}'\]; found"):
        risk.score(MEMBERS, DIAGNOSES.drop(columns=column), payment_year=2026)


def test_a_column_that_stands_twice_is_named() -> None:
    with pytest.raises(SchemaError, match=r"members: columns that stand twice: \['sex'\]"):
        risk.score(pd.concat([MEMBERS, MEMBERS[["sex"]]], axis=1), DIAGNOSES, payment_year=2026)
    with pytest.raises(SchemaError, match="expected a DataFrame or Arrow table, found list"):
        risk.score(MEMBERS, [("aged", "E119")], payment_year=2026)  # type: ignore[arg-type]


def test_age_or_birth_date_is_needed() -> None:
    with pytest.raises(SchemaError, match="no column 'age' nor 'birth_date'"):
        risk.score(MEMBERS.drop(columns="age"), DIAGNOSES, payment_year=2026)


def test_what_cannot_be_scored_says_why() -> None:
    bad = frame("""
        person_id | age | sex | dual_status_code | original_reason_entitlement_code
        good      | 70  | F   | 00               | 0
        ageless   |     | F   | 00               | 0
        old       | 170 | F   | 00               | 0
        sexless   | 70  | X   | 00               | 0
        dual      | 70  | F   | 77               | 0
        reason    | 70  | F   | 00               | 9
        word      | abc | F   | 00               | 0
        twice     | 70  | F   | 00               | 0
        twice     | 71  | F   | 00               | 0
        again     | 70  | F   | 00               | 0
        again     | 70  | F   | 00               | 0
                  | 70  | F   | 00               | 0
    """)
    found = risk.score(
        bad,
        frame("person_id | diagnosis_code\ngood | E1122\ngood | NOCODE1\nstranger | E1122"),
        payment_year=2026,
    )
    assert found["person_id"].tolist() == ["good", "again"]
    told = {(row.location, row.reason) for row in risk.rejects(found).itertuples()}
    assert told == {
        ("person ageless", "age: neither age nor birth_date is known"),
        ("person old", "age: outside 0-120: 170"),
        ("person sexless", "sex: the model has coefficients for female and male only; found X"),
        ("person dual", "dual_status_code: no such code: 77"),
        ("person reason", "original_reason_entitlement_code: not 0-3: 9"),
        ("person word", "age: not a number: abc"),
        ("person twice", "stands 2 times with different facts: not scored"),
        ("person again", "stands 2 times with the same facts: scored once"),
        ("row 12", "person_id: empty, but required"),
        ("person good", "diagnosis_code: not an ICD-10-CM code"),
        ("person stranger", "not among the members: diagnoses not scored"),
    }
    assert cx.contract(found)["rows_left_out"] == 7


def test_rows_stand_in_the_order_given_and_ids_may_be_numbers() -> None:
    members = pd.DataFrame({"person_id": [30, 10, 20], "age": [70.0, 71.0, 72.0], "sex": ["F", "M", "F"]})
    diagnoses = pd.DataFrame({"person_id": [10, 20], "diagnosis_code": ["I509", "E119"]})
    found = risk.score(members, diagnoses, payment_year=2026)
    assert found["person_id"].tolist() == ["30", "10", "20"]
    assert found["hccs"].tolist() == [[], ["226"], ["38"]]


def test_no_members_and_no_diagnoses_are_no_error() -> None:
    found = risk.score(MEMBERS.iloc[:0], DIAGNOSES.iloc[:0], payment_year=2026)
    assert found.empty and "hccs" in found
    assert risk.score(MEMBERS, DIAGNOSES.iloc[:0], payment_year=2026)["payment_hcc_count"].tolist() == [
        0,
        0,
        0,
        0,
    ]


def test_an_unknown_normalization_leaves_the_payment_score_empty() -> None:
    found = risk.score(MEMBERS, DIAGNOSES, model="V24", payment_year=2026)
    assert found["raw_score"].notna().all() and found["payment_score"].isna().all()
    mine = pd.DataFrame(
        [[2026, "V24", "", 1.0, 1.2, 0.0]],
        columns=["payment_year", "model", "population", "share", "normalization", "coding_adjustment"],
    )
    found = risk.score(MEMBERS, DIAGNOSES, model="V24", payment_year=2026, factors=mine)
    assert (found["raw_score"] / 1.2 - found["payment_score"]).abs().max() < 1e-12


def test_a_blend_takes_each_model_by_its_share() -> None:
    found = risk.blended(MEMBERS, DIAGNOSES, payment_year=2025)
    old = risk.score(MEMBERS, DIAGNOSES, model="V24", payment_year=2025)
    new = risk.score(MEMBERS, DIAGNOSES, model="V28", payment_year=2025)
    expected = 0.33 * old["raw_score"] / 1.153 * 0.941 + 0.67 * new["raw_score"] / 1.045 * 0.941
    assert (found["payment_score"] - expected).abs().max() < 1e-12
    assert cx.contract(found)["shares"] == {"V24": 0.33, "V28": 0.67}
    with pytest.raises(ArgumentError, match="no tables for payment_year=2031"):
        risk.blended(MEMBERS, DIAGNOSES, payment_year=2031)


@pytest.fixture(scope="module", params=["duckdb", "spark"])
def visited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Claims:
    claims = claims_of_visits(VISITS)
    if request.param == "duckdb":
        return claims
    folder = claims.save(tmp_path_factory.mktemp("risk") / "claims")
    return cx.open(folder, engine="spark", session=request.getfixturevalue("spark_session"))


def test_claims_are_scored_on_what_counts_of_the_year_before(visited: Claims) -> None:
    """p1: laboratory's heart failure does not count, nor does last year's cancer; p2: a stay needs no procedure."""
    found = risk.score(visited, payment_year=2026).sort_values("person_id")
    assert shown(found, "person_id", "segment", "disease_score") == [("p1", "CNA", 0.68), ("p2", "CNA", 0.36)]
    assert found["hccs"].tolist() == [["37", "327"], ["226"]]


def test_terms_add_up_and_name_codes_and_claims() -> None:
    visited = claims_of_visits(VISITS)
    told = risk.explain(visited, payment_year=2026)
    scored = risk.score(visited, payment_year=2026).set_index("person_id")["raw_score"]
    assert (told.groupby("person_id")["value"].sum() - scored).abs().max() < 1e-12
    kidney = told[(told["person_id"] == "p1") & (told["hcc"] == "327")].iloc[0]
    assert (kidney["diagnosis_codes"], kidney["claims"]) == (["N184"], ["V1"])
    only = risk.explain(visited.where(persons=["p2"]), payment_year=2026)
    pd.testing.assert_frame_equal(only, told[told["person_id"] == "p2"].reset_index(drop=True))


def test_impact_is_the_same_on_every_engine(visited: Claims) -> None:
    gaps = frame("""
        person_id | hcc | kind   | confidence | status
        p1        | 226 | lapsed | 0.5        | open
        p1        | 38  | lapsed | 0.9        | open
        p2        | 38  | implied | 1.0       | open
    """)
    found = risk.impact(visited, gaps, payment_year=2026, base_rate=1000.0)
    # p1: heart failure .360 + diabetes x HF .112 + HF x kidney .176; 38 lies under 37. p2: 38 .166 + diabetes x HF .112
    assert shown(found, "person_id", "hcc", "shapley_score", "expected_score") == [
        ("p1", "226", 0.648, 0.324),
        ("p1", "38", 0.0, 0.0),
        ("p2", "38", 0.278, 0.278),
    ]
    assert found["shapley_dollars"].round(2).tolist() == [
        round(score / 1.067 * 0.941 * 12000, 2) for score in (0.648, 0.0, 0.278)
    ]


def test_what_a_hierarchy_removes_is_told_with_the_reason() -> None:
    told = risk.explain(
        MEMBERS, pd.concat([DIAGNOSES, frame("person_id | diagnosis_code\naged | E11.9")]), payment_year=2026
    )
    gone = told[told["kind"] == "removed"]
    assert shown(gone, "person_id", "term", "value", "removed_by", "reason") == [
        ("aged", "HCC38", 0.0, "37", "hierarchy: HCC 37 stands above it")
    ]
    assert gone["diagnosis_codes"].tolist() == [["E119"]]


def test_claims_without_members_say_so() -> None:
    claims: Any = claims_of_visits(VISITS, years=(2019,))
    with pytest.raises(InputError, match=r"members: none of 2025 or 2026.*found years \[2019\]"):
        risk.score(claims, payment_year=2026)
    with pytest.raises(ArgumentError, match="diagnoses: not with claims"):
        risk.score(claims, DIAGNOSES, payment_year=2026)
    with pytest.raises(ArgumentError, match="diagnoses: missing"):
        risk.score(MEMBERS, payment_year=2026)
