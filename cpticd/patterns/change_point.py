"""Where in a row of months a rate changes most, and how likely chance alone makes such a change.

Given its total K, a pair's lines up to month t are binomial with the months' share of what is expected, if nothing
changes. The likeliest change is where the likelihood ratio is largest. Its p-value is the exact two-sided tail there
times the number of months looked at, less what neighbouring months share: the improved Bonferroni bound of Worsley
(Biometrika 69 (1982) 297; for this very problem 70 (1983) 455), which needs no permutation. All use counts divided by a
variance factor, for lines that come in clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

Floats = np.ndarray
#: Months within this of the best twice log-likelihood ratio are as good: 95 % of chi-square with one degree.
_WITHIN: Final = 3.841458820694124
#: Points at which a tail is integrated.
_NODES: Final = 8


@dataclass(frozen=True)
class Change:
    """The likeliest change of each row: index of its first month after, the range as good, statistic and p-value."""

    after: np.ndarray  # of the months; -1 where no month could be looked at
    first: np.ndarray
    last: np.ndarray
    statistic: Floats
    p_value: Floats
    looked_at: np.ndarray


def likeliest(count: Floats, expected: Floats, factor: Floats, *, min_months: int) -> Change:
    """The likeliest change per row of ``count`` (rows x months) against ``expected``, which may be zero.

    ``factor``, one per row: variance over that of independent lines. Before and after a change lie at least
    ``min_months`` months with something expected.
    """
    from scipy.special import betainc

    factor = factor[:, None]
    total, whole = count.sum(axis=1, keepdims=True), expected.sum(axis=1, keepdims=True)
    before, exposed = count.cumsum(axis=1)[:, :-1], expected.cumsum(axis=1)[:, :-1]
    some = (expected > 0).cumsum(axis=1)
    fits = (some[:, :-1] >= min_months) & (some[:, -1:] - some[:, :-1] >= min_months)
    fits &= expected[:, 1:] > 0  # a change begins in a month in which it can be seen
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(exposed / whole, 0, 1)
        ratio = 2 * (_term(before, total * share) + _term(total - before, total * (1 - share))) / factor
        s, k = before / factor, total / factor
        low = np.where(k > s, betainc(np.maximum(k - s, 1e-12), s + 1, 1 - share), 1.0)
        high = np.where(s > 0, betainc(np.maximum(s, 1e-12), k - s + 1, share), 1.0)
    ratio = np.where(fits, np.round(ratio, 9), -np.inf)
    tail = np.clip(2 * np.minimum(low, high), 0, 1)
    looked = fits.sum(axis=1)
    best = ratio.argmax(axis=1) if ratio.shape[1] else np.zeros(len(count), int)
    rows = np.arange(len(count))
    found = looked > 0
    if not ratio.shape[1]:
        nothing = np.full(len(count), np.nan)
        return Change(best - 1, best - 1, best - 1, nothing, nothing, looked)
    top = ratio[rows, best]
    good = ratio >= (top - _WITHIN)[:, None]
    first, last = good.argmax(axis=1), good.shape[1] - 1 - good[:, ::-1].argmax(axis=1)
    p_value = np.where(found, np.minimum(1.0, _for_all_months(tail[rows, best], share, fits)), np.nan)
    after, first, last = (np.where(found, place + 1, -1) for place in (best, first, last))
    return Change(after, first, last, np.where(found, top, np.nan), p_value, looked)


def _for_all_months(tail: Floats, share: Floats, fits: np.ndarray) -> Floats:
    """The chance that any month looked at has a two-sided tail as small as ``tail``, one per row, or an upper bound.

    The distances of neighbouring months are taken as bivariate normal, with the correlation that cumulated counts have.
    """
    from scipy.special import ndtr, ndtri

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    nodes, weights = (nodes + 1) / 2, weights / 2
    beyond = np.clip(tail, 1e-300, 1.0)[:, None] / 2
    at = -ndtri(beyond)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = share / (1 - share)
        correlation = np.sqrt(np.clip(odds[:, :-1] / odds[:, 1:], 0, 1))
        rest = np.sqrt(np.maximum(1 - correlation**2, 1e-12))
        again = np.zeros(correlation.shape)
        for node, weight in zip(nodes, weights, strict=True):
            there = correlation * -ndtri(beyond * node)
            again += weight * (ndtr((there - at) / rest) + ndtr((-there - at) / rest))
    both = fits[:, :-1] & fits[:, 1:]
    return tail * (fits.sum(axis=1) - np.where(both, again, 0.0).sum(axis=1))


def _term(observed: Floats, expected: Floats) -> Floats:
    return np.where(observed > 0, observed * np.log(observed / expected), 0.0)
