"""NCCI add-on codes and the primary procedures that they need.

Layout: CMS's workbook ``AOC_V<year>Q<quarter>-MCR.xlsx``, or the same with tabs or commas: a notice, then the headings
AOC_Edit_Type, Add-On_Code, AOC_DelDT, Primary_Code, Primary_Code_DelDT, AOC_Edit_EffDT, AOC_Edit_DelDT,
Special_Instruction_Notes. Dates are year and day of the year (2026091 is April 1). Type 1 has a fixed list of
primary codes, type 2 none (CCCCC: the contractor defines them), type 3 a partial list. Described on CMS's page
"Medicare NCCI Add-on Code Edits". In the text file the same columns have fixed widths, with or without headings and
blanks between them: where each date stands is learned from the lines, for every line has the day on which its edit
began.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import (
    Reading,
    Source,
    code,
    day,
    is_note,
    last_day,
    quarter,
    records,
    single,
    table,
    told,
)

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
    "add_on_deleted": "^AOC_Del_?DT",
    "primary": "^Primary_Code$",
    "primary_deleted": "^Primary_Code_Del_?DT",
    "effective": "^AOC_Edit_Eff_?DT",
    "deleted": "^AOC_Edit_Del_?DT",
    "instruction": "^Special_Instruction",
}
_WANTED: Final = "AOC_V<year>Q<quarter>-MCR, the file of one release"
#: A line of the text file: type, add-on code, perhaps the day on which it was deleted, primary code, days and notes.
_DAY: Final = r"(?:19[89]\d|20[0-4]\d)(?:[0-2]\d\d|3[0-5]\d|36[0-6])"
#: Characters of a day: where it is empty, as many blanks stand.
_WIDTH: Final = 7
_BEFORE: Final = r"(?P<type>[123])\s*(?P<add_on>[0-9A-Z]{5})\s*"
_AFTER: Final = r"(?P<primary>[0-9A-Z]{5})(?P<rest>[ 0-9].*)"
_PLAIN = re.compile(f"{_BEFORE}(?P<add_on_deleted>){_AFTER}")
_DELETED = re.compile(rf"{_BEFORE}(?P<add_on_deleted>{_DAY})\s*{_AFTER}")


def tells(file: Source) -> bool:
    """Whether a file is a list of add-on codes, by its headings or its lines."""
    return _headed(file) or bool(_fixed(file))


def _headed(file: Source) -> bool:
    needed = ("type", "add_on", "primary", "effective")
    return any(
        all(any(re.search(_HEADINGS[name], cell, re.IGNORECASE) for cell in cells) for name in needed)
        for _, cells in file.head()
    )


def _fixed(file: Source) -> list[str]:
    """The first lines of fixed width."""
    if file.is_book:
        return []
    lines = file.text()[:60_000].split("\n")[:200]
    return [
        line for line in lines if "\t" not in line and (found := _PLAIN.match(line)) and _days(found["rest"])
    ]


def read(files: Sequence[Source]) -> Reading:
    """One row per add-on code and primary code: with add_on_type (1, 2, 3), instruction, effective_from and _to.

    ``primary_code`` is '' where the contractor defines them. The last day is the earliest of the edit's, the
    add-on code's and the primary code's.
    """
    # A zip holds the workbook and the text of fixed width: headings are surer.
    headed = [file for file in files if _headed(file)] or files
    file = single(told(headed, tells, "NCCI add-on codes", _WANTED), "NCCI add-on codes", _WANTED)
    lines = records(file.rows(), _HEADINGS, name=file.name) if _headed(file) else _columns(file)
    found = []
    for line, row in lines:
        if is_note(list(row.values())):
            continue
        where = f"{file.name}:{line}"
        add_on, primary = code(row["add_on"]), code(row["primary"])
        if row["type"] not in ("1", "2", "3") or not all(
            re.fullmatch(r"[0-9A-Z]{5}", each) for each in (add_on, primary)
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
        primary = "" if primary == CONTRACTOR_DEFINED else primary
        found.append((add_on, primary, row["type"], row["instruction"], first, last))
    name, start = quarter(*file.names)
    return Reading(table(found, _COLUMNS, name=file.name), name, start)


def _days(rest: str) -> list[tuple[int, str]]:
    """Place and text of each day behind the primary code: seven digits each, with or without blanks between."""
    found = []
    for run in re.finditer(r"\d+", rest):
        if len(run[0]) % 7 == 0 and re.fullmatch(rf"(?:{_DAY})+", run[0]):
            found += [(run.start() + i, run[0][i : i + 7]) for i in range(0, len(run[0]), 7)]
    return found


def _matches(lines: Sequence[str]) -> list[re.Match[str] | None]:
    """Each line as it is read. Digits behind the add-on code may be a day or the primary code: the primary code stands
    at the place where the lines have it that can be read in one way alone."""
    both = [(_PLAIN.match(line), _DELETED.match(line)) for line in lines]
    sure = Counter(plain.start("primary") for plain, deleted in both if plain and not deleted)
    place = max(sure, key=lambda start: sure[start], default=None)
    return [
        deleted if deleted and (plain is None or plain.start("primary") != place) else plain
        for plain, deleted in both
    ]


def _columns(file: Source) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each line of fixed width; lines above the first and below the last are notices."""
    texts = file.text().split("\n")
    lines = [
        (number, line, match)
        for number, (line, match) in enumerate(zip(texts, _matches(texts), strict=True), 1)
    ]
    held = [number for number, _, match in lines if match]
    matches = [match for _, _, match in lines if match]
    starts = Counter(place + match.start("rest") for match in matches for place, _ in _days(match["rest"]))
    always = [place for place, count in sorted(starts.items()) if count == len(matches)]
    # A day right behind the primary code is that of its deletion, where another one follows.
    after = len(always) > 1 and always[0] - matches[0].start("rest") < _WIDTH
    began = always[after] if always else None
    for number, line, match in lines[held[0] - 1 : held[-1]]:
        if not line.strip():
            continue
        if match is None or began is None:
            raise InputError(
                f"{file.name}:{number}: found {line[:60]!r}; expected a type, two codes and the day on which the edit "
                "began at the same place of every line; take the workbook beside it"
            )
        days = [(place + match.start("rest"), text) for place, text in _days(match["rest"])]
        notes = line[max((place + 7 for place, _ in days), default=len(line)) :]
        yield number, {
            "type": match["type"], "add_on": match["add_on"], "add_on_deleted": match["add_on_deleted"] or "",
            "primary": match["primary"], "primary_deleted": "".join(text for place, text in days if place < began),
            "effective": "".join(text for place, text in days if place == began),
            "deleted": "".join(text for place, text in days if place > began), "instruction": notes.strip(),
        }  # fmt: skip
