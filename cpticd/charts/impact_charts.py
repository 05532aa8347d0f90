"""Risk adjustment in both directions: from coded to reviewed, by condition and kind, and by person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Panel, bar_traces, bars, matrix, panels

COLUMNS: Final = ["person_id", "hcc", "label", "kind", "expected_score"]
#: Lowers the score: towards vermilion; raises it: towards blue; light enough for dark text on either theme.
SCALE: Final = [[0.0, "#E58A4E"], [0.25, "#EFBE9B"], [0.5, "#E4E4E4"], [0.75, "#A9CDE4"], [1.0, "#62A8D3"]]
NOTHING: Final = "No gaps and no unsupported conditions."
NET: Final = "net"
ENDS: Final = {parts.CODED: "As coded", parts.REVIEWED: "After review, expected"}
#: Points of a concentration curve: more cannot be told apart.
CURVE_POINTS: Final = 200
DIRECTIONS: Final = (
    ("gaps: raises the score", themes.BLUE, "solid"), ("unsupported: lowers the score", themes.VERMILION, "dash"),
)  # fmt: skip


def impact(impact: pd.DataFrame, *, unit: parts.UnitName | None = None, theme: str = "light") -> Figure:
    """One step per kind from the total as coded to the total after review, each with its interval.

    Parameters: ``impact`` as ``risk.impact`` returns it, with the totals in its contract; ``unit``, ``score`` or
    ``dollars`` (dollars where the impact has them). A step is the expected change, each condition weighted by
    its confidence; the axis does not start at zero, since steps are small beside the total. What is expected
    after review may differ a little from where the steps end: there both directions are scored together.
    Raises ArgumentError for other frames and for an impact that has lost its contract.
    """
    frames.require(impact, ["kind", "expected_score"], "impact", parts.IMPACT)
    measure = parts.unit(impact, unit, "impact")
    totals = parts.totals(impact, "impact")
    title = f"Expected impact on {measure.noun}, from coded to reviewed"
    if not parts.steps(totals):
        return frames.nothing(title, NOTHING, theme=theme)
    rows = _rows(totals, measure)
    ends = rows["kind"].isin([*ENDS])
    footing = parts.footing(impact)
    bold = [f"<b>{text.replace(' ', '</b> ', 1)}{'' if ' ' in text else '</b>'}" for text in rows["written"]]
    points = marks.points(
        rows[ends], "end", "kind", color=themes.GREY, ends=("low", "high"), name="total",
        marker={"size": 13, "symbol": "diamond"}, facts=["{words}", "total: {written}", "95 % interval: {span}"],
    )  # fmt: skip
    return bars(
        rows[~ends], label="kind", x="change", by="kind", bar={"base": "start", "ends": ("low", "high")}, theme=theme,
        colors={kind: parts.look(kind) for kind in rows["kind"]}, data=[points], title=title,
        subtitle=f"Weighted by confidence; bars: 95 % interval{'. ' if footing else ''}{footing}",
        facts=["{by}", f"expected change of {measure.noun}: {{written}}", "95 % interval: {span}", "n: {counted}",
               "if every one were confirmed: {whole}"],
        height=200 + 46 * len(rows), annotations=[
            frames.margin_words(kind, text, xshift=12, align="left")
            for kind, text in zip(rows["kind"], _two_lines(bold, rows["span"]), strict=True)
        ],
        shapes=_links(rows["end"].tolist()[:-1]), showlegend=False, bargap=0.45, margin={"r": 215, "b": 60},
        axis=marks.quantity(f"Total {measure.axis}", measure.column, nticks=8, zeroline=False,
                            range=_range(rows[~ends], points)),
        yaxis=marks.categories(rows["kind"].tolist(), _two_lines(rows["words"], rows["counted"]),
                               range=[-0.6, len(rows) - 0.4]),
    )  # fmt: skip


def _rows(totals: dict[str, dict[str, Any]], measure: parts.Unit) -> pd.DataFrame:
    """As coded, the kinds with something to review, each from where the one before ends, and as expected afterwards."""
    rows: list[dict[str, Any]] = []
    end = 0.0
    for kind in (parts.CODED, *parts.steps(totals), parts.REVIEWED):
        record, whole = totals[kind], ENDS.get(kind)
        change, low, high, every = (float(record[name]) for name in measure.fields)
        start = 0.0 if whole else end
        end = start + change
        first = rows[0]["change"] if rows else 0.0
        share = (
            f" ({fmt.signed(fmt.percent, change / first - 1)})" if kind == parts.REVIEWED and first else ""
        )
        rows.append({
            "kind": kind, "words": whole or parts.words(kind), "start": start, "end": end, "change": change, "low": low,
            "high": high, "written": measure.write(change) + share if whole else measure.signed(change),
            "span": "" if kind == parts.CODED else fmt.span(measure.write, low, high), "whole": measure.signed(every),
            "counted": "" if whole else
            f"{fmt.count(record['gaps'])} to review, {parts.counted(record['persons'], 'person')}",
        })  # fmt: skip
    return pd.DataFrame(rows)


def _two_lines(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """Words, and smaller ones below them where there are any."""
    return [f"{one}<br><sub>{two}</sub>" if two else one for one, two in zip(first, second, strict=True)]


def _links(places: list[float]) -> list[dict[str, Any]]:
    """Thin lines from where a row ends to where the next begins."""
    line = {"color": themes.GREY, "width": 1, "dash": "dot"}
    return [
        {"type": "line", "x0": x, "x1": x, "y0": top, "y1": top - 1, "layer": "below", "line": line}
        for x, top in zip(places, range(len(places), 0, -1), strict=True)
    ]


def _range(steps: pd.DataFrame, points: dict[str, Any]) -> list[float]:
    """From the lowest to the highest point drawn, with room at both ends."""
    error = points["error_x"]
    drawn = [*points["x"], points["x"][1] + error["array"][1], points["x"][1] - error["arrayminus"][1]]
    drawn += steps["start"].tolist()
    drawn += [value for name in ("low", "high", "change") for value in steps["start"] + steps[name]]
    low, high = min(drawn), max(drawn)
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    return [round(low - room, 4), round(high + room, 4)]


def impact_matrix(
    impact: pd.DataFrame, *, unit: parts.UnitName | None = None, max_rows: int = 20, theme: str = "light"
) -> Figure:
    """One cell per condition and kind: its expected impact, and how many persons; unsupported lowers.

    Parameters: ``impact`` as ``risk.impact`` returns it; ``unit``, ``score`` or ``dollars`` (dollars where
    the impact has them); ``max_rows``, how many conditions to show, those of the largest impact in either
    direction first, the rest is announced. The last column adds each row up.
    Raises ArgumentError for other frames.
    """
    measure, impact = _open(impact, COLUMNS, unit, "impact_matrix")
    title = "Expected impact by condition and kind"
    if impact.empty:
        return frames.nothing(title, NOTHING, theme=theme)
    grouped = impact.assign(condition=parts.conditions).groupby(
        ["condition", "kind"], sort=False, observed=True
    )
    counts = {"persons": ("person_id", "nunique"), "gaps": ("hcc", "size")}
    sums = grouped.agg(value=(measure.column, "sum"), **counts).reset_index()
    size = sums["value"].abs().groupby(sums["condition"], sort=False).sum()
    every = sorted(size.index, key=lambda name: (-size[name], name))
    shown, kinds = every[:max_rows], parts.kinds(sums["kind"])
    net = sums.groupby("condition")["value"].sum()
    sums["change"], sums["words"] = sums["value"].map(measure.signed), sums["kind"].map(parts.words)
    sums["written"] = marks.write(sums, "{change} ({persons})")
    totals = {
        "type": "scatter", "x": [NET] * len(shown), "y": shown, "mode": "text", "hoverinfo": "skip", "name": NET,
        "showlegend": False, "text": [f"<b>{measure.signed(net[name])}</b>" for name in shown],
    }  # fmt: skip
    heads = [parts.words(kind).replace(": ", ":<br>").replace(" by a", "<br>by a") for kind in kinds]
    return matrix(
        sums, x="kind", y="condition", color="value", text="written", columns=kinds, rows=shown, title=title,
        theme=theme, subtitle=f"Change of {measure.axis}, weighted by confidence; in brackets: persons",
        facts=["{condition}", "kind: {words}", f"expected change of {measure.noun}: {{change}}",
               "n: {gaps} to review, {persons} persons"],
        scale={"colorscale": SCALE, "cmid": 0, "showscale": False}, data=[totals], height=230 + 34 * len(shown),
        margin={"t": 165, "b": 80}, heading={"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 22, "l": 12}},
        axes=(marks.categories([*kinds, NET], [*heads, "Net"], side="top", tickangle=0, tickfont={"size": 11},
                               categoryarray=[*kinds, NET]), marks.named("", shown, 34)),
        ink={"color": themes.INK, "size": 10},
        notice=frames.cut(len(shown), len(every), "conditions"),
    )  # fmt: skip


def _open(
    impact: pd.DataFrame, columns: list[str], unit: parts.UnitName | None, chart: str
) -> tuple[parts.Unit, pd.DataFrame]:
    """How an impact is measured, and its rows to review."""
    frames.require(impact, columns, chart, parts.IMPACT)
    return parts.unit(impact, unit, chart), parts.to_review(impact)


def impact_persons(
    impact: pd.DataFrame,
    *,
    unit: parts.UnitName | None = None,
    max_persons: int = 20,
    name_persons: bool = True,
    theme: str = "light",
) -> Figure:
    """One bar per person, stacked by kind, largest first, beside the concentration of impact over persons.

    Parameters: ``impact`` as ``risk.impact`` returns it; ``unit``, ``score`` or ``dollars`` (dollars where
    the impact has them); ``max_persons``, how many bars; ``name_persons``, False to number persons instead
    of naming them. The curves show which share of the impact the first persons carry, one per direction.
    Raises ArgumentError for other frames.
    """
    columns = [name for name in COLUMNS if name != "label"]
    measure, impact = _open(impact, columns, unit, "impact_persons")
    title = "Expected impact by person"
    if impact.empty:
        return frames.nothing(title, NOTHING, theme=theme)
    size = impact[measure.column].abs().groupby(impact["person_id"]).sum()
    ranked = sorted(size.index, key=lambda person: (-size[person], str(person)))
    shown = ranked[:max_persons]
    names = dict(zip(shown, map(fmt.text, shown if name_persons else range(1, len(shown) + 1)), strict=True))
    grouped = impact[impact["person_id"].isin(shown)].groupby(["person_id", "kind"], observed=True)
    rows = grouped.agg(value=(measure.column, "sum"), hccs=("hcc", _codes)).reset_index()
    rows = rows.assign(name=rows["person_id"].map(names), change=rows["value"].map(measure.signed))
    of_kinds = bar_traces(
        rows, label="name", x="value", by="kind",
        colors={kind: parts.look(kind) for kind in parts.kinds(impact["kind"])},
        facts=["{name}", "kind: {by}, HCC {hccs}", f"expected change of {measure.noun}: {{change}}"],
    )  # fmt: skip
    every = len(shown) == len(ranked)
    first = "Every person" if every else f"The first {len(shown)} of {len(ranked):,} persons"
    even = {"type": "line", "x0": 0, "y0": 0, "x1": 1, "y1": 1, "xref": "x2", "yref": "y2",
            "line": {"color": themes.GREY, "dash": "dot", "width": 1}}  # fmt: skip
    share: dict[str, Any] = {"tickformat": ".0%", "range": [0, 1.02]}
    who = "Person" if name_persons else "Rank of the person"
    return panels(
        [Panel(of_kinds, first), Panel(_curves(impact, measure), "Concentration")], title=title, shapes=[even],
        subtitle=f"Change of {measure.axis}, weighted by confidence; for a clinician and a coder to review",
        x=[marks.quantity(f"Expected change of {measure.axis}", measure.column, zeroline=True),
           {"title": {"text": "Share of persons, largest first"}, **share}],
        y=[marks.categories(list(names.values()), width=18, title={"text": who}),
           {"title": {"text": "Share of expected impact"}, **share}],
        widths=[0.58, 0.42], barmode="relative", bargap=0.2, height=max(440, 250 + 20 * len(shown)),
        margin={"t": 120, "b": 120}, theme=theme,
    )  # fmt: skip


def _codes(codes: pd.Series) -> str:
    return ", ".join(sorted(set(map(str, codes)), key=lambda code: (len(code), code)))


def _curves(impact: pd.DataFrame, measure: parts.Unit) -> list[dict[str, Any]]:
    """Of each direction, which share of the impact the first persons carry."""
    lowers = impact["kind"] == parts.UNSUPPORTED
    curves = []
    for (name, color, dash), rows in zip(DIRECTIONS, (impact[~lowers], impact[lowers]), strict=True):
        amounts = rows[measure.column].abs().groupby(rows["person_id"]).sum().sort_values(ascending=False)
        total, count = float(amounts.sum()), len(amounts)
        if not total > 0:
            continue
        step = max(1, -(-count // CURVE_POINTS))
        places = [0, *range(step, count, step), count]
        running = [0.0, *(amounts.cumsum() / total)]
        curve = pd.DataFrame({"first": places, "share": [running[place] for place in places]})
        curve["persons_share"] = curve["first"] / count
        facts = [
            f"{name}, first {{first}} of {count:,} persons ({{persons_share}})",
            "expected impact: {share}",
        ]
        look: dict[str, Any] = {"color": color, "look": {"dash": dash}, "name": name, "facts": facts}
        curves.append(marks.line(curve, "persons_share", "share", **look))
    return curves
