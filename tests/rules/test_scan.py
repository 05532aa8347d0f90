"""The change-point scan: its p-value against every order of a small series, and against shuffled larger ones."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, nchypergeom_fisher

from cpticd.rules import scan


def ratio_of(services: np.ndarray, denied: np.ndarray, minimum: int = 1) -> float:
    """The highest binomial log-likelihood ratio of a rise over days, written out."""
    n, d = services.sum(), denied.sum()
    best = 0.0
    for day in range(1, len(services)):
        n1, d1 = services[day:].sum(), denied[day:].sum()
        if d1 < minimum or d1 / n1 <= d / n:
            continue
        parts = [(d1, n1), (d - d1, n - n1)]
        own = sum(binom.logpmf(k, m, k / m) for k, m in parts)
        best = max(best, own - sum(binom.logpmf(k, m, d / n) for k, m in parts))
    return best


def one(services: list[int], denied: list[int], odds: list[float] | None = None, minimum: int = 1):
    n, d = np.array(services, float), np.array(denied, float)
    return scan.steepest(np.zeros(len(n), int), n, d, np.array(odds or [1.0] * len(n)), minimum=minimum).iloc[
        0
    ]


def test_p_value_counts_the_orders_that_rise_as_steeply() -> None:
    services, denied = np.array([3, 1, 2, 2, 1, 3]), np.array([0, 0, 0, 1, 1, 3])
    days = np.repeat(np.arange(6), services)
    observed = ratio_of(services, denied)
    every = list(itertools.combinations(range(12), 5))
    steep = sum(
        ratio_of(services, np.bincount(days[list(pick)], minlength=6)) >= observed - 1e-9 for pick in every
    )
    found = one(services, denied)
    assert found["log_likelihood_ratio"] == pytest.approx(observed)
    assert found["p_value"] == pytest.approx(steep / len(every))
    assert found["row"] == 3


def test_p_value_of_a_longer_series_is_that_of_shuffled_ones() -> None:
    draw = np.random.default_rng(5)
    services = draw.integers(1, 12, 60)
    days = np.repeat(np.arange(60), services)
    denied = np.bincount(draw.choice(days[days >= 40], 14, replace=False), minlength=60)
    denied += np.bincount(draw.choice(days[days < 40], 8, replace=False), minlength=60)
    observed = one(services, denied, minimum=4)
    shuffled = [
        scan.steepest(
            np.zeros(60, int),
            services,
            np.bincount(draw.permutation(days)[:22], minlength=60),
            np.ones(60),
            minimum=4,
        )["log_likelihood_ratio"][0]
        for _ in range(400)
    ]
    share = np.mean(np.array(shuffled) >= observed["log_likelihood_ratio"] - 1e-9)
    assert 0.001 < observed["p_value"] < 0.2
    assert abs(share - observed["p_value"]) < 4 * np.sqrt(observed["p_value"] / 400)


def test_odds_that_move_make_it_fishers_noncentral_hypergeometric() -> None:
    """Two days, one split: the chance of as many denials on the second day, whose odds are three times the first's."""
    found = one([20, 15], [2, 14], odds=[1.0, 3.0])
    assert found["p_value"] == pytest.approx(nchypergeom_fisher.sf(13, 35, 16, 15, 3.0))
    assert one([20, 15], [2, 14])["p_value"] < found["p_value"]


def test_a_rise_that_the_odds_account_for_is_none() -> None:
    services, odds = [50] * 8, [1.0] * 4 + [4.0] * 4
    denied = [2, 3, 2, 3, 9, 10, 9, 10]
    assert one(services, denied)["p_value"] < 0.01
    assert one(services, denied, odds)["p_value"] > 0.5


def test_series_do_not_mix() -> None:
    cluster = np.repeat([4, 7, 9], 4)
    services = np.full(12, 5)
    denied = np.array([0, 0, 5, 5, 1, 1, 1, 1, 0, 5, 5, 5])
    together = scan.steepest(cluster, services, denied, np.ones(12), minimum=2)
    assert together["cluster"].tolist() == [4, 7, 9]
    assert together["row"].tolist() == [2, -1, 9]
    for i in range(3):
        rows = slice(4 * i, 4 * i + 4)
        alone = one(list(services[rows]), list(denied[rows]), minimum=2)
        assert together["p_value"][i] == pytest.approx(alone["p_value"])


def test_where_it_cannot_be_told_apart_several_starts_are_believed() -> None:
    found = one([2, 1, 1, 1, 8], [0, 1, 0, 1, 8], minimum=2)
    assert found["row"] == 4 or found["first"] <= found["row"] <= found["last"]
    assert found["first"] < found["last"]


def test_nothing_in_nothing_out() -> None:
    empty = scan.steepest(np.zeros(0, int), np.zeros(0), np.zeros(0), np.zeros(0), minimum=2)
    assert empty.empty
    assert one([5, 5], [5, 5])["p_value"] == 1.0  # all denied, always
    assert one([5, 5], [4, 0])["row"] == -1  # a fall is no rise


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 1)), min_size=2, max_size=25), st.integers(1, 3))
def test_ratio_is_the_highest_and_p_a_probability(days: list[tuple[int, float]], minimum: int) -> None:
    services = np.array([n for n, _ in days])
    denied = np.array([round(n * share) for n, share in days])
    found = one(list(services), list(denied), minimum=minimum)
    assert found["log_likelihood_ratio"] == pytest.approx(ratio_of(services, denied, minimum), abs=1e-6)
    assert 0 <= found["p_value"] <= 1
    if found["log_likelihood_ratio"] >= scan.WORTH:
        assert found["p_value"] > 0
