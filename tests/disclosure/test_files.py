"""What is written: pseudonyms, suppressed values in words, and nothing that a spreadsheet or a page would run."""

from __future__ import annotations

import csv
import html.parser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd import disclosure
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, DisclosureError, OutputExistsError
from cpticd.disclosure import Pseudonyms, Release, sheets
from tests.spec import frame

CELLS = pd.DataFrame({"payer": ["=North", "South", "West"], "persons": [30, 4, 20], "rate": [0.1, 0.5, 0.2]})
WORK = frame("""
    claim_id | person_id | member_id | evidence                          | birth_date | amount
    CLM-0042 | M0077     | M0077     | claim CLM-0042 and claim CLM-9001 | 1950-03-04 | 10
    CLM-9001 | M0001     | M0001     | seen CLM-0042, M0077.             | 1961-01-02 | 20
    CLM-0042 | M0077     | M0099     | in 2024, 42 times                 |            | 30
""")


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text))


def protected() -> pd.DataFrame:
    return disclosure.protect(CELLS, by="payer", persons="persons")


def test_persons_and_claims_are_numbered_in_columns_and_in_text() -> None:
    numbered = Pseudonyms().frame(WORK)
    assert numbered["claim_id"].tolist() == ["claim 1", "claim 2", "claim 1"]
    assert numbered["person_id"].tolist() == ["person 1", "person 2", "person 1"]
    assert numbered["member_id"].tolist() == ["person 1", "person 2", "person 3"]
    assert numbered["evidence"].tolist() == [
        "claim 1 and claim 2",
        "seen claim 1, person 1.",
        "in 2024, 42 times",
    ]
    assert numbered["birth_date"].tolist()[:2] == [1950, 1961] and pd.isna(numbered["birth_date"][2])
    assert WORK["claim_id"][0] == "CLM-0042"


def test_pseudonyms_are_the_same_in_all_tables_of_a_release_and_in_lists() -> None:
    other = pd.DataFrame({"person_ids": [["M0001", "M0077"], []], "claim_ids": ["CLM-9001 CLM-7", None]})
    release = Release().records("work", WORK).records("other", other)
    assert release["other"]["person_ids"].tolist() == [["person 2", "person 1"], []]
    assert release["other"]["claim_ids"].tolist()[0] == "claim 2; claim 3"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=4, max_size=12), min_size=1, max_size=8))
def test_no_identifier_stands_in_what_leaves(identifiers: list[str]) -> None:
    numbered = Pseudonyms().frame(pd.DataFrame({"person_id": identifiers}))
    assert set(numbered["person_id"]) == {f"person {n + 1}" for n in range(len(set(identifiers)))}
    assert numbered["person_id"].nunique() == len(set(identifiers))


def test_records_leave_under_pseudonyms_unless_asked_for_by_name(tmp_path: Path) -> None:
    text = cx.disclosure.export(WORK, tmp_path / "work.csv").read_text(encoding="utf-8")
    assert not any(secret in text for secret in ("CLM", "M0077", "M0001", "M0099", "1950-03"))
    named = read_csv(cx.disclosure.export(WORK, tmp_path / "named.csv", identifiers=True))
    assert named[1][:2] == ["CLM-0042", "M0077"]
    with disclosure.using(pseudonyms=False):
        assert read_csv(disclosure.export(WORK, tmp_path / "off.csv"))[1][0] == "CLM-0042"


def test_counts_leave_protected_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="Protect the table first"):
        disclosure.export(CELLS, tmp_path / "cells.csv")
    rows = read_csv(disclosure.export(protected(), tmp_path / "cells.csv"))
    assert rows[1:] == [
        ["'=North", "30", "0.1"],
        ["South", "suppressed", "suppressed"],
        ["West", "20", "0.2"],
    ]
    part = protected().tail(2)
    assert (
        sum(row.count("suppressed") for row in read_csv(disclosure.export(part, tmp_path / "part.csv"))) == 2
    )
    with disclosure.using(minimum=20):
        weak = protected()
    with disclosure.using(minimum=25), pytest.raises(ArgumentError, match="protect it anew"):
        disclosure.export(weak, tmp_path / "weak.csv")
    with disclosure.using(minimum=1):
        assert read_csv(disclosure.export(CELLS, tmp_path / "all.csv"))[2] == ["South", "4", "0.5"]


def test_a_release_is_a_workbook_or_a_folder_that_says_what_was_suppressed(tmp_path: Path) -> None:
    release = Release().add("by payer", CELLS, by="payer", persons="persons").records("work/list", WORK)
    book = openpyxl.load_workbook(disclosure.export(release, tmp_path / "release.xlsx"))
    assert book.sheetnames == ["by payer", "work list", "disclosure"]
    cells = [[cell.value for cell in row] for row in book["by payer"].iter_rows()]
    assert ["South", "suppressed", "suppressed"] in cells
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert "1 of 3 counts" in " ".join(str(cell.value) for cell in book["disclosure"][2])
    folder = disclosure.export(release, tmp_path / "release")
    assert sorted(path.name for path in folder.iterdir()) == [
        "by payer.csv",
        "disclosure.csv",
        "work_list.csv",
    ]
    with pytest.raises(OutputExistsError):
        disclosure.export(release, folder)
    disclosure.export(release, folder, overwrite=True)
    with pytest.raises(ArgumentError, match=r"\.csv file holds one table"):
        disclosure.export(release, tmp_path / "release.csv")
    with pytest.raises(ArgumentError, match="holds no table"):
        disclosure.export(Release(), tmp_path / "none.csv")


def test_definitions_leave_without_their_numbers(tmp_path: Path) -> None:
    cells = CELLS.copy()
    attach(
        cells,
        measure="=rate",
        numerator="",
        denominator="",
        clock="",
        rows_left_out=3,
        totals=[{"persons": 4}],
    )
    release = Release().add("cells", cells, by="payer", persons="persons")
    rows = read_csv(disclosure.export(release, tmp_path / "out") / "definitions.csv")
    assert ["cells", "measure", "'=rate"] in rows
    assert not {"rows_left_out", "totals"} & {term for _, term, _ in rows}


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="<>&\"'=ab /\u00e9"))
def test_escaped_text_is_text(text: str) -> None:
    page = _Tags()
    page.feed(f"<p title='{sheets.escape(text)}'>{sheets.escape(text)}</p>")
    page.close()
    assert page.tags == ["p"]
    assert page.text == text


def test_what_is_missing_is_empty_in_html() -> None:
    assert [sheets.escape(value) for value in (None, float("nan"), pd.NA, pd.NaT, 0)] == ["", "", "", "", "0"]


def test_sheet_names_are_what_excel_takes(tmp_path: Path) -> None:
    long = "denials by payer and month of service"
    names = ["a:b", "A b", long, long + "!", "History", "'x'", "[]"]
    path = sheets.write(dict.fromkeys(names, CELLS), tmp_path / "book.xlsx")
    found = openpyxl.load_workbook(path).sheetnames
    assert len(found) == len(names) and all(len(name) <= sheets.SHEET_NAME for name in found)
    assert found[:2] == ["a b", "A b 2"]
