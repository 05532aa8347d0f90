"""Tuva's wide ``medical_claim``: one row per line, with its claim, diagnoses and payment beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cpticd.loaders.flat import headings, wide
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Keep, Sample
from cpticd.loaders.staging import UNIT, Stage, Staged

#: Columns of Tuva's input layer that have another name in the flat form (https://thetuvaproject.com).
NAMES: Final = {
    "rendering_id": "rendering_npi",
    "billing_id": "billing_npi",
    "facility_id": "facility_npi",
    "copayment_amount": "copay_amount",
    "member_id": "person_id",
    "patient_id": "person_id",
}
#: Columns that no other form of claims has; two of them tell it.
_ONLY: Final = {
    "rendering_id",
    "billing_id",
    "copayment_amount",
    "total_cost_amount",
    "claim_line_end_date",
    "drg_code",
}


def tell(sample: Sample) -> str | None:
    """``medical_claim`` where the columns are those of Tuva's table."""
    columns = sample.lower
    diagnosed = any(name.startswith("diagnosis_code_") for name in columns)
    return "medical_claim" if "claim_id" in columns and diagnosed and len(_ONLY & columns) >= 2 else None


def load(
    intake: Intake, stage: Stage, given: Sequence[Any], rename: Mapping[str, str], keep: Keep = None
) -> None:
    """Fill the canonical tables from tables of Tuva's form, whose columns are taken at their names."""
    guesses: list[tuple[Staged, list[Guess]]] = []
    for staged in stage.put(given, name="medical_claim", unit=UNIT, known=headings.known):
        lower = {column.lower() for column in staged.columns} | set(rename.values())
        tuva: dict[str, str] = {}
        for theirs, ours in NAMES.items():
            if ours not in lower and ours not in tuva.values() and theirs in lower:
                tuva[theirs] = ours
        with intake.file(staged.source):
            guesses.append((staged, wide.guessed(intake, staged, tuva | dict(rename), keep=keep, exact=True)))
    if guesses:
        wide.fill(intake, guesses)
