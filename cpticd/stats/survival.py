"""Survival: how long until something happens, with what is still open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError
from cpticd.stats.intervals import normal_quantile
from cpticd.stats.numbers import Array, Floats, floats


def kaplan_meier(
    duration: Array, observed: Array, weights: Array | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per day on which something happens: day, at_risk, events, censored, survival, low, high.

    ``duration`` in days, not negative; ``observed`` is true where the event came on that day and false where
    the item was still open then (censored after the day's events); ``weights`` counts items per row.
    ``survival`` is the share still open after the day, low and high its Greenwood interval on the log-log
    scale. Rows with a missing duration are left out. Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457.
    """
    duration = np.atleast_1d(floats(duration))
    event = np.atleast_1d(np.asarray(observed)).astype(bool)
    count = np.ones(duration.shape) if weights is None else np.atleast_1d(floats(weights))
    if not duration.shape == event.shape == count.shape:
        raise ArgumentError(
            f"kaplan_meier: {duration.size} durations, {event.size} observed, {count.size} weights; "
            "pass as many of each"
        )
    if np.any(duration < 0) or np.any(count < 0):
        raise ArgumentError(
            "kaplan_meier: durations and weights are not negative; check the order of the dates"
        )
    keep = np.isfinite(duration) & (count > 0)
    day, place = np.unique(duration[keep], return_inverse=True)
    events = np.bincount(place, count[keep] * event[keep], day.size)
    censored = np.bincount(place, count[keep] * ~event[keep], day.size)
    at_risk = (events + censored)[::-1].cumsum()[::-1]
    survival = np.cumprod(1 - events / at_risk) if day.size else np.array([])
    low, high = _greenwood(survival, events, at_risk, normal_quantile(confidence))
    frame = {"day": day, "at_risk": at_risk, "events": events, "censored": censored}
    return pd.DataFrame({**frame, "survival": survival, "low": low, "high": high})


def _greenwood(survival: Floats, events: Floats, at_risk: Floats, z: float) -> tuple[Floats, Floats]:
    """Log-log interval; where all or none have had the event it is the survival itself."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events)))) / np.abs(np.log(survival))
        low, high = survival ** np.exp(z * spread), survival ** np.exp(-z * spread)
    inside = (survival > 0) & (survival < 1)
    return np.where(inside, low, survival), np.where(inside, high, survival)
