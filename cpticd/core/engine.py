"""Where SQL runs: DuckDB on this machine. Spark, where one machine is outgrown, is in engine_spark."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from cpticd.core.errors import EngineError, QueryError

#: Share of the machine's memory that DuckDB may use before it spills to disk.
MEMORY_SHARE = 0.6


class Engine(Protocol):
    """What an analysis may ask of an engine: SQL in DuckDB's dialect in, Arrow out."""

    name: str

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """The result of one SELECT; ``$name`` in the text stands for ``params["name"]``."""

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The result of one SELECT in pieces, for what is larger than memory."""

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        """Define relation ``name`` as a SELECT: a view, or a table computed now."""

    def load(self, name: str, data: pa.Table, *, copy: bool = True) -> None:
        """Define relation ``name`` from an Arrow table; without ``copy`` it is read where it lies."""

    def scan(self, name: str, path: Path) -> None:
        """Define relation ``name`` over a Parquet file or a folder of them."""

    def drop(self, name: str) -> None:
        """Forget relation ``name`` if it is there."""

    def seal(self) -> None:
        """No statement reaches files or settings from here on."""

    def close(self) -> None:
        """Free what the engine holds."""


def machine_memory() -> int:
    """Bytes of memory of this machine, or of its control group where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 << 30
    limit = Path("/sys/fs/cgroup/memory.max")
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(limit.read_text()))
    return total


class DuckDBEngine:
    """DuckDB, embedded: one connection per data set, with a memory limit and a folder to spill to."""

    name = "duckdb"

    def __init__(self, *, memory_limit: str | None = None, threads: int | None = None) -> None:
        self._spill = tempfile.mkdtemp(prefix="cpticd-")
        self._cleanup = weakref.finalize(self, shutil.rmtree, self._spill, ignore_errors=True)
        limit = memory_limit or f"{int(machine_memory() * MEMORY_SHARE) >> 20}MB"
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": limit,
            "temp_directory": self._spill,
            "preserve_insertion_order": "false",
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        if threads:
            config["threads"] = threads
        try:
            self.connection = duckdb.connect(":memory:", config=config)
            # In a notebook it would write an output of its own into a slow cell.
            self.connection.execute("SET enable_progress_bar = false")
        except duckdb.Error as error:
            raise EngineError(f"DuckDB does not start with {config}: {error}") from error
        self._folders: list[str] = []

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        try:
            return self.connection.sql(sql, params=dict(params) if params else None).to_arrow_table()
        except duckdb.Error as error:
            raise QueryError(f"the query failed: {error}") from error

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        try:
            yield from self.connection.sql(sql).to_arrow_reader(1 << 17)
        except duckdb.Error as error:
            raise QueryError(f"the query failed: {error}") from error

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Run a statement for its effect; for loaders, before the engine is sealed."""
        self._run(sql, params)

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        self.drop(name)
        self._run(f"CREATE {'TABLE' if materialize else 'VIEW'} {name} AS {sql}", None)

    def load(self, name: str, data: pa.Table, *, copy: bool = True) -> None:
        self.drop(name)
        if not copy:
            self.connection.register(name, data)
            return
        self.connection.register("incoming", data)
        self._run(f"CREATE TABLE {name} AS SELECT * FROM incoming", None)
        self.connection.unregister("incoming")

    def append(self, name: str, data: pa.Table) -> None:
        """Add rows to table ``name``, by column name."""
        self.connection.register("incoming", data)
        self._run(f"INSERT INTO {name} BY NAME SELECT * FROM incoming", None)
        self.connection.unregister("incoming")

    def scan(self, name: str, path: Path) -> None:
        pattern = f"{path}/*.parquet" if path.is_dir() else str(path)
        self._folders.append(str(path if path.is_dir() else path.parent))
        literal = pattern.replace("'", "''")
        self.drop(name)
        self._run(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{literal}')", None)

    def drop(self, name: str) -> None:
        for kind in ("VIEW", "TABLE"):
            with contextlib.suppress(duckdb.CatalogException):
                self.connection.execute(f"DROP {kind} IF EXISTS {name}")

    def seal(self) -> None:
        folders = "[" + ", ".join("'" + f.replace("'", "''") + "'" for f in sorted({*self._folders})) + "]"
        self._run(f"SET allowed_directories = {folders}", None)
        self._run("SET enable_external_access = false", None)
        self._run("SET lock_configuration = true", None)

    def close(self) -> None:
        self.connection.close()
        self._cleanup()

    def _run(self, sql: str, params: Mapping[str, Any] | None) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(sql, dict(params) if params else None)
        except duckdb.Error as error:
            raise QueryError(f"the query failed: {error}") from error
