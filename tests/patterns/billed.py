"""Claims of one line each, from a table of who billed what for whom and when."""

from __future__ import annotations

import pandas as pd

from cpticd.claims import Claims
from cpticd.loaders.intake import Intake
from tests.spec import frame

#: What a row says unless it says otherwise.
USUAL = {
    "payer": "North",
    "place": "11",
    "provider": "A",
    "denied": "no",
    "charge": "100.00",
    "date": "2024-03-05",
}


def billed(rows: str | pd.DataFrame) -> Claims:
    """One claim with one line per row: code, diagnoses (blanks between), person; and what ``USUAL`` has."""
    data = (frame(rows) if isinstance(rows, str) else rows).astype("object").reset_index(drop=True)
    if "times" in data:
        data = data.loc[data.index.repeat(data["times"].astype(int))].reset_index(drop=True)
    for name, value in USUAL.items():
        data[name] = data[name].fillna(value) if name in data else value
    data["claim_id"] = [f"C{n + 1}" for n in range(len(data))]
    if "person" not in data:
        data["person"] = [f"p{n + 1}" for n in range(len(data))]
    text = data.astype("string")
    listed = text["diagnoses"].fillna("").str.split()
    coded = pd.DataFrame(
        [(claim, str(n + 1), code) for claim, codes in zip(text["claim_id"], listed, strict=True)
         for n, code in enumerate(codes)],
        columns=["claim_id", "diagnosis_position", "diagnosis_code"], dtype="string",
    )  # fmt: skip
    one = {"claim_line_number": "1", "claim_id": text["claim_id"]}
    paid = {**one, "adjudication_number": "1"}
    denied = text["denied"] == "yes"
    tables = {
        "claims": {
            "claim_id": text["claim_id"], "claim_type": "professional", "person_id": text["person"],
            "payer": text["payer"], "billing_npi": text["provider"], "place_of_service_code": text["place"],
            "claim_start_date": text["date"], "claim_end_date": text["date"], "charge_amount": text["charge"],
            "data_source": "spec",
        },
        "lines": {
            **one, "hcpcs_code": text["code"], "charge_amount": text["charge"], "rendering_npi": text["provider"]
        },
        "diagnoses": coded,
        "pointers": coded.assign(claim_line_number="1", pointer_position=coded["diagnosis_position"]),
        "adjudications": {
            **{name: paid[name] for name in ("claim_id", "adjudication_number")}, "payer": text["payer"],
            "paid_date": text["date"], "claim_status_code": "1", "charge_amount": text["charge"],
            "paid_amount": text["charge"].mask(denied, "0.00"),
        },
        "line_payments": {
            **paid, "hcpcs_code": text["code"], "charge_amount": text["charge"],
            "paid_amount": text["charge"].mask(denied, "0.00"),
        },
        "adjustments": pd.DataFrame(
            {**paid, "adjustment_position": "1", "group_code": "CO", "carc": "50", "amount": text["charge"]}
        )[denied],
    }  # fmt: skip
    intake = Intake()
    for name, table in tables.items():
        rows_ = pd.DataFrame(table, dtype="string")
        if name == "pointers":
            rows_ = rows_.drop(columns="diagnosis_code")
        if len(rows_):
            intake.add(name, rows_, source="spec")
    return intake.claims()
