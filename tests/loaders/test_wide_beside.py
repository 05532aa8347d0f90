"""Columns that go with others, amounts in other forms, words with a code in brackets, denials without dollars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.loaders.flat import headings, reasons
from tests.loaders.flat_text import balanced, read, said, table


def _read_as(claims: Claims, heading: str) -> str:
    rejects = claims.rejects
    return str(rejects[rejects.location == f"column {heading}"].reason.iloc[0])


def _outcomes(claims: Claims) -> list[tuple[Any, ...]]:
    found = claims.query(
        "SELECT claim_id || '/' || claim_line_number, initial_outcome, denial_carc, CAST(denied_amount AS DOUBLE) "
        "FROM line_outcomes ORDER BY 1"
    )
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in found.values.tolist()]


#: A row is a reason of a line, with its dollars beside it.
REMITS = """
    Invoice | CPT | Service Date | Billed | Paid | Remit Code | {amount} | Insurance
    N1 | 99214 | 2025-03-14 | 220 | 0 | CO45 | 100 | Aspen
    N1 | 99214 | 2025-03-14 | 220 | 0 | CO197 | 120 | Aspen
    N2 | 83036 | 2025-03-15 | 40 | 30 | CO45 | 10 | Aspen
    N3 | 99213 | 2025-03-16 | 150 | 0 | CO16 | 150 | Aspen
