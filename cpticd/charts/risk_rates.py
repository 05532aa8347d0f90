"""Conditions as rates: recaptured from year to year, coded against expected."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes

RECAPTURE: Final = ["hcc", "label", "year", "due", "recaptured", "recapture_rate", "low", "high"]
PREVALENCE: Final = [
    *(
        "hcc",
        "label",
        "coded",
        "coded_low",
        "coded_high",
        "expected",
        "expected_low",
        "expected_high",
        "persons",
    ),
]
#: Opacity of the first year; the last is blue, those before it grey, the paler the earlier.
FIRST_SHADE: Final = 0.6


def recapture(
    persistence: pd.DataFrame, *, min_due: int = 10, max_conditions: int = 20, theme: str = "light"
) -> go.Figure:
    """One dot per condition and year: which share of those coded the year before is coded again.

    Parameters: ``persistence`` as ``risk.persistence`` returns it; ``min_due``, the fewest persons due in
    all years together for a condition to be drawn; ``max_conditions``, how many, those with most persons due
    first. What is left out is announced. n, beside each dot, is the denominator: persons due.
    Raises ArgumentError for other frames.
    """
    frames.require(persistence, RECAPTURE, "recapture", "risk.persistence(claims)")
    title = "Recapture of conditions by year"
    due = (
        persistence["due"].astype("Float64").fillna(0)
    )  # not told: a condition that does not last, a first year
    rows = persistence[due.gt(0).astype(bool) & persistence["recapture_rate"].notna()]
    if rows.empty:
        message = "No condition was due again: recapture needs two years of the same persons."
        return frames.nothing(title, message, theme=theme)
    due = rows.groupby("hcc", sort=False, observed=True)["due"].sum()
    every = sorted(due.index, key=lambda hcc: (-due[hcc], str(hcc)))
    shown = [hcc for hcc in every if due[hcc] >= min_due][:max_conditions]
    if not shown:
        return frames.nothing(
            title, f"No condition was due in {min_due} persons; lower min_due.", theme=theme
        )
    years = sorted({int(year) for year in rows["year"]})
    fig = frames.figure(
        title, "Share of persons coded the year before, and still enrolled, who are coded again; bars: 95 % interval",
        theme=theme, height=220 + max(24, 15 * len(years)) * len(shown),
    )  # fmt: skip
    for index, year in enumerate(years):
        _year(fig, rows[(rows["year"] == year) & rows["hcc"].isin(shown)], shown, index, years)
    labels = dict(zip(rows["hcc"], rows["label"], strict=True))
    fig.update_xaxes(title_text="Recaptured share of persons due", tickformat=".0%", range=[-0.01, 1.01])
    _rows_of(fig, [parts.condition(hcc, labels[hcc]) for hcc in shown])
    fig.update_layout(showlegend=len(years) > 1, margin={"r": 110, "b": 100}, legend_title_text="")
    if len(years) == 1:
        fig.update_layout(title_text=f"Recapture of conditions in {years[0]}")
    if len(shown) < len(every):
        frames.notice(
            fig, f"{len(shown)} of {len(every)} conditions shown; the others were due in fewer persons"
        )
    return fig


def _year(fig: go.Figure, part: pd.DataFrame, shown: list[str], index: int, years: list[int]) -> None:
    """One year's dots with intervals, and its n at the right edge."""
    offset = (index - (len(years) - 1) / 2) * 0.7 / len(years)
    places = [shown.index(hcc) + offset for hcc in part["hcc"]]
    shade = FIRST_SHADE + (1 - FIRST_SHADE) * index / max(len(years) - 2, 1)
    colour = themes.BLUE if index == len(years) - 1 else themes.rgba(themes.GREY, round(shade, 2))
    facts = [
        [
            fmt.safe(parts.condition(row.hcc, row.label)), fmt.year(row.year), fmt.count(row.due),
            fmt.count(row.recaptured), fmt.percent(row.recapture_rate), fmt.interval(row.low, row.high),
        ]
        for row in part.itertuples()
    ]  # fmt: skip
    fig.add_scatter(
        mode="markers", name=str(years[index]), x=frames.numbers(part["recapture_rate"]), y=places,
        marker={"size": 9, "color": colour}, error_x=_error(part, "recapture_rate", "low", "high", colour),
        customdata=facts,
        hovertemplate=frames.hover(
            "%{customdata[0]}, %{customdata[1]}", "n: %{customdata[2]} persons due",
            "recaptured: %{customdata[3]}", "rate: %{customdata[4]} (95 % interval %{customdata[5]})",
        ),
    )  # fmt: skip
    for place, row in zip(places, part.itertuples(), strict=True):
        frames.beside(fig, place, f"n = {fmt.count(row.due)}", font={"size": 11})


