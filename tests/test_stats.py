"""Every statistic against scipy, statsmodels, an exact sum or a calculation by hand."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, beta, betabinom, ecdf, hypergeom, poisson
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from cpticd import stats
from cpticd.core.errors import ArgumentError

counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
chances = st.floats(0, 1, allow_subnormal=False)


# Wilson -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_wilson_equals_statsmodels(confidence: float) -> None:
    n = np.array([1, 2, 7, 30, 1000, 10**7])
    k = np.array([0, 1, 7, 11, 1, 5_000_000])
    low, high = stats.wilson(k, n, confidence)
    low_0, high_0 = proportion_confint(k, n, alpha=1 - confidence, method="wilson")
    np.testing.assert_allclose(low, np.clip(low_0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(high, np.clip(high_0, 0, 1), atol=1e-12)


@given(counts, st.floats(0.5, 0.9999))
def test_wilson_lies_in_the_unit_interval_and_holds_the_rate(
    count: tuple[int, int], confidence: float
) -> None:
    k, n = count
    low, high = stats.wilson(k, n, confidence)
    assert 0 <= low <= k / n <= high <= 1


def test_wilson_without_lines_is_missing() -> None:
    low, high = stats.wilson([0, 1, np.nan], [0, 2, 3])
    assert np.isnan(low[[0, 2]]).all() and np.isnan(high[[0, 2]]).all() and low[1] < 0.5 < high[1]


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 2)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(ArgumentError, match=f"k={float(k)} of n={float(n)}"):
        stats.wilson([0, k], [1, n])


def test_a_level_outside_of_its_range_is_refused() -> None:
    with pytest.raises(ArgumentError, match="confidence: found 95"):
        stats.wilson(1, 2, 95)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ArgumentError, match="different lengths"):
        stats.wilson([1, 2], [3, 4, 5])


# Shrinkage --------------------------------------------------------------------------------------------------


def drawn_rates(rows: int, precision: float, seed: int = 7) -> tuple[np.ndarray, ...]:
    """Counts whose true rates scatter about their expected rates with a known precision."""
    rng = np.random.default_rng(seed)
    expected = rng.uniform(0.02, 0.4, rows)
    n = rng.integers(20, 400, rows)
    rate = rng.beta(precision * expected, precision * (1 - expected))
    return rng.binomial(n, rate), n, expected, rate


def test_precision_maximises_the_marginal_likelihood() -> None:
    k, n, expected, _ = drawn_rates(400, 60.0)
    grid = np.exp(np.linspace(np.log(5), np.log(2000), 4001))[:, None]
    likelihood = betabinom.logpmf(k, n, grid * expected, grid * (1 - expected)).sum(axis=1)
    prior = -((np.log(grid[:, 0]) - np.log(50)) ** 2) / 8
    best = grid[np.argmax(likelihood + prior), 0]
    _, precision = stats.shrink(k, n, expected)
    assert precision == pytest.approx(best, rel=0.01)
    assert precision == pytest.approx(60, rel=0.25)


def test_shrunk_rates_are_nearer_to_the_truth_than_raw_and_expected_ones() -> None:
    k, n, expected, rate = drawn_rates(2000, 60.0)
    shrunk, _ = stats.shrink(k, n, expected)
    error = ((shrunk - rate) ** 2).mean()
    assert error < 0.8 * ((k / n - rate) ** 2).mean()
    assert error < 0.8 * ((expected - rate) ** 2).mean()


def test_rates_that_vary_by_chance_only_shrink_to_the_expected_ones() -> None:
    rng = np.random.default_rng(3)
    expected, n = np.full(1000, 0.1), np.full(1000, 100)
    shrunk, precision = stats.shrink(rng.binomial(n, expected), n, expected)
    assert precision > 1000
    assert np.abs(shrunk - expected).max() < 0.02


@given(st.lists(st.tuples(counts, st.floats(0.001, 0.999)), min_size=1, max_size=8))
@settings(deadline=None, max_examples=50)
def test_shrunk_lies_between_raw_and_expected(rows: list[tuple[tuple[int, int], float]]) -> None:
    k, n = (np.array(part, float) for part in zip(*(row[0] for row in rows), strict=True))
    expected = np.array([row[1] for row in rows])
    shrunk, precision = stats.shrink(k, n, expected)
    assert precision > 0
    assert np.all(shrunk >= np.minimum(k / n, expected) - 1e-12)
    assert np.all(shrunk <= np.maximum(k / n, expected) + 1e-12)


def test_few_or_no_rows_and_gaps_do_not_break_shrinkage() -> None:
    shrunk, precision = stats.shrink([], [], [])
    assert shrunk.size == 0 and precision == pytest.approx(50, rel=1e-3)
    shrunk, precision = stats.shrink([0, np.nan, 5], [0, 10, 30], [0.2, 0.1, 0.1], precision=10)
    np.testing.assert_allclose(shrunk, [0.2, np.nan, 6 / 40])
    assert np.isfinite(stats.shrink([0, 4], [9, 9], [0.0, 1.0])[0]).all()
    with pytest.raises(ArgumentError, match="expected: rates"):
        stats.shrink([1], [2], [1.5])


def test_exceedance_is_the_posterior_tail() -> None:
    k, n, expected = np.array([0, 5, 30]), np.array([10, 10, 100]), np.array([0.1, 0.2, 0.3])
    found = stats.exceedance(k, n, expected, 40.0, 0.25)
    np.testing.assert_allclose(
        found, beta.sf(0.25, k + 40 * expected, n - k + 40 * (1 - expected)), rtol=1e-10
    )
    np.testing.assert_array_equal(stats.exceedance([0, 9], [9, 9], [0.0, 1.0], 40.0, 0.25), [0, 1])


# Excess over strata -----------------------------------------------------------------------------------------


def exact_tail(strata: list[tuple[int, int, int]]) -> np.ndarray:
    """P(sum >= k) for every k, by convolution of the strata's hypergeometric distributions."""
    parts = [hypergeom(total, marked, drawn).pmf(np.arange(drawn + 1)) for drawn, marked, total in strata]
    return np.cumsum(reduce(np.convolve, parts)[::-1])[::-1]


