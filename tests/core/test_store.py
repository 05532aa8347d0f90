"""Data sets outlive the release that saved them: columns that they lack are null, tables empty, the rest as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import cpticd as cx
from cpticd.core.errors import InputError
from cpticd.core.schema import TABLES
from tests.amount import first
from tests.small_claims import small_claims


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set that an older release saved: its manifest does not say what its tables hold."""
    folder = small_claims().save(tmp_path / "set")
    manifest = json.loads((folder / "cpticd.json").read_text())
    del manifest["contents"]
    (folder / "cpticd.json").write_text(json.dumps(manifest))
    return folder


def without(folder: Path, table: str, *columns: str) -> None:
    file = folder / f"{table}.parquet"
    pq.write_table(pq.read_table(file).drop_columns(list(columns)), file)


@pytest.mark.parametrize(
    "table", first(2, ["claims", "lines", "diagnoses", "adjudications", "line_payments", "members"])
)
def test_columns_that_an_older_set_lacks_are_null(folder: Path, table: str) -> None:
    gone = [column.name for column in TABLES[table].columns if not column.required]
    before = cx.open(folder).table(table)
    without(folder, table, *gone)
    claims = cx.open(folder)
    found = claims.table(table)
    assert list(found.columns) == list(before.columns)
    assert found[gone].isna().to_numpy().all()
    assert claims.query(f"SELECT count({gone[0]}) AS n FROM {table}")["n"].tolist() == [0]
    pd.testing.assert_frame_equal(found.drop(columns=gone), before.drop(columns=gone))


def test_such_a_set_is_analysed_and_saved_again(folder: Path, tmp_path: Path) -> None:
    rates = cx.denials.rates(cx.open(folder), by="payer")
    without(folder, "lines", "rendering_taxonomy")
    claims = cx.open(folder)
    pd.testing.assert_frame_equal(cx.denials.rates(claims, by="payer"), rates)
    again = cx.open(claims.save(tmp_path / "again"))
    pd.testing.assert_frame_equal(again.table("lines"), claims.table("lines"))


def test_a_set_of_an_older_format_is_derived_anew(folder: Path) -> None:
    before = cx.denials.by_pair(cx.open(folder), min_lines=1)
    manifest = json.loads((folder / "cpticd.json").read_text())
    (folder / "cpticd.json").write_text(
        json.dumps({"format": "cpticd-claims/2", "tables": manifest["tables"]})
    )
    for name in ("attributes", "cells", "family_cells", "line_outcomes"):
        (folder / f"{name}.parquet").unlink()
    claims = cx.open(folder)
    assert claims.table("attributes").empty
    pd.testing.assert_frame_equal(cx.denials.by_pair(claims, min_lines=1), before)


def test_what_cannot_be_opened_says_what_to_do(folder: Path) -> None:
    without(folder, "lines", "claim_line_number")
    with pytest.raises(InputError, match="no column claim_line_number; load the claims and save them again"):
        cx.open(folder)
    (folder / "lines.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="not readable as Parquet"):
        cx.open(folder)
    (folder / "lines.parquet").unlink()
    with pytest.raises(InputError, match=r"lines\.parquet is gone"):
        cx.open(folder)
    (folder / "cpticd.json").write_text('{"format": "cpticd-claims/9"}')
    with pytest.raises(InputError, match="a later release may have saved it"):
        cx.open(folder)
    (folder / "cpticd.json").write_text("{")
    with pytest.raises(InputError, match="not readable"):
        cx.open(folder)


def test_a_selection_is_saved_as_what_it_holds(tmp_path: Path) -> None:
    claims = small_claims()
    payer = claims.table("claims")["payer"].iloc[0]
    part = claims.where(payer=payer)
    opened = cx.open(part.save(tmp_path / "part"))
    pd.testing.assert_frame_equal(opened.table("lines"), part.table("lines"))
    pd.testing.assert_frame_equal(
        cx.denials.by_pair(opened, min_lines=1), cx.denials.by_pair(part, min_lines=1)
    )


def test_members_of_another_file_are_a_view_with_their_accounts(tmp_path: Path) -> None:
    claims = small_claims()
    person = claims.table("claims")["person_id"].iloc[0]
    file = tmp_path / "members.csv"
    file.write_text(f"Member ID,Year,DOB,Gender\n{person},2024,1950-02-01,F\n{person},no year,1950-02-01,F\n")
    seen = claims.with_members(file)
    assert seen.table("members")[["person_id", "year", "sex"]].values.tolist() == [[person, 2024, "female"]]
    assert len(seen.rejects) == len(claims.rejects) + 1
    account = seen.accounting().set_index("source").loc["members.csv"]
    assert (account["read"], account["loaded"], account["rejected"]) == (2, 1, 1)
    assert claims.table("members").empty
    assert len(seen.where(persons=person).table("members")) == 1
