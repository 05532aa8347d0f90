"""Intervals of rates and of ratios of sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cpticd.core.errors import ArgumentError
from cpticd.stats.numbers import Array, Floats, broadcast, counts, floats


def wilson(
    k: Array, n: Array, confidence: float = 0.95, *, design_effect: Array = 1.0, freedom: Array = np.inf
) -> tuple[Floats, Floats]:
    """One interval per pair of counts: Wilson's score interval (low, high) of the rate k / n.

    ``k`` of ``n``, any shape that broadcasts; n = 0 gives NaN. Where lines depend on one another, ``design_effect``
    divides both counts and ``freedom`` puts a t distribution in place of the normal one (:func:`dependence`). Raises
    ArgumentError for k outside 0…n or a confidence outside (0, 1). Wilson, J. Am. Stat. Assoc. 22 (1927) 209; of
    effective counts: Korn and Graubard, Survey Methodology 24 (1998) 193.
    """
    k, n = counts(k, n)
    z = quantile(confidence, freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = k / n
        n = n / floats(design_effect)
        center = (rate + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = np.where(k == 0, 0.0, np.clip(center - half, 0.0, rate))
    high = np.where(k == n, 1.0, np.clip(center + half, rate, 1.0))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def newcombe(one: Sequence[Array], base: Sequence[Array]) -> tuple[Floats, Floats, Floats]:
    """One difference one − base of two independent rates, with its interval (difference, low, high).

    Each is given as rate, low and high (:func:`wilson`). Newcombe, Stat. Med. 17 (1998) 873, interval 10.
    """
    (rate, low, high), (of_base, base_low, base_high) = map(floats, one), map(floats, base)
    difference = rate - of_base
    down, up = np.hypot(rate - low, base_high - of_base), np.hypot(high - rate, of_base - base_low)
    return difference, difference - down, difference + up


def ratio_interval(
    num: Array, den: Array, clusters: Array | None = None, confidence: float = 0.95
) -> tuple[float, float, float]:
    """One ratio of sums, sum(num) / sum(den), of a part to its whole, with its interval: ratio, low, high.

    Linearised (delta) standard error over independent units: one row each, or all rows of one value of
    ``clusters`` together, such as the lines of a claim. The interval is cut to 0…1.
    """
    num, den = (np.atleast_1d(part) for part in broadcast(num, den))
    if clusters is not None:
        _, place = np.unique(np.asarray(clusters), return_inverse=True)
        if place.shape != num.shape:
            raise ArgumentError(f"clusters: {place.size} values for {num.size} rows")
        num, den = np.bincount(place, num), np.bincount(place, den)
    ratio, low, high = ratio_interval_of_sums(
        num.size,
        num.sum(),
        den.sum(),
        num_squared=(num * num).sum(),
        den_squared=(den * den).sum(),
        product=(num * den).sum(),
        confidence=confidence,
    )
    return float(ratio), float(low), float(high)


def ratio_interval_of_sums(
    units: Array,
    num: Array,
    den: Array,
    *,
    num_squared: Array,
    den_squared: Array,
    product: Array,
    confidence: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """One ratio of sums per row with its interval (ratio, low, high), from sums over independent units.

    ``units`` is how many there are (claims, for instance), then the sums of num, den, num², den² and num·den
    over them: what one GROUP BY can give. The same linearised interval as ``ratio_interval``; NaN with a
    single unit or where den adds up to nothing.
    """
    units, num, den, nn, dd, nd = broadcast(units, num, den, num_squared, den_squared, product)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(den > 0, num / den, np.nan)
        residual = np.maximum(nn - 2 * ratio * nd + ratio * ratio * dd, 0.0)
        half = z * np.sqrt(residual * units / (units - 1)) / den
    half = np.where(units > 1, half, np.nan)
    return ratio, np.clip(ratio - half, 0.0, 1.0), np.clip(ratio + half, 0.0, 1.0)


def quantile(confidence: float, freedom: Array = np.inf) -> Floats:
    """Standard deviations on either side of a two-sided interval of a t distribution, an entry per ``freedom``."""
    from scipy.special import stdtrit

    normal = normal_quantile(confidence)
    freedom = floats(freedom)
    with np.errstate(invalid="ignore"):
        found = stdtrit(np.minimum(freedom, 1e9), (1 + confidence) / 2)
    return np.where(freedom >= 1e6, normal, found)


def normal_quantile(confidence: float) -> float:
    """Standard deviations on either side of a two-sided normal interval; ArgumentError outside (0, 1)."""
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise ArgumentError(f"confidence: found {confidence!r}; it lies between 0 and 1, such as 0.95")
    return float(ndtri((1 + confidence) / 2))
