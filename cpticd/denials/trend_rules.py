"""Rules by which a control chart is read: beyond its limits, runs on one side, steady rises and falls.

Shewhart's three sigma, and of the supplementary rules of the Western Electric handbook (1956) and of Nelson, Journal of
Quality Technology 16 (1984) 237, the three that speak of a lasting change: two of three beyond two sigma, eight in a
row on one side, six in a row rising or falling. A rule fires at the point that completes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.stats.numbers import Floats

#: Points of each rule: on one side, rising or falling, and how many of how many beyond how many sigma.
RUN, STEADY, NEAR, AMONG, NEAR_SIGMA, FAR_SIGMA = 8, 6, 2, 3, 2.0, 3.0
#: Signals of a rise, the gravest first, each with its counterpart of a fall.
FALLS: Final = {
    "above limit": "below limit",
    "two of three above": "two of three below",
    "run above": "run below",
    "rising": "falling",
}
#: Points that each signal rests on, its own the last.
POINTS: Final = {
    **dict.fromkeys(("above limit", "below limit"), 1),
    **dict.fromkeys(("two of three above", "two of three below"), AMONG),
    **dict.fromkeys(("run above", "run below"), RUN),
    **dict.fromkeys(("rising", "falling"), STEADY),
}
#: The rules in the words of a contract.
WORDS: Final = (
    "beyond 3 sigma; two of three periods beyond 2 sigma on one side; eight in a row on one side of the center; six in "
    "a row rising or falling (Western Electric, Nelson); mature periods alone, the gravest rule is named"
)


def limited(chart: pd.DataFrame, n: Floats, mature: np.ndarray) -> dict[str, Any]:
    """Columns of a Laney p' chart of periods of ``n`` lines: rate, center, limits, signal and direction."""
    rate, center = chart["rate"].to_numpy(), chart["center"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = chart["sigma_z"].to_numpy() * np.sqrt(center * (1 - center) / n)
    limits = {"lower": chart["lower"].to_numpy(), "upper": chart["upper"].to_numpy()}
    return {"rate": rate, "center": center, **limits, **read(rate, center, sigma, mature)}


def read(rate: Floats, center: Floats, sigma: Floats, mature: np.ndarray) -> dict[str, np.ndarray]:
    """The signals of periods and their directions, as columns."""
    words = signals(rate, center, sigma, mature)
    return {"signal": np.array(words, dtype=object), "direction": np.array(directions(words), dtype=object)}


def signals(rate: Floats, center: Floats, sigma: Floats, use: np.ndarray) -> list[str]:
    """One word per period: the gravest rule that it completes, '' where it completes none.

    ``rate`` against ``center`` with the standard deviation ``sigma`` of each period, in their order; ``use``: periods
    that take part. The others are passed over: they neither complete a rule nor break a run.
    """
    found = np.full(len(rate), "", dtype=object)
    places = np.flatnonzero(use & np.isfinite(rate))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sigma > 0, (rate - center) / sigma, 0.0)[places]
    steps = np.sign(np.diff(rate[places], prepend=np.nan))
    for rise, fall in reversed(FALLS.items()):
        for word, sign in ((rise, 1.0), (fall, -1.0)):
            found[places[_RULES[rise](sign * z, sign * steps)]] = word
    return found.tolist()


def directions(words: list[str]) -> list[str]:
    """``rise`` or ``fall`` for each signal, '' for none."""
    return ["rise" if word in FALLS else "fall" if word else "" for word in words]


def _near(z: Floats, _: Floats) -> np.ndarray:
    beyond = z > NEAR_SIGMA
    return beyond & (_last(beyond, AMONG) >= NEAR)


def _last(flags: np.ndarray, size: int) -> np.ndarray:
    """Of each point how many of the last ``size``, its own among them, are flagged."""
    total = np.concatenate([np.zeros(size, int), np.cumsum(flags)])
    return total[size:] - total[:-size]


_RULES: Final[dict[str, Callable[[Floats, Floats], np.ndarray]]] = {
    "above limit": lambda z, steps: z > FAR_SIGMA,
    "two of three above": _near,
    "run above": lambda z, steps: _last(z > 0, RUN) == RUN,
    "rising": lambda z, steps: _last(steps > 0, STEADY - 1) == STEADY - 1,  # six points are five steps
}
