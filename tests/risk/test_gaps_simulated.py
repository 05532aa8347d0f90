"""Gaps on simulated persons whose conditions are known: right often enough, and as sure as they say."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.risk.gaps import gaps
from cpticd.risk.hcc_tables import MODELS
from cpticd.simulation import Simulation, simulate
from tests.amount import first
from tests.benchmarks.bench_gaps import by_kind, judged, lift

RULES = ["lapsed", "unspecified", "combination", "implied"]


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate(persons=5000, seed=77)


@pytest.fixture(scope="module")
def truth(simulation: Simulation) -> pd.DataFrame:
    """The planted conditions of persons whom CMS pays by V28: of nobody else is anything listed."""
    members = simulation.claims.table("members")
    paid = members[(members["part_b_months"] > 0) & ~members["esrd"].astype(bool)]
    return simulation.truth["conditions"].merge(paid[["person_id", "year"]])


@pytest.fixture(scope="module")
def found(simulation: Simulation) -> pd.DataFrame:
    return gaps(simulation.claims, year=2025)


def test_rules_find_what_was_planted_and_little_else(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    rows, planted = judged(found, truth)
    table = by_kind(rows, planted).set_index("kind").loc[RULES]
    assert (table["recall"] >= 0.8).all(), table
    assert (table["high"] >= 0.8).all(), table  # 5,000 persons leave the precision that much open
    assert (table["precision"] >= 0.7).all(), table


def test_services_tell_conditions_that_nobody_coded(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    rows, planted = judged(found, truth)
    assert lift(rows, planted, found)["lift"] >= 10


def test_confidences_add_up_to_what_is_right(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    rows, planted = judged(found, truth)
    by = rows.groupby("kind").agg(expected=("confidence", "sum"), right=("right", "sum"))
    spread = rows["confidence"].mul(1 - rows["confidence"]).groupby(rows["kind"]).sum() ** 0.5
    assert ((by["expected"] - by["right"]).abs() <= 4 * spread + 3).all(), by
    left = cx.contract(found)["left_out"]
    everything = rows["confidence"].sum() + left["learned"]["expected"]
    assert everything == pytest.approx(len(planted), rel=0.15)


def test_persons_and_codes_are_those_of_the_claims(simulation: Simulation, found: pd.DataFrame) -> None:
    assert set(found["person_id"]) <= set(simulation.claims.table("members")["person_id"])
    listed = found.explode("evidence_claims").dropna(subset="evidence_claims")
    owner = simulation.claims.table("claims").set_index("claim_id")["person_id"]
    assert (listed["evidence_claims"].map(owner) == listed["person_id"]).all()
    assert found["evidence_codes"].map(len).gt(0).all()
    assert found["first_date"].le(found["last_date"]).all()


@pytest.mark.parametrize("model", first(1, MODELS))
def test_every_model_has_its_gaps(simulation: Simulation, model: str) -> None:
    rows = gaps(simulation.claims, year=2025, model=model, kinds=RULES)
    assert {"lapsed", "unspecified", "implied"} <= set(rows["kind"])
    assert not rows.duplicated(["person_id", "hcc"]).any()
    assert rows["label"].ne("").all()
