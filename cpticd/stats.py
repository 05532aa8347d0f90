"""Intervals, shrinkage, tests and control limits: arrays in, arrays of the same shape out.

A missing number (NaN) in gives a missing number out and takes no part in anything else. scipy does the work
where it has it, and is imported when first needed, so that importing cpticd stays fast; the tests hold the
rest against statsmodels, which takes a second or two to import.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError

__all__ = [
    "benjamini_hochberg",
    "exceedance",
    "hypergeometric_cumulants",
    "kaplan_meier",
    "laney_p_prime",
    "normal_quantile",
    "ratio_interval",
    "ratio_interval_of_sums",
    "shrink",
    "stratified_excess",
    "wilson",
]

Array = Any  # a number, a list, an array or a Series
Floats = np.ndarray

#: Prior of the beta-binomial precision, log-normal: it decides only where a handful of rows cannot.
_PRECISION_CENTER: Final = 50.0
_PRECISION_SPREAD: Final = 2.0
_PRECISION_RANGE: Final = (0.1, 1e7)
#: Mean moving range of two independent standard normal numbers (d2 of Shewhart charts for n = 2).
_D2: Final = 1.1283791670955126


def wilson(k: Array, n: Array, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """One interval per pair of counts: Wilson's score interval (low, high) of the rate k / n.

    ``k`` of ``n``, any shape that broadcasts; n = 0 gives NaN. Raises ArgumentError for k outside 0…n or a
    confidence outside (0, 1). Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    """
    k, n = _counts(k, n)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = k / n
        center = (rate + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = np.where(k == 0, 0.0, np.clip(center - half, 0.0, rate))
    high = np.where(k == n, 1.0, np.clip(center + half, rate, 1.0))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def shrink(k: Array, n: Array, expected: Array, precision: float | None = None) -> tuple[Floats, float]:
    """One rate per row, shrunk from k / n towards the row's expected rate, and the prior's precision m.

    Beta-binomial empirical Bayes: a row's rate has the prior Beta(m·e, m·(1-e)), so that the shrunk rate is
    (k + m·e) / (n + m): m counts like so many lines of prior evidence. m is the same for all rows and
    maximises their marginal likelihood under a weak log-normal prior about 50, which matters only for a few
    rows; pass ``precision`` to use one found elsewhere. Rows with n = 0 get their expected rate.
    """
    k, n = _counts(k, n)
    expected = np.broadcast_to(_floats(expected), k.shape)
    if np.any((expected < 0) | (expected > 1)):
        found = _first(expected, (expected < 0) | (expected > 1))
        raise ArgumentError(f"expected: rates lie between 0 and 1; found {found}")
    if precision is None:
        precision = _precision(k, n, expected)
    return (k + precision * expected) / (n + precision), float(precision)


def _precision(k: Floats, n: Floats, expected: Floats) -> float:
    from scipy.optimize import minimize_scalar
    from scipy.special import betaln

    use = np.isfinite(k) & np.isfinite(expected) & (n > 0)
    # An expected rate of exactly 0 or 1 says nothing about the precision.
    use &= (expected > 0) & (expected < 1)
    rows = np.stack([k[use], n[use], expected[use]])
    # Rows with the same counts and expectation are one term with a weight.
    (k, n, e), weight = np.unique(rows, axis=1, return_counts=True)

    def loss(log_m: float) -> float:
        m = np.exp(log_m)
        terms = betaln(k + m * e, n - k + m * (1 - e)) - betaln(m * e, m * (1 - e))
        prior = ((log_m - np.log(_PRECISION_CENTER)) / _PRECISION_SPREAD) ** 2 / 2
        return float(prior - weight @ terms)

    bounds = tuple(np.log(_PRECISION_RANGE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def exceedance(k: Array, n: Array, expected: Array, precision: float, benchmark: Array) -> Floats:
    """One probability per row: that its rate exceeds the benchmark, given k of n and ``shrink``'s prior."""
    from scipy.special import betaincc

    k, n = _counts(k, n)
    expected, benchmark = _floats(expected), _floats(benchmark)
    alpha, beta = k + precision * expected, n - k + precision * (1 - expected)
    with np.errstate(invalid="ignore"):
        inside = betaincc(alpha, beta, np.clip(benchmark, 0, 1))
    # A prior at exactly 0 or 1 that the counts do not contradict stays there.
    sure = np.where(alpha <= 0, 0.0, np.where(beta <= 0, 1.0, np.nan))
    return np.where(np.isnan(sure), inside, np.where(sure > benchmark, 1.0, 0.0))


