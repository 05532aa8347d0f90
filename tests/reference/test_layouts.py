"""Official layouts, as small samples in their form; the codes of samples are ours where the codes are CPT's."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from cpticd import reference
from cpticd.core.errors import ArgumentError, InputError
from cpticd.reference.layouts import files

PTP = (
    "CPT only copyright 2025 American Medical Association. All rights reserved.\r\n"
    "Column1/Column2 Edits\r\n"
    "\t\t* = In\t\t\tModifier\t\r\n\t\tExistence\tEffective\tDeletion\t0=not allowed\t\r\n"
    "Column 1\tColumn 2\tprior to 1996\tDate\tDate *=no data\t1=allowed 9=not applicable\tPTP Edit Rationale\r\n\r\n"
    "G0001\tG0002\t*\t19960101\t*\t0\tMutually exclusive procedures\r\n"
    "G0001\tG0003\t\t20200101\t20241231\t1\tMisuse of column two code\r\n"
    "G0001\tG0004\t\t20200101\t20200101\t9\tDeleted as of its first day\r\n"
)
MUE = (
    '"CPT only copyright, with a, comma",,,\n'
    '"HCPCS/\nCPT Code",Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n'
    "G0001,1,2 Date of Service Edit: Policy,Code Descriptor\n"
    "J0001,120,3 Date of Service Edit: Clinical,Prescribing Information\n"
)
ADDON = (
    "CPT only copyright\n"
    "AOC_Edit_Type\tAdd-On_Code\tAOC_DelDT\tPrimary_Code\tPrimary_Code_DelDT\tAOC_Edit_EffDT\tAOC_Edit_DelDT\tSpecial_Instruction_Notes\n"
    "1\tG0011\t\tG0001\t\t2013091\t\t\n"
    "1\tG0011\t\tG0002\t2024365\t2013091\t\t\n"
    "2\tG0012\t\tCCCCC\t\t2020001\t\tContractor Defined Primary Codes\n"
)
MCE = (
    "MCE_Version\tICD_Version\tMCE_Section\tMCE_Subsection\tMCE_Edit_Type\tICD_Code_Type\tICD_Code\tICD_Desc\n"
    "41\t10\t4\tC\tMaternity_Only\tD\tO80\tx\n41\t10\t5\tA\tFemale_Only\tD\tN800\tx\n"
)


def record(code: str, kind: str, long: str, short: str = "", *, added: str = "", ended: str = "") -> str:
    """A line of HCPCS's contractor record."""
    line = f"{code:>5}00100{kind}{long:80}{short:28}".ljust(268) + f"{added:8}{'20250101':8}{ended:8}N"
    return line.ljust(320)


HCPCS = "\n".join(
    [
        record("A0021", "3", "Ambulance service, outside state per mile,", "Outside state", added="19820101"),
        record("A0021", "4", "transport"),
        record("A9999", "3", "Gone", "Gone", added="20100101", ended="20241231"),
        record("LT", "7", "Left side", "Left side", added="19820101"),
    ]
)


