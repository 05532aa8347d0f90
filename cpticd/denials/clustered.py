"""Rates of rows that come in claims and persons, and the intervals that follow from sums over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from cpticd import stats
from cpticd.stats import ClusterSums, Products, Ratio
from cpticd.stats.clustered import clusters

#: Columns that say how far lines depend on one another.
COLUMNS: Final = ("design_effect", "effective_lines")


def rate(found: pd.DataFrame, *, dollars: bool, confidence: float = 0.95) -> Ratio:
    """The rate of each row of :func:`sums`, of dollars or of numbers, with its interval and design effect.

    Numbers: Wilson's interval of effective rows; dollars: a linearised one.
    """
    n = found["n"]
    if dollars:
        line = Products(found["part_part"], found["part_whole"], found["whole_whole"])
        return stats.ratio_of_lines(
            n,
            found["part"],
            found["whole"],
            line,
            clusters(found, "part", "whole"),
            confidence=confidence,
        )
    return of_counts(found["hits"], n, clusters(found, "hit", "n"), confidence)


def of_counts(k: Any, n: Any, clusters: Mapping[str, ClusterSums], confidence: float = 0.95) -> Ratio:
    """k of n rows, whose clusters are given: Wilson's interval of effective rows."""
    made = stats.ratio_dependence(n, k, n, Products(k, k, n), clusters)
    low, high = stats.wilson(k, n, confidence, design_effect=made.design_effect, freedom=made.freedom)
    k, n = pd.Series(k), pd.Series(n)
    return Ratio((k / n.where(n > 0)).to_numpy(float), low, high, made.design_effect, made.freedom)


def columns_of(made: Ratio, n: Any) -> dict[str, Any]:
    """Columns rate, low, high, design_effect and effective_lines, which is ``n`` over it."""
    return {
        "rate": made.rate, "low": made.low, "high": made.high,
        "design_effect": made.design_effect, "effective_lines": n / made.design_effect,
    }  # fmt: skip


def words(confidence: float, *, dollars: bool) -> str:
    """The interval in the words of a contract."""
    what = "linearised ratio" if dollars else "Wilson of effective lines"
    return f"{confidence:.0%} {what} (design effect by claim or person, the larger)"
