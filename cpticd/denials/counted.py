"""Shares of services and claims: what is counted of what, in numbers or in dollars, with an interval."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd import sql
from cpticd.core.outcomes import duplicate
from cpticd.core.selection import Grouping
from cpticd.core.session import Session
from cpticd.core.words import interval as interval_of
from cpticd.core.words import percent
from cpticd.denials import clustered, divided
from cpticd.stats.clustered import sums

#: What a contract says of duplicates.
LEFT_OUT: Final = "left out, as HFMA does: denied at first as duplicates (CARC 18, B13)"


def kept(duplicates: bool) -> str:
    """SQL over ``o``, services or claims, of what is counted: all, or all but duplicates."""
    return "TRUE" if duplicates else f"NOT {duplicate('o')}"


def duplicate_terms(duplicates: bool) -> dict[str, Any]:
    """What a contract says of duplicates."""
    return {"duplicates": "counted" if duplicates else LEFT_OUT}


def share(
    s: Session,
    groups: Grouping,
    *,
    unit: str,
    confidence: float,
    hit: str,
    of: str,
    whole: str,
    part: str,
    duplicates: bool = True,
    dollars: bool = False,
) -> pd.DataFrame:
    """One row per group: n, hits, whole, part, rate, low, high, design_effect, effective_lines.

    ``unit``: claims, lines (services) or charge. ``hit`` and ``of`` are conditions over ``o``: what is counted, and of
    what; ``whole`` and ``part`` its dollars. Of ``claims`` n and hits count claims, else services; the rate is that of
    dollars where the unit is ``charge``, or ``dollars`` asks for it.
    """
    pieces = divided.claims(s, groups) if unit == "claims" else divided.services(s, groups)
    file = "denials/counted_claims" if unit == "claims" else "denials/counted_services"
    rows = s.create(
        "counted_rows", sql.text(file), hit=hit, of=of, whole=whole, part=part, kept=kept(duplicates),
        select=pieces.select, joins=pieces.joins, source=pieces.relation,
    )  # fmt: skip
    return interval(s, rows, groups, dollars=dollars or unit == "charge", confidence=confidence)


def interval(s: Session, rows: str, groups: Grouping, *, dollars: bool, confidence: float) -> pd.DataFrame:
    """The shares of a relation of rows (claim_id, hit, whole, part and the groups), by group."""
    found = sums(s, rows, groups.columns)
    s.drop(rows)
    made = clustered.rate(found, dollars=dollars, confidence=confidence)
    return found[groups.names].assign(
        n=found["n"].astype("int64"), hits=found["hits"].astype("int64"), whole=found["whole"].round(2),
        part=found["part"].round(2), **clustered.columns_of(made, found["n"]),
    )  # fmt: skip


def words(unit: str, confidence: float) -> str:
    """The interval in the words of a contract."""
    return clustered.words(confidence, dollars=unit not in ("lines", "claims"))


def tile(label: str, frame: pd.DataFrame, n: str, what: str) -> tuple[str, str, str] | None:
    """The rate of a whole data set as a tile, with its interval and of how many it is; None where there is none."""
    row = frame.iloc[0] if len(frame) == 1 else None
    if row is None or pd.isna(row["rate"]):
        return None
    return label, percent(row["rate"]), f"{interval_of(row['low'], row['high'])}, of {row[n]:,.0f} {what}"


def ordered(frame: pd.DataFrame, groups: Grouping, *by: str) -> pd.DataFrame:
    """The largest rate first, then the largest number, then by the names of groups."""
    first = list(by or ("rate", "n"))
    ascending: list[Any] = [*[False] * len(first), *[True] * len(groups.names)]
    return frame.sort_values([*first, *groups.names], ascending=ascending, ignore_index=True)
