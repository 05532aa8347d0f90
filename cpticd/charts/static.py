"""What a reader without plotly sees of a chart (GitHub, mail, an HTML export): its numbers as a table.

The numbers are those of the hover, each heading the words before its colon; a matrix stays a matrix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import plotly.graph_objects as go

#: Rows and columns of a table; what is beyond is announced.
MAX_ROWS: Final = 30
MAX_COLUMNS: Final = 16
_PLACE: Final = re.compile(r"%\{customdata\[(\d+)\]\}")
_TAG: Final = re.compile(r"<[^>]*>")
_NOTE: Final = "The numbers of a chart, which stands in their place where plotly runs"


def html_of(figure: go.Figure) -> str:
    """The figure's title, and a table of at most ``MAX_ROWS`` of its points, each with what its hover says."""
    title = figure.layout.title
    words = [_plain(part.text) for part in (title, title.subtitle) if part.text]
    headings, rows = rows_of(figure)
    if not rows:
        said = [_plain(note.text) for note in figure.layout.annotations if note.text]
        return f"<p><b>{words[0] if words else 'Chart'}</b>: {'; '.join(said) or 'no numbers to show'}</p>"
    head = "".join(f'<th scope="col">{heading}</th>' if heading else "<td></td>" for heading in headings)
    body = "\n".join(_row(row) for row in rows[:MAX_ROWS])
    left = len(rows) - MAX_ROWS
    more = f"; {left:,} more rows are not shown" if left > 0 else ""
    caption = f"<caption><b>{words[0] if words else 'Chart'}</b> {' '.join(words[1:])}</caption>"
    return f"<table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table><p>{_NOTE}{more}.</p>"


def rows_of(figure: go.Figure) -> tuple[list[str], list[list[str]]]:
    """Headings, and one row of text per point of the figure, or per row of its matrix."""
    cells = [trace for trace in figure.data if trace.type == "heatmap"]
    return _matrix(figure, cells) if cells else _points(figure)


def _plain(text: str) -> str:
    return " ".join(_TAG.sub(" ", text).split())


def _row(cells: list[str]) -> str:
    return (
        f'<tr><th scope="row">{cells[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in cells[1:]) + "</tr>"
    )


def _points(figure: go.Figure) -> tuple[list[str], list[list[str]]]:
    """Headings and one row per point that has a hover; marks of one name that do not contradict stand in one row."""
    found: list[dict[str, str]] = []
    latest: dict[str, dict[str, str]] = {}
    # What the legend names first matters most.
    traces = sorted(figure.data, key=lambda trace: trace.legendrank or 1000)
    for point in (point for trace in traces for point in _facts(trace)):
        same = latest.get(point[""])
        if same is None or any(same.get(name, text) != text for name, text in point.items()):
            found.append(same := {})
            latest[point[""]] = same
        same.update(point)
    headings = list(dict.fromkeys(name for point in found for name in point))
    return headings, [[point.get(name, "") for name in headings] for point in found]


def _facts(trace: Any) -> Iterator[dict[str, str]]:
    """What the hover says of every point of a trace, by heading; the first line has none, nor have names in bold."""
    template = (trace.hovertemplate or "").removesuffix("<extra></extra>")
    if trace.customdata is None or not template:
        return
    for values in trace.customdata:
        point: dict[str, str] = {}
        for line in template.split("<br>"):
            label, colon, rest = line.partition(": ")
            heading = _plain(label) if colon and "%" not in label and "<b>" not in label else ""
            text = _PLACE.sub(lambda found: str(values[int(found[1])]), rest if heading else line)  # noqa: B023
            text = re.sub(r"</?b>", "", text)
            point[heading] = f"{point[heading]} · {text}" if point.get(heading) else text
        yield point


def _matrix(figure: go.Figure, cells: list[Any]) -> tuple[list[str], list[list[str]]]:
    """The columns and rows of heatmaps that lie over each other, with what is written in the cells."""
    across, down = list(cells[0].x), list(cells[0].y)
    names = [_names(axis) for axis in (figure.layout.xaxis, figure.layout.yaxis)]
    rows = []
    for i, name in enumerate(down):
        row = [names[1].get(name, str(name))]
        for j in range(len(across[:MAX_COLUMNS])):
            row.append(next(filter(None, (_cell(trace, i, j) for trace in cells)), ""))
        rows.append(row)
    headings = [_plain(names[0].get(name, str(name))) for name in across[:MAX_COLUMNS]]
    left = len(across) - MAX_COLUMNS
    if left > 0:
        headings.append(f"{left} more columns")
    return ["", *headings], rows


def _cell(trace: Any, i: int, j: int) -> str:
    value = trace.z[i][j]
    if value is None:
        return ""
    return str(trace.text[i][j]) if trace.text is not None else f"{value:,.1f}"


def _names(axis: Any) -> dict[Any, str]:
    """Ticks of an axis in words, by value."""
    return dict(zip(axis.tickvals or (), axis.ticktext or (), strict=False))