def stratified_excess(
    observed: Array,
    mean: Array,
    variance: Array,
    third: Array | None = None,
    fourth: Array | None = None,
    *,
    mid: bool = False,
) -> Floats:
    """One p-value per row: the chance of at least the observed count when only the strata matter.

    The count is a sum of independent hypergeometric counts, one per stratum, whose cumulants add up over
    strata: mean, variance, third and fourth (``hypergeometric_cumulants`` gives each stratum's). The tail is
    the saddlepoint approximation (Lugannani and Rice, Adv. Appl. Prob. 12 (1980) 475, on the lattice) of a
    sum of two binomials with the same cumulants. Against exact sums it is within 5 % in nine of ten cases
    down to 0.0001, and within 25 % down to 0.000001; near the largest count that can be, it errs on the safe
    side. Fewer cumulants tell less: with ``third`` alone small p-values come out up to twice too small, with
    neither several times, unless strata are alike and much larger than what is drawn from them. ``mid=True``
    counts the observed value by half (mid-p): nearly uniform where nothing is to be found.
    """
    observed, mean, variance = _broadcast(observed, mean, variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A hypergeometric count is a sum of independent yes-or-no draws (Vatutin and Mikhailov 1982). The
        # cumulants give mean and mean square, weighted by variance, of how lopsided these are (1 - 2p).
        lean = 2 * variance / mean - 1 if third is None else np.clip(_floats(third) / variance, -1, 1)
        square = lean**2 if fourth is None else np.clip((1 + 2 * _floats(fourth) / variance) / 3, lean**2, 1)
    tail = _upper_tail(observed, mean, variance, lean, square)
    if mid:
        tail = (tail + _upper_tail(observed + 1, mean, variance, lean, square)) / 2
    return tail


def _upper_tail(k: Floats, mean: Floats, variance: Floats, lean: Floats, square: Floats) -> Floats:
    """P(shift + Binomial(n1, p) + Binomial(n2, 1 - p) >= k) by saddlepoint."""
    from scipy.special import gammainc, ndtr

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lop = np.clip(np.sqrt(square), 1e-9, 1 - 1e-9)
        p, q = (1 - lop) / 2, (1 + lop) / 2
        n1, n2 = ((1 + sign * np.clip(lean / lop, -1, 1)) * variance / (2 * p * q) for sign in (1, -1))
        shift = mean - n1 * p - n2 * q
        # No further than the last step of the two binomials: the true sum may still reach beyond.
        at = np.minimum(k - shift, n1 + n2) - 0.5
        t = _saddlepoint(at, n1, n2, p, q)
        first, second = (part / (1 + part * np.expm1(t)) * np.exp(t) for part in (p, q))
        curvature = n1 * first * (1 - first) + n2 * second * (1 - second)
        height = t * at - n1 * np.log1p(p * np.expm1(t)) - n2 * np.log1p(q * np.expm1(t))
        w = np.sign(t) * np.sqrt(np.maximum(2 * height, 0))
        u = 2 * np.sinh(t / 2) * np.sqrt(curvature)
        density = np.exp(-w * w / 2) / np.sqrt(2 * np.pi)
        tail = ndtr(-w) + density * (1 / u - 1 / w)
        middle = 0.5 - lean / (6 * np.sqrt(2 * np.pi * variance))
        bound = gammainc(np.maximum(k, 0), mean)  # Poisson
    tail = np.where(np.abs(w) < 1e-3, middle, tail)
    tail = np.where(at < k - shift - 0.5, np.minimum(tail, bound), tail)
    tail = np.where((k <= 0) | (at <= 0), 1.0, tail)
    certain = variance <= 1e-12 * np.maximum(mean, 1.0)
    tail = np.where(certain, np.where(k <= mean + 1e-9, 1.0, 0.0), tail)
    return np.where(
        np.isfinite(k) & np.isfinite(mean) & np.isfinite(variance), np.clip(tail, 0.0, 1.0), np.nan
    )


def _saddlepoint(at: Floats, n1: Floats, n2: Floats, p: Floats, q: Floats) -> Floats:
    """The t at which the tilted mean of the two binomials is ``at``, by bisection."""
    low, high = np.full(at.shape, -60.0), np.full(at.shape, 60.0)
    for _ in range(60):
        t = (low + high) / 2
        odds = np.exp(t)
        below = n1 * p * odds / (q + p * odds) + n2 * q * odds / (p + q * odds) < at
        low, high = np.where(below, t, low), np.where(below, high, t)
    return (low + high) / 2


def hypergeometric_cumulants(drawn: Array, marked: Array, total: Array) -> tuple[Floats, ...]:
    """One mean, variance, third and fourth cumulant per stratum: of the marked ones among ``drawn``.

    ``marked`` of ``total`` are marked (denied), ``drawn`` are drawn without replacement (the pair's lines).
    """
    n, k, total = _broadcast(drawn, marked, total)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = n * k / total
        variance = np.where(total > 1, mean * (1 - k / total) * (total - n) / (total - 1), 0.0)
        third = variance * (total - 2 * k) * (total - 2 * n) / (total * (total - 2))
        fourth = (
            total * (total + 1) - 6 * k * (total - k) - 6 * n * (total - n) + 6 * variance * (5 * total - 6)
        )
        fourth = variance * fourth / ((total - 2) * (total - 3))
    # With three or fewer there is one yes-or-no draw, or all but one.
    small = variance * (1 - 6 * variance)
    return mean, variance, np.where(total > 2, third, 0.0), np.where(total > 3, fourth, small)


def benjamini_hochberg(p: Array) -> Floats:
    """One q-value per p-value: the false discovery rate at which it would just be reported.

    The family is the p-values that are numbers; NaN stays NaN. Benjamini and Hochberg, J. R. Stat. Soc. B 57
    (1995) 289. Raises ArgumentError for a p-value outside 0…1.
    """
    p = _floats(p)
    known = ~np.isnan(p)
    if np.any((p[known] < 0) | (p[known] > 1)):
        raise ArgumentError(f"p: p-values lie between 0 and 1; found {_first(p, (p < 0) | (p > 1))}")
    q = np.full(p.shape, np.nan)
    if known.any():
        # Written out: importing scipy.stats, which has it, takes longer than all else that an explorer does.
        order = np.argsort(p[known])
        steps = p[known][order] * (order.size / np.arange(1, order.size + 1))
        adjusted = np.empty(order.size)
        adjusted[order] = np.minimum.accumulate(steps[::-1])[::-1]
        q[known] = np.clip(adjusted, 0, 1)
    return q


def laney_p_prime(k: Array, n: Array, use: Array | None = None) -> pd.DataFrame:
    """One row per period, in order: rate, center, lower, upper, sigma_z of a Laney p′ chart.

    ``k`` of ``n`` per period. The limits are center ± 3 · sigma_z · sqrt(center · (1 - center) / n), where
    sigma_z is the mean moving range of the standardised rates over 1.128: it widens the limits where the rate
    varies more than chance alone lets it, as it does at large n. ``use`` tells which periods set center and
    sigma_z (all by default; the mature ones, for instance). With fewer than two of them the limits are NaN.
    Laney, Quality Engineering 14 (2002) 531.
    """
    k, n = _counts(k, n)
    k, n = np.atleast_1d(k), np.atleast_1d(n)
    chosen = np.ones(k.shape, bool) if use is None else np.asarray(use, dtype=bool)
    if chosen.shape != k.shape:
        raise ArgumentError(f"use: {chosen.size} flags for {k.size} periods")
    chosen = chosen & (n > 0)
    center = k[chosen].sum() / n[chosen].sum() if chosen.any() else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(n > 0, k / n, np.nan)
        sigma = np.sqrt(center * (1 - center) / n)
        z = np.where(sigma > 0, (rate - center) / sigma, 0.0)[chosen]
    sigma_z = np.abs(np.diff(z)).mean() / _D2 if z.size > 1 else np.nan
    half = np.where(n > 0, 3 * sigma_z * sigma, np.nan)
    return pd.DataFrame(
        {
            "rate": rate,
            "center": center,
            "lower": np.clip(center - half, 0.0, 1.0),
            "upper": np.clip(center + half, 0.0, 1.0),
            "sigma_z": sigma_z,
        }
    )


def kaplan_meier(
    duration: Array, observed: Array, weights: Array | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per day on which something happens: day, at_risk, events, censored, survival, low, high.

    ``duration`` in days, not negative; ``observed`` is true where the event came on that day and false where
    the item was still open then (censored after the day's events); ``weights`` counts items per row.
    ``survival`` is the share still open after the day, low and high its Greenwood interval on the log-log
    scale. Rows with a missing duration are left out. Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457.
    """
    duration = np.atleast_1d(_floats(duration))
    event = np.atleast_1d(np.asarray(observed)).astype(bool)
    count = np.ones(duration.shape) if weights is None else np.atleast_1d(_floats(weights))
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


def ratio_interval(
    num: Array, den: Array, clusters: Array | None = None, confidence: float = 0.95
) -> tuple[float, float, float]:
    """One ratio of sums, sum(num) / sum(den), of a part to its whole, with its interval: ratio, low, high.

    Linearised (delta) standard error over independent units: one row each, or all rows of one value of
    ``clusters`` together, such as the lines of a claim. The interval is cut to 0…1.
    """
    num, den = (np.atleast_1d(part) for part in _broadcast(num, den))
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
    units, num, den, nn, dd, nd = _broadcast(units, num, den, num_squared, den_squared, product)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(den > 0, num / den, np.nan)
        residual = np.maximum(nn - 2 * ratio * nd + ratio * ratio * dd, 0.0)
        half = z * np.sqrt(residual * units / (units - 1)) / den
    half = np.where(units > 1, half, np.nan)
    return ratio, np.clip(ratio - half, 0.0, 1.0), np.clip(ratio + half, 0.0, 1.0)


def normal_quantile(confidence: float) -> float:
    """Standard deviations on either side of a two-sided normal interval; ArgumentError outside (0, 1)."""
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise ArgumentError(f"confidence: found {confidence!r}; it lies between 0 and 1, such as 0.95")
    return float(ndtri((1 + confidence) / 2))


def _floats(value: Array) -> Floats:
    if isinstance(value, pd.Series):
        return value.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(value, dtype=float)


def _broadcast(*values: Array) -> list[Floats]:
    try:
        return [np.array(part, dtype=float) for part in np.broadcast_arrays(*map(_floats, values))]
    except ValueError as error:
        raise ArgumentError(f"arrays of different lengths: {error}") from error


def _counts(k: Array, n: Array) -> tuple[Floats, Floats]:
    k, n = _broadcast(k, n)
    wrong = (k < 0) | (k > n) | (n < 0)
    if np.any(wrong):
        raise ArgumentError(
            f"counts: k lies between 0 and n; found k={_first(k, wrong)} of n={_first(n, wrong)}"
        )
    return k, n


def _first(values: Floats, where: np.ndarray) -> float:
    return float(np.broadcast_to(values, where.shape)[where].flat[0])


def __dir__() -> list[str]:
    return list(__all__)
