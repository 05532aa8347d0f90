"""What charts are made of: marks as plotly's traces, axes, and the words of a hover, from a frame and its columns.

Words are templates: ``{lines}`` is the column's value as tables write it, ``{rate:percent}`` as that function of
``cpticd.charts.format`` does, ``{low~high}`` the interval between two columns.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import theme as themes
from cpticd.charts.frames import numbers

_FIELD: Final = re.compile(r"\{(\w+)(?:~(\w+))?(?::(\w+))?\}")
#: How an axis is written whose column is written so.
_TICKS: Final[dict[Any, dict[str, Any]]] = {
    fmt.percent: {"tickformat": ".0%"}, fmt.dollars: {"tickformat": "$~s"}, fmt.ratio: {"ticksuffix": "×"},
    fmt.date: {"type": "date"},
}  # fmt: skip


def _cells(frame: pd.DataFrame, name: str, other: str | None, writer: str | None) -> list[str]:
    named = fmt.writer(name) or partial(fmt.cell, name)
    write: Callable[[Any], str] = getattr(fmt, writer) if writer else named
    if other:
        both = fmt.interval if write is fmt.percent else partial(fmt.span, write)
        return list(map(both, frame[name].tolist(), frame[other].tolist()))
    return [
        html.escape(write(value), quote=False) if isinstance(value, str | list | tuple | np.ndarray) else write(value)
        for value in frame[name].tolist()
    ]  # fmt: skip


def write(frame: pd.DataFrame, template: str) -> list[str]:
    """One text per row, its fields filled in."""
    columns = [_cells(frame, *found.groups()) for found in _FIELD.finditer(template)]
    if not columns:
        return [template] * len(frame)
    rows: Iterator[tuple[str, ...]] = zip(*columns, strict=True)
    words = _FIELD.split(template)[:: _FIELD.groups + 1]
    return ["".join(part for pair in zip(words, (*row, ""), strict=True) for part in pair) for row in rows]


def told(frame: pd.DataFrame, lines: Sequence[str], keys: Sequence[str] = ()) -> dict[str, Any]:
    """What a trace's hover says: a title and a line per fact. ``keys``: columns that come first, for a click."""
    if not lines:
        return {"hoverinfo": "skip"}
    columns = [[fmt.text(value) for value in frame[name].tolist()] for name in keys]
    places: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        if found[0] not in places:
            places[found[0]] = len(columns)
            columns.append(_cells(frame, *found.groups()))
        return f"%{{customdata[{places[found[0]]}]}}"

    title, *facts = [_FIELD.sub(place, line) for line in lines]
    template = "<br>".join([f"<b>{title}</b>", *facts]) + "<extra></extra>"
    return {"customdata": [list(row) for row in zip(*columns, strict=True)], "hovertemplate": template}


