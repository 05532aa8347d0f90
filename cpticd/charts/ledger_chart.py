"""One diagnosis, two ledgers: denial dollars under unspecified coding against risk adjustment."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure

COLUMNS: Final = [
    "persons", "both_persons", "providers", "unspecified_lines", "denied_lines", "expected_denials",
    "denied_allowed_amount", "excess_allowed_amount", "excess_low_amount", "excess_high_amount", "gaps",
    "expected_gaps", "unspecified_gaps", "expected_score", "expected_dollars", "pays_twice",
]  # fmt: skip
#: What is on the horizontal axis, and its title.
DENIALS: Final = {
    "excess": ("excess_allowed_amount", "Denied beyond what specific codes are"),
    "all": ("denied_allowed_amount", "Denied under unspecified codes"),
}
#: What risk adjustment is measured in, the best that the frame has: column, and axis.
RISK: Final = {
    "expected_dollars": "Risk adjustment: expected US dollars",
    "expected_score": "Risk adjustment: expected score",
    "expected_gaps": "Risk adjustment: expected conditions",
}
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
) -> Figure:
    """One point per diagnosis family: denial dollars against risk adjustment, its area by persons.

    Parameters: ``ledgers`` as ``specificity.two_ledgers`` returns it with gaps; ``denials``, dollars denied beyond
    what specific codes would be (``excess``, with interval) or ``all`` that were denied under unspecified codes, both
    at the prices that payers allow; ``max_labels``, how many of the first families are named, the others' names are
    in the hover. Families where the excess is above chance and the risk ledger expects something stand out.
    Risk adjustment is in dollars, else in score, else in conditions, as the frame has it.
    """
    frames.require(ledgers, COLUMNS, "two_ledgers", "specificity.two_ledgers(claims, gaps)")
    frames.one_of(denials, [*DENIALS], "two_ledgers: denials")
    title = "One diagnosis, two ledgers: denials and risk adjustment"
    if ledgers.empty:
        return frames.nothing(
            title, "No unspecified codes with a specific sibling, and no gaps.", theme=theme
        )
    column = next((name for name in RISK if ledgers[name].notna().any()), None)
    if column is None:
        return frames.nothing(
            title, "The frame has no gaps: specificity.two_ledgers(claims, gaps).", theme=theme
        )
    name = str(ledgers.columns[0])
    across, words = DENIALS[denials]
    shown = ledgers.assign(_y=ledgers[column].astype(float).fillna(0).round(4), _x=ledgers[across].round(2))
    places = _labels(shown, name, max_labels)
    shown["_text"], shown["_side"] = zip(
        *(places.get(i, ("", "top center")) for i in shown.index), strict=True
    )
    twice = shown["pays_twice"].astype(bool)
    traces = marks.clouds(
        shown, "_x", "_y", ((~twice, "in one ledger, or not beyond chance", themes.BLUE, 0.45),
                            (twice, "pays twice", themes.VERMILION, 0.55)),
        size="persons", diameter=LARGEST, each={"text": "_text", "textposition": "_side"}, mode="markers+text",
        ends=("excess_low_amount", "excess_high_amount") if denials == "excess" else None, thickness=1,
        textfont={"size": 12}, cliponaxis=False, facts=[line.format(name=name, risk=column) for line in _FACTS],
    )  # fmt: skip
    axis: dict[str, Any] = {"zeroline": True, "zerolinewidth": 2}
    return frames.figure(
        title, "Area: persons in either ledger. Orange: denied beyond chance, and open gaps", theme=theme, height=560,
        data=traces, margin={"b": 110},
        xaxis={"title": {"text": f"{words} (US dollars, at allowed prices)"}, "tickprefix": "$",
               "range": _range(shown["_x"]), **axis},
        yaxis={"title": {"text": RISK[column]}, "tickprefix": "$" if column == "expected_dollars" else "",
               "range": _range(shown["_y"]), **axis},
        notice=f"{min(max_labels, len(shown))} of {len(shown)} families named" if len(shown) > max_labels else "",
    )  # fmt: skip


_FACTS: Final = [
    "{{{name}}}", "n: {{persons}} persons, {{both_persons}} of them in both ledgers",
    "unspecified lines: {{unspecified_lines}} of {{providers}} providers",
    "denied: {{denied_lines}} lines, {{expected_denials}} expected with specific codes",
    "denied dollars: {{denied_allowed_amount}}, beyond expected {{excess_allowed_amount}} "
    "(95 % interval {{excess_low_amount~excess_high_amount}})",
    "gaps: {{gaps}} open, {{unspecified_gaps}} on unspecified codes", "risk adjustment: {{{risk}}}",
]  # fmt: skip


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
