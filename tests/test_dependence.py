"""Design effects against statsmodels' covariance by clusters, calculations by hand, and coverage of intervals."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from cpticd import stats
from cpticd.stats import Clusters


def sums(u: np.ndarray, cluster: np.ndarray) -> Clusters:
    """Sums over clusters, one after the other."""
    n_of = {c: float((cluster == c).sum()) for c in set(cluster.tolist())}
    u_of = {c: float(u[cluster == c].sum()) for c in n_of}
    return Clusters(
        *([value] for value in (
            len(n_of), sum(u_of[c] ** 2 for c in n_of), sum(u_of[c] * n_of[c] for c in n_of),
            sum(n_of[c] ** 2 for c in n_of),
        ))
    )  # fmt: skip


def test_lines_that_are_clusters_of_their_own_have_a_design_effect_of_one() -> None:
    u = np.array([0.7, -0.3, -0.3, 0.7, -0.3])
    found = stats.dependence([5], [u.sum()], [u @ u], {"claim": sums(u, np.arange(5))}, {"claim": [0.3]})
    assert found.design_effect[0] == pytest.approx(1.0)
    assert found.freedom[0] >= 1e6


def test_of_many_clusters_it_is_the_ratio_of_variances_that_statsmodels_has() -> None:
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(400), rng.integers(1, 9, 400))
    y = (rng.random(400)[cluster] < 0.15).astype(float)  # a cluster is denied as a whole
    y = np.where(rng.random(len(y)) < 0.2, rng.random(len(y)) < 0.15, y).astype(float)
    u = y - 0.1  # about any expectation: the mean is taken from the lines
    fit = OLS(y, np.ones(len(y)))
    clustered = fit.fit(cov_type="cluster", cov_kwds={"groups": cluster}).bse[0] ** 2
    plain = fit.fit().bse[0] ** 2
    found = stats.dependence(
        [len(y)], [u.sum()], [u @ u], {"person": sums(u, cluster)}, {"person": [clustered / plain / 10]}
    )
    assert found.kind[0] == "person"
    assert found.design_effect[0] == pytest.approx(clustered / plain, rel=0.02)


def test_one_cluster_shows_nothing_and_leans_on_its_like() -> None:
    u = np.array([0.8] * 6)
    found = stats.dependence([6], [u.sum()], [u @ u], {"person": sums(u, np.zeros(6))}, {"person": [0.5]})
    assert found.design_effect[0] == pytest.approx(1 + 5 * 0.5)
    assert found.freedom[0] < 20


def test_the_larger_of_two_kinds_counts() -> None:
    u = np.array([0.8, 0.8, -0.2, -0.2] * 40)
    person, claim = np.arange(160) // 2, np.arange(160)
    found = stats.dependence(
        [160], [u.sum()], [u @ u], {"claim": sums(u, claim), "person": sums(u, person)},
        {"claim": [0.0], "person": [0.9]},
    )  # fmt: skip
    assert found.kind[0] == "person" and 1.9 < found.design_effect[0] < 2.05


def test_correlation_is_that_of_pairs_of_lines_in_a_cluster() -> None:
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(3000), 4)
    y = np.where(rng.random(12000) < 0.4, rng.random(3000)[cluster] < 0.2, rng.random(12000) < 0.2)
    u = y - y.mean()
    by = u.reshape(3000, 4)
    pairs = np.mean([np.mean(by[:, a] * by[:, b]) for a in range(4) for b in range(a)]) / np.mean(u * u)
    n, clusters = [len(u)], sums(u, cluster)
    assert stats.correlation(n, [u @ u], clusters)[0] == pytest.approx(pairs, abs=0.01)


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_intervals_hold_the_rate_as_often_as_they_say(alike: float) -> None:
    rng = np.random.default_rng(11)
    groups, persons, each = 600, 30, 5
    shared = rng.random((groups, persons, 1)) < 0.12
    own = rng.random((groups, persons, each)) < 0.12
    y = np.where(rng.random((groups, persons, each)) < np.sqrt(alike), shared, own).astype(float)
    k, n = y.sum(axis=(1, 2)), np.full(groups, persons * each)
    u = y.sum(axis=2)
    size = np.full(u.shape, float(each))
    clusters = Clusters(np.full(groups, persons), (u * u).sum(1), (u * size).sum(1), (size**2).sum(1))
    center = u - size * (k / n)[:, None]
    centered = Clusters(
        np.full(groups, persons), (center**2).sum(1), (center * size).sum(1), (size**2).sum(1)
    )
    within = k - k * k / n
    found = stats.dependence(
        n, k, k, {"person": clusters}, {"person": stats.correlation(n, within, centered)}
    )
    low, high = stats.wilson(k, n, design_effect=found.design_effect, freedom=found.freedom)
    assert 0.92 <= np.mean((low <= 0.12) & (high >= 0.12)) <= 0.98
    plain_low, plain_high = stats.wilson(k, n)
    width = np.mean((high - low) / (plain_high - plain_low))
    assert (width < 1.06) if alike == 0 else (width > 1.3)
    if alike == 1.0:  # what is taken for independent does not
        assert np.mean((plain_low <= 0.12) & (plain_high >= 0.12)) < 0.75


def test_a_tail_of_effective_counts_is_that_of_fewer_draws() -> None:
    mean, variance, third, fourth = stats.hypergeometric_cumulants(40, 300, 2000)
    whole = stats.stratified_excess([16.0], [mean], [variance], [third], [fourth])
    halved = stats.stratified_excess([16.0], [mean], [variance], [third], [fourth], design_effect=2.0)
    few = stats.stratified_excess([16.0], [mean], [variance], [third], [fourth], freedom=6.0)
    drawn = stats.hypergeometric_cumulants(20, 300, 2000)
    assert halved[0] == pytest.approx(stats.stratified_excess([8.0], *([each] for each in drawn))[0], rel=0.1)
    assert whole[0] < halved[0] and whole[0] < few[0]
