"""Where a data set lies, and the engine that reads it there: a folder, one DuckDB file, a URI or a catalog of Spark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpticd.core import database, places, store
from cpticd.core.engine import DataEngine, engine_of
from cpticd.core.errors import ArgumentError, InputError

if TYPE_CHECKING:
    from cpticd.core.engine_spark import SparkSession


def opened(
    place: str | Path, engine: str, session: SparkSession | None, memory_limit: str | None
) -> tuple[DataEngine, Any]:
    """An engine, and the tables of the data set that it is to read.

    A place that is no folder or file of this machine is Spark's: a URI as it is written, or a database of the
    session's catalog. Raises ArgumentError for a URI without Spark, InputError where no data set is there.
    """
    path = Path(place)
    try:
        there, is_file = path.exists(), path.is_file()
    except OSError as error:
        raise InputError(f"{place}: cannot be opened: {error.strerror or error}; check the path") from error
    if isinstance(place, str) and not there and (engine == "spark" or "://" in place):
        if engine != "spark":
            raise ArgumentError(
                f"{place}: a URI is opened with engine='spark' and a session that may read it; DuckDB opens a folder"
            )
        return _on_spark(place, session)
    saved = database.Database(path, engine=engine) if is_file else store.Folder(path)
    where = engine_of(engine, session, memory_limit)
    places.remember(where, path)
    return where, saved


def _on_spark(place: str, session: SparkSession | None) -> tuple[DataEngine, Any]:
    from cpticd.core.engine_spark import SparkEngine
    from cpticd.core.spark_tables import SparkTables

    where = SparkEngine(session)
    return where, SparkTables(where.session, place)
