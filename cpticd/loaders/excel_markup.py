"""Tables of HTML and of XML spreadsheets, which many systems export under the name of a workbook."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from cpticd.core import sources
from cpticd.core.errors import InputError

_HTML: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|table|head|body|meta|style)\b", re.I | re.S
)
_XML: Final = re.compile(rb"\s*<\?xml.*?<(?:\w+:)?Workbook\b", re.S)
#: Names of files by which a page is a workbook to those who have it.
_SUFFIXES: Final = (".xls", ".xlsx", ".xlt", ".htm", ".html", ".xml")
_ROWS: Final = ("tr", "row")
_CELLS: Final = ("td", "th", "cell")


def is_markup(path: Path, start: bytes) -> bool:
    """Whether a file is HTML with a table, or an XML spreadsheet."""
    text = start.removeprefix(b"\xef\xbb\xbf")
    if sources.encoding_of(start).startswith("utf-16"):
        text = start.decode("utf-16", errors="replace").encode()
    if _XML.match(text):
        return True
    return path.suffix.lower() in _SUFFIXES and _HTML.match(text) is not None


def tables(path: Path) -> list[tuple[str, list[list[str]]]]:
    """Name and rows of each table of a page; InputError where it has none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    encoding = sources.encoding_of(data[:4096])
    stated = re.search(rb"(?:charset|encoding)=[\"']?([\w-]+)", data[:4096], re.I)
    if encoding == "utf-8" and stated:
        encoding = stated[1].decode()
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        text = data.decode("cp1252", errors="replace")
    reader = _Tables()
    reader.feed(text)
    reader.close()
    found = [(name or f"table {n}", rows) for n, (name, rows) in enumerate(reader.found, start=1) if rows]
    if not found:
        raise InputError(f"{path.name}: HTML without a table; export the table as CSV")
    return found


class _Tables(HTMLParser):
    """The cells of every table. A table within a cell ends what the cell held, and is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, list[list[str]]]] = []
        self._cell: list[str] | None = None
        self._spans: dict[int, tuple[int, str]] = {}  # column → rows to come, and what a cell says in them
        self._span = (1, 1)
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = tag.rpartition(":")[2]
        given = {name.rpartition(":")[2]: value or "" for name, value in attrs}
        if tag in ("style", "script"):
            self._skip += 1
        elif tag in ("table", "worksheet") and not (tag == "table" and self._in_sheet()):
            self._end_cell()
            self.found.append((given.get("name", ""), []))
            self._spans = {}
        elif tag in _ROWS:
            self._end_cell()
            self._row(int(given.get("index") or 0))
        elif tag in _CELLS:
            self._end_cell()
            self._begin_cell(given)
        elif tag in ("br", "p", "div") and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag in ("style", "script"):
            self._skip = max(self._skip - 1, 0)
        elif tag in (*_CELLS, *_ROWS, "table", "worksheet"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._skip:
            self._cell.append(data)

    def _in_sheet(self) -> bool:
        """Whether the table is that of a worksheet just begun, which gave it a name."""
        return bool(self.found) and bool(self.found[-1][0]) and not self.found[-1][1]

    def _row(self, index: int) -> None:
        if not self.found:
            self.found.append(("", []))
        rows = self.found[-1][1]
        rows.extend([] for _ in range(max(index - 1 - len(rows), 0)))
        rows.append([])
        self._carry()

    def _carry(self) -> None:
        """Cells of earlier rows that reach into this one."""
        row = self.found[-1][1][-1]
        while (span := self._spans.get(len(row))) is not None:
            left, said = span
            if left <= 1:
                del self._spans[len(row)]
            else:
                self._spans[len(row)] = left - 1, said
            row.append(said)

    def _begin_cell(self, given: dict[str, str]) -> None:
        if not self.found or not self.found[-1][1]:
            self._row(0)
        row = self.found[-1][1][-1]
        if (index := given.get("index", "")).isdigit():
            row.extend([""] * (min(int(index), 16_384) - 1 - len(row)))
        across = _number(given.get("colspan")) or _number(given.get("mergeacross")) + 1
        down = _number(given.get("rowspan")) or _number(given.get("mergedown")) + 1
        self._span = min(across, 16_384), min(down, 1_048_576)
        self._cell = []

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        text = " ".join("".join(self._cell).split())
        self._cell = None
        if re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00(\.0+)?", text):  # how an XML spreadsheet writes a date
            text = text[:10]
        row = self.found[-1][1][-1]
        across, down = self._span
        for said in (text, *[""] * (across - 1)):
            if down > 1:
                self._spans[len(row)] = down - 1, said
            row.append(said)
        self._carry()


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
