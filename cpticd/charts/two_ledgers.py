"""One diagnosis, two ledgers: denial dollars under unspecified coding against risk adjustment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

COLUMNS: Final = [
    "persons", "both_persons", "providers", "unspecified_lines", "denied_lines", "expected_denials",
    "denied_allowed_amount", "excess_allowed_amount", "excess_low_amount", "excess_high_amount", "gaps",
    "expected_gaps", "unspecified_gaps", "expected_score", "expected_dollars", "pays_twice",
]  # fmt: skip
#: What is on the horizontal axis, and its title.
DENIALS: Final = {
    "excess": (
        "excess_allowed_amount",
        "Denied beyond what specific codes are",
    ),
    "all": ("denied_allowed_amount", "Denied under unspecified codes"),
}
#: What risk adjustment is told in, the best that the frame has: column, axis, how it is written.
RISK: Final[tuple[tuple[str, str, Callable[[Any], str]], ...]] = (
    ("expected_dollars", "Risk adjustment: expected US dollars", fmt.dollars),
    ("expected_score", "Risk adjustment: expected score", fmt.score),
    ("expected_gaps", "Risk adjustment: expected conditions", fmt.count),
)
#: Diameter of the family with most persons, in pixels.
LARGEST: Final = 46
#: Where a label may stand, the first that is free.
PLACES: Final = {
    "top center": (0.0, 1.0), "bottom center": (0.0, -1.0), "middle right": (1.0, 0.0), "middle left": (-1.0, 0.0),
}  # fmt: skip
#: Half the height of a label, and the half width of a character, as shares of the plot.
TALL, WIDE = 0.025, 0.0045


def two_ledgers(
    ledgers: pd.DataFrame,
    *,
    denials: Literal["excess", "all"] = "excess",
    max_labels: int = 10,
    theme: str = "light",
) -> go.Figure:
    """One point per diagnosis family: denial dollars against risk adjustment, its area by persons.

    Parameters: ``ledgers`` as ``specificity.two_ledgers`` returns it with gaps; ``denials``, dollars denied beyond
    what specific codes would be (``excess``, with interval) or ``all`` that were denied under unspecified codes, both
    at the prices that payers allow; ``max_labels``, how many of the first families are named, the others' names are
    in the hover. Families where the excess is above chance and the risk ledger expects something stand out.
    Risk adjustment is in dollars, else in score, else in conditions, as the frame has it.
    """
    frames.require(ledgers, COLUMNS, "two_ledgers", "specificity.two_ledgers(claims, gaps)")
    if denials not in DENIALS:
        raise ArgumentError(f"two_ledgers: denials {denials!r} is unknown; give one of {', '.join(DENIALS)}")
    title = "One diagnosis, two ledgers: denials and risk adjustment"
    if ledgers.empty:
        return frames.nothing(
            title, "No unspecified codes with a specific sibling, and no gaps.", theme=theme
        )
    column, axis, write = next(((c, a, w) for c, a, w in RISK if ledgers[c].notna().any()), RISK[-1])
    if ledgers[column].isna().all():
        return frames.nothing(
            title, "The frame has no gaps: specificity.two_ledgers(claims, gaps).", theme=theme
        )
    name = str(ledgers.columns[0])
    shown = ledgers.assign(_y=ledgers[column].astype(float).fillna(0), _x=ledgers[DENIALS[denials][0]])
    written = _labels(shown, name, max_labels)
    largest = max(float(shown["persons"].max()), 1.0)
    traces = []
    for twice, label, colour in (
        (False, "in one ledger, or not beyond chance", themes.BLUE),
        (True, "pays twice", themes.VERMILION),
    ):
        part = shown[shown["pays_twice"].astype(bool) == twice]
        if part.empty:
            continue
        traces.append({
            "type": "scatter", "mode": "markers+text", "name": f"{label}: {len(part):,}",
            "x": frames.numbers(part["_x"], 2), "y": frames.numbers(part["_y"], 4),
            "error_x": _error(part, denials, colour), "text": [written.get(i, ("", ""))[0] for i in part.index],
            "textposition": [written.get(i, ("", "top center"))[1] or "top center" for i in part.index],
            "textfont": {"size": 12}, "cliponaxis": False,
            "marker": {
                "color": themes.rgba(colour, 0.55 if twice else 0.3), "line": {"color": colour, "width": 1.5},
                "size": frames.numbers(part["persons"], 0), "sizemode": "area",
                "sizeref": 2 * largest / LARGEST**2, "sizemin": 5,
            },
            "customdata": [_facts(row, name, write, column) for row in part.to_dict("records")],
            "hovertemplate": _HOVER,
        })  # fmt: skip
    across = f"{DENIALS[denials][1]} (US dollars, at allowed prices)"
    line = {"zeroline": True, "zerolinewidth": 2}
    fig = frames.figure(
        title, "Area: persons in either ledger. Orange: denied beyond chance, and open gaps", theme=theme, height=560,
        data=traces, margin={"b": 110},
        xaxis={"title": {"text": across}, "tickprefix": "$", "range": _range(shown["_x"]), **line},
        yaxis={
            "title": {"text": axis}, "tickprefix": "$" if column == "expected_dollars" else "",
            "range": _range(shown["_y"]), **line,
        },
    )  # fmt: skip
    if len(shown) > max_labels:
        frames.notice(fig, f"{min(max_labels, len(shown))} of {len(shown)} families named")
    return fig


_HOVER: Final = frames.hover(
    "%{customdata[0]}", "n: %{customdata[1]} persons, %{customdata[2]} of them in both ledgers",
    "unspecified lines: %{customdata[3]} of %{customdata[4]} providers",
    "denied: %{customdata[5]} lines, %{customdata[6]} expected with specific codes",
    "denied dollars: %{customdata[7]}, beyond expected %{customdata[8]} (95 % interval %{customdata[9]})",
    "gaps: %{customdata[10]} open, %{customdata[11]} on unspecified codes", "risk adjustment: %{customdata[12]}",
)  # fmt: skip


def _facts(row: Any, name: str, write: Callable[[Any], str], column: str) -> list[str]:
    low, high = row["excess_low_amount"], row["excess_high_amount"]
    return [
        fmt.safe(row[name]), fmt.count(row["persons"]), fmt.count(row["both_persons"]),
        fmt.count(row["unspecified_lines"]), fmt.count(row["providers"]), fmt.count(row["denied_lines"]),
        fmt.count(row["expected_denials"]), fmt.dollars(row["denied_allowed_amount"]),
        fmt.dollars(row["excess_allowed_amount"]), fmt.span(fmt.dollars, low, high), fmt.count(row["gaps"]),
        fmt.count(row["unspecified_gaps"]), write(row[column]),
    ]  # fmt: skip


def _error(part: pd.DataFrame, denials: str, colour: str) -> dict[str, Any] | None:
    if denials != "excess":
        return None
    return {
        "type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": themes.rgba(colour, 0.5),
        "array": frames.numbers(part["excess_high_amount"] - part["excess_allowed_amount"], 2),
        "arrayminus": frames.numbers(part["excess_allowed_amount"] - part["excess_low_amount"], 2),
    }  # fmt: skip


def _range(values: pd.Series) -> list[float]:
    """Ends of an axis: all points with room for labels, and zero."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    room = 0.14 * ((high - low) or 1.0)
    return [round(low - room, 4), round(high + room, 4)]


