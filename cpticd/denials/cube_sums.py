"""Rates and shares of chosen lines with their intervals, from columns of numbers, as the SQL of ``rates`` has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.denials import clustered
from cpticd.stats import ClusterSums, Products, Ratio

#: Kinds of clusters that an interval minds.
_KINDS: Final = {"claim": "claims", "person": "persons"}
#: Numbers of each line's cluster, by kind.
Clusters = Mapping[str, np.ndarray]


def rate(clusters: Clusters, used: np.ndarray, denied: np.ndarray) -> Ratio:
    """The rate of flagged lines among used ones (both of all lines), as an array of one row each."""
    lines, hits = np.flatnonzero(used), np.flatnonzero(denied)
    sums = {}
    for kind in _KINDS:
        n = np.bincount(clusters[kind][lines])
        of_hits = clusters[kind][hits]
        k = np.bincount(of_hits)
        sums[kind] = ClusterSums(
            _one(np.count_nonzero(n)), _one((n * n).sum()),
            Products(_one((k * k).sum()), _one(n[of_hits].sum()), _one((n * n).sum())),
        )  # fmt: skip
    return clustered.of_counts(_one(len(hits)), _one(len(lines)), sums)


def shares(
    clusters: Clusters, rows: np.ndarray, cause: np.ndarray, weight: np.ndarray, size: int
) -> pd.DataFrame:
    """One row per cause, by its number below ``size``: sums of which ``cause_shares.of`` makes the interval.

    rows: numbers of the denied lines; cause and weight: theirs.
    """
    part_part = np.bincount(cause, weight * weight, minlength=size)
    found = {
        "n": len(rows), "part": np.bincount(cause, weight, minlength=size), "whole": weight.sum(),
        "part_part": part_part, "part_whole": part_part, "whole_whole": (weight * weight).sum(),
    }  # fmt: skip
    for kind, number in _KINDS.items():
        own = np.unique(clusters[kind][rows], return_inverse=True)[1]
        n, whole = np.bincount(own), np.bincount(own, weight)
        cell, place = np.unique(own * np.int64(size) + cause, return_inverse=True)
        part = np.bincount(place, weight)
        of = cell % size
        found |= {
            number: len(n), f"{kind}_nn": (n * n).sum(), f"{kind}_whole_whole": (whole * whole).sum(),
            f"{kind}_part_part": np.bincount(of, part * part, minlength=size),
            f"{kind}_part_whole": np.bincount(of, part * whole[cell // size], minlength=size),
        }  # fmt: skip
    return pd.DataFrame(found, index=np.arange(size)).astype(float)


def _one(value: Any) -> np.ndarray:
    return np.array([value], dtype=float)
