"""Stratified odds ratios and segmented regressions against statsmodels, and where nothing can be told."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpticd.specificity.odds import mantel_haenszel
from cpticd.specificity.segmented import difference, level_change

COUNTS = st.lists(st.tuples(*[st.integers(0, 30)] * 4), min_size=2, max_size=12)


def informative(tables: list[tuple[int, ...]]) -> list[np.ndarray]:
    """What statsmodels is given: it has no rule for strata with an empty margin."""
    kept = [np.array(t, float).reshape(2, 2) for t in tables]
    return [t for t in kept if t.sum(0).all() and t.sum(1).all()]


@settings(max_examples=30, deadline=None)
@given(COUNTS)
def test_common_odds_ratio_interval_test_and_homogeneity_are_statsmodels(
    tables: list[tuple[int, ...]],
) -> None:
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    use = informative(tables)
    found = mantel_haenszel(["x"] * len(tables), *np.array(tables, float).T).loc["x"]
    assert found["strata"] == len(use)
    if len(use) < 2 or not 0 < found["odds_ratio"] < np.inf:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = contingency.StratifiedTable(use)
        low, high = theirs.oddsratio_pooled_confint()
        equal = theirs.test_equal_odds(adjust=True)
        null = theirs.test_null_odds()
    assert found["odds_ratio"] == pytest.approx(theirs.oddsratio_pooled)
    assert (found["low"], found["high"]) == (pytest.approx(low), pytest.approx(high))
    assert found["p_value"] == pytest.approx(null.pvalue, rel=1e-6)
    if np.isfinite(equal.statistic):
        assert found["homogeneity"] == pytest.approx(equal.statistic, rel=1e-5, abs=1e-7)
        assert found["homogeneity_p_value"] == pytest.approx(equal.pvalue, rel=1e-5)


def test_groups_are_apart_and_what_tells_nothing_is_missing() -> None:
    group = ["a", "a", "b", "c"]
    cells = [(10, 20, 5, 40), (3, 6, 2, 9), (4, 0, 3, 0), (5, 5, 0, 8)]
    found = mantel_haenszel(group, *np.array(cells, float).T)
    alone = mantel_haenszel([0, 0], *np.array(cells[:2], float).T).iloc[0]
    assert found.loc["a", "odds_ratio"] == alone["odds_ratio"]
    assert found.loc["b", "strata"] == 0  # everything is denied
    assert np.isnan(found.loc["b", "odds_ratio"])
    assert found.loc["c", "odds_ratio"] == np.inf
    assert np.isnan(found.loc["c", "low"])  # nobody of the others is denied: no interval


def test_one_stratum_is_the_plain_odds_ratio() -> None:
    found = mantel_haenszel(["x"], [10], [20], [5], [40]).loc["x"]
    assert found["odds_ratio"] == pytest.approx(10 * 40 / (20 * 5))
    assert found["homogeneity_df"] == 0
    assert np.isnan(found["homogeneity_p_value"])


def test_homogeneity_holds_its_level_where_strata_are_small() -> None:
    """With no effect at all: 5 of 100 below 0.05 where cells are expected to hold two, most where not."""
    random = np.random.default_rng(3)
    small, large = ((1, 4), (1, 3), (5, 9)), ((7, 12), (6, 10), (18, 26))
    sizes = [[random.integers(*ends, many) for ends in kind] for kind, many in ((small, 600), (large, 60))]
    exposed, denied, n = (np.concatenate(both) for both in zip(*sizes, strict=True))
    found: dict[float, list[float]] = {0.0: [], 2.0: []}
    for _ in range(40):
        a = random.hypergeometric(denied, n - denied, exposed)
        cells = (a, exposed - a, denied - a, n - exposed - denied + a)
        for least, values in found.items():
            row = mantel_haenszel(np.zeros(660), *cells, min_expected=least).iloc[0]
            values.append(float(row["homogeneity_p_value"]))
    assert np.mean(np.array(found[2.0]) < 0.05) <= 0.12
    assert np.mean(np.array(found[0.0]) < 0.05) > 0.5


def months(size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    month = np.arange(-size, size, dtype=float)
    n = random.integers(60, 200, 2 * size).astype(float)
    p = 1 / (1 + np.exp(1.5 - 0.05 * month - 0.8 * (month >= 0)))
    return month, random.binomial(n.astype(int), p).astype(float), n


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_change_of_level_is_statsmodels_quasi_binomial(seed: int) -> None:
    sm = pytest.importorskip("statsmodels.api")
    month, k, n = months(6, seed)
    found = level_change(month, k, n)
    design = np.column_stack([np.ones(12), month >= 0, month + 0.5])
    theirs = sm.GLM(np.column_stack([k, n - k]), design, family=sm.families.Binomial()).fit()
    scale = max(1.0, theirs.pearson_chi2 / theirs.df_resid)
    error = theirs.bse[1] * np.sqrt(scale)
    assert np.log(found.ratio) == pytest.approx(theirs.params[1], rel=1e-6)
    assert np.log(found.high / found.ratio) == pytest.approx(2.262157 * error, rel=1e-5)  # t, 9 degrees
    assert found.p_value < 0.05  # the odds were raised 2.2 fold


@pytest.mark.parametrize("seed", [4, 5])
def test_a_difference_to_controls_is_statsmodels(seed: int) -> None:
    sm = pytest.importorskip("statsmodels.api")
    month, k, n = months(6, seed)
    random = np.random.default_rng(seed + 50)
    other_n = n * 2
    other_k = random.binomial(other_n.astype(int), 0.25).astype(float)
    found = difference(month, k, n, (other_k, other_n))
    group, twice = np.repeat([1.0, 0.0], 12), np.tile(month, 2)
    design = np.column_stack([np.ones(24), twice >= 0, group, (twice >= 0) * group, twice + 0.5])
    both = np.column_stack([np.append(k, other_k), np.append(n - k, other_n - other_k)])
    theirs = sm.GLM(both, design, family=sm.families.Binomial()).fit()
    assert np.log(found.ratio) == pytest.approx(theirs.params[3], rel=1e-6)


def test_too_little_is_told_as_missing() -> None:
    month = np.arange(-3, 3, dtype=float)
    nobody = level_change(month, np.zeros(6), np.full(6, 10.0))
    assert np.isnan(nobody.ratio)
    one_sided = level_change(month[:3], np.ones(3), np.full(3, 10.0))
    assert np.isnan(one_sided.ratio)
    only_after = level_change(month, np.array([0, 0, 0, 3, 4, 5.0]), np.full(6, 10.0))
    assert np.isnan(only_after.low)
