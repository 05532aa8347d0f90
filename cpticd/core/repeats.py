"""Which of several rows of one key is kept: the one that sorts first by what the reader sees.

Rows of one key are sorted by the columns of their table, in the order of the schema, absent values last; a column in
which they agree decides nothing. So neither the order of rows nor a column that has nothing to do with it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from cpticd.core.tables import Table

#: Runs a SELECT with its parameters.
Fetch = Callable[[str, Mapping[str, Any]], pa.Table]
#: Where an absent part of the key is a value: no line number, the claim; no number and no bound, another result.
_ABSENT_IS_A_VALUE = ("adjustments", "remarks", "attributes", "observations")


def differences(columns: Sequence[str], kept: str, other: str) -> str:
    """SQL of the columns in which two rows differ, with both values: ``hcpcs_code: kept 99213, rejected 99214``.

    ``kept`` and ``other`` are aliases of the rows; null where they are equal.
    """
    cells = (
        f"CASE WHEN {kept}.{name} IS DISTINCT FROM {other}.{name} THEN '{name}: kept ' || "
        f"coalesce(CAST({kept}.{name} AS VARCHAR), 'nothing') || ', rejected ' || "
        f"coalesce(CAST({other}.{name} AS VARCHAR), 'nothing') END"
        for name in columns
    )
    return f"nullif(concat_ws('; ', {', '.join(cells)}), '')"


def in_order(columns: Sequence[str], alias: str = "") -> str:
    """SQL to sort rows by what the reader sees of them."""
    return ", ".join(f"{alias}{name} NULLS LAST" for name in columns)


def repeated(fetch: Fetch, table: Table, names: Sequence[str]) -> pa.Table:
    """The rows that another of the same key goes before: place (rowid), _source, reason, content, amount.

    ``fetch`` runs a SELECT over the table, which has a column ``_source`` more; ``names[i]`` is the name of source i:
    of rows that are equal in all columns those of the first file by name are kept.
    """
    none = pa.table({name: pa.array([], pa.int64()) for name in ("place", "_source")})
    filled = [
        f"{name} IS NOT NULL"
        for name in table.key
        if not table.column(name).required and table.name not in _ABSENT_IS_A_VALUE
    ]
    where = f"WHERE {' AND '.join(filled)}" if filled else ""
    keys = f"SELECT {', '.join(table.key)} FROM {table.name} {where} GROUP BY ALL HAVING count(*) > 1"
    # Most tables have none, which a number for each key shows at half the cost, and a third of the memory.
    hashes = f"SELECT hash({', '.join(table.key)}) AS h FROM {table.name} {where}"
    if not fetch(f"SELECT 1 AS found FROM ({hashes}) GROUP BY h HAVING count(*) > 1 LIMIT 1", {}).num_rows:
        return none
    if not fetch(f"SELECT 1 AS found FROM ({keys}) LIMIT 1", {}).num_rows:
        return none
    same = " AND ".join(f"t.{name} IS NOT DISTINCT FROM k.{name}" for name in table.key)
    pair = " AND ".join(f"o.{name} IS NOT DISTINCT FROM f.{name}" for name in table.key)
    others = [name for name in table.names if name not in table.key]
    amount = f"o.{table.amount}" if table.amount else "CAST(NULL AS DECIMAL(18,2))"
    return fetch(
        f"""
        WITH ranked AS (
            SELECT t.*, t.rowid AS place, row_number() OVER (
                PARTITION BY {", ".join(f"t.{name}" for name in table.key)}
                ORDER BY {in_order(others, "t.")}, list_extract($names, t._source + 1), t.rowid
            ) AS nth
            FROM {table.name} t JOIN ({keys}) k ON {same}
        )
        SELECT o.place, o._source,
            '{_reason(table)}' || coalesce(': ' || {differences(others, "f", "o")}, '') AS reason,
            left(concat_ws(', ', {", ".join(f"o.{name}" for name in table.names)}), 500) AS content,
            {amount} AS amount
        FROM ranked o JOIN ranked f ON f.nth = 1 AND {pair} WHERE o.nth > 1 ORDER BY o.place
        """,
        {"names": list(names)},
    )


def _reason(table: Table) -> str:
    return f"another row of {table.name} has the same {', '.join(table.key)}"
