"""A small, regular data set whose every count can be checked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from cpticd.claims import Claims
from cpticd.loaders.intake import Intake

HOSTILE = "<script>alert('payer')</script>"
PERIODS = 8
PROCEDURE = "99213"
#: Per month: 10 claims of each payer and diagnosis, of which so many are denied.
DENIED = {("North", "E119"): 4, ("North", "I10"): 0, (HOSTILE, "E119"): 1, (HOSTILE, "I10"): 1}
CARC = {"E119": "50", "I10": "18"}
CHARGE = 100


def small_claims(*, adjudicated: bool = True) -> Claims:
    """320 claims of one line each, 48 of them denied, $100 each; without an answer unless ``adjudicated``."""
    tables: dict[str, list[dict[str, object]]] = {
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
    for number, (month, payer, diagnosis, index) in enumerate(_cells()):
        day = date(2024, month, 1) + timedelta(days=index)
        _claim(tables, f"C{number:04d}", payer, diagnosis, day)
        if adjudicated:
            _answer(tables, f"C{number:04d}", payer, diagnosis, day, denied=index < DENIED[payer, diagnosis])
    intake = Intake()
    for name, rows in tables.items():
        if rows:
            intake.add(name, pd.DataFrame(rows), source="small.csv")
    intake.reject(
        source="small.csv",
        location="row 999",
        table_name="lines",
        reason="charge is no amount",
        content="SECRET-CELL",
    )
    return intake.claims()


def _cells() -> list[tuple[int, str, str, int]]:
    return [
        (month, payer, diagnosis, index)
        for month in range(1, PERIODS + 1)
        for payer, diagnosis in DENIED
        for index in range(10)
    ]


def _claim(
    tables: dict[str, list[dict[str, object]]], claim: str, payer: str, diagnosis: str, day: date
) -> None:
    key = {"claim_id": claim}
    line = key | {"claim_line_number": 1}
    tables["claims"].append(
        key | {"claim_type": "professional", "person_id": f"P{claim[-2:]}", "payer": payer,
               "place_of_service_code": "11", "claim_start_date": day, "claim_end_date": day,
               "received_date": day + timedelta(days=2), "charge_amount": CHARGE}
    )  # fmt: skip
    tables["lines"].append(
        line | {"hcpcs_code": PROCEDURE, "charge_amount": CHARGE, "claim_line_start_date": day}
    )
    tables["diagnoses"].append(
        key | {"diagnosis_position": 1, "diagnosis_code": diagnosis, "diagnosis_code_type": "icd-10-cm"}
    )
    tables["pointers"].append(line | {"pointer_position": 1, "diagnosis_position": 1})


def _answer(
    tables: dict[str, list[dict[str, object]]],
    claim: str,
    payer: str,
    diagnosis: str,
    day: date,
    *,
    denied: bool,
) -> None:
    key = {"claim_id": claim, "adjudication_number": 1}
    line = key | {"claim_line_number": 1}
    paid = 0 if denied else CHARGE - 40
    tables["adjudications"].append(
        key | {"payer": payer, "paid_date": day + timedelta(days=16), "claim_status_code": "4" if denied else "1",
               "charge_amount": CHARGE, "paid_amount": paid, "patient_responsibility_amount": 0}
    )  # fmt: skip
    tables["line_payments"].append(
        line | {"hcpcs_code": PROCEDURE, "charge_amount": CHARGE, "paid_amount": paid, "allowed_amount": paid}
    )
    tables["adjustments"].append(
        line | {"adjustment_position": 1, "group_code": "CO", "carc": CARC[diagnosis] if denied else "45",
                "amount": CHARGE - paid}
    )  # fmt: skip
