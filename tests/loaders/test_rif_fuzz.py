"""Damaged files of Medicare: nothing but errors of cpticd, nothing lost, in rows and in dollars."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd.core.errors import CpticdError
from tests.loaders.flat_text import balanced
from tests.loaders.test_cclf import fixed
from tests.loaders.test_rif import CARRIER, INPATIENT, OUTPATIENT

CELLS = st.sampled_from(
    ["", "x", "NA", "~", ".", "1e10", "(12.50)", "$1,000.00", "9" * 40, "0001", "CO50", "PR", "2021-02-30", "20210101",
     "'", '"', "a|b", "é", "\x00", "0", "1", "N", "3", "D", "1.0", "42371", "-1"]
)  # fmt: skip
LINE = {1: "21", 2: "1", 3: "M1", 5: "71", 6: "2024-01-05", 7: "2024-01-05", 15: "99213", 16: "80.00", 22: "A", 26: "K1",
        28: "100.00", 36: "E119", 44: "0"}  # fmt: skip


@pytest.mark.thorough
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from([CARRIER, OUTPATIENT, INPATIENT]),
    edits=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), CELLS), min_size=1, max_size=8),
    order=st.permutations([1, 2, 3]), twice=st.booleans(),
)  # fmt: skip
def test_damaged_cells(
    tmp_path: Path, text: str, edits: list[tuple[int, int, str]], order: list[int], twice: bool
) -> None:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    for row, column, cell in edits:
        rows[row % len(rows)][column % len(rows[0])] = cell
    rows = [rows[0], *(rows[n] for n in order), *rows[1 : 2 + twice]]
    path = tmp_path / "damaged.txt"
    path.write_text("\n".join("|".join(row) for row in rows))
    _is_accounted_for(path)


@pytest.mark.thorough
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(1, 45), CELLS.filter(str.isascii)), min_size=1, max_size=6),
    cut=st.integers(40, 400),
)
def test_damaged_fixed_width(tmp_path: Path, edits: list[tuple[int, str]], cut: int) -> None:
    row = LINE | {column: cell[:2] for column, cell in edits}
    path = tmp_path / "P.A0001.ACO.ZC5Y24.D240301.T1"
    path.write_text(fixed(5, LINE) + fixed(5, row | {2: "2"})[:cut] + "\n")
    _is_accounted_for(path)


def _is_accounted_for(path: Path) -> None:
    try:
        claims = cx.read(path, progress=False, quiet=True)
    except CpticdError:
        return
    assert balanced(claims)
    lines = claims.table("lines")
    assert not lines.duplicated(["claim_id", "claim_line_number"]).any()
    rows = claims.accounting().query("table_name == 'file rows'")
    assert rows.loaded.sum() >= len(lines)
