"""Denial rate over time against its control limits."""

from __future__ import annotations

from typing import Final

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
    columns = 1 if len(shown) == 1 else 2
    rows = -(-len(shown) // columns)
    fig = make_subplots(
        rows=rows,
        cols=columns,
        shared_yaxes=True,
        subplot_titles=[fmt.short(name, 40) for name in shown] if groups else None,
        vertical_spacing=0.35 / max(rows, 2),
        horizontal_spacing=0.05,
    )
    fig.layout.template = themes.template_name(theme)
    band = "3 sigma" if in_dollars else "Laney p′"
    fig.update_layout(
        title_text=title,
        title_subtitle_text=f"Band: {band} limits; hollow: too recent to be complete",
        height=440 if rows == 1 else 200 + 240 * rows,
        margin={"t": 110 if groups else 90, "b": 100},
    )
    for index, name in enumerate(shown):
        part = trend_frame[names == name].sort_values("period", kind="stable")
        for trace in _traces(part, legend=index == 0, in_dollars=in_dollars):
            fig.add_trace(trace, row=index // columns + 1, col=index % columns + 1)
    fig.update_yaxes(tickformat=".0%", range=[0, _top(trend_frame[names.isin(shown)])])
    fig.update_yaxes(title_text=f"Denied share of {'dollars' if in_dollars else 'lines'}", col=1)
    fig.update_xaxes(title_text=_axis(trend_frame), row=rows, type="date")
    if len(shown) < len(every):
        frames.notice(fig, f"{len(shown)} of {len(every)} groups shown")
    return fig


def _top(rows: pd.DataFrame) -> float:
    """Upper end of the axis: a period of a few lines, whose limits span everything, does not flatten the rest."""
    usual = rows[rows["n"] >= USUAL_SHARE * rows["n"].median()]
    highest = usual[["rate", "upper", "center"]].max().max()
    return 1.0 if pd.isna(highest) else min(1.02, round(1.15 * max(float(highest), 0.01), 4))


def _axis(trend_frame: pd.DataFrame) -> str:
    """What the periods are of, from the contract: ``Month of service``."""
    measure = str(frames.contract(trend_frame).get("measure", ""))
    return measure.rpartition(" by ")[2].capitalize() or "Period"


def _traces(part: pd.DataFrame, *, legend: bool, in_dollars: bool = False) -> list[go.Scatter]:
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
    quiet = {"hoverinfo": "skip", "mode": "lines"}
    edge = {"width": 0, "shape": "hvh"}
    symbols = ["circle" if mature else "circle-open" for mature in part["mature"].astype(bool)]
    rates = frames.numbers(part["rate"])
    signals = [index for index, signal in enumerate(part["signal"].fillna(False)) if signal]
    return [
        go.Scatter(
            x=days, y=frames.numbers(part["upper"]), line=edge, showlegend=False, name="upper limit", **quiet
        ),
        go.Scatter(
            x=days, y=frames.numbers(part["lower"]), line=edge, fill="tonexty", name="control limits",
            fillcolor=themes.rgba(themes.SKY, 0.22), showlegend=legend, **quiet,
        ),
        go.Scatter(
            x=days, y=frames.numbers(part["center"]), name="center", showlegend=legend,
            line={"color": themes.GREY, "dash": "dash", "width": 1}, **quiet,
        ),
        go.Scatter(
            x=days, y=rates, name="denial rate", mode="lines+markers", showlegend=legend,
            line={"color": themes.BLUE}, customdata=facts, hovertemplate=hover,
            marker={"size": 8, "symbol": symbols},
        ),
        go.Scatter(
            x=[days[index] for index in signals], y=[rates[index] for index in signals],
            name="outside of limits", mode="markers", showlegend=legend, hoverinfo="skip",
            marker={"size": 16, "symbol": "diamond-open", "color": themes.VERMILION, "line": {"width": 2}},
        ),
    ]  # fmt: skip
