"""Flat exports: rows that are no claims, files that overlap, what is taken back, and what cannot be right."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from tests.amount import first
from tests.loaders.flat_text import balanced, read, said, table
from tests.spec import frame

REPORT = """
    Claim #                   | Line | DOS       | CPT   | Payer       | Charge | Paid
    C1                        | 1    | 1/31/2025 | 99213 | Total Care  | 150.00 | 80.00
    C1                        | 2    | 1/31/2025 | 36415 | Total Care  | 10.00  | 5.00
    C1                        |      |           |       |             | 160.00 | 85.00
    Total Care Subtotal       |      |           |       |             | 160.00 | 85.00
    Claim #                   | Line | DOS       | CPT   | Payer       | Charge | Paid
    C2                        | 1    | 1/31/2025 | 99213 | Birch       | 150.00 | 70.00
                              |      |           |       | Birch total | 150.00 | 70.00
                              |      |           |       |             | 310.00 | 155.00
    GRAND TOTAL:              |      |           |       |             | 310.00 | 155.00
    Average                   |      |           |       |             | 103.33 | 51.67
    Report generated 2/1/2025 |      |           |       |             |        |
    Page 1 of 1               |      |           |       |             |        |
    3 rows selected           |      |           |       |             |        |
"""


def test_totals_headings_and_printed_rows_are_no_claims(tmp_path: Path) -> None:
    claims = read(tmp_path, REPORT)
    assert table(claims, "lines", "claim_id", "charge_amount") == [("C1", 150.0), ("C1", 10.0), ("C2", 150.0)]
    total, heading, printed = (
        "a total of other rows, no claim: its dollars are theirs",
        "the heading stands here again: no claim",
        "printed around the rows of a report: no claim",
    )
    assert sorted(said(claims, "rejected"), key=lambda each: int(each[0].split()[1])) == [
        ("line 4", total), ("line 5", total), ("line 6", heading), ("line 8", total), ("line 9", total),
        ("line 10", total), ("line 11", total), ("line 12", printed), ("line 13", printed), ("line 14", printed),
    ]  # fmt: skip
    account = claims.accounting().set_index("table_name").loc["file rows"]
    assert (account.read, account.loaded, account.rejected) == (13, 3, 10)
    assert (account.amount_read, account.amount_loaded) == (310.0, 310.0) and balanced(claims)


def test_a_claim_that_is_called_like_a_total_is_a_claim() -> None:
    rows = frame("""
        claim   | dos        | cpt   | payer      | charge
        TOTAL-7 | 2025-01-31 | 99213 | Total Care | 150
        SUM     | 2025-01-31 | 99213 | Total      | 50
    """)
    claims = cx.read_wide(rows, quiet=True, progress=False)
    assert table(claims, "lines", "claim_id") == [("SUM",), ("TOTAL-7",)] and not said(claims, "rejected")


def test_a_total_line_of_an_institutional_claim() -> None:
    rows = frame("""
        claim | line | rev  | cpt   | dos        | charge
        I     | 1    | 0450 | 99284 | 2025-01-31 | 900
        I     | 2    | 0300 | 80053 | 2025-01-31 | 100
        I     | 3    | 1    |       |            | 1000
        J     | 1    | 0001 |       | 2025-01-31 | 70
    """)
    claims = cx.read_wide(rows, quiet=True, progress=False)
    assert table(claims, "lines", "claim_id", "charge_amount") == [("I", 900.0), ("I", 100.0), ("J", 70.0)]


HEAD = "claim_id,patient_id,payer,dos,cpt,dx1,charge,paid,paid_date,carc\n"


@pytest.mark.parametrize("line", ["", "line"])
def test_files_that_overlap(tmp_path: Path, line: str) -> None:
    row = "C{0},P{0},A,2025-01-1{0},99213,E11.9,100.00,0.00,2025-02-20,CO-50"
    for name, span in (("a.csv", range(4)), ("b.csv", range(2, 6))):
        rows = [
            row.format(n) for n in (*span, 3)
        ]  # C3 twice in each: two services, and two of the other file
        head = HEAD.strip() + (f",{line}" if line else "")
        extra = [f",{n}" if line else "" for n in range(len(rows))]
        extra[-1] = ",9" if line else ""
        if line:
            extra[: len(span)] = [",1"] * len(span)
        (tmp_path / name).write_text("\n".join([head, *map("".join, zip(rows, extra, strict=True))]) + "\n")
    paths = [tmp_path / "b.csv", tmp_path / "a.csv"]
    claims = cx.read_wide(paths, quiet=True, progress=False)
    assert table(claims, "claims", "claim_id", "charge_amount") == [
        ("C0", 100.0), ("C1", 100.0), ("C2", 100.0), ("C3", 200.0), ("C4", 100.0), ("C5", 100.0),
    ]  # fmt: skip
    assert said(claims, "rejected") == [
        ("line 2", "the whole row repeats line 4 of a.csv"),
        ("line 3", "the whole row repeats line 5 of a.csv"),
        ("line 6", "the whole row repeats line 6 of a.csv"),
    ]
    assert ("line 2", "rows that a.csv has too, loaded once: 3") in said(claims, "noted")
    assert balanced(claims)


def test_a_cell_cut_at_a_thousands_comma(tmp_path: Path) -> None:
    head = b"claim_id,line,dos,cpt,charge,paid,carc\n"
    row = b"C1,1,2025-01-31,27447,1,100.00,0,\n"
    claims = read(tmp_path, head + row + b"C2,1,2025-01-31,99213,90,0,\nC3,1,2025-01-31,99213,90,0,CO50,\n")
    [(place, reason)] = said(claims, "rejected")
    assert place == "line 2" and reason.startswith("8 cells, but the header has 7") and "'1,100.00'" in reason
    assert len(claims.table("lines")) == 2


CANCELLED = """
    claim | line | cpt   | charge | paid | paid date  | {heading}
    C1    | 1    | 99213 | 100    | 60   | 2025-02-01 | {first}
    C1    | 1    | 99213 | 100    | 60   | 2025-03-01 | {then}
