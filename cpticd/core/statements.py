"""SQL as DuckDB takes it most cheaply: statements parsed once a process, and small tables as their parameters.

On a few rows the work is in planning, not in running: to parse a statement takes as long as to run it, and an Arrow
table that is registered, read and forgotten takes five times what its cells take as parameters of one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import duckdb
import pyarrow as pa

#: Statements kept, by text: some 20 kB each. A session of all analyses asks about 700.
_KEPT: Final = 1_000
#: A longer text is one of data, which does not come again.
_LONGEST: Final = 40_000
#: Cells up to which a table comes as parameters: of more, each a Python object, it is dearer than Arrow.
_FEW: Final = 1_000

_parsed: dict[str, tuple[duckdb.Statement, ...]] = {}

#: SQL's name of an Arrow type.
_TYPES: Final[tuple[tuple[Callable[[pa.DataType], bool], str], ...]] = (
    (pa.types.is_string, "VARCHAR"),
    (pa.types.is_large_string, "VARCHAR"),
    (pa.types.is_int64, "BIGINT"),
    (pa.types.is_int32, "INTEGER"),
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_float64, "DOUBLE"),
    (pa.types.is_date32, "DATE"),
)


def run(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Run one or more statements; ``params`` are the last one's. Returns the connection, which has its result."""
    return connection.execute(_last(connection, sql), _values(params))


def table(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | None = None
) -> pa.Table:
    """The rows of a SELECT, in their order: Arrow of an executed statement would lose it."""
    return connection.sql(_last(connection, sql), params=_values(params)).to_arrow_table()


def records(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The few rows of a SELECT, each by column; planned once, where a table is planned twice."""
    done = run(connection, sql, params)
    names = [column[0] for column in done.description or ()]
    return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def as_parameters(data: pa.Table) -> tuple[str, dict[str, list[Any]]] | None:
    """A SELECT that gives a small table's rows, and its parameters; None where it is large or has other types."""
    if not data.num_columns or data.num_rows * data.num_columns > _FEW:
        return None
    columns, params = [], {}
    for number, field in enumerate(data.schema):
        kind = next((name for test, name in _TYPES if test(field.type)), None)
        if kind is None:
            return None
        quoted = field.name.replace('"', '""')
        columns.append(f'unnest($c{number}::{kind}[]) AS "{quoted}"')
        params[f"c{number}"] = data.column(number).to_pylist()
    return f"SELECT {', '.join(columns)}", params


def _last(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The last statement of a text; those before it run."""
    *before, last = _statements(connection, sql)
    for statement in before:
        connection.execute(statement)
    return last


def _values(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return dict(params) if params else None


def _statements(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[duckdb.Statement, ...]:
    found = _parsed.get(sql)
    if found is None:
        found = tuple(connection.extract_statements(sql))
        if len(sql) <= _LONGEST:
            if len(_parsed) >= _KEPT:
                _parsed.clear()
            _parsed[sql] = found
    return found