def _labels(shown: pd.DataFrame, name: str, most: int) -> dict[Any, tuple[str, str]]:
    """Text and place of the first families' labels, so that they stand apart where there is room."""
    spans = {axis: _range(shown[axis]) for axis in ("_x", "_y")}

    def scaled(axis: str) -> pd.Series:
        low, high = spans[axis]
        return (shown[axis].astype(float) - low) / (high - low)

    largest = max(float(shown["persons"].max()), 1.0)
    x, y = scaled("_x"), scaled("_y")
    radius = (shown["persons"].astype(float) / largest) ** 0.5 * LARGEST / 2
    taken = [(x[i], y[i], radius[i] / 800, radius[i] / 370) for i in shown.index]
    found: dict[Any, tuple[str, str]] = {}
    for i in shown.index[:most]:
        text = fmt.short(shown.loc[i, name], 30)
        wide = WIDE * len(text)
        best: tuple[float, str, tuple[float, float, float, float]] | None = None
        for place, (right, up) in PLACES.items():
            away = (wide + radius[i] / 800 + 0.006, TALL + radius[i] / 370 + 0.004)
            box = (x[i] + right * away[0], y[i] + up * away[1], wide, TALL)
            outside = max(box[2] - box[0], 0) + max(box[0] + box[2] - 1, 0)
            cost = sum(_overlap(box, other) for other in taken) + outside
            if best is None or cost < best[0] - 1e-9:
                best = (cost, place, box)
        if best is not None:
            found[i] = (text, best[1])
            taken.append(best[2])
    return found


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Area that two boxes (middle, half width, half height) share."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0] - one[2], other[0] - other[2])
    tall = min(one[1] + one[3], other[1] + other[3]) - max(one[1] - one[3], other[1] - other[3])
    return max(wide, 0.0) * max(tall, 0.0)
