"""What an addition changed: services that are new, decided, replaced or gone, and what became of the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd

from cpticd.core.contract import CLOCKS, attach
from cpticd.sql import text

_TABLES = ("services", "versions")


def of_states(before: Path | None, after: Path | None) -> list[tuple[str, int, float]]:
    """Change, number of services, dollars charged: between two states, None of which stands for nothing at all."""
    there = after or before
    if there is None:
        return []
    with duckdb.connect(":memory:") as connection:
        for when, path in (("before", before), ("after", after)):
            for name in _TABLES:
                file = str((path or there) / f"{name}.parquet").replace("'", "''")
                where = "" if path else " WHERE false"
                connection.execute(
                    f"CREATE VIEW {name}_{when} AS SELECT * FROM read_parquet('{file}'){where}"
                )
        rows = connection.execute(text("growing/changes")).fetchall()
    return [(change, n, float(charge or 0)) for _, change, n, charge in sorted(rows)]


def frame(
    files: Mapping[str, list[str]], services: list[tuple[str, int, float]], rejected: int
) -> pd.DataFrame:
    """One row per kind of change: change, n, charge_amount (dollars; null of what is no service), names of files."""
    rows: list[tuple[str, int, float | None, str]]
    rows = [(what, len(names), None, ", ".join(names)) for what, names in files.items() if names]
    rows += [(change, n, charge, "") for change, n, charge in services]
    rows.append(("rows and things rejected of the files read", rejected, None, ""))
    made = pd.DataFrame(rows, columns=["change", "n", "charge_amount", "files"])
    made = made.astype({"change": "str", "n": "int64", "charge_amount": "float64", "files": "str"})
    return attach(
        made,
        measure="changes of a growing data set",
        numerator="files, services of the model, and rejects, each counted once under every change that it had",
        denominator="none: counts",
        clock=f"{CLOCKS['initial']}; decided anew: number, first, last outcome or payment of its decisions differ",
        exclusions="charge_amount: dollars charged for the services of the row",
    )
