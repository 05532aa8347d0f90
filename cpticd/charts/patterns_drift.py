"""Pairs that changed: a small picture each, month by month, with the likeliest change."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

COLUMNS: Final = [
    "hcpcs_code", "diagnosis_code", "kind", "change_date", "change_from", "change_to", "share_before", "share_after",
    "q_value", "month_lines", "month_procedure_lines",
]  # fmt: skip
ACROSS: Final = 2


def drift(pairs: pd.DataFrame, *, max_pairs: int = 6, theme: str = "light") -> go.Figure:
    """One small picture per pair: the share of the procedure's lines that points to the diagnosis, by month.

    Parameters: ``pairs`` as ``patterns.drift`` returns it (its contract names the months); ``max_pairs``, how many of
    the first to draw, the rest is announced. The band is where the change lies with about 95 %, the lines are the
    shares before and after. Raises ArgumentError for other frames.
    """
    frames.require(pairs, COLUMNS, "drift", "patterns.drift(claims)")
    title = "Pairs that changed"
    rows = pairs[pairs["change_date"].notna()]
    if rows.empty:
        return frames.nothing(title, "No pair has enough lines and months; lower min_lines.", theme=theme)
    months = frames.contract(pairs).get("months")
    if not months or any(len(row) != len(months) for row in rows["month_lines"]):
        raise ArgumentError(
            "drift: the frame's contract names no months, or others; give the DataFrame of patterns.drift as it came"
        )
    shown = rows.head(max_pairs).reset_index(drop=True)
    down = math.ceil(len(shown) / ACROSS)
    fig = make_subplots(figure=frames.Figure(), 
        rows=down, cols=ACROSS, vertical_spacing=min(0.3, 90 / (230 * down)), horizontal_spacing=0.11,
        subplot_titles=[
            fmt.safe(
                f"{row.hcpcs_code} × {row.diagnosis_code}: {row.kind} {row.change_date:%b %Y}, q {_q(row.q_value)}"
            )
            for row in shown.itertuples()
        ],
    )  # fmt: skip
    layout = frames.figure(
        title,
        "Share of the procedure's lines that points to the diagnosis; band: when it changed (95 %)",
        theme=theme,
    ).layout
    fig.update_layout(layout)
    fig.update_layout(height=130 + 230 * down, showlegend=False, margin={"t": 110, "b": 70})
    fig.update_annotations(font_size=13)
    for place, (_, row) in enumerate(shown.iterrows()):
        _picture(fig, row, list(months), place // ACROSS + 1, place % ACROSS + 1)
    fig.update_yaxes(tickformat=".0%", rangemode="tozero", title_text="")
    fig.update_yaxes(title_text="Share of lines", col=1)
    fig.update_xaxes(type="date", tickformat="%b %Y", nticks=6, title_text="")
    if len(shown) < len(rows):
        frames.notice(fig, f"{len(shown)} of {len(rows):,} pairs shown, the smallest q")
    return fig


def _q(value: object) -> str:
    written = fmt.probability(value)
    return written if written.startswith("<") else f"= {written}"


def _picture(fig: go.Figure, row: pd.Series, months: list[str], down: int, across: int) -> None:
    """One pair: months as points, shares before and after as lines, the change as a band."""
    share = [
        k / n if n else None for k, n in zip(row["month_lines"], row["month_procedure_lines"], strict=True)
    ]
    facts = [
        [month, fmt.count(k), fmt.count(n), fmt.percent(part)]
        for month, k, n, part in zip(
            months, row["month_lines"], row["month_procedure_lines"], share, strict=True
        )
    ]
    place = {"row": down, "col": across}
    change = fmt.date(row["change_date"])
    fig.add_scatter(
        mode="markers", x=months, y=[None if part is None else round(part, 6) for part in share], customdata=facts,
        marker={"size": 7, "color": themes.BLUE}, cliponaxis=False,
        name=f"{row['hcpcs_code']} × {row['diagnosis_code']}",
        hovertemplate=frames.hover(
            "%{customdata[0]}", "n: %{customdata[2]} lines of the procedure", "with the diagnosis: %{customdata[1]}",
            "share: %{customdata[3]}",
        ), **place,
    )  # fmt: skip
    steps = ((months[0], change, row["share_before"]), (change, months[-1], row["share_after"]))
    for begin, end, level in steps:
        if pd.notna(level):
            fig.add_scatter(
                mode="lines", x=[begin, end], y=[round(float(level), 6)] * 2, hoverinfo="skip",
                line={"color": themes.VERMILION, "width": 2}, **place,
            )  # fmt: skip
    fig.add_vrect(
        x0=fmt.date(row["change_from"]), x1=fmt.date(row["change_to"] + pd.offsets.MonthBegin(1)),
        fillcolor=themes.rgba(themes.SKY, 0.22), line_width=0, layer="below", **place,
    )  # fmt: skip
