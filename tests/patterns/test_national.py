"""A mix of levels held against Medicare's clinicians, from files in the published form."""

from __future__ import annotations

from pathlib import Path

import pytest

import cpticd as cx
from cpticd import patterns
from cpticd.core.errors import ArgumentError, InputError
from tests.patterns.billed import billed

VISITS = "office visit, established patient"
BY_PROVIDER = """Rndrng_NPI,Rndrng_Prvdr_Last_Org_Name,Rndrng_Prvdr_Type,HCPCS_Cd,HCPCS_Desc,Place_Of_Srvc,Tot_Benes,Tot_Srvcs
1000000001,"One, and Sons",Internal Medicine,99213,x,O,40,60
1000000002,Two,Internal Medicine,99214,x,O,30,20
1000000002,Two,Internal Medicine,99214,x,F,30,20
1000000003,Three,Dermatology,99213,x,O,90,100
1000000003,Three,Dermatology,80053,x,O,90,500
"""
BY_PLACE = """Rndrng_Prvdr_Geo_Lvl,Rndrng_Prvdr_Geo_Cd,HCPCS_Cd,Place_Of_Srvc,Tot_Srvcs
National,,99213,O,300
National,,99215,O,100
State,01,99215,O,900
"""
ROWS = """
    code  | diagnoses | provider | times
    99213 | I10       | A        | 30
    99214 | I10       | A        | 10
"""


def add(folder: Path, text: str, name: str = "MUP_PHY_R24_P05_V10_D22_Prov_Svc.csv") -> None:
    (folder / name).write_text(text)
    cx.reference.add(folder / name, folder=folder, quiet=True)


def test_levels_stand_beside_those_of_the_nation_and_of_a_specialty(tmp_path: Path) -> None:
    add(tmp_path, BY_PROVIDER)
    rows = cx.reference.release("medicare_services", folder=tmp_path).to_pandas()
    assert "1000000001" not in rows.to_csv() and str(rows["effective_to"].iloc[0]) in ("None", "NaT", "nan")
    claims = billed(ROWS)
    asked = {"family": VISITS, "by": "provider", "period": None, "folder": str(tmp_path)}
    found = patterns.mix(claims, against="national", **asked).set_index("level")
    assert found.loc[3, "national_share"] == pytest.approx(160 / 200)
    assert found["national_mean_level"].iloc[0] == pytest.approx(3.2)
    assert found.loc[3, ["share_difference", "mean_difference"]].tolist() == pytest.approx(
        [0.75 - 0.8, 3.25 - 3.2]
    )
    own = patterns.mix(claims, against="Internal Medicine", **asked).set_index("level")
    assert own.loc[4, "national_share"] == pytest.approx(0.4) and own.loc[5, "national_share"] == 0
    assert "2022" in cx.contract(own)["against"]
    whole = patterns.mix(claims, against="national", **asked)
    assert "3.20" in cx.charts.draw(whole).layout.title.subtitle.text
    left = cx.disclosure.Release(claims).add("mix", whole)["mix"]
    assert left["mean_difference"].isna().all() and left["national_share"].notna().all()
    with pytest.raises(ArgumentError, match=r"one of \['Dermatology', 'Internal Medicine'\]"):
        patterns.mix(claims, against="Surgery", **asked)


def test_the_file_by_place_counts_its_national_rows(tmp_path: Path) -> None:
    add(tmp_path, BY_PLACE, "MUP_PHY_R24_P07_V10_D22_Geo.csv")
    found = patterns.mix(billed(ROWS), family=VISITS, period=None, against="national", folder=str(tmp_path))
    assert found.set_index("level").loc[5, "national_share"] == pytest.approx(0.25)


def test_tabs_and_thousands_are_read_alike(tmp_path: Path) -> None:
    add(tmp_path, BY_PLACE)
    plain = cx.reference.release("medicare_services", folder=tmp_path).to_pandas()
    other = tmp_path / "other"
    other.mkdir()
    add(other, BY_PLACE.replace(",", "\t").replace("\t300", "\t3,00"))
    found = cx.reference.release("medicare_services", folder=other).to_pandas()
    assert found[["code", "services"]].equals(plain[["code", "services"]])


def test_what_is_absent_or_damaged_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="Medicare Physician and Other Practitioners"):
        patterns.mix(billed(ROWS), against="national", folder=str(tmp_path))
    with pytest.raises(InputError, match="download the file again"):
        add(tmp_path, BY_PROVIDER.replace(",60\n", ",sixty\n"))
