"""Whatever a user passes as a table (DataFrame, Arrow, CSV, Parquet), as a DuckDB table of text cells."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, overload

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cpticd.conform import as_arrow, quote
from cpticd.errors import InputError, SchemaError
from cpticd.loaders import files
from cpticd.loaders.intake import Intake
from cpticd.loaders.text import Known, open_text

#: One table as users pass it: a frame, an Arrow table, or the path of a CSV or Parquet file.
TableLike = Union[pd.DataFrame, pa.Table, str, "os.PathLike[str]"]

_BATCH = 1 << 17


@dataclass(frozen=True)
class Staged:
    """A table of text columns ``c0``, ``c1``… and ``place`` (line or row number), in the intake's engine."""

    source: str
    table: str
    columns: list[str]  # the user's names; columns[i] is column ``c<i>``
    rows: int
    word: str  # "line" or "row": what place counts

    def column(self, name: str) -> str:
        return f"c{self.columns.index(name)}"


class Places(Sequence[str]):
    """Locations of rows, written out only where one is asked for."""

    def __init__(self, word: str, numbers: Sequence[int] | np.ndarray) -> None:
        self._word, self._numbers = word, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Places: ...
    def __getitem__(self, index: int | slice) -> str | Places:
        if isinstance(index, slice):
            return Places(self._word, self._numbers[index])
        return f"{self._word} {self._numbers[index]}"


class Stage:
    """Puts inputs into the intake's engine as text tables; forgets them at :meth:`clear`."""

    def __init__(self, intake: Intake, *, progress: bool) -> None:
        self.intake, self._progress = intake, progress
        self._tables: list[str] = []
        self._sources: set[str] = set()

    def names(self) -> dict[int, str]:
        """Names of the sources staged so far, by the integer that stands for each in the intake."""
        return {self.intake.source_id(source): source for source in sorted(self._sources)}

    def put(
        self, given: TableLike | Iterable[TableLike], *, name: str, unit: str, known: Known | None = None
    ) -> list[Staged]:
        """One staged table per file or frame of ``given``.

        ``name`` is shown for what has no file name; rejected lines count as ``unit`` in accounting.
        """
        staged: list[Staged] = []
        for item in _items(given):
            if isinstance(item, (str, os.PathLike)):
                for path in files.paths_of(item):
                    staged += self._path(path, unit, known)
            elif isinstance(item, (pd.DataFrame, pa.Table, pa.RecordBatch)):
                arrow = as_arrow(item)
                source = name if not any(s.source == name for s in staged) else f"{name} {len(staged) + 1}"
                staged.append(self._arrow(source, arrow.schema, arrow.to_batches(_BATCH), unit))
            else:
                raise InputError(
                    f"{name}: expected a DataFrame, an Arrow table or a path, found {type(item).__name__}"
                )
        if not staged:
            raise InputError(f"{name}: an empty list; pass at least one table or path")
        return staged

    def clear(self) -> None:
        """Drop the staged tables."""
        for table in self._tables:
            self.intake.execute(f"DROP TABLE {table}")
        self._tables.clear()

    def _path(self, path: Path, unit: str, known: Known | None) -> list[Staged]:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic == b"PAR1":
            try:
                parquet = pq.ParquetFile(path)
                return [self._arrow(path.name, parquet.schema_arrow, parquet.iter_batches(_BATCH), unit)]
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
                raise InputError(f"{path}: a damaged Parquet file: {error}; get the file again") from error
        return [self._text(source, unit, known) for source in files.sources(path)]

    def _new(self, columns: int) -> str:
        table = f"staged_{len(self._tables)}"
        cells = ", ".join(f"c{i} VARCHAR" for i in range(columns))
        self.intake.execute(f"CREATE TABLE {table} ({cells}, place BIGINT)")
        self._tables.append(table)
        return table

    def _append(self, table: str, batch: pa.Table) -> None:
        self.intake.engine.append(table, batch)

    def _text(self, source: files.Source, unit: str, known: Known | None) -> Staged:
        text = open_text(source, known, progress=self._progress)
        table = self._new(len(text.columns))
        for batch, lines in text.batches():
            self._append(table, batch.append_column("place", pa.array(lines, pa.int64())))
        for reject in text.rejects:
            self.intake.reject(
                source=source.name, location=reject.location, table_name=unit, reason=reject.reason,
                content=reject.content, action=reject.action,
            )  # fmt: skip
        staged = self._finished(source.name, table, text.columns, "line")
        if text.read == 0:
            self.intake.reject(
                source=source.name, location=f"line {text.header_line}", table_name=unit, action="noted",
                reason="a header without rows", content=", ".join(text.columns),
            )  # fmt: skip
        return staged

    def _arrow(self, source: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], unit: str) -> Staged:
        if not schema.names:
            raise SchemaError(f"{source}: a table without columns")
        table, first = self._new(len(schema.names)), 1
        for batch in batches:
            plain = _plain(pa.Table.from_batches([batch]))
            plain = plain.append_column("place", pa.array(np.arange(first, first + len(plain)), pa.int64()))
            first += len(plain)
            self.intake.engine.connection.register("incoming", plain)
            cells = [
                f"{_text_of(f'c{i}', plain.schema.field(i).type)} AS c{i}" for i in range(len(schema.names))
            ]
            self.intake.execute(f"INSERT INTO {table} SELECT {', '.join(cells)}, place FROM incoming")
            self.intake.engine.connection.unregister("incoming")
        names = [str(name) for name in schema.names]
        return self._finished(source, table, names, "row")

    def _finished(self, source: str, table: str, columns: list[str], word: str) -> Staged:
        """Rows without any value are taken out (spreadsheets write them by the thousand) and noted."""
        empty = " AND ".join(f"nullif(trim(c{i}), '') IS NULL" for i in range(len(columns)))
        counts = self.intake.engine.fetch(
            f"SELECT count(*) AS n, coalesce(count_if({empty}), 0) AS e FROM {table}"
        ).to_pylist()[0]
        if counts["e"]:
            self.intake.execute(f"DELETE FROM {table} WHERE {empty}")
            self.intake.reject(
                source=source, location="", table_name=None, action="noted",
                reason=f"rows without any value: {counts['e']:,}; not counted as rows",
            )  # fmt: skip
        self._sources.add(source)
        return Staged(source, table, columns, counts["n"] - counts["e"], word)


def _items(given: Any) -> Iterator[Any]:
    if isinstance(given, (list, tuple, set)):
        for item in given:
            yield from _items(item)
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
            f"WHEN {name} = floor({name}) AND abs({name}) < 1e15 THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) "
            f"WHEN abs({name}) < 1e12 THEN rtrim(printf('%.6f', CAST({name} AS DOUBLE)), '0') "
            f"ELSE CAST({name} AS VARCHAR) END"
        )
    if pa.types.is_timestamp(kind):
        return (
            f"CASE WHEN {name} = date_trunc('day', {name}) THEN strftime({name}, '%Y-%m-%d') "
            f"ELSE CAST({name} AS VARCHAR) END"
        )
    return f"CAST({name} AS VARCHAR)"
