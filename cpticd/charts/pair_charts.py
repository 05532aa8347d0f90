"""Pairs of procedure and diagnosis: as a matrix, and as points by volume."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import TEXT_CELLS, matrix

MEASURES: Final = [
    *("lines", "persons", "denied_lines", "rate", "low", "high", "expected_rate", "shrunk_rate"),
    *("excess_denials", "q_value", "denied_amount", "top_category", "top_carc"),
]
CODES: Final = ("hcpcs_code", "diagnosis_code")
FAMILIES: Final = ("hcpcs_family", "diagnosis_family")
COLORS: Final = {
    "excess": ("Denial rate against expected", "percentage points above or below"),
    "shrunk_rate": ("Shrunk denial rate", "leaning on the expected rate"),
    "rate": ("Denial rate", ""),
    "denied_amount": ("Denied dollars", "dollars, each diagnosis's share of its lines"),
}
AXES: Final = {
    "excess_denials": ("Excess denials of pairs by volume", "Denied lines above expected"),
    "excess_rate": ("Excess denial rate of pairs by volume", "Denial rate above expected, percentage points"),
}
#: Beyond this many points the browser draws with WebGL.
WEBGL_POINTS: Final = 2000
#: From this many points on, the area is capped.
MANY_POINTS: Final = 50
#: Marks of the logarithmic axis.
TICKS: Final = [step * 10**power for power in range(9) for step in (1, 2, 5)]
#: Hover of one pair, after the pair's two keys.
FACTS: Final = [
    "{pair}", "n: {lines} lines, {persons} persons", "denied: {denied_lines} lines, {denied_amount}",
    "rate: {rate} (95 % interval {low~high})", "expected: {expected_rate}, shrunk: {shrunk_rate}",
    "excess denials: {excess_denials}, q: {q_value}", "first cause: {cause}",
]  # fmt: skip


def _keys(pairs: pd.DataFrame, chart: str) -> tuple[str, str]:
    """The two columns that name a pair: codes where the frame has them, else families."""
    frames.require(pairs, MEASURES, chart, "denials.by_pair(claims)")
    columns = CODES if CODES[0] in pairs.columns else FAMILIES
    frames.require(pairs, columns, chart, "denials.by_pair(claims)")
    return columns


def _groups(pairs: pd.DataFrame) -> list[str]:
    """The columns beside the pair that by_pair was grouped by."""
    return [name for name in frames.group_columns(pairs, MEASURES) if name not in {*CODES, *FAMILIES}]


def _worded(pairs: pd.DataFrame, keys: tuple[str, str], groups: list[str]) -> pd.DataFrame:
    """The pairs with their names and first causes in words."""
    codes = [f" (CARC {carc})" if carc else "" for carc in map(fmt.plain, pairs["top_carc"].tolist())]
    where = [f", {words}" if words else "" for words in frames.labels(pairs, groups)]
    named = zip(frames.labels(pairs, keys[:1]), frames.labels(pairs, keys[1:]), where, strict=True)
    causes = zip(map(fmt.text, pairs["top_category"].tolist()), codes, strict=True)
    return frames.light(pairs).assign(
        pair=[f"{procedure} × {diagnosis}{of}" for procedure, diagnosis, of in named],
        cause=[cause + carc for cause, carc in causes],
    )


def pair_matrix(
    pairs: pd.DataFrame,
    *,
    color: Literal["excess", "shrunk_rate", "rate", "denied_amount"] = "excess",
    max_rows: int = 24,
    max_columns: int = 24,
    theme: str = "light",
) -> Figure:
    """One cell per procedure and diagnosis, or per pair of families, colored by its denial rate.

    Parameters: ``pairs`` as ``denials.by_pair`` returns it, ranked, for one payer or all together, at either
    grain; ``color``, the rate less the expected rate, the shrunk rate, the raw rate or the denied dollars;
    ``max_rows`` and ``max_columns``, how many procedures and diagnoses to show, those of the first-ranked pairs first.
    Each cell's customdata starts with its procedure and diagnosis, so that a click can open the pair.
    Raises ArgumentError for other frames and for several payers in one frame.
    """
    frames.one_of(color, [*COLORS], "pair_matrix: color")
    keys = _keys(pairs, "pair_matrix")
    frames.no_groups(pairs, _groups(pairs), "pair_matrix", ", or call by_pair without by=")
    title = f"{COLORS[color][0]}: procedure × diagnosis{' families' if keys == FAMILIES else ''}"
    if pairs.empty:
        return frames.nothing(title, "No pair has enough lines; lower min_lines.", theme=theme)
    rows, columns = _first(pairs[keys[0]], max_rows), _first(pairs[keys[1]], max_columns)
    hidden = pairs[keys[0]].nunique() - len(rows), pairs[keys[1]].nunique() - len(columns)
    counted = frames.denials(pairs, "" if color == "denied_amount" else "lines")
    subtitle = "; ".join(filter(None, [counted, COLORS[color][1], "blank: too few lines"]))
    if any(hidden):
        subtitle = f"{counted}; not shown: {hidden[0]} procedures, {hidden[1]} diagnoses of lower rank"
    shown = _worded(pairs, keys, []).assign(_value=_values(pairs, color))
    shown["_written"] = ["" if pd.isna(value) else _written(value, color) for value in shown["_value"]]
    width = 30 if keys == FAMILIES else 14
    family = " family" if keys == FAMILIES else ""
    return matrix(
        shown, x=keys[1], y=keys[0], color="_value", keys=keys, facts=FACTS, rows=rows, columns=columns, title=title,
        text="_written" if len(rows) * len(columns) <= TEXT_CELLS else "", subtitle=subtitle, theme=theme,
        scale=_scale(color, shown["_value"].max()), height=max(380, 260 + 24 * len(rows)),
        axes=(marks.named(f"Diagnosis{family}", columns, width), marks.named(f"Procedure{family}", rows, width)),
    )  # fmt: skip


def _first(values: pd.Series, limit: int) -> list[str]:
    """The first ``limit`` distinct values in rank order, sorted so that neighbours are related."""
    return sorted(map(fmt.text, values.drop_duplicates().head(limit)))


def _values(pairs: pd.DataFrame, color: str) -> pd.Series:
    """What colors the cells: dollars, or points and per cent of 100."""
    if color == "denied_amount":
        return pairs[color].astype(float)
    rate = pairs["rate"] - pairs["expected_rate"] if color == "excess" else pairs[color]
    return 100 * rate.astype(float)


def _written(value: float, color: str) -> str:
    """A cell's number: whole points or per cent, or thousands of dollars."""
    if color == "denied_amount":
        return f"{value / 1000:,.0f}k" if value >= 10_000 else f"{value / 1000:,.1f}k"
    return f"{round(value):+d}" if color == "excess" else f"{round(value)}"