def sheet(rows: list[list[object]]) -> bytes:
    """A workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def add(folder: Path, kind: str, name: str, data: str | bytes, **options: object) -> None:
    file = folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    reference.add(kind, file, **options)


def pairs(on: str, setting: str = "practitioner") -> list[str]:
    return reference.release("ncci_ptp", on=on, setting=setting)["column_2"].to_pylist()


def test_ncci_pairs_hold_between_their_own_dates(tmp_path: Path) -> None:
    add(tmp_path, "ncci_ptp", "ccipra-v321r0-f1.TXT", PTP)
    found = reference.release("ncci_ptp").to_pandas()
    assert found["before_1996"].tolist() == [True, False, False]
    assert found["modifier_indicator"].tolist() == ["0", "1", "9"]
    assert set(found["release"]) == {"2026 Q2"} and set(found["setting"]) == {"practitioner"}
    # The deletion date is the last day; a pair deleted as of its first day never held.
    assert pairs("2024-12-31") == ["G0002", "G0003"] and pairs("2025-01-01") == ["G0002"]
    assert pairs("2020-01-01") == ["G0002", "G0003"] and pairs("2019-12-31") == ["G0002"]
    with pytest.raises(ArgumentError, match="no ncci_ptp for 'outpatient'"):
        pairs("2024-12-31", "outpatient")


def test_ncci_pairs_of_one_release_lie_in_several_files_and_in_excel(tmp_path: Path) -> None:
    head = PTP[: PTP.index("G0001")]
    row = "G0005\tG0006\t\t20260401\t*\t1\tNew\r\n"
    names = ["ccioph-v321r0-f1.txt", "ccioph-v321r0-f2.txt"]
    for name, text in zip(names, (PTP, head + row), strict=True):
        (tmp_path / name).write_bytes(text.encode())
    found = reference.add("ncci_ptp", [tmp_path / name for name in names])
    assert found.attrs["rows"] == 4 and pairs("2026-04-01", "outpatient") == ["G0002", "G0006"]
    rows: list[list[object]] = [
        ["CPT only"],
        ["Column 1", "Column 2", "", "Effective"],
        [],
        ["G0001", "G0002", "", 20200101, "*", 1, "x"],
    ]
    add(tmp_path, "ncci_ptp", "ccioph-v322r0-f1.xlsx", sheet(rows))
    assert pairs("2026-07-01", "outpatient") == ["G0002"]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("ccipra-v321r0-f1.txt", "20200101\t20241231\t1", "20200101\t20241231\t7", r"f1\.txt:8: found '7' as modifier_indicator"),
        ("ccipra-v321r0-f1.txt", "20200101\t20241231", "January\t20241231", r"f1\.txt:8: found 'January' as effective"),
        ("ccipra-v321r0-f1.txt", "20241231", "20241399", "a date that is none"),
        ("ccipra-v321r0-f1.txt", "\t1\tMisuse", "\tMisuse", "not seven columns"),
        ("ccipra-v321r0-f1.txt", PTP, "nothing at all", "no line of two codes"),
        ("ccipra-v321r0-f1.pdf", PTP, "%PDF-1.7", "no line of two codes"),
        ("pairs-v321r0-f1.txt", "", "", "setting: found ''; pass setting="),
    ],
)  # fmt: skip
def test_ncci_pairs_that_do_not_fit(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    with pytest.raises((InputError, ArgumentError), match=message):
        add(tmp_path, "ncci_ptp", name, PTP.replace(old, new, 1) if old else PTP)


def test_two_settings_or_releases_at_once_are_refused(tmp_path: Path) -> None:
    for other, message in (
        ("ccioph-v321r0-f1.txt", "add each setting"),
        ("ccipra-v320r0-f1.txt", "add each by itself"),
    ):
        names = ["ccipra-v321r0-f1.txt", other]
        for name in names:
            (tmp_path / name).write_bytes(PTP.encode())
        with pytest.raises(InputError, match=message):
            reference.add("ncci_ptp", [tmp_path / name for name in names])


def test_units_hold_as_long_as_their_release(tmp_path: Path) -> None:
    add(tmp_path, "ncci_mue", "MCR_MUE_PractitionerServices_Eff_01-01-2026.csv", MUE)
    add(
        tmp_path,
        "ncci_mue",
        "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv",
        MUE.replace("J0001,120", "J0001,60"),
    )
    add(
        tmp_path,
        "ncci_mue",
        "mue.csv",
        MUE.replace("Practitioner", "DME Supplier"),
        effective_from="2026-01-01",
    )
    units = {
        day: reference.release("ncci_mue", on=day, setting="practitioner").to_pylist()
        for day in ("2026-03-31", "2026-04-01")
    }
    assert [row["units"] for row in units["2026-03-31"]] == [1, 120]
    assert [row["units"] for row in units["2026-04-01"]] == [1, 60]
    assert [row["adjudication_indicator"] for row in units["2026-04-01"]] == ["2", "3"]
    settings = {
        day: set(reference.release("ncci_mue", on=day)["setting"].to_pylist())
        for day in ("2026-03-31", "2026-04-01", "2026-06-30", "2026-07-01")
    }
    # Each setting for its own quarter: no table judges another quarter.
    assert list(settings.values()) == [{"practitioner", "dme"}, {"practitioner"}, {"practitioner"}, set()]
    assert reference.release("ncci_mue", on="2025-12-31").num_rows == 0
    with pytest.raises(InputError, match=r"mue\.csv:5: found \['J0001', 'many', "):
        add(tmp_path, "ncci_mue", "mue.csv", MUE.replace("120", "many"))
    with pytest.raises(InputError, match=r"MUE: found .*; pass MCR_MUE_"):
        add(tmp_path, "ncci_mue", "mue.csv", "a,b\n1,2\n")


def test_add_on_codes_end_with_the_first_of_three_dates(tmp_path: Path) -> None:
    add(tmp_path, "ncci_addon", "AOC_V2026Q2-MCR.txt", ADDON)
    primary = {
        day: reference.release("ncci_addon", on=day)["primary_code"].to_pylist()
        for day in ("2013-03-31", "2024-12-30", "2025-01-01")
    }
    assert primary == {"2013-03-31": [], "2024-12-30": ["G0001", "G0002", ""], "2025-01-01": ["G0001", ""]}
    rows: list[list[object]] = [["CPT only"]] + [
        [int(cell) if cell.isdigit() else cell for cell in line.split("\t")]
        for line in ADDON.splitlines()[1:]
    ]
    add(tmp_path, "ncci_addon", "AOC_V2026Q3-MCR.xlsx", sheet(rows))
    assert reference.release("ncci_addon", on="2025-01-01")["primary_code"].to_pylist() == ["G0001", ""]
    with pytest.raises(InputError, match=r"AOC_V2026Q2-MCR\.txt:3: found \['4', "):
        add(tmp_path, "ncci_addon", "AOC_V2026Q2-MCR.txt", ADDON.replace("1\tG0011", "4\tG0011"))


def test_hcpcs_records(tmp_path: Path) -> None:
    add(tmp_path, "hcpcs", "HCPC2026_APR_ANWEB_v2.txt", HCPCS)
    found = reference.release("hcpcs").to_pandas().set_index("code")
    assert found.at["A0021", "title"] == "Ambulance service, outside state per mile, transport"
    assert found["kind"].tolist() == ["procedure", "procedure", "modifier"]
    assert found.at["A9999", "effective_to"] == date(2024, 12, 31)
    assert reference.release("hcpcs", on="2024-12-31").num_rows == 3
    assert reference.release("hcpcs", on="2025-01-01")["code"].to_pylist() == ["A0021", "LT"]
    with pytest.raises(InputError, match=r"HCPC2026\.txt:1: found 'A0021"):
        add(tmp_path, "hcpcs", "HCPC2026.txt", HCPCS.replace("001003", "001009"))


def test_hcpcs_of_the_addendum(shared_data: Path) -> None:
    reference.add("hcpcs", shared_data / "codes" / "hcpcs_l2_opps_addendumB_2026-04.csv.gz")
    found = reference.release("hcpcs", on="2026-04-01").to_pandas()
    assert len(found) == 6664 and found["code"].str.fullmatch("[A-Z][0-9]{4}").all()
    assert set(found["release"]) == {"2026 Q2"} and reference.release("hcpcs", on="2026-03-31").num_rows == 0


def test_mce_sex_conflicts_end_in_september_2024(tmp_path: Path, shared_data: Path) -> None:
    add(tmp_path, "mce", "mce.txt", MCE)
    edits = {
        day: reference.release("mce", on=day)["edit"].to_pylist() for day in ("2024-09-30", "2024-10-01")
    }
    # Version 41 holds for fiscal year 2024.
    assert edits == {"2024-09-30": ["Maternity_Only", "Female_Only"], "2024-10-01": []}
    add(tmp_path, "mce", "mce.txt", MCE.replace("\n41", "\n42"))
    assert reference.release("mce", on="2024-10-01")["edit"].to_pylist() == ["Maternity_Only"]
    with pytest.raises(InputError, match=r"found versions \[41, 42\]"):
        add(tmp_path, "mce", "mce.txt", MCE.replace("\n41", "\n42", 1))
    found = reference.add("mce", shared_data / "codes" / "MCE_Simple_Code_Edits_v37.txt.gz")
    assert found.attrs["rows"] == 14_153 and found.attrs["release"] == "FY2020"


def test_poa_exempt(tmp_path: Path, shared_data: Path) -> None:
    add(
        tmp_path,
        "poa_exempt",
        "POAexemptCodesFY26.txt",
        "Order\tCode\tDescription\n1\tB90.0\tx\n2\tZ99.89\ty\n",
    )
    assert reference.release("poa_exempt", on="2025-10-01")["code"].to_pylist() == ["B900", "Z9989"]
    with pytest.raises(InputError, match=r"FY26\.txt:2: found 'x9'"):
        add(tmp_path, "poa_exempt", "POAexemptCodesFY26.txt", "Order\tCode\n1\tx9\n")
    found = reference.add("poa_exempt", shared_data / "icd10cm_fy2025" / "poa_exempt_fy2025.csv.gz")
    assert found.attrs["rows"] == 38_154 and found.attrs["effective_from"] == "2024-10-01"
    exempt = reference.release("poa_exempt", on="2024-10-01")["code"].to_pandas()
    assert reference.icd10cm.valid(exempt, on="2024-10-01")["reason"].eq("valid").all()


def mcd(tables: dict[str, str]) -> bytes:
    """The download: a zip of a zip of CSV files."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for name, text in tables.items():
            archive.writestr(name, text)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("current_article_csv.zip", inner.getvalue())
        archive.writestr("data dictionary.pdf", b"%PDF")
    return outer.getvalue()


