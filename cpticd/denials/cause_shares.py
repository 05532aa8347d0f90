"""Shares of root causes with their intervals: how much of a group's denials each cause is, by claims and persons."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd import sql
from cpticd.core.session import Session
from cpticd.denials import clustered
from cpticd.stats.clustered import sums

#: Columns of the interval of a share.
COLUMNS: Final = ("share_low", "share_high", *clustered.COLUMNS)
#: What is common to all causes of a group: sums over its lines, claims and persons.
_OF_GROUP: Final = (
    *("n", "whole", "whole_whole", "claims", "claim_nn", "claim_whole_whole"),
    *("persons", "person_nn", "person_whole_whole"),
)


def intervals(s: Session, rows: str, columns: str, weight: str, confidence: float) -> pd.DataFrame:
    """One row per group and category: share_low, share_high, design_effect, effective_lines.

    rows: a relation of the groups, category and claim_id of denied lines; weight: SQL of what a share is of.
    """
    weighted = s.create(
        "cause_weights",
        f"SELECT {columns} claim_id, category, 1 AS hit, {weight} AS whole, {weight} AS part FROM {rows}",
        lazy=True,
    )
    of_groups = sums(s, weighted, columns)[[*_names(columns), *_OF_GROUP]]
    found = s.frame(sql.text("denials/cause_clusters"), rows=weighted, columns=columns)
    found = found.merge(of_groups, on=_names(columns)) if columns else found.merge(of_groups, how="cross")
    # A line has one cause: what is counted of it is of the cause, or nothing.
    return found[[*_names(columns), "category"]].assign(
        **of(found.assign(part_whole=found["part_part"]), confidence)
    )


def of(found: pd.DataFrame, confidence: float = 0.95) -> dict[str, Any]:
    """The columns of the interval, from sums by cause and group."""
    made = clustered.rate(found, dollars=True, confidence=confidence)
    effective = found["n"] / made.design_effect
    return dict(zip(COLUMNS, (made.low, made.high, made.design_effect, effective), strict=True))


def _names(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",") if name.strip()]
