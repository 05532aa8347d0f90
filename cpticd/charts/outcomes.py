"""What claims consist of: lines and dollars of each group, split by the payer's answer."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

CLOCKS: Final = {"initial_outcome": "first answer", "final_outcome": "latest answer"}
MEASURES: Final = ["lines", "charge_amount"]
#: Outcomes of the view line_outcomes, in the order of the stack.
OUTCOMES: Final = (
    ("paid", themes.BLUE),
    ("partly denied", themes.ORANGE),
    ("denied", themes.VERMILION),
    ("not adjudicated", themes.GREY),
)


def outcomes(rows: pd.DataFrame, *, max_groups: int = 30, theme: str = "light") -> go.Figure:
    """One bar per group, service lines on the left and charges on the right, split by outcome.

    Parameters: ``rows``, one per group and outcome: the group's columns, ``initial_outcome`` or
    ``final_outcome`` as in the view line_outcomes, ``lines`` and ``charge_amount`` (US dollars); groups are
    drawn in their order; ``max_groups``, how many to draw, the rest is announced.
    Raises ArgumentError for other frames.
    """
    source = "a query over line_outcomes"
    frames.require(rows, MEASURES, "outcomes", source)
    clock = next((name for name in CLOCKS if name in rows.columns), None)
    if clock is None:
        raise ArgumentError(
            f"outcomes: no column {' or '.join(map(repr, CLOCKS))}; found {list(map(str, rows.columns))}; "
            f"give the DataFrame of {source}"
        )
    groups = frames.group_columns(rows, [clock, *MEASURES])
    noun = " and ".join(fmt.heading(name).lower() for name in groups)
    title = "Service lines and charges" + (f" by {noun}" if noun else "")
    if rows.empty:
        return frames.nothing(title, "No service lines in these claims.", theme=theme)
    names = pd.Series(frames.labels(rows, groups), index=rows.index).replace("", "all lines")
    every = list(names.drop_duplicates())
    shown = every[:max_groups]
    fig = make_subplots(figure=frames.Figure(), rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    fig.layout.template = themes.template_name(theme)
    fig.update_layout(
        title_text=title,
        title_subtitle_text=f"Split by the payer's {CLOCKS[clock]}",
        barmode="stack",
        bargap=0.25,
        height=240 + 22 * len(shown),
        autosize=True,
        margin_b=110,
    )
    for outcome, colour in OUTCOMES:
        part = rows[(rows[clock] == outcome) & names.isin(shown)]
        for column, measure in enumerate(MEASURES, start=1):
            if not part.empty:
                fig.add_trace(_bars(part, names, measure, outcome, colour), row=1, col=column)
    fig.update_xaxes(title_text="Service lines", tickformat="~s", rangemode="tozero", col=1)
    fig.update_xaxes(title_text="Charges, US dollars", tickformat="$~s", rangemode="tozero", col=2)
    fig.update_yaxes(
        type="category", categoryorder="array", categoryarray=shown[::-1],
        tickmode="array", tickvals=shown, ticktext=[fmt.short(name, 36) for name in shown],
    )  # fmt: skip
    if len(shown) < len(every):
        frames.notice(fig, f"{len(shown)} of {len(every)} groups shown")
    return fig


def _bars(part: pd.DataFrame, names: pd.Series, measure: str, outcome: str, colour: str) -> go.Bar:
    labels = names[part.index].tolist()
    return go.Bar(
        orientation="h",
        name=outcome,
        legendgroup=outcome,
        showlegend=measure == MEASURES[0],
        y=labels,
        x=frames.numbers(part[measure], 2),
        marker_color=colour,
        customdata=[
            [fmt.safe(label), fmt.count(row.lines), fmt.dollars(row.charge_amount)]
            for label, row in zip(labels, part.itertuples(), strict=True)
        ],
        hovertemplate=frames.hover(
            f"%{{customdata[0]}}: {outcome}", "n: %{customdata[1]} lines", "charges: %{customdata[2]}"
        ),
    )
