"""Small FHIR resources as tests need them, in each dialect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cpticd.claims import Claims
from cpticd.loaders.fhir.reader import read_fhir

Json = dict[str, Any]

BLUE = "https://bluebutton.cms.gov/resources"
CARIN = "http://hl7.org/fhir/us/carin-bb/CodeSystem"
TERMS = "http://terminology.hl7.org/CodeSystem"
CARC = "https://x12.org/codes/claim-adjustment-reason-codes"
RARC = "https://x12.org/codes/remittance-advice-remark-codes"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
CPT = "http://www.ama-assn.org/go/cpt"


def concept(*codings: tuple[str | None, str]) -> Json:
    return {
        "coding": [{"system": system, "code": code} if system else {"code": code} for system, code in codings]
    }


def amount(code: str, value: float, *more: tuple[str, str]) -> Json:
    """An adjudication of R4 by its code; ``more`` are other codings of its category."""
    generic = code in ("submitted", "eligible", "benefit", "deductible", "copay")
    system = f"{TERMS}/adjudication" if generic else f"{CARIN}/C4BBAdjudication"
    return {"category": concept((system, code), *more), "amount": {"value": value, "currency": "USD"}}


def blue(code: str, value: float | None = None, reason: tuple[str, str] | None = None) -> Json:
    """An adjudication of Blue Button 1 (STU3), by the name of Medicare's variable."""
    made: Json = {"category": concept((f"{BLUE}/codesystem/adjudication", f"{BLUE}/variables/{code}"))}
    if value is not None:
        made["amount"] = {"value": value, "system": "urn:iso:std:iso:4217", "code": "USD"}
    if reason:
        made["reason"] = concept((f"{BLUE}/variables/{reason[0]}", reason[1]))
    return made


def denial(code: str, system: str = CARC, value: float | None = None) -> Json:
    made: Json = {
        "category": concept((f"{CARIN}/C4BBAdjudicationDiscriminator", "denialreason")),
        "reason": concept((system, code)),
    }
    return made if value is None else made | {"amount": {"value": value}}


def item(sequence: int, code: str, *adjudications: Json, system: str = CPT, **more: Any) -> Json:
    return {
        "sequence": sequence, "productOrService": concept((system, code)), "servicedDate": "2025-03-12",
        "adjudication": list(adjudications),
    } | more  # fmt: skip


def eob(name: str, *items: Json, **more: Any) -> Json:
    """An ExplanationOfBenefit of R4, of an insurer."""
    return {
        "resourceType": "ExplanationOfBenefit", "id": name, "status": "active", "use": "claim", "outcome": "complete",
        "type": concept((f"{TERMS}/claim-type", "professional")), "patient": {"reference": "Patient/p1"},
        "billablePeriod": {"start": "2025-03-12", "end": "2025-03-12"}, "insurer": {"display": "Acorn Health"},
        "payment": {"date": "2025-04-02"}, "item": list(items),
        "diagnosis": [
            {"sequence": 1, "diagnosisCodeableConcept": concept((ICD10, "I10"))},
            {"sequence": 2, "diagnosisCodeableConcept": concept((ICD10, "G47.33"))},
        ],
    } | more  # fmt: skip


def medicare(name: str, form: str, *items: Json, **more: Any) -> Json:
    """An ExplanationOfBenefit of Blue Button 1 (STU3)."""
    return {
        "resourceType": "ExplanationOfBenefit", "id": name, "status": "active",
        "identifier": [{"system": f"{BLUE}/variables/clm_id", "value": name.rsplit("-", maxsplit=1)[-1]},
                       {"system": f"{BLUE}/identifier/claim-group", "value": "900"}],
        "type": concept((f"{BLUE}/codesystem/eob-type", form), ("http://hl7.org/fhir/ex-claimtype", "professional")),
        "patient": {"reference": "Patient/b7"}, "billablePeriod": {"start": "2019-05-02", "end": "2019-05-03"},
        "insurance": {"coverage": {"reference": "Coverage/part-b-b7"}}, "item": list(items),
    } | more  # fmt: skip


def bundle(*resources: Any) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": each} for each in resources],
    }


def lines(*resources: Json) -> str:
    return "".join(json.dumps(each) + "\n" for each in resources)


def read(folder: Path, *texts: Json | str, name: str = "eob.json") -> Claims:
    """One data set of files with these texts."""
    paths = []
    for number, text in enumerate(texts):
        path = folder / (name if not number else f"{number}-{name}")
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        paths.append(path)
    return read_fhir(*paths, progress=False)
