"""Stretches of a sorted Parquet file in which some values lie, so that an engine passes over the rest."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

#: More stretches than this are not told apart: nearly all of the file is read then.
_MANY: Final = 64


def within(file: Path, column: str, values: Sequence[str]) -> str:
    """SQL that holds for all rows that have one of the ``values``, which ascend, and for few others; '' for none.

    Groups of rows are known by their least and greatest value.
    """
    metadata = pq.read_metadata(file)
    place = metadata.schema.names.index(column)
    found: list[tuple[str, str]] = []
    before = False
    for number in range(metadata.num_row_groups):
        known = metadata.row_group(number).column(place).statistics
        if known is None or not known.has_min_max:
            return ""
        first = bisect_left(values, known.min)
        last = bisect_left(values, known.max)
        if last == len(values) or values[last] != known.max:
            last -= 1
        if first > last:
            before = False
            continue
        low = found.pop()[0] if before else values[first]
        found.append((min(low, values[first]), max(low, values[last])))
        before = True
    if len(found) > _MANY:
        return ""
    parts = [f"({column} >= {_quoted(low)} AND {column} <= {_quoted(high)})" for low, high in found]
    return " OR ".join(parts) or "false"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
