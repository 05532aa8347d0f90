"""Whatever a user passes as a table (DataFrame, Arrow, CSV, Parquet), as a DuckDB table of text cells."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Union

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cpticd.core import sources
from cpticd.core.conform import as_arrow, quote
from cpticd.core.delimited import Known, open_text
from cpticd.core.errors import InputError, SchemaError
from cpticd.core.folders import Folder
from cpticd.core.records import Reject
from cpticd.loaders import excel, hive
from cpticd.loaders.intake import Intake

#: One table as users pass it: a frame, an Arrow table, or the path of a CSV or Parquet file.
TableLike = Union[pd.DataFrame, pa.Table, str, "os.PathLike[str]"]

#: What accounting calls a row of a flat file.
UNIT: Final = "file rows"
_BATCH = 1 << 17
#: Rows of a large table's sample: the first ones, and about as many from the whole of it.
_FIRST: Final = 2_000
_SPREAD: Final = 4_000
_WRAPPED = r"^(?:=\"([^\"]*)\"|'([0-9A-Z][0-9A-Z.]*)|'([-=+@＝＋－＠].*))$"
#: Cells that mean that nothing is there.
NOTHING: Final = (
    "", "NULL", "null", "Null", "None", "NONE", "none", "NaN", "nan", "N/A", "n/a", "NA", "#N/A", "(null)", "\\N",
    "NaT",
)  # fmt: skip
#: Bytes that a cell may end in which has blanks around it, or begin with which says nothing, an error, or is wrapped.
_BLANKS = np.array([n <= 32 or n >= 127 for n in range(256)])
_MARKS = _BLANKS | np.isin(np.arange(256), [*b"='#", *{ord(text[0]) for text in NOTHING if text}])
#: Cells in which a spreadsheet says that its formula failed: nothing is there either.
_FAILED = pa.array(["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"])


@dataclass(frozen=True)
class Staged:
    """A table of the intake's engine: text columns ``c0``, ``c1``… and ``place`` (line or row number)."""

    source: str
    table: str
    columns: list[str]  # the user's names; columns[i] is column ``c<i>``
    rows: int
    word: str  # "line" or "row": what place counts
    sample: str = ""  # a table of some of its rows; empty: of all
    translated: frozenset[int] = frozenset()  # columns that are read in other words; ``w<i>`` has theirs
    pages: mmap.mmap | None = field(default=None, repr=False, compare=False)  # where its file is mapped

    def rest(self) -> None:
        """Give back the memory of what was scanned; it comes from the disk again where it is asked for."""
        if self.pages is not None and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
            self.pages.madvise(mmap.MADV_DONTNEED)

    def column(self, name: str) -> str:
        return f"c{self.columns.index(name)}"

    def as_written(self, place: int) -> str:
        """The column that has the cells of a column as the file has them."""
        return f"w{place}" if place in self.translated else f"c{place}"

    @property
    def some(self) -> str:
        """SQL of the rows that are looked at to tell what the table holds: all of a small one."""
        if self.sample or self.rows <= _FIRST + _SPREAD:
            return self.sample or self.table
        return f"(SELECT * FROM {self.table} WHERE place <= {_FIRST} OR place % {self.rows // _SPREAD} = 0)"


