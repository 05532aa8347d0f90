"""Groups side by side, each rate with its interval."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

COLUMNS: Final = ["n", "denied", "rate", "low", "high", "denied_amount"]


def payer_comparison(
    rates: pd.DataFrame, *, overall: pd.DataFrame | None = None, theme: str = "light"
) -> go.Figure:
    """One dot per payer (or whatever the rates are by): denial rate with its interval, highest first.

    Parameters: ``rates`` as ``denials.rates(claims, by="payer")`` returns it; ``overall``, the one row of
    ``denials.rates(claims)``, which draws the reference line.
    """
    source = 'denials.rates(claims, by="payer")'
    frames.require(rates, COLUMNS, "payer_comparison", source)
    groups = frames.group_columns(rates, COLUMNS)
    if not groups:
        raise ArgumentError(f"payer_comparison: no group column before 'n'; give the DataFrame of {source}")
    contract = frames.contract(rates)
    counted = str(contract.get("denominator", "service lines adjudicated"))
    noun = " and ".join(fmt.heading(name).lower() for name in groups)
    title = f"{str(contract.get('measure', 'denial rate')).capitalize()} and {noun}"
    if rates.empty:
        return frames.nothing(title, "No adjudicated lines in these claims.", theme=theme)
    rows = rates.sort_values("rate", ascending=False, kind="stable", na_position="last")
    names = frames.labels(rows, groups)
    fig = frames.figure(
        title, f"Bars: {contract.get('interval', '95 % interval')}", theme=theme, height=200 + 30 * len(rows)
    )
    fig.add_scatter(
        mode="markers",
        showlegend=False,
        x=frames.numbers(rows["rate"]),
        y=names,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": frames.numbers(rows["high"] - rows["rate"]),
            "arrayminus": frames.numbers(rows["rate"] - rows["low"]),
            "color": themes.BLUE,
        },
        marker={"size": 11, "color": themes.BLUE},
        customdata=[
            [
                fmt.safe(name),
                fmt.count(row.n),
                fmt.count(row.denied),
                fmt.percent(row.rate),
                fmt.interval(row.low, row.high),
                fmt.dollars(row.denied_amount),
            ]
            for name, row in zip(names, rows.itertuples(), strict=True)
        ],
        hovertemplate=frames.hover(
            "%{customdata[0]}",
            f"n: %{{customdata[1]}} {counted}",
            "denied: %{customdata[2]}, %{customdata[5]}",
            "rate: %{customdata[3]} (95 % interval %{customdata[4]})",
        ),
    )
    fig.update_xaxes(title_text=f"Denied share of {counted}", tickformat=".0%", rangemode="tozero")
    fig.update_yaxes(
        type="category",
        tickmode="array",
        tickvals=names,
        ticktext=[fmt.short(name, 34) for name in names],
        categoryorder="array",
        categoryarray=names[::-1],
    )
    if overall is not None:
        _reference_line(fig, overall)
    return fig


def _reference_line(fig: go.Figure, overall: pd.DataFrame) -> None:
    frames.require(overall, ["rate"], "payer_comparison", "denials.rates(claims)")
    if len(overall) != 1:
        raise ArgumentError(
            f"payer_comparison: overall has {len(overall)} rows; give the one of denials.rates(claims)"
        )
    rate = overall["rate"].iloc[0]
    if not pd.isna(rate):
        fig.add_vline(
            x=round(float(rate), 6),
            line={"color": themes.GREY, "dash": "dash"},
            annotation_text=f"all: {fmt.percent(rate)}",
            annotation_position="top",
        )
