"""What the figures show: the frame's numbers, its labels, and every fact in the hover."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

from cpticd import charts
from cpticd.charts import theme
from cpticd.core.errors import ArgumentError
from tests.charts.samples import CAUSES, DELAY, DRIVERS, FAMILIES, OVERALL, PAIRS, RATES, RATES_BY_TWO, TREND

ALL = [
    (charts.causes, CAUSES),
    (charts.pair_matrix, PAIRS),
    (charts.pair_matrix, FAMILIES),
    (charts.pair_scatter, PAIRS),
    (charts.trend, TREND),
    (charts.rates, RATES),
    (charts.delay, DELAY),
    (charts.drivers, DRIVERS),
    (charts.rate_matrix, RATES_BY_TWO),
]


def hover(trace: go.Scatter, point: int) -> str:
    """The hover text of a point, its template filled in as plotly does."""
    cells = trace.customdata[point]
    return re.sub(r"%\{customdata\[(\d+)\]\}", lambda found: cells[int(found[1])], trace.hovertemplate)


def trace(fig: go.Figure, name: str) -> go.Scatter:
    return next(item for item in fig.data if item.name == name)


@pytest.mark.parametrize(("chart", "frame"), ALL)
def test_every_chart_has_title_and_axis_titles(chart: Callable[..., go.Figure], frame: pd.DataFrame) -> None:
    fig = chart(frame)
    assert fig.layout.title.text
    assert fig.layout.xaxis.title.text or fig.layout.yaxis.title.text
    assert "nan" not in fig.to_json().lower().replace("nance", "")


@pytest.mark.parametrize(("chart", "frame"), ALL)
def test_an_empty_frame_gives_a_figure_that_says_so(
    chart: Callable[..., go.Figure], frame: pd.DataFrame
) -> None:
    fig = chart(frame.head(0))
    assert not fig.data
    assert re.match("No ", fig.layout.annotations[0].text)


@pytest.mark.parametrize(("chart", "frame"), ALL)
def test_a_wrong_frame_is_refused_by_the_missing_columns(
    chart: Callable[..., go.Figure], frame: pd.DataFrame
) -> None:
    wanted = frame.columns[-1] if chart is not charts.rates else "high"
    with pytest.raises(ArgumentError, match=f"no column '{wanted}'.*denials"):
        chart(frame.drop(columns=wanted))
    with pytest.raises(ArgumentError, match="found list; give the DataFrame of denials"):
        chart([1, 2])


@pytest.mark.parametrize(("chart", "frame"), ALL)
def test_dark_is_a_template_of_its_own(chart: Callable[..., go.Figure], frame: pd.DataFrame) -> None:
    light, dark = chart(frame), chart(frame, theme="dark")
    assert light.layout.template.layout.paper_bgcolor != dark.layout.template.layout.paper_bgcolor
    assert len(dark.layout.template.to_plotly_json()["layout"]) > 5
    with pytest.raises(ArgumentError, match="found 'sepia'; give one of light, dark"):
        chart(frame, theme="sepia")


def test_causes_orders_bars_colours_them_and_adds_up() -> None:
    fig = charts.causes(CAUSES)
    assert {bar.name: (list(bar.y), list(bar.x)) for bar in fig.data[:-1]} == {
        "diagnosis-related": (["medical necessity"], [12000.5]),
        "coding-related, not by diagnosis": (["procedure, modifier"], [3000]),
        "neither": (["timely filing"], [5000]),
    }
    assert fig.layout.title.text == "Denied dollars by root cause"
    assert fig.layout.xaxis.title.text == "Denied charges, US dollars"
    line = fig.data[-1]
    assert list(line.x) == [0.6, 0.85, 1]
    assert list(fig.layout.yaxis.categoryarray) == [
        "procedure, modifier",
        "timely filing",
        "medical necessity",
    ]
    text = hover(fig.data[0], 0)
    for fact in (
        "medical necessity",
        "denied lines: 40",
        "$12,000 (60.0 %)",
        "diagnosis-related: yes",
        "partly",
    ):
        assert fact in text


def test_causes_by_lines_leaves_out_a_cumulative_share_that_does_not_follow_the_bars() -> None:
    fig = charts.causes(CAUSES, unit="lines")
    assert list(fig.layout.yaxis.categoryarray)[-1] == "medical necessity"
    assert [item.type for item in fig.data] == ["bar"] * 3
    with pytest.raises(ArgumentError, match="unit 'dollars'"):
        charts.causes(CAUSES, unit="dollars")  # type: ignore[arg-type]


def test_causes_of_several_payers_asks_for_one() -> None:
    both = pd.concat([CAUSES.assign(payer="North"), CAUSES.assign(payer="South")])
    both = both[["payer", *CAUSES.columns]]
    with pytest.raises(ArgumentError, match=r"2 values of 'payer'.*== 'North'"):
        charts.causes(both)
    assert charts.causes(both[both["payer"] == "North"]).data[0].x == (12000.5,)


def test_pair_matrix_puts_each_pair_in_its_cell() -> None:
    (cells,) = charts.pair_matrix(PAIRS).data
    assert (list(cells.y), list(cells.x)) == (["80053", "99213"], ["E119", "I10"])
    assert [list(row) for row in cells.z] == [[-1, None], [15, None]]
    assert list(cells.customdata[1][0][:2]) == ["99213", "E119"]
    assert cells.text[1][0] == "+15"
    filled = re.sub(
        r"%\{customdata\[(\d+)\]\}", lambda m: cells.customdata[1][0][int(m[1])], cells.hovertemplate
    )
    for fact in ("99213 × E119", "n: 400 lines, 200 persons", "100 lines, $50,000", "25.0 % (95 % interval 21.0–29.0 %)",
                 "expected: 10.0 %", "shrunk: 24.0 %", "q: <0.001", "medical necessity (CARC 50)"):  # fmt: skip
        assert fact in filled


def test_pair_matrix_without_an_expected_rate_shows_the_shrunk_rate_only_when_asked() -> None:
    (cells,) = charts.pair_matrix(PAIRS, color="shrunk_rate").data
    assert [list(row) for row in cells.z] == [[10, None], [24, 10]]
    assert "expected: –" in re.sub(
        r"%\{customdata\[(\d+)\]\}", lambda m: cells.customdata[1][1][int(m[1])], cells.hovertemplate
    )


def test_pair_matrix_of_families_names_families_and_titles_the_measure() -> None:
    fig = charts.pair_matrix(FAMILIES.head(2))
    assert list(fig.data[0].y) == ["Evaluation and management", "Pathology and laboratory"]
    assert fig.layout.title.text == "Denial rate against expected: procedure × diagnosis families"


def test_pair_matrix_codes_stay_text_and_what_is_left_out_is_said() -> None:
    fig = charts.pair_matrix(PAIRS, max_rows=1)
    assert fig.layout.yaxis.type == fig.layout.xaxis.type == "category"
    assert list(fig.data[0].y) == ["99213"]
    assert "not shown: 1 procedures, 0 diagnoses" in fig.layout.title.subtitle.text


def test_pair_matrix_of_several_payers_asks_for_one() -> None:
    both = pd.concat([PAIRS.assign(payer="A"), PAIRS.assign(payer="B")])[["payer", *PAIRS.columns]]
    with pytest.raises(ArgumentError, match="found 2 values of 'payer'"):
        charts.pair_matrix(both)
    fig = charts.pair_scatter(both)
    assert "99213 × E119, B" in [point[2] for part in fig.data for point in part.customdata]


def test_pair_scatter_splits_by_q_and_keeps_untested_pairs() -> None:
    fig = charts.pair_scatter(PAIRS)
    found, rest = trace(fig, "q ≤ 0.1: 1"), trace(fig, "q > 0.1 or not tested: 2")
    assert (list(found.x), list(found.y), list(found.marker.size)) == ([400], [60], [50000])
    assert (list(rest.x), list(rest.y)) == ([100, 50], [-1, None])
    assert fig.layout.xaxis.type == "log"
    assert "q: 0.800" in hover(rest, 0)
    assert "q: –" in hover(rest, 1)
    assert len(charts.pair_scatter(PAIRS, q_threshold=0.9).data[1].x) == 2
    rates = charts.pair_scatter(PAIRS, y="excess_rate")
    assert list(rates.data[1].y) == [15]


def test_pair_scatter_announces_what_it_leaves_out() -> None:
    fig = charts.pair_scatter(PAIRS, max_points=2)
    assert fig.layout.annotations[0].text == "2 first-ranked of 3 pairs shown"
    assert sum(len(part.x) for part in fig.data) == 2


def test_pair_scatter_caps_the_area_of_the_dearest_among_many() -> None:
    many = pd.concat([PAIRS.head(1)] * 99, ignore_index=True).assign(denied_amount=10.0)
    many.loc[0, "denied_amount"] = 1e6
    (points,) = charts.pair_scatter(many).data
    assert set(points.marker.size) == {10}
    assert "$1,000,000" in hover(points, 0)


def test_trend_marks_signals_and_immature_periods() -> None:
    fig = charts.trend(TREND)
    rate = trace(fig, "denial rate")
    assert list(rate.x) == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert list(rate.y) == [0.1, 0.3, 0.05]
    assert list(rate.marker.symbol) == ["circle", "circle", "circle-open"]
    rise = trace(fig, "above the limits: a rise")
    assert list(rise.x) == ["2024-02-01"] and list(rise.marker.symbol) == ["triangle-up-open"]
    assert "above limit" in hover(rate, 1) and "; " not in hover(rate, 0)
    assert list(trace(fig, "upper limit").y) == [0.19, 0.18, 0.26]
    assert list(trace(fig, "control limits").y) == [0.05, 0.06, 0]
    assert "n: 120 lines" in hover(rate, 1)
    assert "limits 6.0–18.0 %" in hover(rate, 1)
    assert "not yet complete" in hover(rate, 2)


def test_a_rise_alone_has_the_color_of_an_alarm() -> None:
    signal, direction = ["run below", "below limit", "rising"], ["fall", "fall", "rise"]
    fig = charts.trend(TREND.assign(signal=signal, direction=direction))
    fall, run = trace(fig, "below the limits: a fall"), trace(fig, "run or trend, up or down")
    assert list(fall.marker.symbol) == ["triangle-down-open"] and list(fall.x) == ["2024-02-01"]
    assert list(run.marker.symbol) == ["triangle-down-open", "triangle-up-open"]
    rise = trace(charts.trend(TREND), "above the limits: a rise").marker.color
    assert len({rise, fall.marker.color, run.marker.color}) == 3 and rise == theme.VERMILION
    assert not any(item.name == "above the limits: a rise" for item in fig.data)


def test_a_period_of_a_few_lines_does_not_flatten_the_trend() -> None:
    last = TREND.tail(1).assign(period=pd.Timestamp("2024-04-01"), n=1, rate=1.0, upper=1.0)
    fig = charts.trend(pd.concat([TREND, last]))
    assert fig.layout.yaxis.range[1] == pytest.approx(1.15 * 0.3)
    assert trace(fig, "denial rate").y[-1] == 1


def test_trend_by_payer_draws_a_panel_each_and_counts_the_rest() -> None:
    names = ["North", "South", "West"]
    several = pd.concat([TREND.assign(payer=name) for name in names])[["payer", *TREND.columns]]
    fig = charts.trend(several, max_groups=2)
    assert [note.text for note in fig.layout.annotations] == ["North", "South", "2 of 3 groups shown"]
    assert sum(item.name == "denial rate" for item in fig.data) == 2


def test_rates_sorts_and_draws_intervals_and_reference() -> None:
    fig = charts.rates(RATES, overall=OVERALL)
    (dots,) = fig.data
    assert [fig.layout.yaxis.ticktext[place] for place in dots.y] == ["South", "North", "&lt;b&gt;East"]
    assert list(dots.x) == [0.2, 0.05, None]
    assert list(dots.error_x.array) == [0.02, 0.06, None]
    assert list(dots.error_x.arrayminus) == [0.02, 0.03, None]
    assert fig.layout.shapes[0].x0 == 0.193
    assert fig.layout.title.text == "Initial denial rate by service lines and payer"
    assert "n: 2,000 service lines" in hover(dots, 0)
    assert "18.0–22.0 %" in hover(dots, 0)
    assert fig.layout.yaxis.ticktext[2] == "&lt;b&gt;East"
    assert hover(dots, 2).startswith("<b>&lt;b&gt;East</b>")
    with pytest.raises(ArgumentError, match="overall has 3 rows"):
        charts.rates(RATES, overall=RATES)


def test_rates_without_groups_is_refused() -> None:
    with pytest.raises(ArgumentError, match="no group column"):
        charts.rates(OVERALL)


def test_delay_is_a_step_curve_with_its_interval() -> None:
    fig = charts.delay(DELAY)
    curve = trace(fig, "not yet adjudicated")
    assert (list(curve.x), list(curve.y)) == ([0, 14, 30], [1, 0.4, 0.19])
    assert curve.line.shape == "hv"
    assert list(trace(fig, "lower limit").y) == [1, 0.3, 0.12]
    assert "30.0–50.0 %" in hover(curve, 1)
    two = pd.concat([DELAY.assign(payer="A"), DELAY.assign(payer="B")])[["payer", *DELAY.columns]]
    assert [item.name for item in charts.delay(two).data] == ["A", "B"]


def test_long_labels_are_cut_and_hover_has_all_of_them() -> None:
    name = "A payer whose name goes on for very much longer than an axis has room for"
    fig = charts.rates(RATES.assign(payer=name).head(1))
    (label,) = fig.layout.yaxis.ticktext
    assert len(label) <= 34
    assert label.endswith("…")
    assert name in hover(fig.data[0], 0)
