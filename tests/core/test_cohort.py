"""The filter of studies: which lines it chooses, what it says of them, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cpticd import cohort
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.spec import claims_of

TABLES = {
    "claims": """
        claim_id | claim_type    | person_id | payer | place_of_service_code | bill_type_code | claim_frequency_code | original_reference_number | claim_start_date | received_date | billing_npi
        A        | professional  | p1        | North | 11                    |                | 1                    |                           | 2024-01-31       | 2024-02-01    | 111
        B        | professional  | p2        | South | 22                    |                | 1                    |                           | 2024-02-01       | 2024-02-02    | 111
        C        | institutional | p2        | South |                       | 131            | 1                    |                           | 2024-02-29       | 2024-03-02    | 222
        D        | institutional | p3        | South |                       | 121            | 1                    |                           | 2024-03-01       | 2024-03-02    | 222
        E        | professional  | p1        | North | 11                    |                | 7                    | A                         | 2024-01-31       | 2024-03-01    | 111
        F        | professional  | p4        |       | 11                    |                | 8                    | Z                         | 2024-03-03       | 2024-03-04    |
        G        |               |           |       |                       | 111            |                      |                           |                  |               |
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | charge_amount | rendering_npi | claim_line_start_date
        A        | 1                 | 99213      | 10.00         |               |
        B        | 1                 | 99213      | 10.00         | 999           |
        B        | 2                 | 80053      | 10.00         |               | 2024-04-01
        C        | 1                 | 80053      | 10.00         |               |
        D        | 1                 |            | 10.00         |               |
        E        | 1                 | 99214      | 10.00         |               |
        F        | 1                 | 99213      | 10.00         |               |
        G        | 1                 | 99221      | 10.00         |               |
    """,
}


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of(**TABLES)


def chosen(claims: Claims, *, superseded: bool = False, **filters: Any) -> str:
    """Claim and line of what is chosen, such as ``A1 B2``."""
    with cohort.lines(claims, filters, superseded=superseded) as found:  # type: ignore[arg-type]
        rows = found.rows(f"SELECT claim_id, claim_line_number AS n FROM {found.name} ORDER BY 1, 2")
    return " ".join(f"{row['claim_id']}{row['n']}" for row in rows)


@pytest.mark.parametrize(
    ("filters", "lines"),
    [
        ({}, "B1 B2 C1 D1 E1 G1"),  # A was replaced by E, F is a void
        ({"dates": ("2024-02-01", "2024-02-29")}, "B1 C1"),  # both ends included
        ({"dates": ("2024-01-31", "2024-01-31")}, "E1"),
        ({"dates": (None, "2024-02-28")}, "B1 E1"),
        ({"dates": (pd.Timestamp("2024-03-01"), None)}, "B2 D1"),  # the line's own date counts
        ({"payer": "South"}, "B1 B2 C1 D1"),
        ({"payer": ["South", "North"]}, "B1 B2 C1 D1 E1"),
        ({"payer": "(unknown)"}, "G1"),
        ({"setting": "practitioner"}, "B1 B2 E1"),
        ({"setting": ["outpatient"]}, "C1 D1"),  # 12X is Part B of an inpatient
        ({"setting": "inpatient"}, "G1"),
        ({"place": ["11", "13X"]}, "C1 E1"),
        ({"claim_type": "institutional"}, "C1 D1 G1"),  # G by its bill type
        ({"person_id": "p1"}, "E1"),
        ({"person_id": ["p1", "p3", "nobody"]}, "D1 E1"),
        ({"person_id": pd.Series(["p2"])}, "B1 B2 C1"),
        ({"person_id": np.array(["p2"])}, "B1 B2 C1"),
        ({"person_id": pd.DataFrame({"person_id": ["p2"], "age": [50]})}, "B1 B2 C1"),
        ({"person_id": {"p2"}, "payer": "South", "dates": ("2024-02-29", None)}, "B2 C1"),
        ({"payer": None, "person_id": None, "dates": None}, "B1 B2 C1 D1 E1 G1"),
    ],
)
def test_a_filter_chooses_lines(claims: Claims, filters: dict[str, Any], lines: str) -> None:
    assert chosen(claims, **filters) == lines


def test_replaced_and_voided_claims_are_kept_where_they_are_asked_for(claims: Claims) -> None:
    assert chosen(claims, superseded=True) == "A1 B1 B2 C1 D1 E1 F1 G1"


def test_the_contract_says_what_was_chosen_and_left_out(claims: Claims) -> None:
    filters = {"dates": ("2024-01-01", None), "person_id": ["p1", "p2", "x"]}
    with cohort.lines(claims, filters) as found:  # type: ignore[arg-type]
        told = found.contract
    assert json.loads(json.dumps(told)) == {
        "filters": {
            "dates": ["2024-01-01", None],
            "person_id": {"persons_given": 3, "persons_found": 2},
        },
        "lines_in_data": 8,
        "lines_in_cohort": 4,
        "replaced_lines_left_out": 1,
        "lines_without_date_left_out": 0,
    }
    with cohort.lines(claims, {"dates": ("2024-01-01", "2024-12-31")}) as found:
        assert found.contract["lines_without_date_left_out"] == 1


def test_a_line_has_its_provider_and_periods(claims: Claims) -> None:
    with cohort.lines(claims, {"claim_type": "professional"}) as found:
        rows = found.rows(
            f"SELECT claim_id, claim_line_number, billing_npi, rendering_npi, CAST(month AS VARCHAR) AS month, "
            f"CAST(quarter AS VARCHAR) AS quarter, hcpcs_family FROM {found.name} ORDER BY 1, 2"
        )
    assert [tuple(row.values()) for row in rows] == [
        ("B", 1, "111", "999", "2024-02-01", "2024-01-01", "Evaluation and management"),
        ("B", 2, "111", "111", "2024-04-01", "2024-04-01", "Pathology and laboratory"),
        ("E", 1, "111", "111", "2024-01-01", "2024-01-01", "Evaluation and management"),
    ]


def test_nothing_stays_behind(claims: Claims) -> None:
    def relations() -> set[str]:
        return set(claims.engine.fetch("SELECT table_name FROM duckdb_tables()").column(0).to_pylist())

    before = relations()
    with cohort.lines(claims, {"payer": "South"}) as found:
        assert any(name.startswith(found.name) for name in relations())
    assert relations() == before
    with pytest.raises(ArgumentError), cohort.lines(claims, {"payer": ["South", "East"]}):
        pass
    assert relations() == before


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"payor": "South"}, "no 'payor'; there are dates, payer"),
        ({"payer": "East"}, r"payer: no lines of 'East'; there are \(unknown\), North, South"),
        ({"payer": []}, "payer: found an empty list"),
        ({"payer": 1.5}, "payer=1.5: give a text"),
        ({"payer": [None]}, "payer: found None"),
        ({"setting": "office"}, "setting: no lines of 'office'"),
        ({"dates": "2024"}, r"dates='2024': give \(first, last\)"),
        ({"dates": ("2024-13-01", None)}, "'2024-13-01' is not a date"),
        ({"dates": ("2024-02-01", "2024-01-01")}, "first day 2024-02-01 is after the last, 2024-01-01"),
        ({"dates": (pd.NaT, None)}, "NaT is not a date; pass None"),
        ({"person_id": ["x", "y"]}, "none of 2 persons, such as 'x'"),
        ({"person_id": [1.0]}, "person_id: found 1.0"),
        ({"person_id": pd.DataFrame({"member": ["p1"]})}, r"no column 'person_id'; found \['member'\]"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(
    claims: Claims, filters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        chosen(claims, **filters)


def test_dimensions_are_known_names() -> None:
    assert cohort.dimensions("payer", "by") == ["payer"]
    assert cohort.dimensions(None, "by") == []
    assert cohort.dimensions(["quarter", "more"], "by", "more") == ["quarter", "more"]
    for wrong in ("payor", ["payer", "payer"]):
        with pytest.raises(ArgumentError, match="by="):
            cohort.dimensions(wrong, "by")