def cumulants(strata: list[tuple[int, int, int]]) -> list[float]:
    return [part.sum() for part in stats.hypergeometric_cumulants(*np.array(strata).T)]


STRATA = {
    "one large": [(100, 60, 2000)],
    "one that is half drawn": [(50, 20, 100)],
    "alike": [(12, 9, 90), (8, 11, 100), (20, 25, 240)],
    "many small": [(3, 2, 14)] * 25,
    "unlike rates": [(30, 6, 400), (10, 60, 120), (5, 90, 110), (40, 4, 800)],
    "small skewed counts": [(24, 10, 240), (14, 10, 100)],
}


@pytest.mark.parametrize("name", STRATA)
def test_excess_is_near_the_exact_sum(name: str) -> None:
    tail, known = exact_tail(STRATA[name]), cumulants(STRATA[name])
    k = np.arange(int(np.ceil(known[0])), tail.size)
    k = k[tail[k] > 1e-6]
    ratio = stats.stratified_excess(k, *known) / tail[k]
    allowed = np.where(tail[k] > 1e-4, 1.15, 2.7)
    assert np.all((ratio > 1 / allowed) & (ratio < allowed)), np.column_stack([tail[k], ratio])


def test_a_small_skewed_count_two_point_four_expected_eight_observed() -> None:
    strata = STRATA["small skewed counts"]
    mean, variance, third, fourth = cumulants(strata)
    assert mean == pytest.approx(2.4)
    exact = exact_tail(strata)[8]
    assert stats.stratified_excess(8, mean, variance, third, fourth) == pytest.approx(exact, rel=0.05)
    assert stats.stratified_excess(8, mean, variance, third) == pytest.approx(exact, rel=0.2)
    assert stats.stratified_excess(8, mean, variance) == pytest.approx(exact, rel=0.3)


@given(st.lists(st.tuples(st.integers(3, 60), chances, chances), min_size=1, max_size=6))
@settings(deadline=None, max_examples=150)
def test_excess_is_never_wildly_too_small(shapes: list[tuple[int, float, float]]) -> None:
    strata = [
        (1 + round(drawn * (total - 1) / 2), round(marked * total), total) for total, drawn, marked in shapes
    ]
    known = cumulants(strata)
    tail = exact_tail(strata)
    k = np.arange(tail.size)
    k = k[(k >= known[0]) & (tail[k] > 1e-4)]
    found = stats.stratified_excess(k, *known)
    assert np.all(found >= tail[k] / 2)
    assert np.all(np.diff(found) <= 1e-12)


def test_false_alarms_of_mid_p_come_at_their_rate() -> None:
    rng = np.random.default_rng(11)
    drawn, total = rng.integers(5, 40, (4000, 6)), rng.integers(60, 400, (4000, 6))
    marked = rng.binomial(total, rng.choice([0.03, 0.1, 0.3], (4000, 6)))
    observed = rng.hypergeometric(marked, total - marked, drawn).sum(axis=1)
    known = [part.sum(axis=1) for part in stats.hypergeometric_cumulants(drawn, marked, total)]
    p = stats.stratified_excess(observed, *known, mid=True)
    for level in (0.01, 0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 4000))
    assert (stats.stratified_excess(observed, *known) >= p).all()


