"""What is chosen, side by side with something else: payers, providers, periods, or what was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.core import selection
from cpticd.denials.cube import Cube
from cpticd.denials.cube_chosen import Within
from cpticd.denials.cube_compare import Q_THRESHOLD, Comparison, Side, compared
from cpticd.denials.cube_view import View
from cpticd.explore.board import chart
from cpticd.explore.pages import behind

#: Sides that stand beside each other.
MOST: Final = 6
#: Rows of causes and of procedures.
_CAUSES, _PROCEDURES = 10, 15
_WORDS: Final = {"hcpcs_code": "procedure", "payer": "payer", "place": "place"}


def sides(
    cube: Cube, how: str, chosen: Mapping[str, Any], kept: Mapping[str, Any] | None
) -> tuple[list[Side], str]:
    """Views to hold against the first of them; where there are not two, none, and why.

    chosen: criteria, decision and category of the page; kept: the criteria that were kept as A.
    """
    if how == "kept":
        return _kept(cube, chosen, kept)
    if how == "before":
        found = cube.view(**chosen).periods()
        if found is None:
            return [], "These lines have no dates of service: there is no period before."
        return [(_span(each), each) for each in reversed(found)], ""
    return _years(cube, chosen) if how == "year" else _values(cube, how, chosen)


def _kept(cube: Cube, chosen: Mapping[str, Any], kept: Mapping[str, Any] | None) -> tuple[list[Side], str]:
    if kept is None:
        return [], "Nothing is kept yet. Choose one side, press “Keep as A”, then choose the other."
    fixed = {name: chosen.get(name) for name in ("decision", "category")}
    now = {name: value for name, value in chosen.items() if name not in fixed and value is not None}
    made = cube.view(**{**kept, **fixed})
    return [(f"A: {_said(kept)}", made), (f"B: {_said(now)}", cube.view(**chosen))], ""


def _values(cube: Cube, name: str, chosen: Mapping[str, Any]) -> tuple[list[Side], str]:
    """The values of a dimension that are chosen, else the two with the most lines."""
    several = list(selection.names(chosen.get(name)))
    if len(several) < 2:
        largest = _largest(cube, name, cube.view(**{**chosen, name: None}))
        several = [*several, *(one for one in largest if one not in several)][:2]
    if len(several) < 2:
        what = name.replace("_", " ")
        return [], f"There is one {what} alone in what is chosen: nothing stands beside it."
    return [(one, cube.view(**{**chosen, name: one})) for one in several[:MOST]], ""


def _said(criteria: Mapping[str, Any]) -> str:
    """Criteria in words."""
    words = []
    for value in criteria.values():
        if isinstance(value, list | tuple):
            words.append(
                " to ".join(str(one or "…") for one in value)
                if None in value or _dated(value)
                else ", ".join(value)
            )
        else:
            words.append(str(value))
    return "; ".join(words) or "all lines"


def _dated(value: Sequence[Any]) -> bool:
    return len(value) == 2 and all(str(one)[:4].isdigit() and str(one)[4:5] == "-" for one in value)


def _span(view: View) -> str:
    first, last = view.choice.dates or (None, None)
    return f"{first} to {last}"


def _years(cube: Cube, chosen: Mapping[str, Any]) -> tuple[list[Side], str]:
    """The period that is chosen, else the last twelve months, and the same days a year before."""
    view = cube.view(**chosen)
    days = cube.lines.day[~np.isnat(cube.lines.day)]
    if not len(days):
        return [], "These lines have no dates of service: there is no year before."
    end = pd.Timestamp(days.max()).date()
    first, last = view.choice.dates or (None, None)
    last = last or end
    first = first or _shifted(last, 1) + pd.Timedelta(days=1).to_pytimedelta()
    before = (_shifted(first, 1), _shifted(last, 1))
    if before[1] < pd.Timestamp(days.min()).date():
        return (
            [],
            f"The data begin on {pd.Timestamp(days.min()).date()}: they do not hold {before[0]} to {before[1]}.",
        )
    of = {"decision": view.decision, "category": view.category}
    made = [View(cube, replace(view.choice, dates=dates), **of) for dates in (before, (first, last))]  # type: ignore[arg-type]
    return [(_span(each), each) for each in made], ""


def _shifted(day: date, years: int) -> date:
    return (pd.Timestamp(day) - pd.DateOffset(years=years)).date()


def _largest(cube: Cube, name: str, view: View) -> list[str]:
    """Values of a dimension by their lines in a view, the most first."""
    column = cube.lines.columns[name]
    code = column.code[view.used]
    counts = np.bincount(code[code >= 0], minlength=len(column.names))
    return [column.names[place] for place in np.argsort(-counts, kind="stable") if counts[place]]


def parts(
    found: list[Side], why: str, within: Within, min_lines: int, labels: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rates with intervals, the table of differences, causes and procedures; or why there is nothing to compare."""
    if not found:
        return [{"kind": "text", "name": "sides", "title": "Nothing to compare", "paragraphs": [why]}]
    made = compared([(labels.get(name, name), view) for name, view in found], within, min_lines=min_lines)
    names = made.sides["side"].tolist()
    drawn = charts.intervals(
        made.sides, label="side", x="rate", low="low", high="high", width=46, title="Side by side",
        axis="Denied share of adjudicated lines", beside="{denied} of {n}",
        facts=["{label}", "denied: {denied} of {n} lines, {denied_amount}", "rate: {rate} (95 % interval {low~high})"],
    )  # fmt: skip
    return [
        chart("sides", drawn, label="Denial rates side by side", width="half",
              table=behind(made.sides, ("side", "n", "denied", "rate", "low", "high", "denied_amount"), name="sides")),
        _table("differences", f"Differences from {names[0]}", _differences(made), width="half", note=_note(made)),
        _table("cause-differences", "Denied lines per 100, by root cause", _causes(made), width="half"),
        _procedures(made),
    ]  # fmt: skip


