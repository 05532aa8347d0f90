"""Denial rate over time against its control limits."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes

#: Periods with fewer than this share of the median period's lines do not set the axis.
USUAL_SHARE: Final = 0.05
COLUMNS: Final = ["period", "n", "denied", "rate", "center", "lower", "upper", "mature", "signal"]


def trend(trend_frame: pd.DataFrame, *, max_groups: int = 12, theme: str = "light") -> go.Figure:
    """One point per period: denial rate within Laney p′ limits; signals marked, immature periods hollow.

    Parameters: ``trend_frame`` as ``denials.trend`` returns it; with ``by``, one panel per group, the first
    ``max_groups`` of them, the rest is announced.
    """
    frames.require(trend_frame, COLUMNS, "trend", "denials.trend(claims)")
    in_dollars = frames.contract(trend_frame).get("unit") == "US dollars"
    clock = "Final" if str(frames.contract(trend_frame).get("measure", "")).startswith("final") else "Initial"
    title = f"{clock} denial rate of {'charged dollars' if in_dollars else 'service lines'} over time"
    if trend_frame.empty:
        return frames.nothing(title, "No adjudicated lines with a date in these claims.", theme=theme)
    groups = frames.group_columns(trend_frame, COLUMNS)
    names = pd.Series(frames.labels(trend_frame, groups), index=trend_frame.index)
    every = list(names.drop_duplicates())
    shown = every[:max_groups]
    band = "3 sigma" if in_dollars else "Laney p′"
    subtitle = f"Band: {band} limits; hollow: too recent to be complete"
    up: dict[str, Any] = {
        "title": {"text": f"Denied share of {'dollars' if in_dollars else 'lines'}"},
        "tickformat": ".0%",
    }
    up["range"] = [0, _top(trend_frame[names.isin(shown)])]
    across = {"title": {"text": _axis(trend_frame)}, "type": "date"}
    panels = [
        _traces(
            trend_frame[names == name].sort_values("period", kind="stable"),
            legend=name == shown[0],
            in_dollars=in_dollars,
        )
        for name in shown
    ]
    if not groups:
        return frames.figure(
            title, subtitle, theme=theme, height=440, data=panels[0], margin={"t": 90, "b": 100}, xaxis=across, yaxis=up
        )  # fmt: skip
    fig = _panels(panels, [fmt.short(name, 40) for name in shown], across, up)
    fig.update_layout(
        template=themes.template_name(theme),
        title={"text": title, "subtitle": {"text": subtitle}},
        autosize=True,
    )
    if len(shown) < len(every):
        frames.notice(fig, f"{len(shown)} of {len(every)} groups shown")
    return fig


def _panels(
    panels: list[list[dict[str, Any]]], titles: list[str], across: dict[str, Any], up: dict[str, Any]
) -> go.Figure:
    """One panel per group, two in a row, on one scale."""
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    fig = make_subplots(figure=frames.Figure(), 
        rows=rows, cols=columns, shared_yaxes=True, subplot_titles=titles, vertical_spacing=0.35 / max(rows, 2),
        horizontal_spacing=0.05,
    )  # fmt: skip
    for index, traces in enumerate(panels):
        for trace in traces:
            fig.add_trace(trace, row=index // columns + 1, col=index % columns + 1)
    fig.update_yaxes({**up, "title": None}).update_yaxes(title=up["title"], col=1)
    fig.update_xaxes(type=across["type"]).update_xaxes(title=across["title"], row=rows)
    return fig.update_layout(height=440 if rows == 1 else 200 + 240 * rows, margin={"t": 110, "b": 100})


def _top(rows: pd.DataFrame) -> float:
    """Upper end of the axis: a period of a few lines, whose limits span everything, does not flatten the rest."""
    usual = rows[rows["n"] >= USUAL_SHARE * rows["n"].median()]
    highest = usual[["rate", "upper", "center"]].max().max()
    return 1.0 if pd.isna(highest) else min(1.02, round(1.15 * max(float(highest), 0.01), 4))


def _axis(trend_frame: pd.DataFrame) -> str:
    """What the periods are of, from the contract: ``Month of service``."""
    measure = str(frames.contract(trend_frame).get("measure", ""))
    return measure.rpartition(" by ")[2].capitalize() or "Period"


def _traces(part: pd.DataFrame, *, legend: bool, in_dollars: bool = False) -> list[dict[str, Any]]:
    """Limits, center, rate and signals of one group."""
    days = [fmt.date(value) for value in part["period"]]
    write, unit = (fmt.dollars, "") if in_dollars else (fmt.count, " lines")
    facts = [
        [
            day,
            write(row.n),
            write(row.denied),
            fmt.percent(row.rate),
            fmt.interval(row.lower, row.upper),
            "" if row.mature else "; not yet complete",
        ]
        for day, row in zip(days, part.itertuples(), strict=True)
    ]
    hover = frames.hover(
        "%{customdata[0]}%{customdata[5]}",
        f"n: %{{customdata[1]}}{unit}",
        f"denied: %{{customdata[2]}}{unit}",
        "rate: %{customdata[3]} (limits %{customdata[4]})",
    )
    quiet = {"type": "scatter", "hoverinfo": "skip", "mode": "lines"}
    edge = {"width": 0, "shape": "hvh"}
    symbols = ["circle" if mature else "circle-open" for mature in part["mature"].astype(bool)]
    rates = frames.numbers(part["rate"])
    signals = [index for index, signal in enumerate(part["signal"].fillna(False)) if signal]
    return [
        {
            "x": days, "y": frames.numbers(part["upper"]), "line": edge, "showlegend": False, "name": "upper limit",
            **quiet,
        },
        {
            "x": days, "y": frames.numbers(part["lower"]), "line": edge, "fill": "tonexty", "name": "control limits",
            "fillcolor": themes.rgba(themes.SKY, 0.22), "showlegend": legend, **quiet,
        },
        {
            "x": days, "y": frames.numbers(part["center"]), "name": "center", "showlegend": legend,
            "line": {"color": themes.GREY, "dash": "dash", "width": 1}, **quiet,
        },
        {
            "x": days, "y": rates, "name": "denial rate", "mode": "lines+markers", "showlegend": legend,
            "line": {"color": themes.BLUE}, "customdata": facts, "hovertemplate": hover,
            "marker": {"size": 8, "symbol": symbols}, "type": "scatter",
        },
        {
            "x": [days[index] for index in signals], "y": [rates[index] for index in signals], "type": "scatter",
            "name": "outside of limits", "mode": "markers", "showlegend": legend, "hoverinfo": "skip",
            "marker": {"size": 16, "symbol": "diamond-open", "color": themes.VERMILION, "line": {"width": 2}},
        },
    ]  # fmt: skip
