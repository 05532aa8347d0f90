"""OPPS Addendum B in the published form: titles and a notice, headings, a row per code; made-up rows."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cpticd import reference
from cpticd.core.errors import InputError

TEXT = (
    "Addendum B.-Final OPPS Payment by HCPCS Code for CY 2026,,,,,\n"
    '"CPT codes and descriptions only are copyright of the AMA.",,,,,\n'
    "HCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate\n"
    "22558,x,C,,,\n"
    "0001U,x,A,,,\n"
    "G0463,x,J2,5012,1.0,$120.00\n"
    '"*  Status indicators are described in Addendum D1",,,,,\n'
)


def test_statuses_hold_from_the_first_day_of_the_quarter(tmp_path: Path) -> None:
    file = tmp_path / "2026_April_Web_Addendum_B.csv"
    file.write_text(TEXT)
    with zipfile.ZipFile(tmp_path / "april-2026-addendum-b.zip", "w") as packed:
        packed.write(file, file.name)
        packed.writestr("readme.txt", "read me")
    reference.add("opps", tmp_path / "april-2026-addendum-b.zip", folder=tmp_path / "kept")
    rows = reference.release("opps", on="2026-05-04", folder=tmp_path / "kept").to_pandas()
    assert dict(zip(rows["code"], rows["status_indicator"], strict=True)) == {
        "22558": "C",
        "0001U": "A",
        "G0463": "J2",
    }
    assert not reference.release("opps", on="2026-03-31", folder=tmp_path / "kept").num_rows


def test_another_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "2026_April_Addendum_B.csv"
    file.write_text("Code,Rate\n22558,1\n")
    with pytest.raises(InputError, match="HCPCS Code and SI"):
        reference.add("opps", file, folder=tmp_path / "kept")
