"""Unexplained denials: clusters by hand, dollars that stand once, and the policies that the simulator plants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd.claims import Claims
from cpticd.edits.residual import residual
from cpticd.edits.residual_months import residual_months
from cpticd.errors import ArgumentError, SchemaError
from tests.edits.cases_outcomes import found, judged
from tests.spec import shown

KEY = ("payer", "hcpcs_code", "diagnosis_family", "carc")
NONE = found("claim_id | claim_line_number | rule").head(0)
FIRST = pd.Timestamp("2024-01-01")


def _policy() -> list[dict[str, Any]]:
    """North denies 80053 for E11 with CARC 50 from July 1st on, but for every eighth; South does not.

    Half of the claims point to I10 as well; those that point to I10 alone are paid.
    """
    rows = []
    for payer in ("North", "South"):
        for i in range(90):
            day = FIRST + pd.Timedelta(days=4 * i)
            dx = ("E11.9", "E11.65 I10", "I10")[i % 3]
            denied = payer == "North" and day >= pd.Timestamp("2024-07-01") and dx != "I10" and i % 8 != 0
            rows.append(
                {"claim": f"{payer}{i}", "payer": payer, "hcpcs": "80053", "day": f"{day:%Y-%m-%d}", "dx": dx,
                 "charge": "50.00", "carc": "50" if denied else "45"}
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def policy() -> Claims:
    return judged(_policy())


def test_a_policy_is_found_with_its_start_and_counts(policy: Claims) -> None:
    rows = pd.DataFrame(_policy()).assign(
        day=lambda d: pd.to_datetime(d["day"]), denied=lambda d: d["carc"] == "50"
    )
    mine = rows[(rows["payer"] == "North") & rows["dx"].str.startswith("E11")]
    later = mine[mine["day"] >= mine.loc[mine["denied"], "day"].min()]
    result = residual(policy, NONE)
    assert shown(result, *KEY) == [
        ("North", "80053", "E11", "50")
    ]  # not I10 and not (any), which share its denials
    row = result.iloc[0]
    assert row["start_date"] == later["day"].min() == pd.Timestamp("2024-07-03")
    assert row["start_from"] <= pd.Timestamp("2024-07-01") <= row["start_to"]
    counts = (
        "services_before",
        "denied_before",
        "services_after",
        "denied_after",
        "denied_lines",
        "denied_persons",
    )
    n, k = len(later), int(later["denied"].sum())
    assert shown(result, *counts) == [(len(mine) - n, 0, n, k, k, k)]
    assert shown(result, "denied_amount", "excess_amount") == [(50.0 * k, 50.0 * k)]
    assert (row["after_low"], row["after_high"]) == pytest.approx(proportion_confint(k, n, method="wilson"))
    assert row["category"] == "medical necessity or level of care"


def test_other_payers_are_compared_since_the_start(policy: Claims) -> None:
    row = residual(policy, NONE).iloc[0]
    n = row["services_elsewhere"]
    table = [[row["denied_after"], row["services_after"] - row["denied_after"]], [0, n]]
    assert row["elsewhere_p_value"] == pytest.approx(fisher_exact(table, "greater").pvalue)
    assert row["payer_specific"] is True or bool(row["payer_specific"])
    rows = pd.DataFrame(_policy())
    other = rows[
        (rows["payer"] == "South") & rows["dx"].str.startswith("E11") & (rows["day"] >= "2024-07-03")
    ]
    assert (row["denied_elsewhere"], n) == (0, len(other))


def test_a_rise_that_all_payers_share_is_not_specific() -> None:
    rows = _policy()
    for row in rows[90:]:
        row["carc"] = rows[int(row["claim"].removeprefix("South"))]["carc"]
    result = residual(judged(rows), NONE)
    assert shown(result, "payer", "payer_specific") == [("North", False), ("South", False)]


def test_without_other_payers_it_is_not_known_whether_it_is_specific() -> None:
    result = residual(judged(_policy()[:90]), NONE)
    assert shown(result, "services_elsewhere", "rate_elsewhere", "payer_specific") == [(0, None, None)]


def test_denials_that_a_rule_explains_are_none_of_its_clusters(policy: Claims) -> None:
    claims = [row["claim"] for row in _policy() if row["carc"] == "50"]
    related = pd.DataFrame({"claim_id": claims, "claim_line_number": 1, "rule": "diagnosis_not_in_policy"})
    explained = residual(policy, related)
    assert explained.empty and "payer_specific" in explained
    assert explained.attrs["contract"]["explained_denied_lines"] == len(claims)
    assert explained.attrs["contract"]["unexplained_denied_lines"] == 0
    # a rule for another cause explains nothing, nor does one that only informs; a rule of one's own explains all
    assert len(residual(policy, related.assign(rule="laterality_conflict"))) == 1
    assert len(residual(policy, related.assign(severity="information"))) == 1
    assert residual(policy, related.assign(rule="ours")).empty


def test_a_policy_on_the_whole_procedure_is_one_cluster() -> None:
    """Many diagnoses, none more than another: the procedure is what is denied."""
    families = ["E11", "I10", "M54", "J06", "R53", "K21", "N39", "F41"]
    rows = [
        {"claim": f"c{i}", "hcpcs": "97140", "day": f"{FIRST + pd.Timedelta(days=2 * i):%Y-%m-%d}",
         "dx": families[i * 5 % 8], "carc": "96" if i >= 90 and i % 4 else "45"}
        for i in range(180)
    ]  # fmt: skip
    assert shown(residual(judged(rows), NONE), *KEY) == [("North", "97140", "(any)", "96")]


def test_two_policies_of_a_procedure_are_two_rows_and_share_no_dollar() -> None:
    rows = []
    for i in range(200):
        day = FIRST + pd.Timedelta(days=i)
        dx = ("E11.9 I10", "M54.50 I10", "R53.83 I10", "I10")[i % 4]
        denied = (dx[:3] == "E11" and i >= 60) or (dx[:3] == "M54" and i >= 120)
        rows.append(
            {
                "claim": f"c{i}",
                "hcpcs": "80053",
                "day": f"{day:%Y-%m-%d}",
                "dx": dx,
                "carc": "50" if denied else "45",
            }
        )
    result = residual(judged(rows), NONE)
    assert shown(result, "diagnosis_family", "start_date", "denied_lines") == [
        ("E11", "2024-03-01", 35),
        ("M54", "2024-05-01", 20),
    ]
    assert result["denied_lines"].sum() == sum(row["carc"] == "50" for row in rows)


def test_a_payer_that_denies_more_of_everything_has_no_policy() -> None:
    """Denials of all procedures treble in July: that is drift, not a policy on any of them."""
    draw = np.random.default_rng(3)
    rows = []
    for i in range(720):
        day = FIRST + pd.Timedelta(days=i // 2)
        denied = draw.random() < (0.36 if day >= pd.Timestamp("2024-07-01") else 0.12)
        code = ("80053", "99213", "71046", "97140", "93000", "36415")[i % 6]
        rows.append(
            {"claim": f"c{i}", "hcpcs": code, "day": f"{day:%Y-%m-%d}", "carc": "96" if denied else "45"}
        )
    assert residual(judged(rows), NONE).empty


def test_denials_of_one_person_are_no_policy(policy: Claims) -> None:
    assert residual(policy, NONE, minimum_persons=100).empty


def test_units_of_a_claim_are_one_service() -> None:
    """A policy of six services is not twelve because each is billed on two lines."""
    rows = []
    for row in _policy()[:90]:
        rows += [{**row, "line": line, "charge": "25.00"} for line in ("1", "2")]
    single, double = residual(judged(_policy()[:90]), NONE), residual(judged(rows), NONE)
    same = ["start_date", "services_before", "services_after", "denied_after", "denied_amount", "p_value"]
    pd.testing.assert_frame_equal(single[same], double[same])
    assert (double["denied_lines"] == 2 * single["denied_lines"]).all()


def test_families_may_be_whole_codes() -> None:
    """A policy on E11.65 alone is one on E11 when families are categories."""
    rows = [{**row, "carc": "45" if row["dx"] == "E11.9" else row["carc"]} for row in _policy()]
    claims = judged(rows)
    assert shown(residual(claims, NONE, diagnosis_characters=7), "diagnosis_family", "denied_before") == [
        ("E1165", 0)
    ]
    assert shown(residual(claims, NONE), "diagnosis_family") == [("E11",)]


def test_by_the_day_of_adjudication_all_of_it_comes_at_once(policy: Claims) -> None:
    """Every case is adjudicated on one day: there is no before."""
    assert residual(policy, NONE, clock="adjudication").empty


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(12)))
def test_order_and_repeats_of_findings_do_not_matter(policy: Claims, order: list[int]) -> None:
    denied = [row["claim"] for row in _policy() if row["carc"] == "50"][:12]
    flags = pd.DataFrame({"claim_id": denied, "claim_line_number": 1, "rule": "diagnosis_not_in_policy"})
    again = pd.concat([flags.iloc[list(order)], flags.head(3)])
    pd.testing.assert_frame_equal(residual(policy, flags), residual(policy, again))


def test_months_show_the_rise(policy: Claims) -> None:
    clusters = residual(policy, NONE)
    months = residual_months(policy, NONE, clusters)
    assert months["services"].sum() == clusters[["services_before", "services_after"]].sum(axis=1).iloc[0]
    assert months["denied"].sum() == clusters["denied_after"].iloc[0]
    assert (months.loc[months["period"] < "2024-07-01", "rate"] == 0).all()
    assert (months.loc[months["period"] >= "2024-07-01", "rate"] > 0.5).all()
    assert (months["rate_elsewhere"] == 0).all()
    assert (months["start_date"] == clusters["start_date"].iloc[0]).all()
    quarters = residual_months(policy, NONE, clusters, period="quarter")
    assert quarters["services"].sum() == months["services"].sum()
    assert len(quarters) == 4


def test_arguments_are_checked(policy: Claims) -> None:
    with pytest.raises(SchemaError, match="residual: findings have no column"):
        residual(policy, NONE.drop(columns="rule"))
    with pytest.raises(ArgumentError, match="clock='paid'"):
        residual(policy, NONE, clock="paid")
    with pytest.raises(ArgumentError, match="q_threshold=2"):
        residual(policy, NONE, q_threshold=2)
    with pytest.raises(ArgumentError, match="minimum_denied=1"):
        residual(policy, NONE, minimum_denied=1)
    with pytest.raises(SchemaError, match=r"clusters have no .*start_date"):
        residual_months(policy, NONE, residual(policy, NONE).drop(columns="start_date"))
    with pytest.raises(ArgumentError, match="period='day'"):
        residual_months(policy, NONE, residual(policy, NONE), period="day")
    left = policy.engine.fetch("SHOW TABLES").column("name").to_pylist()
    assert not [name for name in left if name.startswith(("outcome_", "residual_"))]


def test_no_denials_give_an_empty_frame() -> None:
    result = residual(judged([{"claim": "a"}]), NONE)
    assert result.empty and result["denied_lines"].sum() == 0
    assert residual_months(judged([{"claim": "a"}]), NONE, result).empty


def test_planted_policies_are_found_with_their_start() -> None:
    """In a small simulation, where a policy may go for months without a service: between the days that are told."""
    simulation = cx.simulate(persons=1500, seed=1)
    result = residual(simulation.claims, simulation.truth["rule_violations"])
    planted = simulation.truth["policies"].rename(columns={"start_date": "planted"})
    both = result.merge(planted[[*KEY, "planted"]], on=list(KEY))
    assert len(both) >= len(planted) - 1
    assert len(result) - len(both) <= 1
    day, month = pd.to_datetime(both["planted"]), pd.Timedelta(days=31)
    assert ((both["start_from"] - month <= day) & (day <= both["start_to"])).all()
    assert ((both["start_date"] - day).abs() <= month).sum() >= len(both) - 2
