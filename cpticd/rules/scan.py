"""When did denials of a series begin to be more than chance spreads them: the steepest rise, and how likely it is.

A series is a cluster's days in order: how many services, how many of them denied, and with what odds, relative to each
other, when nothing changes. A change-point scan compares, for every day, the services from that day on with
those before; of many days the steepest always looks steep, so its p-value is that of the whole scan.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd.stats.exact import binomial

#: Log-likelihood ratio from which on the p-value is worked out: below, a single day alone is no news.
WORTH: Final = 3.0
#: Log-likelihood by which a start may be worse than the best one and still be believed (as for 95 % intervals).
SUPPORT: Final = 1.92
#: From so many services of a day on, their denials are added at once.
MANY: Final = 8

Sides = tuple[np.ndarray, ...]


def steepest(
    cluster: np.ndarray, services: np.ndarray, denied: np.ndarray, odds: np.ndarray, *, minimum: int
) -> pd.DataFrame:
    """One row per cluster: row (where the rise begins), first and last believable row, log_likelihood_ratio, p_value.

    ``cluster`` numbers the series, whose days stand together and in order; ``services``, ``denied`` and ``odds`` are
    the days'. A rise has at least ``minimum`` denials. Without one, row is -1 and p_value 1.

    Nothing changes: a service of day t is denied with the probability p(t) whose odds are c·odds(t), c such that
    the series' denials are what is expected. A rise on day s: one rate above that from s on, one below it before.
    The log-likelihood ratio is binomial, with the expected denials of either side in the place of p: without
    different odds the usual one. The p-value is the chance of as high a ratio on any day, given how many
    denials there are in all (exact: ``crossing``); it is left at 1 where the ratio is below ``WORTH``.
    """
    starts = np.flatnonzero(np.r_[True, cluster[1:] != cluster[:-1]]) if cluster.size else np.zeros(0, int)
    sizes = np.diff(np.r_[starts, cluster.size])
    of = np.repeat(np.arange(starts.size), sizes)
    chance = null_chance(of, services, denied, odds, starts.size)
    after, total = _from_here_on(denied.astype(float), starts, sizes)
    n_after, n_total = _from_here_on(services.astype(float), starts, sizes)
    m_after, m_total = _from_here_on(services * chance, starts, sizes)
    sides = (n_after, n_total - n_after, m_after, m_total - m_after)
    ratio = np.where((denied > 0) & (after >= minimum), log_ratio(after, total, sides), 0.0)
    best = np.zeros(starts.size)
    np.maximum.at(best, of, ratio)
    found = best > 0
    believable = (ratio >= np.maximum(best[of] - SUPPORT, 1e-12)) & found[of]
    p_value = np.ones(starts.size)
    ask = (best >= WORTH)[of]
    bound = np.full(cluster.size, np.inf)
    bound[ask] = boundary(total[ask], tuple(side[ask] for side in sides), best[of][ask], minimum=minimum)
    for i in np.flatnonzero(best >= WORTH):
        rows = slice(starts[i], starts[i] + sizes[i])
        p_value[i] = crossing(services[rows], chance[rows], int(total[starts[i]]), bound[rows])
    return pd.DataFrame(
        {
            "cluster": cluster[starts],
            "row": _first(of, (ratio == best[of]) & found[of], starts.size),
            "first": _first(of, believable, starts.size),
            "last": cluster.size - 1 - _first(of[::-1], believable[::-1], starts.size),
            "log_likelihood_ratio": best,
            "p_value": p_value,
        }
    )


def null_chance(
    of: np.ndarray, services: np.ndarray, denied: np.ndarray, odds: np.ndarray, size: int
) -> np.ndarray:
    """Each day's chance of denial when nothing changes: odds times what makes the expected denials the observed."""
    total = np.bincount(of, denied, size)
    low, high = np.full(size, -40.0), np.full(size, 40.0)
    for _ in range(60):
        middle = (low + high) / 2
        expected = np.bincount(of, services / (1 + np.exp(-middle[of]) / odds), size)
        low, high = np.where(expected < total, middle, low), np.where(expected < total, high, middle)
    return 1 / (1 + np.exp(-((low + high) / 2)[of]) / odds)


