"""Checks of the arguments that many analyses have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from cpticd.core.errors import ArgumentError


def one_of(name: str, value: Any, known: Iterable[Any]) -> None:
    """Raise ArgumentError unless ``value`` is one of the known ones."""
    there = list(known)
    if value not in there:
        raise ArgumentError(f"{name}={value!r}: expected one of {', '.join(map(repr, there))}")


def whole(name: str, value: Any, lowest: int = 1) -> int:
    """A whole number from ``lowest`` on; ArgumentError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < lowest:
        raise ArgumentError(f"{name}={value!r}: expected a whole number of {lowest} or more")
    return int(value)
