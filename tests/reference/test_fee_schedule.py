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
DAYS = ("2025-12-31", "2026-06-30", "2026-07-01", "2026-12-31", "2027-01-01")


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
    add(tmp_path, "PPRRVU25_OCT1.csv", HEADINGS + ROWS)
    changed = add(tmp_path, "PPRRVU2026_Jul_nonQPP.csv", HEADINGS + ROWS.replace("090", "90", 1))
    assert (changed["against"], changed["release"], changed["revised"]) == ("2025 Q4", "2026 Q3", 0)
    on = {day: set(reference.release("fee_schedule", on=day)["release"].to_pylist()) for day in DAYS}
    # A schedule holds for its year.
    assert list(on.values()) == [{"2025 Q4"}, set(), {"2026 Q3"}, {"2026 Q3"}, set()]


def text_line(code: str, days: str, flags: str, rvu: float, modifier: str = "") -> str:
    """A line of the text file: 171 characters, no blanks between indicators."""
    total = rvu + 1
    return (
        f"{code}{modifier:2}{'Words of our own':50}A {rvu:6.2f}{0.5:7.2f}  {0.25:7.2f}  {0.05:6.2f}{total:7.2f}{rvu:6.2f}"
        f"0{days}.00.00.00{flags}{'':12}{32.3465:8.4f} 090 99   {0:7.2f}{0:7.2f}{0:7.2f}"
    )


def test_the_text_file_has_fixed_widths_under_lines_of_a_notice(tmp_path: Path) -> None:
    lines = ["HDR CPT CODES AND DESCRIPTIONS ONLY ARE COPYRIGHT", "HDR 2026 NOTICE"]
    lines += [text_line("27000", "090", "21210", 19.6), text_line("77000", "XXX", "00000", 0.7, "26")]
    assert add(tmp_path, "PPRRVU2025_Oct.txt", "\r\n".join(lines))["release"] == "2025 Q4"
    found = reference.release("fee_schedule", on="2025-10-01").to_pandas()
    columns = [
        "code",
        "modifier",
        "status",
        "global_days",
        "multiple_procedure",
        "bilateral",
        "assistant",
        "co_surgeon",
    ]
    assert found[columns].to_numpy().tolist() == [
        ["27000", "", "A", "090", "2", "1", "2", "1"],
        ["77000", "26", "A", "XXX", "0", "0", "0", "0"],
    ]
    values = [
        "work_rvu",
        "practice_rvu_nonfacility",
        "practice_rvu_facility",
        "malpractice_rvu",
        "conversion_factor",
    ]
    assert found.loc[0, values].tolist() == [19.6, 0.5, 0.25, 0.05, 32.3465]


def test_relative_values_are_kept_where_the_file_has_them(tmp_path: Path) -> None:
    headings = (
        ",,,STATUS,WORK,NON-FAC,NA,FACILITY,NA,MP,NON-FACILITY,FACILITY,PCTC,GLOB,MULT,BILAT,ASST,CO-,TEAM\n"
        "HCPCS,MOD,DESCRIPTION,CODE,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,RVU,TOTAL,TOTAL,IND,DAYS,PROC,SURG,SURG,SURG,SURG\n"
    )
    add(
        tmp_path,
        "PPRRVU2026_Jan.csv",
        headings + "G0001,,x,A,1.30,1.26,,0.55,NA,0.10,2.66,1.95,0,XXX,0,0,0,0,0\n",
    )
    row = reference.release("fee_schedule").to_pylist()[0]
    values = ["work_rvu", "practice_rvu_nonfacility", "practice_rvu_facility", "malpractice_rvu"]
    values += ["total_rvu_nonfacility", "total_rvu_facility", "conversion_factor"]
    assert [row[name] for name in values] == [1.3, 1.26, 0.55, 0.1, 2.66, 1.95, None]


def test_of_the_zip_the_relative_value_file_is_read(tmp_path: Path) -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("PPRRVU2026_Jan_QPP.csv", SAMPLE.replace("090", "010"))
        archive.writestr(
            "PPRRVU2026_Jan_nonQPP.csv", SAMPLE.replace("2024", "2026").replace("April", "January")
        )
        archive.writestr("GPCI2026.csv", "a,b\n1,2\n")
        archive.writestr("OPPSCAP_Jan.csv", "HCPCS,MOD,PROCSTAT,CARRIER,LOCALITY\n77000,TC,A,01112,05\n")
    (tmp_path / "rvu26a.zip").write_bytes(book.getvalue())
    assert reference.add("fee_schedule", tmp_path / "rvu26a.zip").attrs["release"] == "2026 Q1"
    assert reference.release("fee_schedule")["global_days"].to_pylist()[1] == "090"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PPRRVU24_APR.csv", SAMPLE.replace("090", "091"), r"PPRRVU24_APR\.csv:7: found \['27000', '', '091'\]"),
        ("PPRRVU24_APR.csv", SAMPLE.replace("GLOB", "GLUB"), "no heading of global_days"),
        ("PPRRVU24_APR.csv", TITLE + "\n" + "x,y\n" * 40, r"fee schedule: found .*; pass PPRRVU"),
        ("GPCI2024.csv", "a,b\n1,2\n", r"found \['GPCI2024.csv'\], which starts with .*; pass PPRRVU"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        add(tmp_path, name, text)
