"""Small claims written as text: the data on which every analysis is specified, on every engine."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd

from cpticd.claims import Claims
from cpticd.loaders.intake import Intake


def frame(text: str) -> pd.DataFrame:
    """A table written as ``a | b`` lines; empty cells are absent, everything is text."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return pd.read_csv(io.StringIO("\n".join(lines)), sep=r"\s*\|\s*", engine="python", dtype=str)


def claims_of(**tables: str) -> Claims:
    """Claims from canonical tables written as text."""
    intake = Intake()
    for name, text in tables.items():
        intake.add(name, frame(text), source="spec")
    return intake.claims()


def shown(data: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of the named columns as tuples, absent cells as None, amounts rounded to four places."""
    picked = data[list(columns)] if columns else data
    return [tuple(_cell(value) for value in row) for row in picked.itertuples(index=False)]


def _cell(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        return round(value, 4)
    return value.item() if hasattr(value, "item") else value


SPEC = {
    "claims": """
        claim_id | claim_type    | person_id | payer | place_of_service_code | bill_type_code | claim_start_date | claim_end_date | received_date | charge_amount | data_source
        C1       | professional  | p1        | North | 11                    |                | 2024-01-05       | 2024-01-05     | 2024-01-08    | 300.00        | a.837
        C2       | professional  | p2        | North | 11                    |                | 2024-01-09       | 2024-01-09     | 2024-01-10    | 100.00        | a.837
        C3       | institutional | p3        | South |                       | 131            | 2024-02-01       | 2024-02-01     | 2024-02-05    | 100.00        | i.837
        C4       | professional  | p3        | South | 11                    |                | 2024-04-01       | 2024-04-01     | 2024-04-02    | 80.00         | a.837
        C5       | professional  | p4        | Plan  | 11                    |                | 2024-01-15       | 2024-01-15     |               | 90.00         | rif
        C6       | professional  | p1        | North | 11                    |                | 2024-02-10       | 2024-02-10     | 2024-02-11    | 120.00        | a.837
        C7       | professional  | p5        | South | 22                    |                | 2024-02-12       | 2024-02-12     | 2024-02-13    | 300.00        | a.837
        C8       | professional  | p5        | South | 11                    |                | 2024-03-01       | 2024-03-01     | 2024-03-02    | 150.00        | a.837
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | charge_amount | processing_indicator_code
        C1       | 1                 | 99213      | 100.00        |
        C1       | 2                 | 80053      | 200.00        |
        C2       | 1                 | 99213      | 100.00        |
        C3       | 1                 | 70450      | 100.00        |
        C4       | 1                 | 99213      | 80.00         |
        C5       | 1                 | 99213      | 60.00         | N
        C5       | 2                 | 80053      | 30.00         | A
        C6       | 1                 | 99213      | 120.00        |
        C7       | 1                 | 99214      | 150.00        |
        C7       | 2                 | 99214      | 150.00        |
        C8       | 1                 | 99213      | 100.00        |
        C8       | 2                 | 80053      | 50.00         |
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code
        C1       | 1                  | E11.9
        C1       | 2                  | I10
        C1       | 3                  | R53.83
        C1       | 4                  | I10
        C2       | 1                  | E11.9
        C3       | 1                  | R51.9
        C3       | 2                  | I10
        C4       | 1                  | I10
        C5       | 1                  | I10
        C6       | 1                  | I10
        C7       | 1                  | E11.9
        C8       | 1                  | I10
    """,
    "pointers": """
        claim_id | claim_line_number | pointer_position | diagnosis_position
        C1       | 1                 | 1                | 2
        C1       | 1                 | 2                | 1
        C1       | 1                 | 3                | 4
        C1       | 2                 | 1                | 3
        C2       | 1                 | 1                | 9
        C4       | 1                 | 1                | 1
        C5       | 1                 | 1                | 1
        C5       | 2                 | 1                | 1
        C6       | 1                 | 1                | 1
        C7       | 1                 | 1                | 1
        C7       | 2                 | 1                | 1
        C8       | 1                 | 1                | 1
        C8       | 2                 | 1                | 1
    """,
    "adjudications": """
        claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount
        C1       | 1                   | North | 2024-01-20 | 1                 | 300.00        | 80.00
        C1       | 2                   | North | 2024-02-20 | 22                | -300.00       | -80.00
        C1       | 3                   | North | 2024-02-20 | 1                 | 300.00        | 255.00
        C2       | 1                   | North | 2024-01-30 | 4                 | 100.00        | 0.00
        C3       | 1                   | South | 2024-02-20 | 1                 | 100.00        | 60.00
        C6       | 1                   | North | 2024-02-25 | 1                 | 120.00        | 70.00
        C6       | 2                   | North | 2024-05-25 | 22                | -120.00       | -70.00
        C7       | 1                   | South | 2024-03-01 | 1                 | 300.00        | 190.00
        C8       | 1                   | South | 2024-03-10 | 1                 | 150.00        | 0.00
    """,
    "line_payments": """
        claim_id | adjudication_number | claim_line_number | hcpcs_code | submitted_hcpcs_code | charge_amount | allowed_amount | paid_amount
        C1       | 1                   | 1                 | 99213      |                      | 100.00        | 90.00          | 80.00
        C1       | 1                   | 2                 | 80053      |                      | 200.00        |                | 0.00
        C1       | 3                   | 1                 | 99213      |                      | 100.00        | 90.00          | 80.00
        C1       | 3                   | 2                 | 80053      |                      | 200.00        |                | 175.00
        C3       | 1                   | 1                 | 70450      |                      | 100.00        |                | 60.00
        C6       | 1                   | 1                 | 99213      |                      | 120.00        | 70.00          | 70.00
        C7       | 1                   | 1                 | 99214      |                      | 150.00        | 110.00         | 110.00
        C7       | 1                   | 2                 | 99213      | 99214                | 150.00        | 80.00          | 80.00
        C8       | 1                   | 1                 | 99213      |                      | 100.00        |                | 0.00
        C8       | 1                   | 2                 | 80053      |                      | 50.00         |                | 0.00
    """,
    "adjustments": """
        claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
        C1       | 1                   | 1                 | 1                   | CO         | 45   | 10.00
        C1       | 1                   | 1                 | 2                   | PR         | 1    | 10.00
        C1       | 1                   | 2                 | 1                   | CO         | 50   | 200.00
        C1       | 3                   | 1                 | 1                   | CO         | 45   | 10.00
        C1       | 3                   | 1                 | 2                   | PR         | 1    | 10.00
        C1       | 3                   | 2                 | 1                   | CO         | 45   | 25.00
        C2       | 1                   |                   | 1                   | CO         | 16   | 100.00
        C3       | 1                   | 1                 | 1                   | CO         | 97   | 40.00
        C6       | 1                   | 1                 | 1                   | CO         | 45   | 50.00
        C7       | 1                   | 1                 | 1                   | CO         | 45   | 40.00
        C7       | 1                   | 2                 | 1                   | CO         | 45   | 70.00
        C8       | 1                   | 1                 | 1                   | PR         | 96   | 100.00
        C8       | 1                   | 2                 | 1                   | PR         | 1    | 50.00
    """,
    "remarks": """
        claim_id | adjudication_number | claim_line_number | remark_position | rarc
        C2       | 1                   |                   | 1               | M76
    """,
}
