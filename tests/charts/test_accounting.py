"""The chart of what was read: every row of the accounting, rejects in sight, totals in words."""

from __future__ import annotations

import pandas as pd
import pytest

from cpticd import charts
from cpticd.core.errors import ArgumentError
from tests.charts.test_charts import hover

ROWS = pd.DataFrame(
    {
        "source": ["a<b>.837", "a<b>.837", "r.835"],
        "table_name": ["segments", "claims", "line_payments"],
        "read": [1000, 40, 60],
        "loaded": [998, 40, 60],
        "rejected": [2, 0, 0],
        "amount_read": [float("nan"), 4000.0, 5000.0],
        "amount_loaded": [float("nan"), 4000.0, 5000.0],
        "amount_rejected": [float("nan"), 0.0, 0.0],
    }
)


def test_one_row_each_with_what_was_loaded_and_rejected() -> None:
    fig = charts.accounting(ROWS)
    loaded, rejected = fig.data
    assert (list(loaded.x), list(loaded.y)) == ([998, 40, 60], [0, 1, 2])
    assert (list(rejected.x), list(rejected.y)) == ([2], [0])
    assert list(fig.layout.yaxis.ticktext) == ["a&lt;b&gt;.837 · segments", "claims", "r.835 · line payments"]
    assert fig.layout.title.subtitle.text == "1,100 records of 2 sources: 1,098 loaded, 2 rejected"
    words = [note.text for note in fig.layout.annotations]
    assert words == ["998 loaded, <b>2 rejected</b>", "40 loaded", "60 loaded"]
    assert "read: 40, $4,000" in hover(loaded, 1)


def test_too_many_rows_are_announced_and_those_with_rejects_stay() -> None:
    fig = charts.accounting(ROWS.iloc[[1, 2, 0]].reset_index(drop=True), max_rows=2)
    assert list(fig.data[0].x) == [60, 998]
    assert list(fig.data[1].x) == [2]
    assert "2 of 3 rows shown" in fig.layout.annotations[-1].text


def test_nothing_rejected_is_one_trace_and_nothing_read_is_said() -> None:
    assert [trace.name for trace in charts.accounting(ROWS.iloc[1:].reset_index(drop=True)).data] == [
        "loaded"
    ]
    assert "Nothing was read" in charts.accounting(ROWS.head(0)).layout.annotations[0].text
    with pytest.raises(ArgumentError, match=r"claims\.accounting"):
        charts.accounting(ROWS.drop(columns="loaded"))