"""


def test_dollars_beside_a_reason_are_its_own(tmp_path: Path) -> None:
    claims = read(tmp_path, REMITS.format(amount="Remittance Amt").replace("Invoice", "Invoice Number"))
    assert _outcomes(claims) == [
        ("N1/1", "denied", "197", 120.0), ("N2/1", "paid", None, 0.0), ("N3/1", "denied", "16", 150.0),
    ]  # fmt: skip
    assert "payment of 3 of 3 lines" in _read_as(claims, "Remittance Amt")
    assert balanced(claims)


def test_dollars_that_charge_and_payment_contradict_are_not_used(tmp_path: Path) -> None:
    text = REMITS.format(amount="Remit Amount").replace("Invoice", "Invoice Number")
    text = text.replace("CO45 | 100", "CO45 | 920").replace("CO16 | 150", "CO16 | 151")
    claims = read(tmp_path, text)
    assert "column not used: perhaps the dollars of 'Remit Code'" in _read_as(claims, "Remit Amount")
    assert "rename={'Remit Amount': 'adjustment_amount_1'}" in _read_as(claims, "Remit Amount")


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("BILLED_AMT_CENTS", "charge_amount"), ("Paid (in cents)", "paid_amount"), ("chargeCents", "charge_amount"),
        ("allowed_minor_units", "allowed_amount"), ("CARC1 Amt Cents", "adjustment_amount_1"), ("Units cents", None),
        ("minor units", None), ("Recent Charges", None),
    ],
)  # fmt: skip
def test_headings_that_say_cents(heading: str, meaning: str | None) -> None:
    found = headings.meaning(heading)
    assert (found and found[0]) == meaning


def test_cents_are_dollars_by_a_hundred(tmp_path: Path) -> None:
    text = """
        Claim ID | Line | CPT | CHG_CENTS | PAID_CENTS | CARC
        A | 1 | 99213 | 12550 | 8000 | 45
        A | 2 | 36415 | 1500 | 0 | 97
    """.replace("CHG_CENTS", "{charge}")
    claims = read(tmp_path, text.format(charge="BILLED_CENTS"))
    assert table(claims, "lines", "charge_amount") == [(125.5,), (15.0,)]
    assert "cents, as its heading says" in _read_as(claims, "BILLED_CENTS")
    assert _outcomes(claims)[1] == ("A/2", "denied", "97", 15.0)
    claims = read(tmp_path, text.format(charge="BILLED_CENTS").replace("12550", "125.50"), "b.csv")
    assert "its heading says cents, its cells are dollars and cents: '125.50'" in _read_as(
        claims, "BILLED_CENTS"
    )


def test_decimal_commas_of_a_whole_column(tmp_path: Path) -> None:
    text = """
        Claim ID | CPT | Charge | Paid | Allowed | Units
        A | 99213 | 120,50 | 100,00 | 1.250 | 1
        B | 99214 | 1.250,75 | 0 | 0 | 1,5
    """
    claims = read(tmp_path, text)
    assert table(claims, "lines", "charge_amount", "service_unit_quantity") == [(120.5, 1.0), (1250.75, 1.5)]
    assert table(claims, "line_payments", "allowed_amount") == [(1250.0,), (0.0,)]
    assert "decimal comma, as in all of its cells: 120,50" in _read_as(claims, "Charge")
    assert balanced(claims)


def test_decimal_commas_of_some_cells_are_refused_with_advice(tmp_path: Path) -> None:
    text = "Claim ID | CPT | Charge \n A | 99213 | 120,50 \n B | 99214 | 99.10"
    claims = read(tmp_path, text)
    assert table(claims, "lines", "charge_amount") == [(99.1,)]
    assert said(claims, "rejected")[0][1] == "charge_amount: not an amount: 120,50"
    advice = _read_as(claims, "Charge")
    assert "others a point (99.10): rows with a comma are refused; write all with a decimal point" in advice
    assert balanced(claims)


@pytest.mark.parametrize(
    ("cell", "carc", "unread"),
    [
        ("Prior auth missing (197)", "197", False), ("Not covered [CARC 096]", "96", False),
        ("provider type (B7)", "B7", False), ("Visit limit (20)", None, True), ("Max units (12)", None, True),
        ("Other reason (999)", None, True), ("Records requested (2 pages)", None, True),
        ("CO-16 lacks (18)", "16", False), ("Auth (CO-197)", "197", False),
    ],
)  # fmt: skip
def test_a_code_in_brackets_behind_words(cell: str, carc: str | None, unread: bool) -> None:
    found = reasons.read(cell)
    assert (found.found[0].carc if found.found else None, found.unread) == (carc, unread)


def test_a_code_in_brackets_is_reported(tmp_path: Path) -> None:
    claims = read(
        tmp_path, "Claim ID | CPT | Charge | Paid | Reason \n A | 99213 | 120 | 0 | No prior auth (197)"
    )
    assert _outcomes(claims) == [("A/1", "denied", "197", 120.0)]
    words = "a code in brackets behind words was read as the reason: 1 row"
    assert words in [reason for _, reason in said(claims, "repaired")]


def test_days_of_posting_where_payers_answered(tmp_path: Path) -> None:
    text = """
        Claim ID | CPT | DOS | Charge | Paid | CARC | Post Date
        A | 99213 | 2025-01-02 | 120 | 80 | | 2025-02-01
        B | 99214 | 2025-01-03 | 150 | 0 | 50 | 2025-02-03
    """
    claims = read(tmp_path, text)
    assert [str(day)[:10] for (day,) in table(claims, "adjudications", "paid_date")] == [
        "2025-02-01",
        "2025-02-03",
    ]
    charged = text.replace("80 |", "|").replace("0 | 50", "| ")
    assert "1 of 2 rows" not in _read_as(claims, "Post Date")
    claims = read(tmp_path, charged, "b.csv")
    assert "2 of 2 rows with a day have no payment, status or reason" in _read_as(claims, "Post Date")
    assert len(claims.table("adjudications")) == 0


def test_a_denial_code_without_charge_and_payment_denies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Claim ID,Line,CPT,CARC\nA,1,99213,45\nA,2,36415,97\nA,3,36416,50\nA,4,36417,2\n")
    claims = cx.read_wide(path, progress=False)
    assert [row[:3] for row in _outcomes(claims)] == [
        ("A/1", "paid", None), ("A/2", "denied", "97"), ("A/3", "denied", "50"), ("A/4", "paid", None),
    ]  # fmt: skip
    printed = capsys.readouterr().out
    assert "neither charge nor payment is known: read as denied, its dollars unknown: 2 rows" in printed
    assert "if a column names it: rename={'<your column>': 'payer'}" in printed
