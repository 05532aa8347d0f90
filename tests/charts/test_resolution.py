"""Charts from denial to payment: what their traces, bands and labels hold."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

import cpticd as cx
from cpticd import charts
from cpticd.charts import static
from cpticd.core.errors import ArgumentError
from tests.charts.test_charts import hover, trace
from tests.spec import frame


def numbers(text: str, *names: str) -> pd.DataFrame:
    return frame(text).astype(dict.fromkeys(names, float))


FLOW = numbers(
    """
    category             | sent_again       | became          | lines | denied_amount
    timely filing        | not billed again | denied for good | 50    | 5000
    authorization        | billed again     | paid            | 30    | 9000
    authorization        | billed again     | denied for good | 10    | 1000
    <b>odd</b>           | not billed again | open            | 10    | 500
    """,
    "lines", "denied_amount",
)  # fmt: skip
RESOLUTION = numbers(
    """
    step         | day | at_risk | done | survival | low  | high
    resubmission | 10  | 100     | 40   | 0.6      | 0.5  | 0.7
    resubmission | 400 | 60      | 0    | 0.6      | 0.5  | 0.7
    resolution   | 30  | 100     | 20   | 0.8      | 0.7  | 0.9
    resolution   | 60  | 80      | 40   | 0.4      | 0.3  | 0.5
    """,
    "day", "at_risk", "done", "survival", "low", "high",
)  # fmt: skip
SUMMARY = numbers(
    """
    age_band      | route   | lines | charge_amount | expected_allowed | expected_recovery
    0–30 days     | coding  | 10    | 2000          | 900              | 400
    0–30 days     | patient | 5     | 100           | 60               | 10
    over 120 days | coding  | 30    | 9000          | 3000             | 100
    31–60 days    | appeal  |       |               |                  |
    """,
    "lines", "charge_amount", "expected_allowed", "expected_recovery",
)  # fmt: skip
OVERTURNED = numbers(
    """
    payer | denial_category | denied_lines | overturned_lines | rate | low  | high | denied_amount | overturned_amount
    North | coding          | 100          | 60               | 0.6  | 0.5  | 0.7  | 1000          | 600
    North | timely          | 50           | 5                | 0.1  | 0.04 | 0.2  | 900           | 90
    South | coding          | 20           | 4                | 0.2  | 0.08 | 0.4  | 500           | 100
    West  | coding          | 10           |                  |      |      |      | 100           |
    """,
    "denied_lines", "overturned_lines", "rate", "low", "high", "denied_amount", "overturned_amount",
)  # fmt: skip
ALL = [
    (charts.flow, FLOW),
    (charts.resolution, RESOLUTION),
    (charts.open_summary, SUMMARY),
    (charts.overturned, OVERTURNED),
]


@pytest.mark.parametrize(("chart", "frame"), ALL)
def test_light_dark_empty_and_wrong_frames(chart: Callable[..., go.Figure], frame: pd.DataFrame) -> None:
    light, dark = chart(frame), chart(frame, theme="dark")
    assert light.layout.title.text
    assert light.layout.template.layout.paper_bgcolor != dark.layout.template.layout.paper_bgcolor
    empty = chart(frame.head(0))
    assert not empty.data and empty.layout.annotations[0].text.startswith("No ")
    with pytest.raises(ArgumentError, match=r"no column .*denials\."):
        chart(frame.drop(columns=frame.columns[-1]))
    assert "<table" in static.html_of(light)


def test_bands_of_the_flow_are_as_high_as_their_services_and_meet_their_bars() -> None:
    fig = charts.flow(FLOW)
    bars = [shape for shape in fig.layout.shapes if shape.type == "rect"]
    bands = [shape for shape in fig.layout.shapes if shape.type == "path"]
    assert len(bands) == 2 * len(FLOW)
    heights = {round(float(bar.x0 + bar.x1) / 2): [] for bar in bars}
    for bar in bars:
        heights[round(float(bar.x0 + bar.x1) / 2)].append(round(float(bar.y1 - bar.y0)))
    assert heights == {0: [50, 40, 10], 1: [40, 60], 2: [30, 10, 60]}
    words = [note.text for note in fig.layout.annotations]
    assert "timely filing<br>50 (50 %)" in words and "denied for good<br>60 (60 %)" in words
    assert "&lt;b&gt;odd&lt;/b&gt;<br>10 (10 %)" in words
    assert "100 services denied at first" in fig.layout.title.subtitle.text
    told = [hover(fig.data[0], place) for place in range(len(fig.data[0].x))]
    assert any("authorization · billed again · paid" in text and "$9,000" in text for text in told)


def test_the_flow_by_dollars_and_with_few_causes() -> None:
    fig = charts.flow(FLOW, unit="charge", max_causes=1)
    words = [note.text for note in fig.layout.annotations]
    assert "authorization<br>$10,000 (65 %)" in words and "other causes<br>$5,500 (35 %)" in words
    both = pd.concat([FLOW.assign(payer="A"), FLOW.assign(payer="B")])[["payer", *FLOW.columns]]
    with pytest.raises(ArgumentError, match="2 values of 'payer'"):
        charts.flow(both)


def test_resolution_has_a_curve_per_step_and_ends_where_nothing_more_happens() -> None:
    fig = charts.resolution(RESOLUTION)
    paid, sent = trace(fig, "not yet paid"), trace(fig, "not yet billed again")
    assert (list(paid.x), list(paid.y)) == ([0, 30, 60], [1, 0.8, 0.4])
    assert list(sent.y) == [1, 0.6, 0.6] and paid.line.shape == "hv"
    assert fig.layout.xaxis.range[1] == pytest.approx(69)
    assert "n: 80 waiting, 40 done this day" in hover(paid, 2)
    by_payer = pd.concat([RESOLUTION.assign(payer=name) for name in ("A", "B")])[
        ["payer", *RESOLUTION.columns]
    ]
    assert [each.name for each in charts.resolution(by_payer).data] == ["A", "B"]


def test_open_denials_by_route_have_the_largest_on_top_and_ages_in_order() -> None:
    fig = charts.open_summary(SUMMARY)
    assert [bar.name for bar in fig.data] == ["0–30 days", "over 120 days"]
    assert list(fig.layout.yaxis.categoryarray)[-1] == "coding"
    assert sum(sum(bar.x) for bar in fig.data) == 510
    assert "expected allowed: $3,000" in hover(fig.data[1], 0)
    assert sum(sum(bar.x) for bar in charts.open_summary(SUMMARY, unit="lines").data) == 45
    shapes = [bar.marker.pattern.shape for bar in fig.data]
    assert len(set(shapes)) == len(shapes), "ages are told apart without their colors"


def test_overturned_by_payer_and_cause_has_a_row_per_cause() -> None:
    fig = charts.overturned(OVERTURNED)
    assert list(fig.layout.yaxis.ticktext) == ["coding", "timely"]
    assert {item.name: list(item.x) for item in fig.data} == {"North": [0.6, 0.1], "South": [0.2]}
    assert "overturned: 60, $600" in hover(trace(fig, "North"), 0)
    cut = charts.overturned(OVERTURNED, max_groups=1)
    assert [item.name for item in cut.data] == ["North"]
    assert any("1 of 2 values of payer shown" in note.text for note in cut.layout.annotations)


def test_a_table_of_measures_writes_days_as_days() -> None:
    rows = numbers(
        """
        measure | unit   | value | low | high
        delay   | days   | 58    | 50  | 63
        rate    | claims | 0.045 | 0.04 | 0.05
        """,
        "value", "low", "high",
    )  # fmt: skip
    text = charts.text_table(rows)
    assert "50 to 63" in text and "4.0–5.0 %" in text and "0.045" in text


def test_results_draw_themselves() -> None:
    claims = cx.simulate(persons=150, seed=2).claims
    for found in (
        cx.denials.flow(claims),
        cx.denials.resolution(claims, by="payer"),
        cx.denials.open_summary(claims, as_of="2026-02-01"),
        cx.denials.overturned(claims, by=["payer", "denial_category"]),
        cx.denials.first_pass(claims, by="payer"),
    ):
        assert charts.draw(found, theme="dark").data
