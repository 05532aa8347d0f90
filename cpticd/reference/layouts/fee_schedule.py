"""Medicare's physician fee schedule: of each code its status, global days, and rules of sides and components.

Layout: CMS's national physician fee schedule relative value file ``PPRRVU<year>_<month>….csv`` (or .xlsx) of the
quarterly zip ``RVU<yy><A–D>``: titles, a notice, headings over several rows (the last begins with HCPCS, MOD), then a
row per code and modifier (26 and TC: the components of a global service; 53: a procedure that was broken off). The
text file has lines HDR of notices and fixed widths (``_WIDTHS``). From 2026 on there are two files that differ in the
conversion factor alone; either will do. The indicators are described in the zip's RVUPUF document and in the Medicare
Claims Processing Manual, chapter 23, addendum. Descriptors, which are the AMA's, are not kept.

status                 A active, B bundled, C priced by the contractor, D deleted, E excluded by regulation, I not valid
                       for Medicare, N not covered, R restricted, T injections, X outside of the schedule, …
global_days            000, 010, 090 days after the day of the procedure; MMM maternity; XXX no global period;
                       YYY the contractor decides; ZZZ counts to another service
professional_technical 0 physician service, 1 diagnostic test with components, 2 professional, 3 technical
                       component alone, 4 both together, 5 incident to, … 9 does not apply
bilateral              0 no 150 percent, 1 paid at 150 percent with 50, 2 already for both sides,
                       3 each side paid in full, 9 does not apply
assistant              0 with documentation, 1 never paid, 2 paid, 9 does not apply; co_surgeon and team_surgeon:
                       0 not permitted, 1 with documentation, 2 permitted, 9 does not apply
work_rvu, practice_rvu_nonfacility, practice_rvu_facility, malpractice_rvu, total_rvu_nonfacility, total_rvu_facility
                       relative value units, before any geographic adjustment; missing where the file has no such column
conversion_factor      US dollars a unit; missing before 2026, where the file does not have it on every row

A release holds until the next one, and no longer than its calendar year: the schedule is set by the year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, code, is_note, quarter, single, table, told

KEY: Final = ("code", "modifier")
#: Heading of each column, its rows joined.
_HEADINGS: Final = {
    "status": r"STATUS CODE$",
    "professional_technical": r"PC ?/?TC IND",
    "global_days": r"GLOB\w* DAYS$",
    "multiple_procedure": r"MULT\w* PROC",
    "bilateral": r"BILAT\w* SURG$",
    "assistant": r"ASST SURG$",
}
#: Columns that a cut of the file may lack: indicators, then numbers.
_INDICATORS: Final = {"co_surgeon": r"CO-? ?SURG$", "team_surgeon": r"TEAM SURG$"}
_NUMBERS: Final = {
    "work_rvu": r"WORK RVU$",
    "practice_rvu_nonfacility": r"NON-?FAC\w* PE RVU$",
    "practice_rvu_facility": r"^(?!.*NON).*FAC\w* PE RVU$",
    "malpractice_rvu": r"^MP RVU$",
    "total_rvu_nonfacility": r"NON-?FAC\w* TOTAL$",
    "total_rvu_facility": r"^(?!.*NON).*FAC\w* TOTAL$",
    "conversion_factor": r"CONV\w* FACTOR$",
}
_COLUMNS: Final = {
    **dict.fromkeys(("code", "modifier", *_HEADINGS, *_INDICATORS), pa.string()),
    **dict.fromkeys(_NUMBERS, pa.float64()),
}
#: First and last character of each column of the text file.
_WIDTHS: Final = {
    "code": (1, 5), "modifier": (6, 7), "status": (58, 58), "professional_technical": (103, 103),
    "global_days": (104, 106), "multiple_procedure": (116, 116), "bilateral": (117, 117), "assistant": (118, 118),
    "co_surgeon": (119, 119), "team_surgeon": (120, 120), "work_rvu": (60, 65), "practice_rvu_nonfacility": (66, 72),
    "practice_rvu_facility": (75, 81), "malpractice_rvu": (84, 89), "total_rvu_nonfacility": (90, 96),
    "total_rvu_facility": (97, 102), "conversion_factor": (133, 140),
}  # fmt: skip
_LINE = re.compile(r"[0-9A-Z]{5}[0-9A-Z ]{2}.{50}[A-Z].{44}[0-9 ](?:[0-9]{3}|MMM|XXX|YYY|ZZZ)")
_GLOBAL_DAYS: Final = ("000", "010", "090", "MMM", "XXX", "YYY", "ZZZ")
_TITLE = re.compile(r"(20\d\d) National Physician Fee Schedule.*?(Jan|Apr|Jul|Oct)\w* Release", re.IGNORECASE)
_NAME = re.compile(r"PPRRVU(?:20)?(\d\d)[-_ ]?(Jan|Apr|Jul|Oct)", re.IGNORECASE)
_ZIP = re.compile(r"rvu(\d\d)([a-d])", re.IGNORECASE)
_MONTHS: Final = {"jan": 1, "apr": 4, "jul": 7, "oct": 10}
#: How many rows of headings may stand above the last one.
_ABOVE: Final = 4


_WANTED: Final = "PPRRVU… of one release, or its zip"


def tells(file: Source) -> bool:
    """Whether a file is a relative value file, by its headings or its lines."""
    return _headed(file) or _is_text(file)


def _headed(file: Source) -> bool:
    return any(_is_last_heading(cells) for _, cells in file.head())


def _is_last_heading(cells: list[str]) -> bool:
    return len(cells) > 1 and cells[0].upper().startswith("HCPCS") and cells[1].upper().startswith("MOD")


def _is_text(file: Source) -> bool:
    return not file.is_book and any(_LINE.match(line) for line in file.text()[:30_000].split("\n"))


def read(files: Sequence[Source]) -> Reading:
    """One row per code and modifier: with status, professional_technical, global_days, multiple_procedure, …"""
    file = _one(files)
    lines: Iterator[tuple[int, dict[str, str]]]
    if _headed(file):
        rows = file.rows()
        places, head = _places(rows, file.name)
        lines = (
            (line, {c: cells[i] if i < len(cells) else "" for c, i in places.items()})
            for line, cells in rows
            if any(cells[1:]) and not is_note(cells)
        )
    else:
        head, lines = "", _lines(file)
    found = []
    for line, row in lines:
        own = code(row["code"])
        days = row["global_days"].upper()
        days = days.zfill(3) if days.isdigit() else days  # a workbook has numbers
        if not re.fullmatch(r"[0-9A-Z]{5}", own) or days not in _GLOBAL_DAYS:
            raise InputError(
                f"{file.name}:{line}: found {[own, row['modifier'], days]}; expected a code, a modifier or none, and "
                f"global days of {', '.join(_GLOBAL_DAYS)}; take the file as published"
            )
        texts = {**row, "code": own, "global_days": days}
        found.append(tuple(_value(column, texts.get(column, "")) for column in _COLUMNS))
    return Reading(table(found, _COLUMNS, name=file.name), *_release(file.names, head))


def _value(column: str, text: str) -> str | float | None:
    if column not in _NUMBERS:
        return text
    try:
        return float(text.replace(",", "").replace("$", ""))
    except ValueError:
        return None  # NA: not valued in this setting


def _one(files: Sequence[Source]) -> Source:
    """The relative value file among those of the zip; of the two for 2026 and later the one for most clinicians."""
    found = told(files, tells, "fee schedule", _WANTED)
    found = [f for f in found if _headed(f)] or found
    # The caps of the outpatient system begin with the same two headings.
    found = [f for f in found if any("GLOB" in cell.upper() for _, row in f.head() for cell in row)] or found
    found = [f for f in found if re.search("non-?qpp", f.name, re.IGNORECASE)] or found
    return single(found, "fee schedule", _WANTED)


def _lines(file: Source) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and columns of each line of the text file."""
    lines = list(enumerate(file.text().split("\n"), 1))
    held = [number for number, line in lines if _LINE.match(line)]
    for number, line in lines[held[0] - 1 : held[-1]]:
        if line.strip() and not line.startswith("HDR"):
            yield number, {c: line[first - 1 : last].strip() for c, (first, last) in _WIDTHS.items()}