class Stage:
    """Puts inputs before the intake's engine as text tables; forgets them at :meth:`clear`.

    The tables lie in Arrow files in a temporary folder, mapped into memory: scanned where they are, and
    never larger in memory than what is looked at.
    """

    def __init__(self, intake: Intake, *, sheet: excel.SheetChoice = None, limit: int | None = None) -> None:
        """``sheet``: which sheets of workbooks are read; None: those that look like claims. ``limit``: rows a table."""
        self.intake, self._sheet, self._limit = intake, sheet, limit
        self._folder = Folder()
        self.staged: list[Staged] = []
        self._clean = True

    def names(self) -> dict[int, str]:
        """Names of the sources staged so far, by the integer that stands for each in the intake."""
        return {self.intake.source_id(staged.source): staged.source for staged in self.staged}

    def put(
        self,
        given: TableLike | Iterable[TableLike],
        *,
        name: str,
        unit: str,
        known: Known | None = None,
        clean: bool = True,
    ) -> list[Staged]:
        """One staged table per file or frame of ``given``.

        ``name`` is shown for what has no file name; rejected lines count as ``unit`` in accounting;
        ``clean`` trims cells and empties those that only say that there is nothing. A file that cannot be read is
        rejected as a whole where the intake is lenient.
        """
        self._clean = clean
        staged: list[Staged] = []
        for item in items(given):
            if isinstance(item, (str, os.PathLike)):
                folder = Path(item).expanduser()
                paths = hive.parts(folder) if folder.is_dir() else []
                paths = paths or sources.paths_of(item)
                self.intake.name(paths)
                for path in paths:
                    with self.intake.file(self.intake.shown(path)):
                        staged += self._path(path, unit, known)
            elif isinstance(item, (pd.DataFrame, pa.Table, pa.RecordBatch)):
                arrow = as_arrow(item)
                source = name if not staged else f"{name} {len(staged) + 1}"
                staged.append(self._arrow(source, arrow.schema, arrow.to_batches(_BATCH)))
            else:
                raise InputError(
                    f"{name}: expected a DataFrame, an Arrow table or a path, found {type(item).__name__}"
                )
        if not staged and not self.intake.refused:
            raise InputError(f"{name}: an empty list; pass at least one table or path")
        return staged

    def clear(self) -> None:
        """Forget the staged tables."""
        for staged in self.staged:
            for name in filter(None, (staged.table, staged.sample)):
                self.intake.engine.connection.unregister(name)
        self.staged.clear()
        self._folder.close()

    def _path(self, path: Path, unit: str, known: Known | None) -> list[Staged]:
        try:
            with path.open("rb") as file:
                magic = file.read(4096)
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
        if excel.is_workbook(path, magic):
            return self._workbook(path, unit, known)
        if magic[:4] == b"PAR1":
            try:
                parquet = pq.ParquetFile(path)
                name = self.intake.shown(path)
                schema, more = parquet.schema_arrow, hive.columns(path, parquet.schema_arrow.names)
                for column in more:
                    schema = schema.append(pa.field(column, pa.string()))
                return [self._arrow(name, schema, _widened(parquet.iter_batches(_BATCH), more))]
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
                raise InputError(f"{path}: a damaged Parquet file: {error}; get the file again") from error
        return [self._text(source, unit, known) for source in sources.texts(path, self.intake.shown(path))]

    def _workbook(self, path: Path, unit: str, known: Known | None) -> list[Staged]:
        name = self.intake.shown(path)
        book = excel.open_workbook(path, known, self._sheet)
        for note in book.notes:
            self.intake.reject(source=name, location="", table_name=unit, action="noted", reason=note)
        staged = []
        for table in book.tables:
            shown = name if len(book.tables) == 1 else f"{name}/{table.name}"
            staged.append(self._spooled(shown, table.columns, table.batches(), "row"))
            self._told(shown, unit, table.rejects)
        return staged

    def _told(self, source: str, unit: str, rejects: Iterable[Reject]) -> None:
        """Record what was found while rows were cut."""
        for reject in rejects:
            self.intake.reject(
                source=source, location=reject.location, table_name=unit, reason=reject.reason,
                content=reject.content, action=reject.action,
            )  # fmt: skip

    def _text(self, source: sources.Source, unit: str, known: Known | None) -> Staged:
        text = open_text(source, known, progress=self.intake.progress)
        batches = (
            batch.append_column("place", pa.array(lines, pa.int64())) for batch, lines in text.batches()
        )
        staged = self._spooled(source.name, text.columns, batches, "line")
        self._told(source.name, unit, text.rejects)
        if text.read == 0:
            self.intake.reject(
                source=source.name, location=f"line {text.header_line}", table_name=unit, action="noted",
                reason="a header without rows", content=", ".join(text.columns),
            )  # fmt: skip
        return staged

    def _arrow(self, source: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Staged:
        if not schema.names:
            raise SchemaError(f"{source}: a table without columns")
        names = [str(name) for name in schema.names]
        return self._spooled(source, names, self._as_text(batches), "row")

    def _as_text(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
        first = 1
        connection = self.intake.engine.connection
        for batch in batches:
            plain = _plain(pa.Table.from_batches([batch]))
            places = pa.array(np.arange(first, first + len(plain)), pa.int64())
            first += len(plain)
            connection.register("incoming", plain.append_column("place", places))
            cells = [
                f"{_text_of(name, plain.schema.field(name).type)} AS {name}" for name in plain.column_names
            ]
            yield self.intake.engine.fetch(f"SELECT {', '.join(cells)}, place FROM incoming")
            connection.unregister("incoming")

    def _spooled(self, source: str, columns: list[str], batches: Iterable[pa.Table], word: str) -> Staged:
        """Write the batches to an Arrow file and show it to the engine.

        Rows without any value (spreadsheets write them by the thousand) are left out, and noted.
        """
        table = f"staged_{len(self.staged)}"
        path = self._folder.path / f"{table}.arrow"
        schema = pa.schema([*((f"c{i}", pa.string()) for i in range(len(columns))), ("place", pa.int64())])
        rows = empty = wrapped = 0
        failed: dict[int, tuple[int, int, str]] = {}  # column: how many, where the first, what it says
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for batch in batches if self._limit is None else _first(batches, self._limit):
                cleaned, marked = _cleaned(batch, failed) if self._clean else (batch, 0)
                full = _without_empty(cleaned)
                wrapped += marked
                empty += len(batch) - len(full)
                rows += len(full)
                writer.write_table(full.cast(schema))
        with path.open("rb") as file:
            pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        found = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(pages))).read_all()
        self.intake.engine.connection.register(table, found)
        some = f"{table}_sample" if rows > _FIRST + _SPREAD else ""
        if some:
            self.intake.engine.connection.register(some, _sampled(found))
        if wrapped:
            self.intake.reject(
                source=source, location="", table_name=None, action="repaired",
                reason=f'cells written as ="…" or with an apostrophe were read as their text: {wrapped:,}',
            )  # fmt: skip
        for column, (count, place, text) in sorted(failed.items()):
            self.intake.reject(
                source=source, location=f"{word} {place}", table_name=None, action="noted", content=text,
                reason=f"{columns[column]}: a spreadsheet's error was read as empty: {count:,} "
                f"{'cell' if count == 1 else 'cells, the first here'}",
            )  # fmt: skip
        if empty:
            self.intake.reject(
                source=source, location="", table_name=None, action="noted",
                reason=f"rows without any value: {empty:,}; not counted as rows",
            )  # fmt: skip
        self.staged.append(Staged(source, table, columns, rows, word, some, pages=pages))
        return self.staged[-1]


