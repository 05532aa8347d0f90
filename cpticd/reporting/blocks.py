"""Pieces of HTML that every section of the report is made of."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from cpticd.charts.figure import configured


def chart(figure: go.Figure, name: str, *, wide: bool = False) -> str:
    """A figure as HTML with a fixed id, without plotly.js, which the page holds once.

    ``wide``, for figures with long labels: on a narrow page they scroll before their labels collide.
    """
    div = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        div_id=f"chart-{name}",
        config=configured({"responsive": True}),
        default_height=f"{figure.layout.height}px",
    )
    return f'<figure class="chart{" wide" if wide else ""}">{div}</figure>'


def note(text: str) -> str:
    return f'<p class="note">{html.escape(text)}</p>'


def scroll(table: str) -> str:
    """A table that scrolls by itself where it is wider than the page, by keyboard too."""
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table">{table}</div>'
