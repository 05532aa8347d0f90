"""NCCI procedure-to-procedure edits: two codes that are not paid together, from when, and whether a modifier helps.

Layout: CMS's quarterly files ``ccipra-v<version>r0-f<n>`` (practitioners) and ``ccioph-…`` (outpatient hospitals),
text with tabs or Excel: a copyright notice and headings over several lines, then column 1, column 2, * for
in existence before 1996, effective date, deletion date (* for none), modifier indicator (0 not allowed, 1
allowed, 9 not applicable), rationale. Dates are YYYYMMDD; an edit holds on its deletion date for the last time,
and one that was deleted as of its first day never held. CMS's page "Medicare NCCI Procedure to Procedure (PTP)
Edits" and the booklet MLN901346 describe them. The text file is read in a second, the Excel file in minutes.
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
from cpticd.reference.layouts.files import Reading, Source, quarter

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


def read(files: Sequence[Source]) -> Reading:
    """One row per edit: column_1, column_2, before_1996, modifier_indicator, rationale, effective_from, effective_to.

    All files of one release and setting at once: practitioners' are four, hospitals' two or four.
    """
    used = [file for file in files if file.suffix in (".txt", ".csv", ".xlsx")]
    texts = [file for file in used if file.suffix != ".xlsx"]
    used = texts or used  # A zip holds both.
    if not used:
        raise InputError(f"NCCI PTP: no .txt, .csv or .xlsx file in {[file.name for file in files]}")
    settings = {_setting(file.name) for file in used}
    if len(settings) > 1:
        raise InputError(f"NCCI PTP: {sorted(settings)} in one call; add each setting by itself")
    releases = {quarter(file.name) for file in used}
    if len(releases) > 1:
        raise InputError(
            f"NCCI PTP: releases {sorted(r[0] for r in releases)} in one call; add each by itself"
        )
    name, first = releases.pop()
    return Reading(pa.concat_tables([_read(file) for file in used]), name, first, settings.pop())


def _setting(name: str) -> str:
    lower = name.lower()
    return "practitioner" if "ccipra" in lower else "outpatient" if "ccioph" in lower else ""


def _read(file: Source) -> pa.Table:
    if file.suffix == ".xlsx":
        rows = [(line, cells) for line, cells in file.rows() if re.fullmatch(r"[0-9A-Z]{5}", cells[0])]
        if not rows:
            raise InputError(f"{file.name}: no row that starts with a code; take ccipra-… or ccioph-…")
        data = "\n".join("\t".join((cells + [""] * 7)[:7]) for _, cells in rows).encode()
        return _table(data, b"\t", [line for line, _ in rows], file.name)
    start = _FIRST_ROW.search(file.data[:_HEAD_BYTES])
    if not start:
        raise InputError(
            f"{file.name}: no line of two codes in the first {_HEAD_BYTES:,} bytes; take the edits "
            "(ccipra-….txt or ccioph-….txt), not the list of changes"
        )
    delimiter = start[0].rstrip(b'"')[-1:]
    return _table(
        file.data[start.start() :], delimiter, file.data[: start.start()].count(b"\n") + 1, file.name
    )


def _table(data: bytes, delimiter: bytes, lines: int | list[int], name: str) -> pa.Table:
    """``lines`` is the number of the first line, or of each."""
    try:
        found = arrow_csv.read_csv(
            io.BytesIO(data),
            read_options=arrow_csv.ReadOptions(column_names=_NAMES, encoding="latin-1"),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter.decode(), quote_char=False if delimiter == b"\t" else '"'
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(_NAMES, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError(f"{name}: not seven columns: {error}; download the file again") from error
    found = pa.table({c: pc.utf8_trim_whitespace(found[c]) for c in _NAMES})
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
