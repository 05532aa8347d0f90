"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) as tables of text: which sheet, where its heading is, what its cells say.

Cells become the text that the same table has as CSV: dates as 2024-01-31, whole numbers without ``.0``. An .xls that is
HTML or XML under that name is read as what it is (``cpticd.loaders.excel_markup``).
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from cpticd.core import sources
from cpticd.core.delimited import Known, unique_names
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.records import SHOWN, Reject
from cpticd.loaders import excel_markup

#: What a user may give to choose sheets: a name, a number from 1, or several.
SheetChoice = str | int | Sequence[str | int] | None
_HEADING_WITHIN: Final = 30  # rows in which the heading is looked for
_BATCH: Final = 20_000
_WORKBOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_OLE: Final = b"\xd0\xcf\x11\xe0"
_LARGEST_WHOLE: Final = 10**15  # a spreadsheet holds fifteen digits

Row = list[str]


@dataclass
class Grid:
    """One sheet: its name, and its rows of text cells from the first on."""

    name: str
    rows: Callable[[], Iterator[Row]]
    is_hidden: bool = False


@dataclass
class SheetTable:
    """One sheet as a table: its columns, and rows below the heading."""

    name: str
    columns: list[str]
    heading_row: int  # from 1
    rejects: list[Reject] = field(default_factory=list)
    read: int = 0
    _rows: Callable[[], Iterator[Row]] = field(default=lambda: iter(()), repr=False)

    def batches(self) -> Iterator[pa.Table]:
        """Tables of text columns ``c0``, ``c1``… with ``place``, the number of the row in the sheet."""
        numbered = enumerate(self._rows(), start=1)
        below = itertools.islice(numbered, self.heading_row, None)
        while part := list(itertools.islice(below, _BATCH)):
            sound = [(place, row) for place, row in part if self._fits(place, row)]
            self.read += len(part)
            width = len(self.columns)
            cells = list(zip(*(row[:width] for _, row in sound), strict=True)) or [()] * width
            arrays = [pa.array([cell or None for cell in column], pa.string()) for column in cells]
            places = pa.array([place for place, _ in sound], pa.int64())
            yield pa.table([*arrays, places], names=[*(f"c{n}" for n in range(width)), "place"])

    def _fits(self, place: int, row: Row) -> bool:
        """Whether a row has no cell beyond the columns; short rows are filled up."""
        width = len(self.columns)
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            found = max(n for n, cell in enumerate(row, start=1) if cell.strip())
            text = ", ".join(row)[:SHOWN]
            self.rejects.append(Reject(f"row {place}", f"{found} cells, but the header has {width}", text))
            return False
        row.extend([""] * (width - len(row)))
        return True


@dataclass
class Workbook:
    """The sheets of a workbook that are read, and those that are not, with what to know of the choice."""

    tables: list[SheetTable]
    notes: list[str]


def is_workbook(path: Path, start: bytes) -> bool:
    """Whether a file is a workbook, or HTML or XML that a system exported as one."""
    if start.startswith(_OLE):
        return True
    if start.startswith(b"PK"):
        return _is_packed(path)
    return excel_markup.is_markup(path, start)


def check_sheet(sheet: SheetChoice, given: Iterable[Any]) -> None:
    """Raise ArgumentError where a sheet is named, and nothing that is given is a workbook."""
    if sheet is None:
        return
    paths = [
        path for item in given if isinstance(item, (str, os.PathLike)) for path in sources.paths_of(item)
    ]
    for path in paths:
        with path.open("rb") as file:
            if is_workbook(path, file.read(4096)):
                return
    found = ", ".join(path.name for path in paths[:5]) or "tables in memory"
    raise ArgumentError(
        f"sheet: found no workbook: {found}; sheet={sheet!r} goes with Excel files: leave it out"
    )


