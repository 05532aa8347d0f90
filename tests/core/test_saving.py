"""A saved set opens as it was saved: what was replaced, taken out or lost in its folder is noticed, never counted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError, OutputExistsError


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two saved sets: ``one`` and the smaller ``other``."""
    place = tmp_path_factory.mktemp("sets")
    cx.simulate(persons=25, seed=1).claims.save(place / "one")
    cx.simulate(persons=15, seed=2).claims.save(place / "other")
    return place


@pytest.fixture
def folder(two: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two / "one", tmp_path / "set"))


def counts(claims: Claims) -> tuple[int, int]:
    return len(claims.table("lines")), len(claims.table("line_outcomes"))


def test_the_manifest_holds_rows_and_exact_sums(folder: Path) -> None:
    held = json.loads((folder / "cpticd.json").read_text())["contents"]
    claims = cx.open(folder)
    for name in ("claims", "lines", "adjustments", "line_outcomes"):
        assert held[name]["rows"] == len(claims.table(name))
    total = claims.query("SELECT CAST(sum(charge_amount) AS VARCHAR) AS n FROM lines")["n"].iloc[0]
    assert held["lines"]["sums"]["charge_amount"] == total


def test_what_was_derived_from_another_set_is_derived_anew_and_reported(folder: Path, two: Path) -> None:
    right = counts(cx.open(folder))
    for file in ("line_outcomes", "services", "cells"):
        if (folder / f"{file}.parquet").exists():
            shutil.copy(two / "other" / f"{file}.parquet", folder)
    with pytest.warns(UserWarning, match="line_outcomes.*derived anew"):
        claims = cx.open(folder)
    assert counts(claims) == right


@pytest.mark.parametrize("lost", ["cut", "gone"])
def test_a_derived_table_that_is_lost_is_derived_anew(folder: Path, lost: str) -> None:
    right, file = counts(cx.open(folder)), folder / "line_outcomes.parquet"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2]) if lost == "cut" else file.unlink()
    with pytest.warns(UserWarning, match="line_outcomes: not as it was saved"):
        assert counts(cx.open(folder)) == right


def test_lines_that_were_taken_out_are_noticed(folder: Path) -> None:
    rows = pq.read_table(folder / "lines.parquet")
    pq.write_table(rows.slice(5), folder / "lines.parquet")
    with pytest.raises(
        InputError, match=rf"lines\.parquet: {len(rows) - 5} rows, and {len(rows)} were saved"
    ):
        cx.open(folder)


def test_amounts_that_were_changed_are_noticed(folder: Path) -> None:
    rows = pq.read_table(folder / "lines.parquet")
    place = rows.column_names.index("charge_amount")
    changed = rows.set_column(
        place, "charge_amount", rows["charge_amount"].take(list(range(len(rows)))[::-1])
    )
    pq.write_table(changed, folder / "lines.parquet")
    with pytest.warns(UserWarning, match="lines: rewritten since it was saved"):
        cx.open(folder)  # the same rows and sums in other places: what is derived is derived from them
    doubled = rows.set_column(place, "charge_amount", rows["charge_amount"].take([0] * len(rows)))
    pq.write_table(doubled, folder / "lines.parquet")
    with pytest.raises(InputError, match=r"charge_amount is .* in sum"):
        cx.open(folder)


@pytest.mark.parametrize("name", ["diagnoses", "rejects", "carc_categories"])
def test_a_table_that_is_lost_is_named_with_its_folder(folder: Path, name: str) -> None:
    (folder / f"{name}.parquet").unlink()
    with pytest.raises(InputError, match=rf"{folder.name}: {name}\.parquet is gone"):
        cx.open(folder)


def test_a_set_that_was_replaced_while_it_was_open_is_not_read(folder: Path, two: Path) -> None:
    claims, other = cx.open(folder), cx.open(two / "other")
    right = counts(claims)
    claims.save(folder, overwrite=True)  # the same content in the same place
    assert counts(claims) == right
    other.save(folder, overwrite=True)
    with pytest.raises(InputError, match="replaced or changed since it was opened; open it again"):
        claims.table("lines")
    assert counts(cx.open(folder)) == counts(other)


def test_a_table_that_is_rewritten_while_its_set_is_open_is_not_read(folder: Path) -> None:
    claims = cx.open(folder)
    rows = pq.read_table(folder / "lines.parquet")
    pq.write_table(rows.slice(0, len(rows) // 2), folder / "lines.parquet")
    with pytest.raises(InputError, match="replaced or changed since it was opened; open it again"):
        claims.table("lines")


def test_saving_over_a_set_keeps_what_is_not_its_own(folder: Path, two: Path) -> None:
    (folder / "letters").mkdir()
    (folder / "letters" / "appeal.md").write_text("Dear all")
    (folder / "notes.txt").write_text("call the payer")
    other = cx.open(two / "other")
    with pytest.raises(OutputExistsError, match="pass overwrite=True"):
        other.save(folder)
    other.save(folder, overwrite=True)
    assert (folder / "letters" / "appeal.md").read_text() == "Dear all"
    assert (folder / "notes.txt").read_text() == "call the payer"
    assert counts(cx.open(folder)) == counts(other)


@pytest.mark.parametrize("name", ["a_file/set", "n" * 300])
def test_a_target_that_cannot_be_written_is_named(two: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "a_file").write_text("x")
    with pytest.raises(ArgumentError, match=f"{name[:20]}.* cannot be written"):
        cx.open(two / "other").save(tmp_path / name, overwrite=True)
