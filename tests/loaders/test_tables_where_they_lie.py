"""Parquet files and DuckDB files of canonical tables: read where they lie, with the columns that folders give."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

import cpticd as cx
from cpticd.loaders import canonical_plain
from tests.amount import first
from tests.small_claims import small_claims

TABLES = (
    "claims",
    "lines",
    "diagnoses",
    "pointers",
    "adjudications",
    "line_payments",
    "adjustments",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_claims().save(tmp_path_factory.mktemp("lie") / "set")


def read(**tables: object) -> cx.Claims:
    return cx.read_tables(quiet=True, progress=False, **tables)  # type: ignore[arg-type]


def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each table that is read from now on was taken over as it lies."""
    found: list[bool] = []
    take = canonical_plain.take

    def noted(*given: object) -> bool:
        found.append(take(*given))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(canonical_plain, "take", noted)
    return found


def test_parquet_is_read_as_frames_of_its_cells_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {name: folder / f"{name}.parquet" for name in TABLES}
    found = taken(monkeypatch)
    lying = read(**files)
    assert found == [True] * len(TABLES)
    cells = read(**{name: pd.read_parquet(file) for name, file in files.items()})
    for name in (*TABLES, "ledger", "services"):
        pd.testing.assert_frame_equal(lying.table(name), cells.table(name))
    columns = ["table_name", "read", "loaded", "rejected"]
    assert lying.accounting()[columns].values.tolist() == cells.accounting()[columns].values.tolist()


@pytest.mark.parametrize(
    ("where", "cell", "said"),
    first(
        2,
        [
            ("lines.hcpcs_code", "99213.0", ".0"),
            ("lines.hcpcs_code", "'99213", "apostrophe"),
            ("claims.payer", " ACME", ""),
            ("claims.payer", "None", ""),
            ("diagnoses.claim_id", "nowhere", "no row of claims or lines"),
            ("claims.claim_type", "Professional", ""),
        ],
    ),
)
def test_one_odd_cell_is_read_as_in_any_other_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str, cell: str, said: str
) -> None:
    table, column = where.split(".")
    beside = folder.with_name(where + cell.strip("' "))
    beside.mkdir()
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("claims", "lines", "diagnoses")}
    frames[table].loc[0, column] = cell
    for name, frame in frames.items():
        frame.to_parquet(beside / f"{name}.parquet")
    found = taken(monkeypatch)
    lying = read(**{name: beside / f"{name}.parquet" for name in frames})
    assert found.count(False) == 1
    assert said in " ".join(lying.rejects.reason)
    cells = read(**frames)
    pd.testing.assert_frame_equal(lying.table(table), cells.table(table))
    assert lying.rejects.reason.tolist() == cells.rejects.reason.tolist()


def test_folders_of_a_partition_are_columns(folder: Path, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT *, CASE WHEN claim_type IS NULL THEN 'east' ELSE 'west side' END AS region "
            f"FROM '{folder}/claims.parquet') TO '{tmp_path}/claims' (FORMAT parquet, PARTITION_BY (claim_type, region))"
        )
    assert "claim_type=" in str(next((tmp_path / "claims").rglob("*.parquet")))
    (tmp_path / "lines").mkdir()
    pq.write_table(pq.read_table(folder / "lines.parquet"), tmp_path / "lines" / "part-0.parquet")
    kinds = "SELECT claim_type, count(*) AS n FROM claims GROUP BY 1 ORDER BY 1"
    right = cx.open(folder).query(kinds)
    for claims in (
        read(claims=tmp_path / "claims", lines=tmp_path / "lines"),
        cx.read(tmp_path, quiet=True, progress=False),
    ):
        pd.testing.assert_frame_equal(claims.query(kinds), right)
        assert {*claims.table("attributes").value} <= {"east", "west side"}


def test_a_database_of_canonical_tables_is_attached(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA warehouse")
        for name in TABLES:
            connection.execute(f"CREATE TABLE warehouse.{name} AS SELECT * FROM '{folder}/{name}.parquet'")
    claims = cx.read(path, quiet=True, progress=False)
    for name in TABLES:
        pd.testing.assert_frame_equal(claims.table(name), cx.open(folder).table(name))
    assert claims.accounting().source.str.startswith("book.duckdb/warehouse.").all()
    with duckdb.connect(str(path)) as connection:  # let go of
        connection.execute("DROP TABLE warehouse.adjustments")
