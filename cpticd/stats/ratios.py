"""Rates and ratios of sums over lines that depend on one another: their design effects and intervals.

A rate is the ratio of two sums over lines (denied lines to lines, denied dollars to dollars charged). Its linearised
variance comes from residuals, what is counted of a line less the ratio times what it is counted of, added up over the
clusters that lines come in (Woodruff, J. Am. Stat. Assoc. 66 (1971) 411; Skinner, Holt and Smith, Analysis of Complex
Surveys, 1989).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cpticd.stats.dependence import Clusters, Dependence, correlation, dependence
from cpticd.stats.intervals import quantile, wilson
from cpticd.stats.numbers import Array, Floats, broadcast, floats

#: Digits of a design effect: sums over rows in any order end in noise.
_DIGITS = 9


class Products(NamedTuple):
    """Of each row sums over its units (lines or clusters): of part², part · whole and whole²."""

    parts: Array
    both: Array
    wholes: Array


class ClusterSums(NamedTuple):
    """Of each row its clusters of one kind: how many, the sum of their squared numbers of lines, and products."""

    number: Array
    nn: Array
    products: Products


class Ratio(NamedTuple):
    """Of each row part / whole, its interval, its design effect and the degrees of freedom of the interval."""

    rate: Floats
    low: Floats
    high: Floats
    design_effect: Floats
    freedom: Floats


def ratio_dependence(
    lines: Array, part: Array, whole: Array, products: Products, clusters: Mapping[str, ClusterSums]
) -> Dependence:
    """One design effect per row, of the ratio part / whole of sums over ``lines`` lines.

    products: over single lines; clusters: the same over claims and over persons, for instance. The largest counts, as
    in :func:`dependence`, with what all rows together say of how alike lines of a cluster are.
    """
    lines, part, whole = broadcast(lines, part, whole)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(whole > 0, part / whole, 0.0)
        # Rows of many dollars do not outweigh the others.
        unit = np.where(whole > 0, (whole / lines) ** 2, 1.0)
    squares = _residual(ratio, products) / unit
    nothing = np.zeros(lines.shape)
    sums = {
        kind: Clusters(each.number, _residual(ratio, each.products) / unit, nothing, each.nn)
        for kind, each in clusters.items()
    }
    alike = {kind: correlation(lines, squares, each) for kind, each in sums.items()}
    found = dependence(lines, nothing, squares, sums, alike)
    return found._replace(
        design_effect=found.design_effect.round(_DIGITS), freedom=found.freedom.round(_DIGITS - 3)
    )


def rate_dependence(k: Array, n: Array, sums: Mapping[str, Array]) -> Dependence:
    """One design effect per row, of the rate k / n of lines, the larger of claims and persons.

    sums: claims and persons, how many there are, and over them sums of n² (``claim_nn``), n · k (``claim_nk``) and k²
    (``claim_kk``), and of persons the same.
    """
    clusters = {
        kind: ClusterSums(
            sums[f"{kind}s"],
            sums[f"{kind}_nn"],
            Products(sums[f"{kind}_kk"], sums[f"{kind}_nk"], sums[f"{kind}_nn"]),
        )
        for kind in ("claim", "person")
    }
    return ratio_dependence(n, k, n, Products(k, k, n), clusters)


def ratio_of_lines(
    lines: Array,
    part: Array,
    whole: Array,
    products: Products,
    clusters: Mapping[str, ClusterSums],
    *,
    confidence: float = 0.95,
    highest: float = 1.0,
) -> Ratio:
    """One ratio of sums over lines per row with its linearised interval, cut to 0…1, or to 0…``highest``.

    A part of a whole is 1 at most; dollars per unit of value have no highest (``np.inf``), and no interval where all
    lines have the same. The variance is that of independent lines times the design effect, the quantile that of a t
    distribution. A ratio of 0 or 1 has no variance: its interval is Wilson's of effective lines, those of many dollars
    counting for fewer (Kish 1965). NaN where the whole is nothing. Parameters as in :func:`ratio_dependence`.
    """
    found = ratio_dependence(lines, part, whole, products, clusters)
    lines, part, whole = broadcast(lines, part, whole)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(whole > 0, part / whole, np.nan)
        variance = found.design_effect * _residual(ratio, products) * lines / (lines - 1)
        half = quantile(confidence, found.freedom) * np.sqrt(np.maximum(variance, 0.0)) / whole
        even = np.where(whole > 0, np.minimum(whole * whole / floats(products.wholes), lines), 0.0)
    edge = ~(variance > 0)
    if highest > 1:
        half = np.where(edge | (lines < 2), np.nan, half)
        low = np.clip(ratio - half, 0.0, highest)
        return Ratio(ratio, low, ratio + half, found.design_effect, found.freedom)
    ends = wilson(
        np.clip(np.nan_to_num(ratio), 0, 1) * even, even, confidence, design_effect=found.design_effect
    )
    low = np.where(edge, ends[0], np.clip(ratio - half, 0.0, 1.0))
    high = np.where(edge, ends[1], np.clip(ratio + half, 0.0, 1.0))
    return Ratio(ratio, low, high, found.design_effect, found.freedom)


def _residual(ratio: Floats, products: Products) -> Floats:
    """Sums of squared residuals."""
    parts, both, wholes = broadcast(*products)
    found: Floats = np.maximum(parts - 2 * ratio * both + ratio * ratio * wholes, 0.0)
    return found
