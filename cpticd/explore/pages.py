"""Tables of explorers, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts.static import rows_of
from cpticd.charts.table import cells
from cpticd.codes import dotted

#: A cell that is a number with its unit and what stands in brackets.
_NUMBER: Final = re.compile(r"[-+−–\d.,$%() kMpto]*")
#: Rows of a table's page.
PAGE: Final = 12


@dataclass(frozen=True)
class Page:
    """One page of a frame: its rows, which page of how many, and how it is sorted."""

    rows: pd.DataFrame
    number: int
    pages: int
    sort: Mapping[str, Any] | None


def page(frame: pd.DataFrame, extra: Mapping[str, Any], *, name: str, size: int = PAGE) -> Page:
    """The page that ``extra`` asks for of the table ``name``: sorted by a column, else as the analysis ranked it."""
    sort = extra.get("sort", {}).get(name)
    if sort and sort["column"] in frame.columns:
        frame = frame.sort_values(sort["column"], ascending=not sort["descending"], kind="stable")
    pages = max(1, ceil(len(frame) / size))
    number = min(max(int(extra.get("page", {}).get(name, 0)), 0), pages - 1)
    return Page(frame.iloc[number * size : (number + 1) * size], number, pages, sort)


def table(
    name: str,
    shown: Page | pd.DataFrame,
    columns: Sequence[str],
    *,
    title: str,
    selectable: bool = False,
    selected: int | None = None,
    note: str = "",
    width: str = "wide",
) -> dict[str, Any]:
    """A part that shows rows as text, in the words and units of ``charts.table``."""
    paged = shown if isinstance(shown, Page) else Page(shown, 0, 1, None)
    return behind(paged.rows, columns, name=name) | {
        "kind": "table", "title": title, "label": title, "selectable": selectable, "selected": selected, "note": note,
        "sortable": isinstance(shown, Page), "sort": paged.sort, "page": paged.number, "pages": paged.pages,
        "width": width,
    }  # fmt: skip


def behind(
    frame: pd.DataFrame, columns: Sequence[str], *, name: str = "", max_rows: int = 60
) -> dict[str, Any]:
    """Columns and rows of text of a frame: the table behind a chart."""
    names = [column for column in columns if column in frame.columns]
    if "diagnosis_code" in names:
        frame = frame.assign(diagnosis_code=dotted(frame["diagnosis_code"]))
    headings, rows, numeric = cells(frame, columns=names, max_rows=max_rows)
    if "low" in names and "high" in names:
        names = [column for column in names if column != "high"]
    heads = [
        {"name": column, "label": label, "number": number}
        for column, label, number in zip(names, headings, numeric, strict=True)
    ]
    return {"name": name, "columns": heads, "rows": rows}


def behind_chart(figure: go.Figure) -> dict[str, Any]:
    """The table behind a chart whose marks say all that is to be known: what their hovers say, as text."""
    headings, rows = rows_of(figure)
    heads = [
        {"name": label, "label": label, "number": place > 0 and _NUMBER.fullmatch(rows[0][place]) is not None}
        for place, label in enumerate(headings)
    ] if rows else []  # fmt: skip
    return {"name": "", "columns": heads, "rows": rows}