@pytest.mark.parametrize(
    "stratum", [(5, 7, 40), (20, 3, 25), (1, 1, 2), (2, 1, 3), (3, 2, 4), (400, 90, 3000)]
)
def test_cumulants_equal_those_of_the_distribution(stratum: tuple[int, int, int]) -> None:
    drawn, marked, total = stratum
    counts = np.arange(drawn + 1)
    chance = hypergeom(total, marked, drawn).pmf(counts)
    mean = counts @ chance
    central = [((counts - mean) ** power) @ chance for power in (2, 3, 4)]
    expected = [mean, central[0], central[1], central[2] - 3 * central[0] ** 2]
    np.testing.assert_allclose(stats.hypergeometric_cumulants(*stratum), expected, atol=1e-9)


def test_excess_at_the_edges() -> None:
    # nothing varies: certain; nothing observed: certain; Poisson limit; gaps; beyond what can be reached
    assert stats.stratified_excess([3, 4], [3, 3], [0, 0]).tolist() == [1, 0]
    assert stats.stratified_excess(0, 2.0, 1.8) == 1
    assert stats.stratified_excess(9, 2.0, 2.0) == pytest.approx(poisson.sf(8, 2.0), rel=0.01)
    assert stats.stratified_excess(9, 2.0, 2.0, 2.0, 2.0) == pytest.approx(poisson.sf(8, 2.0), rel=0.01)
    assert np.isnan(stats.stratified_excess(np.nan, 2.0, 1.0))
    assert 0 <= stats.stratified_excess(500, 2.0, 1.0, 0.5) < 1e-6


# Benjamini–Hochberg -----------------------------------------------------------------------------------------


@given(st.lists(chances, min_size=1, max_size=50))
@settings(deadline=None)
def test_q_equals_statsmodels_and_keeps_order(p: list[float]) -> None:
    q = stats.benjamini_hochberg(p)
    np.testing.assert_allclose(q, multipletests(p, method="fdr_bh")[1], atol=1e-12)
    assert np.all(q >= np.array(p) - 1e-12) and np.all(q <= 1)
    assert np.all(np.diff(q[np.argsort(p)]) >= -1e-12)


def test_missing_p_values_are_outside_of_the_family() -> None:
    q = stats.benjamini_hochberg(pd.Series([0.01, None, 0.03]))
    np.testing.assert_allclose(q, [0.02, np.nan, 0.03])
    assert np.isnan(stats.benjamini_hochberg([np.nan])).all() and stats.benjamini_hochberg([]).size == 0
    with pytest.raises(ArgumentError, match=r"found 1\.2"):
        stats.benjamini_hochberg([0.5, 1.2])


# Laney p′ ---------------------------------------------------------------------------------------------------


def test_laney_limits_by_hand() -> None:
    # center 100/1000 = 0.1; sigma = 0.3/sqrt(n): 0.03, 0.015, 0.015, 0.03 (n = 100, 400, 400, 100)
    # z = (0.13-0.1)/0.03 = 1, (0.085-0.1)/0.015 = -1, (0.1-0.1)/0.015 = 0, (0.13-0.1)/0.03 = 1
    # moving ranges 2, 1, 1: mean 4/3; sigma_z = (4/3)/1.128379 = 1.181635
    found = stats.laney_p_prime([13, 34, 40, 13], [100, 400, 400, 100])
    np.testing.assert_allclose(found["center"], 0.1)
    np.testing.assert_allclose(found["sigma_z"], 1.181635, rtol=1e-6)
    half = 3 * 1.181635 * np.array([0.03, 0.015, 0.015, 0.03])
    np.testing.assert_allclose(found["upper"], 0.1 + half, rtol=1e-6)
    np.testing.assert_allclose(found["lower"], np.maximum(0.1 - half, 0), rtol=1e-6)


def test_laney_widens_where_a_p_chart_would_cry_wolf() -> None:
    rng = np.random.default_rng(5)
    n = np.full(60, 200_000)
    k = rng.binomial(n, np.clip(rng.normal(0.1, 0.01, 60), 0, 1))
    found = stats.laney_p_prime(k, n)
    outside = (found["rate"] < found["lower"]) | (found["rate"] > found["upper"])
    plain = np.abs(found["rate"] - 0.1) > 3 * np.sqrt(0.09 / 200_000)
    assert found["sigma_z"].iloc[0] > 5 and plain.mean() > 0.5 and outside.mean() < 0.05


def test_laney_baseline_and_gaps() -> None:
    found = stats.laney_p_prime([10, 12, 0, 90], [100, 100, 0, 100], use=[True, True, True, False])
    assert found["center"].iloc[0] == pytest.approx(0.11)
    assert np.isnan(found["rate"][2]) and np.isnan(found["upper"][2]) and found["rate"][3] > found["upper"][3]
    assert stats.laney_p_prime([1], [10])["upper"].isna().all()
    assert len(stats.laney_p_prime([], [])) == 0
    with pytest.raises(ArgumentError, match="use: 1 flags for 2"):
        stats.laney_p_prime([1, 2], [3, 4], use=[True])


