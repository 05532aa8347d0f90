"""Levels of a code family as stacked shares: by period, or by group."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

COLUMNS: Final = ["family", "level", "codes", "lines", "family_lines", "share", "low", "high", "mean_level"]
#: From this share on a bar says its own level.
LABELLED: Final = 0.08
#: Beyond so many periods their means would run into each other; the hover has them.
MOST_MEANS: Final = 26


def mix(levels: pd.DataFrame, *, max_groups: int = 30, theme: str = "light") -> go.Figure:
    """One stacked bar per period, or per group where time is all one: the shares of a family's levels.

    Parameters: ``levels`` as ``patterns.mix`` returns it, of one family; either of several periods and one group, or
    of several groups and one period. Groups are ordered by their mean level, which stands beside each bar;
    ``max_groups``, how many with most lines are drawn, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(levels, COLUMNS, "mix", "patterns.mix(claims, family)")
    if levels.empty:
        return frames.nothing(
            "Levels of a code family", "No family has enough lines; lower min_lines.", theme=theme
        )
    families = levels["family"].unique().tolist()
    if len(families) > 1:
        raise ArgumentError(
            f"mix: found {len(families)} families; choose one, e.g. frame[frame['family'] == {families[0]!r}]"
        )
    names = [name for name in frames.group_columns(levels, ["level"]) if name not in ("family", "period")]
    periods = levels["period"].nunique() if "period" in levels else 1
    bars = frames.labels(levels, names)
    if periods > 1 and len({*bars}) > 1:
        raise ArgumentError("mix: found several groups and several periods; choose one group, or period=None")
    sideways = len({*bars}) > 1 or periods == 1
    rows = levels.assign(bar=bars if sideways else [f"{day:%Y-%m}" for day in levels["period"]])
    first = rows.drop_duplicates("bar")
    if sideways:
        most = first.sort_values(["family_lines", "bar"], ascending=[False, True], kind="stable").head(
            max_groups
        )
        shown = most.sort_values(["mean_level", "bar"], kind="stable")["bar"].tolist()
    else:
        shown = sorted(first["bar"])
    fig = frames.figure(
        f"Levels billed: {families[0]}", "Share of lines by level; beside or above: the mean level", theme=theme,
        height=220 + 24 * len(shown) if sideways else 460,
    )  # fmt: skip
    # Places are numbers: a provider's number would be read as one on an axis of names.
    rows = rows[rows["bar"].isin(shown)].assign(place=lambda frame: frame["bar"].map(shown.index))
    _bars(fig, rows, sideways)
    if sideways or len(shown) <= MOST_MEANS:
        _means(fig, first.set_index("bar").loc[shown, "mean_level"].tolist(), sideways)
    share = {"title_text": "Share of lines", "tickformat": ".0%", "range": [0, 1]}
    along = {
        "tickmode": "array", "tickvals": list(range(len(shown))), "ticktext": [fmt.short(bar, 34) for bar in shown],
        "range": [-0.5, len(shown) - 0.5], "title_text": "", "zeroline": False, "showgrid": False,
    }  # fmt: skip
    (fig.update_xaxes if sideways else fig.update_yaxes)(**share)
    (fig.update_yaxes if sideways else fig.update_xaxes)(**along)
    fig.update_layout(barmode="stack", bargap=0.15, margin={"r": 80, "b": 120}, legend_traceorder="normal")
    if len(shown) < len(first):
        frames.notice(fig, f"{len(shown)} of {len(first)} groups shown, those with most lines")
    return fig


def _bars(fig: go.Figure, rows: pd.DataFrame, sideways: bool) -> None:
    """A trace per level, from the lowest on."""
    every = sorted(rows["level"].unique())
    colours = sample_colorscale(
        themes.SEQUENTIAL, [place / max(len(every) - 1, 1) for place in range(len(every))]
    )
    for place, (level, colour) in enumerate(zip(every, colours, strict=True)):
        part = rows[rows["level"] == level]
        facts = [
            [fmt.safe(row.bar), fmt.safe(row.codes), fmt.count(row.lines), fmt.count(row.family_lines),
             fmt.percent(row.share), fmt.interval(row.low, row.high), f"{row.mean_level:.2f}"]
            for row in part.itertuples()
        ]  # fmt: skip
        shares, places = frames.numbers(part["share"]), part["place"].tolist()
        fig.add_bar(
            name=f"level {level} ({' '.join(sorted({*part['codes']}))})", orientation="h" if sideways else "v",
            x=shares if sideways else places, y=places if sideways else shares, marker_color=colour, customdata=facts,
            text=[str(level) if (share or 0) >= LABELLED else "" for share in shares], textposition="inside",
            insidetextanchor="middle", textangle=0,
            insidetextfont={"color": "#FFFFFF" if place < len(every) / 2 else "#24292F", "size": 11},
            hovertemplate=frames.hover(
                f"%{{customdata[0]}}: level {level} (%{{customdata[1]}})",
                "n: %{customdata[2]} of %{customdata[3]} lines",
                "share: %{customdata[4]} (95 % interval %{customdata[5]})", "mean level: %{customdata[6]}",
            ),
        )  # fmt: skip


def _means(fig: go.Figure, means: list[float], sideways: bool) -> None:
    """The mean level beside each bar."""
    for place, mean in enumerate(means):
        if sideways:
            frames.beside(fig, place, f"{mean:.2f}", font={"size": 11})
        else:
            fig.add_annotation(
                x=place,
                y=1,
                yref="paper",
                text=f"{mean:.2f}",
                showarrow=False,
                yanchor="bottom",
                font={"size": 11},
            )
