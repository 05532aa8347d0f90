"""The Gamma–Poisson shrinker: counts against their expectation, as far as so few of them can be believed.

A pair's count N is Poisson with mean λ·E. The prior of λ is a mixture of two gamma distributions, fitted to all
pairs together (DuMouchel, The American Statistician 53 (1999) 177); the posterior is again such a mixture, whose
geometric mean is EBGM and whose 5 % and 95 % quantiles are EB05 and EB95.

Only pairs that occur are counted, so that the likelihood is that of counts of one or more. The mixture is truncated
as a whole: P stays the share among all pairs. (The R package openEBGM truncates either part by itself.) Pairs of the
same count whose expected counts are alike are one point with a weight, as in DuMouchel and Pregibon (KDD 2001, 67).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from cpticd.core.errors import ArgumentError

Floats = np.ndarray

#: Pairs of the same count are one point where their expected counts lie within one step of this, in natural logarithms.
SQUASH_STEP: Final = 0.05
#: α1, β1, α2, β2, P to start from: DuMouchel's own, then four that span sharper and broader priors.
STARTS: Final = (
    (0.2, 0.1, 2.0, 4.0, 1 / 3),
    (0.1, 0.1, 10.0, 10.0, 0.2),
    (0.3, 0.5, 6.0, 6.0, 0.5),
    (0.5, 0.3, 12.0, 12.0, 0.8),
    (2.0, 0.3, 1.0, 2.0, 0.1),
)
#: α and β stay between these, P between the others: a part that fits nothing must not run away.
_SHAPE_BOUNDS: Final = (1e-4, 1e4)
_SHARE_BOUNDS: Final = (1e-6, 1 - 1e-6)
_NEAR: Final = 1e-3
#: In the words of a methods section.
METHOD: Final = (
    "Gamma–Poisson shrinker (DuMouchel 1999): mixture of two gamma distributions, maximum marginal likelihood of the "
    "pairs that occur (mixture truncated at 1); pairs of the same count within "
    f"{SQUASH_STEP:.0%} of expected are one weighted point; L-BFGS-B from {len(STARTS)} starts"
)
_STEPS: Final = 100
#: Newton steps at the end, how far one may go, and the difference by which curvature is taken.
_NEWTON_STEPS: Final = 8
_FAR: Final = 0.5
_DIFFERENCE: Final = 1e-5


@dataclass(frozen=True)
class Prior:
    """Two gamma distributions of λ (shape α, rate β) with shares P and 1 - P; the first has the larger mean.

    log_likelihood is per pair fitted; pairs, points (after squashing), starts_agreeing (of ``STARTS``: how many
    ended at the same likelihood) and at_bound (parameters that the data did not settle) report how it was fitted.
    """

    alpha_1: float
    beta_1: float
    alpha_2: float
    beta_2: float
    share_1: float
    log_likelihood: float = float("nan")
    pairs: int = 0
    points: int = 0
    starts_agreeing: int = 0
    at_bound: tuple[str, ...] = ()

    def terms(self) -> dict[str, Any]:
        """The prior for a contract: plain numbers of six digits."""
        numbers = {
            key: float(f"{value:.6g}") if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }
        return {**numbers, "at_bound": list(self.at_bound)}


def fit(count: Any, expected: Any) -> Prior:
    """The prior that makes the counts of pairs that occur most likely; arrays of counts (1 or more) and expectations.

    Raises ArgumentError for other counts, or expectations that are not above zero.
    """
    from scipy.optimize import minimize

    n, e = np.atleast_1d(np.asarray(count, float)), np.atleast_1d(np.asarray(expected, float))
    if n.shape != e.shape or not n.size or np.any(n < 1) or not np.all(np.isfinite(e) & (e > 0)):
        raise ArgumentError("shrinker: give as many counts of 1 or more as expected counts above 0")
    points = _squash(n, e)
    low, high = np.log(_SHAPE_BOUNDS)
    share = [np.log(p / (1 - p)) for p in _SHARE_BOUNDS]
    bounds = [(low, high)] * 4 + [(share[0], share[1])]
    found = []
    for start in STARTS:
        x = np.array([*np.log(start[:4]), np.log(start[4] / (1 - start[4]))])
        result = minimize(
            _loss, x, args=points, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-8},
        )  # fmt: skip
        found.append((float(result.fun), result.x))
    best, x = min(found, key=lambda item: item[0])
    best, x = _polished(best, x, points, bounds)
    names = np.array(["alpha_1", "beta_1", "alpha_2", "beta_2", "share_1"])
    edge = [
        name
        for name, value, (a, b) in zip(names, x, bounds, strict=True)
        if min(value - a, b - value) < _NEAR
    ]
    a1, b1, a2, b2 = np.exp(x[:4])
    p = 1 / (1 + np.exp(-x[4]))
    if a1 / b1 < a2 / b2:
        a1, b1, a2, b2, p = a2, b2, a1, b1, 1 - p
        edge = [name.translate(str.maketrans("12", "21")) if name != "share_1" else name for name in edge]
    agreeing = sum(loss - best < _NEAR / max(n.size, 1) + 1e-6 for loss, _ in found)
    # Six digits, which are the same on every machine after polishing.
    a1, b1, a2, b2, p = (float(f"{value:.6g}") for value in (a1, b1, a2, b2, p))
    return Prior(
        a1, b1, a2, b2, p, log_likelihood=round(-best, 8), pairs=int(n.size), points=int(points[0].size),
        starts_agreeing=int(agreeing), at_bound=tuple(sorted(edge)),
    )  # fmt: skip


def _polished(
    best: float, x: Floats, points: tuple[Floats, Floats, Floats], bounds: list[tuple[Any, Any]]
) -> tuple[float, Floats]:
    """The optimum to the last digit: Newton steps of what is not at a bound, as long as they lead further down.

    The optimiser stops where the likelihood changes no more, which leaves the sixth digit of a parameter open.
    """
    _, slopes = _loss(x, *points)
    free = np.array(
        [low + _NEAR < value < high - _NEAR for value, (low, high) in zip(x, bounds, strict=True)]
    )
    for _ in range(_NEWTON_STEPS):
        if not free.any():
            break
        curves = np.empty((5, 5))
        for place in range(5):
            ahead, behind = x.copy(), x.copy()
            ahead[place] += _DIFFERENCE
            behind[place] -= _DIFFERENCE
            curves[place] = (_loss(ahead, *points)[1] - _loss(behind, *points)[1]) / (2 * _DIFFERENCE)
        moved = x.copy()
        moved[free] -= np.linalg.lstsq(curves[np.ix_(free, free)], slopes[free], rcond=None)[0]
        if np.abs(moved - x).max() > _FAR or any(
            not low <= value <= high for value, (low, high) in zip(moved, bounds, strict=True)
        ):
            break
        loss, there = _loss(moved, *points)
        if np.abs(there[free]).max() >= np.abs(slopes[free]).max() or loss > best + 1e-9:
            break
        best, x, slopes = loss, moved, there
    return best, x


def _squash(n: Floats, e: Floats) -> tuple[Floats, Floats, Floats]:
    """Counts, expectations (geometric mean) and weights (shares of all pairs) of points."""
    log_e = np.log(e)
    step = np.floor(log_e / SQUASH_STEP)
    keys, place, weight = np.unique(np.stack([n, step]), axis=1, return_inverse=True, return_counts=True)
    place = np.asarray(place).reshape(-1)
    mean = np.bincount(place, log_e, minlength=weight.size) / weight
    return keys[0], np.exp(mean), weight / n.size


def _part(n: Floats, e: Floats, alpha: float, beta: float) -> tuple[Floats, ...]:
    """Log probability of n and of nothing under one gamma part (negative binomial), with slopes by α and β."""
    from scipy.special import digamma, gammaln

    rest = -np.log1p(e / beta)  # log of β / (β + E)
    log_f = (
        gammaln(alpha + n)
        - gammaln(alpha)
        - gammaln(n + 1)
        + alpha * rest
        + n * (np.log(e) - np.log(beta + e))
    )
    by_alpha = digamma(alpha + n) - digamma(alpha) + rest
    by_beta = alpha / beta - (alpha + n) / (beta + e)
    return log_f, by_alpha, by_beta, alpha * rest, rest, alpha * e / (beta * (beta + e))


def _loss(x: Floats, n: Floats, e: Floats, weight: Floats) -> tuple[float, Floats]:
    """Negative log-likelihood per pair of counts of one or more, and its slopes by log α, log β and logit P."""
    alpha, beta = np.exp(x[[0, 2]]), np.exp(x[[1, 3]])
    p = 1 / (1 + np.exp(-x[4]))
    shares = (p, 1 - p)
    parts = [_part(n, e, alpha[i], beta[i]) for i in (0, 1)]
    joint = [np.log(shares[i]) + parts[i][0] for i in (0, 1)]
    log_f = np.logaddexp(*joint)
    seen_parts = [-np.expm1(part[3]) for part in parts]  # chance of one or more, exact where it is tiny
    seen = shares[0] * seen_parts[0] + shares[1] * seen_parts[1]
    slopes = np.zeros(5)
    for i in (0, 1):
        given, none = np.exp(joint[i] - log_f), np.exp(parts[i][3])
        _, by_alpha, by_beta, _, none_by_alpha, none_by_beta = parts[i]
        slopes[2 * i] = alpha[i] * (weight @ (given * by_alpha + shares[i] * none * none_by_alpha / seen))
        slopes[2 * i + 1] = beta[i] * (weight @ (given * by_beta + shares[i] * none * none_by_beta / seen))
    by_share = (
        np.exp(parts[0][0] - log_f) - np.exp(parts[1][0] - log_f) - (seen_parts[0] - seen_parts[1]) / seen
    )
    slopes[4] = p * (1 - p) * (weight @ by_share)
    return float(-(weight @ (log_f - np.log(seen)))), -slopes


# Posterior --------------------------------------------------------------------------------------------------


def share_of_first(prior: Prior, count: Any, expected: Any) -> Floats:
    """One probability per pair: that its λ came from the prior's first part, given its count."""
    n, e = np.asarray(count, float), np.asarray(expected, float)
    first = np.log(prior.share_1) + _part(n, e, prior.alpha_1, prior.beta_1)[0]
    second = np.log1p(-prior.share_1) + _part(n, e, prior.alpha_2, prior.beta_2)[0]
    return np.exp(first - np.logaddexp(first, second))


