"""Tables without what a release suppresses, and the account of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError
from cpticd.disclosure.tables import Table

if TYPE_CHECKING:
    from cpticd.disclosure.suppress import Suppressed
    from cpticd.disclosure.system import System


def protect(
    tables: Sequence[Table], facts: pd.DataFrame, person: str, minimum: int
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    if minimum <= 1:
        return {each.name: _hide(each, {}, account(len(each.frame), 0, 0, minimum)) for each in tables}
    from cpticd.disclosure.suppress import suppress
    from cpticd.disclosure.system import build

    system = build(tables, facts, person, minimum)
    left_out = suppress(system)
    return {each.name: _protected_table(each, system, left_out) for each in tables}


def _protected_table(made: Table, system: System, left_out: Suppressed) -> tuple[pd.DataFrame, pd.DataFrame]:
    hidden: dict[str, set[int]] = {}
    counts = {"all": 0, "primary": 0, "complementary": 0}
    counted = set()
    for number, cell in enumerate(system.cells):
        if cell.table != made.name:
            continue
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
    _unmatched(made, counted)
    if hidden:
        for column in made.mixed:
            hidden[column] = set(range(len(made.frame)))
    result = account(counts["all"], counts["primary"], counts["complementary"], system.minimum)
    return _hide(made, hidden, result)


def _rows_of(made: Table, row: int, keys: Sequence[str]) -> set[int]:
    """Rows of the group of a row."""
    at = [list(made.keys).index(key) for key in keys]
    labels = made.labels
    return {n for n, label in enumerate(labels) if all(label[place] == labels[row][place] for place in at)}


def _unmatched(made: Table, counted: set[int]) -> None:
    """A row that no fact supports is a slip in its keys, unless it counts nothing."""
    for row in sorted(set(range(len(made.frame))) - counted):
        values = made.frame.iloc[row]
        if any(_is_positive(values[column]) for column in [made.persons, *made.measures] if column):
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
    mask = pd.DataFrame(False, index=pd.RangeIndex(len(made.frame)), columns=made.frame.columns)
    for column, rows in hidden.items():
        mask.loc[sorted(rows), column] = True
    kept = made.frame.reset_index(drop=True)
    for column in (each for each in mask.columns if mask[each].any()):
        kept[column] = nullable(kept[column]).mask(mask[column])
    gone: list[bool] = mask.drop(columns=list(made.mixed)).any(axis=1).tolist()
    labels = made.labels
    if any(gone) and labels != sorted(labels):
        order = [n for n in range(len(labels)) if not gone[n]]
        order += sorted((n for n in range(len(labels)) if gone[n]), key=labels.__getitem__)
        kept, mask = (part.iloc[order].reset_index(drop=True) for part in (kept, mask))
    kept.attrs = dict(made.frame.attrs)
    # By label of the index, so that a part of the rows still knows; as text, which pandas copies at no cost.
    left_out = {
        str(column): " ".join(map(str, mask.index[mask[column]]))
        for column in mask.columns
        if mask[column].any()
    }
    kept.attrs["disclosure"] = counted | {"hidden": left_out}
    return kept, mask


def nullable(values: pd.Series) -> pd.Series:
    """A column that can be missing without its numbers changing their kind."""
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean")
    return values.astype("Int64") if pd.api.types.is_integer_dtype(values) else values


def account(cells: int, primary: int, complementary: int, minimum: int) -> dict[str, Any]:
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
    return {
        "minimum": minimum,
        "cells": cells,
        "suppressed": primary,
        "complementary": complementary,
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
