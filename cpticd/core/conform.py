"""The one gate into the tables: checks, selects and casts; loaders never do so by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core import plain_cells
from cpticd.core.errors import SchemaError
from cpticd.core.schema import TABLES
from cpticd.core.scratch import scratch
from cpticd.core.tables import SQL, Column, Table

#: How each kind is described where a cell cannot be read.
_WORDS = {
    "date": "not a date",
    "money": "not an amount",
    "number": "not a number",
    "integer": "not a whole number",
    "flag": "not a yes or no",
}
_DATE_FORMATS = "['%m/%d/%Y', '%d-%b-%Y', '%Y/%m/%d', '%m-%d-%Y', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M']"
_CONTENT_WIDTH = 500


class Conformed(NamedTuple):
    """Rows in canonical form, and where and why the others failed."""

    rows: pa.Table
    failed: pa.Table  # columns: index (of the input row), reason, content, amount
    amount: Any  # Decimal: the table's amount over all rows, failed ones included; None without one


def quote(identifier: str) -> str:
    """An identifier that is safe to paste into SQL, whatever it contains."""
    return '"' + identifier.replace('"', '""') + '"'


def as_arrow(data: pa.Table | pa.RecordBatch | pd.DataFrame) -> pa.Table:
    """Arrow table of a DataFrame; its index is dropped, mixed objects become text."""
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, pa.Table):
        return data
    if not isinstance(data, pd.DataFrame):
        raise SchemaError(f"expected a DataFrame or Arrow table, found {type(data).__name__}")
    arrays = []
    for position in range(data.shape[1]):
        column = data.iloc[:, position]
        try:
            arrays.append(pa.Array.from_pandas(column))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            text = [None if pd.isna(cell) else str(cell) for cell in column]
            arrays.append(pa.array(text, pa.string()))
    return pa.Table.from_arrays(
        [array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array for array in arrays],
        names=[str(name) for name in data.columns],
    )


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)


def _text(name: str, kind: pa.DataType) -> str:
    """SQL for a cell as trimmed text; whole floats lose their ``.0`` so that 99213.0 stays a code."""
    if pa.types.is_floating(kind):
        return (
            f"CASE WHEN {name} = floor({name}) AND abs({name}) < 1e15 "
            f"THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
        )
    return f"nullif(trim(CAST({name} AS VARCHAR), ' \t\r\n'), '')"


def _cast(column: Column, kind: pa.DataType) -> str:  # noqa: PLR0911 - one per kind
    """SQL that turns a cell of Arrow type ``kind`` into the column's type, or null."""
    name = quote(column.name)
    text = _text(name, kind)
    is_text = _is_text(kind)
    match column.kind:
        case "text":
            return text
        case "code":
            return f"nullif(upper(replace(replace({text}, '.', ''), ' ', '')), '')"
        case "date" if is_text:
            return (
                f"CASE WHEN length({text}) = 8 AND {text} NOT LIKE '%-%' AND {text} NOT LIKE '%/%' "
                f"THEN CAST(try_strptime({text}, '%Y%m%d') AS DATE) "
                f"ELSE CAST(coalesce(TRY_CAST({text} AS TIMESTAMP), try_strptime({text}, {_DATE_FORMATS})) "
                "AS DATE) END"
            )
        case "date" if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return f"CAST(try_strptime({text}, '%Y%m%d') AS DATE)"
        case "date":
            return f"TRY_CAST({name} AS DATE)"
        case "money" | "number" if is_text:
            bare = f"replace(replace(replace({text}, '$', ''), ',', ''), ' ', '')"
            sql_type = SQL[column.kind]
            return (
                f"coalesce(TRY_CAST({bare} AS {sql_type}), "
                rf"CASE WHEN regexp_full_match({bare}, '\([0-9.]+\)|[0-9.]+-') "
                rf"THEN -TRY_CAST(regexp_replace({bare}, '[()-]', '', 'g') AS {sql_type}) END)"
            )
        case "integer":
            whole = f"TRY_CAST({text} AS DECIMAL(18,4))"
            return f"CASE WHEN {whole} = floor({whole}) THEN TRY_CAST({whole} AS INTEGER) END"
        case "flag" if is_text:
            return (
                f"CASE WHEN lower({text}) IN ('y', 'yes', 'true', 't', '1') THEN true "
                f"WHEN lower({text}) IN ('n', 'no', 'false', 'f', '0') THEN false END"
            )
        case _:
            return f"TRY_CAST({name} AS {SQL[column.kind]})"


def _filled(name: str, kind: pa.DataType) -> str:
    """SQL that is true where the cell holds something."""
    if pa.types.is_floating(kind):
        return f"({name} IS NOT NULL AND NOT isnan({name}))"
    if not _is_text(kind):
        return f"{name} IS NOT NULL"
    return f"nullif(trim(CAST({name} AS VARCHAR), ' \t\r\n'), '') IS NOT NULL"


