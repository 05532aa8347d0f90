"""Where one machine is outgrown: the same SQL, translated by SQLGlot, run by Spark where the data lies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from cpticd.core.errors import EngineError, QueryError

try:
    import sqlglot
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession
    from sqlglot import exp
except ImportError as error:
    raise EngineError(
        f"engine='spark' needs the extra 'spark' ({error}); install it with: pip install 'cpticd[spark]'"
    ) from error

_count = itertools.count(1)


def translate(sql: str, prefix: str = "") -> str:
    """A SELECT in DuckDB's dialect as one in Spark's, its tables (not its CTEs) named with ``prefix``."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    ctes = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for cte in tree.find_all(exp.CTE):
        cte.set("materialized", None)
    for table in tree.find_all(exp.Table):
        if table.name.lower() not in ctes and isinstance(table.this, exp.Identifier):
            alias = table.alias or table.name
            table.this.set("this", prefix + table.name)
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


class SparkEngine:
    """Spark: views of one data set under names of its own, in a session that may hold others."""

    name = "spark"

    def __init__(self, session: SparkSession | None = None) -> None:
        self.session = session or local_session()
        self._prefix = f"cpticd_{next(_count)}_"
        self._cached: dict[str, DataFrame] = {}

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        return self._run(sql, params).toArrow()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        yield from self.fetch(sql).to_batches()

    def create(self, name: str, sql: str, *, materialize: bool = False) -> None:
        frame = self._run(sql, None)
        self.drop(name)
        if materialize:
            frame = frame.localCheckpoint()  # computed now, and the long plan behind it forgotten
            self._cached[name] = frame
        frame.createOrReplaceTempView(self._prefix + name)

    def load(self, name: str, data: pa.Table, *, copy: bool = True) -> None:
        self.drop(name)
        self.session.createDataFrame(data).createOrReplaceTempView(self._prefix + name)

    def scan(self, name: str, path: Path) -> None:
        try:
            self.session.read.parquet(str(path)).createOrReplaceTempView(self._prefix + name)
        except PySparkException as error:
            raise EngineError(f"Spark cannot read {path}: {error}") from error

    def drop(self, name: str) -> None:
        if name in self._cached:
            self._cached.pop(name).unpersist()
        self.session.catalog.dropTempView(self._prefix + name)

    def seal(self) -> None:
        """Nothing to do: what users may run is checked before it is translated."""

    def close(self) -> None:
        for view in self.session.catalog.listTables():
            if view.name.startswith(self._prefix):
                self.drop(view.name.removeprefix(self._prefix))

    def _run(self, sql: str, params: Mapping[str, Any] | None) -> DataFrame:
        try:
            text = translate(sql, self._prefix)
            return self.session.sql(text, args=dict(params) if params else None)
        except (sqlglot.errors.SqlglotError, PySparkException) as error:
            raise QueryError(f"Spark cannot run the query: {error}") from error
