"""Which elements of FHIR resources are read: the structure that DuckDB's JSON reader is given.

Every leaf is text, so that a number and a text of digits are the same; an element that some dialects have as a list and
others as one object is JSON, and read for itself. Names are those of STU3 and R4 side by side: ``service`` and
``productOrService``, ``information`` and ``supportingInfo``, ``diagnosisLinkId`` and ``diagnosisSequence``.
"""

from __future__ import annotations

import json
from typing import Any, Final

_TEXT: Final = "VARCHAR"
_CONCEPT: Final[Any] = {"coding": [{"system": _TEXT, "code": _TEXT}], "text": _TEXT}
_IDENTIFIER: Final[Any] = {"system": _TEXT, "value": _TEXT, "type": _CONCEPT}
_REFERENCE: Final[Any] = {"reference": _TEXT, "display": _TEXT, "identifier": _IDENTIFIER}
_MONEY: Final[Any] = {"value": _TEXT, "currency": _TEXT, "system": _TEXT, "code": _TEXT}
_MEASURE: Final[Any] = {"value": _TEXT}
_PERIOD: Final[Any] = {"start": _TEXT, "end": _TEXT}
_EXTENSION: Final[Any] = {
    "url": _TEXT, "valueCoding": {"code": _TEXT}, "valueIdentifier": {"value": _TEXT}, "valueMoney": _MONEY,
    "valueDate": _TEXT, "valueString": _TEXT, "valueQuantity": _MEASURE,
}  # fmt: skip
_EXTENDED: Final[Any] = _CONCEPT | {"extension": [_EXTENSION]}
_QUANTITY: Final[Any] = {"value": _TEXT, "unit": _TEXT, "code": _TEXT, "extension": [_EXTENSION]}
#: One adjudication or total, and one insurance: elements that stand as JSON in the others.
MONEY: Final = _MONEY
ADJUDICATION: Final[Any] = {"category": _CONCEPT, "reason": _CONCEPT, "amount": _MONEY}
INSURANCE: Final[Any] = {"focal": _TEXT, "coverage": _REFERENCE}
_SERVICE: Final[Any] = {
    "sequence": _TEXT, "revenue": _CONCEPT, "productOrService": _EXTENDED, "service": _EXTENDED,
    "modifier": [_CONCEPT], "quantity": _QUANTITY, "net": _MONEY, "adjudication": [ADJUDICATION],
}  # fmt: skip
_ITEM: Final[Any] = _SERVICE | {
    "itemSequence": _TEXT, "careTeamSequence": [_TEXT], "careTeamLinkId": [_TEXT], "diagnosisSequence": [_TEXT],
    "diagnosisLinkId": [_TEXT], "servicedDate": _TEXT, "servicedPeriod": _PERIOD, "locationCodeableConcept": _CONCEPT,
    "extension": [_EXTENSION], "detail": [_SERVICE | {"subDetail": [_SERVICE]}],
}  # fmt: skip
_INFORMATION: Final[Any] = {
    "sequence": _TEXT, "category": _CONCEPT, "code": _CONCEPT, "timingDate": _TEXT, "timingPeriod": _PERIOD,
    "valueString": _TEXT, "valueQuantity": _MEASURE,
}  # fmt: skip
_DIAGNOSIS: Final[Any] = {
    "sequence": _TEXT, "diagnosisCodeableConcept": _CONCEPT, "type": [_CONCEPT], "onAdmission": _CONCEPT,
    "packageCode": _CONCEPT, "extension": [_EXTENSION],
}  # fmt: skip
_PARTY: Final[Any] = {
    "resourceType": _TEXT, "id": _TEXT, "name": _TEXT, "identifier": [_IDENTIFIER], "gender": _TEXT,
    "birthDate": _TEXT, "deceasedDateTime": _TEXT, "address": [{"state": _TEXT}],
}  # fmt: skip
#: ExplanationOfBenefit, Claim and ClaimResponse.
CLAIM: Final = json.dumps(
    {
        "id": _TEXT, "status": _TEXT, "use": _TEXT, "outcome": _TEXT, "created": _TEXT,
        "meta": {"lastUpdated": _TEXT, "profile": [_TEXT]},
        "identifier": [_IDENTIFIER], "extension": [_EXTENSION], "contained": [_PARTY],
        "type": _CONCEPT, "subType": _CONCEPT, "patient": _REFERENCE, "billablePeriod": _PERIOD,
        "insurer": _REFERENCE, "provider": _REFERENCE, "organization": _REFERENCE,
        "facility": _REFERENCE | {"extension": [_EXTENSION]}, "claim": _REFERENCE, "claimResponse": _REFERENCE,
        "request": _REFERENCE, "insurance": "JSON", "total": "JSON", "totalCost": _MONEY,
        "related": [{"claim": _REFERENCE, "relationship": _CONCEPT, "reference": _IDENTIFIER}],
        "careTeam": [{"sequence": _TEXT, "provider": _REFERENCE, "role": _CONCEPT, "qualification": _CONCEPT}],
        "supportingInfo": [_INFORMATION], "information": [_INFORMATION], "diagnosis": [_DIAGNOSIS],
        "procedure": [{"sequence": _TEXT, "date": _TEXT, "procedureCodeableConcept": _CONCEPT}],
        "item": [_ITEM], "addItem": [_SERVICE | {"itemSequence": [_TEXT], "servicedDate": _TEXT}],
        "adjudication": [ADJUDICATION], "payment": {"date": _TEXT, "amount": _MONEY},
        "benefitBalance": [{"financial": [{"type": _CONCEPT, "usedMoney": _MONEY}]}],
    }
)  # fmt: skip
#: Patient, Organization, Practitioner.
PARTY: Final = json.dumps(_PARTY | {"extension": [_EXTENSION], "meta": {"lastUpdated": _TEXT}})
COVERAGE: Final = json.dumps(
    {
        "id": _TEXT, "status": _TEXT, "meta": {"lastUpdated": _TEXT}, "type": _CONCEPT, "beneficiary": _REFERENCE,
        "period": _PERIOD, "extension": [_EXTENSION],
        "class": [{"type": _CONCEPT, "value": _TEXT, "name": _TEXT}], "grouping": {"subPlan": _TEXT, "plan": _TEXT},
    }
)  # fmt: skip
_MEASURED: Final[Any] = {
    "code": _CONCEPT, "valueQuantity": {"value": _TEXT, "comparator": _TEXT, "unit": _TEXT, "code": _TEXT},
    "valueInteger": _TEXT, "valueString": _TEXT, "valueCodeableConcept": _CONCEPT, "valueBoolean": _TEXT,
}  # fmt: skip
OBSERVATION: Final = json.dumps(
    _MEASURED
    | {
        "id": _TEXT, "status": _TEXT, "meta": {"lastUpdated": _TEXT}, "subject": _REFERENCE, "issued": _TEXT,
        "effectiveDateTime": _TEXT, "effectiveInstant": _TEXT, "effectivePeriod": _PERIOD, "component": [_MEASURED],
    }
)  # fmt: skip
#: What must be a list, and what an object, where it is there: a resource in which it is not cannot be read.
LISTS: Final = (
    "identifier", "extension", "contained", "related", "careTeam", "supportingInfo", "information", "diagnosis",
    "procedure", "item", "addItem", "adjudication", "benefitBalance",
)  # fmt: skip
OBJECTS: Final = (
    "type", "patient", "billablePeriod", "payment", "totalCost", "insurer", "provider", "organization", "facility",
)  # fmt: skip
