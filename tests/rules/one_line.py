"""Claims of one line each, written one per row: what a rule about a line and its diagnoses is specified on."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

import cpticd as cx
from cpticd.claims import Claims
from cpticd.loaders.intake import Intake
from tests.spec import frame, shown

BIRTH = "1960-01-01"


@cache
def claims(text: str) -> Claims:
    """Claims of a table of cases.

    case       the claim's name
    day        of service
    service    the procedure and its modifiers; several lines of a claim are joined by +
    diagnoses  what each line points to, in this order; several lines joined by +; in brackets: on the claim alone
    sex, form, payer   of the person (unknown), institutional or professional (default), the payer's name
    """
    cases = frame(text).fillna("")
    for column in ("sex", "form", "payer"):
        if column not in cases:
            cases[column] = ""
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("claims", "lines", "diagnoses", "pointers", "members")
    }
    for case in cases.to_dict("records"):
        _add(rows, case)
    intake = Intake(progress=False)
    for name, found in rows.items():
        if found:
            intake.add(name, pd.DataFrame(found), source="cases")
    return intake.claims()


def _add(rows: dict[str, list[dict[str, Any]]], case: dict[str, str]) -> None:
    name, institutional = case["case"], case["form"] == "institutional"
    rows["claims"].append(
        {
            "claim_id": name, "person_id": f"person of {name}", "payer": case["payer"] or None,
            "claim_type": case["form"] or "professional", "bill_type_code": "131" if institutional else None,
            "claim_start_date": case["day"], "claim_end_date": case["day"], "data_source": case["form"] or "837P",
        }
    )  # fmt: skip
    if case["sex"]:
        rows["members"].append(
            {
                "person_id": f"person of {name}",
                "year": int(case["day"][:4]),
                "sex": case["sex"],
                "birth_date": BIRTH,
            }
        )
    codes: list[str] = []
    services = case["service"].split("+")
    listed = case["diagnoses"].split("+")
    for number, (service, diagnoses) in enumerate(zip(services, listed, strict=True), start=1):
        procedure, *modifiers = service.split()
        line = {"claim_id": name, "claim_line_number": number, "hcpcs_code": procedure}
        rows["lines"].append(line | {f"hcpcs_modifier_{i + 1}": m for i, m in enumerate(modifiers)})
        place = 0
        for word in diagnoses.split():
            code = word.strip("()")
            if code not in codes:
                codes.append(code)
            if not word.startswith("(") and not institutional:
                place += 1
                rows["pointers"].append(
                    {"claim_id": name, "claim_line_number": number, "pointer_position": place,
                     "diagnosis_position": codes.index(code) + 1}
                )  # fmt: skip
    rows["diagnoses"] += [
        {
            "claim_id": name,
            "diagnosis_position": place,
            "diagnosis_code": code,
            "diagnosis_code_type": "icd-10-cm",
        }
        for place, code in enumerate(codes, start=1)
    ]


def found(text: str, rules: str | list[str], **arguments: Any) -> pd.DataFrame:
    """The findings of rules on a table of cases."""
    return (
        _alone(text, rules) if isinstance(rules, str) and not arguments else _check(text, rules, **arguments)
    )


def _check(text: str, rules: str | list[str], **arguments: Any) -> pd.DataFrame:
    return cx.rules.check(claims(text), rules, **arguments)


_alone = cache(_check)


def as_said(text: str, rule: str, **arguments: Any) -> None:
    """Assert that the cases found are those whose column ``found`` has the codes of the finding."""
    cases = frame(text).fillna("")
    expected = [
        (case["case"], codes.strip())
        for case in cases.to_dict("records")
        for codes in case["found"].split(",")
        if codes
    ]
    result = found(text, rule, **arguments)
    assert sorted(shown(result, "claim_id", "codes")) == sorted(expected)
