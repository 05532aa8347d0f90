"""Days of the simulation: whole numbers, counted from 1970-01-01."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.vectors import Bools, Ints

#: A day that never comes.
NEVER = 32_000_000


def first_day(year: int) -> int:
    """January 1 of ``year``."""
    return day(f"{year:04d}-01-01")


def day(text: str) -> int:
    """The day written as YYYY-MM-DD."""
    return int(np.datetime64(text, "D").astype(int))


def months(days: Ints) -> Ints:
    """Months since January 1970."""
    found: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return found


def calendar_years(days: Ints) -> Ints:
    """Calendar year of each day."""
    return months(days) // 12 + 1970


def is_weekend(days: Ints) -> Bools:
    """Saturdays and Sundays."""
    return (days + 3) % 7 >= 5


def ages(days: Ints | int, birth: Ints) -> Ints:
    """Whole years of age on each day."""
    return (days - birth) * 4 // 1461
