"""Providers against their case mix: by hand, against Spiegelhalter's formulas, and against planted outliers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.patterns.funnel import funnel, position
from tests.patterns.billed import billed
from tests.spec import shown

#: Two payers of different strictness; A has mostly North's patients, B mostly South's.
ROWS = """
    code  | diagnoses | provider | payer | denied | times | person
    99213 | I10       | A        | North | no     | 72    | p1
    99213 | I10       | A        | North | yes    | 8     | p2
    99214 | I10       | A        | South | no     | 14    | p3
    99214 | I10       | A        | South | yes    | 6     | p3
    99213 | I10       | B        | North | no     | 18    | p4
    99213 | I10       | B        | North | yes    | 2     | p4
    99214 | I10 E119  | B        | South | no     | 56    | p5
    99214 | E119      | B        | South | yes    | 24    | p6
    99215 | I10       | C        | South | no     | 5     | p7
    80053 | E119      | C        | South | yes    | 3     | p7
"""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return billed(ROWS)


ANY = {"min_lines": 1, "min_expected": 0}


def test_expected_is_what_the_case_mix_gives(claims: Claims) -> None:
    found = patterns.providers(claims, measure="denial", adjust="payer", **ANY)
    # North: 10 of 100 denied; South: 33 of 108.
    a, b = 80 * 0.1 + 20 * 33 / 108, 20 * 0.1 + 80 * 33 / 108
    columns = ("provider", "lines", "persons", "observed", "expected", "ratio", "comparison_lines")
    assert sorted(shown(found, *columns)) == [
        ("A", 100, 3, 14, round(a, 4), round(14 / a, 4), 20 + 88),
        ("B", 100, 3, 26, round(b, 4), round(26 / b, 4), 80 + 28),
        ("C", 8, 1, 3, round(8 * 33 / 108, 4), round(3 / (8 * 33 / 108), 4), 100),
    ]
    assert found["adjusted_rate"].to_numpy() == pytest.approx(found["ratio"] * 43 / 208)
    assert cx.contract(found)["overall_rate"] == pytest.approx(43 / 208)
    # Unadjusted, A looks good and B bad; adjusted, both are as expected.
    plain = patterns.providers(claims, measure="denial", adjust=None, **ANY).set_index("provider")["ratio"]
    assert plain["A"] < 0.7
    assert plain["B"] > 1.25
    assert found.set_index("provider")["ratio"][["A", "B"]].to_numpy() == pytest.approx([1, 1], abs=0.02)


def test_distances_and_chance_are_hypergeometric(claims: Claims) -> None:
    # As many persons as lines; of three persons of a provider nothing is sure.
    every = "\n".join(line.rpartition("|")[0] for line in ROWS.strip().splitlines())
    asked = {"measure": "denial", "adjust": None, "overdispersion": None, **ANY}
    of_few = patterns.providers(claims, **asked).set_index("provider")
    found = patterns.providers(billed(every), **asked).set_index("provider")
    assert (found["design_effect"] == 1).all()
    assert (of_few.loc[["A", "B"], "design_effect"] > 5).all()
    assert (of_few["p_value"] > 0.2).all()
    for provider, n, k in (("A", 100, 14), ("B", 100, 26), ("C", 8, 3)):
        exact = scipy_stats.hypergeom(208, 43, n)
        row = found.loc[provider]
        assert row["z"] == pytest.approx((k - exact.mean()) / exact.std())
        assert row["precision"] == pytest.approx(exact.mean() ** 2 / exact.var())
        two_sided = min(1, 2 * min(exact.sf(k - 1), exact.cdf(k)))
        assert row["p_value"] == pytest.approx(two_sided, rel=0.1)
        half = 1.959963985 * exact.std() / exact.mean()
        assert (row["lower_95"], row["upper_95"]) == pytest.approx((max(0, 1 - half), 1 + half))


@pytest.mark.parametrize(
    ("measure", "arguments", "counted"),
    [
        ("code", {"code": "99214"}, {"A": (20, 100), "B": (80, 100), "C": (0, 8)}),
        ("code", {"code": ["99214", "99215"], "among": ["99213", "99214", "99215"]},
         {"A": (20, 100), "B": (80, 100), "C": (5, 5)}),
        ("level", {"family": "office visit, established patient", "level": 4},
         {"A": (20, 100), "B": (80, 100), "C": (5, 5)}),
        ("pair", {"code": "99214", "diagnosis": "E11.9"}, {"A": (0, 20), "B": (80, 80)}),
        ("pair", {"code": "99214", "diagnosis": ["I10", "E119"]}, {"A": (20, 20), "B": (80, 80)}),
    ],
)  # fmt: skip
def test_each_measure_counts_its_lines(
    claims: Claims, measure: Any, arguments: dict[str, Any], counted: dict[str, tuple[int, int]]
) -> None:
    found = patterns.providers(claims, measure=measure, adjust=None, **ANY, **arguments)
    rows = {row.provider: (row.observed, row.lines) for row in found.itertuples()}
    assert rows == counted


def test_a_selection_is_all_there_is(claims: Claims) -> None:
    for criteria, counted in (
        ({"persons": ["p7"]}, {"C": (3, 8)}),
        ({"payer": "North", "dates": ("2024-03-05", "2024-03-05")}, {"A": (8, 80), "B": (2, 20)}),
    ):
        found = patterns.providers(claims.where(**criteria), adjust=None, **ANY)
        assert {row.provider: (row.observed, row.lines) for row in found.itertuples()} == counted


def test_unspecified_is_told_by_the_primary_diagnosis() -> None:
    rows = """
        code  | diagnoses     | provider | times
        99213 | S72.009A I10  | A        | 3
        99213 | I10 S72.009A  | A        | 5
        99213 | S72.021A      | B        | 2
        99213 | XYZ           | B        | 1
    """
    found = patterns.providers(billed(rows), measure="unspecified", adjust=None, **ANY)
    assert sorted(shown(found, "provider", "observed", "lines")) == [("A", 3, 8), ("B", 0, 2)]


def test_a_level_counts_on_the_days_on_which_its_code_stands() -> None:
    rows = """
        code  | provider | date       | diagnoses
        99201 | A        | 2020-12-31 | I10
        99201 | A        | 2021-01-01 | I10
        99203 | A        | 2021-01-01 | I10
    """
    found = patterns.providers(
        billed(rows), measure="level", family="office visit, new patient", level=3, adjust=None, **ANY
    )
    assert shown(found, "provider", "observed", "lines") == [("A", 1, 2)]


def test_lines_without_a_provider_are_counted_and_few_are_left_out() -> None:
    rows = billed("code | diagnoses | provider | times\n99213 | I10 | A | 40\n99213 | I10 | B | 5")
    found = patterns.providers(rows, measure="code", code="99213", among=["99213"], min_expected=0)
    assert found["provider"].tolist() == ["A"]
    contract = cx.contract(found)
    assert (contract["providers_left_out"], contract["rows_left_out"], contract["lines_counted"]) == (
        1,
        0,
        45,
    )
    assert found["position"].tolist() == ["not comparable"]  # every line is of the code: nothing varies
    assert found["p_value"].isna().all()
    assert json.loads(json.dumps(dict(contract))) == dict(contract)


# Overdispersion ---------------------------------------------------------------------------------------------


def drawn(seed: int, spread: float, providers: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observed, expected and variance of Poisson counts whose true ratios differ by ``spread``."""
    rng = np.random.default_rng(seed)
    expected = rng.uniform(20, 200, providers)
    ratio = rng.gamma(1 / spread**2, spread**2, providers) if spread else np.ones(providers)
    return rng.poisson(ratio * expected).astype(float), expected, expected


