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
    words = [_plain(part.text) for part in (title, title.subtitle) if part.text] or ["Chart"]
    headings, rows = rows_of(figure)
    if not rows:
        said = [_plain(note.text) for note in figure.layout.annotations if note.text]
        return f"<p><b>{words[0]}</b>: {'; '.join(said) or 'no numbers to show'}</p>"
    shown, left_out = rows[:MAX_ROWS], f"; {len(rows) - MAX_ROWS:,} more rows are not shown"
    step = -(-len(rows) // MAX_ROWS)
    if step > 1 and all(
        "lines" in (getattr(trace, "mode", "") or "") for trace in figure.data if trace.hovertemplate
    ):
        shown, left_out = rows[::step], f"; one row of {step} is shown"  # a curve is shown from end to end
    head = "".join(f'<th scope="col">{heading}</th>' if heading else "<td></td>" for heading in headings)
    body = "\n".join(map(_row, shown))
    caption = f"<caption><b>{words[0]}</b> {' '.join(words[1:])}</caption>"
    return (
        f"<table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
        f"<p>{_NOTE}{left_out if len(shown) < len(rows) else ''}.</p>"
    )


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
    for point in _ordered(figure):
        same = latest.get(point[""])
        if same is None or any(same.get(name, text) != text for name, text in point.items()):
            found.append(same := {})
            latest[point[""]] = same
        same.update(point)
    headings = list(dict.fromkeys(name for point in found for name in point))
    return headings, [[point.get(name, "") for name in headings] for point in found]


def _ordered(figure: go.Figure) -> list[dict[str, str]]:
    """What the hover says of every point: from the top row down where there are rows, else as the legend has them."""
    traces = sorted(figure.data, key=lambda trace: trace.legendrank or 1000)
    upright = not figure.layout.yaxis.tickvals and any(trace.type == "bar" for trace in traces)
    axis = figure.layout.xaxis if upright else figure.layout.yaxis
    names = list(axis.tickvals or ())
    if not upright and axis.type is None and axis.range and axis.range[0] < axis.range[1]:
        names.reverse()
    places = {name: place for place, name in enumerate(names)}
    points = []
    for trace in traces:
        along = (trace.x if upright else trace.y) or ()
        for place, point in enumerate(_facts(trace)):
            value = along[place] if place < len(along) else None
            points.append(
                (places.get(round(value) if isinstance(value, float) else value, len(names)), point)
            )
    return [point for _, point in sorted(points, key=lambda each: each[0])]


def _facts(trace: Any) -> Iterator[dict[str, str]]:
    """What the hover says of every point of a trace, by heading; the first line has none, nor have names in bold."""
    template = (trace.hovertemplate or "").removesuffix("<extra></extra>")
    for values in trace.customdata if template and trace.customdata is not None else ():
        point: dict[str, str] = {}
        for line in template.split("<br>"):
            label, colon, rest = line.partition(": ")
            heading = _plain(label) if colon and "%{" not in label and "<b>" not in label else ""
            text = _PLACE.sub(lambda found: str(values[int(found[1])]), rest if heading else line)  # noqa: B023
            text = re.sub(r"</?b>", "", text)
            point[heading] = f"{point[heading]} · {text}" if point.get(heading) else text
        yield point


def _matrix(figure: go.Figure, cells: list[Any]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of heatmaps that lie over each other, with what is written in the cells and beside them."""
    across, down = list(cells[0].x), list(cells[0].y)
    columns, names = (_names(axis) for axis in (figure.layout.xaxis, figure.layout.yaxis))
    beside = [trace for trace in figure.data if getattr(trace, "mode", "") == "text"]
    rows = [
        [names.get(name, str(name))]
        + [
            next(filter(None, (_cell(trace, i, j) for trace in cells)), "")
            for j in range(len(across[:MAX_COLUMNS]))
        ]
        + [_plain(trace.text[i]) for trace in beside]
        for i, name in enumerate(down)
    ]
    headings = [
        columns.get(name, str(name)) for name in (*across[:MAX_COLUMNS], *(trace.x[0] for trace in beside))
    ]
    left = len(across) - MAX_COLUMNS
    return ["", *map(_plain, headings), *([f"{left} more columns"] if left > 0 else [])], rows


def _cell(trace: Any, i: int, j: int) -> str:
    value = trace.z[i][j]
    if value is None:
        return ""
    return str(trace.text[i][j]) if trace.text is not None else f"{value:,.{0 if abs(value) >= 100 else 1}f}"


def _names(axis: Any) -> dict[Any, str]:
    """Ticks of an axis in words, by value."""
    return dict(zip(axis.tickvals or (), axis.ticktext or (), strict=False))
