"""Which codes have an HCC in which payment year: those in force in its service year, by ICD-10-CM's own conversions."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd import reference
from cpticd.risk import hcc_tables
from tests.risk.visits import claims_of_visits

#: New codes of codes with an HCC that CMS's mappings of the years after leave without one.
WITHOUT = {
    "E8882": "obesity by a disrupted pathway: what came from E66.8 is no morbid obesity",
    "E11A": "diabetes without complications in remission",
    "I27840": "kinds of a failing Fontan circulation", "I27841": "kinds of a failing Fontan circulation",
    "I27848": "kinds of a failing Fontan circulation", "I27849": "kinds of a failing Fontan circulation",
}  # fmt: skip
MODEL_YEARS = [
    (model, year) for model in hcc_tables.MODELS for year in hcc_tables.years(model)
    if hcc_tables.mapping(model, year).num_rows
]  # fmt: skip


@pytest.mark.parametrize(("model", "year"), MODEL_YEARS)
def test_what_came_in_place_of_a_code_with_an_hcc_has_one_or_a_reason(model: str, year: int) -> None:
    mapped = set(hcc_tables.mapping(model, year)["diagnosis_code"].to_pylist())
    before = (
        set(hcc_tables.mapping(model, year - 1)["diagnosis_code"].to_pylist())
        if (model, year - 1) in MODEL_YEARS
        else set()
    )
    came = reference.table("icd10cm_conversions").to_pandas()
    came = came[
        came["previous_code"].isin(mapped | before)
        & (pd.to_datetime(came["effective_from"]).dt.year == year - 1)
    ]
    assert set(came["code"]) - mapped <= set(WITHOUT)


@pytest.mark.parametrize(("model", "year"), MODEL_YEARS)
def test_no_code_has_an_hcc_in_a_year_in_which_it_could_not_be_billed(model: str, year: int) -> None:
    codes = hcc_tables.mapping(model, year)["diagnosis_code"].unique().to_pandas()
    days = [f"{year - 1}-{day}" for day in ("01-01", "06-01", "12-31")]
    could = sum(cx.reference.icd10cm.valid(codes, day)["valid"].fillna(False).astype(int) for day in days)
    assert codes[(could == 0).to_numpy()].tolist() == []


@pytest.mark.parametrize(
    ("code", "model", "year", "hccs"),
    [
        ("E66.813", "V28", 2025, ["48"]), ("G93.45", "V28", 2025, ["201"]), ("I26.95", "V28", 2025, ["267"]),
        ("G20.A1", "V24", 2024, ["78"]), ("J44.89", "V28", 2024, ["280"]), ("G20", "V28", 2025, []),
        ("C50.A1", "V28", 2025, []), ("I24.8", "V28", 2025, []), ("E11.22", "V28", 2025, ["37"]),
    ],
)  # fmt: skip
def test_codes_by_hand(code: str, model: str, year: int, hccs: list[str]) -> None:
    person = pd.DataFrame({"person_id": ["p"], "age": [45], "sex": ["F"]})
    coded = pd.DataFrame({"person_id": ["p"], "diagnosis_code": [code]})
    scored = cx.risk.score(person, coded, payment_year=year, model=model)
    assert scored["hccs"].map(list).tolist() == [hccs]


@pytest.mark.skipif(
    importlib.util.find_spec("risk_adjustment_model") is None,
    reason="risk-adjustment-model needs Python 3.12",
)
def test_payment_year_2025_of_v24_is_that_of_a_package_that_was_not_read_for_it() -> None:
    spec = importlib.util.find_spec("risk_adjustment_model")
    assert spec and spec.submodule_search_locations
    path = (
        Path(spec.submodule_search_locations[0]) / "reference_data/medicare/v24/2025/diag_to_category_map.txt"
    )
    theirs = {
        tuple(line.split()[:2]) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    }
    rows = (
        reference.table("hcc_diagnoses")
        .to_pandas()
        .query("model == 'V24' and first_year <= 2025 <= last_year")
    )
    assert set(zip(rows["diagnosis_code"], rows["hcc"], strict=True)) == theirs
    assert len(theirs) == 10_211


def test_a_condition_coded_by_a_code_that_has_ended_lapses_under_one_that_can_be_billed() -> None:
    visits = """
        m | 2025-03-01 | 11 | G35 | 99213
        m | 2026-03-01 | 11 | I10 | 99213
    """
    claims = claims_of_visits(visits, years=(2025, 2026, 2027))
    gaps = cx.risk.gaps(claims, year=2026, kinds=["lapsed"])
    assert gaps[["hcc", "diagnosis_code", "status"]].values.tolist() == [["198", "G35D", "open"]]