def _places(rows: Iterator[tuple[int, list[str]]], name: str) -> tuple[dict[str, int], str]:
    """Place of code, modifier and the other columns, and the text above them; rows goes on with the data."""
    above: list[list[str]] = []
    for _, cells in rows:
        above.append(cells)
        if _is_last_heading(cells):
            break
    near = above[-_ABOVE - 1 :]
    joined = [
        re.sub(r"\s+", " ", " ".join(row[i] for row in near if i < len(row) and row[i])).strip().upper()
        for i in range(len(above[-1]))
    ]
    places = {"code": 0, "modifier": 1}
    for column, pattern in (_HEADINGS | _INDICATORS | _NUMBERS).items():
        found = [i for i, text in enumerate(joined) if re.search(pattern, text)]
        if found:
            places[column] = found[0]
        elif column in _HEADINGS:
            raise InputError(
                f"{name}: no heading of {column} in {joined[3:]}; take PPRRVU… as it is published"
            )
    return places, " ".join(cell for row in above for cell in row)


def _release(names: Sequence[str], head: str) -> tuple[str, date | None]:
    """What the release is called and its first day, as its title or its names say."""
    if found := _TITLE.search(head):
        year = int(found[1])
    elif found := next(filter(None, map(_NAME.search, names)), None):
        year = 2000 + int(found[1])
    elif found := next(filter(None, map(_ZIP.search, names)), None):
        first = date(2000 + int(found[1]), 3 * "abcd".index(found[2].lower()) + 1, 1)
        return f"{first.year} Q{(first.month + 2) // 3}", first
    else:
        return quarter(*names)
    first = date(year, _MONTHS[found[2][:3].lower()], 1)
    return f"{first.year} Q{(first.month + 2) // 3}", first
