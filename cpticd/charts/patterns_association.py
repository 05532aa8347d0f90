"""Pairs that stand together beyond chance: the shrunk ratio with its interval, beside the raw one."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes

COLUMNS: Final = [
    "hcpcs_code", "diagnosis_code", "observed", "expected", "lift", "ebgm", "eb05", "eb95", "q_value", "persons",
]  # fmt: skip
#: Marks of a logarithmic axis of ratios.
TICKS: Final = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def association(pairs: pd.DataFrame, *, max_pairs: int = 20, theme: str = "light") -> go.Figure:
    """Two marks per pair on a logarithmic axis: EBGM with EB05 to EB95, and the lift before shrinkage.

    Parameters: ``pairs`` as ``patterns.association`` returns it, whose order is kept; ``max_pairs``, how many of the
    first to draw, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(pairs, COLUMNS, "association", "patterns.association(claims)")
    title = "Pairs that stand together more often than chance"
    if pairs.empty:
        return frames.nothing(title, "No pair is observed often enough; lower min_observed.", theme=theme)
    rows = pairs.head(max_pairs)
    names = [f"{row.hcpcs_code} × {row.diagnosis_code}" for row in rows.itertuples()]
    places = list(range(len(rows)))
    fig = frames.figure(
        title, "Observed over expected lines; bars: 90 % of the posterior (EB05 to EB95)", theme=theme,
        height=210 + 26 * len(rows),
    )  # fmt: skip
    facts = [
        [
            fmt.safe(name), fmt.count(row.observed), fmt.expectation(row.expected), fmt.count(row.persons),
            fmt.ratio(row.lift), fmt.ratio(row.ebgm), fmt.span(fmt.ratio, row.eb05, row.eb95),
            fmt.probability(row.q_value),
        ]
        for name, row in zip(names, rows.itertuples(), strict=True)
    ]  # fmt: skip
    hover = frames.hover(
        "%{customdata[0]}", "n: %{customdata[1]} observed, %{customdata[2]} expected, %{customdata[3]} persons",
        "lift: %{customdata[4]}", "EBGM: %{customdata[5]} (%{customdata[6]})", "q: %{customdata[7]}",
    )  # fmt: skip
    fig.add_scatter(
        mode="markers", name="lift, before shrinkage", x=frames.numbers(rows["lift"]), y=places, customdata=facts,
        hovertemplate=hover, marker={"size": 9, "symbol": "circle-open", "color": themes.GREY, "line": {"width": 2}},
    )  # fmt: skip
    fig.add_scatter(
        mode="markers", name="EBGM", x=frames.numbers(rows["ebgm"]), y=places, customdata=facts, hovertemplate=hover,
        marker={"size": 9, "color": themes.BLUE},
        error_x={
            "type": "data", "symmetric": False, "color": themes.BLUE, "thickness": 2, "width": 0,
            "array": frames.numbers(rows["eb95"] - rows["ebgm"]),
            "arrayminus": frames.numbers(rows["ebgm"] - rows["eb05"]),
        },
    )  # fmt: skip
    fig.add_vline(x=1, line={"color": themes.GREY, "dash": "dash", "width": 1})
    for place, row in zip(places, rows.itertuples(), strict=True):
        frames.beside(fig, place, f"n = {fmt.count(row.observed)}", font={"size": 11})
    fig.update_xaxes(
        type="log", title_text="Observed / expected (logarithmic)", tickvals=list(TICKS),
        ticktext=[f"{tick:g}×" for tick in TICKS],
    )  # fmt: skip
    fig.update_yaxes(
        tickmode="array", tickvals=places, ticktext=[fmt.short(name, 40) for name in names],
        range=[len(rows) - 0.5, -0.5], zeroline=False, title_text="",
    )  # fmt: skip
    fig.update_layout(margin={"r": 100, "b": 110})
    if len(rows) < len(pairs):
        frames.notice(fig, f"{len(rows)} of {len(pairs):,} pairs shown, the highest EB05")
    return fig
