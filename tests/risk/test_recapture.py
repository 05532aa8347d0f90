"""Incidence, persistence and recapture: small tables by hand on each engine, and an oracle of plain sets."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError
from cpticd.risk import hcc_tables
from cpticd.risk.recapture import recapture
from tests.spec import claims_of, shown

# Diabetes: 37 (with complications) stands above 38. HCC 2 (sepsis) is not chronic.
TABLES = {
    "members": """
        person_id | year | birth_date | sex    | death_date
        stays     | 2024 | 1950-01-01 | female |
        stays     | 2025 | 1950-01-01 | female |
        rises     | 2024 | 1950-01-01 | female |
        rises     | 2025 | 1950-01-01 | female |
        falls     | 2024 | 1950-01-01 | male   |
        falls     | 2025 | 1950-01-01 | male   |
        lapses    | 2024 | 1950-01-01 | male   |
        lapses    | 2025 | 1950-01-01 | male   | 2026-02-01
        dies      | 2024 | 1950-01-01 | male   |
        dies      | 2025 | 1950-01-01 | male   | 2025-12-31
        leaves    | 2024 | 1950-01-01 | male   |
        joins     | 2025 | 1950-01-01 | male   |
        new       | 2024 | 1950-01-01 | male   |
        new       | 2025 | 1950-01-01 | male   |
        well      | 2024 | 1950-01-01 | male   |
        well      | 2025 | 1950-01-01 | male   |
    """,
    "claims": """
        claim_id | claim_type   | person_id | place_of_service_code | claim_start_date | claim_end_date
        s4       | professional | stays     | 11                    | 2024-03-01       | 2024-03-01
        s5       | professional | stays     | 11                    | 2025-03-01       | 2025-03-01
        r4       | professional | rises     | 11                    | 2024-03-01       | 2024-03-01
        r5       | professional | rises     | 11                    | 2025-03-01       | 2025-03-01
        f4       | professional | falls     | 11                    | 2024-03-01       | 2024-03-01
        f5       | professional | falls     | 11                    | 2025-03-01       | 2025-03-01
        l4       | professional | lapses    | 11                    | 2024-03-01       | 2024-03-01
        l5       | professional | lapses    | 81                    | 2025-03-01       | 2025-03-01
        d4       | professional | dies      | 11                    | 2024-03-01       | 2024-03-01
        v4       | professional | leaves    | 11                    | 2024-03-01       | 2024-03-01
        j5       | professional | joins     | 11                    | 2025-03-01       | 2025-03-01
        n5       | professional | new       | 11                    | 2025-03-01       | 2025-03-01
        x5       | professional | nobody    | 11                    | 2025-03-01       | 2025-03-01
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code
        s4       | 1                 | 99213
        s5       | 1                 | 99213
        r4       | 1                 | 99213
        r5       | 1                 | 99213
        f4       | 1                 | 99213
        f5       | 1                 | 99213
        l4       | 1                 | 99213
        l5       | 1                 | 80053
        d4       | 1                 | 99213
        v4       | 1                 | 99213
        j5       | 1                 | 99213
        n5       | 1                 | 99213
        x5       | 1                 | 99213
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code
        s4       | 1                  | E11.9
        s5       | 1                  | E11.65
        r4       | 1                  | E11.9
        r5       | 1                  | E11.22
        f4       | 1                  | E11.22
        f4       | 2                  | A41.9
        f5       | 1                  | E11.9
        l4       | 1                  | E11.9
        l5       | 1                  | E11.9
        d4       | 1                  | E11.9
        v4       | 1                  | E11.9
        j5       | 1                  | E11.9
        n5       | 1                  | E11.9
        x5       | 1                  | E11.9
    """,
}


@pytest.fixture(scope="module")
def claims() -> Claims:
    """The claims above."""
    return claims_of(**TABLES)


@pytest.fixture(params=["duckdb", "spark"])
def on_each_engine(request: pytest.FixtureRequest, claims: Claims, tmp_path: Path) -> Claims:
    """The claims above, on each engine; Spark takes its time, so that one test asks for it."""
    if request.param == "duckdb":
        return claims
    session = request.getfixturevalue("spark_session")
    return cx.open(claims.save(tmp_path / "claims"), engine="spark", session=session)


def test_by_hand(on_each_engine: Claims) -> None:
    # In the cohort of 2025: stays, rises, falls, lapses, new, well. Dead by its last day: dies; gone: leaves.
    found = recapture(on_each_engine, payment_year=2026)
    columns = (
        "hcc",
        "year",
        "persons_enrolled",
        "persons",
        "at_risk",
        "incident",
        "had_before",
        "persistent",
    )
    assert shown(found, *columns, "due", "recaptured") == [
        ("2", 2024, 8, 1, None, None, None, None, None, None),
        ("2", 2025, 8, 0, 5, 0, 1, 0, None, None),  # sepsis does not come due
        ("37", 2024, 8, 1, None, None, None, None, None, None),
        ("37", 2025, 8, 1, 5, 1, 1, 0, 1, 0),  # falls has a lower one: not recaptured
        ("38", 2024, 8, 5, None, None, None, None, None, None),
        ("38", 2025, 8, 4, 3, 2, 3, 1, 3, 2),  # stays and rises of stays, rises, lapses; new: new and falls
    ]
    row = found[(found["hcc"] == "38") & (found["year"] == 2025)].iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(2, 3, method="wilson"))
    assert row["incidence"] == pytest.approx(2 / 3)
    assert row["persistence"] == pytest.approx(1 / 3)
    assert row["recapture_rate"] == pytest.approx(2 / 3)


def test_the_steady_state_is_where_the_chain_comes_to_rest(claims: Claims) -> None:
    row = recapture(claims, payment_year=2026).query("hcc == '38' and year == 2025").iloc[0]
    share = 0.01
    for _ in range(500):
        share = share * row["persistence"] + (1 - share) * row["incidence"]
    assert row["steady_state_prevalence"] == pytest.approx(share)


def test_one_year_says_what_cannot_be_told(claims: Claims) -> None:
    alone = claims_of(**TABLES | {"members": "person_id | year | sex\nstays | 2025 | female"})
    found = recapture(alone, payment_year=2026)
    assert shown(found, "hcc", "year", "persons", "due", "recapture_rate", "steady_state_prevalence") == [
        ("38", 2025, 1, None, None, None)
    ]
    assert "none: no year stands beside the one before it" in cx.contract(found)["clock"]
    assert "none" not in cx.contract(recapture(claims, payment_year=2026))["clock"]


def test_without_members_there_is_no_denominator() -> None:
    nobody = claims_of(**{name: text for name, text in TABLES.items() if name != "members"})
    with pytest.raises(InputError, match="recapture needs members rows of 2023 or later"):
        recapture(nobody, payment_year=2026)


def test_a_model_or_year_without_tables_is_refused(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="no risk adjustment model 'V99'"):
        recapture(claims, model="V99", payment_year=2026)
    with pytest.raises(ArgumentError, match="payment_year=1999"):
        recapture(claims, payment_year=1999)


def test_the_contract_spells_the_denominator_out_and_is_json(claims: Claims) -> None:
    contract = cx.contract(recapture(claims, payment_year=2026))
    assert (
        "with the chronic HCC in the year before who have a members row in both years"
        in contract["denominator"]
    )
    assert "alive when the year ended" in contract["denominator"]
    assert contract["payment_year"] == 2026
    json.dumps(dict(contract))


def test_on_simulated_claims_as_plain_sets_tell() -> None:
    simulated = cx.simulate(persons=600, seed=77).claims
    found = recapture(simulated, payment_year=2026).query("year == 2025").set_index("hcc")
    members = simulated.table("members")
    members = members[(members["part_b_months"] > 0) & ~members["esrd"].astype(bool)]  # whom CMS pays by V28
    had, has = (_coded(simulated, members, year) for year in (2024, 2025))
    alive = members["death_date"].isna() | (members["death_date"].dt.year > 2025)
    both = set(members.loc[members["year"] == 2024, "person_id"])
    cohort = both & set(members.loc[(members["year"] == 2025) & alive, "person_id"])
    above = {(row["child"], row["parent"]) for row in hcc_tables.hierarchy("V28").to_pylist()}
    for hcc, row in found.iterrows():
        before = {person for person in cohort if hcc in had.get(person, ())}
        now = {person for person in cohort if hcc in has.get(person, ())}
        up = {hcc} | {parent for child, parent in above if child == hcc}
        again = {person for person in before if up & has.get(person, set())}
        expected = (len(cohort) - len(before), len(now - before), len(before), len(now & before))
        assert tuple(row[["at_risk", "incident", "had_before", "persistent"]]) == expected
        if row["chronic"]:
            assert (row["due"], row["recaptured"]) == (len(before), len(again))
    assert found["due"].sum() > 200


def _coded(claims: Claims, members: pd.DataFrame, year: int) -> dict[str, set[str]]:
    """Person -> HCCs of diagnoses that count, by the conditions of the year and a loop over the mapping."""
    from cpticd.risk.conditions import conditions

    mapping: dict[str, list[dict[str, object]]] = {}
    for row in hcc_tables.mapping("V28", 2026).to_pylist():
        mapping.setdefault(row["diagnosis_code"], []).append(row)
    rows = members[members["year"] == year]
    facts = dict(zip(rows["person_id"], zip(rows["birth_date"], rows["sex"], strict=True), strict=True))
    found: dict[str, set[str]] = {}
    counted = conditions(claims, year=year).query("counted")
    for person, code in zip(counted["person_id"], counted["diagnosis_code"], strict=True):
        if person not in facts:
            continue
        born, sex = facts[person]
        age = year + 1 - born.year - ((born.month, born.day) > (2, 1))
        for row in mapping.get(code, []):
            if row["sex"] in ("", sex) and row["age_from"] <= age <= row["age_to"]:
                found.setdefault(person, set()).add(str(row["hcc"]))
    return found