ARTICLES = {
    "article.csv": "article_id,article_version,title,status,article_eff_date,article_end_date\n"
    '10,2,"Billing, of a test",A,2025-01-01 00:00:00,\n10,1,Old,R,01/01/2020,12/31/2024\n',
    "article_x_hcpc_code.csv": "article_id,article_version,hcpc_code_id,hcpc_code_group\n10,2,G0001,1\n10,1,G0001,1\n",
    "article_x_icd10_covered.csv": "article_id,article_version,icd10_code_id,icd10_covered_group\n10,2,E11.9,1\n10,2,I10,2\n10,1,E11.9,1\n",
    "article_x_icd10_noncovered.csv": "article_id,article_version,icd10_code_id,icd10_noncovered_group\n10,2,Z00.00,1\n",
    "article_x_contractor.csv": "article_id,article_version,contractor_id\n10,2,4\n10,2,5\n",
    "contractor.csv": "contractor_id,contractor_number,contractor_bus_name\n4,01112,A contractor\n4,01112,A contractor\n",
}


def test_coverage_policies_by_group_contractor_and_date(tmp_path: Path) -> None:
    add(tmp_path, "coverage", "current_article.zip", mcd(ARTICLES), effective_from="2026-01-08")
    found = reference.release("coverage", on="2025-01-01").to_pandas()
    rows = found[["version", "role", "code_group", "code"]].itertuples(index=False, name=None)
    assert sorted(rows) == [
        (2, "contractor", 0, "01112"), (2, "contractor", 0, "5"), (2, "covered", 1, "E119"), (2, "covered", 2, "I10"),
        (2, "not covered", 1, "Z0000"), (2, "procedure", 1, "G0001"),
    ]  # fmt: skip
    assert set(found["document"]) == {"A10"} and "Billing, of a test" in set(found["title"])
    assert set(reference.release("coverage", on="2024-12-31")["version"].to_pylist()) == {1}
    assert reference.release("coverage", on="2019-12-31").num_rows == 0


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("article.csv", "number\n1\n", r"article\.csv: no column \['article_id', 'article_version', 'title'\]"),
        ("article.csv", "article_id,article_version,title,article_eff_date\n10,2,x,soon\n", r"article\.csv:2: found 'soon'"),
        ("article_x_hcpc_code.csv", "article_id,article_version,hcpc_code_id\nten,2,G0001\n", r"hcpc_code\.csv:2: found article_id 'ten'"),
        ("article.csv", None, r"neither article\.csv nor lcd\.csv"),
    ],
)  # fmt: skip
def test_coverage_files_that_do_not_fit(tmp_path: Path, file: str, text: str | None, message: str) -> None:
    tables = {name: old for name, old in (ARTICLES | {file: text}).items() if old is not None}
    with pytest.raises(InputError, match=message):
        add(tmp_path, "coverage", "current_article.zip", mcd(tables), effective_from="2026-01-08")


