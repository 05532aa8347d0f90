"""Small claims with what the payer decided line by line, written as one table, for scorecard, residual, prebill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cpticd.claims import Claims
from cpticd.loaders.intake import Intake
from tests.spec import frame

#: What stands in a case's cell where it is left out.
USUAL: Mapping[str, Any] = {
    "line": "1", "payer": "North", "place": "11", "hcpcs": "99213", "day": "2024-02-01", "dx": "I10",
    "charge": "100.00", "paid": "60.00", "allowed": "80.00", "carc": "", "status": "1",
}  # fmt: skip


def judged(rows: str | Iterable[Mapping[str, Any]]) -> Claims:
    """Claims of which every row is one line: claim, line, payer, place, hcpcs, day, dx (space separated), charge, paid,
    allowed, carc (a denial of the whole charge; ``45``: contractual; ``-``: not adjudicated yet), decided (the day), person (one per
    claim where it is left out)."""
    if isinstance(rows, str):
        rows = frame(rows).to_dict("records")
    found = [{**USUAL, **{k: v for k, v in row.items() if not pd.isna(v)}} for row in rows]
    tables: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "claims",
            "lines",
            "diagnoses",
            "pointers",
            "adjudications",
            "line_payments",
            "adjustments",
        )
    }
    seen: dict[str, list[str]] = {}
    for row in found:
        _line(tables, row, seen)
    intake = Intake()
    for name, records in tables.items():
        if records:
            intake.add(name, pd.DataFrame(records).astype(str).replace("", None), source="cases")
    return intake.claims()


def _line(tables: dict[str, list[dict[str, Any]]], row: dict[str, Any], seen: dict[str, list[str]]) -> None:
    claim, number, denied = row["claim"], row["line"], row["carc"] not in ("", "-", "45")
    key = {"claim_id": claim, "claim_line_number": number}
    if claim not in seen:
        seen[claim] = []
        tables["claims"].append(
            {"claim_id": claim, "claim_type": "professional", "person_id": row.get("person", f"p{claim}"), "payer": row["payer"],
             "place_of_service_code": row["place"], "claim_start_date": row["day"], "charge_amount": row["charge"]}
        )  # fmt: skip
        if row["carc"] != "-":
            tables["adjudications"].append(
                {"claim_id": claim, "adjudication_number": "1", "payer": row["payer"], "paid_date": row.get("decided", "2026-06-01"),
                 "claim_status_code": "1", "charge_amount": row["charge"], "paid_amount": row["paid"]}
            )  # fmt: skip
    tables["lines"].append(
        {
            **key,
            "hcpcs_code": row["hcpcs"],
            "charge_amount": row["charge"],
            "claim_line_start_date": row["day"],
        }
    )
    for position, code in enumerate(row["dx"].split(), start=1):
        if code not in seen[claim]:
            seen[claim].append(code)
            at = str(len(seen[claim]))
            tables["diagnoses"].append({"claim_id": claim, "diagnosis_position": at, "diagnosis_code": code})
        at = str(seen[claim].index(code) + 1)
        tables["pointers"].append({**key, "pointer_position": str(position), "diagnosis_position": at})
    if row["carc"] == "-":
        return
    line = {"claim_id": claim, "adjudication_number": "1", "claim_line_number": number}
    paid, allowed = ("0.00", "") if denied else (row["paid"], row["allowed"])
    tables["line_payments"].append(
        {**line, "hcpcs_code": row["hcpcs"], "charge_amount": row["charge"], "allowed_amount": allowed,
         "paid_amount": paid}
    )  # fmt: skip
    if row["carc"]:
        amount = row["charge"] if denied else "20.00"
        tables["adjustments"].append(
            {**line, "adjustment_position": "1", "group_code": "CO", "carc": row["carc"], "amount": amount}
        )


def found(text: str) -> pd.DataFrame:
    """Findings written as ``claim_id | claim_line_number | rule``."""
    result = frame(text)
    result["claim_line_number"] = pd.to_numeric(result["claim_line_number"]).astype("Int64")
    return result
