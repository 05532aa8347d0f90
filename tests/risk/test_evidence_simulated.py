"""Results and drugs on simulated persons: what was planted is found, what is noise is not, and nobody else is named."""

from __future__ import annotations

import pandas as pd
import pytest

from cpticd.risk import hcc_tables
from cpticd.risk.gaps import gaps
from cpticd.simulation import Simulation, simulate

KEY = ["person_id", "hcc"]
#: Series of the simulation that suffice, with the HCC that they speak for.
ENOUGH = {
    "filtration_3": "329", "filtration_3b": "328", "filtration_4": "327", "weight_severe": "48", "glucose_high": "38",
    "heart_weak": "226", "insulin": "38", "pills": "38", "virus_drug": "1", "rhythm_drug": "238",
}  # fmt: skip


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate(persons=4000, seed=91, clinical_data=True)


def paid(simulation: Simulation) -> pd.DataFrame:
    """Who is enrolled in 2025 and paid by V28 in some month of 2026."""
    members = simulation.claims.table("members").query("year == 2025 and part_b_months > 0 and esrd == False")
    died = pd.to_datetime(members["death_date"])
    return members.loc[died.isna() | (died >= "2026-01-01"), ["person_id"]]


@pytest.fixture(scope="module")
def found(simulation: Simulation) -> pd.DataFrame:
    """Open gaps, and whether the person was planted to have this HCC, or one above it, and not coded."""
    rows = gaps(simulation.claims, year=2025, kinds=["measured", "drug"], min_confidence=0.0, quiet=True)
    truth = simulation.truth["conditions"].query("year == 2025 and state == 'under_coded'")
    above = pd.DataFrame(hcc_tables.hierarchy("V28").to_pylist())
    lower = truth.merge(above, left_on="hcc", right_on="parent")[["person_id", "child"]]
    right = (
        pd.concat([truth[KEY], lower.rename(columns={"child": "hcc"})]).drop_duplicates().assign(right=True)
    )
    rows = rows[rows["status"] == "open"].merge(right, on=KEY, how="left")
    return rows.assign(right=rows["right"].notna())


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "system", "precision"), [("measured", "loinc", 0.75), ("drug", "ndc", 0.4)])
def test_what_suffices_is_found_and_mostly_right(
    simulation: Simulation, found: pd.DataFrame, kind: str, system: str, precision: float
) -> None:
    under = simulation.truth["conditions"].query("year == 2025 and state == 'under_coded'")[KEY]
    series = simulation.truth["clinical"].query("year == 2025 and system == @system")
    series = series[series["hcc"] == series["series"].map(ENOUGH)]
    planted = series.merge(under).merge(paid(simulation)).drop_duplicates(KEY)
    mine = found[(found["kind"] == kind) | found["also_kinds"].str.contains(kind)]
    assert len(planted) >= 10
    assert planted.merge(mine[KEY], how="left", indicator=True)["_merge"].eq("both").mean() >= 0.9
    sure = mine[mine["confidence"] >= 0.5]
    assert sure["right"].mean() >= precision


def test_strata_are_in_the_order_of_their_confidence(found: pd.DataFrame) -> None:
    by = found.groupby("stratum").agg(
        confidence=("confidence", "mean"), right=("right", "mean"), gaps=("right", "size")
    )
    by = by[by["gaps"] >= 10].sort_values("confidence")
    assert by["right"].iloc[0] < by["right"].iloc[-1]
    assert by["confidence"].max() <= 0.9  # however often the simulator is right


def test_nobody_is_named_whom_the_model_does_not_pay(simulation: Simulation, found: pd.DataFrame) -> None:
    assert set(found["person_id"]) <= set(paid(simulation)["person_id"])
