"""CCLF in CMS's fixed width: told by what stands at which position, and cut there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core import sources
from cpticd.loaders.cms import layouts

#: CMS's names of the feed: P.A1234.ACO.ZC5Y23.D230521.T1112223, T.BCD.A0001.ZC8Y18.D181120.T1000009.
_NAMED: Final = re.compile(r"(?:^|[._-])ZC([0-9AB])[A-Z]?\d{0,2}(?:[._-]|$)", re.IGNORECASE)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d| *")
_NUMBER: Final = re.compile(r" *-?\d+ *")
_LOOKED_AT: Final = 50  # lines


def kind_of(name: str, head: bytes) -> str | None:
    """The file of the feed that a text without headings is, such as ``cclf 5 fixed``."""
    lines = [line for line in head.split(b"\n")[:_LOOKED_AT] if line.strip()]
    if head and not head.endswith(b"\n") and len(lines) > 1:
        lines = lines[:-1]
    text = [line.decode("latin-1").rstrip("\r") for line in lines]
    named = _NAMED.search(name)
    if named and named[1] == "0":
        return "cclf 0 fixed"
    if not text or any("\t" in line or "|" in line for line in text):
        return None
    if named and named[1].upper() in "123456789AB":
        # of a file that is named so lines may be damaged: they are rejected one by one
        file = named[1].upper()
        if sum(_fits(file, line) for line in text) > len(text) / 2:
            return f"cclf {file} fixed"
    fitting = [file for file in "123456789AB" if all(_fits(file, line) for line in text)]
    return f"cclf {fitting[0]} fixed" if len(fitting) == 1 else None


def _fits(file: str, line: str) -> bool:
    """Whether dates and numbers stand where the layout has them; columns at the end came with later versions."""
    columns = layouts.positions(file)
    checked = 0
    for column in columns:
        start, width = column.start or 1, column.width or 0
        cell = line[start - 1 : start - 1 + width]
        if column.theirs.endswith(("_DT", "_DOB")) and cell:
            if not _DATE.fullmatch(cell):
                return False
            checked += 1
        if column.theirs == "CUR_CLM_UNIQ_ID" and not _NUMBER.fullmatch(cell):
            return False
    longest = max((c.start or 1) + (c.width or 0) - 1 for c in columns)
    return checked > 0 and len(line.rstrip()) <= longest + 260 * (file in layouts.NO_CLAIMS)


def shorter(lengths: Counter[int]) -> str:
    """What is to be known of rows that end before most others do, by how many rows have each length; else empty."""
    full, most = max(lengths.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
    short = {length: rows for length, rows in lengths.items() if length < full}
    if not short or most * 2 <= sum(lengths.values()):
        return ""  # blanks at the ends were taken away
    return (
        f"rows of {full} characters, as most are, but for {sum(short.values()):,} that end before ({min(short)}): "
        "what stands behind was read as empty; is the file cut short?"
    )


def batches(source: sources.Source, file: str, progress: bool, lengths: Counter[int]) -> Iterator[pa.Table]:
    """Tables of text columns, one a column of the layout, with the line number of each row; counts their lengths."""
    columns, first = layouts.positions(file), 1
    for block in sources.lines_in_blocks(source, progress):
        text = block.decode("utf-8", errors="replace").removesuffix("\n")
        lines = pa.array(text.split("\n"), pa.string())
        places = pa.array(range(first, first + len(lines)), pa.int64())
        first += len(lines)
        cut = [
            pc.utf8_slice_codeunits(lines, (c.start or 1) - 1, (c.start or 1) - 1 + (c.width or 0))
            for c in columns
        ]
        for row in pc.value_counts(pc.utf8_length(pc.utf8_rtrim(lines, "\r"))).to_pylist():
            lengths[row["values"]] += row["counts"]
        del lengths[0]
        table = pa.table([*cut, places], names=[*(f"c{i}" for i in range(len(cut))), "place"])
        yield table.filter(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(lines)), 0))
