"""NCCI medically unlikely edits: the most units of a code, and by line or by day.

Layout: CMS's quarterly files ``MCR_MUE_<setting>_Eff_<month-day-year>``, CSV or Excel: a notice, headings (the
first over two lines), then code, MUE value, adjudication indicator (1 line edit; 2 day, policy; 3 day, clinical)
and rationale. The heading of the value names the setting. Described on CMS's page "Medicare NCCI Medically
Unlikely Edits (MUEs)". The file has no dates: an edit holds as long as its release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, quarter, records, table

KEY: Final = ("code",)
_COLUMNS: Final = {
    "code": pa.string(),
    "units": pa.int32(),
    "adjudication_indicator": pa.string(),
    "rationale": pa.string(),
}
_HEADINGS: Final = {
    "code": r"^HCPCS ?/",
    "units": r"MUE Values?$",
    "indicator": "Adjudication",
    "rationale": "Rationale",
}
_SETTINGS: Final = {
    "practitioner": "practitioner",
    "outpatient": "outpatient",
    "dme": "dme",
    "supplier": "dme",
}


def read(files: Sequence[Source]) -> Reading:
    """One row per code: code, units, adjudication_indicator (1, 2 or 3), rationale."""
    used = [file for file in files if file.suffix == ".csv"] or [
        f for f in files if f.suffix in (".txt", ".xlsx")
    ]
    if len(used) != 1:
        raise InputError(
            f"MUE: found {[file.name for file in used]}; pass the file of one setting and release"
        )
    (file,) = used
    found = []
    for line, cells in records(file.rows(), _HEADINGS, name=file.name):
        code, units, indicator, rationale = cells.values()
        if (
            not re.fullmatch(r"[0-9A-Z]{5}", code)
            or not units.isdigit()
            or indicator[:1] not in ("1", "2", "3")
        ):
            raise InputError(
                f"{file.name}:{line}: found {[code, units, indicator]}; expected a code, units, an indicator of 1, 2 "
                "or 3; take the file as published"
            )
        found.append((code, int(units), indicator[0], rationale))
    name, first = quarter(file.name)
    text = f"{_heading(file)} {file.name}".lower()
    setting = next((value for word, value in _SETTINGS.items() if word in text), "")
    return Reading(table(found, _COLUMNS, name=file.name), name, first, setting)


def _heading(file: Source) -> str:
    """The heading of the value, which names the setting."""
    cells = (cell for _, row in file.rows() for cell in row)
    return next((cell for cell in cells if re.search(_HEADINGS["units"], cell)), "")
