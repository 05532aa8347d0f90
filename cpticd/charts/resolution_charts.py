"""From denial to payment: what became of denied services, how long it took, what is open, what is overturned."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.alluvial import alluvial
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import bars, intervals, steps, upright
from cpticd.core.words import percent

FLOW: Final = ["category", "sent_again", "became", "lines", "denied_amount"]
RESOLUTION: Final = ["step", "day", "at_risk", "done", "survival", "low", "high"]
SUMMARY: Final = ["age_band", "route", "lines", "charge_amount", "expected_allowed", "expected_recovery"]
OVERTURNED: Final = [
    "denied_lines",
    "overturned_lines",
    "rate",
    "low",
    "high",
    "denied_amount",
    "overturned_amount",
]
#: What became of a service, from the top down.
BECAME: Final = {
    "paid": themes.BLUE, "paid in part": themes.SKY, "open": themes.ORANGE, "denied for good": themes.VERMILION,
    "taken back or undecided": themes.GREY,
}  # fmt: skip
SENT: Final = ("billed again", "not billed again")
#: Bands of age, fresh ones blue, old ones warm, the oldest grey.
AGES: Final = {
    "0–30 days": themes.SKY, "31–60 days": themes.BLUE, "61–90 days": themes.ORANGE, "91–120 days": themes.VERMILION,
    "over 120 days": themes.GREY, "age unknown": themes.PURPLE,
}  # fmt: skip
REST: Final = "other causes"
#: What the bars of open denials are as long as: title, axis.
SUMMARY_UNITS: Final = {
    "expected_recovery": ("What can be expected back from open denials", "Expected recovery, US dollars"),
    "expected_allowed": ("What payers would allow for open denials", "Expected allowed, US dollars"),
    "lines": ("Open denials", "Open denied services"),
}
_STEPS: Final = {"resubmission": "not yet billed again", "resolution": "not yet paid"}


def flow(
    flow: pd.DataFrame,
    *,
    unit: Literal["lines", "charge"] = "lines",
    max_causes: int = 6,
    theme: str = "light",
) -> Figure:
    """One band per root cause, second claim and outcome of services denied at first, as wide as they are many.

    Parameters: ``flow`` as ``denials.flow(claims)`` returns it, one group; ``unit``, bands as wide as services
    (``lines``) or denied dollars (``charge``); ``max_causes``, how many causes stand by themselves, the others
    together. Bands have the color of what became of the services. Raises ArgumentError for other frames.
    """
    frames.one_of(unit, ["lines", "charge"], "flow: unit")
    frames.require(flow, FLOW, "flow", "denials.flow(claims)")
    frames.no_groups(flow, frames.group_columns(flow, FLOW), "flow")
    title = "What became of denied services"
    column = "lines" if unit == "lines" else "denied_amount"
    rows = flow[FLOW].dropna(subset=[column])
    if rows.empty:
        return frames.nothing(title, "No service was denied at first.", theme=theme)
    first = rows.groupby("category")[column].sum().sort_values(ascending=False, kind="stable")
    named = list(first.index[:max_causes]) if len(first) > max_causes + 1 else list(first.index)
    rows = rows.assign(category=rows["category"].where(rows["category"].isin(named), REST))
    keys, sums = ["category", "sent_again", "became"], ["lines", "denied_amount"]
    rows = rows.groupby(keys, as_index=False, sort=False)[sums].sum()
    orders = {"category": [*named, REST], "sent_again": list(SENT), "became": list(BECAME)}
    labels = {name: _shares(rows, name, column) for name in orders}
    count = fmt.count if unit == "lines" else fmt.dollars
    return alluvial(
        rows, columns=list(orders), x=column, colors=BECAME, orders=orders, labels=labels, theme=theme, title=title,
        heads=["Why denied", "Second claim", "Where they stand"], height=600,
        margin={"l": 260, "r": 150, "t": 120, "b": 30},
        subtitle=f"{count(rows[column].sum())} {'services' if unit == 'lines' else 'of charges'} denied at first",
        facts=["{category} · {sent_again} · {became}", "services: {lines}", "denied dollars: {denied_amount}"],
    )  # fmt: skip


def _shares(rows: pd.DataFrame, name: str, column: str) -> dict[str, str]:
    """Each value with its number and share."""
    sums = rows.groupby(name)[column].sum()
    write = fmt.count if column == "lines" else fmt.dollars
    total = float(sums.sum())
    return {
        str(value): f"{fmt.short(value, 38)}<br>{write(sum_)} ({percent(sum_ / total, 0)})"
        for value, sum_ in sums.items()
    }


def resolution(resolution: pd.DataFrame, *, max_groups: int = 7, theme: str = "light") -> Figure:
    """One step curve per step after a denial (or per group, to its resolution): the share still waiting, by days.

    Parameters: ``resolution`` as ``denials.resolution`` returns it (Kaplan–Meier); ``max_groups``, how many groups to
    draw, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(resolution, RESOLUTION, "resolution", "denials.resolution(claims)")
    title = "Denials still waiting, by days since the denial"
    groups = frames.group_columns(resolution, RESOLUTION)
    rows = resolution[resolution["step"] == "resolution"] if groups else resolution
    if rows.empty:
        return frames.nothing(title, "No service was denied at first, on a known day.", theme=theme)
    words = rows["step"].map(_STEPS).tolist()
    rows = rows.assign(group=frames.labels(rows, groups) if groups else words, waiting=words)
    rows = frames.begun(rows, "done")
    half = upright(0) | {"x0": 0, "x1": 1, "xref": "x domain", "y0": 0.5, "y1": 0.5, "yref": "y"}
    return steps(
        rows, x="day", y="survival", low="low", high="high", by="group", max_groups=max_groups, title=title,
        theme=theme, shapes=[half],
        subtitle="Kaplan–Meier: open denials count as long as they were seen; dashed: half of them",
        facts=["{group}, day {day}", "n: {at_risk} waiting, {done} done this day",
               "{waiting:plain}: {survival} (95 % interval {low~high})"],
        axes=(marks.quantity("Days since the denial", "day", range=[0, _seen(rows)]),
              marks.quantity("Share still waiting", "survival", range=[0, 1.02])),
    )  # fmt: skip


