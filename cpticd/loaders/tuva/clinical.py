"""Tuva's clinical input layer: ``lab_result`` and ``observation``, one row per result, into ``observations``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cpticd import sql
from cpticd.loaders import repair, results
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged
from cpticd.loaders.tuva.names import PERSON
from cpticd.loaders.tuva.rows import Reader, Rows, located

#: What accounting calls a row of each table.
UNITS: Final = {"lab_result": "laboratory result rows", "observation": "observation rows"}
#: Their column → ours; releases before 0.14 have no component in the names of a laboratory's codes.
_NAMES: Final = {
    **dict.fromkeys(PERSON, "person_id"),
    **dict.fromkeys(("normalized_component_code", "normalized_code"), "code"),
    **dict.fromkeys(("normalized_component_type", "normalized_code_type"), "code_type"),
    **dict.fromkeys(("source_component_code", "source_code"), "source_code"),
    **dict.fromkeys(("source_component_type", "source_code_type"), "source_code_type"),
    **dict.fromkeys(("collection_datetime", "collection_date", "observation_date"), "collected"),
    **dict.fromkeys(("result_datetime", "result_date"), "resulted"),
    "result": "result", "normalized_units": "unit", "source_units": "source_unit", "status": "status",
}  # fmt: skip
_READERS: Final[dict[str, Reader]] = {
    "person_id": repair.identifier,
    "collected": repair.date,
    "resulted": repair.date,
    **dict.fromkeys(
        ("code", "code_type", "source_code", "source_code_type", "result", "unit", "source_unit", "status"),
        repair.text,
    ),
}
#: Results that are taken back.
_VOID: Final = "lower(status) IN ('entered-in-error', 'entered in error', 'cancelled', 'canceled')"


def fill(intake: Intake, name: str, staged: Sequence[Staged], rename: Mapping[str, str]) -> None:
    """Fill ``observations`` from tables of one of the two names.

    The day is that of the specimen, else of the result; the code is the normalized one, else the source's.
    """
    unit = UNITS[name]
    wrong = {
        "person_id IS NULL": "no person",
        "coalesce(code, source_code) IS NULL": "no code",
        "coalesce(collected, resulted) IS NULL": "no date",
        _VOID: "taken back by its status",
    }
    rows = Rows(
        intake, "tuva_results", located(intake, staged, _NAMES, rename, unit), _READERS, wrong, unit=unit
    )
    rows.note(
        "results without a day of the specimen: that of the result was taken",
        "SELECT _source, code AS content FROM tuva_results WHERE collected IS NULL",
    )
    names = " ".join(
        f"WHEN {number} THEN '{each.replace(chr(39), chr(39) * 2)}'" for number, each in rows.names.items()
    )
    text = sql.text("tuva/observations").format(
        names=names, system=results.system("given"), **results.cells("result")
    )
    intake.insert("observations", text)
    rows.finish(priced=False)
