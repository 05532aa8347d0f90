"""Drivers and rates by two dimensions: what stands where, in what words, and what is left out."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd
import pytest

from cpticd import charts
from cpticd.charts import driver_charts
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError
from tests.charts.samples import DRIVERS, OVERALL, RATES, RATES_BY_TWO


def filled(trace: Any, *at: int) -> str:
    """The hover of a mark, as plotly fills it in."""
    cells = trace.customdata
    for place in at:
        cells = cells[place]
    return re.sub(r"%\{customdata\[(\d+)\]\}", lambda found: str(cells[int(found[1])]), trace.hovertemplate)


def rows(fig: Any) -> dict[str, tuple[str, float, float, float]]:
    """By label: level, excess, and the ends of its interval."""
    names = dict(zip(fig.layout.yaxis.tickvals, fig.layout.yaxis.ticktext, strict=True))
    return {
        names[y]: (trace.name, x, round(x - minus, 3), round(x + plus, 3))
        for trace in fig.data
        for x, y, minus, plus in zip(trace.x, trace.y, trace.error_x.arrayminus, trace.error_x.array, strict=True)
    }  # fmt: skip


def test_drivers_are_named_ranked_by_dollars_and_have_their_interval_in_dollars() -> None:
    fig = charts.drivers(DRIVERS)
    assert list(fig.layout.yaxis.ticktext) == ["North", "97110 at North", "82306", "provider 1234"]
    assert rows(fig) == {
        "North": ("payer", 30000, 21000, 39000),
        "97110 at North": ("payer × procedure", 3000, 2100, 4000),
        "82306": ("procedure", 1000, 400, 1700),
        "provider 1234": ("place, provider, other", 600, 75, 1200),
    }
    assert fig.layout.yaxis.range[0] > fig.layout.yaxis.range[1]  # the first row on top
    words = [each.text for each in fig.layout.annotations]
    assert words[:4] == ["$30,000", "$3,000, since June 2025", "$1,000", "$600"]
    assert words[4] == "1 more whose excess may not be shown"


def test_color_and_shape_tell_levels_apart() -> None:
    looks = list(driver_charts.LEVELS.values())
    assert len({color for color, _ in looks}) == len({symbol for _, symbol in looks}) == len(looks)
    for trace in charts.drivers(DRIVERS).data:
        assert (trace.marker.color, trace.marker.symbol) == driver_charts.LEVELS[trace.name]


def test_the_hover_has_every_fact() -> None:
    pair = next(trace for trace in charts.drivers(DRIVERS).data if trace.name == "payer × procedure")
    text = filled(pair, 0)
    for fact in ("97110 at North", "100 lines, 80 persons", "40 lines, $4,000", "40.0 % (31.0–50.0 %), expected: 10.0 %",
                 "excess: 30 lines (21 to 40), $3,000", "odds: 6.00×, q: 0.002", "since: June 2025",
                 "medical necessity (CARC 50)"):  # fmt: skip
        assert fact in text
    assert pair.customdata[0][0] == "1"  # the row of the frame, for a click


def test_without_dollars_lines_are_drawn_and_named() -> None:
    fig = charts.drivers(DRIVERS.assign(excess_amount=0.0))
    assert rows(fig)["97110 at North"] == ("payer × procedure", 30, 21, 40)
    assert fig.layout.xaxis.title.text.startswith("Denied lines beyond the expected")
    assert rows(charts.drivers(DRIVERS, unit="lines")) == rows(fig)
    with pytest.raises(ArgumentError, match="unit 'euros'"):
        charts.drivers(DRIVERS, unit="euros")  # type: ignore[arg-type]


def test_the_rest_is_added_up_in_words() -> None:
    fig = charts.drivers(DRIVERS, max_rows=2)
    assert list(fig.layout.yaxis.ticktext) == ["North", "97110 at North"]
    assert (
        "2 of 4 drivers shown; the other 2 hold $1,600 beyond the expected" in fig.layout.annotations[-1].text
    )


def test_the_axis_is_logarithmic_where_few_are_much_dearer_and_says_so() -> None:
    fig = charts.drivers(DRIVERS)  # $30,000, and $2,000 in the middle
    assert fig.layout.xaxis.type == "log"
    assert "(log)" in fig.layout.xaxis.title.text
    least, most = fig.layout.xaxis.range
    for _, excess, low, high in rows(fig).values():
        assert least <= math.log10(low) <= math.log10(excess) <= math.log10(high) <= most
    assert {"$500", "$1k", "$20k"} <= set(fig.layout.xaxis.ticktext)
    even = charts.drivers(DRIVERS.iloc[1:])
    assert even.layout.xaxis.type is None
    assert "(log)" not in even.layout.xaxis.title.text


def test_an_interval_that_reaches_below_nothing_begins_where_the_logarithmic_axis_does() -> None:
    fig = charts.drivers(DRIVERS.assign(excess_low=-5.0))
    assert {low for _, _, low, _ in rows(fig).values()} == {60}  # a tenth of the smallest excess


def test_nothing_found_says_what_could_have_been_missed() -> None:
    missed = {"payer × hcpcs_code": "300 looked at", "hcpcs_code × diagnosis_code": "534 looked at"}
    fig = charts.drivers(amend(DRIVERS.head(0).copy(), {"arguments": {"q": 0.05}}, detectable=missed))
    assert fig.layout.annotations[0].text.split("<br>") == [
        "No driver passes q 0.05.",
        "Payer × procedure: 300 looked at.",
        "Procedure × diagnosis: 534 looked at.",
    ]
    assert fig.layout.height > 220


def test_hidden_excesses_leave_a_figure_that_says_so() -> None:
    fig = charts.drivers(DRIVERS.tail(1))
    assert not fig.data
    assert fig.layout.annotations[0].text == "No driver's excess may be shown."


def test_names_are_no_markup() -> None:
    fig = charts.drivers(
        DRIVERS.tail(1).assign(excess_denials=16, excess_low=10, excess_high=22, excess_amount=800)
    )
    assert list(fig.layout.yaxis.ticktext) == ["99213 × I10 at &lt;b&gt;East"]
    assert "<b>East" not in filled(fig.data[0], 0)


def test_rates_by_two_dimensions_are_a_map() -> None:
    fig = charts.rates(RATES_BY_TWO)
    cells, few = fig.data
    # North: 70 of 500; South: 6 of 60. 80053: 30 of 100, 99213: 45 of 410, 97110: 1 of 50.
    assert list(cells.y) == ["North", "South"]
    assert list(cells.x) == ["80053", "99213", "97110"]
    assert [list(row) for row in cells.z] == [[30, 10, None], [None, None, 2]]
    assert [list(row) for row in few.z] == [[None, None, None], [None, 0, None]]
    assert few.text[1][1] == "50"
    assert few.colorscale[0][1] == few.colorscale[1][1] == "#C8C8C8"
    assert fig.layout.coloraxis.cmax == 30  # few lines do not set the scale
    assert list(cells.customdata[0][0][:2]) == ["North", "80053"]
    text = filled(cells, 0, 0)
    for fact in ("North × 80053", "n: 100", "denied: 30, $1,500", "30.0 % (95 % interval 22.0–40.0 %)"):
        assert fact in text
    assert "grey: fewer than 30 lines" in fig.layout.title.subtitle.text


def test_a_map_shows_what_is_counted_most_and_tells_the_rest() -> None:
    fig = charts.rate_matrix(RATES_BY_TWO, max_columns=2, order="n")
    assert list(fig.data[0].x) == ["99213", "80053"]
    assert "not shown: 1 procedure of fewer lines" in fig.layout.title.subtitle.text


def test_a_map_leaves_out_what_may_not_be_shown() -> None:
    hidden = RATES_BY_TWO.assign(rate=[0.1, None, 0.5, 0.02])
    assert "80053" not in charts.rate_matrix(hidden).data[0].x
    assert not charts.rate_matrix(RATES_BY_TWO.assign(rate=float("nan"))).data


def test_a_map_is_of_two_dimensions() -> None:
    with pytest.raises(ArgumentError, match="found 1 dimensions"):
        charts.rate_matrix(RATES)
    with pytest.raises(ArgumentError, match="no column 'low'"):
        charts.rate_matrix(RATES_BY_TWO.drop(columns="low"))
    assert charts.rates(RATES_BY_TWO, overall=OVERALL).data[0].type == "scatter"  # with a line for all


@pytest.mark.parametrize("frame", [DRIVERS, RATES_BY_TWO])
def test_dark_has_the_same_marks_on_another_page(frame: pd.DataFrame) -> None:
    chart = charts.drivers if frame is DRIVERS else charts.rates
    light, dark = chart(frame), chart(frame, theme="dark")
    assert light.layout.template.layout.paper_bgcolor != dark.layout.template.layout.paper_bgcolor
    assert [trace.to_plotly_json() for trace in light.data] == [trace.to_plotly_json() for trace in dark.data]
