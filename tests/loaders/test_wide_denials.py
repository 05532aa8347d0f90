"""Flat exports as billing systems write denials: blank payments, dashes for zero, words for codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.amount import first
from tests.loaders.flat_text import balanced, read, said, table
from tests.spec import frame


def outcomes(claims: Claims) -> list[tuple[Any, ...]]:
    """Claim, outcome, CARC, category and denied dollars of each line."""
    return table(
        claims, "line_outcomes", "claim_id", "initial_outcome", "denial_carc", "denial_category", "denied_amount"
    )  # fmt: skip


def test_one_line_with_a_denial_code_and_no_payment_is_denied() -> None:
    frame = pd.DataFrame({"Claim": ["1"], "Charge": ["100"], "Paid": [""], "Denial Code": ["CO-16"]})
    claims = cx.read_wide(frame, quiet=True, progress=False)
    line = claims.table("line_outcomes").iloc[0]
    assert (line.initial_outcome, line.denial_carc, line.denied_amount) == ("denied", "16", 100.0)
    assert table(claims, "line_payments", "paid_amount") == [(0.0,)]


BLANK = """
    Claim | Charge | Paid | Denial Code | Adj Amt 1 | Paid Date  | Patient Resp | Deductible
    01    | 100    |      | CO-16       |           |            |              |
    02    | 100    | N/A  | CO-16       |           |            |              |
    03    | 100    | 0    | CO-16       |           |            |              |
    04    | 100    |      | CO-16       | 60        |            |              |
    05    | 100    |      |             |           |            |              |
    06    | 100    | 0    |             |           | 2024-02-01 |              |
    07    | 100    | 80   | CO-45       |           |            |              |
    08    | 100    |      | CO-45,CO-97 |           |            |              |
    09    | 100    |      | CO-45,CO-97 | 70        |            |              |
    10    | 100    | 80   | CO-45,CO-97 |           |            |              |
    11    | 100    | 0    | 96          |           |            | 100          |
    12    | 100    |      | PR-1        |           |            |              | 100
    13    | 100    | 0    | CO-16       |           |            |              | 100
"""


def test_a_denial_code_without_a_paid_amount_denies(tmp_path: Path) -> None:
    claims = read(tmp_path, BLANK)
    missing, none = "missing information or documentation", None
    assert [(claim, outcome, carc, denied) for claim, outcome, carc, _, denied in outcomes(claims)] == [
        ("01", "denied", "16", 100.0), ("02", "denied", "16", 100.0), ("03", "denied", "16", 100.0),
        ("04", "denied", "16", 60.0), ("05", "not adjudicated", none, none), ("06", "nothing paid", none, 0.0),
        ("07", "paid", none, 0.0), ("08", "denied", "97", 100.0), ("09", "denied", "97", 70.0),
        ("10", "paid", none, 0.0), ("11", "denied", "96", 100.0), ("12", "paid", none, 0.0),
        ("13", "paid", none, 0.0),
    ]  # fmt: skip
    assert outcomes(claims)[0][3] == missing
    assert ("line 2", "no paid amount beside a denial: 0 was assumed: 5 rows, the first here") in said(
        claims, "repaired"
    )
    assert [reason for place, reason in said(claims, "noted") if place == "line 14"] == [
        "a denial code on a line that was not paid, but no dollars are left for it: read as paid nothing, not "
        "denied: 1 row"
    ]  # fmt: skip
    assert balanced(claims)


def test_a_file_without_a_paid_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Claim,Charge,Denial Code\n1,100,CO-50\n2,50,\n3,25,Denied\n")
    claims = cx.read_wide(path, progress=False)
    assert outcomes(claims) == [
        ("1", "denied", "50", "medical necessity or level of care", 100.0), ("2", "not adjudicated", None, None, None),
        ("3", "denied", None, "no reason given", 25.0),
    ]  # fmt: skip
    printed = capsys.readouterr().out
    assert "a.csv, line 2: no paid amount beside a denial: 0 was assumed: 2 rows" in printed
    assert "a.csv, line 4: a denial text that names no reason" in printed


def test_without_a_paid_column_neither_payment_nor_allowance_is_known_of_what_was_paid() -> None:
    rows = (
        "claim | status | charge | patient resp\n 1 | Paid | 100 | 20\n 2 | Paid | 50 |\n 3 | Denied | 25 | 0"
    )
    claims = cx.read_wide(frame(rows), quiet=True, progress=False)
    found = table(claims, "line_outcomes", "claim_id", "initial_outcome", "paid_amount", "allowed_amount")
    assert found == [("1", "paid", None, None), ("2", "paid", None, None), ("3", "denied", None, 0.0)]


WORDS = """
    Claim | Charge | Paid | Denial Code             | Remark       | Patient Resp
    01    | 100    | 0    | Denied                  |              |
    02    | 100    | 0    | Not medically necessary |              |
    03    | 100    | 0    | CO-16/CO-45             |              |
    04    | 100    | 0    | CO-16: lacks info       |              |
    05    | 100    | 0    | CO-16 CO-45             |              |
    06    | 100    | 0    | CO16;N290               | M51          |
    07    | 100    | 0    | N290                    |              |
    08    | 100    | 0    | MA130                   |              |
    09    | 100    | 0    | 0                       |              |
    10    | 100    |      | 00                      |              |
    11    | 100    | 60   | Contract rate           |              |
    12    | 100    | 0    | Applied                 |              | 100
    13    | 0      | 0    | Denied                  |              |
    14    | 100    |      |                         | called payer |
    15    | 100    |      | No denial               |              |
