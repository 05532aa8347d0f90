"""HCPCS Level II: codes and modifiers with their descriptions and dates.

Layouts of CMS's quarterly and annual alpha-numeric files ``HCPC<year>_<month>_ANWEB_….``: the contractor record
(HCPC<year>_recordlayout.txt: 1-5 code, with 4-5 a modifier; 11 record: 3 and 7 first line of a code and of a
modifier, 4 and 8 a further line; 12-91 long description; 92-119 short; 269-276 added, 277-284 effective date of
the last action, 285-292 terminated), in some years under a notice; the workbook, or CSV, with the headings HCPC,
RECID, LONG DESCRIPTION, SHORT DESCRIPTION, ADD DT, TERM DT; and OPPS Addendum B (HCPCS Code, Short Descriptor, SI).
In a zip file lie a record layout, notes, a transaction report and corrections beside them, which are left alone. CPT
codes, which the addendum lists too, are left out. HCPCS Level II is in the public domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import (
    Reading,
    Source,
    day,
    is_note,
    quarter,
    records,
    single,
    table,
    told,
)

KEY: Final = ("code",)
_COLUMNS: Final = {
    "code": pa.string(),
    "kind": pa.string(),
    "title": pa.string(),
    "short_title": pa.string(),
    "status_indicator": pa.string(),
    "effective_from": pa.date32(),
    "effective_to": pa.date32(),
}
_CODE = re.compile(r"[A-Z][0-9]{4}")
_EITHER = re.compile(r"[A-Z0-9]{2}|[A-Z][0-9]{4}")
_KINDS: Final = {"3": "procedure", "7": "modifier"}
#: A line of the contractor record: code, sequence number, record.
_RECORD = re.compile(r"(?:   [A-Z0-9]{2}|[A-Z0-9]{2}   |[A-Z][0-9]{4})[0-9 ]{5}[0-9]")
_WANTED: Final = "HCPC<year>_<month>_ANWEB…, its zip file, or OPPS Addendum B"
_WORKBOOK: Final = {
    "code": r"^HCPCS?( CODE)?$", "kind": r"^REC ?ID$", "title": "^LONG DESC", "short": "^SHORT DESC",
    "added": r"^ADD ?(DT|DATE)$", "ended": r"^TERM(INATION)? ?(DT|DATE)$",
}  # fmt: skip
_ADDENDUM: Final = {
    "code": r"^HCPCS ?Code|^HCPCS$",
    "short": "^Short ?Desc",
    "status": r"^(Status ?Indicator|SI)$",
}
#: Files of a release that have the form of the list and are not it.
_BESIDE = re.compile(r"trans|correct|chang|noc", re.IGNORECASE)


def tells(file: Source) -> bool:
    """Whether a file is a list of HCPCS codes, by its content."""
    return bool(_form(file))


def _form(file: Source) -> str:
    for form, headings in (("workbook", _WORKBOOK), ("addendum", _ADDENDUM)):
        if _headed(file, headings):
            return form
    if file.is_book or not any(_RECORD.match(line) for line in file.text()[:60_000].splitlines()[:100]):
        return ""
    return "record"


def _headed(file: Source, headings: dict[str, str]) -> bool:
    return any(
        all(any(re.search(form, cell, re.IGNORECASE) for cell in cells) for form in headings.values())
        for _, cells in file.head()
    )


def read(files: Sequence[Source]) -> Reading:
    """One row per code: code, kind (procedure, modifier), title, short_title, status_indicator, effective_from, _to.

    ``effective_from`` is the day on which the code was added, ``effective_to`` its last day; missing where the
    file has no dates.
    """
    found = told(files, tells, "HCPCS", _WANTED)
    found = [file for file in found if not _BESIDE.search(file.name)] or found
    found = [file for file in found if _form(file) == "record"] or found
    if len({quarter(*file.names) for file in found}) == 1:
        # The same list with and without its notice.
        found = [max(found, key=lambda file: len(file.data))]
    file = single(found, "HCPCS", _WANTED)
    form = _form(file)
    if form == "addendum":
        return _addendum(file)
    rows: dict[str, list[Any]] = {}
    for where, cells in _records(file) if form == "record" else _workbook(file):
        _add(rows, where, cells)
    return Reading(table(list(rows.values()), _COLUMNS, name=file.name), *quarter(*file.names))


def _records(file: Source) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Place, and code, record, title, short title, day added, last day of each line of the contractor record.

    What stands above the first line and below the last one is a notice.
    """
    lines = list(enumerate(file.text().split("\n"), 1))
    held = [number for number, line in lines if _RECORD.match(line)]
    for number, line in lines[held[0] - 1 : held[-1]]:
        if not line.strip():
            continue
        where = f"{file.name}:{number}"
        if not _RECORD.match(line):
            raise InputError(
                f"{where}: found {line[:20]!r}; expected a code (1-5) and a record of 3, 4, 7 or 8 (11): "
                "take the ANWEB text file"
            )
        yield where, (line[:5], line[10], line[11:91], line[91:119], line[268:276], line[284:292])


def _workbook(file: Source) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line, cells in records(file.rows(), _WORKBOOK, name=file.name):
        row = list(cells.values())
        if is_note(row) or not row[0]:
            continue
        yield f"{file.name}:{line}", tuple(row)


def _add(rows: dict[str, list[Any]], where: str, cells: tuple[str, ...]) -> None:
    code, record, title, short, added, ended = (" ".join(cell.split()) for cell in cells)
    if record in _KINDS and _EITHER.fullmatch(code):
        first, last = day(added, where=where), day(ended, where=where)
        rows[code] = [code, _KINDS[record], title, short, "", first, last]
    elif record in ("4", "8") and code in rows:
        rows[code][2] = f"{rows[code][2]} {title}".strip()
    else:
        raise InputError(
            f"{where}: found {code!r} with record {record!r}; expected a code and a record of 3, 4, 7 or 8: "
            "take the ANWEB file as it is published"
        )


def _addendum(file: Source) -> Reading:
    found = []
    for line, cells in records(file.rows(), _ADDENDUM, name=file.name):
        code, short, status = cells.values()
        if _CODE.fullmatch(code):
            found.append((code, "procedure", short, short, status, None, None))
        elif code and not is_note([code, short, status]) and not re.fullmatch(r"[0-9]{4}[0-9A-Z]", code):
            raise InputError(f"{file.name}:{line}: found {code!r} where a HCPCS code was expected")
    return Reading(table(found, _COLUMNS, name=file.name), *quarter(*file.names))
