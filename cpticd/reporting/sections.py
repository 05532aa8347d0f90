"""The sections of the report, each from the findings alone."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Final

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.reporting.blocks import chart, note, scroll
from cpticd.reporting.coding_section import rules_section, specificity_section
from cpticd.reporting.definitions import brief, definitions_section, releases
from cpticd.reporting.findings import Findings, accounting_by_table, reject_counts, top_pairs
from cpticd.reporting.risk_section import risk_section
from cpticd.reporting.words import headlines

Section = Callable[[Findings], str]


def findings_section(findings: Findings) -> str:
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in headlines(findings))
    return f'<ul class="headlines">{items}</ul>' + scroll(_summary(findings))


def _summary(findings: Findings) -> str:
    rows = [
        (fmt.text(row.measure), fmt.dollars(row.value) if row.unit == "US dollars" else _plain(row.value))
        for row in findings.get("summary").itertuples()
    ]
    return charts.table(pd.DataFrame(rows, columns=["what the data hold", "value"], dtype="object"))


def _plain(value: object) -> str:
    return fmt.count(value) if isinstance(value, (int, float)) else fmt.text(value)


def accounting_section(findings: Findings) -> str:
    accounting = findings.get("accounting")
    rejects = reject_counts(findings.get("rejects"))
    text = note(
        "Read = loaded + rejected, in rows and in dollars, for every source and table. Rows of files are counted, not "
        "persons."
    )
    if len(accounting) and accounting["loaded"].isna().any():
        text += note(
            "What was read and loaded is left out: with what was adjudicated it would tell of fewer than "
            f"{findings.minimum} persons. claims.accounting() has it."
        )
    text += scroll(charts.table(accounting_by_table(accounting)))
    if not accounting.empty and accounting["source"].nunique() > 1:
        each = scroll(charts.table(accounting, max_rows=1000))
        text += f"<details><summary>The same by source</summary>{each}</details>"
    if rejects.empty:
        text += note("Nothing was rejected, repaired or noted.")
    else:
        text += "<h3>Rejected, repaired or noted</h3>" + scroll(charts.table(rejects, max_rows=60))
    return text + releases(findings)


def rates_section(findings: Findings) -> str:
    rows = {
        label: findings.get(name)
        for name, label in (
            ("lines", "service lines, at first"),
            ("claims", "claims, at first"),
            ("charge", "charge dollars, at first"),
            ("final", "service lines, in the end"),
        )
        if findings.has(name)
    }
    columns = ["measure", "n", "denied", "partly_denied", "rate", "low", "high", "denied_amount"]
    text = note(findings.reason("lines", "No lines."))
    if rows:
        table = scroll(charts.table(stacked(rows), columns=columns))
        text = table + brief(findings, "lines", "claims", "charge", "final")
    if not findings.has("payers"):
        return text + note(findings.reason("payers", "No adjudicated lines."))
    overall = findings.get("lines") if findings.has("lines") else None
    payers = findings.get("payers")
    payers = payers[payers["n"].notna()]
    text += chart(charts.payer_comparison(payers.head(40), overall=overall), "payers") + brief(
        findings, "payers"
    )
    return text + (note(f"{len(payers) - 40:,} more payers not drawn.") if len(payers) > 40 else "")


def stacked(rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per measure, from frames of one row each; what was suppressed of them stays known."""
    frame = pd.concat([part.assign(measure=label) for label, part in rows.items()], ignore_index=True)
    hidden: dict[str, list[str]] = {}
    for place, part in enumerate(rows.values()):
        for column in part.attrs.get("disclosure", {}).get("hidden", {}):
            hidden.setdefault(column, []).append(str(place))
    frame.attrs = {"disclosure": {"hidden": {column: " ".join(each) for column, each in hidden.items()}}}
    return frame


def causes_section(findings: Findings) -> str:
    causes = findings.get("causes")
    if causes.empty:
        return note(findings.reason("causes", "No line was denied, or no reason was given."))
    shown = causes[causes["denied_amount"].notna()]
    if shown.empty:
        return note("Every cause is of too few persons to be shown.")
    text = chart(charts.pareto(shown), "causes") + brief(findings, "causes")
    return text + scroll(charts.table(causes))


def pairs_section(findings: Findings) -> str:
    pairs, families = findings.get("pairs"), findings.get("families")
    few = f"No pair has {findings.min_lines} adjudicated lines."
    if pairs.empty and families.empty:
        return note(findings.reason("pairs", few))
    text = note(
        "A pair is a service line's procedure and one diagnosis that it points to; pairs with fewer than "
        f"{findings.min_lines} lines are not judged. Expected: the rate of other lines of the same procedure "
        "at the same payer and place in the same quarter. q: the share of false alarms to expect among pairs "
        "at least as striking."
    )
    if not families.empty:
        text += chart(charts.pair_matrix(known(families)), "families") + brief(findings, "families")
    if pairs.empty:
        return text + note(findings.reason("pairs", few))
    text += chart(charts.pair_scatter(known(pairs), max_points=1500), "scatter") + brief(findings, "pairs")
    text += "<h3>Pairs to look at first</h3>" + scroll(charts.table(top_pairs(pairs)))
    if not findings.has_payer_pairs:
        return text
    text += "<h3>Pairs to look at first, payer by payer</h3>"
    table = scroll(charts.table(top_pairs(findings.get("payer_pairs"))))
    return text + table + brief(findings, "payer_pairs")


def known(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs whose lines and denials may be shown."""
    return pairs[pairs["rate"].notna()].reset_index(drop=True)


def trend_section(findings: Findings) -> str:
    if not findings.has("trend"):
        return note(findings.reason("trend", "No adjudicated line has a date."))
    trend = findings.get("trend")
    trend = trend[trend["n"].notna()].reset_index(drop=True)
    return chart(charts.trend(trend), "trend") + brief(findings, "trend")


def delay_section(findings: Findings) -> str:
    if not findings.has("delay"):
        return note(findings.reason("delay", "No claim has both a date to start from and a paid date."))
    return chart(charts.delay(findings.get("delay")), "delay") + brief(findings, "delay")


def silent_section(findings: Findings) -> str:
    if not findings.has("takebacks"):
        return note(
            findings.reason("silent", "No procedure was changed by a payer and no payment taken back.")
        )
    text = note("Lines paid under another procedure than submitted, and payments taken back.")
    return text + scroll(charts.table(findings.get("takebacks"), max_rows=60)) + brief(findings, "takebacks")


#: Anchor, heading and content of every section.
SECTIONS: Final[tuple[tuple[str, str, Section], ...]] = (
    ("findings", "What stands out", findings_section),
    ("accounting", "What was read", accounting_section),
    ("rates", "Denial rates and payers", rates_section),
    ("causes", "Root causes", causes_section),
    ("pairs", "Diagnosis × procedure pairs", pairs_section),
    ("trend", "Trend", trend_section),
    ("delay", "Payment delay", delay_section),
    ("silent", "Silent denials", silent_section),
    ("rules", "Coding rules", rules_section),
    ("specificity", "Unspecified codes", specificity_section),
    ("risk", "Risk adjustment, both directions", risk_section),
    ("definitions", "How each number is defined", definitions_section),
)