def _reason(table: Table, columns: list[Column], kinds: dict[str, pa.DataType]) -> str:
    """SQL for why a row fails: the first cell that is empty though required, or cannot be read."""
    tests = []
    for column in columns:
        name, cast = quote(column.name), quote("cast:" + column.name)
        filled = _filled(name, kinds[column.name])
        if column.required:
            tests.append(f"WHEN {cast} IS NULL AND NOT ({filled}) THEN '{column.name}: empty, but required'")
        if word := _WORDS.get(column.kind):
            shown = f"left(CAST({name} AS VARCHAR), 60)"
            bad = f"{cast} IS NULL AND {filled}"
            if column.kind == "date":
                # "infinity" is a date to DuckDB, without a year.
                bad = (
                    f"({bad}) OR ({cast} IS NOT NULL AND coalesce(year({cast}), 0) NOT BETWEEN 1850 AND 2200)"
                )
            tests.append(f"WHEN {bad} THEN '{column.name}: {word}: ' || {shown}")
    return f"CASE {' '.join(tests)} END" if tests else "CAST(NULL AS VARCHAR)"


def conform(name: str | Table, data: pa.Table | pd.DataFrame) -> Conformed:
    """Rows of canonical table ``name``, or of another declared in its manner: selected, in order, cast; and
    those that cannot be.

    Parameters: ``data`` has any subset of the table's columns that includes the required ones, as text
    or typed. Raises SchemaError where a required column is absent, a column is unknown or stands twice.
    """
    table = TABLES[name] if isinstance(name, str) else name
    arrow = as_arrow(data)
    _check_columns(table, arrow.column_names)
    columns = [column for column in table.columns if column.name in arrow.column_names]
    kinds = {column.name: arrow.schema.field(column.name).type for column in columns}
    if arrow.num_rows == 0:
        return Conformed(table.empty(), _failed([], [], [], []), None)
    read = _read_plain(columns, arrow)
    why = pa.nulls(arrow.num_rows, pa.string())
    if others := [column for column in columns if column.name not in read]:
        cast, why = _read_others(table, others, arrow, kinds)
        read |= cast
    good = pc.is_null(why)
    full = pa.table(
        {
            column.name: read[column.name] if column in columns else pa.nulls(arrow.num_rows, column.arrow)
            for column in table.columns
        },
        schema=table.arrow_schema,
    )
    amounts = full.column(table.amount) if table.amount else None
    places = pc.indices_nonzero(pc.invert(good))
    bad = places.to_pylist()
    failed = _failed(
        bad,
        why.take(places).to_pylist(),
        [_content(arrow, index) for index in bad],
        amounts.take(places).to_pylist() if amounts is not None else [None] * len(bad),
    )
    total = pc.sum(amounts).as_py() if amounts is not None else None
    return Conformed(full.filter(good) if bad else full, failed, total)


def _read_plain(columns: list[Column], arrow: pa.Table) -> dict[str, pa.Array]:
    """Of a small table, the columns whose every cell is in plain form, cast: no cell of them can fail."""
    if arrow.num_rows > plain_cells.ROWS:
        return {}
    read = {
        column.name: plain_cells.plain(column, arrow.column(column.name).combine_chunks())
        for column in columns
    }
    return {name: array for name, array in read.items() if array is not None}


def _read_others(
    table: Table, columns: list[Column], arrow: pa.Table, kinds: dict[str, pa.DataType]
) -> tuple[dict[str, pa.ChunkedArray], pa.ChunkedArray]:
    """Columns cast by DuckDB, and of each row why it fails, null where it does not."""
    casts = ", ".join(f"{_cast(c, kinds[c.name])} AS {quote('cast:' + c.name)}" for c in columns)
    sql = f"WITH cast_rows AS (SELECT *, {casts} FROM data) "
    sql += f"SELECT {', '.join(quote('cast:' + c.name) for c in columns)}, {_reason(table, columns, kinds)} AS why"
    with scratch() as connection:
        connection.register("data", _decoded(arrow.select([column.name for column in columns])))
        result = connection.sql(sql + " FROM cast_rows").to_arrow_table()
    cast = {c.name: result.column("cast:" + c.name).cast(c.arrow) for c in columns}
    return cast, result.column("why")


def _decoded(arrow: pa.Table) -> pa.Table:
    """Dictionary columns decoded: DuckDB would make each an ENUM, which refuses text functions."""
    fields = [
        pa.field(f.name, f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in arrow.schema
    ]
    return arrow.cast(pa.schema(fields))


def _content(arrow: pa.Table, index: int) -> str:
    cells = [str(column[index].as_py()) if column[index].is_valid else "" for column in arrow.columns]
    return ", ".join(cells)[:_CONTENT_WIDTH]


def _failed(index: list[int], reason: list[str], content: list[str], amount: list[Any]) -> pa.Table:
    return pa.table(
        {
            "index": pa.array(index, pa.int64()),
            "reason": pa.array(reason, pa.string()),
            "content": pa.array(content, pa.string()),
            "amount": pa.array(amount, pa.decimal128(18, 2)),
        }
    )


def check_once(name: str, found: Sequence[str]) -> None:
    """Raise SchemaError where a column of table ``name`` stands twice."""
    twice = sorted({column for column in found if list(found).count(column) > 1})
    if twice:
        raise SchemaError(f"{name}: columns that stand twice: {twice}; rename or drop one of each")


def _check_columns(table: Table, found: Sequence[str]) -> None:
    check_once(table.name, found)
    missing = [name for name in table.required if name not in found]
    if missing:
        example = ", ".join(f"'<your column>': '{name}'" for name in missing[:2])
        raise SchemaError(
            f"{table.name}: no column {', '.join(map(repr, missing))}; found {list(found)}; "
            f"pass rename={{{example}}}"
        )
    unknown = [name for name in found if name not in table.names]
    if unknown:
        raise SchemaError(f"{table.name}: unknown columns {unknown}; the table has {table.names}")
