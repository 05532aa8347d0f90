"""Unspecified coding: how much of it there is, whether payers mind, and what the code calendar breaks."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Mark, Panel, intervals, panels, traces

SHARE: Final = [
    *("diagnoses", "unspecified", "unspecified_share", "low", "high", "with_specific", "with_specific_share"),
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
#: Odds ratios beyond these are drawn at the edge; the hover has them.
EDGE: Final = (1 / 16, 16.0)
TICKS: Final = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16]
#: From this reach on (log10) every other mark is written.
WIDE_REACH: Final = 0.95
#: Error rate up to which a row stands out.
Q_THRESHOLD: Final = 0.10


def share(share: pd.DataFrame, *, max_groups: int = 20, theme: str = "light") -> Figure:
    """One row per group: the unspecified share of its codes with interval, and the share that could be otherwise.

    Parameters: ``share`` as ``specificity.share`` returns it; ``max_groups``, how many, those with most diagnoses
    first, the rest is announced. Hollow: unspecified codes of which the category has a specific one.
    """
    frames.require(share, SHARE, "share", "specificity.share(claims, by=…)")
    title = "Unspecified share of diagnosis codes"
    rows = share[share["diagnoses"] > 0]
    if rows.empty:
        return frames.nothing(title, "No diagnosis codes in these claims.", theme=theme)
    shown = rows.sort_values("diagnoses", ascending=False, kind="stable").head(max_groups)
    shown = shown.sort_values("unspecified_share", kind="stable")
    names = frames.labels(shown, frames.group_columns(share, ["claims", *SHARE]), "All claims")
    hollow = {"marker": {"symbol": "circle-open"}}
    return intervals(
        shown.assign(name=names), label="name", upward=True, beside="n = {diagnoses}", title=title, theme=theme,
        subtitle="AHIMA: the official title says unspecified or NOS. Bars: 95 % interval",
        series=[Mark("with_specific_share", None, "with a specific sibling", themes.ORANGE, look=hollow),
                      Mark("unspecified_share", ("low", "high"), "unspecified")],
        facts=["{label}", "n: {diagnoses} codes", "unspecified: {unspecified}",
               "share: {unspecified_share} (95 % interval {low~high})",
               "with a specific sibling: {with_specific} ({with_specific_share})"],
        axis=marks.quantity("Share of distinct codes per claim", "share", range=[-0.01, 1.01]),
        notice=frames.cut(len(shown), len(rows), "groups", ", those with most codes"),
    )  # fmt: skip


def effect(effect: pd.DataFrame, *, max_groups: int = 25, theme: str = "light") -> Figure:
    """One row per group: odds of denial of unspecified against specific codes, right of 1 where unspecified loses.

    Parameters: ``effect`` as ``specificity.effect`` returns it; ``max_groups``, how many of the first rows, the rest
    is announced. The thick bar is the Mantel-Haenszel interval, the thin one allows for lines of a person hanging
    together. Rows with q up to 0.10 stand out.
    """
    frames.require(effect, EFFECT, "effect", "specificity.effect(claims)")
    title = "Denial odds of unspecified against specific codes"
    rows = effect[effect["odds_ratio"].notna()]
    if rows.empty:
        return frames.nothing(title, "No group has enough comparable lines; lower min_lines.", theme=theme)
    shown = rows.head(max_groups).sort_values("odds_ratio", kind="stable")
    names = frames.labels(shown, frames.group_columns(effect, EFFECT), "All groups")
    found = (shown["q_value"] <= Q_THRESHOLD).fillna(False).astype(bool)
    ratios = [
        "odds_ratio",
        *(f"{of}{end}_odds_ratio" for of in ("clustered_", "") for end in ("low", "high")),
    ]
    thin, thick = ((f"_{low}", f"_{high}") for low, high in (ratios[1:3], ratios[3:]))
    quiet = {"marker": {"size": 1}, "showlegend": False, "facts": ()}
    marked = [
        mark for some, sign, color in ((~found, ">", themes.GREY), (found, "≤", themes.VERMILION)) for mark in (
            Mark("_odds_ratio", thin, color=color, where=some, look=quiet | {"thickness": 1.2}),
            Mark("_odds_ratio", thick, color=color, where=some, look=quiet | {"thickness": 3.5}),
            Mark("_odds_ratio", None, f"q {sign} {Q_THRESHOLD:g}: {int(some.sum())}", color, where=some),
        )
    ]  # fmt: skip
    # Where every count is suppressed there is nothing to write.
    counted = shown[["unspecified_lines", "specific_lines"]].notna().any(axis=None)
    over = frames.margin_words(len(shown) - 0.35, "lines: unspecified | specific", font={"size": 11})
    decision = {"Initial denials": "an initial", "Final denials": "a final"}.get(frames.denials(effect), "a")
    return intervals(
        shown.assign(name=names, **_clipped(shown, ratios)), label="name", series=marked, upward=True,
        yaxis={"range": [-0.6, len(shown) - 0.1]},
        beside="{unspecified_lines} | {specific_lines}" if counted else "", annotations=[over] if counted else [],
        reference=1, title=title, theme=theme, showlegend=True, margin={"r": 190, "b": 110},
        subtitle="Same category, payer and procedure (Mantel–Haenszel). Thick: 95 % interval; thin: by person",
        axis=_odds_axis(f"Odds ratio of {decision} denial (log); 1: no difference", shown[ratios[3:]]),
        facts=["{label}", "odds ratio: {odds_ratio} (95 % {low_odds_ratio~high_odds_ratio}; by person "
               "{clustered_low_odds_ratio~clustered_high_odds_ratio})",
               "unspecified: {unspecified_denied} of {unspecified_lines} lines denied ({unspecified_rate})",
               "specific: {specific_denied} of {specific_lines} lines denied ({specific_rate})",
               "q: {q_value}; the same in all strata: p {homogeneity_p_value}"],
        notice=frames.cut(len(shown), len(rows), "groups"),
    )  # fmt: skip


def calendar(calendar: pd.DataFrame, *, max_groups: int = 30, theme: str = "light") -> Figure:
    """One row per boundary and group of changed codes: how its use and its denials break, beyond the controls.

    Parameters: ``calendar`` as ``specificity.calendar`` returns it; ``max_groups``, how many rows, those with most
    lines of each boundary first, the rest is announced. Left: the group's share of its family's lines. Right: its
    odds of denial against untouched codes; of the untouched codes, what the date itself does.
    """
    frames.require(calendar, CALENDAR, "calendar", "specificity.calendar(claims)")
    title = "What the code calendar breaks"
    if calendar.empty:
        return frames.nothing(title, "No boundary has whole months of claims on both sides.", theme=theme)
    rows = calendar.head(max_groups).iloc[::-1].reset_index(drop=True)
    untouched = rows["kind"] == "untouched"
    groups = rows["code_group"].astype(str).mask(untouched, "untouched codes")
    rows = rows.assign(place=range(len(rows)), name=rows["boundary"].map(fmt.date) + ": " + groups)
    parts: list[Panel] = []
    axes = []
    for what in ("use", "denial"):
        ratio, low, high = (f"{end}{what}_odds_ratio" for end in ("", "low_", "high_"))
        drawn = rows.assign(**_clipped(rows, [ratio, low, high]))
        known = drawn[ratio].notna()
        look = {"marker": {"size": 9}, "thickness": 1.5, "showlegend": what == "denial"}
        pair = [
            Mark(f"_{ratio}", (f"_{low}", f"_{high}"), words, color, where=known & some, look=look)
            for some, words, color in (
                (~untouched, "changed codes", themes.BLUE), (untouched, "untouched codes: the date itself", themes.GREY)
            )
        ]  # fmt: skip
        parts.append(
            Panel(traces(drawn, pair, _CALENDAR_FACTS), "Use" if what == "use" else "Denials", lines=[1])
        )
        axes.append(_odds_axis("Odds ratio (log)", rows[[low, high]]))
    fig = panels(
        parts, title=title, theme=theme, x=axes, shared=True,
        subtitle="Odds after against before the date, beyond the trend (1: no break); bars: 95 % interval<br>"
        "Use: share of the family's lines. Denials: against untouched codes",
        y=marks.rows(rows["name"].tolist(), upward=True), height=240 + 28 * len(rows),
        margin={"t": 150, "r": 150, "b": 110}, notice=frames.cut(len(rows), len(calendar), "rows"),
    )  # fmt: skip
    for place, lines in enumerate(rows["outside_lines"].tolist()):
        if lines:
            words = f"{fmt.count(lines)} out of date"
            fig.add_annotation(frames.margin_words(place, words, font={"size": 11}))
    return fig


_CALENDAR_FACTS: Final = [
    "{name}", "n: {lines_before} lines before, {lines_after} after",
    "use: {use_odds_ratio} ({low_use_odds_ratio~high_use_odds_ratio})",
    "denied: {rate_before} before, {rate_after} after",
    "controls: {control_rate_before:percent} before, {control_rate_after:percent} after",
    "denials: {denial_odds_ratio} ({low_denial_odds_ratio~high_denial_odds_ratio}), q {denial_q_value}",
    "outside of its dates: {outside_lines} lines, {outside_denied} denied",
]  # fmt: skip


def _clipped(rows: pd.DataFrame, columns: list[str]) -> dict[str, pd.Series]:
    """Odds ratios as they are drawn, by name: at most at the edges."""
    return {f"_{name}": rows[name].astype(float).clip(*EDGE) for name in columns}


def _odds_axis(title: str, ends: pd.DataFrame) -> dict[str, Any]:
    """A logarithmic axis over what is drawn, around 1."""
    values = ends.to_numpy(float)
    values = np.clip(values[np.isfinite(values) & (values > 0)], *EDGE)
    reach = max(float(np.abs(np.log10(values)).max()) if values.size else 0.3, 0.3) * 1.08
    ticks = TICKS[:: 1 if reach < WIDE_REACH else 2]
    return marks.logarithmic(title, ticks, lambda tick: f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}",
                             range=[round(-reach, 4), round(reach, 4)], tickangle=0)  # fmt: skip
