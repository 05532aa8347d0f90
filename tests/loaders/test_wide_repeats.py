"""Flat exports: which of several rows of one line is kept, and what is said of the other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from tests.amount import first
from tests.loaders.flat_text import balanced, said, table
from tests.spec import frame

LINE = frame("""
    claim_id | claim_line_number | dos        | cpt   | units | dx1  | charge | payer | npi
    8        | 1                 | 2024-02-03 | 99214 |       | E119 | 10     | X     | 1
    8        | 1                 | 2024-02-03 | 99213 | 2     | E119 | 10     | X     | 1
""")
TWICE = "claim and line number stand twice, and no payment makes it another adjudication"


@pytest.mark.parametrize(
    "unrelated",
    first(
        2,
        [
            {},
            {"sex": "F", "note": "b"},
            {"sex": "M"},
            {"payer": "Y"},
            {"dx1": "I10"},
            {"npi": "2"},
            {"lab": "a"},
        ],
    ),
)
def test_the_row_that_sorts_first_by_its_line_is_kept(unrelated: dict[str, str]) -> None:
    for rows in (LINE, LINE.iloc[::-1]):
        claims = cx.read_wide(rows.assign(**unrelated), quiet=True, progress=False)
        assert table(claims, "lines", "hcpcs_code", "service_unit_quantity") == [("99213", 2.0)]
        reason = "hcpcs_code: kept 99213, rejected 99214; service_unit_quantity: kept 2.000, rejected nothing"
        assert said(claims, "rejected") == [(f"row {1 if rows is LINE else 2}", f"{TWICE}: {reason}")]
        assert balanced(claims)


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    names = ("a.csv", "b.csv", "c.csv")
    for name, cpt in zip(names, ("99213", "99214", "99213"), strict=True):
        LINE.iloc[:1].assign(cpt=cpt).to_csv(tmp_path / name, index=False)
    results = []
    for order in (names, names[::-1]):
        claims = cx.read_wide([tmp_path / name for name in order], quiet=True, progress=False)
        rejected = claims.rejects.query("action == 'rejected'")[["source", "location"]].values.tolist()
        results.append((table(claims, "claims"), table(claims, "lines"), rejected))
    assert results[0] == results[1]
    assert results[0][2] == [["b.csv", "line 2"], ["c.csv", "line 2"]]


def test_what_differs_beside_the_line_decides_where_the_line_agrees() -> None:
    rows = LINE.assign(cpt="99213", units="1", dx1=["I10", "E119"], sex=["F", "M"])
    for given in (rows, rows.iloc[::-1]):
        claims = cx.read_wide(given, quiet=True, progress=False)
        [(_, reason)] = said(claims, "rejected")
        assert reason == f"{TWICE}: diagnosis_code_1: kept E119, rejected I10; sex: kept M, rejected F"
        assert table(claims, "pointers", "diagnosis_position") == []
        assert table(claims, "diagnoses", "diagnosis_code") == [("E119",)]


@pytest.mark.parametrize("other", first(1, [{"sex": "F"}, {}, {"npi": "9"}, {"birth_date": "1950-01-01"}]))
def test_two_answers_of_one_day_are_numbered_by_what_is_seen(other: dict[str, str]) -> None:
    rows = LINE.assign(cpt="99213", units="1", paid=["6", "4"], paid_date="2024-03-01", **other)
    for given in (rows, rows.iloc[::-1]):
        claims = cx.read_wide(given, quiet=True, progress=False)
        assert table(claims, "line_payments", "adjudication_number", "paid_amount") == [(1, 4.0), (2, 6.0)]


@pytest.mark.parametrize("other", first(1, [{"sex": "F"}, {}, {"npi": "9"}]))
def test_equal_services_are_numbered_by_what_is_seen(other: dict[str, str]) -> None:
    """Without line numbers two services alike are two lines, the one with the smaller payment first."""
    rows = LINE.drop(columns="claim_line_number").assign(
        cpt="99213", units="1", paid=["6", "4"], paid_date="2024-03-01", **other
    )
    for given in (rows, rows.iloc[::-1]):
        claims = cx.read_wide(pd.DataFrame(given), quiet=True, progress=False)
        assert table(claims, "line_payments", "claim_line_number", "paid_amount") == [(1, 4.0), (2, 6.0)]
