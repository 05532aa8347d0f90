"""Lines that depend on one another: design effects by claim and by person, estimated from sums over clusters.

Lines of one claim, person or provider tend to be denied together. The variance of a rate is then larger than that of as
many independent lines; by how much is its design effect (Kish, Survey Sampling, 1965), and the number of lines divided
by it is what the rate rests on (Rao and Scott, Biometrics 48 (1992) 577).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from cpticd.stats.numbers import Array, Floats, broadcast, floats

#: Clusters' worth of what is expected of a row's dependence, beside what the row itself shows.
_PRIOR_CLUSTERS: Final = 5.0
#: The same for the correlation of a procedure's lines, beside that of all procedures.
_PRIOR_OF_CORRELATION: Final = 10.0
#: A design effect is not estimated below this: few clusters may cancel by chance.
_LEAST: Final = 0.05
#: Degrees of freedom that are as good as a normal distribution.
_MANY: Final = 1e9


class Clusters(NamedTuple):
    """Of each row the clusters of one kind: how many, and sums over them.

    A cluster's ``n`` is the number of its lines, its ``u`` the sum of their residuals (outcome less expectation).
    """

    number: Array
    uu: Array
    un: Array
    nn: Array


class Dependence(NamedTuple):
    """Of each row its design effect, at least 1, the kind of clusters that it is of, and degrees of freedom."""

    design_effect: Floats
    kind: np.ndarray
    freedom: Floats


def correlation(n: Array, squares: Array, clusters: Clusters, within: Array | None = None) -> Floats:
    """One number per row, 0 to 1: how alike lines of one cluster are (intraclass correlation of residuals).

    ``n`` lines with residuals that add up to nothing, whose squares add up to ``squares``. Moments of pairs of lines;
    a row of few clusters leans on all rows together, or on those of the same number in ``within``.
    """
    n, squares, uu, nn = broadcast(n, squares, clusters.uu, clusters.nn)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(n > 0, squares * (nn / n - 1), 0.0)
        own = np.where(room > 1e-9, (uu - squares) / room, 0.0)
        effective = np.where(nn > 0, n * n / nn, 0.0)
    group = np.zeros(n.shape, dtype=int) if within is None else np.unique(within, return_inverse=True)[1]
    whole, shared = (np.bincount(group, np.nan_to_num(each)) for each in (room, uu - squares))
    pooled = (shared / np.where(whole > 1e-9, whole, np.inf))[group]
    weight = effective / (effective + _PRIOR_OF_CORRELATION)
    return np.clip(weight * own + (1 - weight) * np.clip(pooled, 0, 1), 0, 1)


def dependence(
    n: Array,
    total: Array,
    squares: Array,
    clusters: Mapping[str, Clusters],
    correlations: Mapping[str, Array],
) -> Dependence:
    """One design effect per row: the largest over kinds of clusters (claims, persons).

    ``n`` lines whose residuals add up to ``total`` and their squares to ``squares``; ``clusters`` by kind, and by kind
    the correlation that is expected within them. A row's own variance between clusters, about the row's mean, over that
    of independent lines is noisy with few clusters: on the log scale it leans, with the weight of 5 clusters, on
    1 + (m - 1) · correlation, where m is the mean size of a line's cluster. ``freedom`` belongs to a t distribution in
    place of the normal (Satterthwaite): few for few clusters that matter, as good as endless for independent lines.
    """
    n, total, squares = broadcast(n, total, squares)
    found = Dependence(np.ones(n.shape), np.full(n.shape, "", dtype=object), np.full(n.shape, _MANY))
    for kind, sums in clusters.items():
        effect, effective = _design_effect(n, total, squares, sums, floats(correlations[kind]))
        with np.errstate(divide="ignore", invalid="ignore"):
            inflated = np.where(effect > 1, (effect / (effect - 1)) ** 2, _MANY)
        freedom = np.clip((np.maximum(effective, 1) - 1 + _PRIOR_CLUSTERS) * inflated, 1, _MANY)
        larger = effect > found.design_effect
        found = Dependence(
            np.where(larger, effect, found.design_effect),
            np.where(larger, kind, found.kind),
            np.where(larger, freedom, found.freedom),
        )
    return found


def _design_effect(
    n: Floats, total: Floats, squares: Floats, sums: Clusters, correlation: Floats
) -> tuple[Floats, Floats]:
    """Of one kind of clusters, and how many clusters of equal size would weigh as much."""
    number, uu, un, nn = (floats(each) for each in sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(n > 0, total / n, 0.0)
        between = uu - 2 * mean * un + mean * mean * nn
        within = squares - n * mean * mean
        # Each about the mean that it was taken from; lines that are clusters of their own have a design effect of 1.
        own = (between * number / (number - 1)) / (within * n / (n - 1))
        effective = np.where(nn > 0, n * n / nn, 0.0)
        size = np.where(n > 0, nn / n, 1.0)
    known = (number > 1) & (within > 1e-9 * np.maximum(n, 1))
    weight = np.where(known, (effective - 1) / (effective - 1 + _PRIOR_CLUSTERS), 0.0)
    expected = 1 + (np.maximum(size, 1) - 1) * np.nan_to_num(correlation)
    logs = weight * np.log(np.where(known, np.maximum(own, _LEAST), 1.0)) + (1 - weight) * np.log(expected)
    return np.maximum(np.exp(logs), 1.0), effective
