"""Contract rates of the user's: any order of headings, errors with their line, days between which a row holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpticd import reference
from cpticd.core.errors import ArgumentError, InputError


def test_headings_in_any_order_and_amounts_as_people_write_them(tmp_path: Path) -> None:
    file = tmp_path / "north.csv"
    file.write_text(
        'fee,CPT,Payer,mod,POS,effective_to\n"$1,080.50",27447,North,,22,12/31/2025\n15,80053,,26,,\n'
    )
    told = reference.add("contract_rates", file, effective_from="2025-01-01", folder=tmp_path).attrs
    assert (told["rows"], told["effective_from"]) == (2, "2025-01-01")
    rows = reference.release("contract_rates", folder=tmp_path).to_pylist()
    columns = ("payer", "code", "modifier", "place", "amount")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("North", "27447", "", "22", 1080.5),
        ("", "80053", "26", "", 15.0),
    ]
    later = reference.release("contract_rates", on="2026-02-01", folder=tmp_path)
    assert later["code"].to_pylist() == ["80053"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code,payer\n99213,North\n", r"n.csv:1: no column \['amount'\]"),
        ("code,amount\n99213,eighty\n", "n.csv:2: found 'eighty' where US dollars"),
        ("code,amount\n99213,-5\n", "n.csv:2: .*an amount is 0 or more"),
        ("code,amount\n,5\n", "n.csv:2: found no procedure code"),
        ("code,amount,effective_from\n99213,5,soon\n", "n.csv:2: found 'soon' where a date"),
        ("code,amount\n", "no row below the headings"),
    ],
)
def test_errors_have_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "n.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        reference.add("contract_rates", file, effective_from="2025-01-01", folder=tmp_path)


def test_a_first_day_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "n.csv"
    file.write_text("code,amount\n99213,5\n")
    with pytest.raises(ArgumentError, match="effective_from"):
        reference.add("contract_rates", file, folder=tmp_path)
