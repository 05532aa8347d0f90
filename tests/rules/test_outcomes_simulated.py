"""Scorecard, residual and worklist find what the simulator planted, in one small simulation."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.rules.prebill import prebill
from cpticd.rules.residual import residual
from cpticd.rules.scorecard import scorecard
from cpticd.simulation import Simulation


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return cx.simulate(persons=1500, seed=1)


def test_planted_strictness_is_ranked(simulation: Simulation) -> None:
    """Of payers that differ by two tiers, the stricter one has the higher precision and the higher lift."""
    card = scorecard(simulation.claims, simulation.truth["rule_violations"])
    tiers = simulation.truth["rule_strictness"][["payer", "rule", "tier"]]
    ranked = card[card["flagged_lines"] >= 8].merge(tiers, on=["payer", "rule"])
    compared = 0
    for _, part in ranked.groupby("rule"):
        for column in ("shrunk_precision", "lift"):
            strict = part.loc[part["tier"] == "strict", column].dropna()
            lenient = part.loc[part["tier"] == "lenient", column].dropna()
            if len(strict) and len(lenient):
                compared += 1
                assert strict.min() > lenient.max()
    assert compared > 2


def test_planted_policies_are_found_with_their_start(simulation: Simulation) -> None:
    """Where a policy may go for months without a service: between the days that are told, mostly within a month."""
    result = residual(simulation.claims, simulation.truth["rule_violations"])
    planted = simulation.truth["policies"].rename(columns={"start_date": "planted"})
    keys = ["payer", "hcpcs_code", "diagnosis_family", "carc"]
    both = result.merge(planted[[*keys, "planted"]], on=keys)
    assert len(both) >= len(planted) - 1
    assert len(result) - len(both) <= 1
    day, month = pd.to_datetime(both["planted"]), pd.Timedelta(days=31)
    assert ((both["start_from"] - month <= day) & (day <= both["start_to"])).all()
    assert ((both["start_date"] - day).abs() <= month).sum() >= len(both) - 2


@pytest.mark.thorough
def test_chances_are_borne_out(simulation: Simulation) -> None:
    """Decided lines with a chance above a half are denied far more often, about as often as was said."""
    work = prebill(simulation.claims, simulation.truth["rule_violations"], adjudicated=True)
    work = work[work["initial_outcome"] != "not adjudicated"]
    denied = work["initial_outcome"] == "denied"
    likely = work["denial_probability"] > 0.5
    assert denied[likely].mean() > 2 * denied[~likely].mean()
    for part in (likely, ~likely):
        assert abs(denied[part].mean() - work.loc[part, "denial_probability"].mean()) < 0.1
