"""Medicare's physician fee schedule: of each code its status, global days, and rules of sides and components.

Layout: CMS's national physician fee schedule relative value file ``PPRRVU<year>_<month>….csv`` (or .xlsx) of the
quarterly zip ``RVU<yy><A–D>``: titles, a notice, headings over several rows (the last begins with HCPCS, MOD), then a
row per code and modifier (26 and TC: the components of a global service). From 2026 on there are two files that
differ in the conversion factor alone; either will do. The indicators are described in the zip's RVUPUF document and
in the Medicare Claims Processing Manual, chapter 23, addendum. Descriptors, which are the AMA's, and relative
values are not kept.

global_days            000, 010, 090 days after the day of the procedure; MMM maternity; XXX no global period;
                       YYY the contractor decides; ZZZ counts to another service
professional_technical 0 physician service, 1 diagnostic test with components, 2 professional, 3 technical
                       component alone, 4 both together, 5 incident to, … 9 does not apply
bilateral              0 no 150 percent, 1 paid at 150 percent with 50, 2 already for both sides,
                       3 each side paid in full, 9 does not apply
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, quarter, table

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
_COLUMNS: Final = {"code": pa.string(), "modifier": pa.string(), **dict.fromkeys(_HEADINGS, pa.string())}
_GLOBAL_DAYS: Final = ("000", "010", "090", "MMM", "XXX", "YYY", "ZZZ")
_TITLE = re.compile(r"(20\d\d) National Physician Fee Schedule.*?(Jan|Apr|Jul|Oct)\w* Release", re.IGNORECASE)
_NAME = re.compile(r"PPRRVU(?:20)?(\d\d)[-_ ]?(Jan|Apr|Jul|Oct)", re.IGNORECASE)
_MONTHS: Final = {"jan": 1, "apr": 4, "jul": 7, "oct": 10}
#: How many rows of headings may stand above the last one.
_ABOVE: Final = 4


def read(files: Sequence[Source]) -> Reading:
    """One row per code and modifier: with status, professional_technical, global_days, multiple_procedure, …"""
    file = _one(files)
    rows = _rows(file)
    places, head = _places(rows, file.name)
    found = []
    for line, cells in rows:
        if not any(cells[1:]):
            continue  # a note below the table
        code, modifier, *values = (cells[i] if i < len(cells) else "" for i in places)
        row = dict(zip(_HEADINGS, values, strict=True))
        days = row["global_days"] = row["global_days"].upper()
        if days.isdigit():
            days = row["global_days"] = days.zfill(3)  # a workbook has numbers
        if not re.fullmatch(r"[0-9A-Z]{5}", code) or days not in _GLOBAL_DAYS:
            raise InputError(
                f"{file.name}:{line}: found {[code, modifier, days]}; expected a code, a modifier or none, and global "
                f"days of {', '.join(_GLOBAL_DAYS)}; take the file as published"
            )
        found.append((code, modifier, *row.values()))
    return Reading(table(found, _COLUMNS, name=file.name), *_release(file.name, head))


def _one(files: Sequence[Source]) -> Source:
    """The relative value file among those of the zip; of the two for 2026 and later the one for most clinicians."""
    found = [f for f in files if f.suffix in (".csv", ".xlsx") and re.search("pprrvu", f.name, re.IGNORECASE)]
    found = [f for f in found if f.suffix == ".csv"] or found
    found = [f for f in found if re.search("non-?qpp", f.name, re.IGNORECASE)] or found
    if len(found) != 1:
        raise InputError(
            f"fee schedule: found {[file.name for file in found or files]}; pass PPRRVU….csv of one release, or its zip"
        )
    return found[0]


def _rows(file: Source) -> Iterator[tuple[int, list[str]]]:
    if file.suffix == ".xlsx":
        return file.rows()
    # Some releases end their lines with a carriage return alone.
    text = file.text().replace("\r\n", "\n").replace("\r", "\n")
    return Source(file.name, text.encode()).rows()


def _places(rows: Iterator[tuple[int, list[str]]], name: str) -> tuple[list[int], str]:
    """Places of code, modifier and the columns of _HEADINGS, and the text above them; rows goes on with the data."""
    above: list[list[str]] = []
    for _, cells in rows:
        above.append(cells)
        if cells[0].upper().startswith("HCPCS"):
            break
        if len(above) > 30:
            raise InputError(f"{name}: no row that begins with HCPCS, MOD; take PPRRVU… as it is published")
    if not above:
        raise InputError(f"{name}: it has no rows; download it again")
    near = above[-_ABOVE - 1 :]
    joined = [
        re.sub(r"\s+", " ", " ".join(row[i] for row in near if i < len(row) and row[i])).strip().upper()
        for i in range(len(above[-1]))
    ]
    places = [0, 1]
    for column, pattern in _HEADINGS.items():
        found = [i for i, text in enumerate(joined) if re.search(pattern, text)]
        if not found:
            raise InputError(
                f"{name}: no heading of {column} in {joined[3:]}; take PPRRVU… as it is published"
            )
        places.append(found[0])
    return places, " ".join(cell for row in above for cell in row)


def _release(name: str, head: str) -> tuple[str, date | None]:
    """What the release is called and its first day, as its title or its name says."""
    if found := _TITLE.search(head):
        year = int(found[1])
    elif found := _NAME.search(name):
        year = 2000 + int(found[1])
    else:
        return quarter(name)
    first = date(year, _MONTHS[found[2][:3].lower()], 1)
    return f"{first.year} Q{(first.month + 2) // 3}", first
