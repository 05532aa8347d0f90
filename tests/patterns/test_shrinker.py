"""The Gamma–Poisson shrinker against published figures, numeric integration and planted truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from cpticd.core.errors import ArgumentError
from cpticd.patterns import shrinker
from cpticd.patterns.shrinker import Prior

#: The prior that the R package openEBGM 0.9.1 prints for the CAERS reports (vignette "Empirical Bayes Metrics"), with
#: count, expected, EBGM, QUANT_05, QUANT_95 of the pairs that it shows.
CAERS = Prior(3.25379356, 0.39988854, 2.02612692, 1.90807970, 0.06534557)
SHOWN = np.array([
    (1, 0.0360548272, 2.23, 0.49, 13.85),
    (1, 0.0038736591, 2.58, 0.52, 15.78),
    (1, 0.0002979738, 2.63, 0.52, 16.02),
    (1, 0.0765792610, 1.92, 0.47, 11.77),
    (1, 0.0527413588, 2.09, 0.48, 12.95),
    (16, 0.40643623, 23.26, 15.68, 33.48),
    (19, 0.89690107, 16.78, 11.65, 23.55),
    (6, 0.07866508, 18.28, 10.16, 30.83),
    (8, 0.30482718, 15.25, 9.00, 24.52),
    (11, 0.56317044, 14.28, 8.98, 21.78),
])  # fmt: skip
#: The same vignette: probabilities of the first part.
FIRST = [0.2819737, 0.3409653, 0.3482317, 0.2226356, 0.2556670]


def test_the_posterior_is_the_published_one() -> None:
    n, e, ebgm, low, high = SHOWN.T
    assert shrinker.share_of_first(CAERS, n, e)[:5] == pytest.approx(FIRST, abs=6e-8)
    # The published figures have two digits, and their bisection stops a little short of the quantile.
    assert shrinker.geometric_mean(CAERS, n, e) == pytest.approx(ebgm, abs=0.0051)
    assert shrinker.quantile(CAERS, n, e, 0.05) == pytest.approx(low, abs=0.011)
    assert shrinker.quantile(CAERS, n, e, 0.95) == pytest.approx(high, abs=0.011)


def density(prior: Prior, x: float) -> float:
    """The prior's density, written with scipy alone."""
    first = stats.gamma.pdf(x, prior.alpha_1, scale=1 / prior.beta_1)
    second = stats.gamma.pdf(x, prior.alpha_2, scale=1 / prior.beta_2)
    return float(prior.share_1 * first + (1 - prior.share_1) * second)


@pytest.mark.parametrize(("count", "expected"), [(0, 0.4), (1, 0.05), (3, 2.5), (12, 4.0), (40, 55.0)])
def test_the_posterior_is_what_integrating_prior_times_poisson_gives(count: int, expected: float) -> None:
    def weighed(x: float) -> float:
        return density(CAERS, x) * float(stats.poisson.pmf(count, x * expected))

    high = 60.0
    whole = integrate.quad(weighed, 0, high, limit=400, points=[0.5, 1, 3])[0]
    mean_log = integrate.quad(lambda x: np.log(x) * weighed(x), 1e-12, high, limit=400, points=[0.5, 1, 3])[0]
    assert shrinker.geometric_mean(CAERS, count, expected) == pytest.approx(
        np.exp(mean_log / whole), rel=1e-5
    )
    for probability in (0.05, 0.5, 0.95):
        at = float(shrinker.quantile(CAERS, count, expected, probability)[0])
        below = integrate.quad(weighed, 0, at, limit=400)[0] / whole
        assert below == pytest.approx(probability, abs=1e-6)


def likelihood(theta: list[float], n: np.ndarray, e: np.ndarray) -> float:
    """Mean log-likelihood of counts of one or more under a mixture of negative binomials, by scipy."""
    a1, b1, a2, b2, p = theta
    mixed = p * stats.nbinom.pmf(n, a1, b1 / (b1 + e)) + (1 - p) * stats.nbinom.pmf(n, a2, b2 / (b2 + e))
    none = p * stats.nbinom.pmf(0, a1, b1 / (b1 + e)) + (1 - p) * stats.nbinom.pmf(0, a2, b2 / (b2 + e))
    return float(np.mean(np.log(mixed / (1 - none))))


