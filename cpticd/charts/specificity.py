"""Unspecified coding: how much of it there is, whether payers mind, and what the code calendar breaks."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes

SHARE: Final = [
    "diagnoses",
    "unspecified",
    "unspecified_share",
    "low",
    "high",
    "with_specific",
    "with_specific_share",
]
EFFECT: Final = [
    "unspecified_lines", "unspecified_denied", "specific_lines", "specific_denied", "unspecified_rate", "specific_rate",
    "odds_ratio", "low_odds_ratio", "high_odds_ratio", "clustered_low_odds_ratio", "clustered_high_odds_ratio",
    "q_value", "homogeneity_p_value", "strata",
]  # fmt: skip
CALENDAR: Final = [
    "boundary", "system", "code_group", "kind", "lines_before", "lines_after", "use_odds_ratio", "low_use_odds_ratio",
    "high_use_odds_ratio", "rate_before", "rate_after", "control_rate_before", "control_rate_after",
    "denial_odds_ratio", "low_denial_odds_ratio", "high_denial_odds_ratio", "denial_q_value", "outside_lines",
    "outside_denied",
]  # fmt: skip
#: Odds ratios beyond these are drawn at the edge; the hover tells.
EDGE: Final = (1 / 16, 16.0)
TICKS: Final = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16]
TICK_TEXT: Final = ["1/16", "1/8", "1/4", "1/2", "1", "2", "4", "8", "16"]
#: From this reach on (log10) every other mark is written.
WIDE_REACH: Final = 0.95
#: Error rate up to which a row stands out.
Q_THRESHOLD: Final = 0.10
ROW: Final = 30


def unspecified_share(share: pd.DataFrame, *, max_groups: int = 20, theme: str = "light") -> go.Figure:
    """One row per group: the unspecified share of its codes with interval, and the share that could be otherwise.

    Parameters: ``share`` as ``specificity.share`` returns it; ``max_groups``, how many, those with most diagnoses
    first, the rest is announced. Hollow: unspecified codes of which the category has a specific one.
    """
    frames.require(share, SHARE, "unspecified_share", "specificity.share(claims, by=…)")
    title = "Unspecified share of diagnosis codes"
    rows = share[share["diagnoses"] > 0]
    if rows.empty:
        return frames.nothing(title, "No diagnosis codes in these claims.", theme=theme)
    groups = frames.group_columns(share, ["claims", *SHARE])
    shown = rows.sort_values("diagnoses", ascending=False, kind="stable").head(max_groups)
    shown = shown.sort_values("unspecified_share", kind="stable")
    names = frames.labels(shown, groups) if groups else ["All claims"]
    fig = frames.figure(
        title, "AHIMA: the official title says unspecified or NOS. Bars: 95 % interval",
        theme=theme, height=210 + ROW * len(shown),
    )  # fmt: skip
    places = list(range(len(shown)))
    facts = [
        [
            fmt.safe(name), fmt.count(row.diagnoses), fmt.count(row.unspecified), fmt.percent(row.unspecified_share),
            fmt.interval(row.low, row.high), fmt.count(row.with_specific), fmt.percent(row.with_specific_share),
        ]
        for name, row in zip(names, shown.itertuples(), strict=True)
    ]  # fmt: skip
    hover = frames.hover(
        "%{customdata[0]}", "n: %{customdata[1]} codes", "unspecified: %{customdata[2]}",
        "share: %{customdata[3]} (95 % interval %{customdata[4]})",
        "with a specific sibling: %{customdata[5]} (%{customdata[6]})",
    )  # fmt: skip
    fig.add_scatter(
        mode="markers", name="with a specific sibling", x=frames.numbers(shown["with_specific_share"]), y=places,
        marker={"size": 10, "symbol": "circle-open", "color": themes.ORANGE, "line": {"width": 2}},
        customdata=facts, hovertemplate=hover,
    )  # fmt: skip
    fig.add_scatter(
        mode="markers", name="unspecified", x=frames.numbers(shown["unspecified_share"]), y=places,
        marker={"size": 9, "color": themes.BLUE}, customdata=facts, hovertemplate=hover,
        error_x=_errors(shown["unspecified_share"], shown["low"], shown["high"], themes.BLUE),
    )  # fmt: skip
    for place, row in zip(places, shown.itertuples(), strict=True):
        frames.beside(fig, place, f"n = {fmt.count(row.diagnoses)}", font={"size": 11})
    fig.update_xaxes(title_text="Share of distinct codes per claim", tickformat=".0%", range=[-0.01, 1.01])
    _rows(fig, [fmt.short(name, 40) for name in names])
    fig.update_layout(margin={"r": 100, "b": 100})
    if len(shown) < len(rows):
        frames.notice(fig, f"{len(shown)} of {len(rows)} groups shown, those with most codes")
    return fig


def specificity_effect(effect: pd.DataFrame, *, max_groups: int = 25, theme: str = "light") -> go.Figure:
    """One row per group: odds of denial of unspecified against specific codes, right of 1 where unspecified loses.

    Parameters: ``effect`` as ``specificity.effect`` returns it; ``max_groups``, how many of the first rows, the rest
    is announced. The thick bar is the Mantel-Haenszel interval, the thin one allows for lines of a person hanging
    together. Rows with q up to 0.10 stand out.
    """
    frames.require(effect, EFFECT, "specificity_effect", "specificity.effect(claims)")
    title = "Denial odds of unspecified against specific codes"
    rows = effect[effect["odds_ratio"].notna()]
    if rows.empty:
        return frames.nothing(title, "No group has enough comparable lines; lower min_lines.", theme=theme)
    groups = frames.group_columns(effect, EFFECT)
    shown = rows.head(max_groups).sort_values("odds_ratio", kind="stable")
    names = frames.labels(shown, groups) if groups else ["All groups"]
    fig = frames.figure(
        title, "Same category, payer and procedure (Mantel–Haenszel). Thick: 95 % interval; thin: clustered by person",
        theme=theme, height=210 + ROW * len(shown),
    )  # fmt: skip
    found = (shown["q_value"] <= Q_THRESHOLD).fillna(False).astype(bool).to_numpy()
    facts = [_effect_facts(name, row) for name, row in zip(names, shown.itertuples(), strict=True)]
    places = np.arange(len(shown))
    hover = frames.hover(
        "%{customdata[0]}", "odds ratio: %{customdata[1]} (95 % %{customdata[2]}; by person %{customdata[3]})",
        "unspecified: %{customdata[4]}", "specific: %{customdata[5]}",
        "q: %{customdata[6]}; the same in all strata: p %{customdata[7]}",
    )  # fmt: skip
    for some, name, colour in (
        (~found, f"q > {Q_THRESHOLD:g}", themes.GREY),
        (found, f"q ≤ {Q_THRESHOLD:g}", themes.VERMILION),
    ):
        if not some.any():
            continue
        part = shown[some]
        for low, high, width in (
            ("clustered_low_odds_ratio", "clustered_high_odds_ratio", 1.2),
            ("low_odds_ratio", "high_odds_ratio", 3.5),
        ):
            fig.add_scatter(
                mode="markers", showlegend=False, hoverinfo="skip", x=_cut(part["odds_ratio"]), y=places[some].tolist(),
                marker={"size": 1, "color": colour}, error_x=_odds_errors(part, low, high, colour, width=width),
            )  # fmt: skip
        fig.add_scatter(
            mode="markers", name=f"{name}: {int(some.sum())}", x=_cut(part["odds_ratio"]), y=places[some].tolist(),
            marker={"size": 10, "color": colour}, customdata=[f for f, one in zip(facts, some, strict=True) if one],
            hovertemplate=hover,
        )  # fmt: skip
    # Where every count is suppressed there is nothing to write.
    if shown[["unspecified_lines", "specific_lines"]].notna().any(axis=None):
        for place, row in zip(places.tolist(), shown.itertuples(), strict=True):
            text = f"{fmt.count(row.unspecified_lines)} | {fmt.count(row.specific_lines)}"
            frames.beside(fig, place, text, font={"size": 11})
        frames.beside(fig, len(shown) - 0.35, "lines: unspecified | specific", font={"size": 11})
    _odds_axis(fig, shown[["low_odds_ratio", "high_odds_ratio"]])
    fig.update_xaxes(title_text="Odds ratio of an initial denial (log); 1: no difference")
    _rows(fig, [fmt.short(name, 40) for name in names], top=0.9)
    fig.add_vline(x=1, line={"color": themes.GREY, "width": 1.5, "dash": "dash"})
    fig.update_layout(margin={"r": 190, "b": 100})
    if len(shown) < len(rows):
        frames.notice(fig, f"{len(shown)} of {len(rows)} groups shown")
    return fig


def code_calendar(calendar: pd.DataFrame, *, max_groups: int = 30, theme: str = "light") -> go.Figure:
    """One row per boundary and group of changed codes: how its use and its denials break, beyond the controls.

    Parameters: ``calendar`` as ``specificity.calendar`` returns it; ``max_groups``, how many rows, those with most
    lines of each boundary first, the rest is announced. Left: the group's share of its family's lines. Right: its
    odds of denial against untouched codes; of the untouched codes, what the date itself does.
    """
    frames.require(calendar, CALENDAR, "code_calendar", "specificity.calendar(claims)")
    title = "What the code calendar breaks"
    if calendar.empty:
        return frames.nothing(title, "No boundary has whole months of claims on both sides.", theme=theme)
    shown = calendar.head(max_groups).iloc[::-1].reset_index(drop=True)
    names = [_calendar_name(row) for row in shown.itertuples()]
    fig = make_subplots(figure=frames.Figure(), 
        rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04,
        subplot_titles=["Use", "Denials"],
    )  # fmt: skip
    fig.layout.template = themes.template_name(theme)
    fig.update_layout(
        title_text=title, height=270 + 26 * len(shown), margin={"t": 140, "b": 90, "r": 120},
        title_subtitle_text="Odds after against before the date, beyond the trend; bars: 95 % interval<br>"
        "Use: share of the family's lines. Denials: against untouched codes",
    )  # fmt: skip
    hover = frames.hover(
        "%{customdata[0]}", "n: %{customdata[1]} lines before, %{customdata[2]} after",
        "use: %{customdata[3]}", "denied: %{customdata[4]} before, %{customdata[5]} after",
        "controls: %{customdata[6]} before, %{customdata[7]} after", "denials: %{customdata[8]}, q %{customdata[9]}",
        "outside of its dates: %{customdata[10]} lines, %{customdata[11]} denied",
    )  # fmt: skip
    facts = [_calendar_facts(name, row) for name, row in zip(names, shown.itertuples(), strict=True)]
    for column, what in ((1, "use"), (2, "denial")):
        told = shown[f"{what}_odds_ratio"].notna().to_numpy()
        date = (shown["kind"] == "untouched").to_numpy()
        for some, label, colour in (
            (told & ~date, "changed codes", themes.BLUE),
            (told & date, "untouched codes: the date itself", themes.GREY),
        ):
            part = shown[some]
            if part.empty:
                continue
            fig.add_trace(
                go.Scatter(
                    mode="markers", name=label, showlegend=column == 2, x=_cut(part[f"{what}_odds_ratio"]),
                    y=part.index.tolist(), marker={"size": 9, "color": colour},
                    error_x=_odds_errors(
                        part, f"low_{what}_odds_ratio", f"high_{what}_odds_ratio", colour, width=1.5,
                        middle=f"{what}_odds_ratio",
                    ),
                    customdata=[facts[i] for i in part.index], hovertemplate=hover,
                ),
                row=1, col=column,
            )  # fmt: skip
        fig.add_vline(x=1, line={"color": themes.GREY, "width": 1.5, "dash": "dash"}, row=1, col=column)
    _odds_axis(fig, shown[["low_use_odds_ratio", "high_use_odds_ratio"]], col=1)
    _odds_axis(fig, shown[["low_denial_odds_ratio", "high_denial_odds_ratio"]], col=2)
    fig.update_xaxes(title_text="Odds ratio (log); 1: no break")
    _rows(fig, names, col=1)
    fig.update_yaxes(range=[-0.7, len(shown) - 0.3], showgrid=False)
    for place, lines in enumerate(shown["outside_lines"].tolist()):
        if lines:
            frames.beside(fig, place, f"{fmt.count(lines)} out of date", font={"size": 11})
    if len(shown) < len(calendar):
        frames.notice(fig, f"{len(shown)} of {len(calendar)} rows shown")
    return fig


def _effect_facts(name: str, row: Any) -> list[str]:
    def counted(denied: Any, lines: Any, rate: Any) -> str:
        return f"{fmt.count(denied)} of {fmt.count(lines)} lines denied ({fmt.percent(rate)})"

    return [
        fmt.safe(name), fmt.ratio(row.odds_ratio), fmt.span(fmt.ratio, row.low_odds_ratio, row.high_odds_ratio),
        fmt.span(fmt.ratio, row.clustered_low_odds_ratio, row.clustered_high_odds_ratio),
        counted(row.unspecified_denied, row.unspecified_lines, row.unspecified_rate),
        counted(row.specific_denied, row.specific_lines, row.specific_rate),
        fmt.probability(row.q_value), fmt.probability(row.homogeneity_p_value),
    ]  # fmt: skip


def _calendar_name(row: Any) -> str:
    day = fmt.date(row.boundary)
    return f"{day}: untouched codes" if row.kind == "untouched" else f"{day}: {fmt.short(row.code_group, 24)}"


def _calendar_facts(name: str, row: Any) -> list[str]:
    def written(what: str) -> str:
        ratio, low, high = (getattr(row, f"{end}{what}_odds_ratio") for end in ("", "low_", "high_"))
        return f"{fmt.ratio(ratio)} ({fmt.span(fmt.ratio, low, high)})"

    return [
        fmt.safe(name), fmt.count(row.lines_before), fmt.count(row.lines_after), written("use"),
        fmt.percent(row.rate_before), fmt.percent(row.rate_after), fmt.percent(row.control_rate_before),
        fmt.percent(row.control_rate_after), written("denial"), fmt.probability(row.denial_q_value),
        fmt.count(row.outside_lines), fmt.count(row.outside_denied),
    ]  # fmt: skip


def _cut(values: pd.Series) -> list[float | int | None]:
    return frames.numbers(values.astype(float).clip(*EDGE))


def _odds_errors(
    part: pd.DataFrame, low: str, high: str, colour: str, *, width: float, middle: str = "odds_ratio"
) -> dict[str, Any]:
    value, start, end = (part[name].astype(float).clip(*EDGE) for name in (middle, low, high))
    return _errors(value, start, end, colour, width=width)


def _errors(
    middle: pd.Series, low: pd.Series, high: pd.Series, colour: str, *, width: float = 1.5
) -> dict[str, Any]:
    return {
        "type": "data", "symmetric": False, "thickness": width, "width": 0, "color": colour,
        "array": frames.numbers((high - middle).fillna(0)), "arrayminus": frames.numbers((middle - low).fillna(0)),
    }  # fmt: skip


def _odds_axis(fig: go.Figure, ends: pd.DataFrame, **place: int) -> None:
    """A logarithmic axis over what is drawn, around 1."""
    values = ends.to_numpy(float)
    values = np.clip(values[np.isfinite(values) & (values > 0)], *EDGE)
    reach = max(float(np.abs(np.log10(values)).max()) if values.size else 0.3, 0.3) * 1.08
    every = 1 if reach < WIDE_REACH else 2
    fig.update_xaxes(
        type="log", range=[round(-reach, 4), round(reach, 4)], tickvals=TICKS[::every], ticktext=TICK_TEXT[::every],
        tickangle=0, **place,
    )  # fmt: skip


def _rows(fig: go.Figure, names: list[str], *, top: float = 0.6, **place: int) -> None:
    fig.update_yaxes(
        tickmode="array", tickvals=list(range(len(names))), ticktext=names, range=[-0.6, len(names) - 1 + top],
        showgrid=False, zeroline=False, **place,
    )  # fmt: skip
