"""Numbers that are no cell of a table, written so that they tell nothing of few persons."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd


def few(value: Any, minimum: int) -> Any:
    """A count, or ``fewer than 11`` where it is above none and below the minimum."""
    return f"fewer than {minimum}" if isinstance(value, int) and 0 < value < minimum else value


def rounded(value: Any) -> Any:
    """A count or an amount to two digits, and to tens at least: a difference of such numbers tells nothing."""
    if pd.isna(value) or not value:
        return value
    step = max(10, 10 ** (math.floor(math.log10(abs(value))) - 1))
    return round(value / step) * step


def columns_rounded(frame: pd.DataFrame, *names: str) -> dict[str, Any]:
    """Columns of counts and amounts, each value ``rounded``: what a table may leave with that others stand beside.

    >>> columns_rounded(pd.DataFrame({"lines": [89, 276]}), "lines")["lines"].tolist()
    [90, 280]
    """
    made = {name: [rounded(value) for value in frame[name]] for name in names}
    whole = {name for name in names if pd.api.types.is_integer_dtype(frame[name])}
    return {
        name: pd.array(values, dtype="Int64" if name in whole else "Float64") for name, values in made.items()
    }


def about(value: Any, minimum: int) -> Any:
    """A count that no table protects: ``fewer than 11``, or rounded; with a minimum of 1 as it is."""
    if minimum <= 1 or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return few(value, minimum) if 0 < value < minimum else rounded(value)
