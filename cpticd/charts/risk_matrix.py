"""Conditions against kinds: where the expected impact comes from."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import risk_parts as parts

COLUMNS: Final = ["person_id", "hcc", "label", "kind", "expected_score"]
#: Lowers the score: towards vermilion; raises it: towards blue; light enough for dark text on either theme.
SCALE: Final = [[0.0, "#E58A4E"], [0.25, "#EFBE9B"], [0.5, "#E4E4E4"], [0.75, "#A9CDE4"], [1.0, "#62A8D3"]]
INK: Final = "#16191D"
NET: Final = "net"


def hcc_kind_matrix(
    impact: pd.DataFrame, *, unit: parts.UnitName | None = None, max_rows: int = 20, theme: str = "light"
) -> go.Figure:
    """One cell per condition and kind: its expected impact, and how many persons; unsupported lowers.

    Parameters: ``impact`` as ``risk.impact`` returns it; ``unit``, ``score`` or ``dollars`` (dollars where
    the impact has them); ``max_rows``, how many conditions to show, those of the largest impact in either
    direction first, the rest is announced. The last column adds each row up.
    Raises ArgumentError for other frames.
    """
    frames.require(impact, COLUMNS, "hcc_kind_matrix", parts.IMPACT)
    measure = parts.unit(impact, unit, "hcc_kind_matrix")
    impact = parts.to_review(impact)
    title = "Expected impact by condition and kind"
    if impact.empty:
        return frames.nothing(title, "No gaps and no unsupported conditions.", theme=theme)
    sums = _sums(impact, measure)
    size = sums.groupby("condition", sort=False)["value"].agg(lambda values: values.abs().sum())
    every = sorted(size.index, key=lambda name: (-size[name], name))
    shown, kinds = every[:max_rows], parts.kinds(sums["kind"])
    heads = [parts.words(kind).replace(": ", ":<br>").replace(" by a", "<br>by a") for kind in kinds]
    common = {"type": "category", "categoryorder": "array", "showgrid": False, "tickmode": "array"}
    fig = frames.figure(
        title, f"Change of {measure.axis}, weighted by confidence; in brackets: persons", theme=theme,
        height=230 + 34 * len(shown), data=[_heatmap(sums, shown, kinds, measure), _net(sums, shown, measure)],
        xaxis={
            **common, "categoryarray": [*kinds, NET], "side": "top", "tickangle": 0, "tickvals": [*kinds, NET],
            "ticktext": [*heads, "Net"],
        },
        yaxis={
            **common, "categoryarray": shown[::-1], "tickvals": shown,
            "ticktext": [fmt.short(name, 46) for name in shown],
        },
        coloraxis={"colorscale": SCALE, "cmid": 0, "showscale": False}, margin={"t": 150, "b": 50},
        heading={"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 22, "l": 12}},
    )  # fmt: skip
    if len(shown) < len(every):
        frames.notice(fig, f"{len(shown)} of {len(every)} conditions shown")
        fig.layout.annotations[-1].update(yshift=-12)
    return fig


def _sums(impact: pd.DataFrame, measure: parts.Unit) -> pd.DataFrame:
    """One row per condition and kind: what its rows add up to, and persons."""
    names = [parts.condition(hcc, label) for hcc, label in zip(impact["hcc"], impact["label"], strict=True)]
    grouped = impact.assign(condition=names).groupby(["condition", "kind"], sort=False, observed=True)
    return grouped.agg(
        value=(measure.column, "sum"), persons=("person_id", "nunique"), gaps=("person_id", "size")
    ).reset_index()


def _heatmap(sums: pd.DataFrame, shown: list[str], kinds: list[str], measure: parts.Unit) -> dict[str, Any]:
    empty: list[str] = ["", "", "", "", ""]
    z: list[list[float | int | None]] = [[None] * len(kinds) for _ in shown]
    written = [[""] * len(kinds) for _ in shown]
    facts = [[empty] * len(kinds) for _ in shown]
    part = sums[sums["condition"].isin(shown)]
    names, of_kinds, values = part["condition"], part["kind"], frames.numbers(part["value"], 4)
    for name, kind, value, row in zip(names, of_kinds, values, part.itertuples(), strict=True):
        i, j = shown.index(name), kinds.index(kind)
        z[i][j] = value
        written[i][j] = f"{measure.signed(row.value)} ({fmt.count(row.persons)})"
        facts[i][j] = [
            fmt.safe(name), parts.words(kind), measure.signed(row.value),
            parts.counted(row.persons, "person"), fmt.count(row.gaps),
        ]  # fmt: skip
    return {
        "type": "heatmap", "x": kinds, "y": shown, "z": z, "text": written, "texttemplate": "%{text}",
        "textfont": {"color": INK}, "customdata": facts, "coloraxis": "coloraxis", "hoverongaps": False,
        "xgap": 1, "ygap": 1,
        "hovertemplate": frames.hover(
            "%{customdata[0]}", "%{customdata[1]}", f"expected change of {measure.noun}: %{{customdata[2]}}",
            "n: %{customdata[4]} to review, %{customdata[3]}",
        ),
    }  # fmt: skip


def _net(sums: pd.DataFrame, shown: list[str], measure: parts.Unit) -> dict[str, Any]:
    """What each row adds up to, as text beside the cells."""
    totals = sums.groupby("condition")["value"].sum()
    return {
        "type": "scatter", "x": [NET] * len(shown), "y": shown, "mode": "text", "hoverinfo": "skip",
        "showlegend": False, "name": NET, "text": [f"<b>{measure.signed(totals[name])}</b>" for name in shown],
    }  # fmt: skip
