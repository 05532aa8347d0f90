"""Exported files: what a spreadsheet reads back is the frame, and nothing in it runs."""

from __future__ import annotations

import builtins
import csv
import datetime as dt
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError, DisclosureError, OutputExistsError
from cpticd.core.spreadsheets import FORMULA_STARTS, harmless
from cpticd.disclosure import sheets

FRAME = pd.DataFrame(
    {
        "claim_id": ["=1+1", "0042", None],
        "message": ['=HYPERLINK("http://x")', "-5", "\t=cmd|' /C calc'!A0"],
        "amount": [-12.5, float("nan"), 3.0],
        "lines": pd.array([1, None, 3], dtype="Int64"),
        "service_date": pd.to_datetime(["2024-01-05", None, "2024-02-29"]),
        "flag": [True, False, True],
        "money": [Decimal("1.10"), Decimal("-2.20"), None],
        "codes": [["E119", "I10"], [], ["=A1"]],
        "@heading": ["x", "y", "z"],
        "rate": [0.25, 1.0, float("inf")],
    }
)
amend(FRAME, measure="=SUM(A1)", rows_left_out=2, rules_run=["a", "b"])


#: How files are written, whatever may leave in them.
export = partial(sheets.write, what="export")


def test_claims_are_numbered_unless_asked_for_by_name(tmp_path: Path) -> None:
    work = pd.DataFrame(
        {
            "claim_id": ["C0007", "C0001", "C0007"],
            "evidence": ["code 99214; claim C0001", "seen before; claim X9", "modifiers RT"],
            "evidence_claims": [["C0001", "X9"], [], ["C0007"]],
        }
    )
    rows = _read_csv(cx.disclosure.export(work, tmp_path / "numbered.csv"))
    assert rows[1:] == [
        ["claim 1", "code 99214; claim 2", "claim 2 claim 3"],
        ["claim 2", "seen before; claim 3", ""],
        ["claim 1", "modifiers RT", "claim 1"],
    ]
    named = _read_csv(cx.disclosure.export(work, tmp_path / "named.csv", identifiers=True))
    assert named[1] == ["C0007", "code 99214; claim C0001", "C0001 X9"]


def test_counts_leave_through_a_release_alone(tmp_path: Path) -> None:
    counts = pd.DataFrame({"rule": ["excludes1"], "flagged_lines": [3]})
    with pytest.raises(DisclosureError, match="Release"):
        cx.disclosure.export(counts, tmp_path / "card.csv")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ArgumentError, match="DataFrame"):
        cx.disclosure.export([1], tmp_path / "work.csv")  # type: ignore[arg-type]


def _read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text))


def test_csv_by_hand(tmp_path: Path) -> None:
    rows = _read_csv(export(FRAME, tmp_path / "work.csv"))
    assert rows[0] == [*FRAME.columns[:8], "'@heading", "rate"]
    assert rows[1] == [
        "'=1+1",
        '\'=HYPERLINK("http://x")',
        "-12.5",
        "1",
        "2024-01-05",
        "True",
        "1.1",
        "E119 I10",
        "x",
        "0.25",
    ]
    assert rows[2] == ["0042", "'-5", "", "", "", "False", "-2.2", "", "y", "1.0"]
    assert rows[3][:2] == ["", "'\t=cmd|' /C calc'!A0"]
    assert rows[3][7:] == ["'=A1", "z", ""]
    assert (tmp_path / "work.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_excel_keeps_numbers_dates_and_text_apart(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export(FRAME, tmp_path / "work.xlsx"))
    sheet = book["data"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][8] == "'@heading"
    assert rows[1][:4] == ["'=1+1", '\'=HYPERLINK("http://x")', -12.5, 1]
    assert rows[1][4].date() == dt.date(2024, 1, 5)
    assert rows[1][5:7] == [True, 1.1]
    assert rows[2][:5] == ["0042", "'-5", None, None, None]
    assert rows[3][9] is None  # infinity is no number to a spreadsheet
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:J4"
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["F"].width


def test_excel_carries_the_contract(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(export(FRAME, tmp_path / "work.xlsx"))["contract"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert rows == [["measure", "'=SUM(A1)"], ["rows_left_out", "2"], ["rules_run", "a; b"]]


def test_the_same_frame_gives_the_same_file(tmp_path: Path) -> None:
    one, two = (export(FRAME, tmp_path / name).read_bytes() for name in ("a.xlsx", "b.xlsx"))
    assert one == two


def test_nothing_is_replaced_unless_asked(tmp_path: Path) -> None:
    path = export(FRAME, tmp_path / "work.csv")
    with pytest.raises(OutputExistsError, match="overwrite=True"):
        export(FRAME.head(1), path)
    assert len(_read_csv(path)) == 4
    export(FRAME.head(1), path, overwrite=True)
    assert len(_read_csv(path)) == 2
    assert [item.name for item in tmp_path.iterdir()] == ["work.csv"]


def test_an_empty_frame_has_its_headings(tmp_path: Path) -> None:
    assert _read_csv(export(FRAME.head(0), tmp_path / "none.csv"))[0][0] == "claim_id"
    sheet = openpyxl.load_workbook(export(FRAME.head(0), tmp_path / "none.xlsx"))["data"]
    assert sheet.max_row == 1


def test_what_excel_cannot_hold_is_refused_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = pd.DataFrame({"message": ["x" * 40_000]})
    with pytest.raises(ArgumentError, match=r"column 'message', row 1 has 40,000 characters"):
        export(long, tmp_path / "long.xlsx")
    monkeypatch.setattr(sheets, "EXCEL_ROWS", 3)
    with pytest.raises(ArgumentError, match="3 rows and 10 columns; an Excel sheet holds 2"):
        export(FRAME, tmp_path / "many.xlsx")
    assert not list(tmp_path.iterdir())
    assert len(_read_csv(export(long, tmp_path / "long.csv"))[1][0]) == 40_000


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"'work\.txt' ends with '\.txt'; name a \.csv or \.xlsx"):
        export(FRAME, tmp_path / "work.txt")
    with pytest.raises(ArgumentError, match="found list; give the DataFrame"):
        export([1], tmp_path / "work.csv")
    with pytest.raises(ArgumentError, match=r"cannot be written: .*choose another path"):
        export(FRAME, tmp_path / "no" / "folder" / "work.csv")


def test_without_the_extra_csv_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "xlsxwriter":
            raise ImportError("No module named 'xlsxwriter'")
        return usual(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ArgumentError, match=r"pip install 'cpticd\[excel\]'"):
        export(FRAME, tmp_path / "work.xlsx")
    assert export(FRAME, tmp_path / "work.csv").exists()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), max_size=4))
def test_no_text_survives_as_a_formula_and_none_is_lost(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("text") / "cells.csv"
    export(pd.DataFrame({"a": pd.Series(texts, dtype=object)}), path)
    cells = [row[0] if row else "" for row in _read_csv(path)[1:]]
    assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS)]
    assert [
        cell.removeprefix("'") if t.startswith(FORMULA_STARTS) else cell
        for cell, t in zip(cells, texts, strict=True)
    ] == texts
    assert cells == [harmless(text) for text in texts]


def test_amounts_and_chances_are_rounded_for_readers(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "paid_amount": [1234.56789],
            "denial_probability": [0.123456],
            "low": [0.98765432],
            "p_value": [1.2345e-9],
        }
    )
    file = sheets.write(frame, tmp_path / "work.csv")
    assert file.read_text(encoding="utf-8-sig").splitlines()[1] == "1234.57,0.1235,0.9877,1.2345e-09"
