"""What each number means: beside its chart in short, at the end of the report in full."""

from __future__ import annotations

import html
import re
from typing import Any, Final

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.core.contract import said
from cpticd.reporting.blocks import note, scroll
from cpticd.reporting.findings import Findings
from cpticd.reporting.small import about

#: Whose contract explains which measure, in the order of the page.
DEFINED: Final = {
    "lines": "Denial rate of service lines",
    "claims": "Denial rate of claims",
    "charge": "Denial rate of charge dollars",
    "final": "Final denial rate",
    "payers": "Denial rate by payer",
    "causes": "Root causes",
    "pairs": "Diagnosis × procedure pairs",
    "payer_pairs": "Pairs by payer",
    "families": "Families of diagnoses and procedures",
    "trend": "Trend",
    "delay": "Payment delay",
    "takebacks": "Silent denials",
    "rules": "Findings of coding rules",
    "scorecard": "Coding rules against denials",
    "residual": "Denials that no rule explains",
    "unspecified": "Unspecified codes",
    "effect": "Denial odds of unspecified codes",
    "risk_gaps": "Suspected conditions",
    "risk_unsupported": "Unsupported conditions",
    "risk_impact": "Impact on the score",
    "risk_prevalence": "Prevalence of conditions",
    "risk_persistence": "Recapture of conditions",
}
#: Terms that stand beside a chart.
SHORT: Final = ("numerator", "denominator", "clock", "exclusions")
#: Numbers of a contract that are no counts of claims or persons: years, thresholds, rates.
_CHOSEN: Final = re.compile(r"year$|^min|level|threshold|^base_rate$|^family_size$|months$")


def contract(findings: Findings, name: str) -> dict[str, Any]:
    """What an analysis says of itself; nothing where it is missing."""
    return said(findings.get(name))


def brief(findings: Findings, *names: str) -> str:
    """Numerator, denominator, clock and exclusions of what stands above, folded until they are asked for."""
    items = []
    for name in names:
        all_terms = contract(findings, name)
        terms = [(term, all_terms[term]) for term in SHORT if all_terms.get(term)]
        if terms:
            head = f'<p class="term">{html.escape(DEFINED[name])}</p>' if len(names) > 1 else ""
            items.append(head + _terms([(fmt.heading(term), str(text)) for term, text in terms]))
    if not items:
        return ""
    return f'<details class="defined"><summary>How this is measured</summary>{"".join(items)}</details>'


def definitions_section(findings: Findings) -> str:
    parts = []
    for name, label in DEFINED.items():
        terms = [
            (fmt.heading(str(key)), written)
            for key, value in contract(findings, name).items()
            if (written := _written(str(key), value, findings.minimum))
        ]
        if terms:
            parts.append(f"<details open><summary>{html.escape(label)}</summary>{_terms(terms)}</details>")
    if not parts:
        return note("No analysis gave a definition.")
    counts = "" if findings.minimum <= 1 else note("Counts of what was left out are rounded.")
    return counts + "".join(parts)


def releases(findings: Findings) -> str:
    """Which release of which code set judged what: one row per release."""
    judged: dict[str, list[str]] = {}
    for name, label in DEFINED.items():
        if release := contract(findings, name).get("code_set_release"):
            judged.setdefault(str(release), []).append(label)
    rows = [(release, "; ".join(labels)) for release, labels in judged.items()]
    if not rows:
        return ""
    table = charts.table(pd.DataFrame(rows, columns=["code_set_release", "of_what"]))
    return "<h3>Code-set releases</h3>" + scroll(table)


def _terms(terms: list[tuple[str, str]]) -> str:
    items = "".join(f"<dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>" for term, text in terms)
    return f"<dl>{items}</dl>"


def _written(key: str, value: Any, minimum: int) -> str:
    """A value of a contract, with the unit that its name tells; counts of persons and claims only rounded."""
    if value is None or value in ("", {}, []):
        return ""
    if isinstance(value, dict):
        parts = [(item, _written(str(item), each, minimum)) for item, each in value.items()]
        return "; ".join(f"{fmt.heading(str(item)).lower()}: {text}" for item, text in parts if text)
    if isinstance(value, (list, tuple, set, frozenset)):
        rows = isinstance(value, list) and value and isinstance(value[0], dict)
        each = f"{about(len(value), minimum)} rows, in the frame's contract"
        return each if rows else ", ".join(_written(key, item, minimum) for item in value)
    return _scalar(key, value, minimum)


def _scalar(key: str, value: Any, minimum: int) -> str:
    if isinstance(value, bool):
        return fmt.flag(value)
    if isinstance(value, int | float):
        if key.endswith("year"):
            return fmt.year(value)
        if key == "base_rate":
            return fmt.dollars(value)
        value = value if _CHOSEN.search(key) else about(value, minimum)
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
