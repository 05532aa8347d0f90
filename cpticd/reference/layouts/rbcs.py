"""CMS's Restructured BETOS Classification System: of each procedure code its category, subcategory and family.

Layout: the yearly file ``RBCS_RY_<year>.csv`` of data.cms.gov (Provider Service Classifications; plain, in a zip, or as
a workbook), described in its data dictionary: one row per code and assignment, with HCPCS_Cd, RBCS_ID, RBCS_Cat (first
character of the identifier) and RBCS_Cat_Desc, RBCS_Cat_Subcat and RBCS_Subcat_Desc, RBCS_FamNumb and RBCS_Family_Desc,
RBCS_Major_Ind (M major, O other, N no procedure), the dates of the code, those of the assignment (older files:
RBCS_Assignment_Eff_Dt; newer: RBCS_Analysis_Start_Dt and _End_Dt) and RBCS_Latest_Assignment.

A code of one assignment has its group on all days, since the group is one of what the code is. A code that was assigned
anew has the first group until the day before the next one's first day, and the last from then on. Names of groups are
CMS's; descriptors of codes are not in the file.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, code, single, table, told

KEY: Final = ("code", "effective_from")
_COLUMNS: Final = {
    **dict.fromkeys(("code", "rbcs_id", "category", "subcategory", "family", "major"), pa.string()),
    "effective_from": pa.date32(),
    "effective_to": pa.date32(),
}
_NEEDED: Final = ("hcpcs_cd", "rbcs_id", "rbcs_cat_desc", "rbcs_subcat_desc", "rbcs_family_desc")
#: First day of an assignment, by what files of several years call it.
_STARTS: Final = ("rbcs_assignment_eff_dt", "rbcs_analysis_start_dt")
_FORMS: Final = ("%m/%d/%Y", "%Y-%m-%d", "%m/%d/%y", "%Y%m%d")
_WANTED: Final = "RBCS_RY_….csv of one year, or its zip"


def tells(file: Source) -> bool:
    """Whether a file has the headings of RBCS."""
    return any({"hcpcs_cd", "rbcs_id"} <= {*_names(cells)} for _, cells in file.head())


def read(files: Sequence[Source]) -> Reading:
    """One row per code and days: rbcs_id, category, subcategory, family, major."""
    file = single(told(files, tells, "RBCS", _WANTED), "RBCS", _WANTED)
    names: list[str] = []
    found: dict[str, list[tuple[date, bool, tuple[str, ...]]]] = defaultdict(list)
    for line, cells in file.rows():
        if not names:
            names = _names(cells)
            if absent := [name for name in _NEEDED if name not in names]:
                raise InputError(f"{file.name}:{line}: no heading {', '.join(absent)}; take {_WANTED}")
            continue
        row = dict(itertools.zip_longest(names, cells[: len(names)], fillvalue=""))
        own = code(row["hcpcs_cd"])
        if not row["rbcs_id"].strip():
            raise InputError(f"{file.name}:{line}: {own} has no rbcs_id; take {_WANTED}, whole")
        if not re.fullmatch(r"[0-9A-Z]{5}", own):
            raise InputError(f"{file.name}:{line}: found {row['hcpcs_cd']!r}, no code of five characters")
        start = next((row[name] for name in _STARTS if row.get(name)), "")
        last = row.get("rbcs_latest_assignment", "").strip().upper() in ("1", "Y", "YES", "TRUE")
        found[own].append((_day(start, f"{file.name}:{line}"), last, _groups(row)))
    rows = [row for own in sorted(found) for row in _dated(own, found[own])]
    release, first = _year(file)
    return Reading(table(rows, _COLUMNS, name=file.name), release, first)


def _names(cells: Sequence[str]) -> list[str]:
    return [re.sub(r"\W+", "_", cell.strip().lower()) for cell in cells]


def _groups(row: dict[str, str]) -> tuple[str, ...]:
    """Identifier, and category, subcategory and family by name, each with what it belongs to."""
    names = ("rbcs_cat_desc", "rbcs_subcat_desc", "rbcs_family_desc")
    category, subcategory, family = (re.sub(r"\s+", " ", row.get(name, "")).strip() for name in names)
    whole = f"{category}: {subcategory}" if subcategory and subcategory != category else category
    of_family = f"{whole}: {family}" if family and family.lower() != "no rbcs family" else whole
    return row["rbcs_id"].strip(), category, whole, of_family, row.get("rbcs_major_ind", "").strip()


def _dated(own: str, given: list[tuple[date, bool, tuple[str, ...]]]) -> list[tuple[object, ...]]:
    """The assignments of one code, each with its days; the first holds from ever on, the last for good."""
    ordered = sorted(given, key=lambda each: each[:2])
    starts = {day: groups for day, _, groups in ordered}  # of one day the latest assignment
    days = list(starts)
    firsts = [None, *days[1:]]
    lasts = [*(day - timedelta(days=1) for day in days[1:]), None]
    return [(own, *starts[day], first, last) for day, first, last in zip(days, firsts, lasts, strict=True)]


def _day(text: str, where: str) -> date:
    for form in _FORMS:
        try:
            return datetime.strptime(text.strip()[:10], form).date()
        except ValueError:
            continue
    if text.strip():
        raise InputError(f"{where}: found {text!r}, no date such as 01/31/2024; take the file as published")
    return date.min


def _year(file: Source) -> tuple[str, date | None]:
    """The release year, as names of files have it."""
    found = next(filter(None, (re.search(r"(?<!\d)(20\d\d)(?!\d)", name) for name in file.names)), None)
    return (found[1], date(int(found[1]), 1, 1)) if found else ("", None)
