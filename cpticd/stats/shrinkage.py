"""Rates shrunk towards what is expected of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from cpticd.core.errors import ArgumentError
from cpticd.stats.numbers import Array, Floats, counts, first, floats

#: Prior of the beta-binomial precision, log-normal: it decides only where a handful of rows cannot.
_PRECISION_CENTER: Final = 50.0
_PRECISION_SPREAD: Final = 2.0
_PRECISION_RANGE: Final = (0.1, 1e7)


def shrink(k: Array, n: Array, expected: Array, precision: float | None = None) -> tuple[Floats, float]:
    """One rate per row, shrunk from k / n towards the row's expected rate, and the prior's precision m.

    Beta-binomial empirical Bayes: a row's rate has the prior Beta(m·e, m·(1-e)), so that the shrunk rate is
    (k + m·e) / (n + m): m counts like so many lines of prior evidence. m is the same for all rows and
    maximises their marginal likelihood under a weak log-normal prior about 50, which matters only for a few
    rows; pass ``precision`` to use one found elsewhere. Rows with n = 0 get their expected rate.
    """
    k, n = counts(k, n)
    expected = np.broadcast_to(floats(expected), k.shape)
    if np.any((expected < 0) | (expected > 1)):
        found = first(expected, (expected < 0) | (expected > 1))
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

    k, n = counts(k, n)
    expected, benchmark = floats(expected), floats(benchmark)
    alpha, beta = k + precision * expected, n - k + precision * (1 - expected)
    with np.errstate(invalid="ignore"):
        inside = betaincc(alpha, beta, np.clip(benchmark, 0, 1))
    # A prior at exactly 0 or 1 that the counts do not contradict stays there.
    sure = np.where(alpha <= 0, 0.0, np.where(beta <= 0, 1.0, np.nan))
    return np.where(np.isnan(sure), inside, np.where(sure > benchmark, 1.0, 0.0))
