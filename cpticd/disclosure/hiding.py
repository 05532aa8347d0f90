"""Tables without what a release suppresses, and the account of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cpticd.core.contract import carry
from cpticd.core.errors import ArgumentError
from cpticd.core.rounding import rounded
from cpticd.disclosure.tables import Table, as_names, columns_of

if TYPE_CHECKING:
    from cpticd.disclosure.suppress import Suppressed
    from cpticd.disclosure.system import System

#: Columns that are above nothing in a row that counts nothing.
_NO_COUNTS: Final = ("design_effect",)
#: Digits with which what compares leaves, so that whole numbers behind it cannot be read off its last ones.
DIGITS: Final = 4
#: Digits of the ends of intervals and of design effects: their last ones tell how many lines which persons have.
ENDS: Final = 3
EFFECTS: Final = 2


def protect(
    tables: Sequence[Table], facts: pd.DataFrame, person: str, minimum: int
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    if minimum <= 1:
        return {each.name: _hide(each, {}, account(len(each.frame), 0, 0, minimum)) for each in tables}
    from cpticd.disclosure.comparing import comparisons
    from cpticd.disclosure.suppress import suppress
    from cpticd.disclosure.system import build

    facts = _coded(facts, tables)
    system = build(tables, facts, person, minimum)
    left_out = suppress(system)
    compared = comparisons(tables, facts, system, left_out)
    cells: dict[str, list[int]] = {}
    for number, cell in enumerate(system.cells):
        cells.setdefault(cell.table, []).append(number)
    return {
        each.name: _protected_table(
            each, system, cells.get(each.name, []), left_out, compared.get(each.name, frozenset())
        )
        for each in tables
    }


def _coded(facts: pd.DataFrame, tables: Sequence[Table]) -> pd.DataFrame:
    """The facts with their keys as numbers of distinct values: every table of a key looks them up."""
    keys = {key for table in tables for key in table.keys.values() if key in facts.columns}
    for table in tables:
        keys |= columns_of(table.compared) & {*facts.columns} if table.compared is not None else set()
    coded = {}
    for key in sorted(keys):
        if facts[key].dtype != bool:
            codes, values = pd.factorize(facts[key])
            # (distinct values of a categorical column are one again, whose own are not all there)
            coded[key] = pd.Categorical.from_codes(codes, pd.Index(np.asarray(values)))
    return facts.assign(**coded)


def _protected_table(
    made: Table, system: System, cells: Sequence[int], left_out: Suppressed, compared: frozenset[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table without what is left out of its ``cells`` (numbers of them in the system)."""
    hidden: dict[str, set[int]] = {}
    counts = {"all": 0, "primary": 0, "complementary": 0}
    counted = set()
    for number in cells:
        cell = system.cells[number]
        whole = cell.part == ""
        counted |= {cell.row} if whole else set()
        if not cell.total:
            counts["all"] += 1
            counts["primary"] += bool(left_out.primary[number])
            counts["complementary"] += bool(left_out.complementary[number])
        if not left_out.hidden[number]:
            continue
        rows = _rows_of(made, cell.row, made.shares[cell.part]) if cell.total else {cell.row}
        columns = made.measures if whole else (cell.part,) if cell.total else made.numerators[cell.part]
        for column in columns:
            hidden.setdefault(column, set()).update(rows)
    if made.counts:
        _unmatched(made, counted)
    if hidden:
        for column in made.mixed:
            hidden[column] = set(range(len(made.frame)))
    alone = len(compared - set().union(*hidden.values()))
    if made.compared is not None:
        hidden |= {column: hidden.get(column, set()) | compared for column in as_names(made.compared.columns)}
        made = replace(made, frame=_rounded(made.frame, as_names(made.compared.columns)))
    made = replace(made, frame=_without_last_digits(made.frame))
    result = account(counts["all"], counts["primary"], counts["complementary"], system.minimum, alone)
    return _hide(made, hidden, result)


