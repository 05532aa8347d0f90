"""NCCI add-on codes and the primary procedures that they need.

Layout: CMS's workbook ``AOC_V<year>Q<quarter>-MCR.xlsx``, or the same with tabs or commas: a notice, then the headings
AOC_Edit_Type, Add-On_Code, AOC_DelDT, Primary_Code, Primary_Code_DelDT, AOC_Edit_EffDT, AOC_Edit_DelDT,
Special_Instruction_Notes. Dates are year and day of the year (2026091 is April 1). Type 1 has a fixed list of
primary codes, type 2 none (CCCCC: the contractor defines them), type 3 a partial list. Described on CMS's page
"Medicare NCCI Add-on Code Edits". The fixed-width text file is not read: take the workbook beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, day, last_day, quarter, records, table

KEY: Final = ("add_on_code", "primary_code", "effective_from")
#: What the file writes where the contractor defines the primary codes.
CONTRACTOR_DEFINED: Final = "CCCCC"
_COLUMNS: Final = {
    "add_on_code": pa.string(),
    "primary_code": pa.string(),
    "add_on_type": pa.string(),
    "instruction": pa.string(),
    "effective_from": pa.date32(),
    "effective_to": pa.date32(),
}
_HEADINGS: Final = {
    "type": "^AOC_Edit_Type",
    "add_on": "^Add-?On_Code",
    "add_on_deleted": "^AOC_DelDT",
    "primary": "^Primary_Code$",
    "primary_deleted": "^Primary_Code_DelDT",
    "effective": "^AOC_Edit_EffDT",
    "deleted": "^AOC_Edit_DelDT",
    "instruction": "^Special_Instruction",
}


def read(files: Sequence[Source]) -> Reading:
    """One row per add-on code and primary code: with add_on_type (1, 2, 3), instruction, effective_from and _to.

    ``primary_code`` is '' where the contractor defines them. The last day is the earliest of the edit's, the
    add-on code's and the primary code's.
    """
    used = [f for f in files if f.suffix == ".xlsx"] or [f for f in files if f.suffix in (".csv", ".txt")]
    if len(used) != 1:
        raise InputError(
            f"NCCI add-on codes: found {[file.name for file in used]}; pass the file of one release"
        )
    (file,) = used
    found = []
    for line, row in records(file.rows(), _HEADINGS, name=file.name):
        where = f"{file.name}:{line}"
        if row["type"] not in ("1", "2", "3") or not all(
            re.fullmatch(r"[0-9A-Z]{5}", row[c]) for c in ("add_on", "primary")
        ):
            raise InputError(
                f"{where}: found {list(row.values())[:4]}; expected a type of 1, 2 or 3 and two codes"
            )
        first = day(row["effective"], where=where, pattern="%Y%j")
        ends = (
            last_day(first, day(row[column], where=where, pattern="%Y%j"))
            for column in ("add_on_deleted", "primary_deleted", "deleted")
        )
        last = min((end for end in ends if end), default=None)
        primary = "" if row["primary"] == CONTRACTOR_DEFINED else row["primary"]
        found.append((row["add_on"], primary, row["type"], row["instruction"], first, last))
    name, start = quarter(file.name)
    return Reading(table(found, _COLUMNS, name=file.name), name, start)
