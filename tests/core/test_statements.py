"""Statements that are parsed once, and small tables that come as parameters."""

from __future__ import annotations

import datetime as dt
import threading

import duckdb
import pyarrow as pa
import pytest

from cpticd.core import statements
from cpticd.core.engine import DuckDBEngine


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_the_same_text_is_asked_with_other_values_and_of_other_data(connection) -> None:
    other = duckdb.connect()
    for each, values in ((connection, [1, 2]), (other, [3])):
        statements.run(each, "CREATE TABLE asked_twice (x INTEGER)")
        for value in values:
            statements.run(each, "INSERT INTO asked_twice VALUES ($value)", {"value": value})
    asked = "SELECT x FROM asked_twice WHERE x >= $least ORDER BY x"
    assert statements.table(connection, asked, {"least": 2}).column("x").to_pylist() == [2]
    assert statements.table(connection, asked, {"least": 0}).column("x").to_pylist() == [1, 2]
    assert statements.table(other, asked, {"least": 0}).column("x").to_pylist() == [3]


def test_several_statements_run_in_their_order_and_parameters_are_of_the_last(connection) -> None:
    found = statements.run(connection, "CREATE TABLE one (x INT); INSERT INTO one VALUES (7); SELECT x + $more FROM one",
                           {"more": 1})  # fmt: skip
    assert found.fetchall() == [(8,)]


def test_a_relation_made_anew_with_other_columns_is_read_as_it_is_now(connection) -> None:
    asked = "SELECT * FROM changing"
    statements.run(connection, "CREATE OR REPLACE TABLE changing AS SELECT 1 AS a")
    assert statements.table(connection, asked).column_names == ["a"]
    statements.run(connection, "CREATE OR REPLACE TABLE changing AS SELECT 1 AS b, 'x' AS c")
    assert statements.table(connection, asked).column_names == ["b", "c"]


def test_what_is_kept_has_an_end(connection) -> None:
    for number in range(statements._KEPT + 10):
        statements.run(connection, f"SELECT {number}")
    assert len(statements._parsed) <= statements._KEPT
    statements.run(connection, "SELECT '" + "x" * statements._LONGEST + "'")
    assert max(map(len, statements._parsed)) <= statements._LONGEST


def test_many_threads_share_a_statement(connection) -> None:
    statements.run(connection, "CREATE TABLE shared AS SELECT range AS x FROM range(1000)")
    found: list[tuple[int, int]] = []

    def ask(least: int) -> None:
        cursor = connection.cursor()
        for _ in range(50):
            rows = statements.table(
                cursor, "SELECT count(*) AS n FROM shared WHERE x >= $least", {"least": least}
            )
            found.append((least, rows.column("n")[0].as_py()))

    threads = [threading.Thread(target=ask, args=(least,)) for least in (0, 10, 500, 999)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 200 and {*found} == {(0, 1000), (10, 990), (500, 500), (999, 1)}


def test_rows_come_in_the_order_asked_for() -> None:
    engine = DuckDBEngine(threads=2)
    engine.create("many", "SELECT range AS x, hash(range) AS h FROM range(300000)", materialize=True)
    ordered = engine.fetch("SELECT h FROM many ORDER BY h").column("h").to_numpy()
    assert (ordered[1:] >= ordered[:-1]).all()
    several = [row["h"] for row in engine.records("SELECT h FROM many WHERE x < 9000 ORDER BY h")]
    assert several == sorted(several)
    engine.close()


def test_records_hold_what_a_table_holds() -> None:
    engine = DuckDBEngine()
    engine.load("small", SMALL)
    asked = """SELECT *, 1.25::DECIMAL(18,2) AS money, ['a', NULL] AS list, {'b': 1} AS struct, TIMESTAMP '2024-01-01' AS at
        FROM small WHERE share >= $least OR share IS NULL"""
    assert engine.records(asked, {"least": 0}) == engine.fetch(asked, {"least": 0}).to_pylist()
    assert engine.records("SELECT 1 AS x WHERE false") == []
    engine.close()


SMALL = pa.table(
    {
        "text": pa.array(["a", None, 'it\'s "quoted"', ""]),
        "Two words": pa.array([1, None, -(2**40), 0], pa.int64()),
        "small": pa.array([1, None, 3, 4], pa.int32()),
        "flag": pa.array([True, None, False, True]),
        "share": pa.array([0.1, None, float("inf"), -0.0]),
        "day": pa.array([dt.date(2024, 2, 29), None, dt.date(1900, 1, 1), dt.date(9999, 12, 31)]),
    }
)


@pytest.mark.parametrize("data", [SMALL, SMALL.slice(0, 0), SMALL.slice(1, 1)], ids=["rows", "none", "nulls"])
def test_a_small_table_arrives_as_it_was(data: pa.Table) -> None:
    engine = DuckDBEngine()
    assert statements.as_parameters(data) is not None
    engine.load("small", data)
    assert engine.fetch("SELECT * FROM small").equals(data)
    engine.close()


@pytest.mark.parametrize(
    "data",
    [
        pa.table({"x": pa.array(range(statements._FEW + 1), pa.int64())}),
        pa.table({"x": pa.array([["a"], None], pa.list_(pa.string()))}),
        pa.table({"x": pa.array([dt.datetime(2024, 1, 1)], pa.timestamp("us"))}),
    ],
    ids=["many", "lists", "times"],
)
def test_what_is_large_or_of_other_types_is_read_where_it_lies(data: pa.Table) -> None:
    engine = DuckDBEngine()
    assert statements.as_parameters(data) is None
    engine.load("large", data)
    assert engine.fetch("SELECT * FROM large").equals(data)
    engine.close()
