"""Medicare Code Editor definitions: which codes conflict with age or sex, may not be principal, and so on.

Layouts: CMS's own text ``Definitions of Medicare Code Edits_v_<version>.txt`` (in the zip of every IPPS final rule and
of its April update): a table of contents, numbered sections ("4. Age conflict"), lettered lists in some ("A.
Perinatal/Newborn diagnoses"), and of each code a line of code, tab and title; and the same as a table with tabs, as the
public repository nlindner/CMS_Issued_Codes_For_SQL writes it: MCE_Version, ICD_Version, MCE_Section, MCE_Subsection,
MCE_Edit_Type, ICD_Code_Type (D diagnosis, P procedure), ICD_Code, ICD_Desc. Version 37 is fiscal year 2020, 37.1 its
April update. The sex conflict was retired for discharges from October 1, 2024 on (FY2025 IPPS final rule).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, records, single, table, told

KEY: Final = ("edit", "code_type", "code")
#: Fiscal year of version 0.
_YEAR_OF_VERSION_0: Final = 1983
_SEX_EDITS: Final = ("Female_Only", "Male_Only")
_SEX_EDITS_END: Final = date(2024, 9, 30)
_HEADINGS: Final = {
    "version": "^MCE_Version", "edit": "^MCE_Edit_Type", "type": "^ICD_Code_Type", "code": "^ICD_Code$",
}  # fmt: skip
_TYPES: Final = {"D": "diagnosis", "P": "procedure"}
_WANTED: Final = "Definitions of Medicare Code Edits_v_<version>.txt"
#: How the heading of a list begins in CMS's text, the list's name, and the type of its codes.
_LISTS: Final = (
    ("perinatal/newborn diagnoses", "Newborn_Only", "diagnosis"),
    ("newborn diagnoses", "Newborn_Only", "diagnosis"),
    ("pediatric diagnoses", "Pediatric_Only", "diagnosis"),
    ("maternity diagnoses", "Maternity_Only", "diagnosis"),
    ("adult diagnoses", "Adult_Only", "diagnosis"),
    ("diagnoses for females only", "Female_Only", "diagnosis"),
    ("procedures for females only", "Female_Only", "procedure"),
    ("diagnoses for males only", "Male_Only", "diagnosis"),
    ("procedures for males only", "Male_Only", "procedure"),
    ("external causes? of morbidity", "Principal_External_Cause", "diagnosis"),
    ("manifestation code", "Principal_Manifestation", "diagnosis"),
    ("questionable admission", "Principal_Questionable_Admit", "diagnosis"),
    ("unacceptable principal", "Principal_Unacceptable", "diagnosis"),
    ("wrong procedure performed", "Wrong_Performed", "diagnosis"),
    ("unspecified code", "Unspecified", "diagnosis"),
)
#: Below this sentence stand codes that are unacceptable alone; with a secondary diagnosis they are accepted.
_WITH_SECONDARY: Final = re.compile(r"acceptable.{0,3} when a secondary diagnosis", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"\d{1,2}\. *(\S.*)")
_LETTERED: Final = re.compile(r"[A-Z]\. *(\S.*)")
_CODE_LINE: Final = re.compile(r"([0-9A-Z]{3,7})\t+ *\S")
_DIAGNOSIS: Final = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
_VERSION: Final = re.compile(
    r"(?:\bmce|edits?)?[-_ ,]*v(?:ersion)?[-_ .]{0,2}(\d\d)(?:[._]?(\d))?(?!\d)", re.IGNORECASE
)


def tells(file: Source) -> bool:
    """Whether a file holds definitions of the code editor."""
    return not file.is_book and (_headed(file) or _is_manual(file))


def _headed(file: Source) -> bool:
    return any(any(re.search(_HEADINGS["edit"], cell) for cell in cells) for _, cells in file.head())


def _is_manual(file: Source) -> bool:
    text = file.text()[:200_000]
    return any(re.search(rf"(?im)^(?:[A-Z]|\d\d?)\. *{form}", text) for form, *_ in _LISTS) and any(
        _CODE_LINE.match(line) for line in text.split("\n")
    )


def read(files: Sequence[Source]) -> Reading:
    """One row per edit and code: edit, code_type (diagnosis, procedure), code, effective_from, effective_to."""
    file = single(told(files, tells, "the MCE definitions", _WANTED), "the MCE definitions", _WANTED)
    version, found = _table_of(file) if _headed(file) else _manual(file)
    year = _YEAR_OF_VERSION_0 + version // 10
    # An update within the year is April's.
    first = date(year, 4, 1) if version % 10 else date(year - 1, 10, 1)
    dated = [(*row, first, _SEX_EDITS_END if row[0] in _SEX_EDITS else None) for row in dict.fromkeys(found)]
    dated = [row for row in dated if row[4] is None or row[4] >= first]
    columns = {"edit": pa.string(), "code_type": pa.string(), "code": pa.string()}
    dates = {"effective_from": pa.date32(), "effective_to": pa.date32()}
    name = f"FY{year} April" if version % 10 else f"FY{year}"
    return Reading(table(dated, columns | dates, name=file.name), name, first)


def _table_of(file: Source) -> tuple[int, list[tuple[str, str, str]]]:
    """Ten times the version, and edit, type and code of each row of a table with headings."""
    found, versions = [], set()
    for line, cells in records(file.rows(), _HEADINGS, name=file.name):
        version, edit, kind, code = cells.values()
        plain = code.replace(".", "")
        if not re.fullmatch(r"\d\d(\.\d)?", version) or kind not in _TYPES or not plain.isalnum() or not edit:
            raise InputError(
                f"{file.name}:{line}: found {list(cells.values())}; expected the columns as the first line has them"
            )
        versions.add(round(10 * float(version)))
        found.append((edit, _TYPES[kind], plain))
    if len(versions) != 1:
        stated = [number // 10 if number % 10 == 0 else number / 10 for number in sorted(versions)]
        raise InputError(f"{file.name}: found versions {stated}; add each version by itself")
    return versions.pop(), found


def _manual(file: Source) -> tuple[int, list[tuple[str, str, str]]]:
    """Ten times the version, and edit, type and code of each code of the lists in CMS's text."""
    found: list[tuple[str, str, str]] = []
    edit, kind, apart = "", "", False
    for line in file.text().split("\n"):
        plain = line.strip()
        code = _CODE_LINE.match(plain)
        if code and edit and (kind == "procedure" or _DIAGNOSIS.fullmatch(code[1])):
            found.append(("Principal_Requires_Secondary" if apart else edit, kind, code[1]))
            continue
        heading = _NUMBERED.fullmatch(plain) or _LETTERED.fullmatch(plain)
        if heading and "\t" not in plain:
            # Every heading ends the list before it; what is no list here is left out.
            own = (row for row in _LISTS if re.match(row[0], heading[1], re.IGNORECASE))
            edit, kind = next(own, ("", "", ""))[1:]
            apart = False
        elif edit == "Principal_Unacceptable" and plain:
            apart = _WITH_SECONDARY.search(plain) is not None or (
                apart and not plain.lower().startswith("the following")
            )
    if not found:
        raise InputError(f"{file.name}: no list of codes below its headings; take the text file as published")
    return _version(file), found


def _version(file: Source) -> int:
    """Ten times the version, as the names or the first lines say it."""
    texts = [*file.names, *file.text()[:4_000].split("\n")]
    found = next((match for text in texts if (match := _VERSION.search(text))), None)
    if found is None:
        raise InputError(
            f"{file.name}: no version in its name nor its first lines; take the file as published"
        )
    return 10 * int(found[1]) + int(found[2] or 0)
