"""How long payers take: the share of claims not yet adjudicated, by day."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes

COLUMNS: Final = ["day", "at_risk", "adjudicated", "survival", "low", "high"]


def delay(payment_delay: pd.DataFrame, *, max_groups: int = 7, theme: str = "light") -> go.Figure:
    """One step curve per group: share not yet adjudicated by days since the claim was received.

    Parameters: ``payment_delay`` as ``denials.payment_delay`` returns it (Kaplan–Meier); ``max_groups``, how
    many groups to draw, the rest is announced. A single curve shows its interval as a band.
    """
    frames.require(payment_delay, COLUMNS, "delay", "denials.payment_delay(claims)")
    title = "Claims not yet adjudicated, by day"
    if payment_delay.empty:
        return frames.nothing(title, "No claim has both a date to start from and a paid date.", theme=theme)
    names = pd.Series(
        frames.labels(payment_delay, frames.group_columns(payment_delay, COLUMNS)), index=payment_delay.index
    )
    every = list(names.drop_duplicates())
    shown = every[:max_groups]
    fig = frames.figure(title, "Kaplan–Meier: open claims count as long as they were seen", theme=theme)
    for name, colour in zip(shown, themes.COLORWAY * (1 + max_groups // 7), strict=False):
        part = _from_the_start(payment_delay[names == name].sort_values("day", kind="stable"))
        if len(shown) == 1:
            _band(fig, part, colour)
        fig.add_scatter(
            x=frames.numbers(part["day"]),
            y=frames.numbers(part["survival"]),
            name=fmt.short(name, 30) if name else "not yet adjudicated",
            mode="lines",
            line={"shape": "hv", "color": colour},
            customdata=[
                [
                    fmt.safe(name) if name else "All claims",
                    fmt.count(row.day),
                    fmt.count(row.at_risk),
                    fmt.count(row.adjudicated),
                    fmt.percent(row.survival),
                    fmt.interval(row.low, row.high),
                ]
                for row in part.itertuples()
            ],
            hovertemplate=frames.hover(
                "%{customdata[0]}, day %{customdata[1]}",
                "n: %{customdata[2]} claims open, %{customdata[3]} adjudicated this day",
                "not yet adjudicated: %{customdata[4]} (95 % interval %{customdata[5]})",
            ),
        )
    fig.update_xaxes(title_text="Days to first adjudication", rangemode="tozero")
    fig.update_yaxes(title_text="Share not yet adjudicated", tickformat=".0%", range=[0, 1.02])
    fig.update_layout(showlegend=len(shown) > 1)
    if len(shown) < len(every):
        frames.notice(fig, f"{len(shown)} of {len(every)} groups shown")
    return fig


def _from_the_start(part: pd.DataFrame) -> pd.DataFrame:
    """The curve with its beginning, when no claim had been adjudicated, where the frame leaves it out."""
    first = part.iloc[0]
    if first["day"] <= 0:
        return part
    start = {
        "day": 0,
        "at_risk": first["at_risk"],
        "adjudicated": 0,
        "survival": 1.0,
        "low": 1.0,
        "high": 1.0,
    }
    return pd.concat([pd.DataFrame([start]), part[list(start)]], ignore_index=True)


def _band(fig: go.Figure, part: pd.DataFrame, colour: str) -> None:
    days = frames.numbers(part["day"])
    edge = {"shape": "hv", "width": 0}
    quiet = {"mode": "lines", "hoverinfo": "skip", "showlegend": False}
    fig.add_scatter(x=days, y=frames.numbers(part["high"]), line=edge, name="upper limit", **quiet)
    fig.add_scatter(
        x=days, y=frames.numbers(part["low"]), line=edge, name="lower limit", fill="tonexty",
        fillcolor=themes.rgba(colour, 0.18), **quiet,
    )  # fmt: skip