# Kaplan–Meier -----------------------------------------------------------------------------------------------


def waiting(size: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    event, end = rng.geometric(0.05, size), rng.integers(5, 60, size)
    return np.minimum(event, end), event <= end


def test_survival_equals_statsmodels() -> None:
    duration, observed = waiting()
    found = stats.kaplan_meier(duration, observed)
    found = found[found["events"] > 0]
    oracle = SurvfuncRight(duration, observed)
    np.testing.assert_allclose(found["day"], oracle.surv_times)
    np.testing.assert_allclose(found["at_risk"], oracle.n_risk)
    np.testing.assert_allclose(found["survival"], oracle.surv_prob, atol=1e-12)


def test_survival_interval_equals_scipy() -> None:
    duration, observed = waiting()
    found = stats.kaplan_meier(duration, observed, confidence=0.9)
    curve = ecdf(CensoredData(uncensored=duration[observed], right=duration[~observed])).sf
    interval = curve.confidence_interval(0.9, method="log-log")
    inside = ((found["survival"] > 0) & (found["survival"] < 1)).to_numpy()
    np.testing.assert_allclose(found["low"][inside], interval.low.evaluate(found["day"][inside]), atol=1e-9)
    np.testing.assert_allclose(found["high"][inside], interval.high.evaluate(found["day"][inside]), atol=1e-9)


def test_weights_count_like_rows() -> None:
    duration, observed = waiting()
    grouped = pd.DataFrame({"d": duration, "o": observed}).value_counts().reset_index()
    found = stats.kaplan_meier(grouped["d"], grouped["o"], grouped["count"])
    pd.testing.assert_frame_equal(found, stats.kaplan_meier(duration, observed))


def test_survival_by_hand() -> None:
    # 4 at risk, one event: 3/4; day 2: one of 3 has its event, one is censored: 3/4 · 2/3; the last: 0
    found = stats.kaplan_meier([2, 1, 2, 3, np.nan], [True, True, False, True, True])
    assert found["survival"].tolist() == pytest.approx([0.75, 0.5, 0])
    assert found[["at_risk", "events", "censored"]].to_numpy().tolist() == [[4, 1, 0], [3, 1, 1], [1, 1, 0]]
    assert found["low"].iloc[-1] == found["high"].iloc[-1] == 0
    assert len(stats.kaplan_meier([], [])) == 0


def test_negative_durations_and_uneven_input_are_refused() -> None:
    with pytest.raises(ArgumentError, match="order of the dates"):
        stats.kaplan_meier([1, -1], [True, True])
    with pytest.raises(ArgumentError, match="2 durations, 1 observed"):
        stats.kaplan_meier([1, 1], [True])


# Ratio of sums ----------------------------------------------------------------------------------------------


def test_ratio_interval_equals_the_robust_error_of_a_weighted_regression() -> None:
    rng = np.random.default_rng(4)
    den = rng.lognormal(5, 1, 200)
    num = den * rng.binomial(1, 0.15, 200)
    fit = WLS(num, den, weights=1 / den).fit(cov_type="HC0")
    ratio, low, high = stats.ratio_interval(num, den)
    assert ratio == pytest.approx(fit.params[0])
    half = 1.959963984540054 * fit.bse[0] * np.sqrt(200 / 199)
    assert (low, high) == pytest.approx((ratio - half, ratio + half))


def test_lines_of_a_claim_are_one_unit() -> None:
    num, den, claim = np.array([1.0, 2, 0, 5, 0]), np.array([4.0, 2, 3, 5, 6]), np.array(list("aabbc"))
    by_claim = pd.DataFrame({"n": num, "d": den}).groupby(claim).sum()
    assert stats.ratio_interval(num, den, claim) == stats.ratio_interval(by_claim["n"], by_claim["d"])
    assert stats.ratio_interval(num, den, claim) != stats.ratio_interval(num, den)


def test_ratio_intervals_cover_at_their_level() -> None:
    rng = np.random.default_rng(6)
    den = rng.lognormal(5, 0.8, (500, 3000))
    num = den * rng.binomial(1, 0.12, den.shape)
    _, low, high = stats.ratio_interval_of_sums(
        3000,
        num.sum(1),
        den.sum(1),
        num_squared=(num**2).sum(1),
        den_squared=(den**2).sum(1),
        product=(num * den).sum(1),
    )
    assert ((low <= 0.12) & (high >= 0.12)).mean() == pytest.approx(0.95, abs=0.02)


def test_a_ratio_of_nothing_is_missing() -> None:
    assert np.isnan(stats.ratio_interval([], [])).all()
    ratio, low, _ = stats.ratio_interval([1.0], [2.0])
    assert ratio == 0.5 and np.isnan(low)
