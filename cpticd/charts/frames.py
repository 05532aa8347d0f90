"""What every chart does with its frame: check it, take numbers out, say when there is nothing to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.format import safe
from cpticd.core.contract import said
from cpticd.core.errors import ArgumentError


def require(frame: pd.DataFrame, columns: Sequence[str], chart: str, source: str) -> None:
    """Raise ArgumentError unless ``frame`` is a DataFrame with these columns, naming the analysis to call."""
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(f"{chart}: found {type(frame).__name__}; give the DataFrame of {source}")
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise ArgumentError(
            f"{chart}: no column {', '.join(map(repr, absent))}; found {list(map(str, frame.columns))}; "
            f"give the DataFrame of {source}"
        )


def group_columns(frame: pd.DataFrame, measures: Sequence[str]) -> list[str]:
    """The columns that an analysis was grouped by: those that stand before its first own column."""
    columns = list(map(str, frame.columns))
    first = min(columns.index(name) for name in measures if name in columns)
    return columns[:first]


def no_groups(frame: pd.DataFrame, measures: Sequence[str], chart: str) -> None:
    """Raise ArgumentError where the frame holds several groups and the chart can show one only."""
    for column in group_columns(frame, measures):
        values = frame[column].drop_duplicates()
        if len(values) > 1:
            raise ArgumentError(
                f"{chart}: found {len(values)} values of {column!r}; choose one, "
                f"e.g. frame[frame[{column!r}] == {values.iloc[0]!r}]"
            )


def numbers(values: pd.Series, digits: int = 6) -> list[float | int | None]:
    """A column as plain rounded numbers, None where missing: figures stay small and the same in every run."""
    result: list[float | int | None] = []
    for value in values.tolist():
        if pd.isna(value):
            result.append(None)
        else:
            rounded = round(float(value), digits)
            result.append(int(rounded) if rounded.is_integer() else rounded)
    return result


def labels(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """One label per row from one or several columns."""
    if not columns:
        return [""] * len(frame)
    parts = [
        frame[column].astype("object").where(frame[column].notna(), "–").astype(str) for column in columns
    ]
    return [" · ".join(row) for row in zip(*parts, strict=True)]


def contract(frame: pd.DataFrame) -> dict[str, Any]:
    """The contract that the analysis left with the frame, or an empty one."""
    return said(frame)


def figure(
    title: str,
    subtitle: str = "",
    *,
    theme: str = "light",
    height: int = 460,
    data: Sequence[Any] = (),
    **layout: Any,
) -> go.Figure:
    """A figure in our template with its title, the measure, and a subtitle, its definition.

    ``data``: traces; ``heading``: what the title has beside its text; ``layout``: the rest. Explorers redraw at every
    click: traces and layout given here, all at once, cost plotly a fifth of the time that
    the same updates cost one after the other.
    """
    heading: dict[str, Any] = {"text": title}
    if subtitle:
        heading["subtitle"] = {"text": subtitle}
    heading |= layout.pop("heading", {})
    common = {"template": themes.template_name(theme), "title": heading, "height": height, "autosize": True}
    return Figure(data=list(data), layout={**common, **layout})


def nothing(title: str, message: str, *, theme: str = "light") -> go.Figure:
    """A figure that says why there is nothing to draw."""
    result = figure(title, theme=theme, height=220)
    result.add_annotation(text=safe(message), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return result.update_xaxes(visible=False).update_yaxes(visible=False)


def margin_words(row: float | str, text: str, *, xshift: int = 10, **style: Any) -> dict[str, Any]:
    """An annotation in the right margin, level with its row; ``style`` is the annotation's."""
    return {
        "x": 1, "xref": "paper", "y": row, "yref": "y", "text": text, "showarrow": False, "xanchor": "left",
        "xshift": xshift, **style,
    }  # fmt: skip


def beside(fig: go.Figure, row: float | str, text: str, *, xshift: int = 10, **style: Any) -> None:
    """Words in the right margin of a figure, level with their row."""
    fig.add_annotation(margin_words(row, text, xshift=xshift, **style))


def notice(fig: go.Figure, message: str) -> None:
    """Say below the plot what the figure leaves out."""
    fig.add_annotation(
        text=safe(message), x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top", yshift=-46,
        showarrow=False, font={"size": 11},
    )  # fmt: skip


def hover(title: str, *rows: str) -> str:
    """A hover template: a bold title and one row per fact, no second box."""
    return f"<b>{title}</b><br>" + "<br>".join(rows) + "<extra></extra>"
