"""Tables for people: cells with units, as HTML or as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames

#: A cell that begins with a day, which does not wrap.
_DATE: Final = re.compile(r"<td>(\d{4}-\d{2}-\d{2})")


class HtmlTable(str):
    """The HTML of a table: text to write into a page, and a table where a notebook shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<HTML table of {self.count('<tr>') - 1} rows; print it for its HTML>"

    def _repr_html_(self) -> str:
        # Notebooks align every cell to the right, which suits numbers only. Cells are escaped: no other tags.
        shown = self.replace('<td class="number">', '<td style="white-space:nowrap">')
        shown = _DATE.sub(r'<td style="text-align:left;white-space:nowrap">\1', shown)
        for cell, width in (("<td>", ""), ("<th>", ""), ('<td class="words">', ";min-width:12em")):
            shown = shown.replace(cell, f'{cell[:3]} style="text-align:left{width}">')
        return shown


#: What stands where disclosure control left a value out (``cpticd.disclosure``).
SUPPRESSED: Final = "suppressed"
#: Text cells beyond this length wrap, and need room to do so.
LONG: Final = 20


def table(frame: pd.DataFrame, *, columns: Sequence[str] | None = None, max_rows: int = 50) -> HtmlTable:
    """One HTML table row per row of ``frame``: headings in words, dollars, per cent, thousands separators.

    Parameters: ``columns``, which to show, in order (all, unless given); ``max_rows``, the rest is announced.
    The text is escaped, holds no ids, and is the same in every run. A notebook shows it as a table.
    """
    headings, rows, numeric = cells(frame, columns=columns, max_rows=max_rows)
    head = _html_row("th", headings, numeric)
    body = "\n".join(_html_row("td", row, numeric) for row in rows)
    left = len(frame) - len(rows)
    more = f'<p class="note">{left:,} more rows not shown.</p>' if left else ""
    return HtmlTable(f"<table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table>{more}")


def text_table(frame: pd.DataFrame, *, columns: Sequence[str] | None = None, max_rows: int = 50) -> str:
    """One line of text per row of ``frame``, numbers with their units, columns aligned."""
    headings, rows, numeric = cells(frame, columns=columns, max_rows=max_rows)
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in [headings, ["-" * width for width in widths], *rows]
    ]
    left = len(frame) - len(rows)
    return "\n".join(lines + ([f"… {left:,} more rows"] if left else []))


def cells(
    frame: pd.DataFrame, *, columns: Sequence[str] | None = None, max_rows: int = 50
) -> tuple[list[str], list[list[str]], list[bool]]:
    """Headings, rows of written cells, and which columns are numeric; low and high become one interval."""
    names = list(map(str, frame.columns)) if columns is None else list(columns)
    frames.require(frame, names, "table", "an analysis")
    part = frame[names].head(max_rows)
    headings, columns_written, numeric = [], [], []
    scored = {"from_score", "to_score", "change"} <= set(names)
    for name in names:
        if name == "high" and "low" in names:
            continue  # stands with low
        if name == "low" and "high" in names:
            headings.append("Interval")
            written = list(map(fmt.interval, part["low"].tolist(), part["high"].tolist()))
            if "unit" in frame.columns:  # a row in days among others that are shares
                days = (frame["unit"].head(max_rows) == "days").tolist()
                spans = [fmt.span(fmt.count, *ends) for ends in zip(part["low"], part["high"], strict=True)]
                written = [
                    span if day else text for day, span, text in zip(days, spans, written, strict=True)
                ]
            if scored:
                ends = zip(part["low"], part["high"], strict=True)
                written = [fmt.span(_change, low, high) for low, high in ends]
            columns_written.append(_marked(part, name, written))
            numeric.append(True)
            continue
        headings.append(fmt.heading(name))
        # Beside what was observed, what is expected is a count; elsewhere it is a share.
        counted = name == "expected" and "observed" in frame.columns
        written = [
            fmt.expectation(value) if counted else _change(value) if scored and name == "change" else
            fmt.cell(name, value)
            for value in part[name].tolist()
        ]  # fmt: skip
        columns_written.append(_marked(part, name, written))
        numeric.append(pd.api.types.is_numeric_dtype(part[name]) and part[name].dtype != bool)
    return headings, [list(row) for row in zip(*columns_written, strict=True)], numeric


def _change(value: float) -> str:
    """A difference of two scores."""
    return fmt.MISSING if pd.isna(value) else fmt.signed(fmt.score, round(value, 4) + 0.0)


def _marked(part: pd.DataFrame, name: str, written: list[str]) -> list[str]:
    """The cells of a column, with a word where disclosure control left a value out."""
    hidden = part.attrs.get("disclosure", {}).get("hidden", {}).get(name, "").split()
    if not hidden:
        return written
    gone = part.index.astype(str).isin(hidden) & part[name].isna().to_numpy()
    return [SUPPRESSED if left_out else text for text, left_out in zip(written, gone, strict=True)]


def _html_row(tag: str, values: list[str], numeric: list[bool]) -> str:
    marks = [
        ' class="number"' if right else ' class="words"' if tag == "td" and len(value) > LONG else ""
        for right, value in zip(numeric, values, strict=True)
    ]
    return "<tr>" + "".join(
        f"<{tag}{mark}>{html.escape(value)}</{tag}>" for value, mark in zip(values, marks, strict=True)
    ) + "</tr>"  # fmt: skip
