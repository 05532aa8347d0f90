"""Pieces of HTML that every section of the report is made of."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts.figure import configured
from cpticd.codes import dotted
from cpticd.core.contract import carry

if TYPE_CHECKING:
    from cpticd.reporting.findings import Findings


def chart(figure: go.Figure, name: str, *, wide: bool = False) -> str:
    """A figure as HTML with a fixed id, without plotly.js, which the page holds once.

    ``wide``, for figures with long labels: on a narrow page they scroll before their labels collide. Its title is what
    a screen reader reads; the numbers stand in the table beside it.
    """
    label = html.escape(re.sub(r"<[^>]+>", " ", str(figure.layout.title.text or name)), quote=True)
    div = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        div_id=f"chart-{name}",
        config=configured({"responsive": True}),
        default_height=f"{figure.layout.height}px",
    )
    kind = f"chart{' wide' if wide else ''}"
    return f'<figure class="{kind}" role="group" aria-label="Chart: {" ".join(label.split())}">{div}</figure>'


def more(findings: Findings, summary: str, content: str) -> str:
    """What an analyst wants and a first reader does not: folded, but for a report in full."""
    if not content:
        return ""
    opened = " open" if findings.options.detail == "full" else ""
    return f'<details class="more"{opened}><summary>{html.escape(summary)}</summary>{content}</details>'


def longest(findings: Findings) -> int:
    """The most rows of a table."""
    return 200 if findings.options.detail == "full" else 30


def titled(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with diagnoses as they are written, each with its official title."""
    if "diagnosis_code" not in frame.columns or not frame["diagnosis_code"].notna().any():
        return frame
    from cpticd.reference import icd10cm

    codes = frame["diagnosis_code"]
    named = (
        dotted(codes)
        + icd10cm.title(codes.fillna(""))
        .map(lambda text: f" {text}", na_action="ignore")
        .fillna("")
        .to_numpy()
    )
    return carry(frame, frame.assign(diagnosis_code=named.where(codes.notna())))


def note(text: str) -> str:
    return f'<p class="note">{html.escape(text)}</p>'


def scroll(table: str) -> str:
    """A table that scrolls by itself where it is wider than the page, by keyboard too."""
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table">{table}</div>'
