"""Groups of codes as dimensions: CCSR and chronic flags that come along, RBCS from the file that a user adds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError
from cpticd.reference import manifest
from tests.patterns.billed import billed

ROWS = """
    code  | diagnoses   | date       | person
    99213 | I10 E1165   | 2024-02-01 | p1
    99214 | E119        | 2024-06-30 | p2
    99214 | J069        | 2024-07-01 | p3
    G0463 | XYZ         | 2024-07-01 | p3
"""
HEADINGS = (
    "HCPCS_Cd,RBCS_ID,RBCS_Cat,RBCS_Cat_Desc,RBCS_Cat_Subcat,RBCS_Subcat_Desc,RBCS_FamNumb,RBCS_Family_Desc,"
    "RBCS_Major_Ind,HCPCS_Cd_Add_Dt,HCPCS_Cd_End_Dt,RBCS_Latest_Assignment,RBCS_Analysis_Start_Dt\n"
)
#: As the file has rows: one assignment, and a code that was assigned anew.
ASSIGNED = (
    "99213,EV000N,E,Visits,EV,Office,000,No RBCS Family,N,01/01/1992,,1,01/01/2014\n"
    "99214,EV000N,E,Visits,EV,Office,000,No RBCS Family,N,01/01/1992,,0,01/01/2014\n"
    "99214,EX001N,E,Visits,EX,Other  places,001,Some family,N,01/01/1992,,1,07/01/2024\n"
)


@pytest.fixture(scope="module")
def claims() -> Claims:
    return billed(ROWS)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(manifest.ENVIRONMENT, str(tmp_path / "own"))
    return tmp_path


def added(folder: Path, rows: str, name: str = "RBCS_RY_2025.csv", headings: str = HEADINGS) -> pd.DataFrame:
    (folder / name).write_text(headings + rows)
    return cx.reference.add(folder / name, quiet=True)


def counts(claims: Claims, by: str) -> dict[str, int]:
    return dict(cx.denials.rates(claims, by=by).set_index(by)["n"])


def test_diagnoses_stand_in_their_groups(claims: Claims) -> None:
    assert counts(claims, "ccsr") == dict.fromkeys(["(none)", "CIR007", "END002", "END003", "RSP006"], 1)
    assert counts(claims, "chronic") == {"(none)": 1, "chronic": 2, "not chronic": 1}
    assert set(claims.where(ccsr_body_system="respiratory").table("lines")["hcpcs_code"]) == {"99214"}


def test_a_line_of_two_diagnoses_of_one_group_counts_once_in_it() -> None:
    assert cx.denials.rates(billed("code | diagnoses\n99213 | E1165 E1122"), by="ccsr")["n"].tolist() == [1]


def test_rbcs_is_the_file_that_was_added_by_date_of_service(claims: Claims, own_folder: Path) -> None:
    for ask in (lambda: cx.denials.rates(claims, by="rbcs"), lambda: claims.where(rbcs="Visits: Office")):
        with pytest.raises(ArgumentError, match=r"cx.reference.add\('RBCS_RY_2025.csv'\)"):
            ask()
    added(own_folder, ASSIGNED)
    assert counts(claims, "rbcs") == {"(none)": 1, "Visits: Office": 2, "Visits: Other places": 1}
    family = cx.denials.rates(claims, by="rbcs_family")["rbcs_family"]
    assert "Visits: Other places: Some family" in set(family)
    # A later release is read by the next statement.
    added(own_folder, ASSIGNED.splitlines()[0].replace("Office", "Clinic") + "\n", "RBCS_RY_2026.csv")
    assert "Visits: Clinic" in counts(claims, "rbcs")
    assert len(claims.where(rbcs_category="Visits").table("lines")) == 1


def test_an_older_file_is_read_and_a_damaged_one_refused(own_folder: Path) -> None:
    older = HEADINGS.replace("RBCS_Analysis_Start_Dt", "RBCS_Assignment_Eff_Dt").replace("RBCS_ID", "RBCS_Id")
    assert added(own_folder, ASSIGNED, "RBCS_2022.csv", older).attrs["rows"] == 3
    with pytest.raises(InputError, match=r"RBCS_2023.csv:2: found '9921\*', no code"):
        added(own_folder, ASSIGNED.replace("99213", "9921*", 1), "RBCS_2023.csv")
    with pytest.raises(InputError, match="no heading rbcs_cat_desc"):
        added(own_folder, ASSIGNED, "RBCS_2023.csv", HEADINGS.replace("RBCS_Cat_Desc", "Category"))


def test_a_row_that_ends_early_is_an_error_that_says_where(own_folder: Path) -> None:
    with pytest.raises(InputError, match=r"RBCS_RY_2025\.csv:3: 99214 has no rbcs_id"):
        added(own_folder, ASSIGNED.splitlines()[0] + "\n99214\n")
