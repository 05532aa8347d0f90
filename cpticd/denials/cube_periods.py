"""Chosen lines over time: month by month with limits, and a period beside the one before it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.denials import trend_rules
from cpticd.denials.cube_choice import Choice
from cpticd.denials.cube_chosen import Chosen, Columns, Within
from cpticd.denials.trend import COLUMNS

Unit = Literal["lines", "charge"]
#: First and last month or day of a period, as written and as days.
Period = tuple[str, str, tuple[date, date]]

#: Mean moving range of two independent standard normal numbers (d2 of Shewhart charts for n = 2).
_D2: Final = 1.1283791670955126


def months(chosen: Chosen, within: Within, unit: Unit, mature_share: float) -> pd.DataFrame:
    """One row per month of service: n, denied, rate, its limits, adjudicated_share, mature, signal, direction."""
    cube = chosen.cube
    used = chosen.those(chosen.used, within)
    lines, adjudicated = _by_month(cube, chosen.inside(within)), _by_month(cube, used)
    if unit == "charge":
        n = _by_month(cube, used, cube.charge).round(2)
        denied = _by_month(cube, used, chosen.amount).round(2)
    else:
        n, denied = adjudicated, _by_month(cube, chosen.those(chosen.denied, within))
    period = np.datetime64(cube.months[0] if cube.months else "1970-01", "M") + np.arange(len(lines))
    there = lines > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = adjudicated / lines
    ended = (period + 1).astype("datetime64[D]") <= cube.last_day + np.timedelta64(1, "D")
    found = pd.DataFrame(
        {"period": period.astype("datetime64[s]"), "n": n, "denied": denied, "adjudicated_share": share}
    )
    found["mature"] = (share >= mature_share) & ended
    return _limits(found[there].reset_index(drop=True), unit)


def _by_month(cube: Columns, flags: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Flagged lines, or the sum of their weight, by month, from the first month of the cube to the last."""
    size = int((_month(cube, -1) - _month(cube, 0)).astype(int)) + 1 if cube.months else 0
    rows = np.flatnonzero(flags)
    weights = None if weight is None else weight[rows]
    return np.bincount(cube.month_place[rows], weights, minlength=size + 1)[:size]


def _month(cube: Columns, place: int) -> np.datetime64:
    return np.datetime64(cube.months[place], "M")


def _limits(found: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    """Rate, limits and signals of months, from the mature ones."""
    n, denied = found["n"].to_numpy(float), found["denied"].to_numpy(float)
    mature = found["mature"].to_numpy(bool) & (n > 0)
    if unit == "lines":
        limited = trend_rules.limited(stats.laney_p_prime(denied, n, use=mature), n, mature)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(n > 0, denied / n, np.nan)
        total = n[mature].sum()
        center = np.full(len(n), denied[mature].sum() / total if total > 0 else np.nan)
        half = 3 * np.abs(np.diff(rate[mature])).mean() / _D2 if mature.sum() > 1 else np.nan
        ends = {"lower": np.clip(center - half, 0, 1), "upper": np.clip(center + half, 0, 1)}
        read = trend_rules.read(rate, center, np.full(len(n), half / 3), mature)
        limited = {"rate": rate, "center": center, **ends, **read}
    return found.assign(**limited)[list(COLUMNS)]


def compared(cube: Columns, choice: Choice) -> tuple[Period, Period] | None:
    """The period that is chosen and the one before it, as long; where the data do not hold it, the period's halves.

    In months where it begins and ends with one, else in days. None where there is nothing to compare.
    """
    if not cube.months:
        return None
    first, last = choice.dates or (None, None)
    start = np.datetime64(first, "D") if first else _month(cube, 0).astype("datetime64[D]")
    end = np.datetime64(last, "D") if last else _last(_month(cube, -1))
    whole = start == start.astype("datetime64[M]") and end == _last(end.astype("datetime64[M]"))
    step = "datetime64[M]" if whole else "datetime64[D]"
    start, end, least = start.astype(step), end.astype(step), _month(cube, 0).astype(step)
    size = int((end - start).astype(int)) + 1
    if start - size < least:
        size //= 2
        start = end - (size - 1)
    return (_period(start, end), _period(start - size, start - 1)) if size >= 1 else None


def _period(first: np.datetime64, last: np.datetime64) -> Period:
    return str(first), str(last), (_date(first), _date(_last(last)))


def _date(span: np.datetime64) -> date:
    return pd.Timestamp(span).date()


def _last(span: np.datetime64) -> np.datetime64:
    """The last day of a month, or of a day."""
    return (span + 1).astype("datetime64[D]") - np.timedelta64(1, "D")


def change(now: pd.Series, then: pd.Series, periods: tuple[Period, Period]) -> dict[str, Any]:
    """Both periods beside each other, with Newcombe's interval of the difference of their rates."""
    (first, last, _), (before_first, before_last, _) = periods
    row: dict[str, Any] = {
        "first": first, "last": last, "previous_first": before_first, "previous_last": before_last,
    }  # fmt: skip
    for name in ("n", "denied", "rate", "denied_amount"):
        row |= {name: now[name], f"previous_{name}": then[name]}
    ends = stats.newcombe(*([of[name] for name in ("rate", "low", "high")] for of in (now, then)))
    return row | dict(zip(("difference", "difference_low", "difference_high"), ends, strict=True))