def _is_packed(path: Path) -> bool:
    """Whether an archive is a workbook, or holds one and nothing else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and b"spreadsheet" in archive.read("mimetype"):
                return True
            return any(name.startswith("xl/") for name in names) or bool(_alone(archive))
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return False


def _alone(archive: zipfile.ZipFile) -> str:
    """The one member of an archive, where it is a workbook by its name; else nothing."""
    names = [
        each for each in archive.namelist() if not each.endswith("/") and not each.startswith("__MACOSX")
    ]
    return names[0] if len(names) == 1 and names[0].lower().endswith(_WORKBOOKS) else ""


def _content(path: Path) -> bytes:
    """The bytes of a workbook, taken out of its archive; InputError for one that would grow out of proportion."""
    data = path.read_bytes()
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(path) as archive:
        size = sum(each.file_size for each in archive.infolist())
        if size > sources.BOMB_SIZE and size > sources.BOMB_RATIO * len(data):
            raise InputError(f"{path}: unpacks to {size:,} bytes: taken for a decompression bomb")
        name = _alone(archive)
        return archive.read(name) if name else data


def open_workbook(path: Path, known: Known | None, sheet: SheetChoice = None) -> Workbook:
    """The sheets of a workbook that hold the table: those that ``sheet`` names, else the one that looks like claims.

    ``known`` counts the cells of a row that may be names of columns. Sheets with the same heading as the chosen one
    (a sheet a month) are read with it. Raises InputError for what is no workbook, has no rows, or has no such sheet.
    """
    start = _start(path)
    markup = excel_markup.is_markup(path, start)
    grids = _markup_grids(path) if markup else _grids(path)
    chosen = _named(path, grids, sheet) if sheet is not None else grids
    found = [table for grid in chosen if (table := _table(grid, known or _any, named=sheet is not None))]
    if not found:
        raise InputError(f"{path.name}: no sheet holds a row; sheets: {[grid.name for grid in grids]}")
    notes = ["not a workbook but markup under its name: its tables were read"] if markup else []
    if sheet is not None:
        return Workbook([table for table, _ in found], notes)
    best = max(found, key=lambda each: (each[1], not _hidden(grids, each[0].name), -found.index(each)))
    heading = _squeezed(best[0].columns)
    tables = [table for table, _ in found if _squeezed(table.columns) == heading]
    return Workbook(tables, notes + _notes(grids, tables, found))


def _notes(grids: list[Grid], tables: list[SheetTable], found: list[tuple[SheetTable, int]]) -> list[str]:
    """Which sheet was read and which were not; nothing where there is one alone."""
    if len(grids) == 1:
        return []
    read = {table.name for table in tables}
    others = [f"{table.name!r} ({_size(table)})" for table, _ in found if table.name not in read]
    empty = [repr(grid.name) for grid in grids if grid.name not in {table.name for table, _ in found}]
    hidden = [grid.name for grid in grids if grid.is_hidden and grid.name in read]
    notes = [f"sheet{'s' if len(read) > 1 else ''} read: {', '.join(repr(table.name) for table in tables)}"]
    if others:
        notes.append(f"sheets not read: {', '.join(others)}; name those to read: sheet={tables[0].name!r}")
    if empty:
        notes.append(f"sheets without rows: {', '.join(empty)}")
    if hidden:
        notes.append(f"hidden in the workbook, and read: {', '.join(map(repr, hidden))}")
    return notes


def _size(table: SheetTable) -> str:
    return f"columns {', '.join(table.columns[:4])}{', …' if len(table.columns) > 4 else ''}"


def _hidden(grids: list[Grid], name: str) -> bool:
    return next(grid.is_hidden for grid in grids if grid.name == name)


def _named(path: Path, grids: list[Grid], sheet: SheetChoice) -> list[Grid]:
    """The sheets that the user names, by name or by number from 1."""
    wanted = [sheet] if isinstance(sheet, (str, int)) else list(sheet or [])
    names = {grid.name.strip().casefold(): grid for grid in grids}
    chosen = []
    for each in wanted:
        grid = names.get(each.strip().casefold()) if isinstance(each, str) else None
        if isinstance(each, int) and 1 <= each <= len(grids):
            grid = grids[each - 1]
        if grid is None:
            raise InputError(
                f"{path.name}: no sheet {each!r}; sheets: {[grid.name for grid in grids]} (a number counts from 1)"
            )
        chosen.append(grid)
    return chosen


# -- where the table begins ------------------------------------------------------------------------


def _table(grid: Grid, known: Known, *, named: bool) -> tuple[SheetTable, int] | None:
    """A sheet as a table, and how many of its headings are known; None where it holds no table.

    Rows above the heading are noted. A heading of two rows, groups over columns, is joined where that says more.
    """
    head = [[cell.strip() for cell in row] for row in itertools.islice(grid.rows(), _HEADING_WITHIN + 1)]
    filled = [place for place, row in enumerate(head) if any(row)]
    if not filled:
        return None
    scored = []
    for place in filled[:_HEADING_WITHIN]:
        scored.append((known([cell for cell in head[place] if cell]), -place, 0, head[place]))
        if place and any(head[place - 1]):
            joined = _joined(head[place - 1], head[place], known)
            scored.append((known([cell for cell in joined if cell]), -place, -1, joined))
    score, place, _, heading = max(scored, key=lambda each: each[:3])
    if score < 2:  # nothing that is known: the first row in which most cells are filled
        widest = max(sum(map(bool, head[each])) for each in filled)
        place = -next(each for each in filled if sum(map(bool, head[each])) >= 0.7 * widest)
        heading = head[-place]
    width = max(n for n, cell in enumerate(heading, start=1) if cell)
    columns, repeated = unique_names([" ".join(cell.split()) for cell in heading[:width]])
    rejects = [
        Reject(f"row {each + 1}", "before the header", ", ".join(filter(None, head[each]))[:SHOWN], "noted")
        for each in filled
        if each < -place
    ]
    if repeated:
        words = f"column names that stand twice were numbered: {repeated}"
        rejects.append(Reject(f"row {1 - place}", words, "", "noted"))
    return SheetTable(grid.name, columns, 1 - place, rejects, _rows=grid.rows), score


def _joined(above: Row, below: Row, known: Known) -> Row:
    """Headings of two rows as one: "Service" over "From" is "Service From" where that is a name, else "From"."""
    group, cells = "", []
    for place, cell in enumerate(below):
        group = (above[place] if place < len(above) else "") or group
        both = f"{group} {cell}".strip()
        if not cell:  # nothing below: what stands above, once
            cells.append(above[place] if place < len(above) else "")
        else:
            cells.append(both if known([both]) or not known([cell]) else cell)
    return cells


def _any(cells: list[str]) -> int:
    return 0


def _squeezed(columns: Iterable[str]) -> list[str]:
    return [re.sub(r"[^a-z0-9]", "", name.lower()) for name in columns]


# -- cells -----------------------------------------------------------------------------------------


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _markup_grids(path: Path) -> list[Grid]:
    return [Grid(name, partial(map, list, rows)) for name, rows in excel_markup.tables(path)]


def _grids(path: Path) -> list[Grid]:
    """The worksheets of a workbook."""
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise InputError(
            f"{path.name}: an Excel workbook; reading it needs the extra excel: pip install 'cpticd[excel]', "
            "or save the sheet as CSV and read that"
        ) from error
    with _readable(path):
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(_content(path)))
        sheets = [each for each in book.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
    visible = calamine.SheetVisibleEnum.Visible
    opened = cache(book.get_sheet_by_name)  # a sheet is taken apart once, and looked at twice
    return [
        Grid(each.name, partial(_rows, path, opened, each.name), each.visible != visible) for each in sheets
    ]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Damage of a workbook becomes an InputError: every kind has an error of its own, some are none of Python's."""
    try:
        yield
    except (InputError, KeyboardInterrupt, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise InputError(_unreadable(path, error)) from error
        raise


def _unreadable(path: Path, error: BaseException) -> str:
    words = str(error)
    if "assword" in type(error).__name__ + words or "encrypt" in words.lower():
        return f"{path.name}: a workbook with a password; save it without one, or its sheet as CSV"
    return (
        f"{path.name}: not a workbook that can be read: {words[:200]}; open it in Excel and save it again, or its "
        "sheet as CSV"
    )


def _rows(path: Path, opened: Callable[[str], Any], name: str) -> Iterator[Row]:
    """The rows of a sheet as text, from its first row on; a merged cell speaks for each of its rows."""
    with _readable(path):
        sheet = opened(name)
        if not sheet.height:
            return
        merged = _merged(sheet.merged_cell_ranges or (), (sheet.start or (0, 0))[1])
        carried: dict[int, tuple[int, str]] = {}  # column → row up to which a cell speaks, and what it says
        for place, row in enumerate(sheet.iter_rows()):
            cells = [each if isinstance(each, str) else _text(each) for each in row]
            if place in merged or carried:
                for column, (last, said) in list(carried.items()):
                    if place <= last and column < len(cells):
                        cells[column] = cells[column] or said
                    else:
                        del carried[column]
                for column, last in merged.get(place, ()):
                    if column < len(cells):
                        carried[column] = last, cells[column]
            yield cells


def _merged(ranges: Iterable[Any], first_column: int) -> dict[int, list[tuple[int, int]]]:
    """Of cells merged over several rows: first row → columns, and the last row."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, _) in ranges:
        if bottom > top:
            found.setdefault(top, []).append((left - first_column, bottom))
    return found


def _text(cell: Any) -> str:
    """A typed cell as the same table has it as CSV."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if cell == int(cell) and abs(cell) < _LARGEST_WHOLE:
            return str(int(cell))
        return f"{cell:.15g}".replace("e", "E")
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time(0) else cell.isoformat(" ", "seconds")
    return cell.isoformat() if isinstance(cell, (dt.date, dt.time)) else str(cell)
