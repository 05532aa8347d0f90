"""What was read, and what became of it: loaded or rejected, file by file."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes

COLUMNS: Final = ["source", "table_name", "read", "loaded", "rejected", "amount_read", "amount_rejected"]
_HOVER: Final = frames.hover(
    "%{customdata[0]}", "read: %{customdata[1]}, %{customdata[4]}", "loaded: %{customdata[2]}",
    "rejected: %{customdata[3]}, %{customdata[5]}",
)  # fmt: skip


def accounting(accounts: pd.DataFrame, *, max_rows: int = 40, theme: str = "light") -> go.Figure:
    """One row per file and table: how much was read and loaded, on a logarithmic axis; what was rejected stands out.

    Parameters: ``accounts`` as ``claims.accounting()`` returns it; ``max_rows``, how many rows to show, those with
    rejects and then the largest first, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(accounts, COLUMNS, "accounting", "claims.accounting()")
    title = "What was read: loaded or rejected"
    if accounts.empty:
        return frames.nothing(title, "Nothing was read.", theme=theme)
    order = accounts.sort_values(["rejected", "read"], ascending=False, kind="stable").index[:max_rows]
    shown = accounts[accounts.index.isin(order)].reset_index(drop=True)
    files = accounts["source"].nunique()
    written = (
        f"{fmt.count(accounts['read'].sum())} records of {fmt.count(files)} {'source' if files == 1 else 'sources'}: "
        f"{fmt.count(accounts['loaded'].sum())} loaded, {fmt.count(accounts['rejected'].sum())} rejected"
    )
    names = _names(shown)
    fig = frames.figure(
        title, written, theme=theme, height=190 + 26 * len(shown), data=_traces(shown),
        margin={"r": 240, "b": 90},
        annotations=[frames.margin_words(row, _words(one)) for row, one in enumerate(shown.to_dict("records"))],
        xaxis={"title": {"text": "Records (segments, rows), logarithmic"}, "type": "log", "tickformat": ",d",
               "dtick": 1},
        yaxis={"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": names, "showgrid": False,
               "zeroline": False, "range": [len(names) - 0.4, -0.6]},
    )  # fmt: skip
    if len(shown) < len(accounts):
        frames.notice(fig, f"{len(shown)} of {len(accounts)} rows shown")
    return fig


def _names(shown: pd.DataFrame) -> list[str]:
    """Tables, each file's name before the first of its tables."""
    repeated = shown["source"].eq(shown["source"].shift())
    return [
        fmt.short(f"{'' if again else f'{source} · '}{str(name).replace('_', ' ')}", 56)
        for source, name, again in zip(shown["source"], shown["table_name"], repeated, strict=True)
    ]


def _words(row: dict[Any, Any]) -> str:
    counted = f"{fmt.count(row['loaded'])} loaded"
    return f"{counted}, <b>{fmt.count(row['rejected'])} rejected</b>" if row["rejected"] else counted


def _traces(shown: pd.DataFrame) -> list[dict[str, Any]]:
    """A point for what was loaded, and one for what was rejected where something was."""
    facts = [
        [fmt.safe(f"{row.source} · {row.table_name}"), fmt.count(row.read), fmt.count(row.loaded),
         fmt.count(row.rejected), fmt.dollars(row.amount_read), fmt.dollars(row.amount_rejected)]
        for row in shown.itertuples()
    ]  # fmt: skip
    found = []
    for column, symbol, colour in (
        ("loaded", "circle", themes.BLUE),
        ("rejected", "diamond", themes.VERMILION),
    ):
        rows = [row for row, value in enumerate(shown[column]) if value > 0]
        if rows:
            found.append({
                "type": "scatter", "mode": "markers", "name": column, "x": [int(shown[column][row]) for row in rows],
                "y": rows, "marker": {"size": 11, "symbol": symbol, "color": colour},
                "customdata": [facts[row] for row in rows], "hovertemplate": _HOVER,
            })  # fmt: skip
    return found
