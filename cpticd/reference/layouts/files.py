"""What the readers of official files share: unpacking, text, rows with their line numbers, dates, releases."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from cpticd.core.errors import InputError

#: More than this unpacked is no file that CMS publishes.
MAX_BYTES: Final = 2_000_000_000
_MONTHS: Final = {"jan": 1, "apr": 4, "jul": 7, "oct": 10}


#: How names of quarterly files say their quarter, the surest first.
_QUARTERS: Final = (
    r"v(?P<version>\d\d)(?P<nth>[0-3])r\d",
    r"(?P<month>0[1-9]|1[0-2])[-_](?P<day>0[1-9]|[12]\d|3[01])[-_](?P<year>20\d\d)",
    r"(?P<year>20\d\d)[-_ ]?q(?P<quarter>[1-4])",
    r"(?P<year>20\d\d)[-_ ]?(?P<word>jan|apr|jul|oct)",
    r"(?P<word>jan|apr|jul|oct)[a-z]*[-_ ]?(?P<year>20\d\d)",
    r"(?P<year>20\d\d)[-_](?P<month>0[1-9]|1[0-2])(?!\d)",
)


@dataclass(frozen=True)
class Source:
    """One file as it was published: its name, its bytes, and the zip files that it lay in, nearest first."""

    name: str
    data: bytes = field(repr=False)
    within: tuple[str, ...] = ()
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix.lower()

    @property
    def names(self) -> tuple[str, ...]:
        """Its own name, then those of what it lay in: a release is told by the first that says it."""
        return (self.name, *self.within)

    @property
    def is_book(self) -> bool:
        return self.data[:2] == b"PK"

    def text(self) -> str:
        """As UTF-8, UTF-16 where it says so, or Windows text, which older files of CMS are; lines end with \\n."""
        if "text" not in self._kept:
            self._kept["text"] = (
                _decoded(self.data).replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "")
            )
        return str(self._kept["text"])

    def head(self, count: int = 60) -> list[tuple[int, list[str]]]:
        """The first rows that are not empty, for telling what a file is; none of one that cannot be read as rows."""
        if "head" not in self._kept:
            try:
                self._kept["head"] = list(islice(self.rows(), count))
            except InputError as error:
                self._kept["head"], self._kept["error"] = [], error
        return list(self._kept["head"][:count])

    def delimiter(self) -> str:
        """What stands between the cells of a text file."""
        return _delimiter(self.text()[:20_000])

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each row that is not empty: tabs, commas or an Excel sheet."""
        if self.is_book or self.suffix in (".xlsx", ".xlsm"):
            from cpticd.reference.layouts import excel

            yield from excel.rows(self.data, name=self.name)
            return
        if self.data[:4] == b"\xd0\xcf\x11\xe0":
            raise InputError(
                f"{self.name}: an old Excel workbook (.xls); save it as .xlsx, or take the text file"
            )
        reader = csv.reader(io.StringIO(self.text()), delimiter=self.delimiter(), strict=False)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise InputError(f"{self.name}:{reader.line_num}: {error}; download the file again") from error


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """Tab or comma, whichever more lines have outside of quotes; tab where as many do, for titles have commas."""
    lines = re.sub(r'"[^"]*"', "", text).splitlines()
    tabs, commas = (sum(mark in line for line in lines) for mark in "\t,")
    return "\t" if tabs and tabs >= commas else ","


