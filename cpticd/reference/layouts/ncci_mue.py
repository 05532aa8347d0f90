"""NCCI medically unlikely edits: the most units of a code, and by line or by day.

Layout: CMS's quarterly files ``MCR_MUE_<setting>_Eff_<month-day-year>``, CSV or Excel: a notice, headings (the
first over two lines), then code, MUE value, adjudication indicator (1 line edit; 2 day, policy; 3 day, clinical)
and rationale. The heading of the value names the setting. Described on CMS's page "Medicare NCCI Medically
Unlikely Edits (MUEs)". The file has no dates of its own: an edit holds for the quarter of its release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import (
    Reading,
    Source,
    code,
    is_note,
    quarter,
    records,
    single,
    stated,
    table,
    told,
)

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


_WANTED: Final = "MCR_MUE_<setting>_Eff_<date>, the file of one setting and release"


def tells(file: Source) -> bool:
    """Whether a file is a table of units, by its heading."""
    return any(re.search(_HEADINGS["units"], cell, re.IGNORECASE) for _, row in file.head() for cell in row)


def read(files: Sequence[Source]) -> Reading:
    """One row per code: code, units, adjudication_indicator (1, 2 or 3), rationale."""
    file = single(told(files, tells, "MUE", _WANTED), "MUE", _WANTED)
    if not any(re.search(_HEADINGS["indicator"], cell) for _, row in file.head() for cell in row):
        raise InputError(
            f"{file.name}: no column of adjudication indicators, without which units of a line and of a day are not "
            "told apart; take the CSV file or the workbook beside it"
        )
    found = []
    for line, cells in records(file.rows(), _HEADINGS, name=file.name):
        if is_note(list(cells.values())):
            continue
        own, units, indicator, rationale = cells.values()
        own = code(own)
        if (
            not re.fullmatch(r"[0-9A-Z]{5}", own)
            or not units.isdigit()
            or indicator[:1] not in ("1", "2", "3")
        ):
            raise InputError(
                f"{file.name}:{line}: found {[own, units, indicator]}; expected a code, units, an indicator of 1, 2 "
                "or 3; take the file as published"
            )
        found.append((own, int(units), indicator[0], rationale))
    head = " ".join(cell for _, row in file.head() for cell in row)
    name, first = quarter(*file.names, *([f"{day:%m-%d-%Y}"] if (day := stated(head)) else []))
    text = f"{_heading(file)} {' '.join(file.names)}".lower()
    setting = next((value for word, value in _SETTINGS.items() if word in text), "")
    return Reading(table(found, _COLUMNS, name=file.name), name, first, setting)


def _heading(file: Source) -> str:
    """The heading of the value, which names the setting."""
    cells = (cell for _, row in file.head() for cell in row)
    return next((cell for cell in cells if re.search(_HEADINGS["units"], cell, re.IGNORECASE)), "")
