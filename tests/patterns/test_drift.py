"""Since when pairs change: planted shifts are found, chance is not, by exact tails and hand counts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.patterns.change_point import likeliest
from tests.patterns.billed import billed

MONTHS = pd.date_range("2024-01-01", periods=12, freq="MS")


def drawn(seed: int) -> pd.DataFrame:
    """A year of one visit code: I10 falls from July on, E119 appears in October, M545 vanishes in April, Z000 stays."""
    rng = np.random.default_rng(seed)
    rows = []
    for month, start in enumerate(MONTHS):
        n = int(rng.integers(80, 140))
        weights = {
            "I10": 0.35 if month < 6 else 0.15, "E119": 0.0 if month < 9 else 0.2, "M545": 0.15 if month < 3 else 0.0,
            "Z000": 0.25, "R51": 0.2,
        }  # fmt: skip
        chance = np.array(list(weights.values())) / sum(weights.values())
        codes = rng.choice(list(weights), n, p=chance)
        days = start + pd.to_timedelta(rng.integers(0, 28, n), unit="D")
        rows.append(pd.DataFrame({"code": "99213", "diagnoses": codes, "date": days.strftime("%Y-%m-%d")}))
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def claims() -> Claims:
    return billed(drawn(4))


@pytest.fixture(scope="module")
def found(claims: Claims) -> pd.DataFrame:
    return patterns.drift(claims).set_index("diagnosis_code")


@pytest.mark.parametrize(
    ("code", "kind", "date"),
    [("I10", "falls", "2024-07-01"), ("E119", "appears", "2024-10-01"), ("M545", "vanishes", "2024-04-01")],
)
def test_a_planted_change_is_found_with_its_kind_and_month(
    found: pd.DataFrame, code: str, kind: str, date: str
) -> None:
    row = found.loc[code]
    assert row["kind"] == kind
    assert row["change_date"] == pd.Timestamp(date)
    assert row["change_from"] <= pd.Timestamp(date) <= row["change_to"]
    assert row["q_value"] < 0.001


def test_a_row_counts_before_and_after(found: pd.DataFrame, claims: Claims) -> None:
    row = found.loc["I10"]
    sql = """
        SELECT CAST(sum(CASE WHEN p.diagnosis_code = 'I10' THEN 1 ELSE 0 END) AS INTEGER) AS k, count(*) AS n
        FROM pairs p JOIN line_outcomes o USING (claim_id) WHERE (o.service_date >= DATE '2024-07-01') = $after
    """
    (before, n_before), (after, n_after) = (
        claims.query(sql, after=after).iloc[0].tolist() for after in (False, True)
    )
    assert (row["lines_before"], row["lines_after"]) == (before, after)
    assert row["share_before"] == pytest.approx(before / n_before)
    assert row["share_after"] == pytest.approx(after / n_after)
    assert row["ratio"] == pytest.approx((after / n_after) / (before / n_before))
    assert row["changed_lines"] == pytest.approx(after - n_after * before / n_before, abs=1e-4)
    assert sum(row["month_lines"]) == row["lines"] == before + after
    assert sum(row["month_procedure_lines"]) == n_before + n_after
    assert sum(row["month_expected"]) == pytest.approx(row["lines"], abs=1e-4)
    assert len(row["month_lines"]) == 12
    # Every person has one line: the variance is that of drawing without replacement.
    assert row["variance_factor"] == pytest.approx(1 - row["lines"] / (n_before + n_after))


def test_the_months_and_what_was_done_are_told(found: pd.DataFrame) -> None:
    contract = cx.contract(found)
    assert contract["months"] == [f"{month:%Y-%m-%d}" for month in MONTHS]
    assert contract["family_size"] == 5
    assert json.loads(json.dumps(dict(contract))) == dict(contract)


def test_a_new_mix_of_payers_is_no_change_of_a_pair() -> None:
    """I10 is frequent at North, which sends most lines in the first half of the year and few in the second."""
    rows = []
    for month, start in enumerate(MONTHS):
        for payer, n, share in (
            ("North", 60 if month < 6 else 10, 0.8),
            ("South", 10 if month < 6 else 60, 0.2),
        ):
            k = round(n * share)
            rows += [{"payer": payer, "code": "99213", "diagnoses": "I10", "date": f"{start:%Y-%m-%d}", "times": k},
                     {"payer": payer, "code": "99213", "diagnoses": "R51", "date": f"{start:%Y-%m-%d}", "times": n - k}]  # fmt: skip
    claims = billed(pd.DataFrame(rows))
    adjusted, plain = (patterns.drift(claims, stratify=strata) for strata in ("payer", None))
    assert (adjusted["p_value"] > 0.5).all()
    assert (plain["p_value"] < 1e-6).all()


def test_one_persons_many_lines_are_one_proof() -> None:
    rows = [
        {
            "code": "97110",
            "diagnoses": "M545" if n % 2 else "I10",
            "person": f"p{n % 40}",
            "date": f"2024-{m:02}-01",
        }
        for m in range(1, 13)
        for n in range(40)
    ]
    weekly = [
        {"code": "97110", "diagnoses": "S134", "person": "w", "date": f"2024-{m:02}-0{d}"}
        for m in (10, 11)
        for d in range(1, 9)
    ]
    data = pd.DataFrame(rows + weekly * 2)
    found = patterns.drift(billed(data), stratify=None).set_index("diagnosis_code").loc["S134"]
    assert found["kind"] == "appears"
    assert found["variance_factor"] == pytest.approx(32 * (1 - 32 / 512))
    assert found["p_value"] > 0.05  # one person in 32 lines


def test_against_independence_what_concerns_every_procedure_is_no_drift() -> None:
    """E119 is coded from July on by everybody: a new habit, but not of one pair."""
    rows = [
        {"code": code, "diagnoses": code_of, "date": f"{start:%Y-%m-%d}", "times": times}
        for month, start in enumerate(MONTHS)
        for code in ("99213", "80053")
        for code_of, times in (("E119", 10 if month >= 6 else 2), ("I10", 20))
    ]
    claims = billed(pd.DataFrame(rows))
    alone = patterns.drift(claims).set_index(["hcpcs_code", "diagnosis_code"])
    beyond = patterns.drift(claims, against="independence").set_index(["hcpcs_code", "diagnosis_code"])
    assert alone.loc[("99213", "E119"), "p_value"] < 1e-4
    assert (beyond["p_value"] > 0.9).all()


# The search for the likeliest change ------------------------------------------------------------------------


def test_the_tail_is_the_exact_binomial_one_where_one_month_is_looked_at() -> None:
    count, expected = np.array([[6.0, 2.0, 1.0, 1.0]]), np.ones((1, 4))
    change = likeliest(count, expected, np.ones(1), min_months=2)
    assert change.after.tolist() == [2]
    assert change.looked_at.tolist() == [1]
    assert change.p_value[0] == pytest.approx(2 * binom.sf(7, 10, 0.5))
    s, k = 8, 10
    assert change.statistic[0] == pytest.approx(2 * (s * np.log(s / 5) + (k - s) * np.log((k - s) / 5)))


@pytest.mark.parametrize("mean", [2.0, 20.0])
def test_chance_alone_is_called_a_change_no_more_often_than_said(mean: float) -> None:
    rng = np.random.default_rng(6)
    expected = rng.gamma(20, 1 / 20, (3000, 24))
    change = likeliest(rng.poisson(mean * expected).astype(float), expected, np.ones(3000), min_months=2)
    for level in (0.2, 0.05, 0.01):
        assert np.mean(change.p_value < level) < level + 0.005
    assert np.mean(change.p_value < 0.05) > 0.015  # nor is the bound so wide that it finds nothing


def test_the_range_holds_the_true_month() -> None:
    rng = np.random.default_rng(9)
    rate = np.where(np.arange(24) < 14, 1.0, 1.6)
    change = likeliest(
        rng.poisson(20 * rate, (1000, 24)).astype(float), np.ones((1000, 24)), np.ones(1000), min_months=2
    )
    assert np.mean((change.first <= 14) & (change.last >= 14)) > 0.93
    assert np.mean(np.abs(change.after - 14) <= 1) > 0.8
    assert np.mean(change.p_value < 0.01) > 0.9


def test_clustered_counts_are_judged_by_their_variance_factor() -> None:
    rng = np.random.default_rng(1)
    count = 5.0 * rng.poisson(4, (2000, 24))  # lines come in fives
    expected = np.ones((2000, 24))
    naive, fair = (likeliest(count, expected, np.full(2000, f), min_months=2) for f in (1.0, 5.0))
    assert np.mean(naive.p_value < 0.05) > 0.5
    assert np.mean(fair.p_value < 0.05) < 0.055


def test_what_cannot_be_looked_at_is_not_tested() -> None:
    change = likeliest(np.array([[3.0, 4.0]]), np.array([[1.0, 1.0]]), np.ones(1), min_months=2)
    assert change.after.tolist() == [-1]
    assert np.isnan(change.p_value).all()
    change = likeliest(np.array([[3.0]]), np.array([[1.0]]), np.ones(1), min_months=1)
    assert change.after.tolist() == [-1]


def test_empties_and_errors(claims: Claims) -> None:
    nothing = patterns.drift(claims.where(dates=("2031-01-01", None)))
    assert nothing.empty
    assert cx.contract(nothing)["months"] == []
    short = patterns.drift(claims.where(dates=("2024-01-01", "2024-02-28")))
    assert short["kind"].unique().tolist() == ["not tested"]
    assert short["change_date"].isna().all()
    for arguments in ({"against": "all"}, {"stratify": "hcpcs_code"}, {"min_months": 0}, {"min_lines": "30"}):
        wrong: dict[str, Any] = arguments
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            patterns.drift(claims, **wrong)
