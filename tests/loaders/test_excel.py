"""Workbooks, and what goes by their name: which sheet is read, from which row, and what its cells say."""

from __future__ import annotations

import datetime as dt
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.errors import CpticdError
from tests.amount import first
from tests.loaders.flat_text import balanced, said, table

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("python_calamine")

HEADING = ["Claim ID", "DOS", "CPT", "Dx 1", "Payer", "Charge", "Paid", "CARC"]
ROWS: list[list[Any]] = [
    ["C1", dt.date(2025, 1, 31), 99213, "E11.9", "Alder", 100.5, 60.25, "CO-45"],
    ["C2", dt.datetime(2025, 2, 1), 740, "I10", "Birch", 200, 0, "CO-50"],
]
LINES = [("C1", "2025-01-31", "99213", 100.5), ("C2", "2025-02-01", "00740", 200.0)]


def book(
    path: Path, sheets: dict[str, list[list[Any]]], *, merged: tuple[str, ...] = (), hidden: str = ""
) -> Path:
    """A workbook of these sheets; ``merged``: ranges of its first sheet."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name == hidden else "visible"
    for each in merged:
        made.worksheets[0].merge_cells(each)
    made.save(path)
    return path


def lines(claims: Claims) -> list[tuple[Any, ...]]:
    return table(claims, "lines", "claim_id", "claim_line_start_date", "hcpcs_code", "charge_amount")


def wide(path: Path, **options: Any) -> Claims:
    return cx.read_wide(path, quiet=True, progress=False, **options)


def test_typed_cells_are_those_of_the_same_table_as_csv(tmp_path: Path) -> None:
    claims = wide(book(tmp_path / "lines.xlsx", {"Sheet1": [HEADING, *ROWS]}))
    text = "\n".join(",".join(map(str, row)) for row in [HEADING, *ROWS]).replace(" 00:00:00", "")
    (tmp_path / "lines.csv").write_text(text)
    assert lines(claims) == LINES == lines(wide(tmp_path / "lines.csv"))
    assert balanced(claims)


def test_read_finds_a_workbook_among_other_files(tmp_path: Path) -> None:
    book(tmp_path / "lines.xlsx", {"Sheet1": [HEADING, *ROWS]})
    (tmp_path / "more.csv").write_text("Claim ID,CPT,Dx 1,Charge\nC3,99214,I10,50\n")
    claims = cx.read(tmp_path, quiet=True, progress=False)
    assert [row[0] for row in lines(claims)] == ["C1", "C2", "C3"]
    assert {*claims.accounting()["source"]} == {"lines.xlsx", "more.csv"}


def test_the_sheet_that_looks_like_claims_is_read_and_reported(tmp_path: Path) -> None:
    path = book(
        tmp_path / "book.xlsx",
        {
            "Notes": [["Denials of 2025", None], ["by", "finance"]],
            "Data": [HEADING, *ROWS],
            "Pivot": [["Payer", "Sum"], ["Alder", 100]],
        },
    )
    claims = wide(path)
    assert lines(claims) == LINES
    notes = " ".join(reason for _, reason in said(claims, "noted"))
    assert "sheet read: 'Data'" in notes
    assert "'Notes'" in notes and "'Pivot'" in notes and "sheets not read" in notes


def test_sheets_of_one_heading_are_one_table(tmp_path: Path) -> None:
    path = book(
        tmp_path / "year.xlsx",
        {"Jan": [HEADING, ROWS[0]], "Feb": [HEADING, ROWS[1]], "Codes": [["CPT"], [1]]},
    )
    claims = wide(path)
    assert lines(claims) == LINES
    assert {*claims.accounting()["source"]} == {"year.xlsx/Jan", "year.xlsx/Feb"}


@pytest.mark.parametrize("sheet", first(1, ["other", 2, ["Other"]]))
def test_a_sheet_is_chosen_by_name_or_number(tmp_path: Path, sheet: Any) -> None:
    other = [["C9", dt.date(2025, 3, 1), 93000, "I10", "Cedar", 10, 10, None]]
    path = book(tmp_path / "two.xlsx", {"Data": [HEADING, *ROWS], "Other": [HEADING, *other]})
    assert [row[0] for row in lines(wide(path, sheet=sheet))] == ["C9"]
    assert [row[0] for row in lines(cx.read(path, sheet=sheet, quiet=True, progress=False))] == ["C9"]
    with pytest.raises(CpticdError, match=r"no sheet 'March'; sheets: \['Data', 'Other'\]"):
        wide(path, sheet="March")


def test_a_hidden_sheet_that_is_read_is_reported(tmp_path: Path) -> None:
    path = book(tmp_path / "h.xlsx", {"Cover": [["Denials"]], "Data": [HEADING, *ROWS]}, hidden="Data")
    assert any("hidden in the workbook" in reason for _, reason in said(wide(path), "noted"))


def test_titles_above_the_heading_are_noted_and_rows_are_counted_in_the_sheet(tmp_path: Path) -> None:
    bad = ["", dt.date(2025, 1, 1), 99213, "I10", "Alder", 5, 0, None]
    path = book(
        tmp_path / "t.xlsx",
        {"S": [["Denials by payer"], ["Run", dt.date(2025, 5, 1)], [], HEADING, *ROWS, bad]},
    )
    claims = wide(path)
    assert lines(claims) == LINES
    assert ("row 1", "before the header") in said(claims, "noted")
    assert [place for place, _ in said(claims, "rejected")] == ["row 7"]


def test_a_heading_of_two_rows_is_joined_where_that_says_more(tmp_path: Path) -> None:
    above = ["Claim", None, "Service", None, "Diagnosis", "Payer", "Charge", "Payment", None]
    below = ["ID", "Line Number", "Date", "CPT", "1", "Name", "Amount", "Date", "Amount"]
    rows = [["C1", 1, dt.date(2025, 1, 31), 99213, "I10", "Alder", 100, dt.date(2025, 2, 20), 80]]
    path = book(tmp_path / "t.xlsx", {"S": [above, below, *rows]}, merged=("A1:B1", "C1:D1", "H1:I1"))
    claims = wide(path)
    assert lines(claims) == [("C1", "2025-01-31", "99213", 100.0)]
    assert table(claims, "adjudications", "paid_date", "paid_amount", "payer") == [
        ("2025-02-20", 80.0, "Alder")
    ]
    assert table(claims, "diagnoses", "diagnosis_code") == [("I10",)]


def test_a_cell_merged_over_rows_speaks_for_each(tmp_path: Path) -> None:
    second = [None, dt.date(2025, 1, 31), 36415, "E11.9", "Alder", 9, 9, None]
    path = book(tmp_path / "m.xlsx", {"S": [HEADING, ROWS[0], second, ROWS[1]]}, merged=("A2:A3",))
    assert [(row[0], row[2]) for row in lines(wide(path))] == [
        ("C1", "36415"),
        ("C1", "99213"),
        ("C2", "00740"),
    ]


def test_a_cell_beyond_the_heading_rejects_its_row(tmp_path: Path) -> None:
    path = book(tmp_path / "m.xlsx", {"S": [HEADING, ROWS[0], [*ROWS[1], None, "see note"]]})
    claims = wide(path)
    assert said(claims, "rejected") == [("row 3", "10 cells, but the header has 8")]
    assert balanced(claims)


HTML = """<html><head><style>td {x: "1|2"}</style></head><body><table><tr><td colspan=3>Denials</td></tr></table>
<table><tr>{head}</tr><tr><td rowspan=2>C1</td><td>1/31/2025</td><td>99213</td><td>I10</td><td>Alder &amp; Sons</td><td>$100.50</td><td>60.25<td>CO-45</tr>
<tr><td>2/1/2025</td><td>36415</td><td>I10</td><td>Alder &amp; Sons</td><td>9</td><td>0</td><td>CO-50</td></tr></table></body></html>"""


def test_html_named_xls_is_read_as_its_table(tmp_path: Path) -> None:
    path = tmp_path / "report.xls"
    path.write_text(HTML.replace("{head}", "".join(f"<th>{name}</th>" for name in HEADING)))
    claims = cx.read(path, quiet=True, progress=False)
    assert lines(claims) == [("C1", "2025-01-31", "99213", 100.5), ("C1", "2025-02-01", "36415", 9.0)]
    assert claims.table("claims")["payer"].tolist() == ["Alder & Sons"]
    assert any("not a workbook but markup" in reason for _, reason in said(claims, "noted"))


def test_an_xml_spreadsheet_is_read(tmp_path: Path) -> None:
    cells = [HEADING, ["C1", "2025-01-31T00:00:00.000", "99213", "I10", "Alder", "100.5", "60.25", "CO-45"]]
    rows = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>"
        for row in cells
    )
    (tmp_path / "book.xls").write_text(
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        f'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>{rows}</Table></Worksheet></Workbook>'
    )
    assert lines(wide(tmp_path / "book.xls")) == LINES[:1]


def test_tabbed_text_named_xls_is_read_as_text(tmp_path: Path) -> None:
    rows = [HEADING, ["C1", "1/31/2025", "99213", "I10", "Alder", "100.5", "60.25", "CO-45"]]
    (tmp_path / "report.xls").write_text("\n".join("\t".join(row) for row in rows))
    assert lines(wide(tmp_path / "report.xls")) == LINES[:1]


@pytest.mark.parametrize(
    "content", [b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"PK\x03\x04 damaged"], ids=["old", "new"]
)
def test_a_damaged_workbook_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.xls").write_bytes(content)
    with pytest.raises(CpticdError, match=r"broken\.xls"):
        cx.read(tmp_path / "broken.xls", progress=False)


def test_a_workbook_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CpticdError, match="no sheet holds a row"):
        wide(book(tmp_path / "empty.xlsx", {"S": []}))
    with pytest.raises(CpticdError, match="not one row was loaded"):
        wide(book(tmp_path / "heading.xlsx", {"S": [HEADING]}))


def test_a_workbook_in_an_archive_is_read(tmp_path: Path) -> None:
    inner = book(tmp_path / "lines.xlsx", {"S": [HEADING, *ROWS]})
    with zipfile.ZipFile(tmp_path / "lines.zip", "w") as archive:
        archive.write(inner, "export/lines.xlsx")
    assert lines(cx.read(tmp_path / "lines.zip", quiet=True, progress=False)) == LINES


def test_an_open_document_sheet_is_read(tmp_path: Path) -> None:
    cells = [HEADING, ["C1", dt.date(2025, 1, 31), 99213, "I10", "Alder", 100.5, 60.25, "CO-45"]]

    def cell(value: Any) -> str:
        if isinstance(value, dt.date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        if isinstance(value, (int, float)):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in cells)
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{urn}:office:1.0" xmlns:table="{urn}:table:1.0" '
        f'xmlns:text="{urn}:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{urn}:manifest:1.0"><manifest:file-entry '
        'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
    )
    with zipfile.ZipFile(tmp_path / "lines.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    assert lines(wide(tmp_path / "lines.ods")) == LINES[:1]


def test_without_the_library_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(tmp_path / "lines.xlsx", {"S": [HEADING, *ROWS]})
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(CpticdError, match=r"pip install 'cpticd\[excel\]'"):
        wide(path)


def test_tables_of_the_schema_may_be_workbooks(tmp_path: Path) -> None:
    rows = [["claim_id", "claim_line_number", "hcpcs_code", "charge_amount"], ["A1", 1, 99213, 80]]
    claims = cx.read_tables(lines=book(tmp_path / "lines.xlsx", {"S": rows}), quiet=True, progress=False)
    assert table(claims, "lines", "claim_id", "hcpcs_code", "charge_amount") == [("A1", "99213", 80.0)]
