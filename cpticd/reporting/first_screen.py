"""The first screen: what was read, six tiles, where denials come from and what became of them, and what to do."""

from __future__ import annotations

import html
from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as parts
from cpticd.core.contract import records_of
from cpticd.reporting.change import change
from cpticd.reporting.findings import Findings
from cpticd.reporting.ranked import became_bars, driver_bars
from cpticd.reporting.telling import telling
from cpticd.reporting.totals import Totals

#: Where nothing can be said, and why it cannot.
NOTHING: Final = "–"
SUPPRESSED: Final = "too few persons to be shown"


def first_screen(findings: Findings) -> str:
    """The answer to what it is, how bad, since when and what to do, on one screen."""
    tiles = "".join(_tile(*each) for each in _tiles(findings))
    charts = driver_bars(findings) + became_bars(findings)
    items = "".join(
        f'<li>{html.escape(each.text)} <a href="#{each.section}">{html.escape(each.more)}</a></li>'
        for each in telling(findings)
    )
    found = items or "<li>Nothing stands out: no source of denials is beyond what chance can do.</li>"
    return (
        f'<p class="read">{html.escape(read(findings))}</p><div class="tiles">{tiles}</div>'
        f'<div class="sides first">{charts}</div><ol class="telling" aria-label="What stands out">{found}</ol>'
    )


def read(findings: Findings) -> str:
    """Period and what was read, in one line."""
    summary = findings.get("summary")
    known = dict(zip(summary["measure"], summary["value"], strict=True)) if len(summary) else {}
    days = [fmt.date(known.get(f"{end} service date")) for end in ("first", "last")]
    period = f"Services of {days[0]} to {days[1]}" if NOTHING not in days else "No dates of service"
    counts = [
        f"{fmt.count(known[name])} {name}"
        for name in ("claims", "service lines", "persons", "payers")
        if name in known and not pd.isna(known[name])
    ]
    rejected = known.get("rejected", 0)
    lost = "nothing rejected" if not rejected else f"{fmt.count(rejected)} rows rejected"
    return " · ".join([period, *counts, lost])


def _tile(section: str, label: str, value: str, *notes: str) -> str:
    also = "".join(f'<span class="also">{html.escape(note)}</span>' for note in notes if note)
    return (
        f'<a class="tile" href="#{section}"><span class="label">{html.escape(label)}</span>'
        f'<span class="value">{html.escape(value)}</span>{also}</a>'
    )


def _tiles(findings: Findings) -> list[tuple[str, ...]]:
    return [
        _denied(findings),
        _kpi(findings, "overturned", "lines", "Overturned since", "of settled denied lines, without duplicates"),
        _kpi(findings, "first-pass resolution", "claims", "First pass", "of claims, settled by the first answer"),
        _open(findings),
        _delay(findings),
        _risk(findings),
    ]  # fmt: skip


def _denied(findings: Findings) -> tuple[str, ...]:
    label, lines, charge = "Denied at first", findings.get("lines"), findings.get("charge")
    if lines.empty or pd.isna(lines["rate"].iloc[0]):
        return ("rates", label, NOTHING, findings.reason("lines", "no payer's answer in these data"))
    row = lines.iloc[0]
    amount = "" if charge.empty else fmt.dollars(charge["denied_amount"].iloc[0])
    value = fmt.percent(row["rate"]) + (f" · {amount}" if amount not in ("", NOTHING) else "")
    moved = change(findings.get("trend"))
    note = "change: not known" if moved is None else (
        f"{100 * moved.difference:+.1f} points ({100 * moved.low:+.1f} to {100 * moved.high:+.1f}), "
        f"{moved.now} against {moved.before}"
    )  # fmt: skip
    return (
        "rates", label, value, f"of {fmt.count(row['n'])} lines; {fmt.interval(row['low'], row['high'])}", note
    )  # fmt: skip


