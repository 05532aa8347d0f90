"""The four primitives draw any frame by the names of its columns, and take units and words from them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from cpticd import charts
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import measures
from tests.charts.samples import frame
from tests.charts.test_charts import hover

RATES = frame(
    """
    payer   |year|  n| rate| low|high
    North   |2024| 80| 0.10|0.05|0.19
    North   |2025|100| 0.20|0.13|0.29
    <b>South|2025| 20| 0.50|0.30|0.70
    """
)
CAUSES = frame(
    """
    cause    |group |denied_amount
    duplicate|coding|          200
    other    |      |           50
    duplicate|payer |           30
    """
)
CELLS = frame(
    """
    payer|rule|rate|lines|written
    B    |r2  | 0.5|   30|50 %
    A    |r1  | 0.2|    3|20 %
    """
)
OPEN = frame(
    """
    payer|day|survival| low|high
    A    |  0|     1.0| 1.0| 1.0
    A    | 14|     0.4| 0.3| 0.5
    B    |  0|     1.0| 1.0| 1.0
    """
)
CALLS: list[tuple[Callable[..., Any], pd.DataFrame, dict[str, Any]]] = [
    (charts.intervals, RATES, {"label": "payer", "x": "rate", "low": "low", "high": "high", "by": "year"}),
    (charts.bars, CAUSES, {"label": "cause", "x": "denied_amount", "by": "group"}),
    (charts.matrix, CELLS, {"x": "payer", "y": "rule", "color": "rate"}),
    (charts.steps, OPEN, {"x": "day", "y": "survival", "by": "payer"}),
]


def test_intervals_have_a_row_per_label_and_a_mark_per_value_of_by() -> None:
    fig = charts.intervals(
        RATES, label="payer", x="rate", low="low", high="high", by="year", beside="n = {n}"
    )
    first, last = fig.data
    assert (first.name, list(first.x), list(first.y)) == ("2024", [0.1], [-0.175])
    assert (last.name, list(last.x), list(last.y)) == ("2025", [0.2, 0.5], [0.175, 1.175])
    assert list(last.error_x.array) == pytest.approx([0.09, 0.2])
    assert list(last.error_x.arrayminus) == pytest.approx([0.07, 0.2])
    assert fig.layout.yaxis.ticktext == ("North", "&lt;b&gt;South")
    assert fig.layout.yaxis.range[0] > fig.layout.yaxis.range[1]  # the first row on top
    assert [note.text for note in fig.layout.annotations] == ["n = 80", "n = 100", "n = 20"]
    assert (fig.layout.xaxis.title.text, fig.layout.xaxis.tickformat) == ("Rate", ".0%")
    assert hover(last, 1) == "<b>&lt;b&gt;South</b><br>rate: 50.0 % (30.0–70.0 %)<extra></extra>"


def test_intervals_may_carry_several_columns_of_labels_a_reference_and_no_more_rows_than_asked_for() -> None:
    fig = charts.intervals(
        RATES, label=["payer", "year"], x="rate", reference=0.25, max_rows=2, title="T", axis="A"
    )
    assert fig.layout.yaxis.ticktext == ("North · 2024", "North · 2025")
    assert fig.layout.shapes[0].x0 == 0.25
    assert fig.layout.annotations[-1].text == "2 of 3 rows shown"
    assert (fig.layout.title.text, fig.layout.xaxis.title.text) == ("T", "A")
    assert fig.data[0].error_x.array is None


def test_bars_are_stacked_where_labels_recur_and_colored_by_a_column() -> None:
    fig = charts.bars(CAUSES, label="cause", x="denied_amount", by="group", text="{denied_amount}")
    assert [(bar.name, list(bar.y), list(bar.x), bar.text) for bar in fig.data] == [
        ("coding", ["duplicate"], [200], ("$200",)),
        ("payer", ["duplicate"], [30], ("$30.00",)),
    ]
    assert fig.layout.barmode == "stack"
    assert fig.layout.yaxis.categoryarray == ("other", "duplicate")
    assert fig.layout.xaxis.tickformat == "$~s"
    standing = charts.bars(CAUSES, label="cause", x="denied_amount", vertical=True)
    assert (standing.data[0].x, standing.data[0].y) == (("duplicate", "other", "duplicate"), (200, 50, 30))
    assert standing.layout.xaxis.categoryarray == ("duplicate", "other")


def test_a_pareto_adds_up_any_amounts() -> None:
    shares = pd.DataFrame({"payer": ["A", "B"], "paid_amount": [10.0, 90.0], "running": [1.0, 0.9]})
    fig = charts.pareto(shares, x="paid_amount", label="payer", running="running")
    assert list(fig.data[0].y) == ["B", "A"]
    assert (list(fig.data[1].x), list(fig.data[1].y), fig.data[1].xaxis) == ([0.9, 1], ["B", "A"], "x2")
    with pytest.raises(ArgumentError, match=r"no column 'denied_amount', 'category'.*denials\.causes"):
        charts.pareto(shares)


def test_a_matrix_has_a_cell_per_row_and_grey_ones_of_few() -> None:
    fig = charts.matrix(CELLS, x="payer", y="rule", color="rate", text="written", few=CELLS["lines"] < 11)
    clear, few = fig.data
    assert (clear.x, clear.y) == (("A", "B"), ("r1", "r2"))
    assert [list(row) for row in clear.z] == [[None, None], [None, 0.5]]
    assert [list(row) for row in few.z] == [[0, None], [None, None]]
    assert [list(row) for row in few.text] == [["20 %", ""], ["", ""]]
    some = charts.matrix(CELLS, x="payer", y="rule", color="rate", columns=["B"], keys=["rule", "payer"])
    assert some.data[0].x == ("B",)
    assert list(some.data[0].customdata[1][0][:2]) == ["r2", "B"]


def test_steps_have_a_curve_per_group_and_an_interval_where_there_is_one() -> None:
    curves = charts.steps(OPEN, x="day", y="survival", low="low", high="high", by="payer")
    assert [(line.name, list(line.x), list(line.y)) for line in curves.data] == [
        ("A", [0, 14], [1, 0.4]),
        ("B", [0], [1]),
    ]
    assert curves.data[0].line.shape == "hv"
    one = charts.steps(OPEN.head(2), x="day", y="survival", low="low", high="high")
    assert [line.name for line in one.data] == ["upper limit", "lower limit", "Survival"]
    assert list(one.data[1].y) == [1, 0.3]
    few = charts.steps(OPEN, x="day", y="survival", by="payer", max_groups=1)
    assert few.layout.annotations[0].text == "1 of 2 groups shown"


@pytest.mark.parametrize(("chart", "data", "columns"), CALLS)
def test_titles_come_from_the_contract_units_from_columns_and_wrong_frames_are_refused(
    chart: Callable[..., Any], data: pd.DataFrame, columns: dict[str, Any]
) -> None:
    fig = chart(data, **columns)
    assert fig.layout.title.text in ("Rate", "Denied $", "Survival")
    said = amend(data.copy(), measure="final denial rate of MRIs")
    assert chart(said, **columns).layout.title.text == "Final denial rate of MRIs"
    dark = chart(data, **columns, theme="dark")
    assert dark.layout.template.layout.paper_bgcolor != fig.layout.template.layout.paper_bgcolor
    first = next(iter(columns.values()))
    with pytest.raises(ArgumentError, match=f"{chart.__name__}: no column '{first}'"):
        chart(data.drop(columns=first), **columns)
    with pytest.raises(ArgumentError, match="found list; give the DataFrame"):
        chart([1], **columns)
    with pytest.raises(ArgumentError, match="found no rows"):
        chart(data.head(0), **columns)


@pytest.mark.parametrize("clock", ["initial", "final"])
def test_charts_of_denials_say_which_decision_their_frame_is_of(clock: str) -> None:
    from cpticd.core.contract import CLOCKS
    from tests.charts.samples import CAUSES as DENIED
    from tests.charts.samples import PAIRS, TREND

    word = clock.capitalize()
    said = [amend(each.copy(), clock=CLOCKS[clock], measure="denials") for each in (DENIED, PAIRS, TREND)]
    assert charts.causes(said[0]).layout.title.subtitle.text == f"{word} denials; the line adds the causes up"
    assert charts.pair_matrix(said[1]).layout.title.subtitle.text.startswith(f"{word} denials of lines; ")
    assert charts.trend(said[2]).layout.title.text == f"{word} denial rate of service lines over time"
    # Where nobody says, nothing is claimed.
    assert charts.causes(DENIED).layout.title.subtitle.text.startswith("Denials;")


def test_every_public_chart_takes_a_theme_and_is_found() -> None:
    assert dir(charts) == sorted(charts.__all__)
    for name in {*charts.__all__} - {"Figure", "sentence", "table", "text_table"}:
        parameters = inspect.signature(getattr(charts, name)).parameters
        assert {"theme", "look", "options"} & {*parameters}, name
        assert not {"colour", "level", "clock", "measure"} & {*parameters}, name


def test_the_sentence_of_a_result_is_the_one_that_its_measure_declares() -> None:
    import cpticd as cx

    claims = cx.simulate(persons=60, seed=1).claims
    became = cx.denials.flow(claims)
    said = charts.sentence(became)
    assert said.startswith(f"Of {became['lines'].sum():,} services denied at first")
    with pytest.raises(ArgumentError, match=r"denials\.rates, which declares no sentence"):
        charts.sentence(cx.denials.rates(claims))
    with pytest.raises(ArgumentError, match="that no analysis returned"):
        charts.sentence(pd.DataFrame({"a": [1]}))


def test_every_chart_that_a_measure_declares_is_here() -> None:
    import cpticd as cx

    for package in ("denials", "specificity", "patterns", "rules", "risk"):
        assert getattr(cx, package)
    declared = {one.name: one.chart.kind for one in measures() if one.chart}
    assert declared
    assert {name: kind for name, kind in declared.items() if kind not in charts.__all__} == {}
