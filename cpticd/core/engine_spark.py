"""Where one machine is outgrown: the same SQL, translated by SQLGlot, run by Spark where the data lies."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
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


def translate(sql: str, views: Callable[[str, str], str] | None = None) -> str:
    """A SELECT in DuckDB's dialect as one in Spark's; ``views(schema, name)`` names the view of each table (no CTE)."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    ctes = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for cte in tree.find_all(exp.CTE):
        cte.set("materialized", None)
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name.lower() in ctes):
            continue
        alias = table.alias or table.name
        if views is not None:
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

    def view(self, schema: str, name: str) -> str:
        """The view that a name stands for: this engine's own, else its parent's; ``enclosing``: not its own.

        ``main``: that of the data set, whatever is chosen of it.
        """
        place: _Views = self if schema != "enclosing" or self._parent is None else self._parent
        while place._parent is not None and (schema == "main" or name.lower() not in place._own):
            place = place._parent
        return place._prefix + name

    def outer(self, name: str) -> str:
        return f"enclosing.{name}"

    def scope(self, *, lasting: bool = False) -> _Views:
        return _Views(self.session, self)

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        with _errors():
            return self._run(sql, params).toArrow()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        yield from self.fetch(sql).to_batches()

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        with _errors():
            frame = self._run(sql, None)
            self.drop(name)
            # Computed now, and the long plan behind it forgotten.
            self._keep(name, frame.localCheckpoint() if materialize else frame, cached=materialize)

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
        return self.session.sql(translate(sql, self.view), args=dict(params) if params else None)


class SparkEngine(_Views):
    """Spark: views of one data set under names of its own, in a session that may hold others."""

    def __init__(self, session: SparkSession | None = None) -> None:
        super().__init__(session or local_session())

    def scan(self, name: str, path: Path, columns: str = "*") -> None:
        try:
            frame = self.session.read.parquet(str(path))
        except PySparkException as error:
            raise EngineError(f"Spark cannot read {path}: {error}") from error
        self._keep(name, frame)
        if columns != "*":
            text = translate(f"SELECT {columns} FROM {name}", self.view)
            self._keep(name, self.session.sql(text))

    def seal(self) -> None:
        """Nothing to do: what users may run is checked before it is translated."""


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """What SQLGlot, Spark and its Java refuse, as the package's own error."""
    try:
        yield
    except (sqlglot.errors.SqlglotError, PySparkException, Py4JError) as error:
        raise QueryError(f"Spark cannot run the query: {error}") from error