def _rounded(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Comparisons to few digits: numbers of lines to two, all else to four."""
    values: dict[str, Any] = {}
    for column in (each for each in columns if pd.api.types.is_numeric_dtype(frame[each])):
        if pd.api.types.is_integer_dtype(frame[column]):
            values[column] = pd.array([rounded(value) for value in frame[column]], dtype="Int64")
        else:
            values[column] = [_significant(value) for value in frame[column]]
    return carry(frame, frame.assign(**values))


def _without_last_digits(frame: pd.DataFrame) -> pd.DataFrame:
    """Intervals and design effects to few digits, and effective lines by these."""
    values: dict[str, Any] = {}
    for column in map(str, frame.columns):
        if not pd.api.types.is_float_dtype(frame[column]):
            continue
        if column.endswith(("low", "high")):
            values[column] = [_significant(value, ENDS) for value in frame[column]]
        if column.endswith("design_effect"):
            values[column] = [_significant(value, EFFECTS) for value in frame[column]]
            effective = f"{column.removesuffix('design_effect')}effective_lines"
            if effective in frame.columns:
                values[effective] = (frame[effective] * frame[column] / values[column]).round(1)
    return carry(frame, frame.assign(**values)) if values else frame


def _significant(value: float, digits: int = DIGITS) -> float:
    return value if not math.isfinite(value) or not value else float(f"{value:.{digits}g}")


def _rows_of(made: Table, row: int, keys: Sequence[str]) -> set[int]:
    """Rows of the group of a row."""
    at = [list(made.keys).index(key) for key in keys]
    labels = made.labels
    return {n for n, label in enumerate(labels) if all(label[place] == labels[row][place] for place in at)}


def _unmatched(made: Table, counted: set[int]) -> None:
    """A row that no fact supports is a slip in its keys, unless it counts nothing."""
    for row in sorted(set(range(len(made.frame))) - counted):
        values = made.frame.iloc[row]
        counts = [column for column in (made.persons, *made.measures) if column and column not in _NO_COUNTS]
        if any(_is_positive(values[column]) for column in counts):
            raise ArgumentError(
                f"table {made.name!r}: no fact has the key {made.labels[row]} of {dict(made.keys)}, but the row is "
                "not empty; write keys as the facts do, or map them with by={column: column of the facts}"
            )


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(value > 0)


def _hide(
    made: Table, hidden: Mapping[str, set[int]], counted: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame without what is hidden, and where that was; rows whose place would tell go last."""
    kept = made.frame.reset_index(drop=True)
    columns = list(map(str, kept.columns))
    out = {column: _at(len(kept), hidden.get(column, ())) for column in columns}
    if not any(hidden.values()):
        kept.attrs["disclosure"] = counted | {"hidden": {}}
        return kept, pd.DataFrame(out, index=kept.index, columns=kept.columns, dtype=bool)
    left = {column: nullable(kept[column]).mask(out[column]) for column in columns if out[column].any()}
    kept = kept.assign(**left)
    gone = np.zeros(len(kept), dtype=bool)
    for column in columns:
        gone |= out[column] if column not in made.mixed else False
    labels = made.labels
    if gone.any() and labels != sorted(labels):
        order = np.nonzero(~gone)[0].tolist()
        order += sorted(np.nonzero(gone)[0].tolist(), key=labels.__getitem__)
        kept = kept.iloc[order].reset_index(drop=True)
        out = {column: rows[order] for column, rows in out.items()}
    mask = pd.DataFrame(out, index=kept.index, columns=kept.columns, dtype=bool)
    kept.attrs = dict(made.frame.attrs)
    kept.attrs["disclosure"] = counted | {"hidden": _labels(mask)}
    return kept, mask


def _at(size: int, rows: Iterable[int]) -> np.ndarray[Any, np.dtype[Any]]:
    """Of each row whether it is one of these."""
    made = np.zeros(size, dtype=bool)
    made[list(rows)] = True
    return made


def nullable(values: pd.Series) -> pd.Series:
    """A column that can be missing without its numbers changing their kind."""
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean")
    return values.astype("Int64") if pd.api.types.is_integer_dtype(values) else values


def again(
    shown: tuple[pd.DataFrame, pd.DataFrame], anew: Callable[[pd.DataFrame], pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A protected frame with what is made of all its rows made anew of those that are shown, in their order."""
    frame, mask = shown
    made = anew(frame)
    mask = mask.loc[made.index].reset_index(drop=True)
    kept = made.reset_index(drop=True)
    kept.attrs = dict(frame.attrs) | dict(made.attrs)
    kept.attrs["disclosure"] = frame.attrs["disclosure"] | {"hidden": _labels(mask)}
    return kept, mask


def _labels(mask: pd.DataFrame) -> dict[str, str]:
    """Of each column where it was left out, by label of the index, so that a part of the rows still knows.

    As text, which pandas copies at no cost.
    """
    out, index = mask.to_numpy(bool), mask.index.to_numpy()
    return {
        str(column): " ".join(map(str, index[out[:, place]].tolist()))
        for place, column in enumerate(mask.columns)
        if out[:, place].any()
    }


def account(cells: int, primary: int, complementary: int, minimum: int, compared: int = 0) -> dict[str, Any]:
    if minimum <= 1:
        text = "Disclosure control is switched off: cells of any number of persons are shown."
    elif not primary + complementary:
        text = f"No cell was suppressed: each has at least {minimum} persons."
    else:
        text = f"{primary:,} of {cells:,} counts are of fewer than {minimum} persons and are suppressed"
        text += (
            f"; {complementary:,} more are suppressed because the others would give these away."
            if complementary
            else "."
        )
    if minimum > 1 and compared:
        text += f" What compares {compared:,} more rows with others is left out, since it would give such counts away."
    return {
        "minimum": minimum,
        "cells": cells,
        "suppressed": primary,
        "complementary": complementary,
        "comparisons": compared,
        "sentence": text,
    }


def hidden_of(frame: pd.DataFrame, labels: pd.Index | None = None) -> pd.DataFrame:
    """Where values of a frame were left out, as its account says by label; ``labels``: those of before."""
    mask = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    index = frame.index if labels is None else labels
    for column, left_out in frame.attrs.get("disclosure", {}).get("hidden", {}).items():
        if column in mask.columns:
            gone = index.isin([int(label) for label in left_out.split()])
            mask[column] = gone & frame[column].isna().to_numpy()
    return mask
