"""Where one machine is outgrown: the same SQL, translated by SQLGlot, run by Spark where the data lies."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from cpticd.core.errors import EngineError, QueryError

try:
    import sqlglot
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession
    from sqlglot import exp
except ImportError as error:
    raise EngineError(
        f"engine='spark' needs the extra 'spark' ({error}); install it with: pip install 'cpticd[spark]'"
    ) from error

_count = itertools.count(1)


def translate(tree: exp.Expression, views: Callable[[str, str], str]) -> str:
    """A SELECT in Spark's dialect; ``views(schema, name)`` names the view of each table (no CTE)."""
    ctes = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for cte in tree.find_all(exp.CTE):
        cte.set("materialized", None)
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name.lower() in ctes):
            continue
        alias = table.alias or table.name
        table.this.set("this", views(table.db, table.name))
        table.set("db", None)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return tree.sql(dialect="spark")


def local_session() -> SparkSession:
    """A Spark session on this machine, for small data and tests."""
    try:
        return (
            SparkSession.builder.master("local[*]")
            .appName("cpticd")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
    except Exception as error:  # Java's absence shows in many forms
        raise EngineError(
            f"Spark does not start: {error}; it needs a Java runtime (17 or later), found by JAVA_HOME or PATH"
        ) from error


class _Views:
    """Views in a Spark session under names of their own, beside those of the engine that they belong to."""

    name = "spark"

    def __init__(self, session: SparkSession, parent: _Views | None = None) -> None:
        self.session = session
        self._prefix = f"cpticd_{next(_count)}_"
        self._parent = parent
        self._own: dict[str, DataFrame | None] = {}
        self.watch: Callable[[], None] = parent.watch if parent else lambda: None
        self.watch()

    def view(self, schema: str, name: str) -> str:
        """The view that a name stands for: this engine's own, else its parent's; ``enclosing``: not its own.

        ``main``: that of the data set, whatever is chosen of it.
        """
        place: _Views = self if schema != "enclosing" or self._parent is None else self._parent
        while place._parent is not None and (schema == "main" or name.lower() not in place._own):
            place = place._parent
        place._read(name)
        return place._prefix + name

    def _read(self, name: str) -> None:
        """Make the view of a name that is about to be read, where it waits for that."""

    def outer(self, name: str) -> str:
        return f"enclosing.{name}"

    def scope(self, *, lasting: bool = False) -> _Views:
        return _Views(self.session, self)

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        with _errors():
            return self._run(sql, params).toArrow()

    def records(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        return self.fetch(sql, params).to_pylist()

    def holds(self, rows: str) -> bool:
        return bool(self.records(f"SELECT 1 AS one FROM {rows} LIMIT 1"))

    def relation(self, sql: str) -> DataFrame:
        """The result of a SELECT where it lies."""
        with _errors():
            return self._run(sql, None)

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        yield from self.fetch(sql).to_batches()

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        with _errors():
            frame = self._run(sql, None)
            self.drop(name)
            self._keep(name, _computed(frame) if materialize else frame, cached=materialize)

    def load(self, name: str, data: pa.Table, *, copy: bool = True) -> None:
        self.drop(name)
        with _errors():
            self._keep(name, self.session.createDataFrame(data))

    def drop(self, name: str) -> None:
        if name.lower() not in self._own:
            return
        cached = self._own.pop(name.lower())
        if cached is not None:
            cached.unpersist()
        self.session.catalog.dropTempView(self._prefix + name)

    def close(self) -> None:
        for name in list(self._own):
            self.drop(name)

    def _keep(self, name: str, frame: DataFrame, *, cached: bool = False) -> None:
        frame.createOrReplaceTempView(self._prefix + name)
        self._own[name.lower()] = frame if cached else None

    def _run(self, sql: str, params: Mapping[str, Any] | None) -> DataFrame:
        """The result of a SELECT in DuckDB's dialect; a CTE that is MATERIALIZED is computed once, before the others.

        Spark writes every CTE out wherever it is named, and plans of relations that build on each other double at
        every step.
        """
        tree = sqlglot.parse_one(sql, read="duckdb")
        args = dict(params) if params else None
        computed: dict[str, str] = {}

        def view(schema: str, name: str) -> str:
            return (
                computed[name.lower()] if not schema and name.lower() in computed else self.view(schema, name)
            )

        try:
            plain: list[exp.CTE] = []  # those before, which are written out
            for cte in list(tree.ctes):
                if not cte.args.get("materialized"):
                    plain.append(cte)
                    continue
                before = cte.this.copy()
                for other in plain:
                    before = before.with_(other.alias, as_=other.this.copy(), copy=False)
                frame = _computed(self.session.sql(translate(before, view), args=args))
                name = f"{self._prefix}{next(_count)}_{cte.alias}"
                frame.createOrReplaceTempView(name)
                computed[cte.alias.lower()] = name
                cte.pop()
            if (names := tree.find(exp.With)) and not names.expressions:
                names.pop()
            return self.session.sql(translate(tree, view), args=args)
        finally:  # what was made of them is planned by now
            for name in computed.values():
                self.session.catalog.dropTempView(name)


class SparkEngine(_Views):
    """Spark: views of one data set under names of its own, in a session that may hold others."""

    def __init__(self, session: SparkSession | None = None) -> None:
        super().__init__(session or local_session())
        #: What makes a view that no statement has named yet. Of dozens of files and views of a data set an analysis
        #: reads a few, and Spark takes seconds for the schemas and plans of all.
        self._waiting: dict[str, Callable[[], None]] = {}
        self._one_at_a_time = threading.RLock()

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        if materialize:
            super().create(name, sql, materialize=True)
        else:
            self._wait(name, partial(super().create, name, sql))

    def scan(self, name: str, path: Path, columns: str = "*") -> None:
        self._wait(name, partial(self._scan, name, path, columns))

    def take(self, name: str, frame: DataFrame, columns: str = "*") -> None:
        """Define a table over a frame of this session, by the SQL of its columns."""
        self._wait(name, partial(self._take, name, frame, columns))

    def drop(self, name: str) -> None:
        self._waiting.pop(name.lower(), None)
        super().drop(name)

    def _wait(self, name: str, make: Callable[[], None]) -> None:
        self.drop(name)
        self._waiting[name.lower()] = make

    def _read(self, name: str) -> None:
        with self._one_at_a_time:
            if make := self._waiting.pop(name.lower(), None):
                make()

    def _scan(self, name: str, path: Path, columns: str) -> None:
        try:
            frame = self.session.read.parquet(str(path))
        except PySparkException as error:
            raise EngineError(f"Spark cannot read {path}: {error}") from error
        self._take(name, frame, columns)

    def _take(self, name: str, frame: DataFrame, columns: str) -> None:
        self._keep(name, frame)
        if columns != "*":
            self._keep(name, self._run(f"SELECT {columns} FROM {name}", None))

    def seal(self) -> None:
        """Nothing to do: what users may run is checked before it is translated."""


def _computed(frame: DataFrame) -> DataFrame:
    """The rows of a frame, computed now, and the long plan behind them forgotten.

    A checkpoint keeps the size that the plan behind it was estimated at, which joins multiply until the numbers alone
    take minutes; rows without a plan have none.
    """
    plan = getattr(frame, "_jdf", None)  # a session elsewhere (Spark Connect) has none
    if plan is not None:
        session = frame.sparkSession
        rows = session._jsparkSession.createDataFrame(plan.toJavaRDD(), plan.schema())
        frame = type(frame)(rows, session)
    return frame.localCheckpoint()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """What SQLGlot, Spark and its Java refuse, as the package's own error."""
    try:
        yield
    except (sqlglot.errors.SqlglotError, PySparkException, Py4JError) as error:
        raise QueryError(f"Spark cannot run the query: {error}") from error
