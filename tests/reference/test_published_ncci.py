"""NCCI's files in the form in which they are published: parts, notices, fixed widths, workbooks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cpticd import reference
from cpticd.core.errors import InputError
from tests.reference.published import PARTS, PTP_HEAD, add, sheet, zipped

MUE_NOTICE = (
    '"The edits in this MUE file are active for dates of service July 1, 2026 - September 30, 2026.\n\n'
    'Codes, descriptions and other data only are copyright. Restrictions apply, as ever."'
)


def pairs() -> list[str]:
    return sorted(reference.release("ncci_ptp", on="2026-07-01")["column_1"].to_pylist())


def test_parts_of_a_release_add_up_whatever_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("f3", "f1"):
        told = add(tmp_path, f"ccipra-v322r0-{part}.TXT", PTP_HEAD + PARTS[part])
    assert (told["parts"], told["missing"]) == (["f1", "f3"], ["f2", "f4"])
    assert "ncci_ptp practitioner 2026 Q3: has f1, f3; add f2, f4 as well" in capsys.readouterr().out
    add(
        tmp_path, "ccipra-v322r0-f1.TXT", PTP_HEAD + "G0011\tG0009\t\t20200101\t*\t1\tcorrected\n", quiet=True
    )
    assert pairs() == ["G0003", "G0011"]
    zips = []
    for part in ("f2", "f4"):
        name = f"medicare-ncci-2026q3-practitioner-ptp-edits-ccipra-v322r0-{part}.zip"
        (tmp_path / name).write_bytes(zipped({f"ccipra-v322r0-{part}.TXT": PTP_HEAD + PARTS[part]}))
        zips.append(tmp_path / name)
    told = dict(reference.add(zips).attrs)
    assert (told["parts"], told["missing"], told["rows"]) == (["f1", "f2", "f3", "f4"], [], 4)
    assert capsys.readouterr().out == ""
    # The next release begins anew.
    assert add(tmp_path, "ccipra-v323r0-f1.TXT", PTP_HEAD + PARTS["f1"], quiet=True)["rows"] == 1


def test_parts_that_do_not_say_which_they_are_add_up_by_their_rows(tmp_path: Path) -> None:
    for name, part in (("one.txt", "f1"), ("two.txt", "f2"), ("two.txt", "f2")):
        told = add(
            tmp_path, name, PTP_HEAD + PARTS[part], effective_from="2026-07-01", setting="practitioner"
        )
    assert told["rows"] == 2 and pairs() == ["G0001", "G0002"] and told["missing"] == []


@pytest.mark.parametrize(
    "data",
    [
        (PTP_HEAD + PARTS["f1"]).replace("\n", "\r\n").encode("latin-1"),
        (PTP_HEAD + PARTS["f1"]).encode("utf-16"),
        b"\xef\xbb\xbf" + PARTS["f1"].encode(),
        (PTP_HEAD + PARTS["f1"] + "\n\nEnd of the edits, 1 row in all\n").encode(),
        PARTS["f1"].rsplit("\t", 1)[0].encode() + b"\n",  # no rationale, as before 2013
        sheet([["CPT only"], ["Column 1", "Column 2", "", "Effective"], ["G0001", "G0009", "", 20200101, "*", 1, "ours"]]),
    ],
    ids=["windows", "utf-16", "mark", "trailing", "six columns", "workbook"],
)  # fmt: skip
def test_pairs_in_every_form(tmp_path: Path, data: bytes) -> None:
    name = "ccioph-v322r0-f1.xlsx" if data[:2] == b"PK" else "ccioph-v322r0-f1.TXT"
    told = add(tmp_path, name, data, quiet=True)
    assert (told["setting"], told["release"], told["rows"]) == ("outpatient", "2026 Q3", 1)
    row = reference.release("ncci_ptp").to_pylist()[0]
    assert (row["column_1"], row["column_2"], row["modifier_indicator"]) == ("G0001", "G0009", "1")


def test_units_say_their_quarter_in_the_notice_too(tmp_path: Path) -> None:
    head = '"HCPCS/\nCPT Code",Outpatient Hospital Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n'
    rows = (
        "G0001,1,2 Date of Service Edit: Policy,Code Descriptor\n00123,2,3 Date of Service Edit: Clinical,x\n"
    )
    told = add(tmp_path, "units.csv", f"{MUE_NOTICE},,,\n{head}{rows}\nEnd of the table,,,\n")
    assert (told["kind"], told["setting"], told["release"]) == ("ncci_mue", "outpatient", "2026 Q3")
    # A workbook's number has lost its zeros.
    book = [
        [MUE_NOTICE],
        [
            "HCPCS/\nCPT Code",
            "DME Supplier Services MUE Values",
            "MUE Adjudication Indicator",
            "MUE Rationale",
        ],
        [123, 2, "1 Line Edit", "x"],
    ]
    told = add(tmp_path, "MCR_MUE_DMESupplierServices_Eff_10-01-2025.xlsx", sheet(book))
    assert (told["setting"], told["effective_from"]) == ("dme", "2025-10-01")
    assert reference.release("ncci_mue", setting="dme")["code"].to_pylist() == ["00123"]
    with pytest.raises(InputError, match="no column of adjudication indicators"):
        add(
            tmp_path,
            "units.txt",
            f"{MUE_NOTICE}\nHCPCS/CPT Code\tPractitioner Services MUE Values\tMUE Rationale\nG0001\t1\tx\n",
        )


def fixed(gap: str) -> str:
    """Add-on codes with fixed widths: type, code, deleted, primary, deleted, from, deleted, notes."""
    blank, notes = " " * 7, "Contractor Defined Primary Codes"
    rows = [
        ("1", "G0011", blank, "G0001", blank, "2013091", blank, ""),
        ("1", "G0011", blank, "G0002", "2024366", "2013091", blank, ""),
        ("1", "G0013", "2023365", "G0002", blank, "2013091", "2025090", ""),
        ("1", "G0014", blank, "20100", blank, "2013091", "2025090", ""),
        ("2", "G0012", blank, "CCCCC", blank, "2020001", blank, notes),
    ]
    return "".join(gap.join(row).rstrip() + "\r\n" for row in rows)


@pytest.mark.parametrize("gap", ["", " ", "  "])
@pytest.mark.parametrize("head", ["", "CPT only copyright 2025 American Medical Association.\r\n\r\n"])
def test_add_on_codes_of_fixed_width(tmp_path: Path, gap: str, head: str) -> None:
    told = add(tmp_path, "AOC_V2025Q4_01-MCR.txt", head + fixed(gap))
    assert (told["kind"], told["release"], told["rows"]) == ("ncci_addon", "2025 Q4", 5)
    rows = reference.release("ncci_addon").to_pandas()[
        ["add_on_code", "primary_code", "effective_from", "effective_to"]
    ]
    began, until = date(2013, 4, 1), date(2025, 12, 31)
    assert [tuple(row) for row in rows.itertuples(index=False)] == [
        ("G0011", "G0001", began, until),
        ("G0011", "G0002", began, date(2024, 12, 31)),
        ("G0013", "G0002", began, date(2023, 12, 31)),
        ("G0014", "20100", began, date(2025, 3, 31)),
        ("G0012", "", date(2020, 1, 1), until),
    ]
    assert reference.release("ncci_addon")["instruction"].to_pylist()[4] == "Contractor Defined Primary Codes"


def test_a_day_behind_the_primary_code_is_that_of_its_deletion(tmp_path: Path) -> None:
    add(tmp_path, "AOC_V2025Q4-MCR.txt", "1G0011       G000220243662013091\n")
    row = reference.release("ncci_addon").to_pylist()[0]
    assert (row["effective_from"], row["effective_to"]) == (date(2013, 4, 1), date(2024, 12, 31))


def test_of_add_on_codes_the_workbook_goes_before_the_text(tmp_path: Path) -> None:
    headings = [
        "AOC_Edit_Type",
        "Add-On_Code",
        "AOC_DelDT",
        "Primary_Code",
        "Primary_Code_DelDT",
        "AOC_Edit_EffDT",
    ]
    headings += ["AOC_Edit_DelDT", "Special_Instruction_Notes"]
    book = sheet([["CPT only"], list(headings), [1, "G0011", None, 123, None, 2013091, None, None]])
    name = "medicare-ncci-2025q4-aoc.zip"
    add(tmp_path, name, zipped({"AOC_V2025Q4-MCR.txt": fixed(""), "AOC_V2025Q4-MCR.xlsx": book}))
    assert reference.release("ncci_addon")["primary_code"].to_pylist() == ["00123"]
