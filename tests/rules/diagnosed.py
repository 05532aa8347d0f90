"""Claims written one per row by their diagnoses: what a rule about diagnoses is specified on, with what it finds."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cpticd import rules
from cpticd.claims import Claims
from cpticd.loaders.intake import Intake
from tests.spec import frame

FORMS = {"professional": None, "inpatient": "111", "outpatient": "131"}


def claims(cases: pd.DataFrame) -> Claims:
    """Claims of a table of cases.

    case       the claim's name
    day        of service; of a stay the discharge, two days after the admission
    codes      diagnoses in their order; ``I10/Y`` with what was present on admission
    lines      what each professional line points to, lines joined by +; ``1 2 + 2``; default one line that points to all
    form       professional (default), inpatient, outpatient
    procedures ICD-10-PCS codes of a stay
    sex, born  of the person; default unknown
    """
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("claims", "lines", "diagnoses", "pointers", "procedures", "members")
    }
    for case in cases.to_dict("records"):
        _add(rows, case)
    intake = Intake(progress=False)
    for name, found in rows.items():
        if found:
            intake.add(name, pd.DataFrame(found), source="cases")
    return intake.claims()


def _add(rows: dict[str, list[dict[str, Any]]], case: dict[str, str]) -> None:
    name, form, person = case["case"], case.get("form") or "professional", f"person of {case['case']}"
    start = pd.Timestamp(case["day"]) - pd.Timedelta(days=2 if form == "inpatient" else 0)
    kind = "professional" if form == "professional" else "institutional"
    rows["claims"].append(
        {"claim_id": name, "person_id": person, "claim_type": kind, "bill_type_code": FORMS[form],
         "claim_start_date": start.date().isoformat(), "claim_end_date": case["day"], "data_source": form}
    )  # fmt: skip
    if case.get("sex") or case.get("born"):
        rows["members"].append(
            {"person_id": person, "year": int(case["day"][:4]), "sex": case.get("sex") or None,
             "birth_date": case.get("born") or None}
        )  # fmt: skip
    codes = case["codes"].split()
    for position, code in enumerate(codes, start=1):
        value, _, admission = code.partition("/")
        rows["diagnoses"].append(
            {"claim_id": name, "diagnosis_position": position, "diagnosis_code": value,
             "diagnosis_code_type": case.get("set") or None, "present_on_admission_code": admission or None}
        )  # fmt: skip
    for position, code in enumerate((case.get("procedures") or "").split(), start=1):
        rows["procedures"].append({"claim_id": name, "procedure_position": position, "procedure_code": code})
    everything = " ".join(str(position + 1) for position in range(len(codes)))
    for number, pointed in enumerate((case.get("lines") or everything).split("+"), start=1):
        rows["lines"].append(
            {"claim_id": name, "claim_line_number": number, "hcpcs_code": "99213", "revenue_center_code": "0510",
             "claim_line_start_date": start.date().isoformat()}
        )  # fmt: skip
        for place, position in enumerate(pointed.split() if kind == "professional" else (), start=1):
            rows["pointers"].append(
                {"claim_id": name, "claim_line_number": number, "pointer_position": place,
                 "diagnosis_position": int(position)}
            )  # fmt: skip


def judge(rule: str, text: str, **arguments: Any) -> pd.DataFrame:
    """Check that the rule finds what the column ``found`` of the cases says; all findings.

    ``found`` is ``line:code`` for each finding, the line ``c`` where it stands on the claim, codes joined by +.
    """
    cases = frame(text).fillna("")
    findings = rules.check(claims(cases), rule, **arguments)
    assert set(findings["rule"]) <= {rule}
    line = findings["claim_line_number"].astype("string").fillna("c")
    shown = (line + ":" + findings["codes"].str.replace(" ", "+")).groupby(findings["claim_id"]).agg(list)
    found = {case: sorted(shown.get(case, [])) for case in cases["case"]}
    expected = {case: sorted(text.split()) for case, text in zip(cases["case"], cases["found"], strict=True)}
    assert found == expected, findings.to_string()
    return findings
