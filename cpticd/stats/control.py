"""Control limits of rates over time."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError
from cpticd.stats.numbers import Array, counts

#: Mean moving range of two independent standard normal numbers (d2 of Shewhart charts for n = 2).
_D2: Final = 1.1283791670955126


def laney_p_prime(k: Array, n: Array, use: Array | None = None) -> pd.DataFrame:
    """One row per period, in order: rate, center, lower, upper, sigma_z of a Laney p′ chart.

    ``k`` of ``n`` per period. The limits are center ± 3 · sigma_z · sqrt(center · (1 - center) / n), where
    sigma_z is the mean moving range of the standardised rates over 1.128: it widens the limits where the rate
    varies more than chance alone lets it, as it does at large n. ``use`` tells which periods set center and
    sigma_z (all by default; the mature ones, for instance). With fewer than two of them the limits are NaN.
    Laney, Quality Engineering 14 (2002) 531.
    """
    k, n = counts(k, n)
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
