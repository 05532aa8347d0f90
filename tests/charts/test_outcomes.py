"""What claims consist of, as bars: each outcome's lines and dollars where they belong."""

from __future__ import annotations

import pytest

from cpticd import charts
from cpticd.core.errors import ArgumentError
from tests.charts.samples import frame

ROWS = frame(
    """
    payer  |claim_type   |initial_outcome|lines|charge_amount
    North  |professional |paid           |   90|      9000.25
    North  |professional |denied         |   10|      1500
    <b>East|institutional|paid           |    5|     20000
    <b>East|institutional|not adjudicated|    2|
    """
)


def test_each_outcome_has_its_lines_left_and_its_charges_right() -> None:
    fig = charts.outcomes(ROWS)
    drawn = {(bar.name, bar.xaxis): dict(zip(bar.y, bar.x, strict=True)) for bar in fig.data}
    north, east = "North · professional", "<b>East · institutional"
    assert drawn == {
        ("paid", "x"): {north: 90, east: 5},
        ("paid", "x2"): {north: 9000.25, east: 20000},
        ("denied", "x"): {north: 10},
        ("denied", "x2"): {north: 1500},
        ("not adjudicated", "x"): {east: 2},
        ("not adjudicated", "x2"): {east: None},
    }
    assert fig.layout.barmode == "stack"
    assert [fig.layout.xaxis.title.text, fig.layout.xaxis2.title.text] == [
        "Service lines",
        "Charges, US dollars",
    ]


def test_groups_keep_their_order_one_legend_entry_each_and_text_is_escaped() -> None:
    fig = charts.outcomes(ROWS)
    assert list(fig.layout.yaxis.categoryarray)[::-1] == ["North · professional", "<b>East · institutional"]
    assert fig.layout.yaxis.ticktext[1] == "&lt;b&gt;East · institutional"
    assert [bar.name for bar in fig.data if bar.showlegend] == ["paid", "denied", "not adjudicated"]
    assert list(fig.data[0].customdata[1]) == ["&lt;b&gt;East · institutional", "5", "$20,000"]


def test_the_title_names_groups_and_clock() -> None:
    fig = charts.outcomes(
        ROWS.drop(columns="claim_type").rename(columns={"initial_outcome": "final_outcome"})
    )
    assert fig.layout.title.text == "Service lines and charges by payer"
    assert "latest answer" in fig.layout.title.subtitle.text


def test_groups_beyond_the_limit_are_announced() -> None:
    fig = charts.outcomes(ROWS, max_groups=1)
    assert {name for bar in fig.data for name in bar.y} == {"North · professional"}
    assert "1 of 2 groups" in fig.layout.annotations[-1].text


def test_without_groups_there_is_one_bar() -> None:
    fig = charts.outcomes(ROWS.iloc[[0, 1]][["initial_outcome", "lines", "charge_amount"]])
    assert {name for bar in fig.data for name in bar.y} == {"all lines"}


def test_wrong_and_empty_frames() -> None:
    with pytest.raises(ArgumentError, match="no column 'lines'"):
        charts.outcomes(ROWS.drop(columns="lines"))
    with pytest.raises(ArgumentError, match="initial_outcome"):
        charts.outcomes(ROWS.drop(columns="initial_outcome"))
    empty = charts.outcomes(ROWS.head(0))
    assert not empty.data
    assert "No service lines" in empty.layout.annotations[0].text
