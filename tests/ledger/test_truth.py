"""The ledger's services against what was planted: every state, dollar, payer and chain, on both engines.

The truth is told by the simulation as it sends claims and answers them; it shares neither SQL nor tables with what
is tested, and knows which answer belongs to which claim, which the ledger has to find out.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.simulation import Simulation, simulate
from tests.amount import first

SEEDS = (1, 2, 3, 4, 5)
KEY = ["claim_id", "claim_line_number"]
TEXTS = [
    "chain_id",
    "claims",
    "submissions",
    "payer",
    "initial_outcome",
    "first_paid_date",
    "denial_carc",
    "denial_category",
    "final_outcome",
    "final_denial_carc",
    "state",
]
DOLLARS = ["denied_amount", "paid_amount", "final_denied_amount"]


def services_of(claims: Claims) -> pd.DataFrame:
    """Services by the line that billed them first, with the claims of their chain."""
    found = claims.query("SELECT * FROM services")
    versions = claims.query("SELECT * FROM versions")
    chains = claims.query("SELECT * FROM chains").sort_values("claim_id")
    members = chains.groupby("chain_id")["claim_id"].agg(" ".join)
    found = found.merge(versions[[*KEY, "service_claim_id", "service_line_number"]], on=KEY, how="left")
    found = found.merge(chains[["claim_id", "chain_id"]], on="claim_id", how="left")
    found["claim_id"] = found["service_claim_id"].fillna(found["claim_id"])
    found["claim_line_number"] = found["service_line_number"].fillna(found["claim_line_number"]).astype(int)
    found["chain_id"] = found["chain_id"].fillna(found["claim_id"])
    found["claims"] = found["chain_id"].map(members).fillna(found["chain_id"])
    return found


def assert_true(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    """Every service of the truth is found, as it is, and no other."""
    rows = truth.merge(found, on=KEY, how="outer", suffixes=("", "_found"), indicator=True)
    assert set(rows["_merge"]) == {"both"}
    rows["first_paid_date_found"] = pd.to_datetime(rows["first_paid_date_found"])
    for column in TEXTS:
        planted, got = rows[column], rows[f"{column}_found"]
        off = rows[(planted != got) & ~(planted.isna() & got.isna())]
        assert off.empty, (column, off[[*KEY, column, f"{column}_found", "story"]].head().to_string())
    for column in DOLLARS:
        difference = rows[column].astype(float) - rows[f"{column}_found"].fillna(0).astype(float)
        # Where half a cent of a claim's adjustment falls to is nobody's ruling (a claim has at most two of them); the
        # claim's sum is exact.
        off = rows[
            (difference.abs() > 0.021) | (difference.groupby(rows["claim_id"]).transform("sum").abs() > 0.001)
        ]
        assert off.empty, (column, off[[*KEY, column, f"{column}_found", "story"]].head().to_string())


@pytest.fixture(scope="module", params=first(1, SEEDS))
def simulation(request: pytest.FixtureRequest) -> Simulation:
    return simulate(persons=600, seed=request.param, stories=True)


def test_every_service_is_what_was_planted(simulation: Simulation):
    assert_true(simulation.truth["services"], services_of(simulation.claims))


@pytest.mark.parametrize("seed", first(2, SEEDS))
@pytest.mark.parametrize("engine", ["spark"])
def test_what_was_planted_on_another_engine(spark_session: Any, tmp_path: Any, engine: str, seed: int):
    told = simulate(persons=120, seed=seed, stories=True)
    folder = told.claims.save(tmp_path / "claims")
    claims = cx.open(folder, engine=engine, session=spark_session).with_references()
    assert_true(told.truth["services"], services_of(claims))


def test_the_charge_of_a_service_counts_once(simulation: Simulation):
    services = services_of(simulation.claims)
    lines = simulation.claims.table("lines").set_index(KEY)["charge_amount"]
    planted = simulation.truth["services"].set_index(KEY).index
    assert services["charge_amount"].sum() == pytest.approx(lines.loc[planted].sum(), abs=0.001)


def cents(values: pd.Series) -> pd.Series:
    return (values.astype(float) * 100).round().astype("int64")


def test_charges_less_adjustments_are_payments_at_every_level(simulation: Simulation):
    table = simulation.claims.table
    row, answer = ["claim_id", "adjudication_number", "service_number"], ["claim_id", "adjudication_number"]
    adjustments = table("adjustments")
    adjustments["cents"] = cents(adjustments["amount"])
    lines = table("line_payments").set_index(row)
    taken = adjustments.dropna(subset="service_number").groupby(row)["cents"].sum()
    taken = taken.reindex(lines.index, fill_value=0)
    assert (cents(lines["charge_amount"]) - taken == cents(lines["paid_amount"])).all()

    answers = table("adjudications").set_index(answer)
    taken = adjustments.groupby(answer)["cents"].sum().reindex(answers.index, fill_value=0)
    assert (cents(answers["charge_amount"]) - taken == cents(answers["paid_amount"])).all()
    itemized = cents(lines["charge_amount"]).groupby(level=[0, 1]).sum()
    assert (cents(answers["charge_amount"]).loc[itemized.index] == itemized).all()
    shares = adjustments[adjustments["group_code"] == "PR"].groupby(answer)["cents"].sum()
    own = answers[answers["is_reported"].isna()]
    shares = shares.reindex(own.index, fill_value=0)
    assert (cents(own["patient_responsibility_amount"]) == shares).all()

    payments = table("payments").set_index("payment_id")
    assert set(own["payment_id"]) == set(payments.index)
    held = table("provider_adjustments").groupby("payment_id")["amount"].sum().reindex(payments.index)
    total = own.groupby("payment_id")["paid_amount"].sum().reindex(payments.index)
    assert (cents(payments["amount"]) == cents(total) - cents(held.fillna(0))).all()
    assert (payments["amount"] >= 0).all()
    assert (payments["imbalance_amount"] == 0).all()


def test_some_denials_are_open_at_the_end(simulation: Simulation):
    services = simulation.truth["services"]
    last = simulation.claims.table("adjudications")["paid_date"].max()
    open_ = services[services["state"] == "open"]
    assert len(open_) > 20
    assert (last - open_["first_paid_date"]).dt.days.between(0, 89).all()
    assert open_["is_overturned_later"].any()
    assert services.loc[services["state"] == "denied for good", "is_recoverable"].any()
