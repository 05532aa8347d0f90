"""Delimited text to Arrow, everything as text, no row lost: what does not parse comes back as a reject.

The lines are counted and cut here (vectorised, quotes respected), so that every row knows its line and a
bad one costs itself alone: an open quote does not swallow the rest of the file. Only rows that are sound
reach the CSV parser, whose row count is then checked against ours.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv

from cpticd.core import sources
from cpticd.core.errors import InputError
from cpticd.core.records import SHOWN, Records, Reject

#: Number of cells of a row that are names of columns; distinguishes a header from data.
Known = Callable[[list[str]], int]

DELIMITERS = (",", "\t", "|", ";", "^", "~")
_HEADER_WITHIN = 25  # lines in which the header is looked for
_DATA_CELL = re.compile(r"\s*(?:[($-]*\$?\d[\d.,/:\-]*\)?|[A-Za-z]\d{2}[\dA-Za-z.]*)\s*")


@dataclass
class Text:
    """One delimited file: its columns, and its rows as they are read.

    ``rejects`` and ``read`` grow meanwhile. ``read`` counts rows without header and blank lines: once ``batches()`` is
    through it equals the rows that came out and those rejected.
    """

    source: str
    columns: list[str]
    delimiter: str
    encoding: str
    header_line: int
    lines: Iterator[bytes] = field(repr=False)
    rejects: list[Reject] = field(default_factory=list)
    read: int = 0
    _line: int = 1  # number of the next line
    _surplus: bool = False  # rows end in a delimiter that the header has not

    def batches(self) -> Iterator[tuple[pa.Table, np.ndarray]]:
        """Tables of text columns ``c0``, ``c1``… with the line number of each row."""
        rest = b""
        for block in itertools.chain(self.lines, [None]):
            table, rows, rest = self._block(rest + self._decoded(block or b""), last=block is None)
            if len(rows):
                yield table, rows

    def _block(self, text: bytes, *, last: bool) -> tuple[pa.Table, np.ndarray, bytes]:
        if text and not text.endswith(b"\n"):
            text += b"\n"
        surplus = self._surplus
        cut = Records(text, self.delimiter, len(self.columns), self._line, last=last, surplus=surplus)
        self._line += cut.lines_used
        self.read += len(cut.rows) + sum(r.action == "rejected" for r in cut.rejects)
        self.rejects += cut.rejects
        table = self._parsed(cut.sound, len(cut.rows))
        return table, cut.rows, text[cut.bytes_used :]

    def _parsed(self, sound: bytes, rows: int) -> pa.Table:
        names = [f"c{i}" for i in range(len(self.columns))]
        kinds = dict.fromkeys(names, pa.string())
        if not rows:
            return pa.schema(list(kinds.items())).empty_table()
        table = pyarrow.csv.read_csv(
            io.BytesIO(sound),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=max(len(sound) + 1, 1 << 20)),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=b'"' in sound, ignore_empty_lines=False
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=kinds, strings_can_be_null=True, null_values=[""], check_utf8=False
            ),
        )
        if table.num_rows != rows:  # our count and the parser's are two ways to the same number
            raise InputError(
                f"{self.source}: {rows:,} rows counted near line {self._line:,}, {table.num_rows:,} parsed; "
                "please report this file's dialect"
            )
        return table

    def _decoded(self, text: bytes) -> bytes:
        """Valid UTF-8 of whole lines; lines that are not, in a file that otherwise is, are marked by NUL."""
        if text.isascii():
            return text
        if self.encoding == "cp1252":
            return _from_cp1252(text)
        try:
            text.decode()
            self.encoding = "utf-8"
            return text
        except UnicodeDecodeError:
            pass
        # Invalid bytes beside valid multi-byte characters are damage; without any, the file is cp1252.
        if self.encoding == "ascii" and not re.search(rb"[\xc3-\xf4][\x80-\xbf]", text):
            self.encoding = "cp1252"
            self.rejects.append(
                Reject(f"line {self._line}", "not UTF-8: the text was read as Windows-1252", "", "noted")
            )
            return _from_cp1252(text)
        self.encoding = "utf-8"
        return b"".join(map(_marked, text.splitlines(keepends=True)))


def _from_cp1252(text: bytes) -> bytes:
    try:
        return text.decode("cp1252").encode()
    except UnicodeDecodeError:  # five bytes mean nothing in cp1252; latin-1 has them as control characters
        return text.decode("latin-1").encode()


def _marked(line: bytes) -> bytes:
    try:
        line.decode()
        return line
    except UnicodeDecodeError:
        return line.decode("utf-8", errors="replace").encode().rstrip(b"\n") + b"\0\n"


def open_text(source: sources.Source, known: Known | None = None, *, progress: bool = False) -> Text:
    """A delimited file with its dialect, encoding and header found at its start.

    ``known`` counts the names in a row of cells that a header may have. Raises InputError for what is no
    table with a header: empty, binary, another format, or data from the first line on.
    """
    start = sources.sample(source)
    _check_table(source, start)
    lines = sources.lines_in_blocks(source, progress)
    first = next(lines, b"")
    head = _head(first)
    delimiter, skipped = _delimiter(head, known)
    rows = list(_rows(head, delimiter))[skipped:]
    if not rows:
        raise InputError(f"{source.name}: the file is empty")
    place = _header_place(source, rows, known)
    columns, end = rows[place][1], rows[place][0]
    data = [cells for _, cells in rows[place + 1 :]]
    longer = [cells for cells in data if len(cells) == len(columns) + 1 and not cells[-1].strip()]
    surplus = bool(data) and len(longer) > 0.9 * len(data)  # rows end in a delimiter, the header does not
    if surplus:
        columns = [*columns, ""]
    rejects = [
        Reject(f"line {number}", "before the header", ", ".join(cells)[:SHOWN], "noted")
        for number, cells in rows[:place]
    ]
    names, repeated = unique_names(columns)
    if repeated:
        rejects.append(
            Reject(f"line {end}", f"column names that stand twice were numbered: {repeated}", "", "noted")
        )
    cut = 0
    for _ in range(end):
        cut = first.find(b"\n", cut) + 1 or len(first)
    return Text(
        source.name,
        names,
        delimiter,
        "ascii",
        end,
        itertools.chain([first[cut:]], lines),
        rejects,
        _line=end + 1,
        _surplus=surplus,
    )


def _check_table(source: sources.Source, start: bytes) -> None:
    sources.check_text(source, start)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.strip(b"\0"):
        raise InputError(f"{source.name}: the file is empty")
    if re.match(rb"ISA[^A-Za-z0-9\s]", text) or re.match(rb"(GS|ST)[*|~^:]", text):
        raise InputError(f"{source.name}: an X12 file, not a table; read it with cpticd.read_x12()")
    if text[:1] in b"{[" and re.match(rb"[\[{]\s*[\[{\"]", text):
        raise InputError(f"{source.name}: JSON, not a delimited table; export the table as CSV or Parquet")
    if re.match(rb"<(\?xml|!doctype|html|[A-Za-z]+[ >])", text, re.IGNORECASE):
        raise InputError(
            f"{source.name}: XML or HTML, not a delimited table; export the table as CSV or Parquet"
        )


def _head(block: bytes) -> str:
    head = block[: sources.SAMPLE]
    if len(head) < len(block):
        head = head[: head.rfind(b"\n") + 1] or head
    try:
        return head.decode()
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")


def _rows(head: str, delimiter: str, limit: int = 200) -> Iterator[tuple[int, list[str]]]:
    """Last line number and cells of the first rows that hold anything."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        for cells in itertools.islice(reader, limit):
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error:
        return


