"""How many rows a state has by file, payer, code and day: rows of an addition are counted in, those it replaces out.

So that what holds for all rows is known without reading them again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from cpticd.core.engine import DuckDBEngine
from cpticd.core.schema import TABLES
from cpticd.sql import text

#: The table in a state's folder.
COUNTS: Final = "counts"
SCHEMA: Final = pa.schema(
    [
        ("table_name", pa.string()), ("kind", pa.string()), ("number", pa.int32()), ("word", pa.string()),
        ("other", pa.string()), ("day", pa.date32()), ("n", pa.int64()), ("amount", pa.decimal128(18, 2)),
    ]
)  # fmt: skip
#: SQL of the rows of a table; None where there are none.
Rows = Callable[[str], str | None]


class _Kind(NamedTuple):
    """By which columns the rows of a table are counted."""

    table: str
    kind: str
    number: str = "NULL"
    word: str = "NULL"
    other: str = "NULL"
    day: str = "NULL"
    amount: str = "0"


_KINDS: Final = (
    *(_Kind(name, "file", number="_source", amount=table.amount or "0") for name, table in TABLES.items()),
    *(_Kind(name, "payer", word="_payer", other="payer_id") for name in ("claims", "adjudications", "payments")),
    _Kind("lines", "code", word="hcpcs_code"),
    _Kind("diagnoses", "code", word="diagnosis_code", other="diagnosis_code_type"),
    _Kind("adjudications", "day", day="paid_date"),
)  # fmt: skip
_LEFT: Final = """
SELECT * EXCLUDE (n, amount), CAST(sum(n) AS BIGINT) AS n, CAST(sum(amount) AS DECIMAL(18,2)) AS amount
FROM ({every}) GROUP BY ALL HAVING sum(n) <> 0
"""


def count(engine: DuckDBEngine, rows: Rows) -> pa.Table:
    """The counts of some rows."""
    found = {name: select for name in TABLES if (select := rows(name))}
    parts = [
        text("growing/counts").format(**each._asdict(), rows=found[each.table])
        for each in _KINDS
        if each.table in found
    ]
    return engine.fetch(" UNION ALL ".join(parts)).cast(SCHEMA) if parts else SCHEMA.empty_table()


def read(folder: Path) -> pa.Table:
    """The counts of a state."""
    return pq.read_table(folder / f"{COUNTS}.parquet").cast(SCHEMA)


def together(engine: DuckDBEngine, counts: pa.Table, more: pa.Table, *, less: bool = False) -> pa.Table:
    """Counts and more of them; ``less``: without those."""
    engine.load("counts_there", counts, copy=False)
    engine.load("counts_more", more, copy=False)
    sign = "* REPLACE (-n AS n, -amount AS amount)" if less else "*"
    every = f"SELECT * FROM counts_there UNION ALL SELECT {sign} FROM counts_more"
    made = engine.fetch(_LEFT.format(every=every)).cast(SCHEMA)
    for name in ("counts_there", "counts_more"):
        engine.drop(name)
    return made
