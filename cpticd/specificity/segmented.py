"""Segmented regression on monthly counts: how far a level moves at a date, against controls where there are any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

Floats = np.ndarray

#: Beyond this many units of log odds a coefficient has run away: the counts do not determine it.
_RUNAWAY: Final = 15.0
_STEPS: Final = 60
_TOLERANCE: Final = 1e-10


@dataclass(frozen=True)
class Break:
    """An odds ratio with its interval and p-value; NaN where the counts do not determine it."""

    ratio: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    p_value: float = float("nan")


def level_change(month: Floats, k: Floats, n: Floats, *, confidence: float = 0.95) -> Break:
    """How the odds of k out of n move at month 0, beyond their trend: logit = a + b·month + c·(month ≥ 0).

    ``month`` counts from the date, -1 the last one before. The interval (Student's t) allows for more spread between
    months than chance has (quasi-likelihood: Pearson's chi-square over its degrees, if above 1). With fewer than
    three months on either side there is no trend in the model. Wagner et al., J. Clin. Pharm. Ther. 27 (2002) 299.
    """
    use = n > 0
    month, k, n = month[use], k[use], n[use]
    after = (month >= 0).astype(float)
    columns = [np.ones(len(month)), after]
    if min(after.sum(), (1 - after).sum()) >= 3:
        columns.append(month + 0.5)
    return _tested(np.column_stack(columns), k, n, 1, confidence)


def difference(
    month: Floats, k: Floats, n: Floats, controls: tuple[Floats, Floats], *, confidence: float = 0.95
) -> Break:
    """How the odds of k out of n move at month 0 beyond those of the controls (k, n of the same months).

    logit = a + b·month + c·after + d·group + e·after·group, e is returned; as in ``level_change`` otherwise.
    """
    both_k, both_n = np.concatenate([k, controls[0]]), np.concatenate([n, controls[1]])
    both_month = np.concatenate([month, month]).astype(float)
    group = np.repeat([1.0, 0.0], len(month))
    use = both_n > 0
    both_k, both_n, both_month, group = both_k[use], both_n[use], both_month[use], group[use]
    after = (both_month >= 0).astype(float)
    design = np.column_stack([np.ones(len(after)), after, group, after * group, both_month + 0.5])
    return _tested(design, both_k, both_n, 3, confidence)


def _tested(design: Floats, k: Floats, n: Floats, place: int, confidence: float) -> Break:
    """The odds ratio of one column of the design."""
    from scipy.special import stdtr, stdtrit

    # Months without a denial on one whole side of the date, or without anything else, determine no odds.
    if len(k) < design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return Break()
    fitted = _fit(design, k, n)
    if fitted is None:
        return Break()
    beta, covariance, dispersion, df = fitted
    if np.abs(beta).max() > _RUNAWAY or df < 1:
        return Break()
    error = float(np.sqrt(covariance[place, place] * max(dispersion, 1.0)))
    t = float(stdtrit(df, (1 + confidence) / 2))
    b = float(beta[place])
    return Break(
        float(np.exp(b)), float(np.exp(b - t * error)), float(np.exp(b + t * error)),
        float(2 * stdtr(df, -abs(b) / error)),
    )  # fmt: skip


def _fit(design: Floats, k: Floats, n: Floats) -> tuple[Floats, Floats, float, int] | None:
    """Logistic regression by iterated weighted least squares: beta, covariance, dispersion, degrees; None if none."""
    beta = np.zeros(design.shape[1])
    beta[0] = np.log((k.sum() + 0.5) / (n.sum() - k.sum() + 0.5))
    covariance = np.full((design.shape[1],) * 2, np.nan)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        weight = n * p * (1 - p)
        information = design.T @ (design * weight[:, None])
        try:
            covariance = np.linalg.inv(information)
        except np.linalg.LinAlgError:
            return None
        step = covariance @ (design.T @ (k - n * p))
        beta = beta + step
        if np.abs(beta).max() > 2 * _RUNAWAY:
            return None
        if np.abs(step).max() < _TOLERANCE:
            break
    p = 1 / (1 + np.exp(-design @ beta))
    df = len(k) - design.shape[1]
    dispersion = float(((k - n * p) ** 2 / (n * p * (1 - p))).sum() / df) if df > 0 else 1.0
    return beta, covariance, dispersion, df
