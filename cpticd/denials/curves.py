"""Kaplan–Meier curves of groups of what waits, from days that are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import stats

#: Columns of a curve behind its day, but the number of events, which its analysis names.
COLUMNS: Final = ("survival", "low", "high")


def usable(found: pd.DataFrame) -> np.ndarray:
    """Rows whose day is known and not before the day that waiting began."""
    return (found["day"].notna() & (found["day"] >= 0)).to_numpy(bool)


def curves(
    found: pd.DataFrame, by: Sequence[str], *, ended: str, events: str, confidence: float
) -> pd.DataFrame:
    """One row per group and day: ``by``, day, at_risk, ``events``, survival, low, high.

    ``found``: the columns of ``by``, day, n (how many) and ``ended``, whether they stopped waiting on that day or were
    only seen until then.
    """
    found = found.sort_values([*by, "day", ended])
    parts: list[Any] = list(found.groupby(list(by), sort=True, dropna=False)) if by else [((), found)]
    columns = [*by, "day", "at_risk", events, *COLUMNS]
    made = []
    for key, part in parts:
        curve = stats.kaplan_meier(
            part["day"].to_numpy(float), part[ended].to_numpy(bool), weights=part["n"].to_numpy(float),
            confidence=confidence,
        ).rename(columns={"events": events})  # fmt: skip
        made.append(curve.assign(**dict(zip(by, key, strict=True)))[columns])
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=columns)


def shown_days(days: pd.Series, persons: pd.DataFrame, minimum: int) -> list[Any]:
    """Days of a curve between which enough persons had the event, and after the last of which enough are left.

    ``persons``: person_id and the day of the event, missing where it has not come.
    """
    by_day = persons.dropna(subset=["day"]).groupby("day")["person_id"].agg(set)
    ends: list[Any] = []
    pending: set[str] = set()
    for day in sorted(days):
        pending |= by_day.get(day, set())
        if len(pending) >= minimum:
            ends.append(day)
            pending = set()
    while ends:
        rest = set(persons.loc[~(persons["day"] <= ends[-1]), "person_id"])
        if not rest or len(rest) >= minimum:
            break
        ends.pop()
    return ends


def as_shown(curve: pd.DataFrame, days: list[Any], events: str) -> pd.DataFrame:
    """The curve at these days, without its counts and in thousandths: more digits would tell on which days between."""
    ends = ["survival", "low", "high"]
    at = curve[curve["day"].isin(days)]
    return at.assign(**at[ends].round(3), **dict.fromkeys(("at_risk", events), float("nan")))
