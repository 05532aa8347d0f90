"""One person's conditions over time: when they were coded, and when the evidence for or against them was seen."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes

CODED: Final = ["hcc", "label", "diagnosis_code", "claim_date", "setting", "counted", "reason"]
REVIEW: Final = ["hcc", "label", "kind", "confidence", "evidence_codes", "evidence_dates"]
#: How claims are drawn: name, symbol, colour.
CLAIMS: Final = (
    (True, "coded, on a claim that counts", "circle", themes.BLUE),
    (False, "coded, on a claim that does not count", "circle-open", themes.GREY),
)


def risk_timeline(
    timeline: pd.DataFrame, review: pd.DataFrame, *, max_conditions: int = 14, theme: str = "light"
) -> go.Figure:
    """One row per condition of one person: claims that code it, and days of the evidence to review.

    Parameters: ``timeline`` as ``risk.timeline`` returns it and ``review`` as ``risk.review`` does, both of one
    person; ``max_conditions``, how many rows, those to review first, the rest is announced. Circles are claims,
    hollow where they do not count; diamonds the evidence of gaps, crosses that of unsupported conditions. Dotted
    lines are turns of the year. Raises ArgumentError for other frames.
    """
    frames.require(timeline, CODED, "risk_timeline", "risk.timeline(claims, persons, year=…)")
    frames.require(review, REVIEW, "risk_timeline", "risk.review(impact, gaps, unsupported)")
    title = "When conditions were coded, and when evidence was seen"
    names = _names(review) + _names(timeline)
    every = list(dict.fromkeys(names))
    if not every:
        return frames.nothing(title, "No condition of the model on this person's claims.", theme=theme)
    shown = every[:max_conditions]
    traces = [*_claims(timeline, shown), *_evidence(review, shown)]
    days = [value for trace in traces for value in trace["x"]]
    turns = range(int(min(days, default="1")[:4]) + 1, int(max(days, default="0")[:4]) + 1)
    line = {"type": "line", "y0": 0, "y1": 1, "yref": "y domain",
            "line": {"dash": "dot", "color": themes.GREY, "width": 1}}  # fmt: skip
    fig = frames.figure(
        title, "Circle: a claim with the diagnosis; diamond: evidence of a gap; cross: a doubtful code", theme=theme,
        height=210 + 34 * len(shown), data=traces,
        shapes=[{**line, "x0": f"{year}-01-01", "x1": f"{year}-01-01"} for year in turns],
        xaxis={"type": "date", "title": {"text": "Date of service"}},
        yaxis={
            "type": "category", "categoryorder": "array", "categoryarray": shown[::-1],
            "range": [-0.6, len(shown) - 0.4], "tickmode": "array", "tickvals": shown,
            "ticktext": [fmt.short(name, 44) for name in shown],
        },
    )  # fmt: skip
    if len(shown) < len(every):
        frames.notice(fig, f"{len(shown)} of {len(every)} conditions shown")
    return fig


def _names(frame: pd.DataFrame) -> list[str]:
    return [parts.condition(hcc, label) for hcc, label in zip(frame["hcc"], frame["label"], strict=True)]


def _claims(timeline: pd.DataFrame, shown: list[str]) -> list[dict[str, Any]]:
    named = timeline.assign(condition=_names(timeline))
    named = named[named["condition"].isin(shown)]
    traces = []
    for counted, name, symbol, colour in CLAIMS:
        part = named[named["counted"].astype(bool) == counted]
        if len(part):
            facts = [
                [
                    fmt.safe(row.condition),
                    fmt.safe(row.diagnosis_code),
                    fmt.safe(row.setting),
                    fmt.safe(row.reason),
                ]
                for row in part.itertuples()
            ]
            hover = ["%{customdata[0]}", "%{x}: %{customdata[1]}, %{customdata[2]}"]
            hover += [] if counted else ["does not count: %{customdata[3]}"]
            traces.append(
                _trace(part["claim_date"].map(fmt.date).tolist(), part["condition"].tolist(), facts, hover, name=name,
                       marker={"symbol": symbol, "size": 10, "color": colour, "line": {"width": 2, "color": colour}})
            )  # fmt: skip
    return traces


def _evidence(review: pd.DataFrame, shown: list[str]) -> list[dict[str, Any]]:
    named = review.assign(condition=_names(review))
    named = named[named["condition"].isin(shown)]
    traces = []
    for kind in parts.kinds(named["kind"]):
        part = named[named["kind"] == kind].explode("evidence_dates").dropna(subset=["evidence_dates"])
        if part.empty:
            continue
        facts = [
            [fmt.safe(row.condition), fmt.chance(row.confidence), fmt.safe(fmt.words(row.evidence_codes))]
            for row in part.itertuples()
        ]
        thin = kind == parts.UNSUPPORTED
        hover = [
            "%{customdata[0]}",
            f"{parts.words(kind)}, confidence %{{customdata[1]}}",
            "%{x}: %{customdata[2]}",
        ]
        traces.append(
            _trace(part["evidence_dates"].map(fmt.date).tolist(), part["condition"].tolist(), facts, hover,
                   name=parts.words(kind),
                   marker={"symbol": "x-thin" if thin else "diamond-open", "size": 15, "color": parts.colour(kind),
                           "line": {"width": 2.5, "color": parts.colour(kind)}})
        )  # fmt: skip
    return traces


def _trace(
    x: list[str], y: list[str], facts: list[list[str]], hover: list[str], *, name: str, marker: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "scatter", "x": x, "y": y, "mode": "markers", "name": name, "marker": marker, "customdata": facts,
        "hovertemplate": frames.hover(hover[0], *hover[1:]),
    }  # fmt: skip
