"""Providers by volume and ratio, inside or outside of their funnel."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes

COLUMNS: Final = [
    "provider", "lines", "observed", "rate", "expected", "ratio", "precision", "z_adjusted", "q_value", "lower_95",
    "upper_95", "lower_998", "upper_998", "position",
]  # fmt: skip
LIMITS: Final = (
    ("998", "99.8 % limits", {"color": themes.GREY, "width": 1.5}),
    ("95", "95 % limits", {"color": themes.GREY, "width": 1.5, "dash": "dash"}),
)
#: Precisions that differ by more than this are drawn on a logarithmic axis.
WIDE: Final = 12
TICKS: Final = [step * 10**power for power in range(8) for step in (1, 2, 5)]
#: Colour and words of what lies within and beyond limits.
GROUPS: Final = (
    ("within 95 %", ("within 95 %",), themes.GREY),
    ("beyond 95 %", ("above 95 %", "below 95 %"), themes.ORANGE),
    ("beyond 99.8 %", ("above 99.8 %", "below 99.8 %"), themes.VERMILION),
)


def funnel(providers: pd.DataFrame, *, max_labels: int = 6, theme: str = "light") -> go.Figure:
    """One point per provider: its precision against observed over expected, between the funnel's limits.

    Parameters: ``providers`` as ``patterns.providers`` returns it; ``max_labels``, how many of those beyond the
    99.8 % limits are named, furthest out first; the hover names all. Raises ArgumentError for other frames.
    """
    frames.require(providers, COLUMNS, "funnel", "patterns.providers(claims)")
    contract = frames.contract(providers)
    title = str(contract.get("measure", "providers")).removesuffix(" by provider")
    title = f"Providers: {title}"
    rows = providers[providers["precision"].notna()]
    if rows.empty:
        return frames.nothing(title, "No provider has enough lines, or others to compare with.", theme=theme)
    mix = contract.get("case_mix") or "none"
    named = mix if isinstance(mix, str) else ", ".join(fmt.heading(name).lower() for name in mix)
    spread = {"multiplicative": "limits widened by φ", "additive": "limits widened by τ²"}
    how = spread.get(str(contract.get("overdispersion")), "limits of chance alone")
    fig = frames.figure(title, f"Expected by {named}; {how}", theme=theme, height=520)
    along = rows.sort_values("precision", kind="stable")
    wide = float(along["precision"].iloc[-1]) > WIDE * float(along["precision"].iloc[0])
    for name, words, line in LIMITS:
        for side in ("lower", "upper"):
            fig.add_scatter(
                mode="lines", name=words, x=frames.numbers(along["precision"]), legendgroup=words,
                y=frames.numbers(along[f"{side}_{name}"]), line=line, hoverinfo="skip", showlegend=side == "upper",
            )  # fmt: skip
    fig.add_hline(y=1, line={"color": themes.GREY, "width": 1})
    for name, positions, colour in GROUPS:
        part = rows[rows["position"].isin(positions)]
        if not part.empty:
            _points(fig, part, name, colour)
    far = rows[rows["position"].isin(GROUPS[2][1])].head(max_labels)
    for name, volume, ratio in zip(
        far["provider"].tolist(), far["precision"].tolist(), far["ratio"].tolist(), strict=True
    ):
        fig.add_annotation(
            x=math.log10(volume) if wide else volume, y=ratio, text=fmt.short(name, 18), showarrow=False,
            font={"size": 11}, yshift=12 if ratio > 1 else -12,
        )  # fmt: skip
    axis = "Precision (expected count, weighed by what it can vary)"
    if wide:
        fig.update_xaxes(type="log", title_text=axis + ", logarithmic", tickvals=TICKS)
    else:
        fig.update_xaxes(title_text=axis, rangemode="tozero")
    top = max(float(rows["ratio"].max()), float(rows["upper_95"].quantile(0.9)))
    fig.update_yaxes(
        title_text="Observed / expected", tickformat=".1f", ticksuffix="×", range=[0, round(1.12 * top, 3)]
    )
    fig.update_layout(margin={"b": 110})
    return fig


def _points(fig: go.Figure, part: pd.DataFrame, name: str, colour: str) -> None:
    """The providers of one colour."""
    facts = [
        [
            fmt.safe(row.provider), fmt.count(row.lines), fmt.count(row.observed), fmt.count(row.expected),
            fmt.percent(row.rate), fmt.ratio(row.ratio), fmt.safe(row.position), f"{row.z_adjusted:.1f}",
            fmt.probability(row.q_value),
        ]
        for row in part.itertuples()
    ]  # fmt: skip
    fig.add_scatter(
        mode="markers", name=f"{name}: {len(part):,}", x=frames.numbers(part["precision"]),
        y=frames.numbers(part["ratio"]), customdata=facts,
        marker={"size": 9, "color": themes.rgba(colour, 0.75), "line": {"width": 1, "color": colour}},
        hovertemplate=frames.hover(
            "%{customdata[0]}", "n: %{customdata[1]} lines", "observed: %{customdata[2]} (%{customdata[4]})",
            "expected: %{customdata[3]}", "ratio: %{customdata[5]}, %{customdata[6]}",
            "z: %{customdata[7]}, q: %{customdata[8]}",
        ),
    )  # fmt: skip
