"""Flat files written as text in tests, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.schema import TABLES
from tests.spec import shown


def read(folder: Path, text: str | bytes, name: str = "flat.csv", **options: Any) -> Claims:
    """The claims of a flat file with this content; lines are written indented, ``|`` and blanks between cells."""
    path = folder / name
    if isinstance(text, str):
        lines = [line.strip() for line in text.strip().splitlines()]
        cells = [[cell.strip() for cell in line.split("|")] for line in lines]
        text = "\n".join("\t".join(row) for row in cells).encode()
    path.write_bytes(text)
    return cx.read_wide(path, quiet=True, progress=False, **options)


def table(claims: Claims, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of a canonical table as tuples."""
    return shown(claims.table(name), *columns)


def said(claims: Claims, action: str) -> list[tuple[str, str]]:
    """Location and reason of what was rejected, repaired or noted; guesses of columns left out."""
    rejects = claims.rejects
    rejects = rejects[(rejects.action == action) & ~rejects.location.fillna("").str.startswith("column ")]
    return [(str(row.location), str(row.reason)) for row in rejects.itertuples()]


def balanced(claims: Claims) -> bool:
    """Whether read = loaded + rejected + left out holds for every source and table, in rows and dollars."""
    a = claims.accounting()
    dollars = (a.amount_read.fillna(0) - a.amount_loaded.fillna(0) - a.amount_rejected.fillna(0)).abs().max()
    return bool((a.read == a.loaded + a.rejected + a.left_out).all() and dollars < 0.005)


def assert_same(one: Claims, other: Claims, *, but: tuple[str, ...] = ()) -> None:
    """Both data sets have the same rows in every canonical table."""
    for name in TABLES:
        pd.testing.assert_frame_equal(
            one.table(name).drop(columns=list(but), errors="ignore"),
            other.table(name).drop(columns=list(but), errors="ignore"),
            obj=name,
        )
