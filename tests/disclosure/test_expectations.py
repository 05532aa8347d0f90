"""What is said of everybody, and what leaves of an expectation, tells no count that does not leave."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.contract import terms_of
from cpticd.denials.excesses import in_whole_lines
from cpticd.disclosure import Release
from tests.disclosure.cells import cells, claims_of
from tests.spec import frame, shown

ONE_GROUP = """
    payer | hcpcs_code | diagnosis_code | lines | denied
    X     | 83036      | E119           | 50    | {denied}
    Y     | 83036      | E119           | 50    | {denied}
"""


@pytest.mark.parametrize(("denied", "leaves"), [(3, False), (20, True)])
def test_how_large_an_effect_could_be_missed_leaves_where_the_rate_of_all_lines_does(
    denied: int, leaves: bool
) -> None:
    """It is made of the rate: 15.6 points of 100 lines, where 6 are denied, tell the 6."""
    claims = claims_of(cells(ONE_GROUP.format(denied=denied)))
    drivers = cx.denials.drivers(claims)
    assert drivers.empty and terms_of(drivers)["detectable"]
    left = terms_of(Release(claims).add("drivers", drivers)["drivers"])["detectable"]
    assert bool(left) is leaves
    assert not leaves or left == terms_of(drivers)["detectable"]


def test_what_is_expected_leaves_in_whole_lines() -> None:
    given = frame("""
        lines | denied_lines | denied_amount | expected_rate | lift   | odds_ratio | low  | excess_low
        90    | 40           | 400           | 0.2931        | 1.5163 | 1.9        | 0.35 | 5.121
        90    | 0            | 0             | 0.2931        | 0      | 0          | 0    | -26.379
        40    | 12           | 90            | 0.001         | 300    | 400        | 0.2  | 7.96
        40    |              |               |               |        |            |      |
    """).astype(float)
    columns = ["expected_rate", "excess_denials", "excess_amount", "lift", "odds_ratio", "excess_low"]
    assert shown(in_whole_lines(given), *columns) == [
        (0.2889, 14.0, 140.0, 1.5385, 1.97, 5.5),
        (0.2889, -26.0, 0.0, 0.0, 0.0, -26.0),
        (0.0, 12.0, 90.0, None, None, 8.0),
        (None, None, None, None, None, None),
    ]


def test_intervals_and_design_effects_leave_with_few_digits() -> None:
    """Their last digits would tell how many lines few persons have."""
    facts = pd.DataFrame({"person_id": range(80), "town": ["A"] * 40 + ["B"] * 40})
    table = pd.DataFrame(
        {
            "town": ["A", "B"], "n": [40, 40], "low": [0.123456, 0.0], "high": [0.456789, 1.0],
            "design_effect": [1.0693, 1.0], "effective_lines": [40 / 1.0693, 40.0],
        }
    )  # fmt: skip
    left = Release(facts).add("towns", table, by="town")["towns"]
    assert shown(left) == [("A", 40, 0.123, 0.457, 1.1, 36.4), ("B", 40, 0.0, 1.0, 1.0, 40.0)]


def test_codes_of_a_payer_less_his_pairs_do_not_tell_the_pair_that_is_left_out() -> None:
    """Of 56 unspecified codes 52 are of a pair that is shown, and 4 of one that is not."""
    claims = claims_of(
        cells("""
        payer | hcpcs_code | diagnosis_code | lines | denied
        X     | 83036      | M5450          | 52    | 20
        X     | 99213      | M5450          | 4     | 1
        X     | 99213      | E119           | 60    | 20
        Y     | 99213      | M5450          | 60    | 20
        """)
    )
    whole = cx.specificity.share(claims, by="payer")
    assert sorted(shown(whole, "payer", "unspecified")) == [("X", 56), ("Y", 60)]
    left = Release(claims).add("share", whole)["share"]
    assert sorted(shown(left, "payer", "diagnoses", "unspecified", "unspecified_share")) == [
        ("X", 120, 60, 0.48),
        ("Y", 60, 60, 1.0),
    ]
