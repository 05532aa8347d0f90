"""Flat exports: what rows lack or hold beyond reason is said once for each kind, with its number."""

from __future__ import annotations

from pathlib import Path

import pytest

import cpticd as cx
from cpticd.core.errors import ArgumentError
from cpticd.loaders.flat import headings
from tests.loaders.flat_text import read, said, table

ODD = """
    claim | line | patient | dos        | cpt   | rev  | dx1   | dx2   | ptr | charge
    1     | 1    | a       | 2024-01-05 | 99213 |      | I10   | E11.9 | AB  | 10
    1     | 2    | a       |            | 99213 |      | I10   | E11.9 | C   | 10
    2     | 1    | a       |            |       |      | #N/A  |       | A   | 10
    3     | 1    | a       | 1924-01-05 | 99213 |      | #REF! |       |     | 10
    4     | 1    | a       | 2124-01-05 |       | 0300 | I10   |       | AD  | 10
    4     | 2    | a       | 2124-01-06 | 99213 |      |       |       | A   | #N/A
"""


def test_what_rows_lack_is_said_once_for_each_kind(tmp_path: Path) -> None:
    claims = read(tmp_path, ODD)
    noted = said(claims, "noted")
    for expected in (
        ("line 3", "no date of service: 2 rows, the first here"),
        ("line 4", "no procedure code and no revenue code: 1 row"),
        ("line 5", "claim_line_start_date: before 1990: 1 row"),
        ("line 6", "claim_line_start_date: after the day of reading: 2 rows, the first here"),
        ("line 4", "dx1: a spreadsheet's error was read as empty: 2 cells, the first here"),
        ("line 7", "charge: a spreadsheet's error was read as empty: 1 cell"),
        (
            "line 3",
            "a diagnosis pointer to a diagnosis that is not there: it leads to no pair: 3 rows, the first here",
        ),
    ):
        assert expected in noted
    assert not said(claims, "rejected")
    codes = table(claims, "diagnoses", "claim_id", "diagnosis_code")
    assert codes == [("1", "I10"), ("1", "E119"), ("4", "I10")]


def test_a_sound_file_has_no_such_notes(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | line | payer | dos        | cpt   | dx1 | ptr | charge
        1     | 1    | Acme  | 2024-01-05 | 99213 | I10 | A   | 10
        1     | 2    | Acme  | 2024-01-05 | 99213 |     | A   | 10
        """,
    )
    assert not said(claims, "noted")


@pytest.mark.parametrize("heading", ["Ins Plan", "Primary Ins", "Ins Co", "Insurance Company", "Plan Name"])
def test_headings_of_the_payer(heading: str) -> None:
    assert (headings.meaning(heading) or ("",))[0] == "payer"


def test_a_file_without_a_payer_says_how_to_name_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("claim,charge,Coverage Tier\n1,10,Gold\n")
    claims = cx.read_wide(path, progress=False)
    words = "no payer: all lines are of payer '(unknown)'; if a column names it: rename={'Coverage Tier': 'payer'}"
    assert words in capsys.readouterr().out and ("", words) in said(claims, "noted")
    path.write_text("claim,charge\n1,10\n")
    cx.read_wide(path, progress=False)
    assert "rename={'<your column>': 'payer'}" in capsys.readouterr().out
    path.write_text("claim,charge,Plan Name\n1,10,Gold\n")
    assert table(cx.read_wide(path, progress=False), "claims", "payer") == [("Gold",)]
    assert "no payer" not in capsys.readouterr().out


def test_payers_that_differ_in_capitals_alone_are_kept_and_told(tmp_path: Path) -> None:
    text = """
        claim | line | patient | dos        | cpt   | dx1 | charge | payer
        1     | 1    | a       | 2024-01-05 | 99213 | I10 | 10     | Aetna HMO
        2     | 1    | a       | 2024-01-05 | 99213 | I10 | 10     | AETNA HMO
        3     | 1    | a       | 2024-01-05 | 99213 | I10 | 10     | Cedar
    """
    claims = read(tmp_path, text)
    note = "payer: names that differ in capitals alone are kept apart: 2 rows, the first here"
    assert ("line 2", note) in said(claims, "noted")
    rejects = claims.rejects
    assert rejects[rejects["reason"] == note]["content"].tolist() == ["AETNA HMO | Aetna HMO"]
    assert sorted(claims.query("SELECT DISTINCT payer FROM claims")["payer"]) == [
        "AETNA HMO",
        "Aetna HMO",
        "Cedar",
    ]


def test_a_day_first_date_that_cannot_be_is_shown_as_it_was_read(tmp_path: Path) -> None:
    text = """
        claim | dos        | cpt   | charge
        1     | 31/01/2025 | 99213 | 10
        2     | 31/02/2025 | 99213 | 10
    """
    claims = read(tmp_path, text)
    [row] = claims.rejects.query("action == 'rejected'").itertuples()
    assert row.reason == "claim_line_start_date: not a date: 31/02/2025"
    assert row.content == "2, 31/02/2025, 99213, 10"


def test_a_sheet_of_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("claim,cpt,charge\n1,99213,10\n")
    for call in (cx.read_wide, cx.read, cx.look):
        with pytest.raises(ArgumentError, match=r"sheet: found no workbook: a\.csv; .*leave it out"):
            call(tmp_path / "a.csv", sheet="Denials")


def test_a_rejected_row_is_the_row_as_it_stands_in_the_file(tmp_path: Path) -> None:
    """Decimal commas, cents, days before months: whoever gets it back finds what he wrote."""
    claims = read(
        tmp_path,
        """
        claim | line | patient | dos        | cpt   | charge   | allowed_cents
        1     | 1    | a       | 25.01.2024 | 99213 | 1.100,50 | 9000
        2     | x    | a       | 26.01.2024 | 99213 | 1.200,50 | 8000
        4     | 1    | a       | 31.02.2024 | 99213 | 900,50   | 7000
        """,
    )
    rows = claims.rejects[claims.rejects["action"] == "rejected"]
    assert rows[["reason", "content"]].values.tolist() == [
        ["claim_line_number: not a whole number: x", "2, x, a, 26.01.2024, 99213, 1.200,50, 8000"],
        ["claim_line_start_date: not a date: 31.02.2024", "4, 1, a, 31.02.2024, 99213, 900,50, 7000"],
    ]


def test_a_rejected_row_of_a_layout_has_the_words_of_its_file(tmp_path: Path) -> None:
    text = """
        CDLMC005 | CDLMC006 | CDLMC024   | CDLMC157 | CDLMC158
        1        | 1        | 2024-02-01 | 01       | 1
        2        | y        | 2024-02-01 | 04       | 1
        """
    claims = read(tmp_path, text, layout="apcd_cdl")
    rejected = claims.rejects[claims.rejects["action"] == "rejected"]
    assert rejected["content"].tolist() == ["2, y, 2024-02-01, 04, 1"]