"""


def test_words_and_lists_of_codes_are_never_silently_paid(tmp_path: Path) -> None:
    claims = read(tmp_path, WORDS)
    found = [(claim, outcome, carc, denied) for claim, outcome, carc, _, denied in outcomes(claims)]
    none, open_ = None, "not adjudicated"
    assert found == [
        ("01", "denied", none, 100.0), ("02", "denied", none, 100.0), ("03", "denied", "16", 100.0),
        ("04", "denied", "16", 100.0), ("05", "denied", "16", 100.0), ("06", "denied", "16", 100.0),
        ("07", "denied", none, 100.0), ("08", open_, none, none), ("09", open_, none, none),
        ("10", open_, none, none), ("11", "paid", none, 0.0), ("12", "paid", none, 0.0), ("13", "paid", none, 0.0),
        ("14", open_, none, none), ("15", open_, none, none),
    ]  # fmt: skip
    assert table(claims, "adjustments", "claim_id", "group_code", "carc", "amount")[2:6] == [
        ("03", "CO", "16", 100.0), ("03", "CO", "45", None), ("04", "CO", "16", 100.0), ("05", "CO", "16", 100.0),
    ]  # fmt: skip
    assert table(claims, "remarks", "claim_id", "rarc") == [
        ("06", "M51"), ("06", "N290"), ("07", "N290"), ("08", "MA130"),
    ]  # fmt: skip
    assert {row[3] for row in outcomes(claims) if row[0] in ("01", "02", "07")} == {"no reason given"}
    words = "adjustment reason not understood: it was not loaded: "
    unread = [
        (place, reason.removeprefix(words)[:6]) for place, reason in said(claims, "noted") if words in reason
    ]
    assert sorted(unread) == [
        ("line 12", "1 row;"),
        ("line 13", "1 row;"),
        ("line 2", "2 rows"),
        ("line 3", "1 row;"),
    ]
    assert (
        "line 2",
        "a denial text that names no reason, and nothing paid: read as denied, the cause unknown: 3 rows, the first here",
    ) in said(claims, "repaired")


@pytest.mark.parametrize("dash", first(2, ["$ -", "$-", "-", " $-   ", "–", "$ - "]))
def test_a_dash_of_an_accounting_format_is_zero(dash: str) -> None:
    frame = pd.DataFrame(
        {"Claim": ["1", "2"], "Charge": ["$ 100.00", dash], "Paid": [dash, "$(5.00)"], "Denial Code": ["CO-16", ""]}
    )  # fmt: skip
    claims = cx.read_wide(frame, quiet=True, progress=False)
    assert table(claims, "lines", "charge_amount") == [(100.0,), (0.0,)]
    assert table(claims, "line_payments", "paid_amount") == [(0.0,), (-5.0,)]
    dashes = {each for each in said(claims, "repaired") if each[1].endswith("a dash was read as 0")}
    assert dashes == {
        ("row 2", "charge_amount: a dash was read as 0"), ("row 1", "paid_amount: a dash was read as 0"),
    }  # fmt: skip
    assert not said(claims, "rejected")


def test_an_amount_without_a_code(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        Claim | Charge | Paid | Allowed | Denied Amount | Patient Resp
        1     | 100    | 0    | 0       | 100           |
        2     | 100    |      |         | 100           |
        3     | 100    | 70   | 70      | 30            |
        4     | 100    | 0    | 100     | 100           | 100
        5     | 100    |      |         | 0             |
        """,
    )
    assert outcomes(claims) == [
        ("1", "denied", None, "no reason given", 100.0), ("2", "denied", None, "no reason given", 100.0),
        ("3", "paid", None, None, 0.0), ("4", "paid", None, None, 0.0), ("5", "not adjudicated", None, None, None),
    ]  # fmt: skip
    words = "an amount of the whole charge without a code: read as denied, the cause unknown: 2 rows, the first here"
    assert ("line 2", words) in said(claims, "repaired")
    assert ("line 4", "an amount without a code: it was not loaded: 2 rows, the first here") in said(
        claims, "noted"
    )
    assert balanced(claims)


def test_a_patients_share_that_is_stated_is_no_more_than_that(tmp_path: Path) -> None:
    """What else was not paid may be of reasons that the file does not name."""
    text = """
        claim | cpt   | charge | paid | patient resp | denial code
        1     | G0439 | 180    | 130  | 30           | PR-2
        2     | G0439 | 180    | 150  |              | PR-2
    """
    claims = read(tmp_path, text)
    assert table(claims, "adjustments", "carc", "amount") == [("2", 30.0), ("2", 30.0)]
