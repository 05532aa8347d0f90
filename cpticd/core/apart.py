"""Analyses of one person at a time: worked out in pieces, each of some persons, and their rows left where they are.

    rows = cx.rules.check(claims, lazy=True)     # nothing is worked out yet
    rows.to_table("warehouse.findings")          # a table of Spark's catalog; on DuckDB a folder of Parquet files

What an analysis asks of all persons besides, it says here: small tables that are made of all claims before (``whole``),
and counts that every piece adds to (``total``), before the rows are worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
import pyarrow as pa


@dataclass
class Piece:
    """What an analysis that works on some persons knows of all, and what these persons add to it."""

    whole: Mapping[str, pa.Table] = field(default_factory=dict)
    totals: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    added: dict[str, pd.DataFrame] = field(default_factory=dict)
    #: Columns by which each of ``added`` is to be summed.
    keys: dict[str, list[str]] = field(default_factory=dict)


class Unknown(Exception):
    """What follows needs a total that is not known yet: this piece has said what it can for now."""


_piece: Final[ContextVar[Piece | None]] = ContextVar("piece", default=None)


@contextmanager
def within(piece: Piece) -> Iterator[None]:
    """In it an analysis works on a piece."""
    before = _piece.set(piece)
    try:
        yield
    finally:
        _piece.reset(before)


def whole(name: str) -> pa.Table | None:
    """A table of all persons where an analysis works on a piece; else None: the analysis makes it of its claims."""
    piece = _piece.get()
    return None if piece is None else piece.whole.get(name)


def total(name: str, counts: pd.DataFrame, by: Sequence[str], *, after: Sequence[str] = ()) -> pd.DataFrame:
    """Counts of all persons: ``counts``; of a piece the sums over all pieces by the columns ``by``, in their order.

    ``after``: totals that the counts were made of.
    """
    piece = _piece.get()
    if piece is None:
        return counts
    if name in piece.totals:
        return piece.totals[name]
    if any(each not in piece.totals for each in after):
        raise Unknown(name)
    piece.added[name] = counts
    piece.keys[name] = list(by)
    return counts


def summed(parts: Sequence[pd.DataFrame], by: Sequence[str]) -> pd.DataFrame:
    """The counts of several pieces together, in the order of their keys."""
    both = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return both.groupby(list(by), dropna=False, sort=True).sum().reset_index()[list(both.columns)]


@dataclass(frozen=True)
class Written:
    """A table that an analysis was written to: its name, rows and columns, and the terms of its contract."""

    name: str
    rows: int
    columns: tuple[str, ...]
    terms: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"{self.name}: {self.rows:,} rows of {len(self.columns)} columns ({self.terms.get('measure', '')})"


class Rows:
    """The rows of an analysis that was called with ``lazy=True``: not worked out before they are written."""

    def __init__(self, analysis: str, write: Callable[[str], Written]) -> None:
        self.analysis = analysis
        self._write = write

    def to_table(self, name: str) -> Written:
        """Work the rows out and write them: their name, number and columns come back, and nothing of a person.

        ``name``: on Spark a new table of the session's catalog (``warehouse.findings``), on DuckDB a new folder of
        Parquet files. Rows of a person stand together; a table has no order beyond that. Raises OutputExistsError where
        something is there, and the errors of the analysis.
        """
        return self._write(name)

    def __repr__(self) -> str:
        return (
            f"Rows of {self.analysis}, not worked out yet; .to_table(name) writes them, and leaves them there"
        )


def packed(table: pa.Table) -> bytes:
    """A table as bytes."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpacked(data: pa.Buffer | bytes) -> pa.Table:
    """The table that bytes are of."""
    return pa.ipc.open_stream(data).read_all()
