"""Notebooks as they were saved: text, code, tables, and charts that plotly.js draws from the site's own folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbconvert import HTMLExporter

CHART = "application/vnd.plotly.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"


class Notebook(NamedTuple):
    name: str
    title: str
    body: str

    @property
    def label(self) -> str:
        """Its title where notebooks are listed: those of the course by their number."""
        number = re.match(r"\d+", self.name)
        return f"{int(number[0])}. {self.title}" if number else f"Explorer: {self.title}"


def read(path: Path) -> Notebook:
    """A saved notebook, its body as HTML."""
    notebook = nbformat.read(path, as_version=4)
    title = notebook.cells[0].source.partition("\n")[0].removeprefix("# ")
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                output["data"] = _shown(output["data"])
    exporter = HTMLExporter(
        template_name="basic",
        anchor_link_text="¶",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    return Notebook(path.stem, title, body)


def _shown(forms: dict[str, Any]) -> dict[str, Any]:
    """The one form of an output that a page shows."""
    if CHART in forms:
        return {"text/html": _chart(forms)}
    # An explorer needs a kernel; what it leaves for readers without one is a table.
    return {kind: value for kind, value in forms.items() if kind != WIDGET}


def _chart(forms: dict[str, Any]) -> str:
    figure = json.dumps(forms[CHART], separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    drawn = f'<div class="chart"><script type="application/json">{figure}</script></div>'
    if "text/html" in forms:
        numbers = re.sub(r'<img class="chart"[^>]*>', "", forms["text/html"])  # it is drawn above
        return f'{drawn}<details class="numbers"><summary>The chart as a table</summary>{numbers}</details>'
    return drawn
