"""Canonical tables whose every cell is in canonical form: taken over by one statement, where they lie.

Parquet files and tables of a DuckDB file are looked at as a whole first. Where one cell would have to be mended, left
out or rejected, a row hangs on nothing, or a column is to be kept as an attribute, the table is staged and read cell by
cell as any other is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cpticd.core import sources
from cpticd.core.conform import quote
from cpticd.core.database import readable
from cpticd.core.tables import SQL, Column, Table
from cpticd.loaders import hive, repair
from cpticd.loaders.canonical_cells import WORDS
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import NOTHING, Staged

#: Tables whose columns are read in a manner of their own.
_OTHERWISE: Final = ("attributes", "observations", "members")
_INTEGERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_TIMES: Final = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
#: Text that is as it stands, without blanks around it or a spreadsheet's marks before it.
_CLEAN: Final = r"""[^\s\pZ\pC="'#](?s:.*[^\s\pZ\pC])?"""
#: The same of identifiers, which no word for nothing is one of.
_IDENTIFIER: Final = "[0-9A-Za-z_:/#*&-]*[0-9][0-9A-Za-z_:/#*&-]*"


#: Tables of which one must have the key of a row, and the key.
Parents = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Scan:
    """A table where it lies."""

    source: str
    rows: str  # SQL of its rows
    columns: list[str]  # the user's names
    kinds: list[str]  # DuckDB's types of these
    staged: Callable[[], Staged]  # the same as text cells
    word: str = "row"


def parquet(item: Any) -> list[Path]:
    """The Parquet files that an item is, or those of the folder; none where it is anything else."""
    if not isinstance(item, (str, os.PathLike)):
        return []
    folder = Path(item).expanduser()
    paths = hive.parts(folder) if folder.is_dir() else []
    paths = paths or sources.paths_of(item)
    return paths if all(map(_is_parquet, paths)) else []


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError:
        return False  # whoever reads it says why


def of_parquet(intake: Intake, path: Path, staged: Callable[[], Staged]) -> Scan:
    """A Parquet file; InputError where it is damaged."""
    literal = str(path).replace("'", "''")
    rows = f"read_parquet('{literal}', hive_partitioning = false)"
    with readable(path, "Parquet file"):
        found = intake.engine.connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
    columns = {str(name): str(kind) for name, kind, *_ in found}
    if more := hive.columns(path, columns):
        given = ", ".join(f"{_literal(value)} AS {quote(name)}" for name, value in more.items())
        rows = f"(SELECT *, {given} FROM {rows})"
        columns |= dict.fromkeys(more, "VARCHAR")
    return Scan(intake.shown(path), rows, [*columns], [*columns.values()], staged)


def _literal(value: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if value is None else "'" + value.replace("'", "''") + "'"


def take(
    intake: Intake, table: Table, scan: Scan, columns: Mapping[str, str], parents: Parents | None
) -> bool:
    """Take over a table whose every cell is in canonical form; False, and nothing done, where one is not.

    ``columns``: canonical → place in the scan (``c0``, …); ``parents``: tables of which one must have the row's key.
    """
    if table.name in _OTHERWISE:
        return False
    cells = {}
    for name, place in columns.items():
        column, at = table.column(name), int(place[1:])
        cell = _typed(column, quote(scan.columns[at]), scan.kinds[at])
        cells[name] = cell
    if not _is_canonical(intake, table, scan, cells) or (
        parents and _has_orphans(intake, scan, cells, *parents)
    ):
        return False
    values = ", ".join(f"{value} AS {name}" for name, (value, _) in cells.items())
    number = intake.source_id(scan.source)
    intake.insert(table.name, f"SELECT {values}, {number} AS _source FROM {scan.rows}")
    return True


def _typed(column: Column, x: str, kind: str) -> tuple[str, str]:  # noqa: PLR0911 - one per kind
    """SQL of a column's value in its type, and of what must hold of it: no value, where its type is another."""
    match column.kind:
        case "text" | "code" if kind == "VARCHAR" or kind in _INTEGERS:
            return (x if kind == "VARCHAR" else f"CAST({x} AS VARCHAR)"), ""
        case "date" if kind == "DATE":
            return x, f"{x} BETWEEN DATE '1900-01-01' AND DATE '2199-12-31'"
        case "date" if kind in _TIMES:
            day = f"CAST({x} AS DATE)"
            return day, f"{x} = {day} AND {day} BETWEEN DATE '1900-01-01' AND DATE '2199-12-31'"
        case "money" | "number" if kind.startswith("DECIMAL") or kind in (*_INTEGERS, "DOUBLE"):
            value = f"TRY_CAST({x} AS {SQL[column.kind]})"
            same = f"coalesce({value} = {x}, false)"
            if kind == "DOUBLE":
                same = f"coalesce(CAST({value} AS DOUBLE) = {x}, false) AND abs({x}) < 1e12"
            return value, f"({x} IS NULL OR ({same} AND abs({x}) < 1e15))"
        case "integer" if kind in _INTEGERS:
            return f"CAST({x} AS INTEGER)", f"{x} BETWEEN -999999999 AND 999999999"
        case "flag" if kind == "BOOLEAN":
            return x, ""
    return f"CAST(NULL AS {SQL[column.kind]})", f"{x} IS NULL"


def _is_canonical(intake: Intake, table: Table, scan: Scan, cells: Mapping[str, tuple[str, str]]) -> bool:
    """Whether there are rows, and every cell is one that is read as it stands."""
    tests, distinct = ["count(*) > 0"], []
    for name, (value, test) in cells.items():
        column = table.column(name)
        if column.required:
            tests.append(f"count(*) = count({value})")
        if test:
            tests.append(f"coalesce(bool_and({test}), true)")
        if column.kind in ("text", "code") and repair.of(name, column.kind) is repair.identifier:
            tests.append(f"coalesce(bool_and(regexp_full_match({value}, '{_IDENTIFIER}')), true)")
        elif column.kind in ("text", "code") or name == "payer_sequence":
            distinct.append(name)
    if not intake.query(f"SELECT {' AND '.join(tests)} AS holds FROM {scan.rows}").column("holds")[0].as_py():
        return False
    return all(_is_plain(intake, table, table.column(name), scan, cells[name][0]) for name in distinct)


def _is_plain(intake: Intake, table: Table, column: Column, scan: Scan, value: str) -> bool:
    """Whether every distinct cell of a column of text is read as it stands."""
    plain = repair.of(column.name, column.kind)("x").plain
    if not plain:
        return False
    tests = [f"regexp_full_match(x, '{plain.replace(chr(39), chr(39) * 2)}')"]
    tests.append(f"regexp_full_match(x, '{_CLEAN.replace(chr(39), chr(39) * 2)}')")
    tests.append(f"x NOT IN ({', '.join(_literal(word) for word in NOTHING)})")
    if column.kind == "code":
        tests.append("x = upper(replace(replace(x, '.', ''), ' ', ''))")
    values = f"SELECT DISTINCT CAST({value} AS VARCHAR) AS x FROM {scan.rows} WHERE {value} IS NOT NULL"
    if words := WORDS.get((table.name, column.name)):
        found = intake.query(values).column("x").to_pylist()
        return all(words[0](word) == word for word in found)
    holds = intake.query(f"SELECT coalesce(bool_and({' AND '.join(tests)}), true) AS holds FROM ({values})")
    return bool(holds.column("holds")[0].as_py())


def _has_orphans(
    intake: Intake, scan: Scan, cells: Mapping[str, tuple[str, str]], parents: tuple[str, ...], key: tuple[str, ...]
) -> bool:  # fmt: skip
    """Whether a row's key is in none of the parent tables."""
    own = ", ".join(f"{cells[name][0]} AS {name}" for name in key)
    joins = " ".join(f"ANTI JOIN {intake.every(parent)} USING ({', '.join(key)})" for parent in parents)
    return intake.holds(f"(SELECT {own} FROM {scan.rows}) {joins}")
