"""Where SQL runs: DuckDB on this machine. Spark, where one machine is outgrown, is in engine_spark."""

from __future__ import annotations

import contextlib
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pyarrow as pa

from cpticd.core import statements
from cpticd.core.errors import ArgumentError, EngineError, QueryError
from cpticd.core.folders import Folder
from cpticd.core.limits import memory, settings

if TYPE_CHECKING:
    from cpticd.core.engine_spark import SparkSession


class Engine(Protocol):
    """What an analysis may ask of an engine: SQL in DuckDB's dialect in, Arrow out."""

    name: str

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """The result of one SELECT; ``$name`` in the text stands for ``params["name"]``."""

    def records(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The few rows of one SELECT, each by column."""

    def holds(self, rows: str) -> bool:
        """Whether ``rows``, what follows FROM, has a row."""

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The result of one SELECT in pieces, for what is larger than memory."""

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        """Define relation ``name`` as a SELECT: a view, or a table computed now."""

    def load(self, name: str, data: pa.Table, *, copy: bool = True) -> None:
        """Define relation ``name`` from an Arrow table; without ``copy`` it is read where it lies."""

    def drop(self, name: str) -> None:
        """Forget relation ``name`` if it is there."""

    def scope(self, *, lasting: bool = False) -> Engine:
        """A connection with relations of its own beside those of this engine, which it sees and cannot change.

        Its relations are gone when it is closed. They hide relations of the same name; ``main.name`` is the
        data set's own. ``lasting``: scopes of this scope see its relations too.
        """

    def outer(self, name: str) -> str:
        """What a lasting scope's relation calls the relation of the same name that it hides."""

    def close(self) -> None:
        """Free what the engine holds."""


class DataEngine(Engine, Protocol):
    """The engine that holds a data set, from which scopes are made."""

    #: Called before a scope is made: raises where the files that were scanned are no longer what they were.
    watch: Callable[[], None]

    def scan(self, name: str, path: Path, columns: str = "*") -> None:
        """Define relation ``name`` over a Parquet file or folder; ``columns``: what is selected of it, as SQL."""

    def seal(self) -> None:
        """No statement reaches files or settings from here on."""


class _Connection:
    """Relations by one connection of DuckDB."""

    name = "duckdb"
    connection: duckdb.DuckDBPyConnection
    #: Schemas that are searched, the own one first.
    path: tuple[str, ...] = ("main",)
    #: What CREATE is followed by: TEMP where relations are the connection's own.
    _kept = ""
    #: Names of tables that are read where they lie.
    _registered: set[str]
    watch: Callable[[], None] = staticmethod(lambda: None)

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        with _errors():
            return statements.table(self.connection, sql, params)

    def records(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        with _errors():
            return statements.records(self.connection, sql, params)

    def holds(self, rows: str) -> bool:
        """Whether ``rows``, what follows FROM, has a row: asked often, so nothing of it becomes a table."""
        with _errors():
            return statements.run(self.connection, f"SELECT 1 FROM {rows} LIMIT 1").fetchall() != []

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        with _errors():
            yield from self.connection.sql(sql).to_arrow_reader(1 << 17)

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Run a statement for its effect; for loaders, before the engine is sealed."""
        with _errors():
            statements.run(self.connection, sql, params)

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        self._define(name, f"CREATE {self._kept} {'TABLE' if materialize else 'VIEW'} {name} AS {sql}")

    def load(self, name: str, data: pa.Table, *, copy: bool = True) -> None:
        if not copy:
            self.drop(name)
            self.connection.register(name, data)
            self._registered.add(name)
            return
        if few := statements.as_parameters(data):
            self._define(name, f"CREATE {self._kept} TABLE {name} AS {few[0]}", few[1])
            return
        self.connection.register("incoming", data)
        self._define(name, f"CREATE {self._kept} TABLE {name} AS SELECT * FROM incoming")
        self.connection.unregister("incoming")

    def _define(self, name: str, statement: str, params: Mapping[str, Any] | None = None) -> None:
        """Run a CREATE; what has the name already goes, which is seldom there: to ask first costs more."""
        if name in self._registered:  # it would hide the relation, and not be in its way
            self.drop(name)
        with _errors():
            try:
                statements.run(self.connection, statement, params)
            except duckdb.CatalogException as error:
                if "already exists" not in str(error):
                    raise
                self.drop(name)
                statements.run(self.connection, statement, params)

    def append(self, name: str, data: pa.Table) -> None:
        """Add rows to table ``name``, by column name."""
        self.connection.register("incoming", data)
        self.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
        self.connection.unregister("incoming")

    def drop(self, name: str) -> None:
        self._registered.discard(name)
        for kind in ("VIEW", "TABLE"):
            with contextlib.suppress(duckdb.CatalogException):
                statements.run(self.connection, f"DROP {kind} IF EXISTS {name}")

    def outer(self, name: str) -> str:
        names = self.fetch(
            "SELECT schema_name FROM duckdb_tables() WHERE table_name = $name AND NOT temporary "
            "UNION SELECT schema_name FROM duckdb_views() WHERE view_name = $name AND NOT temporary",
            {"name": name},
        )
        there = {*names.column(0).to_pylist()}
        return f"{next(schema for schema in self.path[1:] if schema in there)}.{name}"

    def close(self) -> None:
        self.connection.close()


class DuckDBEngine(_Connection):
    """DuckDB, embedded: one database per data set, with a memory limit and a folder to spill to."""

    def __init__(self, *, memory_limit: str | None = None, threads: int | None = None) -> None:
        limits = settings()
        # By the user: what loaders would keep below it stays below it.
        self._limited = memory_limit is not None or limits.origins["memory_limit"] != "default"
        self._spills = False  # before that limit is reached
        self._limit = memory(memory_limit) if memory_limit is not None else limits.memory_limit
        self._spill = Folder(limits.spill_folder)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._limit,
            "temp_directory": str(self._spill.path),
            "preserve_insertion_order": "false",
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": threads or limits.threads,
        }
        try:
            self.connection = duckdb.connect(":memory:", config=config)
            # In a notebook it would write an output of its own into a slow cell.
            self.connection.execute("SET enable_progress_bar = false")
        except duckdb.Error as error:
            raise EngineError(f"DuckDB does not start with {config}: {error}") from error
        self._folders: list[str] = []
        self._registered = set()

    def scope(self, *, lasting: bool = False) -> DuckDBScope:
        return DuckDBScope(self, lasting=lasting)

    def scan(self, name: str, path: Path, columns: str = "*") -> None:
        pattern = f"{path}/*.parquet" if path.is_dir() else str(path)
        self._folders.append(str(path if path.is_dir() else path.parent))
        literal = pattern.replace("'", "''")
        self.drop(name)
        self.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM read_parquet('{literal}')")

    def folder(self, name: str) -> Path:
        """A new folder of the engine's own, gone with it, for a relation that is written to disk."""
        made = self._spill.path / f"{name}_{next(_scopes)}"
        made.mkdir()
        return made

    def spill_beyond(self, size: int) -> None:
        """Keep no more than ``size`` bytes in memory until the engine is sealed, unless the user set a limit."""
        if not self._limited:
            self.execute(f"SET memory_limit = '{size >> 20}MB'")
            self._spills = True

    def seal(self) -> None:
        if self._spills:
            self.execute(f"SET memory_limit = '{self._limit}'")
        allowed = sorted({*self._folders, str(self._spill.path)})
        folders = "[" + ", ".join("'" + f.replace("'", "''") + "'" for f in allowed) + "]"
        self.execute(f"SET allowed_directories = {folders}")
        self.execute("SET enable_external_access = false")
        self.execute("SET lock_configuration = true")

    def close(self) -> None:
        super().close()
        self._spill.close()


def engine_of(name: str, session: SparkSession | None, memory_limit: str | None) -> DataEngine:
    """The engine of a name; ArgumentError for another."""
    if name == "duckdb":
        if session is not None:
            raise ArgumentError("session goes with engine='spark'")
        return DuckDBEngine(memory_limit=memory_limit)
    if name == "spark":
        from cpticd.core.engine_spark import SparkEngine

        return SparkEngine(session)
    raise ArgumentError(f"no engine {name!r}; there are 'duckdb' and 'spark'")


class DuckDBScope(_Connection):
    """A cursor with relations of its own: temporary ones that no other cursor sees, or a schema that lasts with it."""

    def __init__(self, parent: _Connection, *, lasting: bool) -> None:
        self.watch = parent.watch
        self.watch()
        with _errors(), _one_at_a_time:
            self.connection = parent.connection.cursor()
            self.path = parent.path
            if lasting:
                self.path = (f"scope_{next(_scopes)}", *parent.path)
                self.connection.execute(f"CREATE SCHEMA {self.path[0]}")
                # By a cursor of its own: this one may be at work when the scope is collected.
                self._removed = weakref.finalize(self, _remove, parent.connection.cursor(), self.path[0])
            self.connection.execute(f"SET search_path = '{','.join(self.path)}'")
        self._registered = set()
        self._lasting = lasting
        self._kept = "" if lasting else "TEMP"

    def scope(self, *, lasting: bool = False) -> DuckDBScope:
        return DuckDBScope(self, lasting=lasting)

    def drop(self, name: str) -> None:
        # Only what is its own: without the schema's name DROP would reach the data set.
        self._registered.discard(name)
        own = self.path[0] if self._lasting else "temp"
        super().drop(f"{own}.{name}")

    def close(self) -> None:
        super().close()
        if self._lasting:
            self._removed()


_scopes = itertools.count(1)
#: A connection makes cursors for one thread at a time.
_one_at_a_time = threading.RLock()


def _remove(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    with contextlib.suppress(duckdb.Error):
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.close()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """DuckDB's errors as the package's own; an interruption stays one."""
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except RuntimeError as error:  # what a signal that arrives within a query becomes
        raise (KeyboardInterrupt if "interrupted" in str(error).lower() else error) from None
    except duckdb.Error as error:
        raise QueryError(f"the query failed: {error}") from error
