"""How large an effect could have been missed: by the normal distribution of the standard library, in words."""

from __future__ import annotations

import re
from math import sqrt
from statistics import NormalDist

import pytest

import cpticd as cx
from cpticd.denials.detectable import detectable


@pytest.mark.parametrize(("tested", "found", "q"), [(1, 0, 0.1), (300, 0, 0.1), (300, 12, 0.05)])
def test_the_difference_is_that_of_a_one_sided_test_with_a_power_of_four_fifths(
    tested: int, found: int, q: float
) -> None:
    z = NormalDist().inv_cdf(1 - q * max(found, 1) / tested) + NormalDist().inv_cdf(0.8)
    points = 100 * z * sqrt(0.1 * 0.9 / 100)
    assert detectable(tested, 100, 0.1, found, q) == (
        f"{tested} looked at; of 100 independent lines, {points:.1f} points above the expected would have been found "
        "in 80 % of cases"
    )


def test_lines_of_a_single_candidate_do_not_follow() -> None:
    assert detectable(1, 73, 0.1, 0, 0.1) == detectable(1, 64, 0.1, 0, 0.1)


def test_of_nothing_nothing_is_said() -> None:
    assert detectable(0, 50, 0.1, 0, 0.1) == detectable(3, 50, 0.0, 0, 0.1) == ""


def test_drivers_say_it_by_level_and_pairs_as_a_whole() -> None:
    claims = cx.simulate(persons=150, seed=3).claims
    drivers = cx.denials.drivers(claims)
    levels = cx.contract(drivers)["detectable"]
    assert (
        {"payer", "hcpcs_code", "payer × hcpcs_code"} <= set(levels) <= set(cx.contract(drivers)["looked_at"])
    )
    pairs = cx.denials.by_pair(claims, min_lines=10)
    (looked_at,) = re.findall(
        r"^([\d,]+) looked at; of \d+ independent lines", cx.contract(pairs)["detectable"]
    )
    assert int(looked_at) == pairs["p_value"].notna().sum()
