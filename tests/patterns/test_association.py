"""Pairs beyond chance: counts by hand, strata, units, tests, and planted associations."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.patterns import shrinker
from tests.patterns.billed import billed
from tests.spec import shown

#: The hand-calculated example in openEBGM's tests (testA_Counts.R), with products as procedures, events as diagnoses
#: and its three strata as payers.
HAND = """
    code  | diagnoses | payer
    99213 | E119      | M1
    80053 | I10       | M1
    80053 | I10       | M1
    80053 | R51       | M1
    93000 | R51       | M1
    99213 | I10       | F1
    99213 | R51       | F1
    80053 | R51       | F1
    80053 | R51       | M2
    93000 | E119      | M2
"""


@pytest.fixture(scope="module")
def hand() -> Claims:
    return billed(HAND)


@pytest.fixture(scope="module")
def two() -> Claims:
    return billed(TWO)


@pytest.fixture(scope="module")
def planted() -> Claims:
    return billed(drawn(seed=5))


@pytest.mark.parametrize(
    ("strata", "expected"),
    [
        (None, {("99213", "E119"): 0.6, ("99213", "I10"): 0.9, ("99213", "R51"): 1.5, ("80053", "I10"): 1.5,
                ("80053", "R51"): 2.5, ("93000", "E119"): 0.4, ("93000", "R51"): 1.0}),
        ("payer", {("99213", "E119"): 0.2, ("99213", "I10"): 0.4 + 2 / 3, ("99213", "R51"): 0.4 + 4 / 3,
                   ("80053", "I10"): 1.2 + 1 / 3, ("80053", "R51"): 1.7 + 2 / 3, ("93000", "E119"): 0.7,
                   ("93000", "R51"): 0.9}),
    ],
)  # fmt: skip
def test_expected_counts_are_those_calculated_by_hand(
    hand: Claims, strata: str | None, expected: dict[tuple[str, str], float]
) -> None:
    found = patterns.association(hand, stratify=strata, min_observed=1)
    codes = list(zip(found["hcpcs_code"], found["diagnosis_code"], strict=True))
    observed = dict(zip(codes, found["observed"], strict=True))
    assert observed == {pair: {("80053", "I10"): 2, ("80053", "R51"): 3}.get(pair, 1) for pair in expected}
    assert dict(zip(codes, found["expected"], strict=True)) == pytest.approx(expected, abs=1e-9)
    assert found["lift"].to_numpy() == pytest.approx(found["observed"] / found["expected"])
    assert found["pmi"].to_numpy() == pytest.approx(np.log2(found["lift"]))


TWO = """
    code  | diagnoses | person | times | date
    97110 | M545      | p1     | 9     | 2024-02-01
    97110 | M545 I10  | p2     | 1     | 2024-05-01
    97110 | I10       | p3     | 2     | 2024-05-01
    99213 | I10 M545  | p4     | 3     | 2024-03-01
    99213 | I10       | p5     | 15    | 2024-03-01
    99213 |           | p6     | 1     | 2024-03-01