def _seen(rows: pd.DataFrame) -> float:
    """Where the axis ends: a little after the last day on which anything happened."""
    last = rows.loc[rows["survival"] < rows.groupby("group")["survival"].shift(fill_value=1.0), "day"].max()
    return max(30.0, 1.15 * float(rows["day"].max() if pd.isna(last) else last))


def open_summary(
    open_summary: pd.DataFrame,
    *,
    unit: Literal["expected_recovery", "expected_allowed", "lines"] = "expected_recovery",
    theme: str = "light",
) -> Figure:
    """One bar per route of open denials, the largest on top, in the colors of their ages.

    Parameters: ``open_summary`` as ``denials.open_summary`` returns it; ``unit``, bars as long as what can be expected
    back, what payers would allow, or services. Raises ArgumentError for other frames.
    """
    frames.one_of(unit, [*SUMMARY_UNITS], "open_summary: unit")
    frames.require(open_summary, SUMMARY, "open_summary", "denials.open_summary(claims, as_of=…)")
    title, axis = SUMMARY_UNITS[unit]
    rows = open_summary.dropna(subset=[unit])
    if rows.empty:
        return frames.nothing(title, "No denial is open, or none may be shown.", theme=theme)
    sums = rows.groupby("route")[unit].sum()
    order = rows["route"].map(sums)
    rows = rows.assign(_sum=order).sort_values(["_sum", "route"], ascending=[False, True], kind="stable")
    return bars(
        rows, label="route", x=unit, by="age_band", colors={band: (ink, band) for band, ink in AGES.items()},
        title=title, axis=axis, theme=theme, subtitle="By who can mend them, and days since the denial",
        bar={"hatched": True},
        facts=["{route}, {by}", "open services: {lines}", "charges: {charge_amount}",
               "expected allowed: {expected_allowed}", "expected recovery: {expected_recovery}"],
    )  # fmt: skip


def overturned(overturned: pd.DataFrame, *, max_groups: int = 5, theme: str = "light") -> Figure:
    """One mark per group: the share of settled denials that were paid after all, with its interval.

    Parameters: ``overturned`` as ``denials.overturned`` returns it; by two dimensions, such as ``["payer",
    "denial_category"]``, rows are of the second and colors of the first, the ``max_groups`` with most denials.
    """
    frames.require(overturned, OVERTURNED, "overturned", "denials.overturned(claims)")
    groups = frames.group_columns(overturned, OVERTURNED)
    common: dict[str, Any] = {
        "x": "rate", "low": "low", "high": "high", "theme": theme, "title": "Denials paid after all",
        "axis": "Overturned of lines denied at first",
    }  # fmt: skip
    rows = overturned[overturned["rate"].notna()]
    if rows.empty:
        return frames.nothing(
            common["title"], "No settled denials in these claims, or too few to be shown.", theme=theme
        )
    counts = ["denied at first: {denied_lines} lines, {denied_amount}"]
    counts += [
        "overturned: {overturned_lines}, {overturned_amount}",
        "rate: {rate} (95 % interval {low~high})",
    ]
    if len(groups) != 2:
        return intervals(
            rows, label=groups or ["denied_lines"], beside="{overturned_lines} of {denied_lines}",
            facts=["{label}", *counts], **common,
        )  # fmt: skip
    color, label = groups
    most = rows.groupby(color)["denied_lines"].sum().sort_values(ascending=False, kind="stable")
    shown = list(most.index[:max_groups])
    pooled = rows.groupby(label)[["overturned_lines", "denied_lines"]].sum()
    order = (
        (pooled["overturned_lines"] / pooled["denied_lines"])
        .sort_values(ascending=False, kind="stable")
        .index
    )
    rows = rows[rows[color].isin(shown)].assign(_order=rows[label].map(list(order).index))
    rows = rows.sort_values(["_order", color], kind="stable")
    return intervals(
        rows, label=label, by=color, facts=[f"{{{label}}}, {{{color}}}", *counts],
        height=190 + 22 * rows[label].nunique() * (1 + len(shown) // 2),
        notice=frames.cut(len(shown), len(most), f"values of {fmt.heading(color).lower()}"), **common,
    )  # fmt: skip
