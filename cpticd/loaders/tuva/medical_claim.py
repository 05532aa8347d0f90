"""Tuva's wide ``medical_claim``: one row per line, with its claim, diagnoses and payment beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cpticd.loaders.flat import headings, wide
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Keep, Sample
from cpticd.loaders.staging import UNIT, Stage, Staged
from cpticd.loaders.tuva.names import EXTENSION, PERSON, table_of

#: Columns of Tuva's input layer that have another name in the flat form; of several for one the first that is there.
NAMES: Final = {
    **dict.fromkeys(PERSON, "person_id"),
    "rendering_id": "rendering_npi",
    "billing_id": "billing_npi",
    "facility_id": "facility_npi",
    "copayment_amount": "copay_amount",
    "ms_drg_code": "drg_code",
    "discharge_disposition_code": "discharge_status_code",
}


def tell(sample: Sample) -> str | None:
    """``medical_claim`` where the columns are those of Tuva's table."""
    return "medical_claim" if table_of(sample.lower) == "medical_claim" else None


def load(
    intake: Intake, stage: Stage, given: Sequence[Any], rename: Mapping[str, str], keep: Keep = None
) -> None:
    """Fill the canonical tables from tables of Tuva's form, whose columns are taken at their names."""
    fill(intake, stage.put(given, name="medical_claim", unit=UNIT, known=headings.known), rename, keep)


def fill(intake: Intake, staged: Sequence[Staged], rename: Mapping[str, str], keep: Keep = None) -> None:
    """Fill the canonical tables from staged tables of Tuva's form."""
    guesses: list[tuple[Staged, list[Guess]]] = []
    for each in staged:
        with intake.file(each.source):
            names = renames(each.columns, rename)
            guesses.append((each, wide.guessed(intake, each, names, keep=keep, exact=True)))
    if guesses:
        wide.fill(intake, guesses)


def renames(columns: Sequence[str], rename: Mapping[str, str]) -> dict[str, str]:
    """Their column → ours, the user's first. A connector's own ``x_carc_1`` is the flat form's ``carc_1``."""
    lower = [column.lower() for column in columns]
    taken = {*lower} | set(rename.values())
    found: dict[str, str] = {}
    for theirs, ours in NAMES.items():
        if theirs in lower and theirs != ours and ours not in taken:
            found[theirs] = ours
            taken.add(ours)
    for column in lower:
        ours = column.removeprefix(EXTENSION)
        if column.startswith(EXTENSION) and ours not in taken and headings.is_canonical(ours):
            found[column] = ours
            taken.add(ours)
    return found | dict(rename)
