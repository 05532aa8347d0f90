"""Pairs as points: how often they occur against how much more they are denied than expected."""

from __future__ import annotations

from typing import Final, Literal

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.charts.pairs import HOVER, facts, keys, payer_columns
from cpticd.core.errors import ArgumentError

AXES: Final = {
    "excess_denials": ("Excess denials of pairs by volume", "Denied lines above expected"),
    "excess_rate": ("Excess denial rate of pairs by volume", "Denial rate above expected, percentage points"),
}
#: Beyond this many points the browser draws with WebGL.
WEBGL_POINTS = 2000
#: From this many points on, the area is capped.
MANY_POINTS: Final = 50
#: Marks of the logarithmic axis.
TICKS: Final = [step * 10**power for power in range(9) for step in (1, 2, 5)]


def pair_scatter(
    pairs: pd.DataFrame,
    *,
    y: Literal["excess_denials", "excess_rate"] = "excess_denials",
    q_threshold: float = 0.10,
    max_points: int = 5000,
    theme: str = "light",
) -> go.Figure:
    """One point per pair: service lines (log) against excess denials, coloured by its q-value.

    Parameters: ``pairs`` as ``denials.by_pair`` returns it, per payer or not; ``y``, denied lines above
    expected, or the rate above expected in percentage points; ``q_threshold``, the false-discovery level
    that colours a point; ``max_points``, how many of the first-ranked pairs to draw, the rest is announced.
    A point's area follows its denied dollars; its customdata starts with its procedure and diagnosis.
    """
    if y not in AXES:
        raise ArgumentError(f"pair_scatter: y {y!r} is unknown; give one of {', '.join(AXES)}")
    columns = keys(pairs, "pair_scatter")
    title, axis = AXES[y]
    if pairs.empty:
        return frames.nothing(title, "No pair has enough lines; lower min_lines.", theme=theme)
    shown = pairs.head(max_points).reset_index(drop=True)
    fig = frames.figure(
        title,
        "Area: denied dollars. Expected: other lines of the same procedure, payer, place, quarter",
        theme=theme,
    )
    # A few very dear pairs would leave all others as dots: the dearest 2 % are drawn alike, the hover tells.
    amounts = shown["denied_amount"].fillna(0).astype(float)
    largest = max(float(amounts.quantile(0.98 if len(amounts) >= MANY_POINTS else 1)), 1.0)
    found = (shown["q_value"] <= q_threshold).fillna(False).astype(bool)
    kind = go.Scattergl if len(shown) > WEBGL_POINTS else go.Scatter
    for part, name, colour in (
        (shown[~found], f"q > {q_threshold:g} or not tested", themes.GREY),
        (shown[found], f"q ≤ {q_threshold:g}", themes.VERMILION),
    ):
        if part.empty:
            continue
        fig.add_trace(
            kind(
                mode="markers",
                name=f"{name}: {len(part):,}",
                x=frames.numbers(part["lines"]),
                y=_heights(part, y),
                marker={
                    "color": themes.rgba(colour, 0.65),
                    "size": frames.numbers(amounts[part.index].clip(0, largest), 0),
                    "sizemode": "area",
                    "sizeref": largest / 24**2 * 2,
                    "sizemin": 3,
                    "line": {"color": colour, "width": 1},
                },
                customdata=[facts(row, columns, payer_columns(pairs)) for row in part.itertuples()],
                hovertemplate=HOVER,
            )
        )
    fig.update_xaxes(
        title_text="Service lines of the pair (log)",
        type="log",
        tickvals=TICKS,
        ticktext=[fmt.count(tick) for tick in TICKS],
    )
    fig.update_yaxes(title_text=axis, zeroline=True, zerolinewidth=2)
    if len(shown) < len(pairs):
        frames.notice(fig, f"{len(shown):,} first-ranked of {len(pairs):,} pairs shown")
    return fig


def _heights(part: pd.DataFrame, y: str) -> list[float | int | None]:
    if y == "excess_denials":
        return frames.numbers(part["excess_denials"], 3)
    return frames.numbers(100 * (part["rate"] - part["expected_rate"]), 4)