def _note(made: Comparison) -> str:
    alike = " and ".join(_WORDS[name] for name in made.alike)
    text = f"Like with like: lines of the same {alike} alone, weighted after Mantel and Haenszel."
    if made.shared_lines:
        text += f" {made.shared_lines:,} lines are on both sides: the intervals take them for others."
    return text


def _differences(made: Comparison) -> tuple[list[str], list[list[str]]]:
    """A row per figure, a column per side; differences below the sides that they are of."""
    every = made.sides
    rows = [
        ["Adjudicated lines", *map(fmt.count, every["n"])],
        ["Denied lines", *map(fmt.count, every["denied"])],
        ["Denial rate", *map(_rate, *(every[name] for name in ("rate", "low", "high")))],
        ["Difference, points", *_points(every, "difference")],
        ["… like with like", *_points(every, "alike_difference")],
        ["Lines with a counterpart", *map(fmt.percent, every["alike_share"])],
        ["Denied dollars", *map(fmt.dollars, every["denied_amount"])],
        ["Denied share of dollars", *map(fmt.percent, every["dollar_rate"])],
    ]
    return ["", *every["side"]], rows


def _causes(made: Comparison) -> tuple[list[str], list[list[str]]]:
    sides_ = made.sides["side"].tolist()
    rows = []
    for cause in made.causes["category"].drop_duplicates().head(_CAUSES):
        mine = made.causes[made.causes["category"] == cause].set_index("side").loc[sides_]
        row = [fmt.text(cause), *map(fmt.percent, mine["rate"])]
        if len(sides_) == 2:
            row.append(_points(mine, "difference")[1])
        rows.append(row)
    return ["Root cause", *sides_, *(["Difference (95 %)"] if len(sides_) == 2 else [])], rows


def _procedures(made: Comparison) -> dict[str, Any]:
    """Procedures that differ beyond chance between the first two sides."""
    first, second = made.sides["side"].tolist()[:2]
    every = made.procedures
    found = every[every["q_value"] <= Q_THRESHOLD].head(_PROCEDURES)
    rows = [
        [row["hcpcs_code"],
         *(f"{fmt.percent(row[f'rate{end}'])} of {fmt.count(row[f'lines{end}'])}" for end in ("_first", "_second")),
         _point(row["difference"], row["difference_low"], row["difference_high"]),
         fmt.signed(fmt.count, round(row["extra_denials"])), fmt.probability(row["q_value"])]
        for row in found.to_dict("records")
    ]  # fmt: skip
    heads = ["Procedure", first, second, "Difference (95 %)", "Denials beyond", "q"]
    if every.empty:
        note = "No procedure has enough lines on both sides: lower “Pairs of at least”."
    elif found.empty:
        note = f"None of {len(every):,} procedures differs beyond chance."
    else:
        passed = int((every["q_value"] <= Q_THRESHOLD).sum())
        note = (
            f"{passed:,} of {len(every):,} procedures differ beyond chance (q of at most {Q_THRESHOLD:g}); "
        )
        note += f"denials beyond: what {second} has more than at the rate of {first}."
    return _table("procedure-differences", "Procedures that differ", (heads, rows), width="half", note=note)


def _rate(rate: Any, low: Any, high: Any) -> str:
    return f"{fmt.percent(rate)} ({fmt.interval(low, high)})"


def _point(value: Any, low: Any, high: Any) -> str:
    return f"{fmt.points(value)} ({fmt.points(low)} to {fmt.points(high)})"


def _points(rows: pd.DataFrame, name: str) -> list[str]:
    """Differences with their intervals; of the first side a dash."""
    ends = zip(rows[name], rows[f"{name}_low"], rows[f"{name}_high"], strict=True)
    return [fmt.MISSING if pd.isna(value) else _point(value, low, high) for value, low, high in ends]


def _table(
    name: str, title: str, made: tuple[list[str], list[list[str]]], *, width: str, note: str = ""
) -> dict[str, Any]:
    heads, rows = made
    columns = [
        {"name": f"c{place}", "label": str(head), "number": place > 0} for place, head in enumerate(heads)
    ]
    return {"kind": "table", "name": name, "title": title, "label": title, "columns": columns, "rows": rows,
            "width": width, "note": note}  # fmt: skip
