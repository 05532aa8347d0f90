"""The strongest edges between procedures and diagnoses, in two columns."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
from plotly.colors import sample_colorscale

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure

COLUMNS: Final = [
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "lines", "persons", "charge_amount",
    "denial_rate", "low", "high",
]  # fmt: skip
#: What colors an edge, in words; deviations of a logarithm for ratios would need a middle, so both run up.
COLORS: Final = {"denial_rate": "denial rate", "ebgm": "EBGM"}
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
) -> Figure:
    """One line per edge, procedures on the left and diagnoses on the right: thicker with lines, colored by ``color``.

    Parameters: ``edges`` as ``patterns.network`` returns it, whose order is kept (sort it by what you mean by
    strongest); ``color``: ``denial_rate``, or ``ebgm`` (of ``associate=True``); ``max_edges``, how many of the first
    to draw, the rest is announced. Codes lie so that few lines cross: each at the mean place of its neighbours, in
    turns from either side, ties by code. Raises ArgumentError for other frames.
    """
    frames.one_of(color, [*COLORS], "network: color")
    call = (
        "patterns.network(claims)" if color == "denial_rate" else "patterns.network(claims, associate=True)"
    )
    frames.require(edges, [*COLUMNS, *({color} - {*COLUMNS})], "network", call)
    title = "Procedures and the diagnoses they are billed with"
    if edges.empty:
        return frames.nothing(title, "No edge has enough lines; lower min_lines.", theme=theme)
    rows = edges.head(max_edges).reset_index(drop=True)
    left, right = _places(rows)
    sides = (
        (left, 0.0, "right", rows.rename(columns={"hcpcs_code": "code", "hcpcs_family": "family"})),
        (right, 1.0, "left", rows.rename(columns={"diagnosis_code": "code", "diagnosis_family": "family"})),
    )
    words = [note for places, x, anchor, _ in sides for note in _words(places, x, anchor)]
    bar = {
        "title": {"text": COLORS[color]}, "tickformat": ".0%" if color == "denial_rate" else ".0f",
        "thickness": 12, "len": 0.5, "x": 1.0, "xref": "container", "xanchor": "right", "y": 0.5,
    }  # fmt: skip
    scale = {
        "colorscale": themes.SEQUENTIAL,
        "cmin": 0,
        "cmax": round(_highest(rows[color]), 6),
        "colorbar": bar,
    }
    return frames.figure(
        title, f"Thickness: service lines; color: {COLORS[color]}", theme=theme, annotations=words,
        data=[*_edges(rows, left, right, color), *(_nodes(part, places, x) for places, x, _, part in sides)],
        height=170 + 22 * max(len(left), len(right)), xaxis={"visible": False, "range": [-0.02, 1.02]},
        yaxis={"visible": False, "range": [1.04, -0.04]}, showlegend=False, coloraxis=scale,
        margin={"l": 110, "r": 210, "b": 70},
        notice=frames.cut(len(rows), len(edges), "edges", ", the first of the frame"),
    )  # fmt: skip


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


def _highest(values: pd.Series) -> float:
    """Where the scale of colors ends: a few values beyond it do not pale all others."""
    return float(values.astype(float).quantile(0.98)) if values.notna().any() else 1.0


def _edges(
    rows: pd.DataFrame, left: dict[str, float], right: dict[str, float], color: str
) -> list[dict[str, Any]]:
    """Lines from left to right, the strongest on top, each with a point in the middle that has its facts."""
    values, high = rows[color].astype(float), _highest(rows[color])
    shades = (values / max(high, 1e-9)).clip(0, 1).fillna(-1)
    inks = [themes.GREY if one < 0 else sample_colorscale(themes.SEQUENTIAL, [one])[0] for one in shades]
    begin, end = rows["hcpcs_code"].map(left), rows["diagnosis_code"].map(right)
    widths = (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * rows["lines"] / float(rows["lines"].max())).round(2)
    quiet = {"type": "scatter", "mode": "lines", "x": list(STEPS), "hoverinfo": "skip", "opacity": 0.75}
    found: list[dict[str, Any]] = [
        quiet | {"y": [round(y0 + (y1 - y0) * (3 - 2 * t) * t * t, 5) for t in STEPS],
                 "line": {"color": ink, "width": width}}
        for y0, y1, ink, width in reversed(list(zip(begin, end, inks, widths, strict=True)))
    ]  # fmt: skip
    middle = rows.assign(x=0.5, y=((begin + end) / 2).round(5), ebgm=rows.get("ebgm", float("nan")))
    middle["edge"] = marks.write(rows, "{hcpcs_code:plain} × {diagnosis_code:plain}")
    look = {"size": 7, "color": inks, "line": {"width": 1, "color": "#FFFFFF"}}
    found.append(marks.points(
        middle, "x", "y", name="edges", marker=look,
        facts=["{edge}", "n: {lines} lines, {persons} persons", "charges: {charge_amount}",
               "denied: {denial_rate} (95 % interval {low~high})", "EBGM: {ebgm}"],
    ))  # fmt: skip
    # Nothing but the scale of the colors.
    scale = {"x": [None], "y": [None], "mode": "markers", "marker": {"color": [0], "coloraxis": "coloraxis"}}
    return [*found, {"type": "scatter", "hoverinfo": "skip", "name": "scale", **scale}]


def _nodes(rows: pd.DataFrame, places: dict[str, float], x: float) -> dict[str, Any]:
    """The codes of one side."""
    counts = {"family": ("family", "first"), "lines": ("lines", "sum"), "edges": ("lines", "size")}
    nodes = rows.groupby("code").agg(**counts).loc[list(places)].reset_index()
    return marks.points(
        nodes.assign(x=x, y=nodes["code"].map(places).round(5)), "x", "y", name="diagnoses" if x else "procedures",
        color=themes.GREEN if x else themes.BLUE, marker={"size": 9},
        facts=["{code}", "of: {family}", "n: {lines} lines on {edges} edges shown"],
    )  # fmt: skip


def _words(places: dict[str, float], x: float, anchor: str) -> list[dict[str, Any]]:
    """The heading of one side, and its codes."""
    look: dict[str, Any] = {"x": x, "xref": "x", "yref": "y", "showarrow": False, "xanchor": anchor}
    look["xshift"] = 10 if x else -10
    heading = {"y": -0.035, "yanchor": "bottom", "text": f"<b>{'Diagnosis' if x else 'Procedure'}</b>"}
    return [
        look | heading,
        *(look | {"y": y, "text": fmt.short(name, 14), "font": {"size": 12}} for name, y in places.items()),
    ]
