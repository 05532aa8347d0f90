"""Results and drugs of simulated persons: whose they are, what they say, and that claims stay as they are."""

from __future__ import annotations

import pandas as pd
import pytest

from cpticd.simulation.catalogue import rows
from cpticd.simulation.pipeline import run

SERIES = pd.DataFrame(rows("clinical")).set_index("series")


@pytest.fixture(scope="module")
def simulated() -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    tables, truth = run(600, 5, (2024, 2025), clinical_data=True)
    return {name: table.to_pandas() for name, table in tables.items()}, truth


def test_claims_are_the_same_with_and_without() -> None:
    without, _ = run(150, 5, (2024, 2025))
    given, truth = run(150, 5, (2024, 2025), clinical_data=True)
    assert set(given) - set(without) == {"drugs", "observations"}
    assert all(given[name].equals(table) for name, table in without.items())
    assert set(truth["clinical"]["series"]) <= set(SERIES.index)


def test_results_lie_in_the_range_of_their_series(
    simulated: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]],
) -> None:
    tables, _ = simulated
    results = tables["observations"].assign(value=lambda frame: frame["value"].astype(float))
    for code, part in SERIES[SERIES["system"] == "loinc"].groupby("code"):
        values = results.loc[results["code"] == code, "value"]
        assert values.between(part["low"].astype(float).min(), part["high"].astype(float).max()).all()
    assert results["observation_date"].map(lambda day: day.year).isin([2024, 2025]).all()


def test_the_truth_says_whose_they_are(
    simulated: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]],
) -> None:
    tables, truth = simulated
    clinical = truth["clinical"]
    roles = clinical["series"].map(SERIES["role"])
    assert ((clinical["diagnosis_code"] != "") == (roles == "with")).all()
    has = set(truth["conditions"].query("hcc in ('36', '37', '38')")["person_id"])
    insulin = set(clinical.loc[clinical["series"] == "insulin", "person_id"])
    assert insulin and insulin <= has
    times = SERIES["times"].astype(int)
    died = set(tables["members"].dropna(subset="death_date")["person_id"])
    fills = clinical[(clinical["system"] == "ndc") & ~clinical["person_id"].isin(died)]
    expected = fills.assign(times=fills["series"].map(times)).groupby("person_id")["times"].sum()
    assert tables["drugs"].groupby("person_id").size().reindex(expected.index).to_dict() == expected.to_dict()
