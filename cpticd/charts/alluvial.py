"""An alluvial chart: columns of bars, and bands between them as wide as what flows; drawn of shapes and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure

#: Half the width of a bar, and the share of the height that lies between bars of a column.
HALF: Final = 0.012
GAP: Final = 0.16
_OPACITY: Final = 0.55
#: Of each band its values, column by column, and how high it is.
Flows = list[tuple[tuple[str, ...], float]]


def alluvial(
    frame: pd.DataFrame,
    *,
    columns: Sequence[str],
    x: str,
    colors: Mapping[str, str],
    orders: Mapping[str, Sequence[str]],
    heads: Sequence[str],
    labels: Mapping[str, Mapping[str, str]],
    facts: Sequence[str],
    **look: Any,
) -> Figure:
    """One band per row of the frame from column to column, as high as ``x``, colored by the last of ``columns``.

    ``orders``: the values of each column from the top down; ``heads``: what stands above each column; ``labels``: what
    stands beside each value, its words made safe; ``facts``: of the hover over a band. Bands keep the order of bars, so
    that those of a color stay together.
    """
    rows = frames.light(frame[frame[x] > 0]).reset_index(drop=True)
    flows = [
        (tuple(map(str, key)), float(high)) for *key, high in rows[[*columns, x]].itertuples(index=False)
    ]
    total = sum(high for _, high in flows)
    steps = [list(orders[name]) for name in columns]
    tops = [_tops(flows, place, steps[place], total) for place in range(len(columns))]
    shapes: list[dict[str, Any]] = []
    middle: list[tuple[int, float, float]] = []
    for place in range(len(columns) - 1):
        begin = _stacked(flows, steps, tops[place], (place, place + 1))
        end = _stacked(flows, steps, tops[place + 1], (place + 1, place))
        for i, (values, high) in enumerate(flows):
            shapes.append(_band(place, (begin[i], end[i]), high, colors[values[-1]]))
            middle.append((i, place + 0.5, (begin[i] + end[i] - high) / 2))
    shapes += [
        _bar(place, *ends, colors.get(value))
        for place, found in enumerate(tops)
        for value, ends in found.items()
    ]
    words = [_head(place, head) for place, head in enumerate(heads)]
    words += [
        _label(place, ends, labels[name][value])
        for place, name in enumerate(columns)
        for value, ends in tops[place].items()
    ]
    spots = pd.DataFrame(middle, columns=["_row", "_x", "_y"])
    hover = rows.loc[spots["_row"]].reset_index(drop=True).assign(_x=spots["_x"], _y=spots["_y"])
    marker = {"size": 14, "opacity": 0}
    dots = marks.points(hover, "_x", "_y", facts=facts, marker=marker, showlegend=False, name="")
    hidden = {"visible": False, "fixedrange": True}
    return frames.figure(
        data=[dots], shapes=shapes, annotations=words, showlegend=False,
        xaxis=hidden | {"range": [-0.02, len(columns) - 0.98]},
        yaxis=hidden | {"range": [-total * GAP * 1.1, total * 1.08]}, **look,
    )  # fmt: skip


def _tops(flows: Flows, place: int, order: Sequence[str], total: float) -> dict[str, tuple[float, float]]:
    """Of each value of a column its upper and lower end, from the top down."""
    sums: dict[str, float] = {}
    for values, high in flows:
        sums[values[place]] = sums.get(values[place], 0.0) + high
    there = [value for value in order if value in sums]
    gap = total * GAP / max(len(there) - 1, 1)
    found, at = {}, total
    for value in there:
        found[value] = (at, at - sums[value])
        at -= sums[value] + gap
    return found


def _stacked(
    flows: Flows,
    orders: Sequence[Sequence[str]],
    tops: Mapping[str, tuple[float, float]],
    along: tuple[int, int],
) -> list[float]:
    """The upper end of each band on the first column ``along``: in the order of the other, then of the last."""
    place, other = along
    last = len(orders) - 1

    def key(i: int) -> tuple[int, ...]:
        values = flows[i][0]
        return tuple(orders[at].index(values[at]) for at in (place, other, last))

    found, done = [0.0] * len(flows), {value: top for value, (top, _) in tops.items()}
    for i in sorted(range(len(flows)), key=key):
        values, high = flows[i]
        found[i] = done[values[place]]
        done[values[place]] -= high
    return found


def _band(place: int, tops: tuple[float, float], high: float, color: str) -> dict[str, Any]:
    """A band from one column to the next, between its upper ends there."""
    a, b = place + HALF, place + 1 - HALF
    p, q = tops
    m = (a + b) / 2
    upper = f"M {a:.4f},{p:.4f} C {m:.4f},{p:.4f} {m:.4f},{q:.4f} {b:.4f},{q:.4f}"
    lower = (
        f"L {b:.4f},{q - high:.4f} C {m:.4f},{q - high:.4f} {m:.4f},{p - high:.4f} {a:.4f},{p - high:.4f} Z"
    )
    look = {"fillcolor": themes.rgba(color, _OPACITY), "line": {"width": 0}, "layer": "below"}
    return {"type": "path", "path": f"{upper} {lower}", **look}


def _bar(place: int, top: float, bottom: float, color: str | None) -> dict[str, Any]:
    ends = {"x0": place - HALF, "x1": place + HALF, "y0": bottom, "y1": top}
    return {"type": "rect", **ends, "fillcolor": color or themes.GREY, "line": {"width": 0}, "layer": "below"}


def _head(place: int, text: str) -> dict[str, Any]:
    words = {"text": f"<b>{fmt.safe(text)}</b>", "showarrow": False, "xanchor": "center", "yanchor": "bottom"}
    return {"x": place, "y": 1, "yref": "paper", **words}


def _label(place: int, ends: tuple[float, float], text: str) -> dict[str, Any]:
    """To the left of the first column, to the right of the others."""
    side, shift = ("right", -8) if place == 0 else ("left", 8)
    words = {"text": text, "showarrow": False, "font": {"size": 12}, "align": side}
    at = {"x": place + (HALF if place else -HALF), "y": sum(ends) / 2, "xanchor": side, "xshift": shift}
    return at | words
