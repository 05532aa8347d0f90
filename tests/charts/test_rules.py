"""Charts of rules: the points, cells and lines are the frame's numbers; what is too little to read is not coloured."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

from cpticd.charts import residual_months, scorecard, scorecard_scatter
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError
from tests.charts.samples import frame

CARD = frame(
    """
    rule               |family    |severity|payer   |lines|flagged_lines|denied_lines|precision|low |high|related_lines|related_precision|category_denials|recall|lift|q_value|caught_amount|paid_amount
    laterality_conflict|laterality|error   |North   | 1000|           40|          36|      0.9|0.77|0.96|           30|             0.75|              60|   0.5| 9.0| 0.0001|       5000.0|      120.5
    laterality_conflict|laterality|error   |<b>South| 2000|            6|           3|      0.5|0.19|0.81|            1|             0.17|              20|  0.05|    |       |        300.0|      200.0
    our_rule           |          |        |North   | 1000|           20|           1|     0.05|0.01|0.24|             |                 |                |      | 0.5|    0.9|         90.0|     1500.0
    """
)
MONTHS = frame(
    """
    payer|hcpcs_code|diagnosis_family|carc|start_date|period    |services|denied|rate|low |high|services_elsewhere|denied_elsewhere|rate_elsewhere
    North|80053     |E11             |50  |2024-02-03|2024-01-01|      20|     0| 0.0|0.00|0.16|                40|               1|         0.025
    North|80053     |E11             |50  |2024-02-03|2024-02-01|      10|     9| 0.9|0.60|0.98|                30|               0|           0.0
    North|80053     |E11             |50  |2024-02-03|2024-03-01|       0|     0|    |    |    |                30|               3|           0.1
    South|99213     |(any)           |96  |2024-03-01|2024-01-01|       5|     0| 0.0|0.00|0.43|                  |                |
    South|99213     |(any)           |96  |2024-03-01|2024-03-01|       5|     5| 1.0|0.57|1.00|                 9|               0|           0.0
    """
)
ALL = [(scorecard_scatter, CARD), (scorecard, CARD), (residual_months, MONTHS)]


def hover(trace: go.Scatter, cells: list[str]) -> str:
    return re.sub(r"%\{customdata\[(\d+)\]\}", lambda found: cells[int(found[1])], trace.hovertemplate)


@pytest.mark.parametrize(("chart", "data"), ALL)
def test_titles_themes_and_empty_frames(chart: Callable[..., go.Figure], data: pd.DataFrame) -> None:
    fig, dark = chart(data), chart(data, theme="dark")
    assert fig.layout.title.text and fig.layout.yaxis.title.text
    assert "nan" not in fig.to_json().lower()
    assert fig.layout.template.layout.paper_bgcolor != dark.layout.template.layout.paper_bgcolor
    empty = chart(data.head(0))
    assert not empty.data and re.match("No ", empty.layout.annotations[0].text)
    with pytest.raises(ArgumentError, match=r"no column .*give the DataFrame of rules\."):
        chart(data.drop(columns="rate" if chart is residual_months else "precision"))
    assert "<b>South" not in fig.to_json()


def test_points_are_recall_against_precision() -> None:
    fig = scorecard_scatter(CARD)
    assert {item.name: (list(item.x), list(item.y)) for item in fig.data} == {
        "North": ([0.5], [0.9]),
        "&lt;b&gt;South": ([0.05], [0.5]),
    }
    north, south = fig.data
    assert list(north.marker.size) == [5000]
    assert north.marker.color[0] == themes.rgba(themes.BLUE, 0.55)
    assert south.marker.color[0].endswith(",0)")  # six lines: hollow
    assert scorecard_scatter(CARD, readable_lines=5).data[1].marker.color[0].endswith(",0.55)")
    # the rule of one's own has no related denials, so no recall: told, not dropped in silence
    assert "1 of 3 rows" in fig.layout.annotations[0].text
    text = hover(north, north.customdata[0])
    assert list(north.customdata[0][:2]) == ["laterality_conflict", "North"]
    for fact in ("flagged: 40 of 1,000", "denied: 36 (90.0 %; 77.0–96.0 %)", "related cause: 30 (75.0 %)",
                 "recall of such denials: 50.0 % of 60", "9.00×, q <0.001", "$5,000; paid in spite: $120"):  # fmt: skip
        assert fact in text


def test_the_vertical_axis_may_be_related_denials() -> None:
    assert list(scorecard_scatter(CARD, color="related_precision").data[0].y) == [0.75]
    with pytest.raises(
        ArgumentError, match="color 'recall' is unknown; give one of precision, related_precision"
    ):
        scorecard_scatter(CARD, color="recall")


def test_payers_beyond_the_first_are_grey() -> None:
    fig = scorecard_scatter(CARD, max_groups=1)
    assert [item.name for item in fig.data] == ["North", "1 others"]
    assert fig.data[1].marker.line.color == themes.GREY


def test_cells_are_coloured_where_they_can_be_read() -> None:
    clear, dim = scorecard(CARD).data
    assert (list(clear.y), list(clear.x)) == (["laterality_conflict", "our_rule"], ["<b>South", "North"])
    assert [list(row) for row in clear.z] == [[None, 90.0], [None, 5.0]]
    assert [list(row) for row in dim.z] == [[0.0, None], [None, None]]
    assert [list(row) for row in clear.text] == [["", "90 % · 40"], ["", "5 % · 20"]]
    assert dim.text[0][0] == "6"
    assert dim.customdata[0][0][0] == "laterality_conflict"
    related, grey = scorecard(CARD, color="related_precision").data
    assert related.z[0][1] == 75.0
    assert (related.z[1][1], grey.z[1][1], grey.text[1][1]) == (None, 0.0, "20")  # no causes are known of it


def test_a_matrix_is_by_one_dimension() -> None:
    two = CARD.copy()
    two.insert(4, "place", "11")
    with pytest.raises(ArgumentError, match=r"by \['payer', 'place'\]; call rules.scorecard"):
        scorecard(two)
    none = scorecard(CARD.drop(columns="payer").drop_duplicates("rule"))
    assert list(none.data[0].x) == ["all lines"]


def test_rules_that_are_not_shown_are_counted() -> None:
    fig = scorecard(CARD, max_rows=1, max_columns=1)
    assert list(fig.data[0].y) == ["laterality_conflict"]
    assert "1 rules, 1 columns" in fig.layout.title.subtitle.text


def test_a_panel_per_cluster_with_its_start() -> None:
    fig = residual_months(MONTHS)
    own = [item for item in fig.data if item.name == "this payer"]
    assert [list(item.y) for item in own] == [[0, 0.9, None], [0, 1]]
    assert list(own[0].x) == ["2024-01-01", "2024-02-01", "2024-03-01"]
    others = [item for item in fig.data if item.name == "other payers"]
    assert [list(item.y) for item in others] == [[0.025, 0, 0.1], [None, 0]]
    assert [shape.x0 for shape in fig.layout.shapes] == ["2024-02-03", "2024-03-01"]
    assert [item.text for item in fig.layout.annotations][:2] == [
        "North: 80053 for E11, CARC 50",
        "South: 99213 for (any), CARC 96",
    ]
    assert "denied: 9 (90.0 %; 60.0–98.0 %)" in hover(own[0], own[0].customdata[1])
    assert "other payers: 0 of 30 (0.0 %)" in hover(own[0], own[0].customdata[1])
    band = next(item for item in fig.data if item.name == "interval")
    assert list(band.y) == [0, 0.6]  # a month without services has none


def test_clusters_that_are_not_shown_are_announced() -> None:
    fig = residual_months(MONTHS, max_clusters=1)
    assert "1 of 2 clusters shown" in [item.text for item in fig.layout.annotations]