def _scale(color: str, most: float) -> dict[str, Any]:
    if color == "excess":
        return {"colorscale": themes.DIVERGING, "cmid": 0, "colorbar": {"title": {"text": "pp"}}}
    bar: dict[str, Any] = {"title": {"text": "rate"}, "ticksuffix": " %"}
    if color == "denied_amount":
        bar = {"title": {"text": "denied"}, "tickprefix": "$", "tickformat": "~s"}
    return {"cmin": 0, "cmax": most or 1.0, "colorbar": bar}  # plotly takes no lower end without an upper one


def pair_scatter(
    pairs: pd.DataFrame,
    *,
    y: Literal["excess_denials", "excess_rate"] = "excess_denials",
    q_threshold: float = 0.10,
    max_points: int = 5000,
    theme: str = "light",
) -> Figure:
    """One point per pair: service lines (log) against excess denials, colored by its q-value.

    Parameters: ``pairs`` as ``denials.by_pair`` returns it, per payer or not; ``y``, denied lines above
    expected, or the rate above expected in percentage points; ``q_threshold``, the false-discovery rate up to which a
    point is colored; ``max_points``, how many of the first-ranked pairs to draw, the rest is announced.
    A point's area follows its denied dollars; its customdata starts with its procedure and diagnosis.
    """
    frames.one_of(y, [*AXES], "pair_scatter: y")
    keys = _keys(pairs, "pair_scatter")
    title, axis = AXES[y]
    if pairs.empty:
        return frames.nothing(title, "No pair has enough lines; lower min_lines.", theme=theme)
    shown = pairs.head(max_points).reset_index(drop=True)
    shown = _worded(shown, keys, _groups(pairs)).assign(excess_rate=_values(shown, "excess").round(4))
    shown["excess_denials"] = shown["excess_denials"].round(3)
    # A few very dear pairs would leave all others as dots: the dearest 2 % are drawn alike, the hover tells.
    amounts = shown["denied_amount"].fillna(0).astype(float)
    largest = max(float(amounts.quantile(0.98 if len(amounts) >= MANY_POINTS else 1)), 1.0)
    found = (shown["q_value"] <= q_threshold).fillna(False).astype(bool)
    groups = (
        (~found, f"q > {q_threshold:g} or not tested", themes.GREY, 0.65),
        (found, f"q ≤ {q_threshold:g}", themes.VERMILION, 0.65),
    )
    traces = marks.clouds(
        shown.assign(_area=amounts.clip(0, largest)), "lines", y, groups, size="_area", diameter=24, facts=FACTS,
        keys=keys, type="scattergl" if len(shown) > WEBGL_POINTS else "scatter",
    )  # fmt: skip
    return frames.figure(
        title, "Area: denied dollars. Expected: other lines of the same procedure, payer, place, quarter", theme=theme,
        notice=f"{len(shown):,} first-ranked of {len(pairs):,} pairs shown" if len(shown) < len(pairs) else "",
        data=traces,
        xaxis=marks.logarithmic("Service lines of the pair (log)", TICKS, fmt.count),
        yaxis={"title": {"text": axis}, "zeroline": True, "zerolinewidth": 2},
    )  # fmt: skip
