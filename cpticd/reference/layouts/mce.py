"""Medicare Code Editor definitions: which codes conflict with age or sex, may not be principal, and so on.

Layout: the definitions of the MCE manual (CMS, with every IPPS final rule) as a table with tabs, as the public
repository nlindner/CMS_Issued_Codes_For_SQL writes them: MCE_Version, ICD_Version, MCE_Section, MCE_Subsection,
MCE_Edit_Type, ICD_Code_Type (D diagnosis, P procedure), ICD_Code, ICD_Desc. Version 37 is fiscal year 2020. The
sex conflict was retired for discharges from October 1, 2024 on (FY2025 IPPS final rule).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, only, records, table

KEY: Final = ("edit", "code_type", "code")
#: Fiscal year of version 0.
_YEAR_OF_VERSION_0: Final = 1983
_SEX_EDITS: Final = ("Female_Only", "Male_Only")
_SEX_EDITS_END: Final = date(2024, 9, 30)
_HEADINGS: Final = {
    "version": "^MCE_Version", "edit": "^MCE_Edit_Type", "type": "^ICD_Code_Type", "code": "^ICD_Code$",
}  # fmt: skip
_TYPES: Final = {"D": "diagnosis", "P": "procedure"}


def read(files: Sequence[Source]) -> Reading:
    """One row per edit and code: edit, code_type (diagnosis, procedure), code, effective_from, effective_to."""
    file = only(files, (".txt", ".csv"), "the MCE definitions")
    found, versions = [], set()
    for line, cells in records(file.rows(), _HEADINGS, name=file.name):
        version, edit, kind, code = cells.values()
        if not version.isdigit() or kind not in _TYPES or not code.isalnum() or not edit:
            raise InputError(
                f"{file.name}:{line}: found {list(cells.values())}; expected the columns as the first line has them"
            )
        versions.add(int(version))
        found.append((edit, _TYPES[kind], code))
    if len(versions) != 1:
        raise InputError(f"{file.name}: found versions {sorted(versions)}; add each version by itself")
    year = _YEAR_OF_VERSION_0 + versions.pop()
    first = date(year - 1, 10, 1)
    dated = [(*row, first, _SEX_EDITS_END if row[0] in _SEX_EDITS else None) for row in dict.fromkeys(found)]
    dated = [row for row in dated if row[4] is None or row[4] >= first]
    columns = {"edit": pa.string(), "code_type": pa.string(), "code": pa.string()}
    dates = {"effective_from": pa.date32(), "effective_to": pa.date32()}
    return Reading(table(dated, columns | dates, name=file.name), f"FY{year}", first)
