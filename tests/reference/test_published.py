"""Official files in the form in which they are published: notices, headings over rows, zips with what lies beside.

Rows are invented; codes are ours where they are CPT's.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from cpticd import reference
from cpticd.core.errors import ArgumentError, InputError

NOTICE = "***Disclaimers\t\t\r\n\t\t\r\n*A procedure listed here implies no coverage.\t\r\n\r\n"
PTP_HEAD = (
    "CPT only copyright 2025 American Medical Association.  All rights reserved.\t\t\t\t\t\t\n"
    "Column1/Column2 Edits\t\t\t\t\t\t\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n\t\t\t\t*=no data\t1=allowed\t\n\t\t\t\t\t9=not applicable\t\n"
)
MUE_NOTICE = (
    '"The edits in this MUE file are active for dates of service July 1, 2026 - September 30, 2026.\n\n'
    'Codes, descriptions and other data only are copyright. Restrictions apply, as ever."'
)


def record(
    code: str, kind: str, title: str, *, added: str = "20020101", ended: str = "", sequence: int = 1
) -> str:
    """A line of the contractor record: 293 characters, a modifier in places 4 and 5."""
    first = f"{code:>5}{sequence:03}00{kind}{title:80}"
    return (
        (first + f"{title[:28]:28}").ljust(268) + f"{added:8}{added:8}{ended:8}N"
        if kind in "37"
        else first.rstrip()
    )


RECORDS = "\r\n".join(
    [
        record("A9901", "3", "Supply that is invented,", added="20050101"),
        record("A9901", "4", "small", sequence=2),
        record("A9902", "3", "Supply that ended", added="20050101", ended="20250630"),
        record("ZA", "7", "Modifier that is invented"),
    ]
)
HCPCS_ROWS: list[list[object]] = [
    ["HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION", "SHORT DESCRIPTION", "PRICE1", "ADD DT", "ACT EFF DT", "TERM DT", "ACTION CD"],
    ["A9901", "0010", "3", "Supply that is invented, small", "Supply", "00", 20050101, 20050101, None, "N"],
    ["A9902", "0010", "3", "Supply that ended", "Supply", "00", 20050101, 20250701, 20250630, "D"],
    ["   ZA", "0010", "7", "Modifier that is invented", "Modifier", "", 20020701, 20020701, None, "N"],
]  # fmt: skip


def sheet(rows: list[list[object]], *, cover: bool = False) -> bytes:
    """A workbook, its table on the first sheet or under a sheet with a notice alone."""
    book = Workbook()
    if cover:
        book.active.append(["Read me: this workbook has two sheets"])
        book.create_sheet("Table")
    for row in rows:
        book.worksheets[-1].append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def add(
    folder: Path, name: str, data: str | bytes, kind: str | None = None, **options: object
) -> dict[str, object]:
    """Adds a file, by its content where no kind is given, and returns what was told of it."""
    file = folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    found = reference.add(file, **options) if kind is None else reference.add(kind, file, **options)
    return dict(found.attrs)


# HCPCS ------------------------------------------------------------------------------------------------------


ANNUAL = {
    "HCPC17_CONTR_ANWEB.txt": NOTICE.encode("latin-1") + RECORDS.encode(),
    "HCPC2017_README.txt": "About these files.\nA record layout lies beside.\n",
    "HCPC2017_recordlayout.txt": "  1.   Healthcare Common Procedure Coding System Code\n        5      1      5    CHAR\n",
    "proc_notes_2017.txt": "0001 A NOTE\n",
    "HCPC2017_TRANS_ALPHA.xlsx": sheet([["HCPC", "ACTION CD", "LONG DESCRIPTION"], ["A9999", "A", "x"]]),
    "HCPC2017_Corrections.xlsx": sheet([HCPCS_ROWS[0], ["A9999", "0010", "3", "x", "x", "", 20170101, 20170101, None, "N"]]),
    "HCPC17_CONTR_ANWEB.xlsx": sheet(HCPCS_ROWS),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "release"),
    [
        ("2017-Alpha-Numeric-HCPCS-File.zip", zipped(ANNUAL), "2017 Q1"),
        ("download.zip", zipped({"2017-Alpha-Numeric-HCPCS-File.zip": zipped(ANNUAL)}), "2017 Q1"),
        ("HCPC2019_CONTR_ANWEB.txt", NOTICE + RECORDS + "\r\n\r\nEnd of file\r\n\x1a", "2019 Q1"),
        ("HCPC2026_OCT_ANWEB.xlsx", sheet(HCPCS_ROWS), "2026 Q4"),
        ("HCPC2020_APRIL_ANWEB_w_disclaimer_v5.xlsx", sheet([[""], ["***Disclaimers"], ["*No coverage, none."], *HCPCS_ROWS]), "2020 Q2"),
        ("HCPC2024_JUL_ANWEB.xlsx", sheet(HCPCS_ROWS, cover=True), "2024 Q3"),
        ("october-2026-alpha-numeric-hcpcs-file.zip", zipped({"HCPC_ANWEB_w_disclaimer.xlsx": sheet(HCPCS_ROWS), "HCPC_ANWEB.xlsx": sheet(HCPCS_ROWS)}), "2026 Q4"),
    ],
)  # fmt: skip
def test_hcpcs_in_every_form(tmp_path: Path, name: str, data: str | bytes, release: str) -> None:
    told = add(tmp_path, name, data)
    assert (told["kind"], told["release"], told["rows"]) == ("hcpcs", release, 3)
    found = reference.release("hcpcs").to_pandas().set_index("code")
    assert found.loc["A9901", ["kind", "title", "effective_from"]].tolist() == [
        "procedure", "Supply that is invented, small", date(2005, 1, 1),
    ]  # fmt: skip
    assert found.at["A9902", "effective_to"] == date(2025, 6, 30) and found.at["ZA", "kind"] == "modifier"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(("sign", "end"), [(",", "\n"), ("\t", "\r\n"), (",", "\r")])
def test_the_hcpcs_workbook_saved_as_text(tmp_path: Path, mark: bytes, sign: str, end: str) -> None:
    rows = [[f'"{cell}"' if "," in str(cell) else str(cell or "") for cell in row] for row in HCPCS_ROWS]
    text = end.join(sign.join(row) for row in rows) + end
    assert add(tmp_path, "HCPC2026_OCT_ANWEB.csv", mark + text.encode())["rows"] == 3


# NCCI -------------------------------------------------------------------------------------------------------


PARTS = {f"f{n}": f"G000{n}\tG0009\t\t20200101\t*\t1\tours\n" for n in range(1, 5)}


def pairs() -> list[str]:
    return sorted(reference.release("ncci_ptp", on="2026-07-01")["column_1"].to_pylist())


def test_parts_of_a_release_add_up_whatever_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("f3", "f1"):
        told = add(tmp_path, f"ccipra-v322r0-{part}.TXT", PTP_HEAD + PARTS[part])
    assert (told["parts"], told["missing"]) == (["f1", "f3"], ["f2", "f4"])
    assert (
        "ncci_ptp practitioner 2026 Q3: has f1, f3; add f2, f4 as well" in capsys.readouterr().out
    )
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


# The code editor --------------------------------------------------------------------------------------------


MANUAL = """Definitions of Medicare Code Edits
4. Age conflict\t8
A. Perinatal/Newborn diagnoses\t9
B. Pediatric diagnoses (age 0 through 17)\t10
1. Invalid diagnosis or procedure code
The Medicare Code Editor checks each code, such as A33, against a list.
4. Age conflict
* Pediatric. Age range is 0\u201317 years inclusive
A. Perinatal/Newborn diagnoses
A33\tTetanus neonatorum
B. Pediatric diagnoses (age 0 through 17)
E8411\tMeconium ileus
5. Sex conflict
A. Diagnoses for females only
N736\tAdhesions
B. Procedures for females only
0UT90ZZ\tResection
8. Questionable admission
O7502\tAn admission
9. Unacceptable principal diagnosis
Some codes are considered "acceptable" when a secondary diagnosis is also coded:
Z5189\tOther aftercare
The following pages have the others.
B950\tStreptococcus
11. Non-covered procedure
0DB60ZZ\tOf a list that is not kept
"""


def test_the_code_editors_own_text(tmp_path: Path) -> None:
    folder = {
        "Definitions of Medicare Code Edits_v_41_1.txt": MANUAL.encode("cp1252"),
        "Definitions.pdf": b"%PDF-1.7",
    }
    told = add(tmp_path, "definition-medicare-code-edits-v411.zip", zipped(folder))
    assert (told["kind"], told["release"], told["effective_from"]) == ("mce", "FY2024 April", "2024-04-01")
    rows = reference.release("mce", on="2024-09-30").to_pandas()
    assert list(zip(rows["edit"], rows["code_type"], rows["code"], strict=True)) == [
        ("Newborn_Only", "diagnosis", "A33"), ("Pediatric_Only", "diagnosis", "E8411"),
        ("Female_Only", "diagnosis", "N736"), ("Female_Only", "procedure", "0UT90ZZ"),
        ("Principal_Questionable_Admit", "diagnosis", "O7502"), ("Principal_Requires_Secondary", "diagnosis", "Z5189"),
        ("Principal_Unacceptable", "diagnosis", "B950"),
    ]  # fmt: skip
    assert reference.release("mce", on="2024-10-01").num_rows == 0
    assert add(tmp_path, "MCE.txt", "Version 37\n" + MANUAL)["effective_from"] == "2019-10-01"
    with pytest.raises(InputError, match="no version in its name"):
        add(tmp_path, "edits.txt", MANUAL)


# Coverage ---------------------------------------------------------------------------------------------------


ARTICLE = "article_id,article_version,title,article_eff_date,article_end_date,status,article_rev_end_date,date_retired,last_updated\n"
VERSIONS = """\
90001,3,Retired,2019-10-01 00:00:00,,R,,2022-03-31 00:00:00,2022-03-30 00:00:00
90002,1,Replaced,2019-10-01 00:00:00,,A,,,2019-09-01 00:00:00
90002,2,Replaces,2021-01-01 00:00:00,,A,,,2026-10-05 08:00:00
90003,1,Proposed,2021-01-01 00:00:00,,P,,,2021-01-01 00:00:00
90004,1,Retired on no day,2019-10-01 00:00:00,,R,N/A,,2021-01-01 00:00:00
90005,7,Revised until,01/01/2020,,A,06/30/2021,,
"""


def coverage(versions: str) -> bytes:
    keys = [line.split(",")[:2] for line in versions.splitlines()]
    rows = "".join(f"{number},{version},G0001,1\n" for number, version in keys)
    lists = {
        "article.csv": ARTICLE + versions,
        "article_x_hcpc_code.csv": "article_id,article_version,hcpc_code_id,hcpc_code_group\n" + rows,
    }
    return zipped({"all_article_csv.zip": zipped(lists), "all_article_readme.txt": "notes"})


def test_policies_hold_until_they_are_retired_or_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = add(tmp_path, "all_article.zip", coverage(VERSIONS))
    assert (told["kind"], told["setting"], told["effective_from"]) == ("coverage", "article", "2026-10-05")
    held = {
        day: [
            f"{row['document']} {row['version']}" for row in reference.release("coverage", on=day).to_pylist()
        ]
        for day in ("2019-10-01", "2020-12-31", "2021-01-01", "2021-07-01", "2022-03-31", "2022-04-01")
    }
    assert held == {
        "2019-10-01": ["A90001 3", "A90002 1"],
        "2020-12-31": ["A90001 3", "A90002 1", "A90005 7"],
        "2021-01-01": ["A90001 3", "A90002 2", "A90005 7"],
        "2021-07-01": ["A90001 3", "A90002 2"],
        "2022-03-31": ["A90001 3", "A90002 2"],
        "2022-04-01": ["A90002 2"],
    }
    said = capsys.readouterr().out
    assert (
        "1 versions of article.csv are proposed or drafts" in said
        and "have no day on which they ended" in said
    )


def test_lcds_and_articles_of_one_day_stand_side_by_side(tmp_path: Path) -> None:
    lcd = {
        "lcd.csv": "lcd_id,lcd_version,title,rev_eff_date,status,last_updated\n33000,5,Ours,2018-01-01,A,2026-10-05\n",
        "lcd_x_hcpc_code.csv": "lcd_id,lcd_version,hcpc_code_id,hcpc_code_group\n33000,5,G0009,1\n",
    }
    add(tmp_path, "all_article.zip", coverage(VERSIONS), quiet=True)
    add(tmp_path, "all_lcd.zip", zipped({"all_lcd_csv.zip": zipped(lcd)}), quiet=True)
    found = reference.release("coverage", on="2026-10-06")
    assert sorted(found["document"].to_pylist()) == ["A90002", "L33000"]


def test_a_folder_is_its_files_and_an_edition_may_be_in_the_name(tmp_path: Path) -> None:
    folder = tmp_path / "all_article_2026-10-12"
    folder.mkdir()
    (folder / "all_article_2026-10-12.zip").write_bytes(coverage(VERSIONS.splitlines()[-1] + "\n"))
    (folder / "dictionary.txt").write_text("notes", encoding="utf-8")
    assert reference.add(folder, quiet=True).attrs["effective_from"] == "2026-10-12"


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


# What a file is ---------------------------------------------------------------------------------------------


def test_a_file_of_another_kind_is_refused_with_its_own(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"it looks like ncci_ptp: reference\.add\('ncci_ptp', …\)"):
        add(tmp_path, "ccipra-v322r0-f1.TXT", PTP_HEAD + PARTS["f1"], kind="ncci_mue")
    with pytest.raises(
        ArgumentError, match=r"notes\.txt: no official file that is known here; pass the kind first"
    ):
        add(tmp_path, "notes.txt", "Some notes\nof two lines\n")
    with pytest.raises(ArgumentError, match="they may be hcpcs or opps; pass the kind first"):
        add(tmp_path, "january_web_addendum_b.csv", "HCPCS Code,Short Descriptor,SI,APC\nG0001,Ours,N,\n")
    with pytest.raises(ArgumentError, match="files: none given for mce"):
        reference.add("mce")
    with pytest.raises(InputError, match=r"old\.xls: an old Excel workbook \(\.xls\)"):
        add(tmp_path, "old.xls", b"\xd0\xcf\x11\xe0 and so on", kind="ncci_mue")


def test_what_a_release_put_aside_is_said(tmp_path: Path) -> None:
    add(tmp_path, "HCPC2026_OCT_ANWEB.xlsx", sheet(HCPCS_ROWS))
    assert add(tmp_path, "HCPC2026_OCT_ANWEB_v2.txt", RECORDS)["replaced"] == ["HCPC2026_OCT_ANWEB.xlsx"]