@dataclass(frozen=True)
class Reading:
    """What a reader found: the rows, what the release is called and from when it holds, and its setting.

    ``parts`` names the parts of a release that is published in several files, where ``table`` has the column part;
    ``expected`` all of them. ``notes``: what was left out or assumed, in whole sentences.
    """

    table: pa.Table
    release: str
    effective_from: date | None
    setting: str = ""
    parts: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def sources(path: Path) -> Iterator[Source]:
    """The files in a path: itself, what it is compressed from, or the members of a zip file and of zips in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    if not data:
        raise InputError(f"{path}: it is empty; download it again")
    yield from _unpacked(Source(path.name, data))


def _unpacked(source: Source) -> Iterator[Source]:
    within = source.names
    try:
        if source.data[:2] == b"\x1f\x8b":
            yield from _unpacked(
                Source(source.name.removesuffix(".gz"), gzip.decompress(source.data), within)
            )
        elif source.suffix == ".zip" or (source.is_book and source.suffix not in (".xlsx", ".xlsm")):
            with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
                for member in archive.infolist():
                    base = Path(member.filename).name
                    if member.is_dir() or base.startswith("._") or not member.file_size:
                        continue
                    if member.file_size > MAX_BYTES:
                        raise InputError(
                            f"{source.name}: {member.filename} has {member.file_size:,} bytes unpacked"
                        )
                    yield from _unpacked(Source(base, archive.read(member), within))
        else:
            yield source
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{source.name}: cannot be unpacked: {error}; download it again") from error


def only(files: Sequence[Source], suffixes: Sequence[str], what: str) -> Source:
    """The one file of these suffixes. Raises InputError for none or several."""
    found = [file for file in files if file.suffix in suffixes]
    if len(found) != 1:
        raise InputError(
            f"{what}: found {len(found)} such files in {[file.name for file in files]}; pass the one that is meant"
        )
    return found[0]


def told(files: Sequence[Source], tells: Callable[[Source], bool], what: str, wanted: str) -> list[Source]:
    """The files that are of a kind by their content; text before workbooks, for a zip holds both.

    Raises InputError where none is, naming what was found and what is ``wanted``.
    """
    found = [file for file in files if tells(file)]
    found = [file for file in found if not file.is_book] or found
    if not found:
        unread = next((file._kept["error"] for file in files if "error" in file._kept), None)
        if unread and len(files) == 1:
            raise unread
        starts = f", which starts with {[cells for _, cells in files[0].head(1)]}" if len(files) == 1 else ""
        raise InputError(f"{what}: found {[file.name for file in files][:10]}{starts}; pass {wanted}")
    return found


def single(files: Sequence[Source], what: str, wanted: str) -> Source:
    """The one file among those of a kind. Raises InputError where there are several."""
    if len({file.name for file in files}) != 1:
        raise InputError(f"{what}: found {sorted({file.name for file in files})}; pass {wanted}")
    return files[0]


def is_note(cells: Sequence[str]) -> bool:
    """Whether a row is a note beside the table: prose in one cell."""
    filled = [cell for cell in cells if cell]
    return len(filled) == 1 and (" " in filled[0] or len(filled[0]) > 7)


def code(cell: str) -> str:
    """A code of five characters; a workbook's number has lost its zeros."""
    plain = cell.strip().upper()
    return plain.zfill(5) if plain.isdigit() and len(plain) < 5 else plain


def header(
    rows: Iterator[tuple[int, list[str]]], needed: dict[str, str], *, name: str, within: int = 30
) -> dict[str, int]:
    """The place of each needed column in the first row that names them all; rows goes on after it.

    ``needed`` is a pattern of the heading by column. Raises InputError where no row names them.
    """
    first: list[str] = []
    for count, (_, cells) in enumerate(rows):
        first = first or cells
        plain = [re.sub(r"\s+", " ", cell).strip() for cell in cells]
        places = {
            column: next((i for i, cell in enumerate(plain) if re.search(pattern, cell, re.IGNORECASE)), None)
            for column, pattern in needed.items()
        }
        if all(place is not None for place in places.values()):
            return {column: place for column, place in places.items() if place is not None}
        if count >= within:
            break
    raise InputError(
        f"{name}: no line with the headings of {', '.join(needed)}; it starts with {first[:8]}; "
        "take the file as it is published"
    )


def heading(cell: str) -> str:
    """A heading of a user's own table as a name: ``Drug Class`` is drug_class."""
    return cell.strip().lower().replace(" ", "_")


def named(
    file: Source, headings: Mapping[str, Sequence[str]]
) -> tuple[str, list[str], set[str], Iterator[tuple[str, dict[str, str]]]]:
    """Of a user's own table, whose first row has the headings: the place of that row, its cells, the columns of
    ``headings`` (column to the names that it may have) that are there, and of each further row its place and cells.

    A column that is not there, and a cell that a row does not reach, is ''.
    """
    rows = file.rows()
    line, first = next(rows, (1, [""]))
    names = [heading(cell) for cell in first]
    places = {
        column: next((names.index(name) for name in given if name in names), None)
        for column, given in headings.items()
    }
    cells = (
        (
            f"{file.name}:{number}",
            {c: row[i].strip() if i is not None and i < len(row) else "" for c, i in places.items()},
        )
        for number, row in rows
    )
    return f"{file.name}:{line}", first, {c for c, i in places.items() if i is not None}, cells


