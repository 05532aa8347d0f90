"""What an addition changed: services that are new, decided, replaced or gone, and what became of the files."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from cpticd.core.contract import CLOCKS, attach
from cpticd.core.engine import DuckDBEngine
from cpticd.loaders.growing.segments import Live, fault, read_state
from cpticd.sql import text

_TABLES = ("services", "versions")


def between(before: Path | None, after: Path | None, place: Path) -> list[tuple[str, int, float]]:
    """Change, number of services, dollars charged: between two states, None of which stands for nothing at all.

    ``place``: of segments. What stands in segments of both is the same in both, and not compared.
    """
    if before is None and after is None:
        return []
    if reason := fault(before, place):
        warnings.warn(f"{reason}. It was made anew; what changed since is not counted", stacklevel=5)
        return []
    engine = DuckDBEngine()
    for when, path, other in (("before", before, after), ("after", after, before)):
        for name in _TABLES:
            rows = _rows(engine, path, other, place, name=name, when=when) if path else None
            like = (
                _rows(engine, other, None, place, name=name, when=f"{when}_like")
                if rows is None and other
                else None
            )
            engine.create(f"{name}_{when}", rows or f"SELECT * FROM ({like}) WHERE false")
    found = engine.records(text("growing/changes"))
    engine.close()
    return [
        (row["change"], row["n"], float(row["charge"] or 0))
        for row in sorted(found, key=lambda row: row["place"])
    ]


def _rows(
    engine: DuckDBEngine, path: Path, other: Path | None, place: Path, *, name: str, when: str
) -> str | None:
    """SQL of a relation of a state, without claims that stand in the same segment of the ``other``."""
    state = read_state(path)
    if state is None:
        engine.scan(f"whole_{name}_{when}", path / f"{name}.parquet")
        return f"SELECT * FROM whole_{name}_{when}"
    scope = Live(engine, path, state, place, prefix=f"{when}_")
    beside = read_state(other)
    if beside is None:
        return scope.select(name)
    same = {*state.segments} & {*beside.segments}
    theirs = Live(engine, other, beside, place, prefix=f"{when}_other_") if other else None
    shared = [number for number, each in enumerate(state.segments) if each in same]
    fresh = [number for number, each in enumerate(state.segments) if each not in same]
    parts = [scope.select(name, only=fresh)] if fresh else []
    for number in shared:
        gone = theirs.gone(beside.segments.index(state.segments[number])) if theirs else None
        if gone:
            mine = scope.gone(number)
            both = f" EXCEPT SELECT claim_id FROM {mine}" if mine else ""
            engine.create(f"{when}_{name}_{number}", f"SELECT claim_id FROM {gone}{both}", materialize=True)
            parts.append(scope.those(name, number, f"{when}_{name}_{number}"))
    return " UNION ALL BY NAME ".join(part for part in parts if part) or None


def frame(
    files: Mapping[str, list[str]],
    services: list[tuple[str, int, float]],
    rejected: int,
    *,
    anew: tuple[str, int] | None = None,
) -> pd.DataFrame:
    """One row per kind of change: change, n, charge_amount (dollars; null of what is no service), names of files.

    ``anew``: why all files were read or joined again, and how many.
    """
    rows: list[tuple[str, int, float | None, str]]
    rows = [(what, len(names), None, ", ".join(names)) for what, names in files.items() if names]
    rows += [(change, n, charge, "") for change, n, charge in services]
    if anew:
        rows.append((*anew, None, ""))
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