def test_phi_and_tau_follow_spiegelhalters_formulas() -> None:
    observed, expected, variance = drawn(3, 0.3, 60)
    z = (observed - expected) / np.sqrt(variance)
    low, high = np.quantile(z, [0.1, 0.9])
    phi = np.mean(np.clip(z, low, high) ** 2)
    multiplied = funnel(observed, expected, variance, overdispersion="multiplicative", winsorize=0.1)
    assert multiplied.phi == pytest.approx(phi)
    assert multiplied.z_adjusted == pytest.approx(z / np.sqrt(phi))
    s = np.sqrt(variance) / expected
    w = 1 / s**2
    tau2 = (60 * phi - 59) / (w.sum() - (w**2).sum() / w.sum())
    added = funnel(observed, expected, variance, overdispersion="additive", winsorize=0.1)
    assert added.tau_squared == pytest.approx(tau2)
    assert added.z_adjusted == pytest.approx((observed / expected - 1) / np.sqrt(s**2 + tau2))
    low, high = added.limits(0.998)
    assert high == pytest.approx(1 + 3.0902323 * np.sqrt(s**2 + tau2))


@pytest.mark.parametrize("spread", [0.0, 0.15, 0.4])
@pytest.mark.parametrize("method", ["multiplicative", "additive"])
def test_limits_hold_what_they_say_whatever_the_spread(method: Any, spread: float) -> None:
    outside = []
    for seed in range(12):
        observed, expected, variance = drawn(seed, spread)
        result = funnel(observed, expected, variance, overdispersion=method, winsorize=0.1)
        low, high = result.limits(0.95)
        outside.append(np.mean((observed / expected < low) | (observed / expected > high)))
    # Winsorising takes some of the spread away too, so that the limits are somewhat narrow; chance alone is worse.
    assert 0.02 < np.mean(outside) < 0.13
    if spread:
        alone = funnel(*drawn(0, spread), overdispersion=None, winsorize=0.1)
        assert np.mean(np.abs(alone.z) > 1.96) > 1.4 * np.mean(outside)