"""


def test_a_row_counts_lines_persons_and_dates_and_tests_what_chance_allows(two: Claims) -> None:
    found = patterns.association(two, stratify=None, min_observed=1)
    row = found[(found["hcpcs_code"] == "97110") & (found["diagnosis_code"] == "M545")]
    # 30 lines with a diagnosis: 12 of 97110, 13 with M545, 10 with both.
    facts = (
        "observed",
        "expected",
        "lines",
        "persons",
        "strata",
        "first_date",
        "last_date",
        "diagnosis_family",
    )
    assert shown(row, *facts) == [(10, 5.2, 10, 2, 1, "2024-02-01", "2024-05-01", "13 Musculoskeletal")]
    # Nine of the ten are one person's: as if there were hardly more than one.
    assert row["design_effect"].iloc[0] == pytest.approx((9 * 9 + 1) / 10)
    assert row["effective_lines"].iloc[0] == pytest.approx(10 / 8.2)
    assert row["p_value"].iloc[0] > 0.2
    assert cx.contract(found)["rows_left_out"] == 1
    assert cx.contract(found)["units"] == 30


def test_lines_of_as_many_persons_are_tested_by_what_chance_allows() -> None:
    rows = [line.split("|") for line in TWO.strip().splitlines()[1:]]
    each = [
        f"{code} | {diagnoses} | {person.strip()}{i} | 1 | {day}"
        for code, diagnoses, person, times, day in rows
        for i in range(int(times))
    ]
    table = "\n".join(["code | diagnoses | person | times | date", *each])
    found = patterns.association(billed(table), stratify=None, min_observed=1)
    row = found[(found["hcpcs_code"] == "97110") & (found["diagnosis_code"] == "M545")].iloc[0]
    assert (row["design_effect"], row["effective_lines"]) == (1, 10)
    assert row["p_value"] == pytest.approx(hypergeom.sf(9, 30, 12, 13), rel=0.25)


def test_by_person_what_is_repeated_counts_once(two: Claims) -> None:
    found = patterns.association(two, stratify="quarter", unit="persons", min_observed=1)
    row = found[(found["hcpcs_code"] == "97110") & (found["diagnosis_code"] == "M545")]
    # Persons with 97110: p1 in the first quarter, p2 and p3 in the second; with M545: p1, p4; p2.
    assert shown(row, "observed", "expected", "lines", "persons", "strata") == [
        (2, round(1 * 2 / 3 + 2 * 1 / 2, 4), 10, 2, 2)
    ]
    assert cx.contract(found)["units"] == 5


def test_the_primary_diagnosis_alone_and_lines_by_how_many_they_point_to(two: Claims) -> None:
    claims = two
    primary = patterns.association(claims, stratify=None, pointer="primary", min_observed=1)
    assert sorted(shown(primary, "hcpcs_code", "diagnosis_code", "observed")) == [
        ("97110", "I10", 2), ("97110", "M545", 10), ("99213", "I10", 18),
    ]  # fmt: skip
    pointed = patterns.association(claims, stratify="diagnoses_on_line", min_observed=1)
    row = pointed[(pointed["hcpcs_code"] == "97110") & (pointed["diagnosis_code"] == "M545")]
    # One diagnosis: 26 lines, 11 of 97110, 9 with M545; two diagnoses: 4 lines, 1 of 97110, 4 with M545.
    assert row["expected"].iloc[0] == pytest.approx(11 * 9 / 26 + 1 * 4 / 4)


def drawn(seed: int) -> pd.DataFrame:
    """Lines of 12 procedures and 15 diagnoses at two payers, independent but for three pairs."""
    rng = np.random.default_rng(seed)
    n = 5000
    procedures = np.array([f"99{200 + i}" for i in range(12)])
    diagnoses = np.array([f"I{10 + i}" for i in range(15)])
    p = rng.choice(12, n, p=np.arange(12, 0, -1) / 78)
    d = rng.choice(15, n, p=np.arange(15, 0, -1) / 120)
    rare = np.isin(p, [6, 9, 11]) & (rng.random(n) < 0.3)
    d = np.where(rare, p + 3, d)
    return pd.DataFrame(
        {"code": procedures[p], "diagnoses": diagnoses[d], "payer": rng.choice(["North", "South"], n)}
    )


def test_planted_associations_come_first_and_nothing_else_is_found(planted: Claims) -> None:
    found = patterns.association(planted, stratify="payer")
    true = {("99206", "I19"), ("99209", "I22"), ("99211", "I24")}
    pairs = list(zip(found["hcpcs_code"], found["diagnosis_code"], strict=True))
    assert {*pairs[:3]} == true
    assert (found["eb05"].head(3) > 2).all()
    assert (found["eb05"].iloc[3:] < 1.3).all()
    assert {pair for pair, q in zip(pairs, found["q_value"], strict=True) if q < 0.01} == true


def test_one_payers_mix_is_no_association() -> None:
    """Simpson: within payers procedure and diagnosis are independent, across them they are not."""
    rows = """
        code  | diagnoses | payer | times
        97110 | M545      | North | 64
        97110 | I10       | North | 16
        99213 | M545      | North | 16
        99213 | I10       | North | 4
        97110 | M545      | South | 4
        97110 | I10       | South | 16
        99213 | M545      | South | 16
        99213 | I10       | South | 64
    """
    claims = billed(rows)
    within = patterns.association(claims, stratify="payer", min_observed=1)
    assert within["lift"].to_numpy() == pytest.approx(1.0)
    assert patterns.association(claims, stratify=None, min_observed=1)["lift"].max() > 1.3


def test_small_pairs_shape_the_prior_but_are_not_shown(planted: Claims) -> None:
    claims = planted
    every, some = (patterns.association(claims, min_observed=least) for least in (1, 20))
    assert len(every) > len(some)
    assert cx.contract(some)["small_pairs_left_out"] == len(every) - len(some)
    assert cx.contract(some)["prior"] == cx.contract(every)["prior"]
    assert some["observed"].min() >= 20
    assert shrinker.fit(every["observed"], every["expected"]).terms() == cx.contract(every)["prior"]


def test_a_selection_and_the_contract(hand: Claims) -> None:
    found = patterns.association(hand.where(payer="M1", dates=("2024-01-01", None)), min_observed=1)
    assert found["lines"].sum() == 5
    contract = cx.contract(found)
    assert contract["selection"] == {"payer": ["M1"], "dates": ["2024-01-01", None]}
    assert contract["strata"] == ["payer", "place", "quarter"]
    assert json.loads(json.dumps(dict(contract))) == dict(contract)
    assert {"alpha_1", "beta_1", "alpha_2", "beta_2", "share_1"} <= {*contract["prior"]}
    assert contract["family_size"] == found["q_value"].notna().sum()


def test_the_same_every_time_and_empty_where_there_is_nothing(planted: Claims) -> None:
    claims = planted
    first, second = patterns.association(claims), patterns.association(claims)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    nothing = patterns.association(claims.where(dates=("2031-01-01", None)))
    assert nothing.empty
    assert list(nothing.columns) == list(first.columns)


@pytest.mark.parametrize(
    "arguments",
    [
        {"stratify": "payor"},
        {"stratify": "hcpcs_code"},
        {"stratify": ["payer", "diagnosis_family"]},
        {"unit": "claims"},
        {"pointer": "first"},
        {"min_observed": 0},
    ],
)
def test_unknown_arguments_are_refused(hand: Claims, arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        patterns.association(hand, **arguments)
