"""Numbers in: any array-like as floats, missing ones as NaN; counts that can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError

Array = Any  # a number, a list, an array or a Series
Floats = np.ndarray


def floats(value: Array) -> Floats:
    if isinstance(value, pd.Series):
        return value.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(value, dtype=float)


def broadcast(*values: Array) -> list[Floats]:
    try:
        return [np.array(part, dtype=float) for part in np.broadcast_arrays(*map(floats, values))]
    except ValueError as error:
        raise ArgumentError(f"arrays of different lengths: {error}") from error


def counts(k: Array, n: Array) -> tuple[Floats, Floats]:
    k, n = broadcast(k, n)
    wrong = (k < 0) | (k > n) | (n < 0)
    if np.any(wrong):
        raise ArgumentError(
            f"counts: k lies between 0 and n; found k={first(k, wrong)} of n={first(n, wrong)}"
        )
    return k, n


def first(values: Floats, where: np.ndarray) -> float:
    return float(np.broadcast_to(values, where.shape)[where].flat[0])
