"""Lines and claims that do not say what was done or why; sources that cannot say it are not asked."""

from __future__ import annotations

import pytest

from cpticd import rules
from cpticd.claims import Claims
from tests.rules.diagnosed import judge
from tests.spec import claims_of, shown


def test_pointers_that_are_missing_or_lead_nowhere() -> None:
    """Four diagnoses are the most that a line points to; position 3 of two diagnoses is none."""
    cases = """
        case | day        | codes     | lines       | form       | found
        a    | 2024-05-01 | I10 E11.9 | 1 2 + 2 + 3 |            | {past}
        b    | 2024-05-01 | I10 E11.9 | 1 + + 2     |            | {missing}
        c    | 2024-05-01 | I10 E11.9 |             | outpatient |
        d    | 2024-05-01 | I10       | 1 4         |            | {both}
    """
    judge("missing_pointer", cases.format(past="", missing="2:99213", both=""))
    found = judge("pointer_past_diagnoses", cases.format(past="3:99213", missing="", both="1:99213"))
    assert found["evidence"].tolist() == [
        "position 3; last diagnosis of the claim 2",
        "position 4; last diagnosis of the claim 1",
    ]


CLAIMS = """
    claim_id | claim_type    | person_id | claim_start_date | bill_type_code | frequency_code | data_source
    whole    | professional  | p1        | 2024-05-01       |                |                      | a.837
    no_dx    | professional  | p2        | 2024-05-01       |                | 1                    | a.837
    no_lines | professional  | p3        | 2024-05-01       |                |                      | a.837
    void     | professional  | p4        | 2024-05-01       |                | 8                    | a.837
    stay     | institutional | p5        | 2024-05-01       | 111            |                      | a.837
    remit    | professional  | p6        | 2024-05-01       |                |                      | b.835
"""
LINES = """
    claim_id | claim_line_number | hcpcs_code | revenue_center_code | charge_amount
    whole    | 1                 | 99213      |                     | 100.00
    whole    | 2                 |            |                     | 50.00
    no_dx    | 1                 | 99213      |                     | 100.00
    stay     | 1                 |            | 0120                | 900.00
    stay     | 2                 |            |                     | 10.00
    remit    | 1                 | 99213      |                     | 100.00
"""
DIAGNOSES = """
    claim_id | diagnosis_position | diagnosis_code
    whole    | 1                  | I10
    no_lines | 1                  | I10
    stay     | 1                  | I21.4
"""


@pytest.fixture(scope="module")
def data() -> Claims:
    pointers = "claim_id | claim_line_number | pointer_position | diagnosis_position\n whole | 1 | 1 | 1"
    return claims_of(claims=CLAIMS, lines=LINES, diagnoses=DIAGNOSES, pointers=pointers)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("claim_without_diagnosis", [("no_dx", None)]),
        ("claim_without_lines", [("no_lines", None)]),
        ("line_without_procedure", [("stay", 2), ("whole", 2)]),
        # A claim without any diagnosis lacks that, not the pointers to it.
        ("missing_pointer", [("whole", 2)]),
    ],
)
def test_what_is_missing(data: Claims, rule: str, expected: list) -> None:
    found = rules.check(data, rule)
    assert shown(found, "claim_id", "claim_line_number") == expected
    assert found["severity"].eq("error").all()


def test_a_file_of_stays_without_lines_and_a_source_without_pointers_are_not_asked() -> None:
    stays = claims_of(
        claims="claim_id | claim_type | person_id | claim_start_date\n a | institutional | p | 2024-05-01",
        diagnoses="claim_id | diagnosis_position | diagnosis_code\n a | 1 | I21.4",
    )
    assert rules.check(stays, "pointers").empty
    flat = claims_of(
        claims="claim_id | claim_type | person_id | claim_start_date\n a | professional | p | 2024-05-01",
        lines="claim_id | claim_line_number | hcpcs_code\n a | 1 | 99213",
        diagnoses="claim_id | diagnosis_position | diagnosis_code\n a | 1 | I10",
    )
    assert rules.check(flat, "pointers").empty