"""


@pytest.mark.parametrize(
    ("heading", "first", "then"),
    first(
        2,
        [
            ("clm_adjsmt_type_cd", "0", "1"),
            ("Adjustment Type", "Original", "Void"),
            ("status", "Paid", "Reversed"),
            ("status", "1", "22"),
        ],
    ),
)
def test_a_cancellation_with_positive_amounts(tmp_path: Path, heading: str, first: str, then: str) -> None:
    claims = read(tmp_path, CANCELLED.format(heading=heading, first=first, then=then))
    assert table(claims, "line_payments", "adjudication_number", "charge_amount", "paid_amount") == [
        (1, 100.0, 60.0), (2, -100.0, -60.0),
    ]  # fmt: skip
    ledger = claims.query("SELECT decision, is_cancelled FROM ledger ORDER BY adjudication_number")
    assert ledger.values.tolist() == [["paid", True], ["reversed", False]]
    assert balanced(claims)


def test_what_is_taken_back_in_negative_amounts_and_alone(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | line | cpt   | charge | paid | paid date  | status | carc  | adj amount
        C1    | 1    | 99213 | 100    | 60   | 2025-02-01 | Paid   | CO-45 | 40
        C1    | 1    | 99213 | 100    | -60  | 2025-03-01 | Paid   | CO-45 | -40
        C1    | 1    | 99213 | 100    | 0    | 2025-03-02 | Denied | CO-50 | 100
        C2    | 1    | 99213 | 100    | 60   | 2025-02-01 | Void   |       |
        """,
    )
    paid = claims.query("SELECT claim_id, sum(paid_amount) AS p FROM line_payments GROUP BY 1 ORDER BY 1")
    assert paid.values.tolist() == [["C1", 0.0], ["C2", 0.0]]
    ledger = claims.query("SELECT decision FROM ledger ORDER BY claim_id, adjudication_number")
    assert ledger.decision.tolist() == ["paid", "reversed", "denied", "reversed"]
    alone = "cancelled, and no row of the line says what was: nothing was loaded as paid: 1 row"
    assert ("line 5", alone) in said(claims, "repaired")


def test_reasons_below_the_row_that_has_the_dollars(tmp_path: Path) -> None:
    for blank in ("", "0"):
        claims = read(
            tmp_path,
            f"""
            claim | line | cpt   | charge  | paid    | paid date  | group | carc | adj amount
            R1    | 1    | 99213 | 130     | 50      | 2025-03-25 | CO    | 45   | 48
            R1    | 1    | 99213 | {blank} | {blank} | 2025-03-25 | PR    | 2    | 20
            R1    | 1    |       | {blank} | {blank} |            | PR    | 3    | 12
            """,
        )
        assert table(claims, "line_payments", "charge_amount", "paid_amount") == [(130.0, 50.0)]
        assert table(claims, "adjustments", "carc", "amount") == [("45", 48.0), ("2", 20.0), ("3", 12.0)]
        assert balanced(claims)


def test_what_cannot_be_right_is_noted(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | line | patient | dos        | cpt   | charge | paid | paid date
        1     | 1    | 007     | 2025-01-05 | 99213 | 10     | 12   | 2025-02-01
        1     | 2    | 7       | 2025-01-05 | 36415 | 10     | 5    | 2025-02-01
        2     | 1    | a       | 2025-01-05 | 99213 | 10     | 5    | 2024-12-01
        3     | 1    | a       | 2023-01-05 | 99213 | 10     | 5    | 2025-12-01
        3     | 2    | a       | 2025-01-05 | 99213 | 10     | 5    | 2025-12-01
        """,
    )
    reasons = [reason for _, reason in said(claims, "noted")]
    assert "paid more than was charged: 1 row" in reasons and "paid before the service: 1 row" in reasons
    assert any(
        reason.startswith("services of one claim number more than 366 days apart") for reason in reasons
    )
    assert (
        "line 3",
        "one person stands twice under a claim number, written in two ways: read as one: 1 row",
    ) in said(claims, "repaired")
    assert table(claims, "claims", "claim_id", "person_id") == [("1", "007"), ("2", "a"), ("3", "a")]


def test_no_row_is_a_total_by_a_chance_word() -> None:
    rows = pd.DataFrame(
        {
            "claim": ["A", "B"],
            "charge": ["10", "20"],
            "denial code": ["CO-16", "CO-50"],
            "payer": ["Total Health", "X"],
        }
    )
    assert len(cx.read_wide(rows, quiet=True, progress=False).table("lines")) == 2
