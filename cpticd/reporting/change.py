"""Whether denials get more or fewer: the last three settled months against the same months a year before."""

from __future__ import annotations

from typing import Final, NamedTuple

import pandas as pd

from cpticd import stats

#: Months that are compared: one is too few lines, a year too late a warning.
MONTHS: Final = 3


class Change(NamedTuple):
    """A difference of two denial rates, with its 95 % interval, and the months that it is between, in words."""

    difference: float
    low: float
    high: float
    now: str
    before: str

    @property
    def is_sure(self) -> bool:
        return self.low > 0 or self.high < 0


def change(trend: pd.DataFrame) -> Change | None:
    """The rate of the last three mature months less that of the same months of the year before, else of those before.

    Newcombe's hybrid of Wilson intervals of effective lines; persons of both periods are taken to be different ones,
    which makes it wider, never narrower. None where any of the months is missing or left out.
    """
    if trend.empty or "effective_lines" not in trend.columns:
        return None
    known = trend[trend["mature"].fillna(False).astype(bool) & trend["n"].notna() & trend["denied"].notna()]
    months = known.set_index(pd.to_datetime(known["period"]).dt.to_period("M"))
    if months.empty or not months.index.is_unique:
        return None
    last = [months.index.max() - back for back in reversed(range(MONTHS))]
    for back in (12, MONTHS):
        before = [month - back for month in last]
        if set(last) | set(before) <= set(months.index):
            return _between(months.loc[last], months.loc[before])
    return None


def _between(now: pd.DataFrame, before: pd.DataFrame) -> Change:
    difference, low, high = map(float, stats.newcombe(_rate(now), _rate(before)))
    return Change(difference, low, high, _words(now), _words(before))


def _rate(months: pd.DataFrame) -> tuple[float, float, float]:
    lines, denied = float(months["n"].sum()), float(months["denied"].sum())
    effective = float(months["effective_lines"].astype(float).sum())
    low, high = stats.wilson(denied, lines, design_effect=max(1.0, lines / effective) if effective else 1.0)
    return denied / lines, float(low), float(high)


def _words(months: pd.DataFrame) -> str:
    first, last = months.index[0], months.index[-1]
    begin = f"{first:%b}" if first.year == last.year else f"{first:%b %Y}"
    return f"{begin}–{last:%b %Y}"