def _widened(batches: Iterable[pa.RecordBatch], more: Mapping[str, str | None]) -> Iterator[pa.RecordBatch]:
    """Batches with columns more, of one value each."""
    for each in batches:
        batch = each
        for name, value in more.items():
            batch = batch.append_column(name, pa.repeat(pa.scalar(value, pa.string()), batch.num_rows))
        yield batch


def _sampled(rows: pa.Table) -> pa.Table:
    """The first rows of a table, and about as many from the whole of it."""
    places = rows.column("place").to_numpy()
    each = rows.num_rows // _SPREAD
    return rows.take(pa.array(np.flatnonzero((places <= _FIRST) | (places % each == 0))))


def _first(batches: Iterable[pa.Table], limit: int) -> Iterator[pa.Table]:
    """The first rows of batches."""
    left = limit
    for batch in batches:
        yield batch.slice(0, left)
        left -= min(left, len(batch))
        if not left:
            return


def _cleaned(batch: pa.Table, failed: dict[int, tuple[int, int, str]]) -> tuple[pa.Table, int]:
    """Cells without blanks around them, null where they only say that there is nothing.

    Also how many were wrapped: spreadsheets are told to keep a text with ``="00100"`` or ``'00100``; the
    text is what is meant. Errors of a spreadsheet are added to ``failed``, by column.
    """
    columns, wrapped = [], 0
    for index, column in enumerate(batch.columns[:-1]):
        if all(map(_is_clean, column.chunks)):
            columns.append(column)
            continue
        cells = pc.utf8_trim_whitespace(column)
        marked = pc.or_(pc.starts_with(cells, pattern='="'), pc.starts_with(cells, pattern="'"))
        if pc.any(marked).as_py():
            wrapped += pc.sum(pc.match_substring_regex(cells, _WRAPPED)).as_py() or 0
            cells = pc.replace_substring_regex(cells, _WRAPPED, r"\1\2\3")
        nothing = pc.is_in(cells, value_set=pa.array(NOTHING))
        if pc.any(pc.starts_with(cells, pattern="#")).as_py():
            errors = pc.is_in(cells, value_set=_FAILED)
            if count := pc.sum(errors).as_py():
                at = pc.index(errors, True).as_py()
                before, place, text = failed.get(index, (0, batch.columns[-1][at].as_py(), cells[at].as_py()))
                failed[index] = (before + count, place, text)
            nothing = pc.or_(nothing, errors)
        columns.append(pc.if_else(nothing, pa.scalar(None, pa.string()), cells))
    return pa.table([*columns, batch.columns[-1]], names=batch.column_names), wrapped


