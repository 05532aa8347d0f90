"""What every chart does with its frame: check it, take numbers out, say when there is nothing to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.format import safe
from cpticd.core.contract import terms_of
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


def one_of(value: str, known: Sequence[str], what: str) -> None:
    """Raise ArgumentError unless ``value`` is among ``known``; ``what`` names the chart and its parameter."""
    if value not in known:
        raise ArgumentError(f"{what} {value!r} is unknown; give one of {', '.join(known)}")


def group_columns(frame: pd.DataFrame, measures: Sequence[str]) -> list[str]:
    """The columns that an analysis was grouped by: those that stand before its first own column."""
    columns = list(map(str, frame.columns))
    first = min(columns.index(name) for name in measures if name in columns)
    return columns[:first]


def no_groups(frame: pd.DataFrame, columns: Sequence[str], chart: str, otherwise: str = "") -> None:
    """Raise ArgumentError where one of ``columns`` has several values and the chart can show one only."""
    for column in columns:
        values = frame[column].drop_duplicates()
        if len(values) > 1:
            raise ArgumentError(
                f"{chart}: found {len(values)} values of {column!r}; choose one, "
                f"e.g. frame[frame[{column!r}] == {values.iloc[0]!r}]{otherwise}"
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


def labels(frame: pd.DataFrame, columns: Sequence[str], everything: str = "") -> list[str]:
    """One label per row from one or several columns; of none, ``everything``."""
    if not columns:
        return [everything] * len(frame)
    parts = [
        ["–" if pd.isna(value) else str(value) for value in frame[column].tolist()] for column in columns
    ]
    return parts[0] if len(parts) == 1 else [" · ".join(row) for row in zip(*parts, strict=True)]


def light(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its texts as Python's: pandas takes long to cut columns of Arrow's into many small parts."""
    columns = {
        name: column.to_numpy("object") if isinstance(column.dtype, pd.StringDtype) else column
        for name, column in frame.items()
    }
    return pd.DataFrame(columns, index=frame.index)


def contract(frame: pd.DataFrame) -> dict[str, Any]:
    """The contract that the analysis left with the frame, or an empty one."""
    return terms_of(frame)


def denials(frame: pd.DataFrame, of: str = "") -> str:
    """What was counted, by the frame's contract: ``Initial denials of lines``, ``Final …``, else ``Denials …``."""
    terms = contract(frame)
    words = f"{terms.get('decision', '')} {terms.get('measure', '')} {terms.get('clock', '')}".lower()
    initial, final = (
        ("initial" in words or "first adjudication" in words or "first decision" in words),
        "final" in words or "latest" in words,
    )
    decision = "" if initial == final else "initial " if initial else "final "
    return f"{decision}denials{of and ' of '}{of}".capitalize()


def cut(shown: int, every: int, noun: str, which: str = "") -> str:
    """What a figure leaves out: ``20 of 4,489 pairs shown, the highest EB05``; nothing where it shows all."""
    return f"{shown:,} of {every:,} {noun} shown{which}" if shown < every else ""


def figure(
    title: str,
    subtitle: str = "",
    *,
    theme: str = "light",
    height: int = 460,
    data: Sequence[Any] = (),
    notice: str = "",
    **layout: Any,
) -> Figure:
    """A figure in our template with its title, the measure, and a subtitle, its definition.

    ``data``: traces; ``notice``: what is left out, below the plot; ``heading``: what the title has beside its text;
    ``layout``: the rest. Explorers redraw at every click: traces and layout given here, all at once, cost plotly a
    fifth of the time that the same updates cost one after the other.
    """
    heading: dict[str, Any] = {"text": title}
    if subtitle:
        heading["subtitle"] = {"text": subtitle}
    heading |= layout.pop("heading", {})
    common = {"template": themes.template_name(theme), "title": heading, "height": height, "autosize": True}
    if notice:
        layout["annotations"] = [*layout.get("annotations", ()), _below(notice)]
    return Figure(data=list(data), layout={**common, **layout})


def nothing(title: str, message: str, *more: str, theme: str = "light") -> Figure:
    """A figure that says why there is nothing to draw; ``more``: a line each below it."""
    text = "<br>".join(map(safe, (message, *more)))
    words = {"text": text, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False}
    hidden = {"visible": False}
    return figure(
        title, theme=theme, height=220 + 18 * len(more), annotations=[words], xaxis=hidden, yaxis=hidden
    )


def margin_words(row: float | str, text: str, *, xshift: int = 10, **style: Any) -> dict[str, Any]:
    """An annotation in the right margin, level with its row; ``style`` is the annotation's."""
    return {
        "x": 1, "xref": "paper", "y": row, "yref": "y", "text": text, "showarrow": False, "xanchor": "left",
        "xshift": xshift, **style,
    }  # fmt: skip


def _below(message: str) -> dict[str, Any]:
    return {
        "text": safe(message), "x": 0, "y": 0, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top",
        "yshift": -46, "showarrow": False, "font": {"size": 11},
    }  # fmt: skip


def noticed(fig: Figure, message: str) -> Figure:
    """The figure, which says below the plot what it leaves out."""
    return fig.add_annotation(_below(message)) if message else fig


def begun(rows: pd.DataFrame, events: str) -> pd.DataFrame:
    """Kaplan–Meier rows (group, day, survival, low, high, ``events``) in the order of their groups, each from day 0.

    Where a frame leaves it out, a curve begins when nothing had happened.
    """
    nothing = {"day": 0, events: 0, "survival": 1.0, "low": 1.0, "high": 1.0}
    first = rows.drop_duplicates("group")
    rows = pd.concat([first[first["day"] > 0].assign(**nothing), rows])
    return rows.assign(order=pd.factorize(rows["group"])[0]).sort_values(["order", "day"], kind="stable")
