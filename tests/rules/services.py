"""Service lines written as text, and what a rule finds on them: claims, lines and tables in a few columns."""

from __future__ import annotations

import pandas as pd

import cpticd as cx
from cpticd.claims import Claims
from cpticd.loaders.intake import Intake
from tests.spec import frame

#: What a line has where the text has no such column, or nothing in it. A person of his own, so that lines of
#: different claims meet only where the text says so.
DEFAULTS = {
    "line": "1",
    "person": "",
    "billing": "group",
    "rendering": "doctor",
    "day": "2024-03-01",
    "end": "",
    "modifiers": "",
    "units": "1",
    "bill": "",
    "revenue": "",
    "replaces": "",
    "payer": "Payer",
    "diagnosis": "",
    "place": "",
    "charge": "100.00",
    "kind": "",
    "specialty": "",
    "frequency": "",
    "born": "",
    "died": "",
}


def services(text: str) -> Claims:
    """Claims of lines: claim, code and any of DEFAULTS (line within the claim, day, modifiers apart by blanks, …)."""
    rows = frame(text).fillna("")
    for column, value in DEFAULTS.items():
        rows[column] = rows[column].replace("", value) if column in rows else value
    rows["person"] = rows["person"].where(rows["person"].ne(""), "person of " + rows["claim"])
    heads = rows.drop_duplicates("claim")
    modifiers = rows["modifiers"].str.split(expand=True).reindex(columns=range(4))
    intake = Intake()
    intake.add(
        "claims",
        pd.DataFrame(
            {
                "claim_id": heads["claim"],
                "claim_type": heads["bill"].eq("").map({True: "professional", False: "institutional"}),
                "person_id": heads["person"].replace("none", ""),
                "payer": heads["payer"],
                "payer_kind": heads["kind"],
                "billing_npi": heads["billing"].replace("none", ""),
                "bill_type_code": heads["bill"],
                "frequency_code": heads["frequency"].where(
                    heads["frequency"].ne(""), heads["replaces"].ne("").map({True: "7", False: "1"})
                ),
                "original_payer_claim_id": heads["replaces"],
                "claim_start_date": heads["day"],
                "received_date": heads["replaces"].ne("").map({True: "2030-02-01", False: "2030-01-01"}),
            }
        ).replace("", None),
        source="spec",
    )
    lines = {
        "claim_id": rows["claim"],
        "claim_line_number": rows["line"],
        "claim_line_start_date": rows["day"],
        "claim_line_end_date": rows["end"].where(rows["end"].ne(""), rows["day"]),
        "hcpcs_code": rows["code"],
        "service_unit_quantity": rows["units"],
        "revenue_center_code": rows["revenue"],
        "rendering_npi": rows["rendering"].replace("none", ""),
        "rendering_taxonomy": rows["specialty"],
        "place_of_service_code": rows["place"],
        "charge_amount": rows["charge"],
        **{f"hcpcs_modifier_{i + 1}": modifiers[i] for i in range(4)},
    }
    intake.add("lines", pd.DataFrame(lines).replace("", None), source="spec")
    known = heads[heads["born"].ne("") | heads["died"].ne("")].drop_duplicates("person")
    if len(known):
        born = {
            "person_id": known["person"],
            "year": known["day"].str[:4].astype(int),
            "birth_date": known["born"],
        }
        person = pd.DataFrame({**born, "death_date": known["died"]}).replace("", None)
        intake.add("members", person, source="spec")
    coded = rows[rows["diagnosis"].ne("")].drop_duplicates("claim")
    if len(coded):
        place = {"claim_id": coded["claim"], "diagnosis_position": "1"}
        intake.add("diagnoses", pd.DataFrame({**place, "diagnosis_code": coded["diagnosis"]}), source="spec")
    return intake.claims()


def found(claims: Claims, rule: str, **options: object) -> list[str]:
    """Findings of one rule as "claim/line codes"."""
    result = cx.rules.check(claims, rule, **options)
    status = {row["rule"]: row["status"] for row in cx.contract(result).records["rules"]}
    assert status[rule] == "ran", status[rule]
    lines = result["claim_line_number"].astype(str)
    return sorted(f"{c}/{n} {k}" for c, n, k in zip(result["claim_id"], lines, result["codes"], strict=True))


def table(text: str, **constants: object) -> pd.DataFrame:
    """A table of edits from text: dates as dates, units as numbers, empty cells of text as ''."""
    rows = frame(text).assign(**constants)
    for column in rows.columns:
        if column.startswith("effective_"):
            rows[column] = pd.to_datetime(rows[column]).dt.date
        elif column == "units":
            rows[column] = rows[column].astype(int)
        else:
            rows[column] = rows[column].fillna("")
    return rows
