"""Conditions of Charlson and Elixhauser: the share of persons who have each."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cpticd.charts import frames, marks
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Mark, intervals

SUMMARY: Final = ["index", "condition", "label", "persons", "with_condition", "share", "low", "high"]
NAMES: Final = {"charlson": "Charlson", "elixhauser": "Elixhauser"}


def comorbidity_summary(
    conditions: pd.DataFrame, *, index: str = "charlson", max_conditions: int = 20, theme: str = "light"
) -> Figure:
    """One mark per condition: the share of persons who have it, with its interval.

    Parameters: ``conditions`` as ``patterns.comorbidity_summary`` returns it; ``index``, charlson or elixhauser;
    ``max_conditions``, how many of the commonest to draw, the rest is announced. Raises ArgumentError for other frames.
    """
    made_by = "patterns.comorbidity_summary(claims, year=…)"
    frames.require(conditions, SUMMARY, "comorbidity_summary", made_by)
    rows = conditions[(conditions["index"] == index) & (conditions["share"] > 0)]
    title = f"Conditions of {NAMES.get(index, index)}"
    if rows.empty:
        return frames.nothing(title, "No person has one of its conditions in these years.", theme=theme)
    shown = rows.head(max_conditions)
    return intervals(
        shown, label="label", series=[Mark("share", ("low", "high"), "share of persons", look={"marker": {"size": 9}})],
        title=title, subtitle="Share of persons whose diagnoses of the years speak for it; bars: 95 % interval",
        axis=marks.quantity("Share of persons", "share"), theme=theme,
        facts=["{label}", "n: {with_condition} of {persons} persons", "share: {share} ({low~high})"],
        beside="n = {with_condition}", notice=frames.cut(len(shown), len(rows), "conditions", ", the commonest"),
    )  # fmt: skip
