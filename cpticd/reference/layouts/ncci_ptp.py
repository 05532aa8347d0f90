"""NCCI procedure-to-procedure edits: two codes that are not paid together, from when, and whether a modifier helps.

Layout: CMS's quarterly files ``ccipra-v<version>r0-f<n>`` (practitioners) and ``ccioph-…`` (outpatient hospitals),
text with tabs or Excel: a copyright notice and headings over several lines, then column 1, column 2, * for
in existence before 1996, effective date, deletion date (* for none), modifier indicator (0 not allowed, 1
allowed, 9 not applicable), rationale (missing in older ones). Dates are YYYYMMDD; an edit holds on its deletion date
for the last time, and one that was deleted as of its first day never held. A release is published in parts f1 to f4 by
the code of column 1: parts that are added one after the other add up. CMS's page "Medicare NCCI Procedure to Procedure
(PTP) Edits" and the booklet MLN901346 describe them. The text file is read in a second, the Excel file in minutes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, code, quarter

KEY: Final = ("column_1", "column_2", "effective_from")
_NAMES: Final = [
    "column_1",
    "column_2",
    "before_1996",
    "effective",
    "deletion",
    "modifier_indicator",
    "rationale",
]
_FORMS: Final = {
    "column_1": r"^[0-9A-Z]{5}$",
    "column_2": r"^[0-9A-Z]{5}$",
    "before_1996": r"^\*?$",
    "effective": r"^[0-9]{8}$",
    "deletion": r"^([0-9]{8}|\*?)$",
    "modifier_indicator": r"^[019]$",
}
_FIRST_ROW = re.compile(rb"(?m)^\"?[0-9A-Z]{5}\"?[\t,]\"?[0-9A-Z]{5}\"?[\t,]")
_HEAD_BYTES: Final = 20_000


#: The parts of a release, as both settings have been published for years.
_PARTS: Final = ("f1", "f2", "f3", "f4")
_PART = re.compile(r"[-_ ](f\d)(?![0-9a-z])", re.IGNORECASE)
_WANTED: Final = "ccipra-v….txt or ccioph-v….txt"


def tells(file: Source) -> bool:
    """Whether a file is a list of pairs, by its first rows of data."""
    if file.is_book:
        return any(_is_pair(cells) for _, cells in file.head())
    return _start(_plain(file)) is not None


def _is_pair(cells: Sequence[str]) -> bool:
    six = [*cells, "", "", "", "", "", ""][:6]
    return all(re.fullmatch(form, cell) for form, cell in zip(_FORMS.values(), six, strict=True))


def _plain(file: Source) -> bytes:
    """The bytes of a text, with lines that end in a newline and without a byte order mark."""
    head = file.data[:_HEAD_BYTES]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or (b"\r" in head and b"\n" not in head):
        return file.text().encode()
    return file.data.removeprefix(b"\xef\xbb\xbf")


def _start(data: bytes) -> re.Match[bytes] | None:
    """The first line of data: two codes and two days."""
    for found in _FIRST_ROW.finditer(data[:_HEAD_BYTES]):
        line = data[found.start() : found.start() + 400].split(b"\n", 1)[0].decode("latin-1")
        cells = [cell.strip().strip('"') for cell in line.split(found[0].rstrip(b'"')[-1:].decode())]
        if len(cells) > 4 and re.fullmatch(r"[0-9]{8}", cells[3]):
            return found
    return None


def read(files: Sequence[Source]) -> Reading:
    """One row per edit: column_1, column_2, before_1996, modifier_indicator, rationale, effective_from, effective_to.

    Files of one release and setting; ``part`` is f1 to f4 as the file's name says, '' where it does not.
    """
    used = [file for file in files if tells(file)]
    used = [file for file in used if not file.is_book] or used  # A zip holds both.
    if not used:
        raise InputError(
            f"NCCI PTP: no line of two codes and their days in {[file.name for file in files][:10]}; take the edits "
            f"({_WANTED}), not the list of changes"
        )
    settings = {_setting(file) for file in used}
    if len(settings) > 1:
        raise InputError(f"NCCI PTP: {sorted(settings)} in one call; add each setting by itself")
    releases = {quarter(*file.names) for file in used}
    if len(releases) > 1:
        raise InputError(
            f"NCCI PTP: releases {sorted(r[0] for r in releases)} in one call; add each by itself"
        )
    name, first = releases.pop()
    tables = [(_part(file), _read(file)) for file in used]
    table = pa.concat_tables(
        [table.append_column("part", pa.repeat(pa.scalar(part), len(table))) for part, table in tables]
    )
    parts = tuple(sorted({part for part, _ in tables}))
    expected = tuple(sorted({*_PARTS, *parts})) if "" not in parts else ()
    return Reading(table, name, first, settings.pop(), parts, expected)


def _part(file: Source) -> str:
    return next((found[1].lower() for found in map(_PART.search, file.names) if found), "")


def _setting(file: Source) -> str:
    lower = " ".join(file.names).lower()
    words = {
        "ccipra": "practitioner",
        "ccioph": "outpatient",
        "practitioner": "practitioner",
        "hospital": "outpatient",
    }
    return next((setting for word, setting in words.items() if word in lower), "")


def _read(file: Source) -> pa.Table:
    if file.is_book:
        rows = [(line, cells) for line, cells in file.rows() if re.fullmatch(r"[0-9A-Z]{1,5}", cells[0])]
        first = next(
            i for i, (_, cells) in enumerate(rows) if _is_pair([code(cells[0]), code(cells[1]), *cells[2:]])
        )
        rows = rows[first:]
        data = "\n".join(
            "\t".join([code(cells[0]), code(cells[1]), *(cells[2:] + [""] * 5)[:5]]) for _, cells in rows
        ).encode()
        return _table(data, b"\t", [line for line, _ in rows], file.name)
    data = _plain(file)
    start = _start(data)
    assert start is not None  # ``tells`` has found it
    delimiter = start[0].rstrip(b'"')[-1:]
    return _table(_whole(data[start.start() :]), delimiter, data[: start.start()].count(b"\n") + 1, file.name)


def _whole(data: bytes) -> bytes:
    """Without a notice below the last line of data."""
    tail = data[-_HEAD_BYTES:].rstrip(b"\r\n\x1a \t")
    last = None
    for found in _FIRST_ROW.finditer(tail):
        last = found
    if last is None:
        return data
    end = tail.find(b"\n", last.start())
    return data if end < 0 else data[: len(data) - len(data[-_HEAD_BYTES:]) + end + 1]


def _table(data: bytes, delimiter: bytes, lines: int | list[int], name: str) -> pa.Table:
    """``lines`` is the number of the first line, or of each."""
    line = data.split(b"\n", 1)[0]
    names = _NAMES[:-1] if line.count(delimiter) == len(_NAMES) - 2 else _NAMES
    try:
        found = arrow_csv.read_csv(
            io.BytesIO(data),
            read_options=arrow_csv.ReadOptions(column_names=names, encoding="latin-1"),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter.decode(), quote_char=False if delimiter == b"\t" else '"'
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(_NAMES, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError(f"{name}: not seven columns: {error}; download the file again") from error
    blank = pa.repeat(pa.scalar(""), found.num_rows)
    found = pa.table({c: pc.utf8_trim_whitespace(found[c]) if c in names else blank for c in _NAMES})
    for column, form in _FORMS.items():
        right = pc.match_substring_regex(found[column], form)
        if not pc.all(right).as_py():
            row = pc.index(right, False).as_py()
            line = lines[row] if isinstance(lines, list) else lines + row
            raise InputError(
                f"{name}:{line}: found {found[column][row].as_py()!r} as {column}; expected seven columns as CMS "
                "publishes them; download the file again"
            )
    first, deleted = _days(found["effective"], name), _days(found["deletion"], name)
    never = pc.fill_null(pc.equal(first, deleted), False)
    day_before = pc.cast(pc.subtract(pc.cast(deleted, pa.int32()), pa.scalar(1, pa.int32())), pa.date32())
    return pa.table(
        {
            "column_1": found["column_1"],
            "column_2": found["column_2"],
            "before_1996": pc.equal(found["before_1996"], "*"),
            "modifier_indicator": found["modifier_indicator"],
            "rationale": found["rationale"],
            "effective_from": first,
            "effective_to": pc.if_else(never, day_before, deleted),
        }
    )


def _days(texts: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    bare = pc.if_else(pc.equal(pc.utf8_length(texts), 8), texts, pa.scalar(None, pa.string()))
    try:
        return pc.cast(pc.strptime(bare, format="%Y%m%d", unit="s"), pa.date32())
    except pa.ArrowInvalid as error:
        raise InputError(f"{name}: a date that is none: {error}; download the file again") from error