def geometric_mean(prior: Prior, count: Any, expected: Any) -> Floats:
    """One EBGM per pair: the exponential of the posterior mean of log λ."""
    from scipy.special import digamma

    n, e = np.asarray(count, float), np.asarray(expected, float)
    q = share_of_first(prior, n, e)
    first = digamma(prior.alpha_1 + n) - np.log(prior.beta_1 + e)
    second = digamma(prior.alpha_2 + n) - np.log(prior.beta_2 + e)
    return np.exp(q * first + (1 - q) * second)


def quantile(prior: Prior, count: Any, expected: Any, probability: float) -> Floats:
    """One posterior quantile of λ per pair, such as EB05 at 0.05: Newton steps inside a shrinking bracket."""
    from scipy.special import gammaincinv

    n, e = np.atleast_1d(np.asarray(count, float)), np.atleast_1d(np.asarray(expected, float))
    if not 0 < probability < 1:
        raise ArgumentError(f"probability: found {probability!r}; it lies between 0 and 1, such as 0.05")
    q = share_of_first(prior, n, e)
    shapes = (prior.alpha_1 + n, prior.alpha_2 + n)
    rates = (prior.beta_1 + e, prior.beta_2 + e)
    ends = [gammaincinv(shape, probability) / rate for shape, rate in zip(shapes, rates, strict=True)]
    low, high = np.minimum(*ends), np.maximum(*ends)  # a mixture's quantile lies between those of its parts
    at = q * ends[0] + (1 - q) * ends[1]
    open_ = np.flatnonzero(high - low > 1e-12 * high)
    for _ in range(_STEPS):
        if not open_.size:
            break
        x = at[open_]
        below, density = _distribution(x, q[open_], [s[open_] for s in shapes], [r[open_] for r in rates])
        too_low = below < probability
        low[open_] = np.where(too_low, x, low[open_])
        high[open_] = np.where(too_low, high[open_], x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = x - (below - probability) / density
        inside = (step > low[open_]) & (step < high[open_])
        at[open_] = np.where(inside, step, (low[open_] + high[open_]) / 2)
        open_ = open_[(np.abs(at[open_] - x) > 1e-10 * x) & (high[open_] - low[open_] > 1e-10 * x)]
    return at


def _distribution(x: Floats, q: Floats, shapes: list[Floats], rates: list[Floats]) -> tuple[Floats, Floats]:
    """Posterior probability of at most x, and density at x."""
    from scipy.special import gammainc, gammaln

    parts = [
        (
            gammainc(shape, rate * x),
            np.exp(shape * np.log(rate) + (shape - 1) * np.log(x) - rate * x - gammaln(shape)),
        )
        for shape, rate in zip(shapes, rates, strict=True)
    ]
    (below_1, density_1), (below_2, density_2) = parts
    return q * below_1 + (1 - q) * below_2, q * density_1 + (1 - q) * density_2
