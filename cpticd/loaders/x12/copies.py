"""Transaction sets that stand twice in what was read: the first one counts, the others are left out and noted.

A set is a copy of an earlier one where all of its segments between ST and SE are equal (``sets.digest``), whatever
interchange or file it stands in. Equal control numbers say nothing: senders set their counters back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.intake import Intake

_SEGMENT = (1 << 32) - 1
#: More copies than this of one file are noted together.
_MANY = 20


@dataclass(frozen=True)
class _Copy:
    """A transaction set and the earlier one that it repeats, by the keys of their first segments."""

    key: int
    original: int
    segments: int
    kind: str


@dataclass(frozen=True)
class Kept:
    """The staged tables without copies, and which those are."""

    tables: Mapping[str, pa.Table]
    copies: list[_Copy] = field(default_factory=list)
    sets: dict[int, int] = field(default_factory=dict)  # how many transaction sets each source has

    @property
    def left_out(self) -> dict[int, int]:
        """How many segments of each source stand in copies."""
        counts: dict[int, int] = defaultdict(int)
        for each in self.copies:
            counts[each.key >> 32] += each.segments
        return counts


def without(staged: Mapping[str, pa.Table]) -> Kept:
    """The staged tables without the rows of transaction sets that repeat an earlier one."""
    found = _copies(staged["sets"])
    if not found:
        return Kept(staged)
    starts = np.array([each.key for each in found], np.int64)
    ends = starts + np.array([each.segments for each in found], np.int64)
    sources = staged["sets"]["key"].to_numpy() >> 32
    numbers, counts = np.unique(sources, return_counts=True)
    tables = {name: _outside(table, starts, ends) for name, table in staged.items()}
    return Kept(tables, found, dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


def _copies(sets: pa.Table) -> list[_Copy]:
    """The copies, in the order of their keys."""
    known = sets.filter(pc.is_valid(sets["digest"])).sort_by("key")
    if len(known["digest"].unique()) == known.num_rows:
        return []
    first: dict[str, int] = {}
    found = []
    for row in known.select(["key", "digest", "segments", "kind"]).to_pylist():
        original = first.setdefault(row["digest"], row["key"])
        if original != row["key"]:
            found.append(_Copy(row["key"], original, row["segments"], row["kind"]))
    return found


def _outside(table: pa.Table, starts: np.ndarray, ends: np.ndarray) -> pa.Table:
    """The rows whose key lies in none of the ranges: slices of the table, so that nothing is copied."""
    if not table.num_rows:
        return table
    key = table["key"].to_numpy()
    place = np.searchsorted(starts, key, side="right") - 1
    inside = (place >= 0) & (key < ends[np.maximum(place, 0)])
    if not inside.any():
        return table
    edges = np.flatnonzero(np.diff(np.concatenate([[True], inside, [True]]).astype(np.int8)))
    parts = [table.slice(begin, end - begin) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
    return pa.concat_tables([table.slice(0, 0), *parts])


def note(intake: Intake, kept: Kept, sources: Mapping[int, str]) -> None:
    """Note what was left out: once for a file that holds nothing else or many, else once for each transaction set."""
    groups: dict[tuple[int, int], list[_Copy]] = defaultdict(list)
    for each in kept.copies:
        groups[each.key >> 32, each.original >> 32].append(each)
    for (number, original), found in groups.items():
        first, size = found[0], sum(each.segments for each in found)
        if number != original and len(found) == kept.sets[number]:
            where, what = "file", f"a copy of {sources[original]}"
        elif len(found) > _MANY:
            where = f"segment {first.key & _SEGMENT}"
            what = f"copies of transaction sets of {sources[original]}, as of segment {first.original & _SEGMENT}"
        else:
            for each in found:
                at = f"segment {each.original & _SEGMENT}"
                what = f"a copy of the transaction set at {at} of {sources[original]}"
                _left_out(
                    intake,
                    sources[number],
                    f"segment {each.key & _SEGMENT}",
                    what,
                    f"{each.segments:,} segments",
                )
            continue
        _left_out(intake, sources[number], where, what, f"{len(found):,} transaction sets, {size:,} segments")


def _left_out(intake: Intake, source: str, location: str, what: str, content: str) -> None:
    intake.reject(
        source=source, location=location, table_name="segments", action="noted", severity="warning",
        reason=f"{what}: left out", content=content,
    )  # fmt: skip
