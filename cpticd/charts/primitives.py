"""Four charts for any frame: :func:`intervals`, :func:`bars`, :func:`matrix`, :func:`steps`; others are made of them.

Each takes a frame and the names of its columns, and writes numbers, axes and hover in the units that the columns'
names tell, as tables do. Words are templates over columns: ``"n = {lines}"``, ``"{rate} ({low~high})"``. What they
have in common: ``facts``, the lines of the hover; ``axis``, an axis's title, or all of it as plotly takes it;
``look``, the figure's ``title``, ``subtitle``, ``theme`` (``light``, ``dark``), ``notice`` (what is left out) and
anything of plotly's layout. They raise ArgumentError where the frame lacks a column or has no rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
from plotly.subplots import make_subplots

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.core.errors import ArgumentError

#: Height of a row, and of everything that is no row, in pixels.
ROW: Final = 28
AROUND: Final = 210
#: Matrices up to this many cells show their numbers.
TEXT_CELLS: Final = 160
Axis = str | dict[str, Any]
Traces = list[dict[str, Any]]


@dataclass(frozen=True)
class Mark:
    """One mark of every row: where it stands, its interval, how it looks, and which rows have it (all)."""

    x: str
    ends: tuple[str, str] | None = None
    name: str = ""
    color: str = themes.BLUE
    offset: float = 0.0
    where: pd.Series | None = None
    #: What plotly is told besides: ``marker``, ``thickness``, ``showlegend``, ``facts``.
    look: Mapping[str, Any] = field(default_factory=dict)


def traces(frame: pd.DataFrame, series: Sequence[Mark], facts: Sequence[str]) -> Traces:
    """The marks of rows that have a ``place``; those that no row has are left out."""
    found = []
    for mark in series:
        part = frame if mark.where is None else frame[mark.where.loc[frame.index]]
        options = {"facts": facts, "name": mark.name, "color": mark.color, "ends": mark.ends, **mark.look}
        if len(part):
            found.append(
                marks.points(part.assign(place=part["place"] + mark.offset), mark.x, "place", **options)
            )
    return found


def intervals(
    frame: pd.DataFrame,
    *,
    label: str | Sequence[str],
    x: str = "",
    low: str = "",
    high: str = "",
    by: str = "",
    colors: Mapping[Any, str] | None = None,
    series: Sequence[Mark] = (),
    facts: Sequence[str] = (),
    beside: str | Sequence[str] = "",
    reference: float | None = None,
    axis: Axis = "",
    upward: bool = False,
    width: int = 40,
    max_rows: int = 60,
    **look: Any,
) -> Figure:
    """One row per label: a mark at ``x`` with its interval from ``low`` to ``high``, the frame's first row on top.

    ``label``: the column (or several) that names a row; ``by``: the column whose values lie beside each other in a row,
    ``colors`` theirs; ``series``: several marks a row, in place of x, low and high; ``beside``: the template (or the
    texts) of the words at the right edge; ``reference``: where a dashed line stands; ``upward``: the first row lies
    below; ``width``: of labels, in characters; ``max_rows``: the rest is announced.

    >>> import pandas as pd
    >>> rates = pd.DataFrame({"payer": ["A", "B"], "rate": [0.1, 0.2], "low": [0.05, 0.1], "high": [0.2, 0.3]})
    >>> intervals(rates, label="payer", x="rate", low="low", high="high").data[0].x
    (0.1, 0.2)
    """
    names = [label] if isinstance(label, str) else list(label)
    written = _checked(frame, "intervals", names, x, low, high, by)
    shown, left_out = _first(frames.light(frame).assign(label=written), max_rows)
    shown, order = _placed(shown, by)
    if not series:
        every = list(shown[by].drop_duplicates()) if by else [""]
        inks = colors or dict(zip(every, themes.COLORWAY * len(every), strict=False))
        ends = (low, high) if low and high else None
        series = [Mark(x, ends, str(one), inks[one], where=shown[by] == one if by else None) for one in every]
    drawn = traces(shown, series, facts or _facts("label", [x], (low, high)))
    words = marks.write(shown, beside) if isinstance(beside, str) else beside
    margin = [frames.margin_words(place, text, font={"size": 11})
              for place, text in zip(shown["place"].tolist(), words, strict=True) if text]  # fmt: skip
    common = {
        "title": _title(frame, x), "height": AROUND + ROW * len(order), "notice": left_out, "data": drawn,
        "margin": {"r": 100 if margin else 30, "b": 110}, "xaxis": _axis(axis, x), "showlegend": _named(drawn),
        "shapes": [] if reference is None else [upright(reference)],
    }  # fmt: skip
    rows = marks.rows(order, width=width, upward=upward) | look.pop("yaxis", {})
    return frames.figure(
        annotations=[*margin, *look.pop("annotations", ())], yaxis=rows, **{**common, **look}
    )


def bars(
    frame: pd.DataFrame,
    *,
    label: str,
    x: str,
    by: str = "",
    colors: Mapping[Any, tuple[str, str]] | None = None,
    text: str = "",
    facts: Sequence[str] = (),
    words: Sequence[str] | None = None,
    axis: Axis = "",
    vertical: bool = False,
    max_rows: int = 60,
    data: Traces | None = None,
    bar: Mapping[str, Any] | None = None,
    **look: Any,
) -> Figure:
    """One bar per row of the frame, as long as ``x``, its labels in the frame's order; stacked where labels recur.

    ``by``: the column that colors bars, ``colors``: its values in the legend's order, each with a color and its words;
    ``text``: the template of what is written on a bar; ``words``: how the labels are written; ``vertical``: bars stand;
    ``data``: traces besides; ``bar``: what :func:`marks.bars` takes, such as ``base``, the column where bars begin.

    >>> import pandas as pd
    >>> causes = pd.DataFrame({"cause": ["duplicate", "other"], "denied_amount": [200.0, 50.0]})
    >>> bars(causes, label="cause", x="denied_amount").data[0].y
    ('duplicate', 'other')
    """
    written = _checked(frame, "bars", [label], x, by)
    shown, left_out = _first(frames.light(frame).assign(label=written), max_rows)
    order = list(shown[label].drop_duplicates())
    drawn = bar_traces(shown, label=label, x=x, by=by, colors=colors, text=text, facts=facts or _facts(label, [x]),
                       vertical=vertical, **(bar or {})) + (data or [])  # fmt: skip
    names = marks.categories(order, words) | ({"categoryarray": order} if vertical else {})
    across, up = (names, _axis(axis, x)) if vertical else (_axis(axis, x), names)
    common = {
        "title": _title(frame, x), "height": 460 if vertical else AROUND + ROW * len(order), "notice": left_out,
        "data": drawn, "xaxis": across, "yaxis": up, "showlegend": _named(drawn), "barmode": "stack", "bargap": 0.25,
        "margin": {"t": 100, "b": 110},
    }  # fmt: skip
    return frames.figure(**{**common, **look})


#: Patterns of bars in the order of the legend, and how fine they are.
HATCHES: Final = ("", "/", ".", "x", "-", "\\")
_FINE: Final = {"fillmode": "overlay", "fgcolor": themes.INK, "fgopacity": 0.45, "size": 7, "solidity": 0.18}


def bar_traces(
    frame: pd.DataFrame,
    *,
    label: str,
    x: str,
    by: str = "",
    colors: Mapping[Any, tuple[str, str]] | None = None,
    text: str = "",
    facts: Sequence[str] = (),
    hatched: bool = False,
    **options: Any,
) -> Traces:
    """A trace per value of ``by`` that has bars, in the order of ``colors``; ``{by}`` in ``facts`` is its words.

    ``hatched``: each has a pattern as well, where nothing but its color would say which value it is.
    """
    every = list(frame[by].drop_duplicates()) if by else [""]
    found = []
    for number, (value, (color, words)) in enumerate((colors or _colors(every)).items()):
        part = frame[frame[by] == value] if by else frame
        lines = [line.replace("{by}", fmt.safe(words)) for line in facts]
        look: dict[str, Any] = {"name": words, "color": color, "facts": lines, **options}
        if hatched and (shape := HATCHES[number % len(HATCHES)]):
            look["marker"] = {"pattern": {"shape": shape, **_FINE}}
        if text:
            place = "outside" if hatched else "auto"  # on a pattern it could not be read
            look |= {"text": marks.write(part, text), "textposition": place, "insidetextanchor": "start"}
        if len(part):
            found.append(marks.bars(part, x, label, **look))
    return found


def matrix(
    frame: pd.DataFrame,
    *,
    x: str,
    y: str,
    color: str,
    text: str = "",
    facts: Sequence[str] = (),
    keys: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    rows: Sequence[str] | None = None,
    few: pd.Series | None = None,
    scale: Mapping[str, Any] | None = None,
    ink: Mapping[str, Any] | None = None,
    axes: tuple[Axis, Axis] = ("", ""),
    data: Traces | None = None,
    **look: Any,
) -> Figure:
    """One cell per row of the frame: ``x`` across, ``y`` down, its ``color`` a number; blank where there is no row.

    ``text``: the column that is written in the cells; ``columns``, ``rows``: the names on the axes in their order (all,
    sorted); ``few``: which rows are too little to be colored, and are grey; ``scale``, ``ink``: plotly's color axis,
    and its font in the cells; ``keys``: columns that a click hands over; ``axes``: across and down; ``data``: traces
    besides.

    >>> import pandas as pd
    >>> cells = pd.DataFrame({"payer": ["A", "B"], "rule": ["r1", "r1"], "rate": [0.1, 0.2]})
    >>> list(matrix(cells, x="payer", y="rule", color="rate").data[0].z[0])
    [0.1, 0.2]
    """
    _checked(frame, "matrix", [x, y], color, text, *keys)
    across, down = (sorted(frame[name].map(fmt.text).unique()) if given is None else list(given)
                    for given, name in ((columns, x), (rows, y)))  # fmt: skip
    options: dict[str, Any] = {"text": text, "keys": keys, "textfont": ink}
    options["facts"] = facts or _facts(y, [x, color])
    dim = pd.Series(False, index=frame.index) if few is None else few
    drawn = [marks.cells(frame[~dim], (x, y), (across, down), color, **options, coloraxis="coloraxis")]
    if few is not None:
        grey = {"colorscale": [[0, themes.FEW], [1, themes.FEW]], "showscale": False, "name": "few"}
        options["textfont"] = {"color": themes.INK}
        faint = frame[dim].assign(**{color: 0.0})
        drawn.append(marks.cells(faint, (x, y), (across, down), color, **options, **grey))
    named = {"tickangle": -45, "categoryarray": across}
    common = {
        "title": _title(frame, color), "data": drawn + (data or []), "height": max(380, AROUND + 50 + 24 * len(down)),
        "coloraxis": {"colorscale": themes.SEQUENTIAL, **(scale or {})},
        "xaxis": marks.categories(across) | named | _titled(axes[0], x),
        # The axis is turned, not the order of names: there plotly loses the contrast of the text in cells.
        "yaxis": marks.categories(down) | {"categoryarray": down, "autorange": "reversed"} | _titled(axes[1], y),
    }  # fmt: skip
    return frames.figure(**{**common, **look})


def steps(
    frame: pd.DataFrame,
    *,
    x: str,
    y: str,
    low: str = "",
    high: str = "",
    by: str = "",
    facts: Sequence[str] = (),
    shape: str = "hv",
    axes: tuple[Axis, Axis] = ("", ""),
    max_groups: int = 7,
    **look: Any,
) -> Figure:
    """One curve per value of ``by`` along ``x`` (numbers or days), its rows in order; a single one with its interval.

    ``shape``: ``hv`` for steps, ``linear``; ``axes``: along and up; ``max_groups``: how many curves, the rest is
    announced.

    >>> import pandas as pd
    >>> open_claims = pd.DataFrame({"day": [0, 14], "survival": [1.0, 0.4]})
    >>> steps(open_claims, x="day", y="survival").data[0].y
    (1, 0.4)
    """
    names = _checked(frame, "steps", [by] if by else [], x, y, low, high)
    every = list(names.drop_duplicates())
    facts = facts or _facts(by or x, [x, y], (low, high))
    drawn: Traces = []
    for name, (color, _) in _colors(every[:max_groups]).items():
        part = frame[names == name]
        if len(every) == 1 and low and high:
            drawn += marks.band(part, x, low, high, color=color, shape=shape, name="lower limit")
        words = fmt.short(name or fmt.heading(y), 30)
        drawn.append(marks.line(part, x, y, color=color, facts=facts, look={"shape": shape}, name=words))
    common = {
        "title": _title(frame, y), "data": drawn, "xaxis": _axis(axes[0], x), "yaxis": _axis(axes[1], y),
        "showlegend": len(every) > 1, "notice": frames.cut(min(max_groups, len(every)), len(every), "groups"),
    }  # fmt: skip
    return frames.figure(**{**common, **look})


@dataclass(frozen=True)
class Panel:
    """One of several plots in a figure: its marks, its title, and where dashed lines and bands stand upright."""

    traces: Traces
    title: str = ""
    lines: Sequence[Any] = ()
    bands: Sequence[tuple[Any, Any]] = ()


def panels(
    parts: Sequence[Panel],
    *,
    x: dict[str, Any] | Sequence[dict[str, Any]],
    y: dict[str, Any] | Sequence[dict[str, Any]],
    shared: bool = False,
    widths: Sequence[float] | None = None,
    **look: Any,
) -> Figure:
    """Several plots, two in a row; ``x`` and ``y``: one axis for all, titled at the edge, or one per column."""
    columns = min(len(parts), 2)
    down = math.ceil(len(parts) / columns)
    axes: dict[str, Any] = {}
    shapes, drawn = [], []
    for place, part in enumerate(parts):
        row, column, number = place // columns + 1, place % columns, str(place + 1 if place else "")
        bare = {"title": {"text": ""}}
        axes[f"xaxis{number}"] = (x | (bare if row < down else {})) if isinstance(x, dict) else x[column]
        axes[f"yaxis{number}"] = (y | (bare if column else {})) if isinstance(y, dict) else y[column]
        at = {"xref": f"x{number}", "yref": f"y{number} domain"}
        drawn += [trace | {"xaxis": f"x{number}", "yaxis": f"y{number}"} for trace in part.traces]
        shapes += [upright(day) | at for day in part.lines] + [_band(*ends) | at for ends in part.bands]
    look = {"height": 440 if down == 1 else 200 + 240 * down, "margin": {"t": 120, "b": 110}, **look}
    look["shapes"] = [*shapes, *look.get("shapes", ())]
    if len(parts) == 1 and not parts[0].title:
        return frames.figure(data=drawn, **axes, **look)
    notice = look.pop("notice", "")
    fig = make_subplots(
        figure=frames.figure(**look), rows=down, cols=columns, shared_yaxes=shared, column_widths=widths,
        subplot_titles=[fmt.short(part.title, 60) if part.title else "" for part in parts],
        vertical_spacing=0.35 / max(down, 2), horizontal_spacing=0.05 if shared else 0.1,
    )  # fmt: skip
    fig.update_annotations(font_size=13).update_layout(axes).add_traces(drawn)
    return frames.noticed(fig, notice)


def upright(x: Any, **line: Any) -> dict[str, Any]:
    """A dashed line through the whole height of the plot."""
    look = {"color": themes.GREY, "dash": "dash", "width": 1.5} | line
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain", "line": look}


def _band(begin: Any, end: Any) -> dict[str, Any]:
    area = {"fillcolor": themes.rgba(themes.SKY, 0.22), "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", "x0": begin, "x1": end, "y0": 0, "y1": 1, **area}


def _checked(frame: pd.DataFrame, chart: str, names: Sequence[str], *columns: str) -> pd.Series:
    """The label of each row, from one or several columns."""
    frames.require(frame, [*names, *filter(None, columns)], chart, "an analysis")
    if frame.empty:
        raise ArgumentError(f"{chart}: found no rows; give the DataFrame of an analysis that found some")
    return pd.Series(frames.labels(frame, names), index=frame.index)


def _first(frame: pd.DataFrame, most: int) -> tuple[pd.DataFrame, str]:
    """The rows of the first labels, and what is left out."""
    if len(frame) <= most:
        return frame, ""
    every = frame["label"].drop_duplicates()
    return frame[frame["label"].isin(every.head(most))], frames.cut(min(most, len(every)), len(every), "rows")


def _placed(shown: pd.DataFrame, by: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows with their ``place``, and the labels by place; values of ``by`` lie beside each other in one row."""
    if not by:
        return shown.assign(place=range(len(shown))), shown["label"].tolist()
    order, every = (list(shown[name].drop_duplicates()) for name in ("label", by))
    beside = shown[by].map(every.index) - (len(every) - 1) / 2
    return shown.assign(place=shown["label"].map(order.index) + beside * 0.7 / len(every)), order