def values(column: pd.Series, digits: int = 6) -> list[Any]:
    """A column as plotly takes it: days and names as text, numbers rounded."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return [fmt.date(value) for value in column]
    return numbers(column, digits) if pd.api.types.is_numeric_dtype(column) else column.astype(str).tolist()


def spread(frame: pd.DataFrame, middle: str, ends: tuple[str, str], **look: Any) -> dict[str, Any]:
    """Error bars from the first of ``ends`` to the second, around ``middle``."""
    low, high = ends
    return {
        "type": "data", "symmetric": False, "thickness": 2, "width": 0, **look,
        "array": numbers(frame[high] - frame[middle]), "arrayminus": numbers(frame[middle] - frame[low]),
    }  # fmt: skip


def points(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    color: str = themes.BLUE,
    ends: tuple[str, str] | None = None,
    facts: Sequence[str] = (),
    keys: Sequence[str] = (),
    marker: dict[str, Any] | None = None,
    thickness: float = 2,
    **trace: Any,
) -> dict[str, Any]:
    """One mark per row, with an interval along the horizontal axis where ``ends`` are given."""
    symbol = str((marker or {}).get("symbol", ""))
    look: dict[str, Any] = {"size": 10, "color": color}
    if "open" in symbol or "thin" in symbol:
        look["line"] = {"width": 2, "color": color}
    errors = {"error_x": spread(frame, x, ends, color=color, thickness=thickness)} if ends else {}
    return {
        "type": "scatter", "mode": "markers", "x": values(frame[x]), "y": values(frame[y]),
        "marker": look | (marker or {}), **errors, **told(frame, facts, keys), **trace,
    }  # fmt: skip


def areas(sizes: pd.Series, largest: float, diameter: float) -> dict[str, Any]:
    """Marks whose area follows ``sizes``; the largest has this diameter, in pixels."""
    return {"size": numbers(sizes, 0), "sizemode": "area", "sizeref": 2 * largest / diameter**2, "sizemin": 4}


def clouds(
    frame: pd.DataFrame,
    x: str,
    y: str,
    groups: Sequence[tuple[Any, str, str, float]],
    *,
    size: str = "",
    diameter: float = 9,
    each: Mapping[str, str] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """Marks in groups, the last on top and first in the legend: rows, name (their number is added), color, opacity.

    ``size``: the column that areas follow, the largest of this ``diameter``; ``each``: what of a trace is a column's.
    """
    largest = max(float(frame[size].max()), 1.0) if size else 1.0
    found = []
    for place, (rows, name, color, fill) in enumerate(groups):
        part = frame[rows]
        look: dict[str, Any] = {"color": themes.rgba(color, fill), "line": {"color": color, "width": 1}}
        look |= areas(part[size], largest, diameter) if size else {"size": diameter}
        columns: dict[str, Any] = {key: part[column].tolist() for key, column in (each or {}).items()}
        columns |= {"name": f"{name}: {len(part):,}", "legendrank": 900 - place, "marker": look}
        if len(part):
            found.append(points(part, x, y, color=themes.rgba(color, 0.5), **columns, **options))
    return found


def bars(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    color: str = themes.BLUE,
    facts: Sequence[str] = (),
    base: str = "",
    ends: tuple[str, str] | None = None,
    vertical: bool = False,
    marker: dict[str, Any] | None = None,
    **trace: Any,
) -> dict[str, Any]:
    """One bar per row, as long as ``x``, from ``base`` (else from 0), at ``y``; ``ends``: those of its interval."""
    long, place = values(frame[x], 4), values(frame[y])
    start: dict[str, Any] = {"base": values(frame[base], 4)} if base else {}
    if ends:
        start["error_x"] = spread(frame, x, ends, color=themes.GREY, width=5)
    return {
        "type": "bar", "orientation": "v" if vertical else "h", "marker": {"color": color} | (marker or {}),
        "x": place if vertical else long, "y": long if vertical else place, **start, **told(frame, facts), **trace,
    }  # fmt: skip


def line(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    color: str = themes.BLUE,
    facts: Sequence[str] = (),
    look: dict[str, Any] | None = None,
    **trace: Any,
) -> dict[str, Any]:
    """One line through all rows."""
    return {
        "type": "scatter", "mode": "lines", "x": values(frame[x]), "y": values(frame[y]),
        "line": {"color": color} | (look or {}), **told(frame, facts), **trace,
    }  # fmt: skip


def band(
    frame: pd.DataFrame,
    x: str,
    low: str,
    high: str,
    *,
    color: str = themes.SKY,
    shape: str = "linear",
    **trace: Any,
) -> list[dict[str, Any]]:
    """What lies between two columns, as an area; ``trace`` is that of its lower end."""
    look = {"width": 0, "shape": shape}
    upper = line(frame, x, high, look=look, name="upper limit", showlegend=False)
    area: dict[str, Any] = {"fill": "tonexty", "fillcolor": themes.rgba(color, 0.22), "showlegend": False}
    return [upper, line(frame, x, low, look=look, **(area | trace))]


def cells(
    frame: pd.DataFrame, at: tuple[str, str], axes: tuple[list[str], list[str]], z: str, **options: Any
) -> dict[str, Any]:
    """A heatmap: one cell per row of the frame, at its columns ``at`` (across, down), of those on ``axes``.

    ``options``: ``text``, the column that is written in the cells; ``facts`` and ``keys`` of the hover; the trace's.
    """
    across, down = ({name: place for place, name in enumerate(axis)} for axis in axes)
    names = zip(*(map(fmt.text, frame[name].tolist()) for name in at), strict=True)
    found = [(down.get(row), across.get(column)) for column, row in names]
    spots = [spot for spot in found if None not in spot]
    part = frame[np.array([None not in spot for spot in found], dtype=bool)]
    text, facts, keys = (options.pop(name, None) for name in ("text", "facts", "keys"))
    hover = told(part, facts, keys or ())

    def grid(content: Sequence[Any], blank: Any) -> list[list[Any]]:
        result = [[blank] * len(across) for _ in down]
        for (i, j), value in zip(spots, content, strict=True):
            result[i or 0][j or 0] = value
        return result

    hover["customdata"] = grid(hover["customdata"], [""] * hover["hovertemplate"].count("customdata"))
    written = {"text": grid(part[text].tolist(), ""), "texttemplate": "%{text}"} if text else {}
    return {
        "type": "heatmap", "x": axes[0], "y": axes[1], "z": grid(numbers(part[z], 4), None), **written, **hover,
        "hoverongaps": False, "xgap": 1, "ygap": 1, **options,
    }  # fmt: skip


def quantity(title: str, column: str = "", **axis: Any) -> dict[str, Any]:
    """An axis of numbers from 0 on, written in the unit of ``column``."""
    ticks = _TICKS.get(fmt.writer(column), {"tickformat": ",~r"})
    return {"title": {"text": title}, "rangemode": "tozero", **ticks, **axis}


def logarithmic(
    title: str, ticks: Sequence[float], words: Callable[[float], str], **axis: Any
) -> dict[str, Any]:
    """A logarithmic axis with these ticks."""
    text = [words(tick) for tick in ticks]
    return {"title": {"text": title}, "type": "log", "tickvals": list(ticks), "ticktext": text, **axis}


def rows(names: Sequence[str], *, width: int = 40, upward: bool = False) -> dict[str, Any]:
    """An axis of numbered rows, the first on top (or below)."""
    ends = [-0.6, len(names) - 0.4] if upward else [len(names) - 0.5, -0.5]
    text = [fmt.short(name, width) for name in names]
    axis = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": text, "range": ends}
    return axis | {"showgrid": False, "zeroline": False}


def categories(
    names: Sequence[Any], words: Sequence[str] | None = None, *, width: int = 40, **axis: Any
) -> dict[str, Any]:
    """An axis of names in their order, the first on top where it stands upright (``words``: as they are written)."""
    text = [fmt.short(name, width) for name in names] if words is None else list(words)
    return {
        "type": "category", "categoryorder": "array", "categoryarray": list(names)[::-1], "tickmode": "array",
        "tickvals": list(names), "ticktext": text, "showgrid": False, **axis,
    }  # fmt: skip


def named(title: str, names: Sequence[str], width: int) -> dict[str, Any]:
    """The title of an axis, and its names cut to so many characters."""
    return {"title": {"text": title}, "ticktext": [fmt.short(name, width) for name in names]}
