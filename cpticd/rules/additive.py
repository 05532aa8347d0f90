"""Chances that add up: log-odds of denial as a sum of one term a trait, each drawn towards none by empirical Bayes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

#: Variance of a kind of term before anything is known of it, and how many levels that is worth: few levels lean on it.
_VARIANCE: Final = 0.25
_VARIANCE_LEVELS: Final = 2.0
_VARIANCE_RANGE: Final = (1e-4, 4.0)
#: Newton steps of a fit, after each of which the variances are found anew.
_STEPS: Final = 14
#: Steps of the solver within each, and the share of its residual at which it stops.
_INNER: Final = 30
_TOLERANCE: Final = 1e-3
#: A recalibration of few lines stays near none: standard deviations of its shift and of its slope.
_SHIFT, _SLOPE = 1.0, 0.5


@dataclass(frozen=True, eq=False)
class Additive:
    """Log-odds: ``usual`` plus the term of each level that a line has; variances by kind of term."""

    usual: float
    terms: np.ndarray
    variances: np.ndarray = field(repr=False)

    def scores(self, x: sparse.csr_matrix) -> np.ndarray:
        """Log-odds of each line, before they are recalibrated."""
        return np.asarray(self.usual + x @ self.terms)


def fit(x: sparse.csr_matrix, y: np.ndarray, kinds: np.ndarray) -> Additive:
    """Terms of denials ``y`` (0, 1) of lines by levels ``x``; ``kinds``: the number of each level's kind.

    A term has the prior N(0, variance of its kind). Terms are the mode given the variances, by Newton steps;
    variances are the mean of term² plus its remaining variance over the levels that occur (penalised
    quasi-likelihood, Breslow and Clayton, J. Am. Stat. Assoc. 88 (1993) 9).
    """
    from scipy.special import expit, logit

    count = int(kinds.max()) + 1 if len(kinds) else 0
    terms = np.zeros(x.shape[1])
    variances = np.full(count, _VARIANCE)
    usual = float(logit((y.sum() + 0.5) / (len(y) + 1)))
    turned = x.T.tocsr()
    occurs = np.diff(turned.indptr) > 0
    levels = np.bincount(kinds[occurs], minlength=count)
    for _ in range(_STEPS):
        chance = expit(usual + x @ terms)
        weight = np.maximum(chance * (1 - chance), 1e-6)
        usual += float(np.clip((y - chance).sum() / (weight.sum() + 0.01), -1, 1))
        chance = expit(usual + x @ terms)
        weight = np.maximum(chance * (1 - chance), 1e-6)
        draw = 1 / variances[kinds]
        gradient = turned @ (y - chance) - draw * terms
        known = turned @ weight + draw
        step = _solved(x, turned, gradient, weight=weight, draw=draw, known=known)
        terms = terms + np.clip(step, -2, 2)
        square = np.bincount(kinds[occurs], (terms**2 + 1 / known)[occurs], minlength=count)
        variances = (square + _VARIANCE_LEVELS * _VARIANCE) / (levels + _VARIANCE_LEVELS)
        variances = np.clip(variances, *_VARIANCE_RANGE)
    return Additive(usual, terms, variances)


def _solved(x: Any, turned: Any, gradient: np.ndarray, *, weight: Any, draw: Any, known: Any) -> np.ndarray:
    """The Newton step, by conjugate gradients with the diagonal as preconditioner.

    Products of vectors are not left to BLAS, whose threads wait for one another longer than these take.
    """
    step = np.zeros_like(gradient)
    rest = gradient.copy()
    scaled = rest / known
    way = scaled.copy()
    size = float(np.einsum("i,i->", rest, scaled))
    enough = size * _TOLERANCE**2
    for _ in range(_INNER):
        if size <= enough or size == 0:
            break
        turn = turned @ (weight * (x @ way)) + draw * way
        length = size / float(np.einsum("i,i->", way, turn))
        step += length * way
        rest -= length * turn
        scaled = rest / known
        size, last = float(np.einsum("i,i->", rest, scaled)), size
        way = scaled + (size / last) * way
    return step


def recalibrated(scores: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Shift and slope of log-odds that make recent chances bear out decisions (Platt), drawn to 0 and 1."""
    from scipy.special import expit

    theta = np.array([0.0, 1.0])
    if not len(y):
        return 0.0, 1.0
    design = np.stack([np.ones(len(scores)), scores], axis=1)
    draw = np.array([1 / _SHIFT**2, 1 / _SLOPE**2])
    for _ in range(25):
        chance = expit(design @ theta)
        gradient = design.T @ (y - chance) - draw * (theta - np.array([0.0, 1.0]))
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(draw)
        step = np.linalg.solve(curve, gradient)
        theta = theta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-9:
            break
    return float(theta[0]), float(theta[1])