def records(
    rows: Iterator[tuple[int, list[str]]], needed: dict[str, str], *, name: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and needed cells of each row below the headings; a cell that a row does not reach is ''."""
    places = header(rows, needed, name=name)
    for line, cells in rows:
        yield line, {column: cells[i] if i < len(cells) else "" for column, i in places.items()}


def day(text: str, *, where: str, pattern: str = "%Y%m%d") -> date | None:
    """A date; None for an empty cell or a star. ``%Y%j`` is year and day of the year."""
    from datetime import datetime

    text = text.strip().removesuffix(".0")
    if text in ("", "*", "0"):
        return None
    if pattern == "%Y%m%d" and not text.isdigit():
        return published_day(text, where=where)
    try:
        return datetime.strptime(text, pattern).date()
    except ValueError as error:
        raise InputError(
            f"{where}: found {text!r} where a date was expected; download the file again"
        ) from error


def published_day(text: str, *, where: str) -> date | None:
    """A date as people write it: 2026-01-31 with or without a time, 01/31/2026, 1/31/26, 20260131."""
    plain = text.strip().split(" ")[0].split("T")[0]
    if plain.upper() in ("", "*", "N/A", "NA", "NONE", "NULL"):
        return None
    for form, pattern in (
        (r"\d{8}", "%Y%m%d"), (r"\d{4}-\d\d-\d\d", "%Y-%m-%d"), (r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y"),
        (r"\d{1,2}/\d{1,2}/\d\d", "%m/%d/%y"),
    ):  # fmt: skip
        if re.fullmatch(form, plain):
            return day(plain, where=where, pattern=pattern)
    raise InputError(f"{where}: found {text!r} where a date was expected; download the file again")


def fiscal(name: str, year: str = "") -> tuple[str, date | None]:
    """Release and first day of an ICD-10-CM file, told by its name: the fiscal year, October or April."""
    found = re.search(r"fy ?(\d\d(?:\d\d)?)(?!\d)|(20\d\d)(?!\d)", name, re.IGNORECASE)
    stated = year or (found and (found[1] or found[2])) or ""
    if not stated:
        return "", None
    fiscal_year = int(stated) % 100 + 2000
    if re.search(r"apr", name, re.IGNORECASE):
        return f"FY{fiscal_year} April", date(fiscal_year, 4, 1)
    return f"FY{fiscal_year} October", date(fiscal_year - 1, 10, 1)


def quarter(*names: str) -> tuple[str, date | None]:
    """Release and first day of a quarterly file, told by the first of its names that says it.

    Read are NCCI's version (v321: 32.1, the second quarter of 2026), a date (Eff_04-01-2026), a year with a
    quarter (V2026Q2), a year with a month (2026_APR, april-2026) and, of an annual file, a year alone.
    """
    firsts = (find(name) for find in (_in_quarter, _in_year) for name in names)
    first = next((first for first in firsts if first), None)
    return (f"{first.year} Q{(first.month + 2) // 3}" if first else ""), first


def _in_quarter(name: str) -> date | None:
    found = next(filter(None, (re.search(form, name, re.IGNORECASE) for form in _QUARTERS)), None)
    if not found:
        return None
    part = found.groupdict()
    if "version" in part:
        return date(1994 + int(part["version"]), 3 * int(part["nth"]) + 1, 1)
    if "quarter" in part:
        return date(int(part["year"]), 3 * int(part["quarter"]) - 2, 1)
    month = _MONTHS[part["word"].lower()] if "word" in part else int(part["month"])
    return date(int(part["year"]), month, int(part.get("day") or 1))


def _in_year(name: str) -> date | None:
    """January 1 of the year of an annual file: 2017-Alpha-Numeric-HCPCS-File, HCPC17_CONTR_ANWEB, HCPC2024_ANWEB."""
    found = re.search(r"hcpc(20\d\d|\d\d)_|(?<!\d)(20\d\d)-alpha", name, re.IGNORECASE)
    return date(int(found[1] or found[2]) % 100 + 2000, 1, 1) if found else None


def stated(text: str) -> date | None:
    """The first day that a notice writes out: for dates of service July 1, 2026 - September 30, 2026."""
    found = re.search(rf"(?i)\b({'|'.join(_MONTHS)})[a-z]* (\d{{1,2}}), (20\d\d)", text)
    return date(int(found[3]), _MONTHS[found[1][:3].lower()], int(found[2])) if found else None


def last_day(first: date | None, deleted: date | None) -> date | None:
    """Last day in force: the deletion date; the day before where a row was deleted as of its first day."""
    return deleted - timedelta(days=1) if deleted is not None and deleted == first else deleted


def table(rows: Sequence[Sequence[object]], columns: dict[str, pa.DataType], *, name: str) -> pa.Table:
    """An Arrow table of rows. Raises InputError where there is none."""
    if not rows:
        raise InputError(f"{name}: no row below the headings; download the file again")
    values = zip(*rows, strict=True)
    return pa.table({c: pa.array(v, kind) for (c, kind), v in zip(columns.items(), values, strict=True)})
