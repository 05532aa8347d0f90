"""The findings of the first screen: three to five sentences with dollars, interval and since when; none by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as parts
from cpticd.charts.driver_charts import driver
from cpticd.reporting.change import change
from cpticd.reporting.findings import Findings
from cpticd.reporting.totals import Totals

MOST: Final = 5


class Telling(NamedTuple):
    """A sentence, the section where it is shown in full, and what the link says."""

    text: str
    section: str
    more: str


def telling(findings: Findings) -> list[Telling]:
    """What a reader should know first, the dearest first; nothing that does not pass its test."""
    found = [
        *_drivers(findings),
        _trend(findings),
        _cause(findings),
        _open(findings),
        _risk(findings),
    ]
    return [each for each in found if each is not None][:MOST]


def _drivers(findings: Findings) -> list[Telling | None]:
    """The dearest driver, and the dearest of those that began within the period."""
    rows = findings.get("drivers")
    needed = ["excess_amount", "excess_denials", "excess_low", "excess_high", "rate"]
    if rows.empty or "level" not in rows.columns:
        return []
    # All drivers passed the limit of their level; an interval that reaches zero is no finding for a first screen.
    known = rows.dropna(subset=needed)
    known = known[(known["excess_low"] > 0) & (known["excess_amount"] > 0)]
    known = known.sort_values("excess_amount", ascending=False, kind="stable")
    begun = known[known["since"].notna()].head(1)
    chosen = pd.concat([known.head(1), begun]).head(2)
    return [_driver(row) for row in chosen[~chosen.index.duplicated()].to_dict("records")]


def _driver(row: Mapping[Any, Any]) -> Telling:
    each = row["excess_amount"] / row["excess_denials"] if row["excess_denials"] else 0.0
    span = fmt.span(fmt.dollars, row["excess_low"] * each, row["excess_high"] * each)
    since = fmt.month(row["since"])
    when = "throughout the period" if since == fmt.MISSING else f"since {since}"
    cause = fmt.text(row["top_category"])
    mostly = "" if cause == fmt.MISSING else f", most often for {cause}"
    return Telling(
        f"{fmt.sentence(driver(row))}: {fmt.percent(row['rate'])} of {fmt.count(row['lines'])} lines denied where "
        f"{fmt.percent(row['expected_rate'])} are expected: {fmt.dollars(row['excess_amount'])} beyond that (95 % "
        f"interval {span}), {when}{mostly}.",
        "drivers",
        "Where denials come from",
    )


def _trend(findings: Findings) -> Telling | None:
    moved = change(findings.get("trend"))
    if moved is None or not moved.is_sure:
        return None
    way = "rises" if moved.difference > 0 else "falls"
    since = _since(findings.get("trend"), "rise" if moved.difference > 0 else "fall")
    charge = findings.get("charge")
    amount = fmt.dollars(charge["denied_amount"].iloc[0]) if len(charge) else fmt.MISSING
    of_all = "" if amount == fmt.MISSING else f"; {amount} denied in all"
    return Telling(
        f"The denial rate {way}: {100 * moved.difference:+.1f} points in {moved.now} against {moved.before} (95 % "
        f"interval {100 * moved.low:+.1f} to {100 * moved.high:+.1f}){since}{of_all}.",
        "trend",
        "Month by month",
    )


def _since(trend: pd.DataFrame, direction: str) -> str:
    """The first month of the year to which the last signal in this direction belongs."""
    if "direction" not in trend.columns:
        return ""
    months = trend.loc[trend["direction"] == direction, "period"]
    recent = months[months > months.max() - pd.DateOffset(months=6)] if len(months) else months
    return f"; beyond its limits since {fmt.month(recent.min())}" if len(recent) else ""


def _cause(findings: Findings) -> Telling | None:
    causes = findings.get("causes")
    if causes.empty or causes["denied_amount"].isna().all():
        return None
    row = causes.iloc[0]
    if pd.isna(row["denied_amount"]):
        return None
    span = fmt.interval(row.get("share_low"), row.get("share_high"))
    share = "" if pd.isna(row["share"]) else f", {fmt.percent(row['share'])} of the denied dollars"
    within = "" if span == fmt.MISSING else f" (95 % interval {span})"
    prevent = {"yes": "; it can be prevented", "partly": "; it can be prevented in part"}
    return Telling(
        f"The largest root cause is {fmt.text(row['category'])}: {fmt.dollars(row['denied_amount'])}{share}{within}, "
        f"over the whole period{prevent.get(fmt.flag(row['preventable']), '')}.",
        "causes",
        "Root causes",
    )


def _open(findings: Findings) -> Telling | None:
    rows = findings.get("open_summary")
    if rows.empty or rows["expected_recovery"].isna().all():
        return None
    known = rows.dropna(subset=["expected_recovery"])
    by_route = known.groupby("route")["expected_recovery"].sum().sort_values(ascending=False, kind="stable")
    least = "At least " if len(known) < len(rows) else ""
    worth = fmt.dollars(known["expected_recovery"].sum())
    return Telling(
        f"{least}{worth} can be expected back from {fmt.count(known['lines'].sum())} open denials, most by "
        f"{by_route.index[0]} ({fmt.dollars(by_route.iloc[0])}).",
        "from_denial_to_payment",
        "Open work",
    )


def _risk(findings: Findings) -> Telling | None:
    if "risk_impact" not in findings.frames:
        return None
    totals = Totals(findings.get("risk_impact"))
    if parts.REVIEWED not in totals.records or totals.hidden:
        return None
    base = totals.value(parts.CODED)
    net, low, high = (totals.value(parts.REVIEWED, field) - base for field in range(3))
    if low <= 0 <= high:
        return None
    return Telling(
        f"Reviewed in both directions, the {totals.unit.noun} of {fmt.count(totals.persons(parts.CODED))} persons "
        f"would change by {totals.unit.signed(net)} (95 % interval {fmt.span(totals.unit.signed, low, high)}).",
        "risk",
        "Risk adjustment",
    )
