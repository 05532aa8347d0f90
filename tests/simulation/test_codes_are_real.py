"""Codes of the catalogue against the official files, where they are there."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest

from cpticd.simulation import Simulation
from cpticd.simulation.catalogue import catalogue, rows


def official(path: Path) -> dict[str, dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("release", ["oct", "apr"])
def test_diagnoses_are_billable(shared_data: Path, release: str):
    codes = official(shared_data / "icd10cm_fy2025" / f"icd10cm_order_fy2025_{release}.csv.gz")
    wrong = [code for code in catalogue().codes if codes.get(code, {}).get("billable") != "1"]
    assert wrong == []


def test_diagnoses_are_billable_in_an_independent_list():
    icd = pytest.importorskip("simple_icd_10_cm")
    assert [c for c in catalogue().codes if not (icd.is_valid_item(c) and icd.is_leaf(c))] == []


def test_planted_retired_and_header_codes_are_not_billable(shared_data: Path):
    codes = official(shared_data / "icd10cm_fy2025" / "icd10cm_order_fy2025_apr.csv.gz")
    invalid = (
        "retired_diagnosis_code",
        "header_diagnosis_code",
        "missing_seventh_character",
        "unknown_diagnosis_code",
    )
    for item in rows("recodes"):
        assert codes[item["old"]]["billable"] == "1"
        billable = codes.get(item["new"], {"billable": "0"})["billable"]
        assert (billable == "0") == (item["rule"] in invalid), item["new"]


@pytest.mark.thorough
def test_a_third_of_diagnosis_codes_is_unspecified(shared_data: Path, simulation: Simulation):
    codes = official(shared_data / "icd10cm_fy2025" / "icd10cm_order_fy2025_oct.csv.gz")
    used = simulation.claims.table("diagnoses")["diagnosis_code"]
    share = used.map(lambda code: "unspecified" in codes.get(code, {}).get("long", "").lower()).mean()
    assert 0.28 < share < 0.4


def test_level_two_codes_are_in_the_official_list(shared_data: Path):
    with gzip.open(
        shared_data / "codes" / "hcpcs_l2_opps_addendumB_2026-04.csv.gz", "rt", encoding="utf-8"
    ) as file:
        known = {row["HCPCSCode"] for row in csv.DictReader(file)}
    assert [code for code in catalogue().hcpcs if code[:1].isalpha() and code not in known] == []


def test_procedure_codes_have_the_form_of_their_set():
    for code in filter(None, catalogue().hcpcs):
        assert re.fullmatch(r"\d{5}|[A-V]\d{4}", code), code


def test_the_catalogue_carries_no_descriptors():
    for name in ("procedures", "diagnoses", "kits", "effects"):
        for row in rows(name):
            assert all(len(cell.split()) <= 60 for cell in row.values())
        assert not {"description", "descriptor", "title", "label"} & set(rows(name)[0])


def test_places_and_reasons_are_official(shared_data: Path, simulation: Simulation):
    with (shared_data / "codes" / "place_of_service.csv").open(encoding="utf-8") as file:
        places = {row["code"] for row in csv.DictReader(file)}
    used = simulation.claims.table("claims")["place_of_service_code"].dropna()
    assert set(used) <= places
    carcs = set((shared_data / "codes" / "carc_numbers_2026.csv").read_text().split())
    assert set(simulation.claims.table("adjustments")["carc"]) <= carcs
