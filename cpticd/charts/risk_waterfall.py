"""From the score as coded to the score after review: what each kind adds, what is unsupported takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes

#: Words in the margin have two lines.
_MARGIN: Final[dict[str, Any]] = {"xshift": 12, "align": "left"}


@dataclass(frozen=True)
class _Step:
    """One row of the waterfall: from where to where, and how far that may be off."""

    kind: str
    start: float
    change: float
    low: float
    high: float
    whole: float
    gaps: float
    persons: float

    @property
    def end(self) -> float:
        return self.start + self.change


def risk_waterfall(
    impact: pd.DataFrame, *, unit: parts.UnitName | None = None, theme: str = "light"
) -> go.Figure:
    """One step per kind from the total as coded to the total after review, each with its interval.

    Parameters: ``impact`` as ``risk.impact`` returns it, with the totals in its contract; ``unit``, ``score`` or
    ``dollars`` (dollars where the impact has them). A step is the expected change, each condition weighted by
    its confidence; the axis does not start at zero, since steps are small beside the total. What is expected
    after review may differ a little from where the steps end: there both directions are scored together.
    Raises ArgumentError for other frames and for an impact that has lost its contract.
    """
    frames.require(impact, ["kind", "expected_score"], "risk_waterfall", parts.IMPACT)
    measure = parts.unit(impact, unit, "risk_waterfall")
    totals = parts.totals(impact, "risk_waterfall")
    title = f"Expected impact on {measure.noun}, from coded to reviewed"
    if not parts.steps(totals):
        return frames.nothing(title, "No gaps and no unsupported conditions.", theme=theme)
    steps = _steps(totals, measure)
    footing = parts.footing(impact)
    names = [parts.CODED, *(step.kind for step in steps), parts.REVIEWED]
    ends = [float(totals[parts.CODED][measure.column])]
    ends += [float(totals[parts.REVIEWED][name]) for name in measure.fields[:3]]
    points, words = _points(ends, measure)
    return frames.figure(
        title, f"Weighted by confidence; bars: 95 % interval{'. ' if footing else ''}{footing}",
        theme=theme, height=200 + 46 * (len(steps) + 2), data=[*(_bar(step, measure) for step in steps), points],
        annotations=[*(frames.margin_words(step.kind, _written(step, measure), **_MARGIN) for step in steps), *words],
        shapes=_links(steps), showlegend=False, bargap=0.45, margin={"r": 215, "b": 60},
        xaxis={
            "title": {"text": f"Total {measure.axis}"}, "tickformat": measure.ticks, "nticks": 8, "zeroline": False,
            "range": _range(ends, steps),
        },
        yaxis={
            "type": "category", "categoryorder": "array", "categoryarray": names[::-1], "tickmode": "array",
            "tickvals": names, "ticktext": ["As coded", *(_tick(step) for step in steps), "After review, expected"],
            "range": [-0.6, len(names) - 0.4], "showgrid": False,
        },
    )  # fmt: skip


def _steps(totals: dict[str, dict[str, Any]], measure: parts.Unit) -> list[_Step]:
    """The kinds with something to review, each from where the one before it ends."""
    place = float(totals[parts.CODED][measure.column])
    steps = []
    for kind in parts.steps(totals):
        record = totals[kind]
        expected, low, high, whole = (float(record[name]) for name in measure.fields)
        steps.append(_Step(kind, place, expected, low, high, whole, record["gaps"], record["persons"]))
        place = steps[-1].end
    return steps


def _tick(step: _Step) -> str:
    counted = f"{fmt.count(step.gaps)} to review, {parts.counted(step.persons, 'person')}"
    return f"{parts.words(step.kind)}<br><sub>{counted}</sub>"


def _written(step: _Step, measure: parts.Unit) -> str:
    return (
        f"<b>{measure.signed(step.change)}</b><br><sub>{fmt.span(measure.write, step.low, step.high)}</sub>"
    )


def _bar(step: _Step, measure: parts.Unit) -> dict[str, Any]:
    """A step as a floating bar; its whisker stands where the step ends."""
    return {
        "type": "bar", "orientation": "h", "name": parts.words(step.kind),
        "marker": {"color": parts.colour(step.kind)}, "y": [step.kind], "base": [round(step.start, 4)],
        "x": [round(step.change, 4)],
        "error_x": {
            "type": "data", "symmetric": False, "color": themes.GREY, "thickness": 2, "width": 5,
            "array": [round(step.high - step.change, 4)], "arrayminus": [round(step.change - step.low, 4)],
        },
        "customdata": [[
            measure.signed(step.change), fmt.span(measure.write, step.low, step.high), fmt.count(step.gaps),
            parts.counted(step.persons, "person"), measure.signed(step.whole),
        ]],
        "hovertemplate": frames.hover(
            parts.words(step.kind), f"expected change of {measure.noun}: %{{customdata[0]}}",
            "95 % interval %{customdata[1]}", "n: %{customdata[2]} to review, %{customdata[3]}",
            "if every one were confirmed: %{customdata[4]}",
        ),
    }  # fmt: skip


def _points(ends: list[float], measure: parts.Unit) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Start and end as points, since their length from zero is not drawn, and the words beside them."""
    start, end, low, high = ends
    share = f" ({fmt.signed(fmt.percent, end / start - 1)})" if start else ""
    span = fmt.span(measure.write, low, high)
    points = {
        "type": "scatter", "mode": "markers", "x": [round(start, 4), round(end, 4)],
        "y": [parts.CODED, parts.REVIEWED], "name": "total",
        "marker": {"size": 13, "symbol": "diamond", "color": themes.GREY},
        "error_x": {
            "type": "data", "symmetric": False, "color": themes.GREY, "thickness": 2, "width": 5,
            "array": [0, round(high - end, 4)], "arrayminus": [0, round(end - low, 4)],
        },
        "customdata": [
            ["As coded", measure.write(start), "it is known"],
            ["After review, expected", measure.write(end) + share, span],
        ],
        "hovertemplate": frames.hover("%{customdata[0]}", "%{customdata[1]}", "95 % interval: %{customdata[2]}"),
    }  # fmt: skip
    told = f"<b>{measure.write(end)}</b>{share}<br><sub>{span}</sub>"
    return points, [
        frames.margin_words(parts.CODED, f"<b>{measure.write(start)}</b>", **_MARGIN),
        frames.margin_words(parts.REVIEWED, told, **_MARGIN),
    ]


def _links(steps: list[_Step]) -> list[dict[str, Any]]:
    """Thin lines from where a row ends to where the next begins."""
    places = [steps[0].start, *(step.end for step in steps)]
    return [
        {
            "type": "line", "x0": place, "x1": place, "y0": top, "y1": top - 1, "layer": "below",
            "line": {"color": themes.GREY, "width": 1, "dash": "dot"},
        }
        for place, top in zip(places, range(len(places), 0, -1), strict=True)
    ]  # fmt: skip


def _range(ends: list[float], steps: list[_Step]) -> list[float]:
    """From the lowest to the highest point drawn, with room at both ends."""
    points = [*ends, *(step.start for step in steps)]
    points += [step.start + value for step in steps for value in (step.low, step.high, step.change)]
    low, high = min(points), max(points)
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    return [round(low - room, 4), round(high + room, 4)]
