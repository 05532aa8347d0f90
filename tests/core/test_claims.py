"""Claims: what can be asked, what is refused, what is saved."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError, OutputExistsError, QueryError, SchemaError
from tests.spec import SPEC, claims_of, shown


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of(**SPEC)


def test_query_binds_values(spec: Claims) -> None:
    found = spec.query("SELECT count(*) AS n FROM lines WHERE hcpcs_code = $code", code="99213")
    assert shown(found) == [(6,)]
    harmless = spec.query(
        "SELECT count(*) AS n FROM lines WHERE hcpcs_code = $code", code="'; DROP TABLE lines; --"
    )
    assert shown(harmless) == [(0,)]


def test_query_may_use_ctes_and_views(spec: Claims) -> None:
    found = spec.query(
        "WITH denied AS (SELECT * FROM line_outcomes WHERE initial_outcome = 'denied') "
        "SELECT count(*) AS n FROM denied d JOIN claims USING (claim_id)"
    )
    assert shown(found) == [(4,)]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO lines SELECT * FROM lines",
        "DELETE FROM lines",
        "CREATE TABLE x AS SELECT 1",
        "DROP TABLE lines",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "PRAGMA version",
        "COPY lines TO 'x.csv'",
        "EXPORT DATABASE 'x'",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE lines",
        "SELECT * FROM 'secret.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT (SELECT content FROM read_text('/etc/passwd'))",
        "WITH x AS (SELECT * FROM read_parquet('x.parquet')) SELECT * FROM x",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM information_schema.tables",
        "SELECT current_setting('memory_limit')",
        "SELECT getenv('HOME')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('lines')",
        "SELECT * FROM nowhere",
        "SELEC 1",
        "",
    ],
)
def test_whatever_is_no_plain_select_is_refused(spec: Claims, sql: str) -> None:
    with pytest.raises(QueryError):
        spec.query(sql)


def test_the_engine_refuses_files_too(claims: Claims, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(QueryError, match="disabled by configuration"):
        claims.engine.fetch(f"SELECT * FROM read_csv('{secret}')")


def test_unknown_table(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match=r"no table 'line'.*lines"):
        claims.table("line")


def test_repr_says_what_to_do_next(claims: Claims) -> None:
    assert repr(claims).startswith(
        "Claims: 8 claims, 12 lines, 5 persons, 3 payers, 2024-01-05 to 2024-04-01\nNext:"
    )


def test_summary_names_its_units(claims: Claims) -> None:
    summary = claims.summary().set_index("measure")
    assert summary.loc["charges"].tolist() == [1240.0, "US dollars"]
    assert summary.loc["initially denied lines", "value"] == 4


def test_saving_and_opening_is_the_identity(claims: Claims, tmp_path: Path) -> None:
    opened = cx.open(claims.save(tmp_path / "set"))
    for name in claims.tables:
        pd.testing.assert_frame_equal(claims.table(name), opened.table(name), obj=name)
    pd.testing.assert_frame_equal(claims.accounting(), opened.accounting())
    pd.testing.assert_frame_equal(claims.rejects, opened.rejects)
    again = cx.open(opened.save(tmp_path / "again"))
    pd.testing.assert_frame_equal(claims.table("lines"), again.table("lines"))


def test_own_reference_tables_are_saved_with_the_claims(tmp_path: Path) -> None:
    claims = claims_of(**SPEC)
    table = claims.table("carc_categories")
    claims = claims.with_references(carc_categories=table.assign(is_denial=False))
    assert (
        cx.open(claims.save(tmp_path / "set")).table("line_outcomes")["initial_outcome"] == "denied"
    ).sum() == 2
    with pytest.raises(SchemaError, match="is_denial"):
        claims.with_references(carc_categories=table.drop(columns="is_denial"))
    with pytest.raises(ArgumentError, match="no reference table"):
        claims.with_references(payers=table)


def test_save_refuses_to_overwrite(claims: Claims, tmp_path: Path) -> None:
    folder = claims.save(tmp_path / "set")
    with pytest.raises(OutputExistsError, match="overwrite=True"):
        claims.save(folder)
    claims.save(folder, overwrite=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="not a saved data set"):
        claims.save(tmp_path / "mine", overwrite=True)


def test_open_says_what_is_wrong(claims: Claims, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cpticd\.read"):
        cx.open(tmp_path)
    folder = claims.save(tmp_path / "set")
    (folder / "lines.parquet").unlink()
    with pytest.raises(InputError, match=r"lines\.parquet is gone"):
        cx.open(folder)
    (folder / "cpticd.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="not readable"):
        cx.open(folder)
    with pytest.raises(ArgumentError, match="'duckdb' and 'spark'"):
        cx.open(claims.save(tmp_path / "other"), engine="abacus")
