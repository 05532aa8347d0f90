"""Root causes, largest first, with their running share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

FLAGS: Final = ["coding_related", "diagnosis_related", "preventable"]
COLUMNS: Final = ["category", "lines", "denied_amount", "share", "cumulative_share", *FLAGS]
MEASURES: Final = {
    "denied_amount": ("Denied dollars by root cause", "Denied charges, US dollars", fmt.dollars, "$~s"),
    "lines": ("Denied lines by root cause", "Denied service lines", fmt.count, "~s"),
}
GROUPS: Final = (
    ("diagnosis-related", themes.VERMILION),
    ("diagnosis-related in part", themes.ORANGE),
    ("coding-related, not by diagnosis", themes.PURPLE),
    ("neither", themes.BLUE),
)


def _group(row: Mapping[Any, Any]) -> str:
    """Which of GROUPS a cause belongs to; flags may be booleans or yes, partly, no."""
    diagnosis, coding = (fmt.flag(row[name]).lower() for name in ("diagnosis_related", "coding_related"))
    if diagnosis in ("yes", "partly"):
        return GROUPS[0 if diagnosis == "yes" else 1][0]
    return GROUPS[2 if coding in ("yes", "partly") else 3][0]


def pareto(
    causes: pd.DataFrame,
    *,
    measure: Literal["denied_amount", "lines"] = "denied_amount",
    theme: str = "light",
) -> go.Figure:
    """One bar per root cause, largest first, coloured by what it is related to, and the cumulative share.

    Parameters: ``causes`` as ``denials.causes`` returns it, one group; ``measure``, the bars' length, denied
    dollars or denied lines (the cumulative share is the analysis's and shown only where the bars follow it).
    Raises ArgumentError for other frames and for several groups in one frame.
    """
    if measure not in MEASURES:
        raise ArgumentError(f"pareto: measure {measure!r} is unknown; give one of {', '.join(MEASURES)}")
    frames.require(causes, COLUMNS, "pareto", "denials.causes(claims)")
    frames.no_groups(causes, COLUMNS, "pareto")
    title, axis, _, ticks = MEASURES[measure]
    if causes.empty:
        return frames.nothing(title, "No denied lines in these claims.", theme=theme)
    rows = causes.sort_values(measure, ascending=False, kind="stable")
    order = rows["category"].astype(str).tolist()
    return frames.figure(
        title, "Initial denials; the line adds the causes up", theme=theme, height=220 + 30 * len(rows),
        data=[*_bars(rows, measure), *_running(rows)], margin={"t": 120, "b": 100},
        xaxis={"title": {"text": axis}, "tickformat": ticks, "rangemode": "tozero"},
        xaxis2={
            "overlaying": "x", "side": "top", "range": [0, 1.03], "showgrid": False,
            "tickformat": ".0%", "dtick": 0.2, "title": {"text": "Cumulative share", "standoff": 4},
        },
        yaxis={
            "type": "category", "categoryorder": "array", "categoryarray": order[::-1],
            "tickmode": "array", "tickvals": order, "ticktext": [fmt.short(name, 40) for name in order],
        },
        bargap=0.25,
    )  # fmt: skip


def _bars(rows: pd.DataFrame, measure: str) -> list[dict[str, Any]]:
    """One trace of bars per group that has causes."""
    write = MEASURES[measure][2]
    kinds = [_group(row) for row in rows[FLAGS].to_dict("records")]
    parts = ((name, colour, rows[[kind == name for kind in kinds]]) for name, colour in GROUPS)
    return [
        {
            "type": "bar", "orientation": "h", "name": name, "y": part["category"].astype(str).tolist(),
            "x": frames.numbers(part[measure], 2), "marker": {"color": colour}, "customdata": _hover_cells(part),
            "hovertemplate": _HOVER, "text": [write(value) for value in part[measure]], "textposition": "auto",
            "insidetextanchor": "start",
        }
        for name, colour, part in parts if len(part)
    ]  # fmt: skip


def _running(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The cumulative share, where the bars follow it."""
    shown = rows["cumulative_share"]
    if not shown.is_monotonic_increasing:
        return []
    return [{
        "type": "scatter", "name": "cumulative share of denied dollars", "mode": "lines+markers",
        "x": frames.numbers(shown), "y": rows["category"].astype(str).tolist(), "xaxis": "x2",
        "line": {"color": themes.GREY, "width": 2},
        "hovertemplate": "%{y}<br>first causes up to here: %{x:.1%} of denied dollars<extra></extra>",
    }]  # fmt: skip


_HOVER = frames.hover(
    "%{customdata[0]}",
    "denied lines: %{customdata[1]}",
    "denied dollars: %{customdata[2]} (%{customdata[3]})",
    "coding-related: %{customdata[4]}, diagnosis-related: %{customdata[5]}, preventable: %{customdata[6]}",
)


def _hover_cells(rows: pd.DataFrame) -> list[list[str]]:
    return [
        [
            fmt.safe(row.category),
            fmt.count(row.lines),
            fmt.dollars(row.denied_amount),
            fmt.percent(row.share),
            fmt.flag(row.coding_related),
            fmt.flag(row.diagnosis_related),
            fmt.flag(row.preventable),
        ]
        for row in rows.itertuples()
    ]
