"""What the readers of official files share: unpacking, text, rows with their line numbers, dates, releases."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError

#: More than this unpacked is no file that CMS publishes.
MAX_BYTES: Final = 2_000_000_000
_MONTHS: Final = {"jan": 1, "apr": 4, "jul": 7, "oct": 10}


@dataclass(frozen=True)
class Source:
    """One file as it was published: its name, for errors, and its bytes."""

    name: str
    data: bytes

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix.lower()

    def text(self) -> str:
        """As UTF-8, or as Windows text, which older files of CMS are."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.data.decode("cp1252", errors="replace")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each row that is not empty: tabs, commas or an Excel sheet."""
        if self.suffix == ".xlsx":
            from cpticd.reference.layouts import excel

            yield from excel.rows(self.data, name=self.name)
            return
        text = self.text()
        delimiter = "\t" if "\t" in text[:4000] else ","
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise InputError(f"{self.name}:{reader.line_num}: {error}; download the file again") from error


@dataclass(frozen=True)
class Reading:
    """What a reader found: the rows, what the release is called and from when it holds, and its setting."""

    table: pa.Table
    release: str
    effective_from: date | None
    setting: str = ""


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
    try:
        if source.suffix == ".gz":
            yield Source(source.name[:-3], gzip.decompress(source.data))
        elif source.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
                for member in archive.infolist():
                    if member.is_dir():
                        continue
                    if member.file_size > MAX_BYTES:
                        raise InputError(
                            f"{source.name}: {member.filename} has {member.file_size:,} bytes unpacked"
                        )
                    yield from _unpacked(Source(Path(member.filename).name, archive.read(member)))
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
    try:
        return datetime.strptime(text, pattern).date()
    except ValueError as error:
        raise InputError(
            f"{where}: found {text!r} where a date was expected; download the file again"
        ) from error


def published_day(text: str, *, where: str) -> date | None:
    """A date as people write it: 2026-01-31 with or without a time, 01/31/2026, 1/31/26, 20260131."""
    plain = text.strip().split(" ")[0].split("T")[0]
    if plain in ("", "*"):
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


def quarter(name: str) -> tuple[str, date | None]:
    """Release and first day of a quarterly file, told by its name.

    Read are NCCI's version (v321: 32.1, the second quarter of 2026), a date (Eff_04-01-2026), a year with a
    quarter (V2026Q2) and a year with a month (2026_APR).
    """
    first: date | None = None
    if found := re.search(r"v(\d\d)([0-3])r\d", name, re.IGNORECASE):
        first = date(1994 + int(found[1]), 3 * int(found[2]) + 1, 1)
    elif found := re.search(r"(\d\d)[-_](\d\d)[-_](20\d\d)", name):
        first = date(int(found[3]), int(found[1]), int(found[2]))
    elif found := re.search(r"(20\d\d)[-_ ]?q([1-4])", name, re.IGNORECASE):
        first = date(int(found[1]), 3 * int(found[2]) - 2, 1)
    elif found := re.search(r"(20\d\d)[-_ ]?(jan|apr|jul|oct)", name, re.IGNORECASE):
        first = date(int(found[1]), _MONTHS[found[2].lower()], 1)
    elif found := re.search(r"(20\d\d)[-_](0[1-9]|1[0-2])(?!\d)", name):
        first = date(int(found[1]), int(found[2]), 1)
    return (f"{first.year} Q{(first.month + 2) // 3}" if first else ""), first


def last_day(first: date | None, deleted: date | None) -> date | None:
    """Last day in force: the deletion date; the day before where a row was deleted as of its first day."""
    return deleted - timedelta(days=1) if deleted is not None and deleted == first else deleted


def table(rows: Sequence[Sequence[object]], columns: dict[str, pa.DataType], *, name: str) -> pa.Table:
    """An Arrow table of rows. Raises InputError where there is none."""
    if not rows:
        raise InputError(f"{name}: no row below the headings; download the file again")
    values = zip(*rows, strict=True)
    return pa.table({c: pa.array(v, kind) for (c, kind), v in zip(columns.items(), values, strict=True)})
