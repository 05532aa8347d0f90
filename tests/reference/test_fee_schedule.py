"""The physician fee schedule's relative value file, as a small sample in its form."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from cpticd import reference
from cpticd.core.errors import InputError

TITLE = ",,2024 National Physician Fee Schedule Relative Value File April Release,,,,,,,,,,,,,\n"
NOTICE = ",,CPT codes and descriptions only are copyright. Status code of the notice,,,,,,,,,,,,,\n"
HEADINGS = (
    ",,,,NOT USED,,,,,,,,,,,\n"
    ",,,STATUS,MEDICARE,WORK,PCTC,GLOB,PRE,MULT,BILAT,ASST,CO-,TEAM,PRIC,CONV\n"
    "HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,IND,DAYS,OP,PROC,SURG,SURG,SURG,SURG,IND,FACTOR\n"
)
ROWS = (
    "G0001,,One,A,,0.5,0,XXX,0.00,0,0,0,0,0,0,33.2875\n"
    '27000,,"Two, with a comma",A,,19.6,0,090,0.10,2,1,2,1,0,0,33.2875\n'
    "77000,,Three,A,,0.7,1,XXX,0.00,0,2,0,0,0,0,33.2875\n"
    "77000,26,Three,A,,0.7,1,XXX,0.00,0,2,0,0,0,0,33.2875\n"
)
SAMPLE = TITLE + NOTICE + HEADINGS + ROWS


def add(folder: Path, name: str, text: str) -> dict[str, object]:
    (folder / name).write_bytes(text.encode("utf-8"))
    return reference.add("fee_schedule", folder / name).attrs


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_columns_are_found_under_headings_of_several_rows(tmp_path: Path, end: str) -> None:
    told = add(tmp_path, "PPRRVU24_APR.csv", (SAMPLE + "Note: not payment amounts,,,\n").replace("\n", end))
    assert told["release"] == "2024 Q2" and told["effective_from"] == "2024-04-01" and told["rows"] == 4
    columns = ["code", "modifier", "status", "professional_technical", "global_days"]
    columns += ["multiple_procedure", "bilateral", "assistant"]
    found = reference.release("fee_schedule", on="2024-04-01").select(columns).to_pandas()
    assert found.to_numpy().tolist() == [
        ["G0001", "", "A", "0", "XXX", "0", "0", "0"],
        ["27000", "", "A", "0", "090", "2", "1", "2"],
        ["77000", "", "A", "1", "XXX", "0", "2", "0"],
        ["77000", "26", "A", "1", "XXX", "0", "2", "0"],
    ]
    assert reference.release("fee_schedule", on="2024-03-31").num_rows == 0


def test_a_release_is_told_by_its_name_where_it_has_no_title_and_ends_with_the_next(tmp_path: Path) -> None:
    add(tmp_path, "PPRRVU25_JAN1.csv", HEADINGS + ROWS)
    changed = add(tmp_path, "PPRRVU2026_Jul_nonQPP.csv", HEADINGS + ROWS.replace("090", "90", 1))
    assert (changed["against"], changed["release"], changed["revised"]) == ("2025 Q1", "2026 Q3", 0)
    found = reference.release("fee_schedule", on="2026-06-30")
    assert set(found["release"].to_pylist()) == {"2025 Q1"}


def test_of_the_zip_the_relative_value_file_is_read(tmp_path: Path) -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("PPRRVU2026_Jan_QPP.csv", SAMPLE.replace("090", "010"))
        archive.writestr(
            "PPRRVU2026_Jan_nonQPP.csv", SAMPLE.replace("2024", "2026").replace("April", "January")
        )
        archive.writestr("GPCI2026.csv", "a,b\n1,2\n")
    (tmp_path / "rvu26a.zip").write_bytes(book.getvalue())
    assert reference.add("fee_schedule", tmp_path / "rvu26a.zip").attrs["release"] == "2026 Q1"
    assert reference.release("fee_schedule")["global_days"].to_pylist()[1] == "090"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PPRRVU24_APR.csv", SAMPLE.replace("090", "091"), r"PPRRVU24_APR\.csv:7: found \['27000', '', '091'\]"),
        ("PPRRVU24_APR.csv", SAMPLE.replace("GLOB", "GLUB"), "no heading of global_days"),
        ("PPRRVU24_APR.csv", TITLE + "\n" + "x,y\n" * 40, "no row that begins with HCPCS"),
        ("GPCI2024.csv", SAMPLE, r"found \['GPCI2024.csv'\]; pass PPRRVU"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        add(tmp_path, name, text)
