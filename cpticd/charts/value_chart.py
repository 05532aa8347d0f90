"""Dollars per unit of relative value: what is allowed, and what is paid, by group."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Mark, intervals

VALUE: Final = [
    "lines", "valued_lines", "valued_share", "persons", "total_rvu", "work_share", "allowed_per_rvu",
    "allowed_per_rvu_low", "allowed_per_rvu_high", "paid_per_rvu", "paid_per_rvu_low", "paid_per_rvu_high", "charlson",
]  # fmt: skip


def value(groups: pd.DataFrame, *, max_groups: int = 20, theme: str = "light") -> Figure:
    """Two marks per group: dollars allowed for a unit of value, and dollars paid for one, with their intervals.

    Parameters: ``groups`` as ``patterns.value`` returns it, whose order is kept; ``max_groups``, how many of the first
    to draw, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(groups, VALUE, "value", "patterns.value(claims, by=…)")
    title = "Dollars per unit of relative value"
    rows = groups[groups["allowed_per_rvu"].notna() | groups["paid_per_rvu"].notna()]
    if rows.empty:
        return frames.nothing(
            title, "No group has enough lines with a relative value and dollars.", theme=theme
        )
    shown = rows.head(max_groups)
    names = frames.group_columns(shown, ["lines"])
    shown = shown.assign(group=frames.labels(shown, names) if names else "all lines")
    hollow = {"marker": {"symbol": "circle-open", "size": 9}}
    return intervals(
        shown, label="group", theme=theme, title=title,
        series=[Mark("allowed_per_rvu", ("allowed_per_rvu_low", "allowed_per_rvu_high"), "allowed, of lines allowed",
                     themes.GREY, look=hollow),
                Mark("paid_per_rvu", ("paid_per_rvu_low", "paid_per_rvu_high"), "paid, of lines decided",
                     look={"marker": {"size": 9}})],
        subtitle="US dollars per relative value unit of the fee schedule of the day; bars: interval by claim or person",
        axis=marks.quantity("US dollars per unit of value", "allowed_amount"),
        facts=["{group}", "n: {valued_lines} of {lines} lines with a value, {persons} persons",
               "units of value: {total_rvu:count} ({work_share} work)",
               "allowed per unit: {allowed_per_rvu:dollars} ({allowed_per_rvu_low:dollars} to "
               "{allowed_per_rvu_high:dollars})",
               "paid per unit: {paid_per_rvu:dollars} ({paid_per_rvu_low:dollars} to {paid_per_rvu_high:dollars})",
               "Charlson's index: {charlson:expectation}"],
        beside="n = {valued_lines}", notice=frames.cut(len(shown), len(rows), "groups", ", those of most value"),
    )  # fmt: skip
