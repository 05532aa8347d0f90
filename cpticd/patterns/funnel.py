"""Funnel limits that allow for more spread between providers than chance alone makes.

Spiegelhalter, Statistics in Medicine 24 (2005) 1185, and Quality and Safety in Health Care 14 (2005) 347: the
standardised distance z of every provider, winsorised so that outliers do not widen the limits that are to find them,
gives the dispersion phi = mean z². Limits widen by its square root (multiplicative), or by a variance between
providers, tau², after DerSimonian and Laird (additive).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from cpticd import stats

Floats = np.ndarray
Overdispersion = Literal["multiplicative", "additive"]
OVERDISPERSION: Final = ("multiplicative", "additive", None)
#: Two-sided confidence of the limits: 2 and 3 standard deviations, about.
LIMITS: Final = (0.95, 0.998)


@dataclass(frozen=True)
class Funnel:
    """Standardised distances before and after overdispersion, limits of the ratio, and what widened them."""

    z: Floats
    z_adjusted: Floats
    error: Floats  # standard error of the ratio, widened
    phi: float
    tau_squared: float
    providers: int

    def limits(self, confidence: float) -> tuple[Floats, Floats]:
        """Between these the ratio of a provider like the others lies with probability ``confidence``."""
        half = stats.normal_quantile(confidence) * self.error
        return np.maximum(1 - half, 0.0), 1 + half


def funnel(
    observed: Floats,
    expected: Floats,
    variance: Floats,
    *,
    overdispersion: Overdispersion | None,
    winsorize: float,
) -> Funnel:
    """The funnel of counts with their expectation and variance under chance; NaN where there is no variance.

    ``winsorize`` is the share of providers at either end whose z is drawn in to the next one before phi is taken.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        known = (variance > 0) & (expected > 0)
        z = np.where(known, (observed - expected) / np.sqrt(variance), np.nan)
        error = np.where(known, np.sqrt(variance) / expected, np.nan)
    n = int(known.sum())
    phi, tau_squared = 1.0, 0.0
    if n > 1 and overdispersion is not None:
        low, high = np.quantile(z[known], [winsorize, 1 - winsorize])
        phi = float(np.mean(np.clip(z[known], low, high) ** 2))
        if overdispersion == "additive":
            weight = 1 / error[known] ** 2
            spread = weight.sum() - (weight**2).sum() / weight.sum()
            tau_squared = max(0.0, (n * phi - (n - 1)) / spread) if spread > 0 else 0.0
    additive = overdispersion == "additive"
    widened = (
        np.sqrt(error**2 + tau_squared) if additive else error * np.sqrt(max(phi, 1.0))
    )  # never narrower
    with np.errstate(divide="ignore", invalid="ignore"):
        adjusted = z * error / widened
    return Funnel(z, adjusted, widened, round(phi, 10), round(tau_squared, 12), n)


def position(ratio: Floats, result: Funnel) -> list[str]:
    """Where each ratio lies, in words: within or beyond the limits of ``LIMITS``."""
    words = np.full(ratio.shape, "within 95 %", dtype=object)
    for confidence, name in zip(LIMITS, ("95 %", "99.8 %"), strict=True):
        low, high = result.limits(confidence)
        words[ratio < low] = f"below {name}"
        words[ratio > high] = f"above {name}"
    words[~np.isfinite(result.error)] = "not comparable"
    return words.tolist()
