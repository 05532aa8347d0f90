"""Rows of staged tables that lie on disk: those of some records or files, without reading the rest of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

#: Rows that are read or passed over together.
GROUP: Final = 1 << 14
#: Keys of records in staged tables: the file's number, and that of a segment.
_KEYS: Final = ("key", "set_key")
_FILE, _SEGMENT = 32, (1 << 32) - 1
_Keys = npt.NDArray[np.int64]


class Spans(NamedTuple):
    """Ranges of keys that do not overlap, in order: from each ``low`` up to, but without, its ``high``."""

    low: _Keys
    high: _Keys


def of_files(numbers: Iterable[int]) -> Spans:
    """Everything in files of these numbers."""
    found = np.array(sorted(numbers), np.int64)
    return Spans(found << _FILE, found + 1 << _FILE)


def of_records(keys: pa.ChunkedArray) -> Spans:
    """These records alone."""
    found = np.sort(keys.to_numpy())
    return Spans(found, found + 1)


def read(files: Iterable[Path], schema: pa.Schema, spans: Spans, ranks: Mapping[int, int]) -> pa.Table:
    """The rows of a staged table within ``spans``, under keys by the rank of their file, and in this order."""
    parts = [schema.empty_table(), *(_within(file, spans).cast(schema) for file in files)]
    table = pa.concat_tables(parts)
    if not table.num_rows:
        return table
    rank_of = np.zeros(max(ranks) + 1, np.int64)
    rank_of[[*ranks]] = [*ranks.values()]
    key = table["key"].to_numpy()
    begins = np.flatnonzero(np.diff(key >> _FILE, prepend=-1))
    ends = np.append(begins[1:], len(key))
    order = np.argsort(rank_of[key[begins] >> _FILE], kind="stable")
    if (np.diff(order) < 0).any():  # files stand together: nothing is copied
        table = pa.concat_tables([table.slice(begins[i], ends[i] - begins[i]) for i in order])
    for name in _KEYS:
        if name in schema.names:
            key = table[name].to_numpy()
            ranked = pa.array(rank_of[key >> _FILE] << _FILE | key & _SEGMENT)
            table = table.set_column(schema.get_field_index(name), name, ranked)
    return table


def _within(file: Path, spans: Spans) -> pa.Table:
    """The rows of a file within ``spans``, of which only groups of rows are read that hold some."""
    source = pq.ParquetFile(file)
    key = source.read(["key"])["key"].to_numpy()
    if not (key[1:] >= key[:-1]).all():  # things said at the end of a file, of what stood before
        whole = source.read().sort_by("key")
        mask, _ = _marked(whole["key"].to_numpy(), spans)
        return whole.filter(pa.array(mask))
    mask, begins = _marked(key, spans)
    sizes = [source.metadata.row_group(number).num_rows for number in range(source.num_row_groups)]
    edges = np.cumsum([0, *sizes])
    held = np.add.reduceat(mask, edges[:-1], dtype=np.int64) > 0 if len(begins) else np.zeros(0, np.bool_)
    groups = np.flatnonzero(held).tolist()
    if not groups:
        return source.schema_arrow.empty_table()
    table = source.read_row_groups(groups)
    kept = np.concatenate([mask[edges[number] : edges[number + 1]] for number in groups])
    return table if kept.all() else table.filter(pa.array(kept))


def _marked(key: _Keys, spans: Spans) -> tuple[npt.NDArray[np.bool_], _Keys]:
    """Which of the keys, that ascend, lie within ``spans``, and where these begin."""
    begins, ends = np.searchsorted(key, spans.low), np.searchsorted(key, spans.high)
    filled = ends > begins
    steps = np.zeros(len(key) + 1, np.int8)
    steps[begins[filled]] += 1
    steps[ends[filled]] -= 1
    return np.cumsum(steps, dtype=np.int8)[:-1] > 0, begins[filled]
