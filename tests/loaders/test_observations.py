"""Results of laboratories and measurements, from tables of our form, Tuva's and FHIR, into ``observations``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

import cpticd as cx
from tests.loaders.flat_text import balanced, table
from tests.spec import frame

_COLUMNS = (
    "person_id",
    "observation_date",
    "code_system",
    "code",
    "value",
    "comparator",
    "value_text",
    "unit",
)


def results(claims: cx.Claims) -> list[tuple[Any, ...]]:
    return [
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in table(claims, "observations", *_COLUMNS)
    ]


def test_numbers_bounds_and_words_are_kept_apart() -> None:
    given = frame("""
        person_id | Observation Date | Code System      | code    | value    | unit
        P1        | 01/02/2025       | LN               | 4548-4  | 6.7 %    | %
        P1        | 2025-05-02       | http://loinc.org | 33914-3 | > 90     | mL/min
        P1        | 2025-05-03       |                  | 33914-3 | 1,234.5  | mL/min
        P2        | 2025-03-01       | loinc            | 5196-1  | POSITIVE |
        """)
    claims = cx.read_tables(observations=given, quiet=True, progress=False)
    assert results(claims) == [
        ("P1", "2025-01-02", "loinc", "4548-4", 6.7, None, None, "%"),
        ("P1", "2025-05-02", "loinc", "33914-3", 90.0, ">", None, "mL/min"),
        ("P1", "2025-05-03", None, "33914-3", 1234.5, None, None, "mL/min"),
        ("P2", "2025-03-01", "loinc", "5196-1", None, None, "POSITIVE", None),
    ]


def test_what_stands_twice_or_cannot_be_read_is_rejected_and_counted(tmp_path: Path) -> None:
    given = frame("""
        person_id | observation_date | code    | value | unit
        P1        | 2025-01-02       | 4548-4  | 6.7   | %
        P1        | 2025-01-02       | 4548-4  | 6.7   | %
        P1        | 2025-01-02       | 4548-4  | 6.8   | %
        P2        | soon             | 4548-4  | 7     | %
        P3        | 2025-01-02       |         | 7     | %
        """)
    claims = cx.read_tables(observations=given, quiet=True, progress=False)
    account = claims.accounting().set_index("table_name").loc["observations"]
    assert account[["read", "loaded", "rejected"]].tolist() == [5, 2, 3]
    assert sorted(claims.rejects["reason"].str.partition(":")[0]) == [
        "another row of observations has the same person_id, observation_date, code_system, code, value, comparator, "
        "value_text",
        "code", "observation_date",
    ]  # fmt: skip
    claims.save(tmp_path / "saved")
    assert results(cx.open(tmp_path / "saved")) == results(claims)


def test_a_selection_of_persons_has_their_results() -> None:
    lines = frame("""
        claim_id | claim_line_number | hcpcs_code | claim_line_start_date
        A1       | 1                 | 99213      | 2025-01-02
        A2       | 1                 | 99213      | 2025-01-02
        """)
    persons = frame("""
        claim_id | person_id
        A1       | P1
        A2       | P2
        """)
    seen = frame("""
        person_id | observation_date | code   | value
        P1        | 2025-01-02       | 4548-4 | 6.7
        P2        | 2025-01-02       | 4548-4 | 5.1
        """)
    claims = cx.read_tables(lines=lines, claims=persons, observations=seen, quiet=True, progress=False)
    assert [row[0] for row in results(claims.where(persons=["P2"]))] == ["P2"]


def test_tuva_takes_the_normalized_code_the_day_of_the_specimen_and_leaves_out_what_is_taken_back() -> None:
    laboratory = frame("""
        lab_result_id | person_id | normalized_component_type | normalized_component_code | source_component_code | result | collection_datetime | result_datetime | normalized_units | source_units | status
        1             | P1        | loinc                     | 33914-3                   | GFR                   | 55     | 2025-01-01 08:00:00 | 2025-01-02      | mL/min           |              | final
        2             | P1        |                           |                           | GFR                   | >90    |                     | 2025-02-02      |                  | mL/min/1.73  | final
        3             | P2        | loinc                     | 33914-3                   |                       | 44     | 2025-03-01          |                 |                  |              | cancelled
        """)
    vital = frame("""
        observation_id | person_id | observation_date | normalized_code_type | normalized_code | result | source_units
        1              | P1        | 2025-04-01       | loinc                | 39156-5         | 41.2   | kg/m2
        """)
    claims = cx.read_tuva({"lab_result": laboratory, "observation": vital}, quiet=True, progress=False)
    assert results(claims) == [
        ("P1", "2025-01-01", "loinc", "33914-3", 55.0, None, None, "mL/min"),
        ("P1", "2025-02-02", "local", "GFR", 90.0, ">", None, "mL/min/1.73"),
        ("P1", "2025-04-01", "loinc", "39156-5", 41.2, None, None, "kg/m2"),
    ]
    assert balanced(claims)
    assert "taken back by its status" in set(claims.rejects["reason"])


def _observed(number: str, **more: Any) -> dict[str, Any]:
    coding = [{"system": "urn:own", "code": "GFR"}, {"system": "http://loinc.org", "code": "33914-3"}]
    return {
        "resourceType": "Observation", "id": number, "status": "final", "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2025-03-04T10:00:00Z", "code": {"coding": coding},
    } | more  # fmt: skip


def test_fhir_observations_and_their_components(tmp_path: Path) -> None:
    pressure = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "valueQuantity": {"value": 120},
    }
    later = {"meta": {"lastUpdated": "2025-05-01T00:00:00Z"}}
    resources = [
        _observed("a", valueQuantity={"value": 55.2, "unit": "mL/min"}),
        _observed("a", valueQuantity={"value": 56, "unit": "mL/min"}, **later),
        _observed("b", valueQuantity={"value": 90, "comparator": ">"}),
        _observed("c", valueQuantity={"value": 5}, status="entered-in-error"),
        _observed("d", valueCodeableConcept={"text": "Positive"}),
        _observed("e"),
        _observed("f", code={"text": "pressure"}, component=[pressure]),
    ]
    path = tmp_path / "observations.ndjson"
    path.write_text("\n".join(map(json.dumps, resources)))
    claims = cx.read_fhir(path, quiet=True, progress=False)
    assert [(code, value, bound, words) for *_, code, value, bound, words, _ in results(claims)] == [
        ("33914-3", 56.0, None, None), ("33914-3", 90.0, ">", None), ("33914-3", None, None, "Positive"),
        ("8480-6", 120.0, None, None),
    ]  # fmt: skip
    account = claims.accounting().set_index("table_name").loc["resources"]
    assert account[["read", "loaded", "left_out"]].tolist() == [7, 4, 3]


def test_results_go_through_tuva_and_back(tmp_path: Path) -> None:
    seen = frame("""
        person_id | observation_date | code_system | code    | value    | unit
        P1        | 2025-01-02       | loinc       | 33914-3 | > 90     | mL/min
        P1        | 2025-02-02       | loinc       | 4548-4  | 6.7      | %
        P2        | 2025-01-02       | loinc       | 5196-1  | POSITIVE |
        """)
    lines = frame("""
        claim_id | claim_line_number | hcpcs_code | claim_line_start_date
        A1       | 1                 | 99213      | 2025-01-02
        """)
    claims = cx.read_tables(observations=seen, lines=lines, quiet=True, progress=False)
    report = claims.export(tmp_path / "tuva", "tuva", quiet=True).set_index("table_name")
    assert report.loc["observations", ["rows", "written"]].tolist() == [3, 3]
    assert results(cx.read_tuva(tmp_path / "tuva", quiet=True, progress=False)) == results(claims)
