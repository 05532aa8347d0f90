"""Flat exports: columns that are read by their distinct texts hold what every cell read on its own would."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.loaders.flat import typed
from tests.loaders.flat_text import assert_same, balanced
from tests.spec import frame

MESSY = frame("""
    claim  | line | dos       | cpt      | mod   | pos  | dx1   | dx2    | charge   | paid    | paid date | units | npi
    1001.0 | 1    | 45321     | 100      | 25,59 | 1    | 401.9 | e11.9  | 1,200.00 | 60      | 20240301  | 1     | 1234567893.0
    1002   | 1.0  | 1/5/24    | 99213-25 |       | 11.0 | I10   |        | $7       | (5.00)  | 3/1/24    | 2.0   | 1234567893
    1003   | 1    | 5-Jan-24  | j1100    | GT    | 11   | E11.9 | M54.50 | 7.00-    | $ -     |           | 1.5   |
    1004   | 1    | bad       | 99213    |       | 11   | I10   |        | 10       | 1       |           | 1     |
    1005   | 1    | 1/5/2024  | OFFICE   | 59    | 11   | I10   |        | ten      | 1       |           |       | Reed, Joe
    1006   | 1    | 1/25/2024 | 99214    |       | 11   | I10   |        | 10       | 1       |           | 1     |
""")


def test_a_column_read_by_its_texts_is_as_if_each_cell_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    by_texts = cx.read_wide(MESSY, quiet=True, progress=False)
    monkeypatch.setattr(typed, "_LOOKED_UP", 0)
    monkeypatch.setattr(typed, "_PLAIN", {})
    one_by_one = cx.read_wide(MESSY, quiet=True, progress=False)
    assert_same(by_texts, one_by_one)
    columns = ["location", "action", "reason", "content"]
    one, other = (
        c.rejects[columns].sort_values(columns).reset_index(drop=True) for c in (by_texts, one_by_one)
    )
    pd.testing.assert_frame_equal(one, other)
    assert balanced(by_texts) and len(by_texts.table("lines")) == 4
