"""What is planted is found: by the rules of ``cpticd.rules``, by the scorecard, and by what no rule explains."""

from __future__ import annotations

import pytest

import cpticd as cx
from cpticd.simulation import Simulation
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
