"""Segments by the claim or line that they belong to: what the readers of claims and of remittances share."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12.cells import Notes, code, decimals
from cpticd.loaders.x12.segments import Ints, Rows, Segments, Strings, places


def person_hash(*facts: str | None) -> str:
    """A short stable stand-in for a person without an identifier; the facts themselves are not kept."""
    text = "|".join((fact or "").strip().upper() for fact in facts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class First:
    """For each claim (or line) the first segment of a kind, by the row that opens the claim (or line)."""

    def __init__(self, owners: Rows, size: int) -> None:
        self.count = len(owners)
        self.of_owner = np.full(size + 1, -1)  # the last entry serves -1: belongs to none
        self.of_owner[owners] = np.arange(len(owners))

    def __call__(self, rows: Rows, owner: Rows) -> Rows:
        """Row of the first of ``rows`` for each owner; -1 where there is none."""
        found = np.full(self.count, -1)
        mine = self.of_owner[owner[rows]]
        keep = mine >= 0
        found[mine[keep][::-1]] = rows[keep][::-1]
        return found


def element(segments: Segments, rows: Rows, k: int) -> pa.Array:
    """Element k of segments ``rows``; null where the row is -1."""
    if not segments.size:
        return pa.nulls(len(rows), pa.string())
    return segments.get(np.maximum(rows, 0), k, absent=rows < 0)


def identified(segments: Segments, rows: Rows) -> pa.Array:
    """NPI of each NM1 in ``rows``; null where it carries another identifier."""
    is_npi = pc.fill_null(pc.equal(element(segments, rows, 8), "XX"), False)
    return pc.if_else(is_npi, element(segments, rows, 9), pa.scalar(None, pa.string()))


def explode(strings: Strings, *, empty: bool = False) -> tuple[Rows, Rows, pa.Array]:
    """Every filled string of every row: the row, its place in it (0 is the first), its value.

    ``empty``: those that are empty too, as null.
    """
    which = np.repeat(np.arange(len(strings.count)), strings.count)
    k = np.arange(len(which)) - np.repeat(np.cumsum(strings.count) - strings.count, strings.count)
    if not empty:
        keep = strings.filled(which, k) if len(which) else np.zeros(0, np.bool_)
        which, k = which[keep], k[keep]
    return which, k, strings.get(which, k) if len(which) else pa.nulls(0, pa.string())


def repeated(segments: Segments, rows: Rows, first: int, step: int) -> tuple[Rows, Ints]:
    """Groups of elements that repeat from element ``first`` on: segment and first element of each.

    A group of which the first two elements are empty is none.
    """
    most = int(segments.count[rows].max()) if len(rows) else 0
    which, at = [], []
    for k in range(first, most, step):
        filled = rows[segments.filled(rows, k) | segments.filled(rows, k + 1)]
        which.append(filled)
        at.append(np.full(len(filled), k))
    return in_order(which, at)


def in_order(rows: list[Rows], elements: list[Rows]) -> tuple[Rows, Ints]:
    """Segments and the elements meant in them, in the order in which they stand in the file."""
    which = np.concatenate([np.zeros(0, np.int64), *rows])
    element_number = np.concatenate([np.zeros(0, np.int64), *elements])
    order = np.lexsort((element_number, which))
    return which[order], element_number[order].astype(np.int32)


def positions(owner: Rows) -> Ints:
    """1, 2, 3… within each claim or line, whether or not its segments stand together."""
    order = np.argsort(owner, kind="stable")
    position = np.zeros(len(owner), np.int32)
    position[order] = places(owner[order])
    return position


def triplets(
    segments: Segments, rows: Rows, notes: Notes, table: str = "adjustments"
) -> tuple[Rows, dict[str, pa.Array]]:
    """Every triplet of every CAS in ``rows``: its segment, and group, reason, amount and quantity.

    Empty quantities and groups are kept, an empty triplet is none.
    """
    found, at = repeated(segments, rows, 2, 3)
    notes.add(
        found[~segments.filled(found, at)], "CAS: an amount without a reason code", table, severity="warning"
    )
    columns = {
        "group_code": code(segments.get(found, 1)),
        "carc": code(segments.get(found, at)),
        "amount": decimals(segments.get(found, at + 1), 2, found, notes, (table, "CAS amount")),
        "quantity": decimals(segments.get(found, at + 2), 3, found, notes, (table, "CAS quantity")),
    }
    return found, columns
