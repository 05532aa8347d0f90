"""Files as they come in over months, and what reading all of them at once gives."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.schema import TABLES

#: What is compared: every table, and what is derived of lines and claims.
COMPARED = (
    *TABLES,
    "ledger",
    "chains",
    "versions",
    "superseded",
    "services",
    "line_outcomes",
    "claim_outcomes",
)


def x12_files(folder: Path, *, persons: int, seed: int, pieces: int) -> list[Path]:
    """The transaction sets of simulated claims and remittances, in ``pieces`` files of each kind."""
    whole = folder / "whole"
    made = []
    for path in cx.simulation.write_x12(cx.simulate(persons=persons, seed=seed, stories=True), whole):
        head, *sets = path.read_text().split("\nST*")
        sets = [f"\nST*{text.partition(chr(10) + 'GE*')[0]}" for text in sets]
        for piece in range(pieces):
            mine = sets[piece::pieces]
            if mine:
                file = folder / f"{path.stem}-{piece}{path.suffix}"
                file.write_text(f"{head}{''.join(mine)}\nGE*{len(mine)}*1~\nIEA*1*000000001~\n")
                made.append(file)
    return made


def tables(claims: Claims) -> dict[str, pd.DataFrame]:
    """Everything of a data set that must not depend on how its files came."""
    found = {name: claims.table(name) for name in COMPARED}
    found["rejects"] = claims.rejects.sort_values(list(claims.rejects.columns))
    found["accounting"] = claims.accounting()
    return found


def differences(claims: Claims, expected: dict[str, pd.DataFrame]) -> list[str]:
    """The names of tables that differ from what is expected."""
    return differences_of(tables(claims), expected)


def differences_of(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> list[str]:
    """The same of tables."""
    return [
        name
        for name, rows in found.items()
        if not rows.reset_index(drop=True).equals(expected[name].reset_index(drop=True))
    ]
