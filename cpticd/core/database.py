"""A data set in one DuckDB file: every table under its name, and a manifest that carries their schema.

Any program that opens DuckDB reads it; ``cpticd.open`` reads it as it reads a folder. Relations that were derived from
the tables stand in the schema ``model``, for others: they are derived anew when the file is opened.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from cpticd.core import folders, store
from cpticd.core.conform import quote
from cpticd.core.engine import DataEngine, DuckDBEngine
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.schema import TABLES
from cpticd.core.whole_files import whole

#: Where a DuckDB file says that it is one.
_MAGIC, _AT = b"DUCK", 8
#: Table of the manifest, its only cell, and the schema of what was derived.
_MANIFEST: Final = "cpticd_manifest"
MODEL: Final = "model"
_SPARK: Final = "a DuckDB file opens with engine='duckdb'; for Spark, save() the claims as a folder"
_numbers = itertools.count(1)


def is_database(path: Path) -> bool:
    """Whether a file is a DuckDB database."""
    try:
        with path.open("rb") as file:
            return file.read(_AT + len(_MAGIC))[_AT:] == _MAGIC
    except OSError:
        return False


def is_saved(path: Path) -> bool:
    """Whether a file is a data set that was exported as one."""
    if not path.is_file() or not is_database(path):
        return False
    with suppress(InputError), looking(path) as (connection, name):
        return _MANIFEST in _tables(connection, name, "main")
    return False


@contextmanager
def readable(path: Path, what: str = "DuckDB file") -> Iterator[None]:
    """DuckDB's errors in reading a file as InputError."""
    try:
        yield
    except duckdb.Error as error:
        text = " ".join(str(error).split())
        if "lock" in text.lower() or "already attached" in text:
            raise InputError(
                f"{path}: another connection has it open to write; close that, and read it again"
            ) from error
        raise InputError(f"{path}: cannot be read as a {what}: {text[:200]}; get the file again") from error


@contextmanager
def looking(path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A connection to which the file is attached, read-only, and the name that it has there."""
    with readable(path), duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {_literal(path)} AS looked_at (READ_ONLY)")
        yield connection, "looked_at"


class Database:
    """A data set in a DuckDB file, to be opened."""

    def __init__(self, path: Path, *, engine: str = "duckdb") -> None:
        """Raises InputError where the file is not a data set that this release reads, ArgumentError for Spark."""
        if engine != "duckdb":
            raise ArgumentError(f"{path}: {_SPARK}")
        self.path = path
        with looking(path) as (connection, name):
            self._names = {schema: _tables(connection, name, schema) for schema in ("main", MODEL)}
            if _MANIFEST not in self._names["main"]:
                raise InputError(
                    f"{path}: no {_MANIFEST} in it, so it is not an exported data set; read files with cpticd.read()"
                )
            row = connection.execute(f"SELECT manifest FROM {name}.main.{_MANIFEST}").fetchone()
            self.manifest = store.checked(row[0] if row else "", path)
            self._columns = {
                table: [
                    column[0] for column in connection.execute(f"DESCRIBE {name}.main.{table}").fetchall()
                ]
                for table in self._names["main"]
                if table in TABLES
            }

    def has(self, name: str) -> bool:
        """Whether a relation that was derived is there."""
        return name in self._names[MODEL]

    def scan(self, engine: DataEngine, names: Collection[str]) -> None:
        """Define every canonical table over the file, and the derived relations of these names."""
        if not isinstance(engine, DuckDBEngine):
            raise ArgumentError(f"{self.path}: {_SPARK}")
        attached = f"saved_{next(_numbers)}"
        engine.execute(f"ATTACH {_literal(self.path)} AS {attached} (READ_ONLY)")
        for name, table in TABLES.items():
            if name in self._columns:
                columns = store.columns_of(table, self._columns[name], self.path)
                engine.create(name, f"SELECT {columns} FROM {attached}.main.{name}")
            elif name in store.NEEDED:
                raise InputError(f"{self.path}: table {name} is gone; export the claims again")
            else:
                engine.load(name, table.empty())
        for name in names:
            engine.create(name, f"SELECT * FROM {attached}.{MODEL}.{name}")

    def table(self, name: str) -> pa.Table | None:
        """A small table of the file, None where it is not there."""
        if name not in self._names["main"]:
            return None
        with looking(self.path) as (connection, attached):
            return connection.sql(f"SELECT * FROM {attached}.main.{quote(name)}").to_arrow_table()


def write(
    target: Path, tables: Mapping[str, Any], derived: Mapping[str, Any], manifest: Mapping[str, Any]
) -> Path:
    """Write tables and derived relations into ``target``, whole or not at all. Returns it."""
    with whole(target, parents=True) as working, folders.temporary() as folder:
        store.write(folder / "tables", {**tables}, manifest)
        store.write(folder / MODEL, {**derived}, manifest)
        with duckdb.connect(str(working)) as connection:
            fill(connection, folder / "tables", "main")
            fill(connection, folder / MODEL, MODEL)
            connection.execute(f"CREATE TABLE {_MANIFEST} (manifest VARCHAR)")
            text = (folder / "tables" / store.MANIFEST).read_text(encoding="utf-8")
            connection.execute(f"INSERT INTO {_MANIFEST} VALUES (?)", [text])
            _comment(connection)
    return target


def fill(connection: duckdb.DuckDBPyConnection, folder: Path, schema: str) -> None:
    """A table in a schema for each Parquet file of a folder."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for file in sorted(folder.glob("*.parquet")):
        connection.execute(
            f"CREATE TABLE {schema}.{quote(file.stem)} AS SELECT * FROM read_parquet({_literal(file)})"
        )


def _comment(connection: duckdb.DuckDBPyConnection) -> None:
    """What each table and column is, where other programs show it."""
    for name, table in TABLES.items():
        connection.execute(f"COMMENT ON TABLE {name} IS {_text(table.grain)}")
        for column in table.columns:
            if column.doc:
                connection.execute(f"COMMENT ON COLUMN {name}.{column.name} IS {_text(column.doc)}")


def _tables(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> set[str]:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?",
        [database, schema],
    ).fetchall()
    return {name for (name,) in rows}


def _literal(path: Path) -> str:
    return _text(str(path))


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
