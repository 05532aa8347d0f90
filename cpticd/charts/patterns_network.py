"""The strongest edges between procedures and diagnoses, in two columns."""

from __future__ import annotations

from typing import Final, Literal

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

COLUMNS: Final = [
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "lines", "persons", "charge_amount",
    "denial_rate", "low", "high",
]  # fmt: skip
#: What colours an edge, in words; deviations of a logarithm for ratios would need a middle, so both run up.
COLOURS: Final = {"denial_rate": "denial rate", "ebgm": "EBGM"}
SWEEPS: Final = 12
#: Along these an edge is drawn, level at both ends.
STEPS: Final = tuple(step / 12 for step in range(13))
#: Thinnest and thickest line of an edge, and how many widths are told apart.
WIDTHS: Final = (1.0, 9.0)


def network(
    edges: pd.DataFrame,
    *,
    color: Literal["denial_rate", "ebgm"] = "denial_rate",
    max_edges: int = 40,
    theme: str = "light",
) -> go.Figure:
    """One line per edge, procedures on the left and diagnoses on the right: thicker with lines, coloured by ``color``.

    Parameters: ``edges`` as ``patterns.network`` returns it, whose order is kept (sort it by what you mean by
    strongest); ``color``: ``denial_rate``, or ``ebgm`` (of ``associate=True``); ``max_edges``, how many of the first
    to draw, the rest is announced. Codes lie so that few lines cross: each at the mean place of its neighbours, in
    turns from either side, ties by code. Raises ArgumentError for other frames.
    """
    if color not in COLOURS:
        raise ArgumentError(f"network: color {color!r} is unknown; give one of {', '.join(COLOURS)}")
    call = (
        "patterns.network(claims)" if color == "denial_rate" else "patterns.network(claims, associate=True)"
    )
    frames.require(edges, [*COLUMNS, *({color} - {*COLUMNS})], "network", call)
    title = "Procedures and the diagnoses they are billed with"
    if edges.empty:
        return frames.nothing(title, "No edge has enough lines; lower min_lines.", theme=theme)
    rows = edges.head(max_edges).reset_index(drop=True)
    left, right = _places(rows)
    fig = frames.figure(
        title, f"Thickness: service lines; colour: {COLOURS[color]}", theme=theme,
        height=170 + 22 * max(len(left), len(right)),
    )  # fmt: skip
    _edges(fig, rows, left, right, color)
    for places, x, column, family, anchor in (
        (left, 0.0, "hcpcs_code", "hcpcs_family", "right"), (right, 1.0, "diagnosis_code", "diagnosis_family", "left")
    ):  # fmt: skip
        _nodes(fig, rows.rename(columns={column: "code", family: "family"}), places, x=x, anchor=anchor)
    fig.update_xaxes(visible=False, range=[-0.02, 1.02])
    fig.update_yaxes(visible=False, range=[1.04, -0.04])
    fig.update_layout(showlegend=False, margin={"l": 110, "r": 210, "b": 60})
    for x, words, anchor in ((0, "Procedure", "right"), (1, "Diagnosis", "left")):
        fig.add_annotation(
            x=x, y=-0.035, xref="x", yref="y", text=f"<b>{words}</b>", showarrow=False, xanchor=anchor,
            yanchor="bottom", xshift=-10 if anchor == "right" else 10,
        )  # fmt: skip
    if len(rows) < len(edges):
        fig.add_annotation(
            text=f"{len(rows)} of {len(edges):,} edges shown, the first of the frame", x=0, y=0, xref="paper",
            yref="paper", xanchor="left", yanchor="top", yshift=-12, showarrow=False, font={"size": 11},
        )  # fmt: skip
    return fig


