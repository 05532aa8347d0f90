"""Totals within totals: what may be shown tells nothing of few persons, whatever is added and subtracted."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cpticd.risk.nesting import Total, nested

MINIMUM = 4
KEYS = ["direction", "kind", "hcc"]
#: direction, kind and condition; each holds the persons of the numbers drawn.
CELLS = [
    ("up", "a", "1"),
    ("up", "a", "2"),
    ("up", "b", "1"),
    ("up", "b", "3"),
    ("down", "c", "1"),
    ("down", "c", "2"),
]


def rows_of(cells: dict[tuple[str, str, str], set[int]]) -> pd.DataFrame:
    rows = [(*cell, f"p{number}") for cell, numbers in cells.items() for number in numbers]
    return pd.DataFrame(rows, columns=[*KEYS, "person_id"])


def settled(rows: pd.DataFrame) -> Total:
    whole = nested(rows, KEYS)
    whole.settle(MINIMUM)
    return whole


def told(rows: pd.DataFrame, whole: Total) -> list[tuple[Any, ...]]:
    """Sets of cells of few persons whose number follows from what is shown, by the rank of what is known."""
    cells = sorted(set(rows[KEYS].itertuples(index=False, name=None)))
    shown = [
        [cell[: len(total.name)] == total.name for cell in cells]
        for total in whole.everything()
        if not total.hidden
    ]
    known = np.array(shown, dtype=float).reshape(-1, len(cells))
    rank = np.linalg.matrix_rank(known) if len(known) else 0
    found = []
    for size in range(1, len(cells) + 1):
        for chosen in itertools.combinations(range(len(cells)), size):
            at = np.isin(np.arange(len(cells)), chosen).astype(float)
            mine = [cells[place] for place in chosen]
            persons = rows.loc[
                [key in mine for key in rows[KEYS].itertuples(index=False, name=None)], "person_id"
            ]
            if persons.nunique() < MINIMUM and np.linalg.matrix_rank(np.vstack([known, at])) == rank:
                found.append(tuple(mine))
    return found


@given(
    st.dictionaries(st.sampled_from(CELLS), st.sets(st.integers(0, 15), min_size=1, max_size=8), min_size=1)
)
@settings(max_examples=150, deadline=None)
def test_no_few_persons_follow_from_what_is_shown(cells: dict[tuple[str, str, str], set[int]]) -> None:
    rows = rows_of(cells)
    assert told(rows, settled(rows)) == []


@given(
    st.dictionaries(
        st.sampled_from(CELLS), st.sets(st.integers(0, 30), min_size=MINIMUM, max_size=8), min_size=1
    )
)
@settings(max_examples=30, deadline=None)
def test_nothing_is_hidden_where_every_cell_is_of_enough(cells: dict[tuple[str, str, str], set[int]]) -> None:
    assert not [total for total in settled(rows_of(cells)).everything() if total.hidden]


def test_one_small_cell_takes_the_next_smallest_of_its_kind_along() -> None:
    rows = rows_of({CELLS[0]: {1, 2}, CELLS[1]: {3, 4, 5, 6}, CELLS[2]: {*range(10)}, CELLS[4]: {*range(9)}})
    hidden = [total.name for total in settled(rows).everything() if total.hidden]
    assert hidden == [("up", "a", "1"), ("up", "a", "2")]
    rows = rows_of({CELLS[0]: {1, 2}, CELLS[2]: {*range(10)}, CELLS[3]: {*range(5)}, CELLS[4]: {*range(9)}})
    hidden = [total.name for total in settled(rows).everything() if total.hidden]
    # The kind is the cell: another kind goes with it, and of that the smallest cell, from whose rest it would follow.
    assert hidden == [("up", "a"), ("up", "a", "1"), ("up", "b"), ("up", "b", "3")]
