"""Exact chances of counts, written out: importing scipy.stats, which has them, takes most of a second."""

from __future__ import annotations

import numpy as np

from cpticd.stats.numbers import Array, Floats, floats


def binomial(count: int, chance: float) -> Floats:
    """The chance of 0, 1, … ``count`` of so many trials, each of which comes true with ``chance``.

    >>> binomial(2, 0.5).round(12).tolist()
    [0.25, 0.5, 0.25]
    """
    from scipy.special import gammaln, xlog1py, xlogy

    k = np.arange(count + 1)
    ways = gammaln(count + 1) - gammaln(k + 1) - gammaln(count - k + 1)
    return floats(np.exp(ways + xlogy(k, chance) + xlog1py(count - k, -chance)))


def at_least(found: Array, total: Array, marked: Array, drawn: Array) -> Floats:
    """The chance that of ``drawn`` out of ``total``, of which ``marked`` are marked, at least ``found`` are marked.

    Hypergeometric; arrays of the same shape in, one of it out. Missing where one of them is.

    >>> at_least([1.0], [4.0], [2.0], [2.0]).round(12).tolist()
    [0.833333333333]
    """
    columns = np.broadcast_arrays(*map(floats, (found, total, marked, drawn)))
    rows = zip(*(column.ravel() for column in columns), strict=True)
    return np.array([_tail(*row) for row in rows]).reshape(columns[0].shape)


def _tail(found: float, total: float, marked: float, drawn: float) -> float:
    from scipy.special import gammaln

    if np.isnan([found, total, marked, drawn]).any():
        return float("nan")
    least = max(0.0, drawn - (total - marked))
    k = np.arange(max(found, least), min(marked, drawn) + 1)

    def ways(n: float, of: Floats | float) -> Floats:
        return floats(gammaln(n + 1) - gammaln(np.add(of, 1)) - gammaln(np.subtract(n + 1, of)))

    logs = ways(marked, k) + ways(total - marked, drawn - k) - ways(total, drawn)
    return min(1.0, float(np.exp(logs).sum()))
