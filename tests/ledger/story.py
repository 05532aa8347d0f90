"""Lives of services written as text: what was billed, what payers answered, what must come of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from cpticd.claims import Claims
from cpticd.loaders.intake import Intake
from tests.spec import frame

BILLED = "claim | line | payer | seq | kind | freq | names | sent | day | code | mod | charge | bill"
ANSWERED = "claim | line | payer | seq | number | date | status | charge | paid | reasons"


def claims_of_stories(billed: str, answered: str) -> Claims:
    """Claims of two tables: one row per line that was billed, one row per service row of an answer.

    Rows of answers with one claim, payer, number, date and status are one decision; line ``-`` is what it says of the
    claim as a whole (charge and paid are then CLP03 and CLP04). ``reasons``: ``CO-45 20.00, PR-2 5.00, remark N115``.
    """
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    _bill(tables, _rows(BILLED, billed))
    decisions: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(ANSWERED, answered):
        decisions[row["claim"], row["payer"], row["number"], row["date"], row["status"]].append(row)
    count: dict[str, int] = defaultdict(int)
    for key, rows in decisions.items():
        count[key[0]] += 1
        _answer(tables, rows, count[key[0]])
    intake = Intake()
    for name, rows in tables.items():
        columns = dict.fromkeys(column for row in rows for column in row)
        text = "\n".join(
            [" | ".join(columns), *(" | ".join(row.get(c) or "" for c in columns) for row in rows)]
        )
        intake.add(name, frame(text), source="stories")
    return intake.claims()


def _rows(heading: str, text: str) -> list[dict[str, Any]]:
    """Rows of a table by column, empty cells as None."""
    rows = frame(heading + "\n" + text.strip()).to_dict("records")
    return [
        {str(name): value if isinstance(value, str) else None for name, value in row.items()} for row in rows
    ]


def _bill(tables: dict[str, list[dict[str, Any]]], rows: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for row in rows:
        total = sum(float(r["charge"]) for r in rows if r["claim"] == row["claim"])
        if row["claim"] not in seen:
            seen.add(row["claim"])
            tables["claims"].append(
                {"claim_id": row["claim"], "source_claim_id": row["claim"].partition("#")[0], "person_id": row["claim"][:2],
                 "billing_npi": "1234567893", "payer": row["payer"], "payer_sequence": row["seq"], "payer_kind": row["kind"],
                 "frequency_code": row["freq"], "original_payer_claim_id": row["names"], "received_date": row["sent"],
                 "claim_start_date": row["day"], "bill_type_code": row["bill"], "charge_amount": f"{total:.2f}",
                 "claim_type": "institutional" if row["bill"] else "professional"}
            )  # fmt: skip
        if row["line"] and row["line"] != "-":
            tables["lines"].append(
                {"claim_id": row["claim"], "claim_line_number": row["line"], "claim_line_start_date": row["day"],
                 "hcpcs_code": row["code"], "hcpcs_modifier_1": row["mod"], "charge_amount": row["charge"]}
            )  # fmt: skip


def _answer(tables: dict[str, list[dict[str, Any]]], rows: list[dict[str, Any]], number: int) -> None:
    first = rows[0]
    whole = next((row for row in rows if row["line"] == "-"), None)
    lines = [row for row in rows if row["line"] != "-"]
    key = {"claim_id": first["claim"], "adjudication_number": str(number)}

    def total(column: str) -> str | None:
        given = [float(row[column]) for row in lines if row[column]]
        return whole[column] if whole and whole[column] else f"{sum(given):.2f}" if given else None

    tables["adjudications"].append(
        key | {"payer": first["payer"], "payer_sequence": first["seq"], "paid_date": first["date"],
               "claim_status_code": first["status"], "payer_claim_id": first["number"], "charge_amount": total("charge"),
               "paid_amount": total("paid")}
    )  # fmt: skip
    for place, row in enumerate(lines, 1):
        line = None if row["line"] == "?" else row["line"]
        at = key | {"service_number": str(place), "claim_line_number": line}
        tables["line_payments"].append(at | {"charge_amount": row["charge"], "paid_amount": row["paid"]})
        _reasons(tables, at, row["reasons"])
    if whole:
        _reasons(tables, key, whole["reasons"])


def _reasons(tables: dict[str, list[dict[str, Any]]], at: dict[str, Any], text: str | None) -> None:
    for place, reason in enumerate(filter(None, (text or "").split(",")), 1):
        word, value = reason.split()
        if word == "remark":
            tables["remarks"].append(at | {"remark_position": str(place), "rarc": value})
        else:
            group, carc = word.split("-")
            tables["adjustments"].append(
                at | {"adjustment_position": str(place), "group_code": group, "carc": carc, "amount": value}
            )