def _is_clean(cells: pa.Array) -> bool:
    """Whether no cell can need a look: by their first and last bytes, which cost a small part of it."""
    if not pa.types.is_string(cells.type):
        return False
    offsets, data = cells.buffers()[1:]
    if offsets is None or data is None or not data.size:
        return cells.null_count == len(cells)
    ends = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    filled = ends[1:] > ends[:-1]
    if not np.array_equal(filled, pc.is_valid(cells).to_numpy(zero_copy_only=False)):
        return False  # some are empty, and not absent
    bytes_ = np.frombuffer(data, np.uint8)
    return not (_MARKS[bytes_[ends[:-1][filled]]].any() or _BLANKS[bytes_[ends[1:][filled] - 1]].any())


def _without_empty(batch: pa.Table) -> pa.Table:
    """The rows in which at least one cell holds something but blanks."""
    suspects = np.arange(len(batch))
    for name in batch.column_names[:-1]:
        if not len(suspects):
            return batch
        cells = (
            batch.column(name).take(pa.array(suspects)) if len(suspects) < len(batch) else batch.column(name)
        )
        if all(map(_is_clean, cells.chunks)):
            blank = pc.is_null(cells)
        else:
            blank = pc.fill_null(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(cells)), 0), True)
        suspects = suspects[blank.to_numpy(zero_copy_only=False)]
    keep = np.ones(len(batch), bool)
    keep[suspects] = False
    return batch.filter(pa.array(keep)) if len(suspects) else batch


def items(given: Any) -> Iterator[Any]:
    """What is given, lists of lists laid out."""
    if isinstance(given, (list, tuple, set)):
        for item in given:
            yield from items(item)
    else:
        yield given


def _plain(table: pa.Table) -> pa.Table:
    """Columns ``c0``…; dictionaries decoded, times with a zone as the wall clock of that zone."""
    columns = []
    for column in table.columns:
        kind = column.type
        if pa.types.is_dictionary(kind):
            columns.append(column.cast(kind.value_type))
        elif pa.types.is_timestamp(kind) and kind.tz is not None:
            columns.append(pc.local_timestamp(column))
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            columns.append(column.cast(pa.string(), safe=False))
        else:
            columns.append(column)
    return pa.table(columns, names=[f"c{i}" for i in range(len(columns))])


def _text_of(name: str, kind: pa.DataType) -> str:
    """SQL for a typed cell as text: whole floats without ``.0``, dates as 2024-01-31, NaN as null."""
    name = quote(name)
    if pa.types.is_floating(kind):
        return (
            f"CASE WHEN isnan({name}) THEN NULL "
            f"WHEN {name} = floor({name}) AND abs({name}) < 1e15 THEN CAST(CAST({name} AS BIGINT) AS "
            f"VARCHAR) "
            f"WHEN abs({name}) < 1e12 THEN rtrim(printf('%.6f', CAST({name} AS DOUBLE)), '0') "
            f"ELSE CAST({name} AS VARCHAR) END"
        )
    if pa.types.is_timestamp(kind):
        return (
            f"CASE WHEN {name} = date_trunc('day', {name}) THEN strftime({name}, '%Y-%m-%d') "
            f"ELSE CAST({name} AS VARCHAR) END"
        )
    return f"CAST({name} AS VARCHAR)"
