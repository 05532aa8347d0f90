"""A session: where one analysis works. Its relations are its own, and gone when it ends.

    with claims.session() as s:
        s.create("visits", sql.text("patterns/visits"), first="2024-01-01")   # {first} in the text
        frame = s.frame("SELECT payer, count(*) AS n FROM visits GROUP BY payer")

Sessions of several threads over the same claims see nothing of each other. The same calls run on DuckDB and on Spark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Final, Self

import pandas as pd
import pyarrow as pa

from cpticd.core.engine import Engine
from cpticd.core.errors import CpticdError
from cpticd.core.frames import to_frame

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Session:
    """One analysis at work on an engine's relations; made by ``Claims.session()`` and used in ``with``."""

    def __init__(
        self,
        engine: Engine,
        *,
        reserved: Collection[str] = (),
        prepare: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.engine = engine
        self._reserved = frozenset(reserved)
        #: Called with every statement before it runs: what it reads may have to be made first.
        self._prepare = prepare
        self._made: dict[str, object] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.close()

    def create(self, relation: str, sql: str, *, lazy: bool = False, **parts: Any) -> str:
        """Make a relation from a SELECT, computed now unless ``lazy``; returns its name.

        ``{part}`` in the text stands for the part of that name: a number, a name that was checked, or SQL of the
        package's own; never a user's text, which is bound (``rows``, ``frame``, ``load``).
        """
        self.engine.create(self._named(relation), self._filled(sql, parts), materialize=not lazy)
        self._made[relation] = sql
        return relation

    def once(self, relation: str, sql: str, **parts: Any) -> str:
        """As ``create``, unless this session made the relation from the same text before. Returns its name."""
        text = self._filled(sql, parts)
        if self._made.get(relation, text) != text:
            raise CpticdError(
                f"relation {relation!r} is made from two queries; give one of them another name"
            )
        if relation not in self._made:
            self.engine.create(self._named(relation), text, materialize=True)
            self._made[relation] = text
        return relation

    def load(
        self, relation: str, data: pa.Table | pd.DataFrame | Mapping[str, Any], *, copy: bool = True
    ) -> str:
        """Make a relation from an Arrow table, a DataFrame or columns; returns its name.

        ``copy=False`` leaves an Arrow table where it lies, for what is large and read once or twice.
        """
        if isinstance(data, pd.DataFrame):
            data = pa.Table.from_pandas(data, preserve_index=False)
        elif not isinstance(data, pa.Table):
            data = pa.table(dict(data))
        self.engine.load(self._named(relation), data, copy=copy)
        self._made[relation] = data
        return relation

    def has(self, relation: str) -> bool:
        """Whether this session made the relation."""
        return relation in self._made

    def drop(self, *relations: str) -> None:
        """Forget relations before the session's end, where they are large."""
        for relation in relations:
            if self._made.pop(relation, None) is not None:
                self.engine.drop(relation)

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None, **parts: Any) -> pa.Table:
        """The rows of a SELECT as an Arrow table; ``$name`` stands for ``params["name"]``."""
        return self.engine.fetch(self._filled(sql, parts), params)

    def frame(self, sql: str, params: Mapping[str, Any] | None = None, **parts: Any) -> pd.DataFrame:
        """The rows of a SELECT as a DataFrame: money as float64 dollars, text as str."""
        return to_frame(self.fetch(sql, params, **parts))

    def rows(self, sql: str, params: Mapping[str, Any] | None = None, **parts: Any) -> list[dict[str, Any]]:
        """The rows of a small SELECT, each by column."""
        return self.engine.records(self._filled(sql, parts), params)

    def value(self, sql: str, params: Mapping[str, Any] | None = None, **parts: Any) -> Any:
        """The one value of a SELECT of one row and column."""
        return next(iter(self.rows(sql, params, **parts)[0].values()))

    def holds(self, rows: str) -> bool:
        """Whether ``rows``, what follows FROM, has a row."""
        self._prepare(rows)
        return self.engine.holds(rows)

    def _named(self, relation: str) -> str:
        if not _NAME.fullmatch(relation) or relation in self._reserved:
            raise CpticdError(
                f"relation {relation!r}: found a name of the data set's own, or none in lower case"
            )
        return relation

    def _filled(self, sql: str, parts: Mapping[str, Any]) -> str:
        text = sql.format(**parts) if parts else sql
        self._prepare(text)
        return text