def test_outliers_do_not_hide_themselves() -> None:
    observed, expected, variance = drawn(8, 0.1, 50)
    observed[:3] = expected[:3] * 2.5
    result = funnel(observed, expected, variance, overdispersion="multiplicative", winsorize=0.1)
    where = position(observed / expected, result)
    assert where[:3] == ["above 99.8 %"] * 3
    assert sum(place != "within 95 %" for place in where[3:]) <= 6
    unwinsorised = funnel(observed, expected, variance, overdispersion="multiplicative", winsorize=0.0)
    assert unwinsorised.phi > 2 * result.phi


def test_the_planted_provider_is_furthest_out() -> None:
    rng = np.random.default_rng(2)
    n = 2400
    provider = rng.integers(0, 12, n)
    chance = np.where(provider == 7, 0.75, 0.45)
    code = np.where(rng.random(n) < chance, "99214", "99213")
    data = pd.DataFrame({"code": code, "provider": [f"N{i:02}" for i in provider], "diagnoses": "I10"})
    found = patterns.providers(
        billed(data), measure="level", family="office visit, established patient", level=4
    )
    assert found["provider"].iloc[0] == "N07"
    assert found["position"].iloc[0] == "above 99.8 %"
    assert (found["q_value"] < 0.01).tolist() == [True] + [False] * 11


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measure": "denials"}, "measure='denials'"),
        ({"measure": "code"}, "measure='code' needs code"),
        ({"measure": "pair", "code": "99213"}, "needs code and diagnosis|needs diagnosis"),
        ({"measure": "denial", "code": "99213"}, r"takes nothing more; found \['code'\]"),
        ({"measure": "level", "family": "visits", "level": 2}, "family='visits'"),
        ({"measure": "level", "family": "hospital discharge", "level": 1}, "level=1"),
        ({"measure": "code", "code": "99213", "among": "99214"}, "does not hold"),
        ({"measure": "code", "code": [""]}, "give one code"),
        ({"provider": "npi"}, "provider='npi'"),
        ({"overdispersion": "none"}, "overdispersion='none'"),
        ({"winsorize": 0.5}, "winsorize=0.5"),
        ({"adjust": "procedure"}, "adjust='procedure'"),
        ({"min_lines": 2.5}, "min_lines=2.5"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    claims: Claims, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        patterns.providers(claims, **arguments)
