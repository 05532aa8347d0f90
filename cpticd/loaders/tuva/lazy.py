"""Tables that are read where they lie: Parquet files and tables of a DuckDB file, as views of text cells.

Of 170 columns those are read that have a value, when they are asked for, in pieces.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from cpticd.core.conform import quote
from cpticd.core.database import readable
from cpticd.core.folders import Folder
from cpticd.loaders import hive
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged

#: Cells that mean that nothing is there.
_NOTHING: Final = (
    "('', 'NULL', 'null', 'Null', 'None', 'none', 'NONE', 'NaN', 'nan', 'NaT', 'N/A', 'n/a', '(null)', '\\N')"
)


class Lazy:
    """Views over files, made in the intake's engine; gone at :meth:`clear`."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._numbers = itertools.count()
        self._views: list[str] = []
        self._registered: list[str] = []
        self._folder = Folder()
        self._attached: dict[Path, str] = {}

    def parquet(self, path: Path, source: str) -> Staged:
        """A Parquet file; folders of a Hive partition above it (``payer=Acme``) are columns."""
        literal = str(path).replace("'", "''")
        scan = f"read_parquet('{literal}', file_row_number = true, hive_partitioning = false)"
        with readable(path, "Parquet file"):
            return self._staged(source, scan, "file_row_number + 1", hive.columns(path))

    def database(self, path: Path) -> str:
        """The name under which a DuckDB file is attached, read-only."""
        if path not in self._attached:
            name = f"attached_{next(self._numbers)}"
            literal = str(path).replace("'", "''")
            with readable(path, "DuckDB file"):
                self._intake.engine.connection.execute(f"ATTACH '{literal}' AS {name} (READ_ONLY)")
            self._attached[path] = name
        return self._attached[path]

    def table(self, path: Path, schema: str, table: str, source: str) -> Staged:
        """A table or view of a DuckDB file; its rows are numbered as they come."""
        scan = f"{self.database(path)}.{quote(schema)}.{quote(table)}"
        with readable(path, "DuckDB file"):
            return self._staged(source, scan, "row_number() OVER ()", {})

    def filled(self, staged: Staged, unit: str, keep: Collection[str] = ()) -> Staged:
        """A staged table without the columns that have no cell, but those to ``keep``; these are noted.

        Of Tuva's 170 columns most sources fill a third, and every column costs as much as a hundred thousand rows. The
        others are copied to disk once, as text, for who asks for them many times.
        """
        counts = ", ".join(f"count(c{i})" for i in range(len(staged.columns)))
        row = self._intake.records(f"SELECT {counts} FROM {staged.table}")[0].values()
        some = [i for i, n in enumerate(row) if n or staged.columns[i].lower() in keep]
        if empty := [name for i, name in enumerate(staged.columns) if i not in {*some}]:
            self._intake.reject(
                source=staged.source, location="", table_name=unit, action="noted",
                reason=f"columns without a value, not used: {len(empty):,}", content=", ".join(empty),
            )  # fmt: skip
        named = "".join(f"c{place} AS c{i}, " for i, place in enumerate(some))
        table = self._copied(f"SELECT {named}place FROM {staged.table}", len(some))
        return replace(staged, table=table, columns=[staged.columns[i] for i in some])

    def _copied(self, select: str, columns: int) -> str:
        """The rows of a SELECT of text cells and their place as an Arrow file, mapped into memory."""
        name = f"copied_{next(self._numbers)}"
        path = self._folder.path / f"{name}.arrow"
        schema = pa.schema([*((f"c{i}", pa.string()) for i in range(columns)), ("place", pa.int64())])
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for batch in self._intake.engine.batches(select):
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))
        with pa.memory_map(str(path)) as mapped:
            self._intake.engine.connection.register(name, pa.ipc.open_file(mapped).read_all())
        self._registered.append(name)
        return name

    def _view(self, select: str) -> str:
        view = f"lazy_{next(self._numbers)}"
        self._views.append(view)
        self._intake.engine.connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {select}")
        return view

    def clear(self) -> None:
        """Forget the views, and let go of the files."""
        connection = self._intake.engine.connection
        for name in self._registered:
            connection.unregister(name)
        for view in reversed(self._views):
            connection.execute(f"DROP VIEW IF EXISTS {view}")
        for name in self._attached.values():
            connection.execute(f"DETACH {name}")
        self._folder.close()

    def _staged(self, source: str, scan: str, place: str, fixed: dict[str, str | None]) -> Staged:
        connection = self._intake.engine.connection
        described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
        columns = [(str(name), str(kind)) for name, kind, *_ in described if name != "file_row_number"]
        (rows,) = connection.execute(f"SELECT count(*) FROM {scan}").fetchone() or (0,)
        lower = {name.lower() for name, _ in columns}
        more = {name: value for name, value in fixed.items() if name.lower() not in lower}
        cells = [cell(name, kind) for name, kind in columns]
        cells += ["NULL" if v is None else "'" + v.replace("'", "''") + "'" for v in more.values()]
        named = ", ".join(f"CAST({text} AS VARCHAR) AS c{i}" for i, text in enumerate(cells))
        view = self._view(f"SELECT {named}, CAST({place} AS BIGINT) AS place FROM {scan}")
        return Staged(source, view, [*(name for name, _ in columns), *more], rows, "row")


class Named(NamedTuple):
    """A table of a database."""

    schema: str
    table: str
    columns: Sequence[str]


def tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[Named]:
    """Every table and view of an attached database, in the order of their names."""
    rows = connection.execute(
        "SELECT schema_name, table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = ? AND NOT internal GROUP BY ALL ORDER BY 1, 2",
        [database],
    ).fetchall()
    return [Named(*row) for row in rows]


def cell(name: str, kind: str) -> str:
    """SQL of a typed cell as trimmed text: whole floats without ``.0``, dates as 2024-01-31, nothing as null."""
    column = quote(name)
    if kind in ("DOUBLE", "FLOAT"):
        return (
            f"CASE WHEN isnan({column}) THEN NULL WHEN {column} = floor({column}) AND abs({column}) < 1e15 "
            f"THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) "
            f"WHEN abs({column}) < 1e12 THEN rtrim(printf('%.6f', CAST({column} AS DOUBLE)), '0') "
            f"ELSE CAST({column} AS VARCHAR) END"
        )
    if kind.startswith("TIMESTAMP"):
        return (
            f"CASE WHEN CAST({column} AS TIMESTAMP) = date_trunc('day', CAST({column} AS TIMESTAMP)) "
            f"THEN strftime(CAST({column} AS TIMESTAMP), '%Y-%m-%d') ELSE CAST({column} AS VARCHAR) END"
        )
    if kind == "VARCHAR":
        return f"CASE WHEN trim({column}, ' \t\r\n') NOT IN {_NOTHING} THEN trim({column}, ' \t\r\n') END"
    return f"CAST({column} AS VARCHAR)"