def drawn(prior: Prior, pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True ratios, counts and expectations of pairs that occur."""
    rng = np.random.default_rng(seed)
    first = rng.random(pairs) < prior.share_1
    ratio = np.where(
        first,
        rng.gamma(prior.alpha_1, 1 / prior.beta_1, pairs),
        rng.gamma(prior.alpha_2, 1 / prior.beta_2, pairs),
    )
    e = np.exp(rng.normal(0.3, 1.3, pairs))
    n = rng.poisson(ratio * e)
    return ratio[n > 0], n[n > 0], e[n > 0]


TRUE = Prior(2.0, 0.4, 4.0, 5.0, 0.1)


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray, Prior]:
    ratio, n, e = drawn(TRUE, 6000, seed=11)
    return ratio, n, e, shrinker.fit(n, e)


def test_the_fit_finds_the_prior_that_the_counts_were_drawn_from(
    planted: tuple[np.ndarray, np.ndarray, np.ndarray, Prior],
) -> None:
    _, n, e, prior = planted
    assert prior.share_1 == pytest.approx(TRUE.share_1, abs=0.03)
    assert prior.alpha_1 / prior.beta_1 == pytest.approx(5.0, rel=0.15)
    assert prior.alpha_2 / prior.beta_2 == pytest.approx(0.8, rel=0.10)
    assert prior.starts_agreeing >= 3
    assert not prior.at_bound
    fitted = [prior.alpha_1, prior.beta_1, prior.alpha_2, prior.beta_2, prior.share_1]
    # No prior near by is likelier, by a likelihood that shares none of our code; squashing costs next to nothing.
    best = likelihood(fitted, n, e)
    assert prior.log_likelihood == pytest.approx(best, abs=2e-4)
    for place in range(5):
        for step in (0.9, 1.1):
            moved = [value * step if i == place else value for i, value in enumerate(fitted)]
            assert likelihood(moved, n, e) < best + 1e-5


def test_intervals_hold_the_true_ratio_as_often_as_they_say(
    planted: tuple[np.ndarray, np.ndarray, np.ndarray, Prior],
) -> None:
    ratio, n, e, prior = planted
    low, high = (shrinker.quantile(prior, n, e, p) for p in (0.05, 0.95))
    assert np.mean(ratio < low) == pytest.approx(0.05, abs=0.012)
    assert np.mean(ratio > high) == pytest.approx(0.05, abs=0.012)
    # Shrinkage is worth having: closer to the truth, by logarithm, than the raw ratio.
    shrunk = shrinker.geometric_mean(prior, n, e)
    assert np.mean(np.log(shrunk / ratio) ** 2) < 0.6 * np.mean(np.log(n / e / ratio) ** 2)


def test_few_pairs_are_fitted_within_bounds() -> None:
    prior = shrinker.fit([1, 1, 2], [0.5, 1.0, 1.0])
    low, middle, high = (shrinker.quantile(prior, [2], [1.0], p)[0] for p in (0.05, 0.5, 0.95))
    assert 0 < low <= middle <= high < np.inf


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(0, 500),
    e=st.floats(1e-4, 500),
    prior=st.builds(Prior, *[st.floats(0.05, 20)] * 4, st.floats(0.01, 0.99)),
)
def test_quantiles_are_where_the_posterior_says(n: int, e: float, prior: Prior) -> None:
    q = shrinker.share_of_first(prior, n, e)
    for probability in (0.05, 0.95):
        at = shrinker.quantile(prior, n, e, probability)[0]
        below = q * stats.gamma.cdf(at, prior.alpha_1 + n, scale=1 / (prior.beta_1 + e))
        below += (1 - q) * stats.gamma.cdf(at, prior.alpha_2 + n, scale=1 / (prior.beta_2 + e))
        assert float(below) == pytest.approx(probability, abs=1e-7)


@pytest.mark.parametrize(
    ("count", "expected"), [([0, 1], [1.0, 1.0]), ([1], [0.0]), ([], []), ([1, 2], [1.0]), ([1], [np.nan])]
)
def test_counts_that_cannot_be_fitted_are_refused(count: list[int], expected: list[float]) -> None:
    with pytest.raises(ArgumentError, match="counts of 1 or more"):
        shrinker.fit(count, expected)


def test_a_probability_lies_between_nothing_and_one() -> None:
    with pytest.raises(ArgumentError, match="probability"):
        shrinker.quantile(CAERS, [1], [1.0], 5)