def coded_expected(prevalence: pd.DataFrame, *, max_conditions: int = 20, theme: str = "light") -> go.Figure:
    """Two dots per condition: prevalence as coded and as expected after review, each with its interval.

    Parameters: ``prevalence`` as ``risk.prevalence`` returns it; ``max_conditions``, how many to show, those
    with the largest difference first, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(prevalence, PREVALENCE, "coded_expected", "risk.prevalence(claims, gaps, unsupported)")
    title = "Coded and expected prevalence by condition"
    if prevalence.empty:
        return frames.nothing(title, "No condition is coded or suspected.", theme=theme)
    gap = (prevalence["expected"] - prevalence["coded"]).abs()
    rows = prevalence.assign(gap=gap).sort_values(
        ["gap", "coded", "hcc"], ascending=[False, False, True], kind="stable"
    )
    rows = rows.head(max_conditions)
    fig = frames.figure(
        title, "Expected: coded, less what is expected to be unsupported, plus open gaps by their confidence; "
        "bars: 95 % interval", theme=theme, height=220 + 34 * len(rows),
    )  # fmt: skip
    for name, words, colour, symbol, offset in (
        ("coded", "coded", themes.GREY, "circle-open", -0.14),
        ("expected", "expected after review", themes.BLUE, "circle", 0.14),
    ):
        fig.add_scatter(
            mode="markers", name=words, x=frames.numbers(rows[name]),
            y=[place + offset for place in range(len(rows))],
            marker={"size": 10, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
            error_x=_error(rows, name, f"{name}_low", f"{name}_high", colour),
            customdata=[
                [
                    fmt.safe(parts.condition(row.hcc, row.label)), fmt.percent(getattr(row, name)),
                    fmt.interval(getattr(row, f"{name}_low"), getattr(row, f"{name}_high")), fmt.count(row.persons),
                ]
                for row in rows.itertuples()
            ],
            hovertemplate=frames.hover(
                "%{customdata[0]}", f"{words}: %{{customdata[1]}} (95 % interval %{{customdata[2]}})",
                "n: %{customdata[3]} persons",
            ),
        )  # fmt: skip
    for place, difference in enumerate((rows["expected"] - rows["coded"]).tolist()):
        frames.beside(fig, place, fmt.points(difference), font={"size": 11})
    fig.update_xaxes(title_text="Share of persons", tickformat=".1%", rangemode="tozero")
    _rows_of(fig, [parts.condition(row.hcc, row.label) for row in rows.itertuples()])
    fig.update_layout(margin={"r": 110, "b": 100})
    if len(rows) < len(prevalence):
        frames.notice(fig, f"{len(rows)} of {len(prevalence)} conditions shown, the largest differences")
    return fig


def _error(rows: pd.DataFrame, middle: str, low: str, high: str, colour: str) -> dict[str, object]:
    return {
        "type": "data", "symmetric": False, "color": colour, "thickness": 2, "width": 0,
        "array": frames.numbers(rows[high] - rows[middle]), "arrayminus": frames.numbers(rows[middle] - rows[low]),
    }  # fmt: skip


def _rows_of(fig: go.Figure, names: list[str]) -> None:
    """A row of the plot per name, the first on top."""
    fig.update_yaxes(
        tickmode="array", tickvals=list(range(len(names))), ticktext=[fmt.short(name, 46) for name in names],
        range=[len(names) - 0.5, -0.5], zeroline=False,
    )  # fmt: skip
