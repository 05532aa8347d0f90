"""Columns of numbers side by side, and what is done to their rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass
class Rows:
    """Base of dataclasses whose fields are arrays with one element per row."""

    def take(self, index: Any) -> Self:
        """The rows at ``index``, in that order, or those where it is true."""
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))

    @classmethod
    def stack(cls, *parts: Self) -> Self:
        """The rows of all parts, one after the other."""
        return cls(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)))


def flags(size: int, index: Ints | list[int]) -> Bools:
    """``size`` elements, true at ``index``."""
    found = np.zeros(size, dtype=bool)
    found[index] = True
    return found


def total(values: Ints, owner: Ints, size: int) -> Ints:
    """Sum of the values of each owner, exact."""
    found = np.zeros(size, dtype=np.int64)
    np.add.at(found, owner, values)
    return found


def expand(counts: Ints) -> tuple[Ints, Ints]:
    """Row and position within the row of every element, for ``counts[i]`` elements in row i."""
    row = np.repeat(np.arange(counts.size), counts)
    start = np.cumsum(counts) - counts
    return row, np.arange(row.size) - start[row]


def bounds(owner: Ints, size: int) -> Ints:
    """Where the rows of each of ``size`` owners start, and the last end; rows are sorted by owner."""
    return np.searchsorted(owner, np.arange(size + 1))


def group_starts(*keys: Ints) -> Bools:
    """True at the first row of every run of equal keys; rows are sorted by the keys."""
    first = np.ones(keys[0].size, dtype=bool)
    if first.size:
        same = np.ones(first.size - 1, dtype=bool)
        for key in keys:
            same &= key[1:] == key[:-1]
        first[1:] = ~same
    return first


def within(first: Bools) -> Ints:
    """Position of every row within its run, from 0; ``first`` is true where a run starts."""
    index = np.arange(first.size)
    starts = index[first]
    return index - starts[np.cumsum(first) - 1] if first.size else index
