"""What stands behind a service: diagnoses one by one, and a few together."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.pattern_charts import RATIOS
from cpticd.charts.primitives import Mark, intervals

ASSOCIATED: Final = [
    "diagnosis", "observed", "persons", "expected", "lift", "ebgm", "eb05", "eb95", "share_with", "share_without",
    "odds_ratio", "q_value",
]  # fmt: skip
DEFINITION: Final = [
    "rule", "claims", "persons", "without", "share_with", "share_with_low", "share_with_high", "share_without",
    "share_without_low", "share_without_high", "times",
]  # fmt: skip


def associated(diagnoses: pd.DataFrame, *, max_diagnoses: int = 20, theme: str = "light") -> Figure:
    """Two marks per diagnosis on a logarithmic axis: EBGM with EB05 to EB95, and the lift before shrinkage.

    Parameters: ``diagnoses`` as ``patterns.associated`` returns it, whose order is kept; ``max_diagnoses``, how many of
    the first to draw, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(diagnoses, ASSOCIATED, "associated", "patterns.associated(claims, service)")
    contract = frames.contract(diagnoses)
    title = f"Diagnoses behind {contract.get('service', 'a service')}"
    if diagnoses.empty:
        return frames.nothing(title, "No diagnosis is on enough claims with the service.", theme=theme)
    rows = diagnoses.head(max_diagnoses)
    hollow = {"marker": {"symbol": "circle-open", "size": 9}}
    return intervals(
        rows, label="diagnosis", title=title, theme=theme,
        series=[Mark("lift", None, "lift, before shrinkage", themes.GREY, look=hollow),
                Mark("ebgm", ("eb05", "eb95"), "EBGM", look={"marker": {"size": 9}})],
        subtitle="Claims with both over those expected among alike claims; bars: 90 % of the posterior",
        axis=marks.logarithmic("Observed / expected (logarithmic)", RATIOS, lambda tick: f"{tick:g}×"),
        facts=["{diagnosis}", "n: {observed} claims with both, {expected:expectation} expected, {persons} persons",
               "with the service: {share_with}, without: {share_without}", "odds ratio: {odds_ratio}",
               "lift: {lift}", "EBGM: {ebgm} ({eb05~eb95})", "q: {q_value}"],
        beside="n = {observed}", reference=1,
        notice=frames.cut(len(rows), len(diagnoses), "diagnoses", ", the highest EB05"),
    )  # fmt: skip


def definition(leaves: pd.DataFrame, *, theme: str = "light") -> Figure:
    """Two marks per leaf: its share of the claims with the service, and of those without, with their intervals.

    Parameters: ``leaves`` as ``patterns.definition`` returns it, whose order is kept. Raises ArgumentError for others.
    """
    frames.require(leaves, DEFINITION, "definition", "patterns.definition(claims, service)")
    contract = frames.contract(leaves)
    title = f"Claims with {contract.get('service', 'a service')}, told by few diagnoses"
    if leaves["share_with"].isna().all():
        return frames.nothing(
            title, "No claims with the service have others to be compared with.", theme=theme
        )
    hollow = {"marker": {"symbol": "circle-open", "size": 9}}
    return intervals(
        leaves, label="rule", title=title, theme=theme,
        series=[Mark("share_without", ("share_without_low", "share_without_high"), "claims without", themes.GREY,
                     look=hollow),
                Mark("share_with", ("share_with_low", "share_with_high"), "claims with the service",
                     look={"marker": {"size": 9}})],
        subtitle="Share of claims that the rule holds for, of persons that it was not made from; bars: by person",
        axis=marks.quantity("Share of claims", "share"),
        facts=["{rule}", "n: {claims} claims with the service, {persons} persons; {without} without",
               "of claims with: {share_with} ({share_with_low~share_with_high})",
               "of claims without: {share_without} ({share_without_low~share_without_high})",
               "times: {times:ratio}"],
        beside="{times:ratio}",
    )  # fmt: skip
