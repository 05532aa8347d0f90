"""The sections of the report, each from the findings alone."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Final

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.report.blocks import chart, note, scroll
from cpticd.report.findings import Findings, accounting_by_table, reject_counts, takeback_counts, top_pairs
from cpticd.report.risk_section import risk_section
from cpticd.report.words import headlines

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
    text = note("Read = loaded + rejected, in rows and in dollars, for every source and table.")
    text += scroll(charts.table(accounting_by_table(accounting)))
    if not accounting.empty and accounting["source"].nunique() > 1:
        each = scroll(charts.table(accounting, max_rows=1000))
        text += f"<details><summary>The same by source</summary>{each}</details>"
    if rejects.empty:
        return text + note("Nothing was rejected, repaired or noted.")
    return text + "<h3>Rejected, repaired or noted</h3>" + scroll(charts.table(rejects, max_rows=60))


def rates_section(findings: Findings) -> str:
    rows = [
        findings.get(name).assign(measure=label)
        for name, label in (
            ("lines", "service lines, at first"),
            ("claims", "claims, at first"),
            ("charge", "charge dollars, at first"),
            ("final", "service lines, in the end"),
        )
        if findings.has(name)
    ]
    columns = ["measure", "n", "denied", "partly_denied", "rate", "low", "high", "denied_amount"]
    text = (
        scroll(charts.table(pd.concat(rows)[columns]))
        if rows
        else note(findings.reason("lines", "No lines."))
    )
    if not findings.has("payers"):
        return text + note(findings.reason("payers", "No adjudicated lines."))
    overall = findings.get("lines") if findings.has("lines") else None
    payers = findings.get("payers")
    text += chart(charts.payer_comparison(payers.head(40), overall=overall), "payers")
    return text + (note(f"{len(payers) - 40:,} more payers not drawn.") if len(payers) > 40 else "")


def causes_section(findings: Findings) -> str:
    causes = findings.get("causes")
    if causes.empty:
        return note(findings.reason("causes", "No line was denied, or no reason was given."))
    return chart(charts.pareto(causes), "causes") + scroll(charts.table(causes))


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
        text += chart(charts.pair_matrix(families), "families")
    if pairs.empty:
        return text + note(findings.reason("pairs", few))
    text += chart(charts.pair_scatter(pairs, max_points=1500), "scatter")
    text += "<h3>Pairs to look at first</h3>" + scroll(charts.table(top_pairs(pairs)))
    if not findings.has_payer_pairs:
        return text
    text += "<h3>Pairs to look at first, payer by payer</h3>"
    return text + scroll(charts.table(top_pairs(findings.get("payer_pairs"))))


def trend_section(findings: Findings) -> str:
    if not findings.has("trend"):
        return note(findings.reason("trend", "No adjudicated line has a date."))
    return chart(charts.trend(findings.get("trend")), "trend")


def delay_section(findings: Findings) -> str:
    if not findings.has("delay"):
        return note(findings.reason("delay", "No claim has both a date to start from and a paid date."))
    return chart(charts.delay(findings.get("delay")), "delay")


def silent_section(findings: Findings) -> str:
    if not findings.has("silent"):
        return note(
            findings.reason("silent", "No procedure was changed by a payer and no payment taken back.")
        )
    text = note("Lines paid under another procedure than submitted, and payments taken back.")
    return text + scroll(charts.table(takeback_counts(findings.get("silent")), max_rows=60))


#: Whose contract explains which measure, in the order of the page.
DEFINED: Final = {
    "lines": "Denial rate of service lines",
    "claims": "Denial rate of claims",
    "charge": "Denial rate of charge dollars",
    "final": "Final denial rate",
    "causes": "Root causes",
    "pairs": "Diagnosis × procedure pairs",
    "trend": "Trend",
    "delay": "Payment delay",
    "silent": "Silent denials",
    "risk_gaps": "Suspected conditions",
    "risk_unsupported": "Unsupported conditions",
    "risk_impact": "Impact on the score",
    "risk_prevalence": "Prevalence of conditions",
    "risk_persistence": "Recapture of conditions",
}


def definitions_section(findings: Findings) -> str:
    parts = []
    for name, label in DEFINED.items():
        contract = findings.get(name).attrs.get("contract", {})
        if contract:
            items = "".join(
                f"<dt>{html.escape(fmt.heading(str(key)))}</dt><dd>{html.escape(_unit(str(key), value))}</dd>"
                for key, value in contract.items()
                if value is not None and value not in ("", {}, [])
            )
            parts.append(f"<details open><summary>{html.escape(label)}</summary><dl>{items}</dl></details>")
    return "".join(parts) or note("No analysis gave a definition.")


def _unit(key: str, value: object) -> str:
    """A value of a contract, with the unit that its name tells."""
    if key.endswith("year") and isinstance(value, int):
        return fmt.year(value)
    return fmt.dollars(value) if key == "base_rate" else _said(value)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{fmt.heading(str(key)).lower()}: {_said(item)}" for key, item in value.items())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"{len(value)} rows, in the frame's attrs"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_said(item) for item in value) or "none"
    if isinstance(value, bool):
        return fmt.flag(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


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
    ("risk", "Risk adjustment, both directions", risk_section),
    ("definitions", "How each number is defined", definitions_section),
)
