"""Pairs as a matrix: procedures down, diagnoses across."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.charts.pairs import HOVER, facts, keys, noun, payer_columns
from cpticd.core.errors import ArgumentError

COLOURS: Final = {
    "excess": "Denial rate against expected",
    "shrunk_rate": "Shrunk denial rate",
    "rate": "Denial rate",
    "denied_amount": "Denied dollars",
}
SUBTITLES: Final = {
    "excess": "Initial denials of lines, percentage points above or below; blank: too few lines",
    "shrunk_rate": "Initial denials of lines, leaning on the expected rate; blank: too few lines",
    "rate": "Initial denials of lines; blank: too few lines",
    "denied_amount": "Dollars denied at first, each diagnosis's share of its lines; blank: too few lines",
}
#: Matrices up to this many cells show their numbers.
TEXT_CELLS: Final = 160


def pair_matrix(
    pairs: pd.DataFrame,
    *,
    colour: Literal["excess", "shrunk_rate", "rate", "denied_amount"] = "excess",
    max_rows: int = 24,
    max_columns: int = 24,
    theme: str = "light",
) -> go.Figure:
    """One cell per procedure and diagnosis, or per pair of families, coloured by its denial rate.

    Parameters: ``pairs`` as ``denials.by_pair`` returns it, ranked, for one payer or all together, at either
    level; ``colour``, the rate less the expected rate, the shrunk rate, the raw rate or the denied dollars;
    ``max_rows`` and ``max_columns``, how many procedures and diagnoses to show, those of the first-ranked pairs first.
    Each cell's customdata starts with its procedure and diagnosis, so that a click can open the pair.
    Raises ArgumentError for other frames and for several payers in one frame.
    """
    if colour not in COLOURS:
        raise ArgumentError(f"pair_matrix: colour {colour!r} is unknown; give one of {', '.join(COLOURS)}")
    columns = keys(pairs, "pair_matrix")
    _one_payer(pairs)
    title = f"{COLOURS[colour]}: {noun(columns)}"
    if pairs.empty:
        return frames.nothing(title, "No pair has enough lines; lower min_lines.", theme=theme)
    procedures = _first(pairs[columns[0]], max_rows)
    diagnoses = _first(pairs[columns[1]], max_columns)
    hidden = pairs[columns[0]].nunique() - len(procedures), pairs[columns[1]].nunique() - len(diagnoses)
    subtitle = SUBTITLES[colour]
    if any(hidden):
        subtitle = f"First-ranked pairs' codes; not shown: {hidden[0]} procedures, {hidden[1]} diagnoses"
    width = 30 if columns[0] == "hcpcs_family" else 14
    across = "Diagnosis" if columns[1] == "diagnosis_code" else "Diagnosis family"
    down = "Procedure" if columns[0] == "hcpcs_code" else "Procedure family"
    return frames.figure(
        title, subtitle, theme=theme, height=max(380, 260 + 24 * len(procedures)),
        data=[_heatmap(pairs, columns, procedures, diagnoses, colour)], coloraxis=_coloraxis(colour, pairs),
        xaxis=_axis(across, diagnoses, width) | {"tickangle": -45},
        yaxis=_axis(down, procedures, width) | {"autorange": "reversed"},
    )  # fmt: skip


def _axis(title: str, names: list[str], width: int) -> dict[str, Any]:
    """An axis of codes or families, their names cut to so many characters."""
    return {
        "title": {"text": title}, "type": "category", "tickmode": "array", "tickvals": names,
        "ticktext": [fmt.short(name, width) for name in names], "showgrid": False,
    }  # fmt: skip


def _one_payer(pairs: pd.DataFrame) -> None:
    for name in payer_columns(pairs):
        values = pairs[name].drop_duplicates()
        if len(values) > 1:
            raise ArgumentError(
                f"pair_matrix: found {len(values)} values of {name!r}; choose one, "
                f"e.g. pairs[pairs[{name!r}] == {values.iloc[0]!r}], or call by_pair without by="
            )


def _first(values: pd.Series, limit: int) -> list[str]:
    """The first ``limit`` distinct values in rank order, sorted so that neighbours are related."""
    return sorted(map(fmt.text, values.drop_duplicates().head(limit)))


def _value(row: object, colour: str) -> float | None:
    rate = row.rate - row.expected_rate if colour == "excess" else getattr(row, colour)  # type: ignore[attr-defined]
    if pd.isna(rate):
        return None
    return round(float(rate), 2) if colour == "denied_amount" else round(100 * float(rate), 4)


def _written(value: float, colour: str) -> str:
    """A cell's number: whole points or per cent, or thousands of dollars."""
    if colour == "denied_amount":
        return f"{value / 1000:,.0f}k" if value >= 10_000 else f"{value / 1000:,.1f}k"
    return f"{round(value):+d}" if colour == "excess" else f"{round(value)}"


def _heatmap(
    pairs: pd.DataFrame, columns: tuple[str, str], procedures: list[str], diagnoses: list[str], colour: str
) -> dict[str, Any]:
    row_of = {name: index for index, name in enumerate(procedures)}
    column_of = {name: index for index, name in enumerate(diagnoses)}
    z: list[list[float | None]] = [[None] * len(diagnoses) for _ in procedures]
    custom = [[["", ""] for _ in diagnoses] for _ in procedures]
    written = [[""] * len(diagnoses) for _ in procedures]
    for row in pairs.itertuples():
        i = row_of.get(fmt.text(getattr(row, columns[0])))
        j = column_of.get(fmt.text(getattr(row, columns[1])))
        if i is None or j is None:
            continue
        z[i][j] = value = _value(row, colour)
        custom[i][j] = facts(row, columns, [])
        if value is not None:
            written[i][j] = _written(value, colour)
    few = len(procedures) * len(diagnoses) <= TEXT_CELLS
    numbers: dict[str, Any] = {"text": written, "texttemplate": "%{text}"} if few else {}
    return {
        "type": "heatmap", "x": diagnoses, "y": procedures, "z": z, "customdata": custom, **numbers,
        "hovertemplate": HOVER, "hoverongaps": False, "coloraxis": "coloraxis", "xgap": 1, "ygap": 1,
    }  # fmt: skip


def _coloraxis(colour: str, pairs: pd.DataFrame) -> dict[str, object]:
    if colour == "excess":
        scale: object = themes.DIVERGING
        return {"colorscale": scale, "cmid": 0, "colorbar": {"title": {"text": "pp"}, "ticksuffix": ""}}
    # plotly takes no lower end without an upper one
    most = max((value for value in (_value(row, colour) for row in pairs.itertuples()) if value), default=1.0)
    if colour == "denied_amount":
        bar: object = {"title": {"text": "denied"}, "tickprefix": "$", "tickformat": "~s"}
        return {"colorscale": themes.SEQUENTIAL, "cmin": 0, "cmax": most, "colorbar": bar}
    return {
        "colorscale": themes.SEQUENTIAL,
        "cmin": 0,
        "cmax": most,
        "colorbar": {"title": {"text": "rate"}, "ticksuffix": " %"},
    }
