"""Official files in the form in which they are published: notices, headings over rows, zips with what lies beside.

Rows are invented; codes are ours where they are CPT's.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cpticd import reference
from cpticd.core.errors import ArgumentError, InputError
from tests.reference.published import PARTS, PTP_HEAD, add, sheet, zipped

NOTICE = "***Disclaimers\t\t\r\n\t\t\r\n*A procedure listed here implies no coverage.\t\r\n\r\n"


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