def _delimiter(head: str, known: Known | None) -> tuple[str, int]:
    """The delimiter under which most names are known, then most rows alike; and how many rows to skip."""
    if stated := re.match(r"sep=(.)\r?\n", head):  # a line that spreadsheets write and obey
        return stated[1], 1
    best, chosen = (-1.0, -1.0), ","
    for delimiter in DELIMITERS:
        rows = [cells for _, cells in _rows(head, delimiter)]
        widths = Counter(len(cells) for cells in rows)
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        names = max((known(cells) for cells in rows[:_HEADER_WITHIN]), default=0) if known else 0
        score = (float(names), times / max(len(rows), 1) * (width - 1))
        if score > best:
            best, chosen = score, delimiter
    return chosen, 0


def _header_place(source: sources.Source, rows: list[tuple[int, list[str]]], known: Known | None) -> int:
    if known is None:
        return 0
    scores = [known(cells) for _, cells in rows[:_HEADER_WITHIN]]
    best = max(range(len(scores)), key=lambda place: (scores[place], -place))
    if scores[best] >= 2 or scores[0] > 0:
        return best if scores[best] >= 2 else 0
    cells = [cell for cell in rows[0][1] if cell.strip()]
    if sum(bool(_DATA_CELL.fullmatch(cell)) for cell in cells) >= max(1, len(cells) / 3):
        raise InputError(
            f"{source.name}: no header: the first row reads {rows[0][1][:8]}; "
            "put a row of column names on top"
        )
    return 0


def unique_names(columns: list[str]) -> tuple[list[str], list[str]]:
    """Column names without blanks around, none empty, none twice (``dx``, ``dx_2``…)."""
    names: list[str] = []
    repeated = []
    for place, column in enumerate(columns, start=1):
        name = column.strip().strip("\ufeff").strip() or f"column {place}"
        candidate, number = name, 1
        while candidate.lower() in {n.lower() for n in names}:
            number += 1
            candidate = f"{name}_{number}"
        if number > 1:
            repeated.append(name)
        names.append(candidate)
    return names, sorted(set(repeated))