def _places(rows: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Height of every code, 0 to 1 on either side, by barycentres in a fixed number of turns."""
    pairs = list(zip(rows["hcpcs_code"], rows["diagnosis_code"], rows["lines"], strict=True))
    left = {code: float(place) for place, code in enumerate(dict.fromkeys(p for p, _, _ in pairs))}
    right = {code: float(place) for place, code in enumerate(dict.fromkeys(d for _, d, _ in pairs))}
    for _ in range(SWEEPS):
        right = _ordered([(d, left[p], n) for p, d, n in pairs])
        left = _ordered([(p, right[d], n) for p, d, n in pairs])
    return left, right


def _ordered(neighbours: list[tuple[str, float, int]]) -> dict[str, float]:
    """Codes at equal steps from 0 to 1, by the weighed mean height of their neighbours, ties by code."""
    sums: dict[str, tuple[float, float]] = {}
    for code, height, weight in neighbours:
        total, weights = sums.get(code, (0.0, 0.0))
        sums[code] = (total + height * weight, weights + weight)
    order = sorted(sums, key=lambda code: (round(sums[code][0] / sums[code][1], 9), code))
    return {code: (place + 0.5) / len(order) for place, code in enumerate(order)}


def _edges(
    fig: go.Figure, rows: pd.DataFrame, left: dict[str, float], right: dict[str, float], color: str
) -> None:
    """Lines from left to right, the strongest on top, each with a point in the middle that tells its facts."""
    values = rows[color].astype(float)
    high = float(values.quantile(0.98)) if values.notna().any() else 1.0
    scale = (values / max(high, 1e-9)).clip(0, 1)
    most = float(rows["lines"].max())
    colours = [
        themes.GREY if pd.isna(value) else sample_colorscale(themes.SEQUENTIAL, [float(value)])[0]
        for value in scale
    ]
    for place in reversed(range(len(rows))):
        row, colour = rows.iloc[place], colours[place]
        y0, y1 = left[row["hcpcs_code"]], right[row["diagnosis_code"]]
        width = WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * float(row["lines"]) / most
        fig.add_scatter(
            mode="lines", x=list(STEPS), y=[round(y0 + (y1 - y0) * (3 - 2 * t) * t * t, 5) for t in STEPS],
            hoverinfo="skip", line={"color": colour, "width": round(width, 2)}, opacity=0.75,
        )  # fmt: skip
    ends = zip(rows["hcpcs_code"].tolist(), rows["diagnosis_code"].tolist(), strict=True)
    middle = [round((left[procedure] + right[diagnosis]) / 2, 5) for procedure, diagnosis in ends]
    fig.add_scatter(
        mode="markers", x=[0.5] * len(rows), y=middle, name="edges",
        marker={"size": 7, "color": colours, "line": {"width": 1, "color": "#FFFFFF"}},
        customdata=[
            [fmt.safe(f"{row.hcpcs_code} × {row.diagnosis_code}"), fmt.count(row.lines), fmt.count(row.persons),
             fmt.dollars(row.charge_amount), fmt.percent(row.denial_rate), fmt.interval(row.low, row.high),
             fmt.ratio(getattr(row, "ebgm", None))]
            for row in rows.itertuples()
        ],
        hovertemplate=frames.hover(
            "%{customdata[0]}", "n: %{customdata[1]} lines, %{customdata[2]} persons", "charges: %{customdata[3]}",
            "denied: %{customdata[4]} (95 % interval %{customdata[5]})", "EBGM: %{customdata[6]}",
        ),
    )  # fmt: skip
    fig.add_scatter(  # nothing but the scale of the colours
        mode="markers", x=[None], y=[None], hoverinfo="skip", name="scale",
        marker={
            "color": [0], "colorscale": themes.SEQUENTIAL, "cmin": 0, "cmax": round(high, 6), "showscale": True,
            "colorbar": {
                "title": {"text": COLOURS[color]}, "tickformat": ".0%" if color == "denial_rate" else ".0f",
                "thickness": 12, "len": 0.5, "x": 1.0, "xref": "container", "xanchor": "right", "y": 0.5,
            },
        },
    )  # fmt: skip


def _nodes(fig: go.Figure, rows: pd.DataFrame, places: dict[str, float], *, x: float, anchor: str) -> None:
    """The codes of one side with their labels."""
    facts = rows.groupby("code").agg(
        family=("family", "first"), lines=("lines", "sum"), edges=("lines", "size")
    )
    names = list(places)
    fig.add_scatter(
        mode="markers", x=[x] * len(names), y=[round(places[name], 5) for name in names],
        name="procedures" if x == 0 else "diagnoses",
        marker={"size": 9, "color": themes.BLUE if x == 0 else themes.GREEN},
        customdata=[
            [fmt.safe(name), fmt.safe(facts.loc[name, "family"]), fmt.count(facts.loc[name, "lines"]),
             fmt.count(facts.loc[name, "edges"])]
            for name in names
        ],
        hovertemplate=frames.hover(
            "%{customdata[0]}", "%{customdata[1]}", "n: %{customdata[2]} lines on %{customdata[3]} edges shown"
        ),
    )  # fmt: skip
    for name in names:
        fig.add_annotation(
            x=x, y=places[name], xref="x", yref="y", text=fmt.short(name, 14), showarrow=False, xanchor=anchor,
            xshift=-10 if anchor == "right" else 10, font={"size": 12},
        )  # fmt: skip
