"""Which table of Tuva's input layer a set of columns is, and which columns name the person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

#: Tables that are read, in the order in which they are: coverage without an end lasts as long as claims are there.
TABLES: Final = ("medical_claim", "pharmacy_claim", "lab_result", "observation", "eligibility")
#: What a connector's own columns begin with.
EXTENSION: Final = "x_"
#: Who is meant, the best first: ``patient_id`` was the person in releases before 0.8.
PERSON: Final = ("person_id", "patient_id", "member_id")
#: Columns that no other form of claims has; two of them tell ``medical_claim``.
_CLAIM: Final = {
    "rendering_id", "billing_id", "copayment_amount", "total_cost_amount", "claim_line_end_date", "drg_code",
    "ms_drg_code", "apr_drg_code", "discharge_disposition_code", "admit_type_code",
}  # fmt: skip
_SPAN: Final = {"enrollment_start_date", "enrollment_end_date"}
_FILL: Final = {"claim_id", "dispensing_date", "ndc_code"}
_OF_FILLS: Final = {
    "days_supply",
    "quantity",
    "prescribing_provider_npi",
    "dispensing_provider_npi",
    "refills",
}
_CODED: Final = {
    "normalized_component_code", "source_component_code", "normalized_code", "source_code", "normalized_code_type",
    "source_code_type",
}  # fmt: skip
_OF_LABORATORIES: Final = {
    "lab_result_id", "accession_number", "collection_date", "collection_datetime", "result_datetime", "specimen",
}  # fmt: skip
_OBSERVED: Final = {"observation_date"}


def table_of(columns: Collection[str]) -> str | None:
    """The table whose columns these are, in lower case; None where they are those of another form."""
    lower = {name.strip().lower() for name in columns}
    if lower >= _SPAN and not lower.isdisjoint(PERSON) and "claim_id" not in lower:
        return "eligibility"
    if lower >= _FILL and not lower.isdisjoint(_OF_FILLS):
        return "pharmacy_claim"
    if "result" in lower and not lower.isdisjoint(PERSON) and not lower.isdisjoint(_CODED):
        if not lower.isdisjoint(_OF_LABORATORIES):
            return "lab_result"
        if lower >= _OBSERVED:
            return "observation"
    diagnosed = any(name.startswith("diagnosis_code_") for name in lower)
    return "medical_claim" if "claim_id" in lower and diagnosed and len(_CLAIM & lower) >= 2 else None


def places(columns: Collection[str], rename: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, int]:
    """Our column → place of theirs. ``wanted``: their column → ours, of several for one the first that is there.

    ``rename`` is the user's, {their column: Tuva's}. Of two columns of one name the first is taken.
    """
    renamed = {theirs.strip().lower(): ours for theirs, ours in rename.items()}
    there: dict[str, int] = {}
    for place, name in enumerate(columns):
        folded = name.strip().lower()
        there.setdefault(renamed.get(folded, folded), place)
    found: dict[str, int] = {}
    for theirs, ours in wanted.items():
        if theirs in there:
            found.setdefault(ours, there[theirs])
    return found