def _kpi(findings: Findings, measure: str, unit: str, label: str, of_what: str) -> tuple[str, ...]:
    section = "from_denial_to_payment"
    kpis = findings.get("kpis")
    rows = kpis[(kpis["measure"] == measure) & (kpis["unit"] == unit)] if len(kpis) else kpis
    if rows.empty or pd.isna(rows["value"].iloc[0]):
        return (section, label, NOTHING, findings.reason("kpis", SUPPRESSED if len(rows) else "not known"))
    row = rows.iloc[0]
    span = fmt.interval(row["low"], row["high"])
    dollars = kpis[(kpis["measure"] == measure) & (kpis["unit"] == "charge")]
    amount = "" if dollars.empty else fmt.dollars(dollars["numerator"].iloc[0])
    return (
        section, label, fmt.percent(row["value"]), f"{of_what}; {span}",
        f"n = {fmt.count(row['n'])}" + (f"; {amount} of charges" if amount not in ("", NOTHING) else ""),
    )  # fmt: skip


def _open(findings: Findings) -> tuple[str, ...]:
    """What is open, what can be expected back, and what is due soon where that may be shown."""
    section, label, rows = "from_denial_to_payment", "Open, can be won", findings.get("open_summary")
    if rows.empty:
        return (section, label, NOTHING, findings.reason("open_summary", "no denied service is open"))
    if rows["expected_recovery"].isna().all():
        return (section, label, NOTHING, SUPPRESSED)
    known = rows[rows["expected_recovery"].notna()]
    least = "at least " if len(known) < len(rows) else ""
    value = f"{fmt.dollars(known['expected_recovery'].sum())}"
    lines = f"{least}{fmt.count(known['lines'].sum())} lines; {fmt.dollars(known['expected_allowed'].sum())} allowed"
    return (section, label, value, lines, _due(findings, rows))


def _due(findings: Findings, rows: pd.DataFrame) -> str:
    columns = ("near_deadline", "unknown_deadline")
    near, unknown = (rows[name].sum(min_count=1) for name in columns)
    if pd.isna(near):
        return "deadlines: in the session's worklist, denials.open"
    nearest = fmt.date(records_of(rows).get("nearest_deadline"))
    first = f"next deadline {nearest}; " if nearest != NOTHING else ""
    least = ["at least " if rows[name].isna().any() else "" for name in columns]
    of_unknown = "" if pd.isna(unknown) else f", {least[1]}{fmt.count(unknown)} without a known one"
    return f"{first}deadline within 30 days: {least[0]}{fmt.count(near)}{of_unknown}"


def _delay(findings: Findings) -> tuple[str, ...]:
    label, delay = "Days to payment", findings.get("delay")
    if delay.empty:
        return ("delay", label, NOTHING, findings.reason("delay", "no claim has both dates"))
    ends = [_reached(delay, column) for column in ("survival", "low", "high")]
    if ends[0] is None:
        return ("delay", label, NOTHING, "fewer than half of the claims were decided")
    span = (
        ""
        if None in ends
        else f"interval {ends[1]} to {ends[2]}"
        if ends[1] != ends[2]
        else "interval under a day"
    )
    late = [day for share in (0.1,) if (day := _reached(delay, "survival", share)) is not None]
    rest = f"nine in ten within {late[0]}" if late else "nine in ten: not yet reached"
    return ("delay", label, str(ends[0]), "until half are decided" + (f"; {span}" if span else ""), rest)


def _reached(delay: pd.DataFrame, column: str, share: float = 0.5) -> int | None:
    days = delay.loc[delay[column].astype(float) <= share, "day"]
    return None if days.empty else int(days.min())


def _risk(findings: Findings) -> tuple[str, ...]:
    label = "Risk adjustment, both ways"
    if "risk_impact" not in findings.frames:
        asked = findings.options.payment_year is not None
        return (
            "risk",
            label,
            NOTHING,
            "the reason stands in its section" if asked else "needs a payment year",
        )
    totals = Totals(findings.get("risk_impact"))
    terms = findings.terms("risk_impact")
    up, down = (_direction(totals, kind) for kind in (parts.GAPS, parts.UNSUPPORTED))
    return (
        "risk", label, f"{up[0]} · {down[0]}", f"suspected {up[1]}; unsupported {down[1]}",
        f"{totals.unit.noun}, {terms.get('model')} {terms.get('payment_year')}; a coder reviews both",
    )  # fmt: skip


def _direction(totals: Totals, kind: str) -> tuple[str, Any]:
    if kind in totals.hidden:
        return NOTHING, SUPPRESSED
    if kind not in totals.records:
        return "0", "none"
    return totals.unit.signed(totals.value(kind)), totals.span(kind)
