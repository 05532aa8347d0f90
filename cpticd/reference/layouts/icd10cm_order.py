"""The ICD-10-CM order file: every code, header or billable, with its titles.

Layout: ``icd10cm_order_<year>.txt`` and its README, which CMS publishes with every release. Fixed width: 1-5
order number, 7-13 code without a dot, 15 whether it is billable (1) or a header (0), 17-76 short title, from 78
the long title. A comma-separated file with the columns code, billable, short, long is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, fiscal

COLUMNS: Final = ("code", "billable", "title", "short_title")
_LINE = re.compile(r"(?P<order>\d{5}) (?P<code>[A-Z][0-9A-Z]{2,6}) *(?P<billable>[01]) (?P<rest>.+)")
_CODE = re.compile(r"[A-Z][0-9A-Z]{2,6}")


KEY: Final = ("code",)


def read(files: Sequence[Source]) -> Reading:
    """One row per code of an order file, which may lie among others in the release's zip file."""
    found = [file for file in files if file.suffix in (".txt", ".csv")]
    if len(found) > 1:
        found = [f for f in found if "order" in f.name.lower() and "addenda" not in f.name.lower()]
    if len(found) != 1:
        raise InputError(
            f"the order file: found {[file.name for file in files]}; pass icd10cm_order_<year>.txt"
        )
    return Reading(parse(found[0].text(), name=found[0].name), *fiscal(found[0].name))


def parse(text: str, *, name: str) -> pa.Table:
    """One row per code: code, billable, title, short_title. Raises InputError with file and line."""
    lines = text.splitlines()
    if lines and lines[0].lower().replace('"', "").startswith("code,billable"):
        rows = _separated(lines, name)
    else:
        rows = [_fixed(line, number, name) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise InputError(f"{name}: it is empty; take icd10cm_order_<year>.txt of a release")
    return pa.table({c: pa.array([row[i] for row in rows]) for i, c in enumerate(COLUMNS)})


def _fixed(line: str, number: int, name: str) -> tuple[str, bool, str, str]:
    found = _LINE.match(line)
    if not found or line[14:15] not in "01" or found.start("rest") != 16:
        raise InputError(
            f"{name}:{number}: found {line[:40]!r}; expected order number (1-5), code (7-13), 0 or 1 (15), "
            "titles (17 and 78): take icd10cm_order_<year>.txt, not the list of codes"
        )
    short = line[16:76].strip()
    return found["code"], found["billable"] == "1", " ".join(line[77:].split()) or short, short


def _separated(lines: list[str], name: str) -> list[tuple[str, bool, str, str]]:
    import csv

    rows = []
    for number, row in enumerate(csv.reader(lines[1:]), 2):
        if len(row) != 4 or not _CODE.fullmatch(row[0]) or row[1] not in ("0", "1"):
            raise InputError(f"{name}:{number}: found {row}; expected code, billable (0 or 1), short, long")
        rows.append((row[0], row[1] == "1", " ".join(row[3].split()), row[2].strip()))
    return rows
