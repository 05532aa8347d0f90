"""Small claims for specificity: written as text, or made line by line from counts."""

from __future__ import annotations

from cpticd.claims import Claims
from tests.spec import claims_of

#: Claim 1 was replaced by claim 2; claim 4's second diagnosis is pointed to by no line; claim 5 lacks a character.
SHARE = {
    "claims": """
        claim_id | source_claim_id | frequency_code | original_payer_claim_id | claim_type   | person_id | payer | billing_npi | place_of_service_code | claim_start_date | received_date | charge_amount
        C1       | A1              | 1                    |                           | professional | p1        | North | 1           | 11                    | 2025-01-05       | 2025-01-06    | 100.00
        C2       | A2              | 7                    | A1                        | professional | p1        | North | 1           | 11                    | 2025-01-05       | 2025-02-06    | 100.00
        C3       |                 | 1                    |                           | professional | p2        | North | 2           | 11                    | 2025-02-05       | 2025-02-06    | 300.00
        C4       |                 | 1                    |                           | professional | p3        | South | 2           | 22                    | 2025-03-05       | 2025-03-06    | 200.00
        C5       |                 | 1                    |                           | professional | p4        | South | 2           | 11                    | 2025-04-05       | 2025-04-06    | 50.00
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | charge_amount
        C1       | 1                 | 99213      | 100.00
        C2       | 1                 | 99213      | 100.00
        C3       | 1                 | 99213      | 100.00
        C3       | 2                 | 73560      | 200.00
        C4       | 1                 | 99214      | 200.00
        C5       | 1                 | 99213      | 50.00
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code | diagnosis_code_type
        C1       | 1                  | I509           |
        C2       | 1                  | I5021          |
        C3       | 1                  | M17.10         |
        C3       | 2                  | I10            |
        C4       | 1                  | J45.909        |
        C4       | 2                  | I50.9          |
        C5       | 1                  | S72.009        |
        C5       | 2                  | 250.00         | icd-9-cm
        C5       | 3                  | Q99Q           |
    """,
    "pointers": """
        claim_id | claim_line_number | pointer_position | diagnosis_position
        C1       | 1                 | 1                | 1
        C2       | 1                 | 1                | 1
        C3       | 1                 | 1                | 2
        C3       | 2                 | 1                | 1
        C3       | 2                 | 2                | 2
        C4       | 1                 | 1                | 1
        C5       | 1                 | 1                | 1
    """,
}

Cell = tuple[str, str, str, int, int]
Row = tuple[str, str, str, int, int, str]


def lines_of(
    cells: list[Cell] | list[Row], *, charge: int = 100, allowed: int = 40, per_person: int = 1
) -> Claims:
    """One claim of one line per count: (payer, procedure, diagnosis, denied, paid[, date]), ``per_person`` of each.

    A diagnosis of two codes, "I509 I5021", is pointed to by both.
    """
    tables: dict[str, list[str]] = {
        "claims": [
            "claim_id | claim_type | person_id | payer | billing_npi | claim_start_date | charge_amount"
        ],
        "lines": ["claim_id | claim_line_number | hcpcs_code | charge_amount"],
        "diagnoses": ["claim_id | diagnosis_position | diagnosis_code"],
        "pointers": ["claim_id | claim_line_number | pointer_position | diagnosis_position"],
        "adjudications": [
            "claim_id | adjudication_number | payer | paid_date | claim_status_code | charge_amount"
        ],
        "line_payments": [
            "claim_id | adjudication_number | claim_line_number | hcpcs_code | charge_amount | allowed_amount | paid_amount"
        ],
        "adjustments": [
            "claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount"
        ],
    }
    number = 0
    for payer, procedure, codes, denied, paid, *rest in cells:
        day = rest[0] if rest else "2025-03-03"
        for place in range(denied + paid):
            number += 1
            claim, gets = f"C{number:05}", 0 if place < denied else allowed
            tables["claims"].append(
                f"{claim} | professional | p{(number - 1) // per_person} | {payer} | {number % 3} | {day} | {charge}"
            )
            tables["lines"].append(f"{claim} | 1 | {procedure} | {charge}")
            for position, code in enumerate(codes.split(), start=1):
                tables["diagnoses"].append(f"{claim} | {position} | {code}")
                tables["pointers"].append(f"{claim} | 1 | {position} | {position}")
            tables["adjudications"].append(f"{claim} | 1 | {payer} | 2025-12-01 | 1 | {charge}")
            tables["line_payments"].append(
                f"{claim} | 1 | 1 | {procedure} | {charge} | {gets or ''} | {gets}"
            )
            carc = "45" if gets else "50"
            tables["adjustments"].append(f"{claim} | 1 | 1 | 1 | CO | {carc} | {charge - gets}")
    return claims_of(**{name: "\n".join(rows) for name, rows in tables.items()})
