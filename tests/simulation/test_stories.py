"""What becomes of simulated claims: every kind of story is there, in realistic shares, and the truth says how it ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cpticd.simulation import Simulation, simulate
from tests.simulation.test_simulation import digest

#: Share of the claims' services in whose story each kind stands, at least and at most.
KINDS = {
    "replacement": (0.02, 0.1),
    "appeal": (0.02, 0.1),
    "resubmission": (0.015, 0.08),
    "second attempt": (0.005, 0.05),
    "late": (0.002, 0.02),
    "crossover": (0.05, 0.15),
    "second claim": (0.05, 0.15),
    "pended": (0.01, 0.03),
    "returned": (0.005, 0.02),
    "forwarded": (0.002, 0.01),
    "duplicate": (0.002, 0.012),
    "out of order": (0.003, 0.02),
    "correction with status 22": (0.0005, 0.008),
    "taken back": (0.003, 0.012),
    "line taken back": (0.0005, 0.005),
    "corrected": (0.002, 0.01),
    "void": (0.002, 0.01),
    "fewer lines": (0.0005, 0.005),
}


@pytest.fixture(scope="module")
def told() -> Simulation:
    return simulate(persons=1500, seed=5, stories=True)


@pytest.fixture(scope="module")
def services(told: Simulation) -> pd.DataFrame:
    return told.truth["services"]


@pytest.mark.thorough
def test_every_kind_of_story_is_told_as_often_as_it_happens(services: pd.DataFrame):
    kinds = services["story"].str.split(", ").map(set)
    assert set().union(*kinds) == {*KINDS, ""}
    for kind, (low, high) in KINDS.items():
        assert low < kinds.map(lambda told, kind=kind: kind in told).mean() < high, kind


def test_every_state_is_reached(services: pd.DataFrame):
    share = services["state"].value_counts(normalize=True)
    for state, low, high in (
        ("paid at first", 0.7, 0.88),
        ("denied for good", 0.04, 0.12),
        ("open", 0.005, 0.03),
        ("overturned", 0.015, 0.06),
        ("nothing paid", 0.01, 0.06),
        ("patient's", 0.01, 0.06),
        ("not adjudicated", 0.003, 0.04),
        ("void", 0.001, 0.01),
        ("paid in part", 0.0005, 0.01),
        ("returned", 0.0003, 0.004),
        ("pended", 0.0001, 0.003),
    ):
        assert low < share[state] < high, state
    assert len(share) == 11


def test_rates_of_first_denials_stay_as_they_are_published(services: pd.DataFrame):
    decided = services[services["initial_outcome"] != "not adjudicated"]
    assert 0.09 < (decided["initial_outcome"] == "denied").mean() < 0.14


def test_what_is_worked_in_time_is_paid_where_it_can_be(services: pd.DataFrame):
    denied = services[services["initial_outcome"] == "denied"]
    chance = denied["overturn_chance"]
    for _, part in denied.groupby(pd.qcut(chance, 8, duplicates="drop")):
        expected, n = part["overturn_chance"].mean(), len(part)
        spread = 3.5 * np.sqrt(expected * (1 - expected) / n)
        assert abs(part["is_recoverable"].mean() - expected) < spread + 0.001
    second = denied["story"].str.contains("crossover|second claim")
    overturned = denied[(denied["state"] == "overturned") & ~second]
    assert overturned["is_recoverable"].all()
    assert (overturned["recoverable_amount"] > 0).mean() > 0.9
    # What is sequestered of a claim as a whole is spread by charge, which is not in proportion to what is paid.
    assert (overturned["paid_amount"] >= 0.95 * overturned["recoverable_amount"] - 0.2).all()
    # (One costly drug beside cheap lines takes a thousandth and a half of all these dollars.)
    assert overturned["paid_amount"].sum() >= 0.998 * overturned["recoverable_amount"].sum()
    left = denied[denied["story"] == ""]
    assert set(left["state"]) <= {"denied for good", "open"}
    assert not denied.loc[~denied["is_recoverable"], "recoverable_amount"].any()


def test_chances_differ_by_payer_and_by_cause(services: pd.DataFrame):
    denied = services[services["initial_outcome"] == "denied"]
    chance = denied.groupby(["denial_category", "payer"])["overturn_chance"].mean().unstack()
    assert chance.loc["missing information or documentation"].min() > chance.loc["duplicate"].max()
    assert (chance["Birch Advantage"] > chance["Cedar Advantage"]).mean() > 0.8


def test_payers_have_identifiers_kinds_and_turns(told: Simulation):
    claims, answers = told.claims.table("claims"), told.claims.table("adjudications")
    every = pd.concat([claims, answers])
    assert (every.groupby("payer")[["payer_id", "payer_kind"]].nunique() == 1).all().all()
    assert every.groupby("payer_id")["payer"].nunique().max() == 1
    kinds = set(claims["payer_kind"])
    assert kinds == {"medicare", "medicare advantage", "medicaid", "commercial", "marketplace"}
    assert set(claims["payer_sequence"]) == {1, 2}
    assert set(claims["frequency_code"]) == {"1", "7", "8"}
    second = claims[claims["payer_sequence"] == 2]
    assert {"Hazel Supplement", "Juniper Mutual", "Dogwood Medicaid"} == set(second["payer"])
    reported = answers[answers["is_reported"].notna()]
    assert set(reported["claim_id"]) <= set(second["claim_id"])
    assert (reported["payer_sequence"] == 1).all()


def test_a_claim_that_replaces_another_names_what_the_payer_answered(told: Simulation):
    claims, answers = told.claims.table("claims"), told.claims.table("adjudications")
    later = claims[claims["frequency_code"] != "1"]
    named = later.merge(
        answers, left_on="original_payer_claim_id", right_on="payer_claim_id", suffixes=("", "_old")
    )
    assert set(named["claim_id"]) == set(later["claim_id"])
    assert (named["claim_id"] != named["claim_id_old"]).all()
    first = named.groupby("claim_id")["paid_date"].min()
    assert (first <= later.set_index("claim_id")["received_date"]).all()
    same = later["source_claim_id"] != later["claim_id"]
    assert 0.2 < same.mean() < 0.6


def test_forms_of_answers_that_are_not_one_row_a_line(told: Simulation):
    rows, adjustments = told.claims.table("line_payments"), told.claims.table("adjustments")
    key = ["claim_id", "adjudication_number"]
    assert rows.duplicated([*key, "claim_line_number"]).sum() > 20
    whole = adjustments[adjustments["claim_line_number"].isna()]
    assert {"253", "1"} < set(whole["carc"])
    answers = told.claims.table("adjudications")
    bare = answers.merge(rows[key].drop_duplicates(), on=key, how="left", indicator=True)
    assert (bare["_merge"] == "left_only").sum() > 20
    bundled = rows[(rows["submitted_hcpcs_code"].notna()) & (rows["paid_amount"] == 0)]
    assert not bundled.empty
    assert {"24", "97", "133", "109", "94", "18", "29"} <= set(adjustments["carc"])
    assert "MA130" in set(told.claims.table("remarks")["rarc"])


def test_reversals_come_in_any_order(told: Simulation):
    answers = told.claims.table("adjudications")
    back = answers[(answers["claim_status_code"] == "22") & (answers["charge_amount"] < 0)]
    others = answers[(answers["charge_amount"] > 0) & answers["is_reported"].isna()]
    both = back.merge(others, on=["claim_id", "payer"], suffixes=("", "_other"))
    mine = both["payer_claim_id"] == both["payer_claim_id_other"]
    assert (both[mine].groupby(["claim_id", "adjudication_number"]).size() >= 1).all()
    assert len(both[mine].drop_duplicates(["claim_id", "adjudication_number"])) == len(back)
    earlier = both["adjudication_number_other"] < both["adjudication_number"]
    assert (~mine & earlier).any()
    assert (~mine & ~earlier).any()
    assert ((answers["claim_status_code"] == "22") & (answers["charge_amount"] > 0)).any()


def test_nothing_is_known_after_the_end_of_the_data(told: Simulation):
    end = pd.Timestamp("2026-02-01")
    assert pd.to_datetime(told.claims.table("adjudications")["paid_date"]).max() <= end
    later = told.claims.table("claims").query("frequency_code != '1' or payer_sequence == 2")
    assert pd.to_datetime(later["received_date"]).max() <= end


def test_stories_are_the_same_on_every_platform():
    assert digest(40, 11, stories=True) == "a0a79aadd80cc93e48bc6a8639baa57afe0ebf41d735cf9961f506318548726c"


def test_without_stories_there_is_no_table_of_services():
    assert "services" not in simulate(5, 1).truth


@pytest.mark.parametrize(("persons", "effects"), [(1, True), (30, False)])
def test_few_persons_and_payers_without_effects_will_do(persons: int, effects: bool):
    found = simulate(persons, 3, effects=effects, stories=True)
    assert len(found.truth["services"]) <= len(found.claims.table("lines"))