def _axis(axis: Axis, column: str) -> dict[str, Any]:
    return axis if isinstance(axis, dict) else marks.quantity(axis or fmt.heading(column), column)


def _titled(axis: Axis, column: str) -> dict[str, Any]:
    return axis if isinstance(axis, dict) else {"title": {"text": axis or fmt.heading(column)}}


def _title(frame: pd.DataFrame, column: str) -> str:
    return fmt.safe(fmt.sentence(str(frames.contract(frame).get("measure") or fmt.heading(column))))


def _facts(first: str, columns: Sequence[str], ends: tuple[str, str] = ("", "")) -> list[str]:
    """The hover's lines where a chart gives none: every column that is drawn."""
    lines = [f"{{{first}}}", *(f"{fmt.heading(name).lower()}: {{{name}}}" for name in columns if name)]
    if all(ends):
        lines[-1] += f" ({{{ends[0]}~{ends[1]}}})"
    return lines


def _named(drawn: Traces) -> bool:
    return len({trace["name"] for trace in drawn if trace["name"]}) > 1


def _colors(every: Sequence[Any]) -> dict[Any, tuple[str, str]]:
    """A color of each value, and its words."""
    inks = themes.COLORWAY * (1 + len(every) // len(themes.COLORWAY))
    return {value: (ink, fmt.plain(value)) for value, ink in zip(every, inks, strict=False)}