def _first(of: np.ndarray, wanted: np.ndarray, size: int) -> np.ndarray:
    """The first row of each series that is wanted, -1 where there is none."""
    rows = np.flatnonzero(wanted)
    result = np.full(size, -1)
    result[of[rows][::-1]] = rows[::-1]
    return result


def _from_here_on(values: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of each series from every row to its end, and its total, by row."""
    if not starts.size:
        return values, values
    running = np.cumsum(values)
    before = np.repeat(running[starts] - values[starts], sizes)
    total = np.repeat(np.add.reduceat(values, starts), sizes)
    return total - (running - values - before), total


def log_ratio(after: np.ndarray, total: np.ndarray, sides: Sides) -> np.ndarray:
    """Binomial log-likelihood ratio of ``after`` of ``total`` denials later; 0 where it is no rise, or no split.

    ``sides``: services after and before, expected denials after and before.
    """
    n_after, n_before, m_after, m_before = sides
    value = deviance(after, n_after, m_after) + deviance(total - after, n_before, m_before)
    return np.where((n_before > 0) & (after > m_after + 1e-9), value, 0.0)


def deviance(k: np.ndarray, n: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Half the binomial deviance of k of n where m is expected."""
    from scipy.special import xlogy

    with np.errstate(divide="ignore", invalid="ignore"):
        value = xlogy(k, k / m) + xlogy(n - k, (n - k) / (n - m))
    return np.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0)


def boundary(total: np.ndarray, sides: Sides, best: np.ndarray, *, minimum: int) -> np.ndarray:
    """The fewest denials from a day on whose log-likelihood ratio reaches ``best``; infinite where none does."""
    n_after, n_before, m_after, _ = sides
    most = np.minimum(total, n_after)
    low, high = np.floor(m_after), most + 1
    for _ in range(int(np.ceil(np.log2(total.max(initial=1) + 2))) + 1):
        middle = np.floor((low + high) / 2)
        # Rounding must not put the observed count itself out of reach.
        reached = log_ratio(np.minimum(middle, most), total, sides) >= best - 1e-9
        high = np.where(reached & (middle > low), middle, high)
        low = np.where(reached, low, np.maximum(middle, low))
    # Fewer than the earlier services leave room for cannot be.
    return np.where((n_before > 0) & (high <= most), np.maximum(high, minimum), np.inf)


def crossing(services: np.ndarray, chance: np.ndarray, total: int, bound: np.ndarray) -> float:
    """The chance that ``total`` denials, in all, from some day on count ``bound`` of it or more.

    Services are denied independently with their day's chance, given the total. Forward over the days go the chances of
    every count before each day; back over them those of every count since, from which what reaches the bound
    is taken out, weighed by the chance that the days before have the rest.
    """
    days = services.size
    before = np.zeros((days + 1, total + 1))
    before[0, 0] = 1.0
    for day in range(days):
        before[day + 1] = _add(before[day], int(services[day]), chance[day])
    since = before[0].copy()
    crossed = 0.0
    for day in range(days - 1, 0, -1):
        since = _add(since, int(services[day]), chance[day])
        if bound[day] <= total:
            stop = int(bound[day])
            crossed += float(since[stop:] @ before[day][total - stop :: -1])
            since[stop:] = 0.0
    return min(crossed / before[days, total], 1.0)


def _add(state: np.ndarray, services: int, chance: float) -> np.ndarray:
    """Chances of every count, up to the state's last, after so many more services."""
    if services >= MANY:
        return np.convolve(state, binomial(services, chance))[: state.size]
    for _ in range(services):
        moved = state * (1 - chance)
        moved[1:] += state[:-1] * chance
        state = moved
    return state
