"""One table of a release: which column is a key, which measure belongs to which set of persons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Compared

Names = str | Sequence[str]


@dataclass(frozen=True)
class Table:
    """A frame whose rows are cells: keys (column -> column of the facts), and which measures give what away."""

    name: str
    frame: pd.DataFrame
    keys: Mapping[str, str]
    persons: str | None
    measures: tuple[str, ...]
    numerators: Mapping[str, tuple[str, ...]]
    shares: Mapping[str, tuple[str, ...]]
    mixed: tuple[str, ...]
    where: tuple[str, ...]
    compared: Compared | None = None

    @property
    def counts(self) -> bool:
        """Whether its rows show anything that they count; a table may show comparisons alone."""
        return bool(self.measures or self.numerators or self.shares or self.persons)

    @cached_property
    def labels(self) -> list[tuple[str, ...]]:
        """The key of each row as text, by which rows are ordered whatever their place."""
        columns = [texts(self.frame[column]) for column in self.keys]
        return list(zip(*columns, strict=True)) if columns else [()] * len(self.frame)


def table(
    name: str,
    frame: pd.DataFrame,
    *,
    by: Names | Mapping[str, str] = (),
    persons: str | None = None,
    measures: Names | None = None,
    numerators: Mapping[str, Names] | None = None,
    shares: Mapping[str, Names] | None = None,
    mixed: Names = (),
    labels: Names = (),
    where: Names = (),
    compared: Compared | None = None,
) -> Table:
    """A checked :class:`Table`; ArgumentError for a column that is not there or a row that stands twice."""
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(f"table {name!r}: found {type(frame).__name__}; give a DataFrame")
    keys = dict(by) if isinstance(by, Mapping) else {column: column for column in as_names(by)}
    named = as_names(labels)
    rest = [str(column) for column in frame.columns if column not in keys and column not in named]
    made = Table(
        name=name,
        frame=frame,
        keys=keys,
        persons=persons,
        measures=tuple(rest if measures is None else as_names(measures)),
        numerators={flag: as_names(columns) for flag, columns in (numerators or {}).items()},
        shares={column: as_names(group) for column, group in (shares or {}).items()},
        mixed=as_names(mixed),
        where=as_names(where),
        compared=compared,
    )
    asked = [*keys, *([persons] if persons else []), *made.measures, *made.mixed, *made.shares, *named]
    asked += [column for columns in made.numerators.values() for column in columns]
    asked += as_names(compared.columns) if compared else ()
    _present(made, asked)
    _present(made, [column for group in made.shares.values() for column in group], among=list(keys))
    rows = made.labels
    if len(set(rows)) < len(rows):
        twice = next(row for row in rows if rows.count(row) > 1)
        raise ArgumentError(
            f"table {name!r}: the row {twice} of {list(keys)} stands twice; name in by every column that tells "
            "its rows apart"
        )
    return made


def _present(made: Table, columns: Iterable[str], among: list[str] | None = None) -> None:
    found = list(map(str, made.frame.columns)) if among is None else among
    absent = sorted({column for column in columns if column not in found})
    if absent:
        raise ArgumentError(f"table {made.name!r}: no column {absent}; found {found}")


def as_names(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def columns_of(compared: Compared) -> set[str]:
    """Columns of facts that tell what rows are compared with."""
    return {*as_names(compared.within), *as_names(compared.flags)}.union(*map(as_names, compared.leaning))


def texts(values: pd.Series) -> list[str]:
    """Each value as text that is the same in facts and frames: days without time, whole numbers without point."""
    if not isinstance(values.dtype, np.dtype) or values.dtype == object:
        return [text(value) for value in values.tolist()]
    found, unique = pd.factorize(values)
    written = np.array([*(text(value) for value in unique.tolist()), ""], dtype=object)
    return written[found].tolist()


def text(value: Any) -> str:
    """One value as text; a missing one is empty."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def places(table: Table, facts: pd.DataFrame) -> np.ndarray:
    """For each fact the row of the table that counts it, -1 where none does."""
    at = np.zeros(len(facts), dtype=np.int64)
    rows = np.zeros(len(table.frame), dtype=np.int64)
    for column, key in table.keys.items():
        if key not in facts.columns:
            raise ArgumentError(
                f"table {table.name!r}: the facts have no column {key!r}; found {list(facts.columns)}; "
                f"map keys to columns of the facts with by={{{column!r}: …}}"
            )
        found, unique = pd.factorize(facts[key])
        known = texts(pd.Series(unique)) if len(unique) else []
        code = {written: number for number, written in enumerate(dict.fromkeys([*known, ""]))}
        recoded = np.array([*(code[written] for written in known), code[""]], dtype=np.int64)[found]
        wanted = np.array([code.get(written, -1) for written in texts(table.frame[column])], dtype=np.int64)
        rows = np.where((rows >= 0) & (wanted >= 0), rows * len(code) + wanted, -1)
        at = np.where(at >= 0, at * len(code) + recoded, -1)
        # Few combinations are of the table: numbered anew, they stay small whatever the number of keys.
        combos = np.unique(rows[rows >= 0])
        rows = np.where(rows >= 0, np.searchsorted(combos, rows), -1)
        place = np.minimum(np.searchsorted(combos, at), max(len(combos) - 1, 0))
        at = np.where((at >= 0) & (combos[place] == at), place, -1) if len(combos) else np.full(len(at), -1)
    row_of = np.full(max(int(rows.max(initial=-1)), 0) + 2, -1, dtype=np.int64)
    row_of[rows] = np.arange(len(rows))
    row_of[-1] = -1  # what no row counts, and rows of unknown keys
    at = row_of[at]
    for name in table.where:
        at = np.where(flags(table, facts, name), at, -1)
    return at


def flags(table: Table, facts: pd.DataFrame, name: str) -> np.ndarray:
    """A yes-or-no column of the facts."""
    if name not in facts.columns:
        raise ArgumentError(
            f"table {table.name!r}: the facts have no column {name!r} that says which of them count; "
            f"found {list(facts.columns)}"
        )
    return facts[name].fillna(False).to_numpy(dtype=bool)
