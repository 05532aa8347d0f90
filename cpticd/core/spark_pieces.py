"""Pieces of a data set on Spark's workers: all records of some persons in one place, where the package works on them.

Each table travels once, as Arrow, to the worker that has the piece; what comes back to the driver is what was counted.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from cpticd.core.apart import packed, unpacked
from cpticd.core.engine_spark import _errors, _Views
from cpticd.core.errors import EngineError, OutputExistsError, QueryError

#: Rows of a table that a worker puts in order by piece at once.
_AT_ONCE: Final = 1_000_000
_PACKED: Final = "piece int, name string, rows binary"
_DONE: Final = pa.schema([("kind", pa.string()), ("name", pa.string()), ("payload", pa.binary())])
#: What a person's records are found by; of a claim without a person it is the claim.
_PERSON: Final = "pmod(xxhash64(coalesce(concat('p', person_id), concat('c', {other}))), {pieces})"
#: A piece in, what it comes to out: kind, name and bytes.
Work = Callable[[Mapping[str, pa.Table]], Iterable[tuple[str, str, bytes]]]


class SparkPieces:
    """Tables of a data set, packed by piece of persons; closed after use."""

    def __init__(self, engine: _Views, names: Iterable[str], pieces: int) -> None:
        self.session = engine.session
        _same_python(self.session)
        person = partial(_PERSON.format, pieces=pieces)
        claims = engine.relation("SELECT claim_id, person_id FROM claims")
        place = claims.selectExpr("claim_id", f"CAST({person(other='claim_id')} AS INT) AS piece")
        packed = []
        for name in names:
            frame = engine.relation(f"SELECT * FROM {name}")
            if "claim_id" in frame.columns:
                frame = frame.join(place, "claim_id")
            else:
                text = person(other="'no person'")
                frame = frame.selectExpr("*", f"CAST({text} AS INT) AS piece")
            packed.append(frame.mapInArrow(partial(_packed, name), _PACKED))
        every = packed[0]
        for each in packed[1:]:
            every = every.unionAll(each)
        self._packed = every.persist(StorageLevel.DISK_ONLY)
        self._done: DataFrame | None = None

    def worked(self, work: Work) -> list[tuple[str, str, bytes]]:
        """Work on every piece; what it comes to but for its ``rows``, which stay where they are."""
        self._forget()
        done = self._packed.groupBy("piece").applyInArrow(
            lambda piece: _worked(work, piece),  # Spark asks what a function takes, and reads no partial
            "kind string, name string, payload binary",
        )
        self._done = done.persist(StorageLevel.DISK_ONLY)
        with _where_the_package_is():
            found = self._done.where("kind <> 'rows'").toArrow().to_pylist()
        return [(row["kind"], row["name"], row["payload"]) for row in found]

    def write(self, table: str, schema: pa.Schema) -> None:
        """The rows of the last work as a new table of the catalog, in this schema."""
        assert self._done is not None
        rows = self._done.where("kind = 'rows'").select("payload")
        rows = rows.mapInArrow(partial(_unpacked, schema), from_arrow_schema(schema))
        try:
            with _where_the_package_is():
                rows.write.saveAsTable(table)
        except QueryError as error:
            if isinstance(error.__cause__, AnalysisException) and "ALREADY_EXISTS" in str(error):
                raise OutputExistsError(
                    f"{table}: the catalog has a table of this name; give another, or drop it"
                ) from error
            raise

    def close(self) -> None:
        self._forget()
        self._packed.unpersist()

    def _forget(self) -> None:
        if self._done is not None:
            self._done.unpersist()
            self._done = None


def _same_python(session: SparkSession) -> None:
    """Workers of this machine run the Python that this is, unless the user says which."""
    context = getattr(session, "_sc", None)  # a session elsewhere (Spark Connect) has none
    if context is not None and context.master.startswith("local") and "PYSPARK_PYTHON" not in os.environ:
        context.pythonExec = sys.executable


@contextlib.contextmanager
def _where_the_package_is() -> Iterator[None]:
    """EngineError with what to do where the workers do not have the package."""
    try:
        with _errors():
            yield
    except QueryError as error:
        if "No module named 'cpticd'" in str(error) or "No module named 'duckdb'" in str(error):
            raise EngineError(
                "Spark's workers do not have cpticd: install the wheel that the driver has where they run Python "
                "(a library of the cluster, or PYSPARK_PYTHON's environment on every worker)"
            ) from error
        raise


def _packed(name: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of a table by piece: one row per piece and so many rows, which it has as bytes."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(each.num_rows for each in held) >= _AT_ONCE:
            yield from _by_piece(name, pa.Table.from_batches(held))
            held = []
    if held:
        yield from _by_piece(name, pa.Table.from_batches(held))


def _by_piece(name: str, table: pa.Table) -> Iterator[pa.RecordBatch]:
    if not table.num_rows:
        return
    table = table.sort_by("piece").combine_chunks()
    pieces, starts = np.unique(table["piece"].to_numpy(), return_index=True)
    rows = table.drop_columns("piece")
    for piece, start, end in zip(pieces, starts, [*starts[1:], table.num_rows], strict=True):
        yield pa.RecordBatch.from_pydict(
            {
                "piece": pa.array([piece], pa.int32()),
                "name": pa.array([name], pa.string()),
                "rows": pa.array([packed(rows.slice(start, end - start))], pa.binary()),
            }
        )


def _worked(work: Work, piece: pa.Table) -> pa.Table:
    """What one piece comes to."""
    held: dict[str, list[pa.Table]] = {}
    for name, rows in zip(piece["name"].to_pylist(), piece["rows"], strict=True):
        held.setdefault(name, []).append(unpacked(rows.as_buffer()))
    done = list(work({name: pa.concat_tables(tables) for name, tables in held.items()}))
    return pa.Table.from_pydict(
        {name: [each[at] for each in done] for at, name in enumerate(_DONE.names)}, schema=_DONE
    )


def _unpacked(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for rows in batch.column("payload"):
            yield from unpacked(rows.as_buffer()).cast(schema).to_batches()
