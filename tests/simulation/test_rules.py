"""What is planted is found: by the rules of ``cpticd.rules``, by the scorecard, and by what no rule explains."""

from __future__ import annotations

import pytest

import cpticd as cx
from cpticd.simulation import Simulation, simulate
from cpticd.simulation.catalogue import catalogue, rows
from tests.benchmarks.bench_rules_truth import DAYS, Truth


@pytest.fixture(scope="module")
def truth(simulation: Simulation) -> Truth:
    return Truth.of(simulation)


def test_every_planted_violation_is_found(truth: Truth):
    found = truth.recall()
    assert set(found["rule"]) == {row["rule"] for row in rows("rules")}
    assert found[found["recall"] < 1.0].empty
    assert not [row for row in cx.contract(truth.findings).records["rules"] if row["status"] == "no table"]


def test_clean_lines_are_clean(truth: Truth):
    assert truth.clean_share() < 0.001


def test_the_scorecard_ranks_payers_as_strict_as_they_are(truth: Truth):
    pairs = truth.ranking(least=10)
    assert len(pairs) >= 15
    assert pairs["right"].mean() > 0.9


def test_unwritten_policies_are_found_with_their_first_day(truth: Truth):
    policies, others = truth.policies()
    assert (policies["days"].abs() <= DAYS).sum() >= 5
    assert len(others) <= 1


def test_every_rule_says_how_strict_each_payer_is():
    for row in rows("rules"):
        tiers = [row[payer] for payer in catalogue().payers]
        assert set(tiers) == {"strict", "medium", "lenient"}, row["rule"]
        # The most lenient tier would make the strictest payer deny errors less often than other lines.
        assert row["Ginkgo Marketplace"] != "lenient"


@pytest.fixture(scope="module")
def mistaken() -> Truth:
    """A simulation with the errors that fee schedules, modifiers, places, ages and repetition are judged by."""
    return Truth.of(simulate(persons=2500, seed=7, standard_errors=True))


def test_every_planted_standard_error_is_found(mistaken: Truth):
    found = mistaken.recall()
    assert {row["rule"] for row in rows("rules_standard")} <= {*found["rule"]}
    assert found[found["recall"] < 1.0].empty
    assert mistaken.clean_share() < 0.001


def test_an_error_is_unpaid_four_times_as_often_and_a_warning_twice(mistaken: Truth):
    card = cx.rules.scorecard(mistaken.simulation.claims, mistaken.findings, by=[], min_lines=1)
    planted = card[card["rule"].isin(mistaken.planted["rule"]) & (card["flagged_lines"] >= 25)].dropna(
        subset="lift"
    )
    planted = planted[planted["severity"] != "information"]
    wanted = planted["severity"].map({"error": 4.0, "warning": 2.0})
    assert len(planted) >= 20
    # Of few lines a rule's own figure is noisy: none lies below for certain, and all together lie above.
    assert (planted["lift_high"] >= wanted).all(), planted.loc[
        planted["lift_high"] < wanted, ["rule", "lift_high"]
    ]
    for severity, least in (("error", 4.0), ("warning", 2.0)):
        lines = planted[planted["severity"] == severity]
        assert (lines["lift"] * lines["flagged_lines"]).sum() / lines["flagged_lines"].sum() >= least


def test_standard_errors_leave_other_claims_as_they_are():
    plain, mistaken = (simulate(persons=60, seed=11, standard_errors=flag) for flag in (False, True))
    columns = ["person_id", "claim_start_date", "payer", "billing_npi"]
    one, two = (each.claims.table("claims")[columns].drop_duplicates() for each in (plain, mistaken))
    shared = one.merge(two, on=columns)
    assert len(shared) > 0.98 * len(one)
