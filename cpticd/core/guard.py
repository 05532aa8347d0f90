"""Which SQL a user may run on claims: one SELECT over the data set's own tables, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import duckdb

from cpticd.core.errors import QueryError
from cpticd.core.scratch import scratch

#: Table functions that read nothing but their arguments.
_TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
#: Functions that reach settings, files, sequences or other statements.
_REFUSED = {
    "add_parquet_key", "checkpoint", "current_database", "current_schema", "current_schemas", "current_setting",
    "currval", "force_checkpoint", "getenv", "getvariable", "in_search_path", "nextval", "pg_read_file",
    "set_config", "sleep", "txid_current", "write_log",
}  # fmt: skip
_REFUSED_PREFIXES = (
    "read_",
    "copy_",
    "write_",
    "load_",
    "duckdb_",
    "pragma_",
    "pg_",
    "sniff_",
    "parquet_",
    "json_execute",
)


def check(sql: str, tables: Iterable[str]) -> set[str]:
    """The tables that one SELECT reads; QueryError unless it is one, and reads ``tables`` alone."""
    with scratch() as connection:
        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error as error:
            raise QueryError(f"query: not SQL that can be read: {error}") from error
        if len(statements) != 1:
            raise QueryError(f"query: expected one SELECT statement, found {len(statements)} statements")
        if statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError(
                f"query: only SELECT is allowed, found {statements[0].type.name}; "
                "claims are read-only: save() them, or copy the result into pandas"
            )
        row = connection.execute("SELECT json_serialize_sql(?)", [statements[0].query]).fetchone()
    tree = json.loads(row[0]) if row else {"error": True, "error_message": "nothing came back"}
    if tree.get("error"):
        raise QueryError(f"query: only SELECT is allowed: {tree.get('error_message')}")
    known = {name.lower() for name in tables}
    used: set[str] = set()
    _walk(tree["statements"], known, sorted(known), used)
    return used


def _walk(node: Any, known: set[str], shown: list[str], used: set[str]) -> None:
    """Refuse every table, table function and function in the tree that is not known to be harmless."""
    if isinstance(node, list):
        for item in node:
            _walk(item, known, shown, used)
        return
    if not isinstance(node, dict):
        return
    if "cte_map" in node:
        known = known | {entry["key"].lower() for entry in node["cte_map"].get("map", [])}
    if node.get("type") == "BASE_TABLE":
        _check_table(node, known, shown)
        used.add(str(node.get("table_name", "")).lower())
    if node.get("type") in ("TABLE_FUNCTION", "COPY", "SHOW_REF"):
        name = str((node.get("function") or {}).get("function_name", node["type"])).lower()
        if name not in _TABLE_FUNCTIONS:
            raise QueryError(f"query: table function {name!r} is not allowed; read from {shown}")
    if node.get("class") == "FUNCTION":
        name = str(node.get("function_name", "")).lower()
        if name in _REFUSED or name.startswith(_REFUSED_PREFIXES):
            raise QueryError(f"query: function {name!r} is not allowed in a read-only query")
    for value in node.values():
        _walk(value, known, shown, used)


def _check_table(node: dict[str, Any], known: set[str], shown: list[str]) -> None:
    name = str(node.get("table_name", ""))
    if node.get("catalog_name") or node.get("schema_name", ""):
        raise QueryError(f"query: no schema {node.get('schema_name')!r}; tables are {shown}")
    if name.lower() not in known:
        raise QueryError(f"query: no table {name!r}; there are {shown}")
