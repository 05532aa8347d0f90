"""How the chosen lines of a pair depend on one another, in columns of numbers: as the SQL of ``by_pair`` adds it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass
class Clusters:
    """Of each row the number of its cluster, and of each cluster its owner (a pair, a procedure), in owners' order."""

    cluster: np.ndarray
    owner: np.ndarray


@dataclass
class Counted:
    """Of used rows the place of their cluster; of each cluster the place of its owner and its number of rows."""

    place: np.ndarray
    owner: np.ndarray
    n: np.ndarray


def clusters_of(owner: np.ndarray, cluster: np.ndarray) -> Clusters:
    """Number what belongs together: rows of one owner and one cluster."""
    width = int(cluster.max(initial=0)) + 1
    key, place = np.unique(owner.astype(np.int64) * width + cluster, return_inverse=True)
    return Clusters(place.astype(np.intp), key // width)


def counted(of: Clusters, rows: np.ndarray | slice, owner_place: np.ndarray) -> Counted:
    """Clusters with used rows, and how many; ``owner_place``: of each owner its place among those shown."""
    used = of.cluster[rows]
    n = np.bincount(used, minlength=len(of.owner))
    there = np.flatnonzero(n)
    renumbered = np.zeros(len(n), dtype=np.intp)
    renumbered[there] = np.arange(len(there))
    return Counted(renumbered[used], owner_place[of.owner[there]], n[there].astype(float))


def sums(of: Counted, residual: np.ndarray, size: int) -> pd.DataFrame:
    """One row per owner: clusters, uu, un, nn, largest, and n; ``residual`` of the used rows."""
    u = np.bincount(of.place, residual, minlength=len(of.n))
    largest = np.zeros(size)
    np.maximum.at(largest, of.owner, of.n)

    def added(value: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(of.owner, value, minlength=size).astype(float)

    return pd.DataFrame(
        {
            "id": np.arange(size), "n": added(of.n), "clusters": added(), "uu": added(u * u), "un": added(u * of.n),
            "nn": added(of.n * of.n), "largest": largest,
        }
    )  # fmt: skip


def by_kind(counts: Mapping[str, Counted], residual: np.ndarray, size: int) -> pd.DataFrame:
    """The sums of every kind of clusters, one below the other."""
    return pd.concat([sums(each, residual, size).assign(kind=kind) for kind, each in counts.items()])