def test_a_licensed_cpt_file_stays_the_users(tmp_path: Path, own_folder: Path) -> None:
    add(
        tmp_path,
        "cpt",
        "LONGULT_2026.txt",
        "A notice\nof two lines\n\n00001\tOur own words\n0001T\tAnd more\n",
    )
    assert reference.release("cpt", on="2026-01-01")["title"].to_pylist() == ["Our own words", "And more"]
    assert list(own_folder.glob("cpt-*.parquet"))
    with pytest.raises(InputError, match=r"LONGULT_2026\.txt:2: found \['1234'\]"):
        add(tmp_path, "cpt", "LONGULT_2026.txt", "00001\tOur own words\n1234\tToo short\n")


@pytest.mark.parametrize(
    ("kind", "name", "data", "message"),
    [
        ("icd10cm_order", "icd10cm_order_2026.txt", "A000 Cholera\n", r"order_2026\.txt:1: found 'A000 Cholera'"),
        ("icd10cm_order", "icd10cm_order_2026.csv", "code,billable,short,long\nA00,2,x,y\n", r"\.csv:2: found \['A00', '2'"),
        ("icd10cm_tabular", "icd10cm-tabular-2026.xml", "<a>\n<b></a>", r"\.xml:2: not XML"),
        ("icd10cm_tabular", "icd10cm-tabular-2026.xml", "<ICD10CM.index/>", "take the tabular list, not the index"),
        ("icd10cm_tabular", "icd10cm-tabular-2026.xml", "<ICD10CM.tabular/>", "no code in it"),
        ("icd10cm_tabular", "icd10cm-tabular-2026.xml", '<!DOCTYPE a [<!ENTITY b "c">]><ICD10CM.tabular/>', "defines entities"),
        ("icd10cm_conversion", "conversion_FY26.csv", "Current code,Effective,Previous\nA00.01,soon,A00\n", r"\.csv:2: found 'soon'"),
        ("icd10cm_conversion", "conversion_FY26.csv", "Current code,Effective,Previous\nA00.01,2025,see above\n", "found 'see above'"),
        ("ncci_mue", "MCR_MUE.xlsx", b"PK no workbook", "not an Excel workbook"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_are_refused_with_their_line(
    tmp_path: Path, kind: str, name: str, data: str | bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        add(tmp_path, kind, name, data)


def test_the_tabular_list_takes_its_seventh_characters_from_the_order_file(tmp_path: Path) -> None:
    text = (
        "<ICD10CM.tabular><version>2026</version><chapter><name>19</name><desc>Injury</desc><section id='S00-S09'>"
        "<desc>Head</desc><diag><name>S06</name><desc>Injury</desc><sevenChrDef><extension char='A'>initial</extension>"
        "<extension char='D'>later</extension></sevenChrDef><diag><name>S06.0</name><desc>Concussion</desc>"
        "<excludes1><note>not this</note><note>nor that</note></excludes1></diag></diag></section></chapter></ICD10CM.tabular>"
    )
    add(tmp_path, "icd10cm_tabular", "icd10cm-tabular-April-2026.xml", text)
    found = reference.release("icd10cm_tabular", on="2026-04-01").to_pandas().set_index("code")
    assert found.index.tolist() == ["19", "S00-S09", "S06", "S060", "S060XXA", "S060XXD"]
    assert (
        found.at["S060", "excludes1"] == "not this\nnor that"
        and found.at["S060XXD", "title"] == "Concussion, later"
    )
    order = tmp_path / "icd10cm-order-April-2026.txt"
    order.write_text(f"00001 S060XXA 1 {'x':60} Concussion, initial\n", encoding="utf-8")
    again = reference.add("icd10cm_tabular", [tmp_path / "icd10cm-tabular-April-2026.xml", order])
    assert again.attrs["rows"] == 5 and again.attrs["release"] == "FY2026 April"


@pytest.mark.parametrize(
    ("name", "release", "first"),
    [
        ("ccipra-v321r0-f1.txt", "2026 Q2", date(2026, 4, 1)), ("ccioph-v260r0-f1", "2020 Q1", date(2020, 1, 1)),
        ("MCR_MUE_DMESupplierServices_Eff_10-01-2025.csv", "2025 Q4", date(2025, 10, 1)),
        ("AOC_V2026Q2-MCR.xlsx", "2026 Q2", date(2026, 4, 1)), ("HCPC2026_JAN_ANWEB_01122026.txt", "2026 Q1", date(2026, 1, 1)),
        ("something.txt", "", None),
    ],
)  # fmt: skip
def test_quarters_are_told_by_names(name: str, release: str, first: date | None) -> None:
    assert files.quarter(name) == (release, first)
