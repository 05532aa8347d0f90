"""Claims made of cells that a test writes as text: payer, procedure, diagnosis, lines, denied; a person for each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

import cpticd as cx
from cpticd.claims import Claims
from tests.spec import frame

KEYS = ["payer", "hcpcs_code", "diagnosis_code"]
DAY = "2024-02-05"


def cells(text: str) -> pd.DataFrame:
    """The cells as numbers."""
    return frame(text).astype({"lines": int, "denied": int})


def claims_of(
    table: pd.DataFrame, *, carc: str = "50", days: Sequence[str] = (), persons: bool = True
) -> Claims:
    """A claim of one line and one person for each line of a cell; $100 each, denied for ``carc`` or paid at $60.

    days: of service, one for each line in the order of the cells; persons: whether claims name theirs.
    """
    each = table.loc[table.index.repeat(table["lines"])]
    number = each.groupby(level=0).cumcount()
    lines = each.assign(
        claim_id=[f"C{cell}-{n}" for cell, n in zip(each.index, number, strict=True)],
        is_denied=number < each["denied"],
    ).reset_index(drop=True)
    lines["day"] = list(days) or DAY
    lines["person_id"] = lines["claim_id"] if persons else None
    paid = lines["is_denied"].map({True: 0, False: 60})
    first: dict[str, Any] = {"claim_line_number": 1, "charge_amount": 100, "adjudication_number": 1}

    def rows(*columns: str, **more: Any) -> pd.DataFrame:
        return lines[["claim_id", *columns]].assign(**more)

    return cx.read_tables(
        claims=rows("payer", "person_id", claim_type="professional", place_of_service_code="11",
                    claim_start_date=lines["day"], received_date=lines["day"], charge_amount=100),
        lines=rows("hcpcs_code", claim_line_number=1, charge_amount=100, claim_line_start_date=lines["day"]),
        diagnoses=rows("diagnosis_code", diagnosis_position=1),
        pointers=rows(claim_line_number=1, pointer_position=1, diagnosis_position=1),
        adjudications=rows("payer", adjudication_number=1, paid_date="2024-06-25", claim_status_code="1",
                           charge_amount=100, paid_amount=paid),
        line_payments=rows("hcpcs_code", **first, allowed_amount=paid, paid_amount=paid),
        adjustments=rows(adjudication_number=1, claim_line_number=1, adjustment_position=1, group_code="CO",
                         carc=lines["is_denied"].map({True: carc, False: "45"}), amount=100 - paid),
    )  # fmt: skip
