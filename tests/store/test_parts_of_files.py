"""What is read of large files of a store: rows of some records and claims, and no others."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cpticd.loaders.growing import staged_rows, stretches

_SCHEMA = pa.schema([("key", pa.int64()), ("value", pa.string())])


def key(file: int, segment: int) -> int:
    return file << 32 | segment


def written(path: Path, keys: list[int], *, group: int) -> Path:
    rows = pa.table({"key": keys, "value": [f"{each >> 32}/{each & 0xFFFFFFFF}" for each in keys]}, _SCHEMA)
    pq.write_table(rows, path, row_group_size=group)
    return path


@pytest.mark.parametrize("group", [1, 2, 3, 100])
def test_rows_of_records_come_under_the_rank_of_their_file_in_order(tmp_path: Path, group: int) -> None:
    first = written(
        tmp_path / "a.parquet", [key(0, 5), key(0, 5), key(0, 9), key(1, 2), key(1, 3)], group=group
    )
    second = written(tmp_path / "b.parquet", [key(2, 8), key(2, 1), key(2, 8)], group=group)  # not in order
    ranks = {0: 2, 1: 0, 2: 1}
    spans = staged_rows.of_records(pa.chunked_array([[key(2, 8), key(0, 5), key(1, 3), key(1, 7)]]))
    found = staged_rows.read([first, second], _SCHEMA, spans, ranks)
    assert found["value"].to_pylist() == ["1/3", "2/8", "2/8", "0/5", "0/5"]
    assert found["key"].to_pylist() == [key(0, 3), key(1, 8), key(1, 8), key(2, 5), key(2, 5)]
    whole = staged_rows.read([first, second], _SCHEMA, staged_rows.of_files([2, 1]), ranks)
    assert whole["value"].to_pylist() == ["1/2", "1/3", "2/1", "2/8", "2/8"]
    none = staged_rows.read([first], _SCHEMA, staged_rows.of_files([2]), ranks)
    assert none.num_rows == 0
    assert none.schema == _SCHEMA


@pytest.mark.parametrize("group", [1, 2, 5, 100])
@pytest.mark.parametrize(
    "wanted", [[], ["B"], ["A", "C"], ["0", "Z'"], ["C", "D", "K"], list("ABCDEFGHIJKL")]
)
def test_stretches_hold_every_row_that_is_asked_for(tmp_path: Path, group: int, wanted: list[str]) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"claim_id": [*"AAABCCCDEEFGHIIKKLZ", "Z'"]}), path, row_group_size=group)
    condition = stretches.within(path, "claim_id", wanted) or "true"
    found = duckdb.sql(f"SELECT claim_id FROM '{path}' WHERE {condition}").fetchall()
    values = pq.read_table(path)["claim_id"].to_pylist()
    assert [each for (each,) in found if each in wanted] == [each for each in values if each in wanted]
    if group == 1:
        assert all(each in wanted for (each,) in found)
