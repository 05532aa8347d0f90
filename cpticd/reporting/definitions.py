"""What each number means: beside its chart in short, at the end of the report in full."""

from __future__ import annotations

import html
import re
from typing import Any, Final

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.core.rounding import about
from cpticd.reporting.blocks import note, scroll
from cpticd.reporting.findings import Findings

#: Terms that stand beside a chart.
SHORT: Final = ("numerator", "denominator", "clock", "exclusions")
#: Numbers of a contract that are no counts of claims or persons: years, thresholds, rates, how something was learned.
_CHOSEN: Final = re.compile(
    r"year$|years$|^min|confidence|threshold|^base_rate$|^family_size$|months$|days$|folds$"
)


def brief(findings: Findings, *keys: str) -> str:
    """Numerator, denominator, clock and exclusions of what stands above, folded until they are asked for."""
    items = []
    for key in keys:
        contract = findings.terms(key)
        terms = [(term, contract[term]) for term in SHORT if contract.get(term)]
        if terms:
            heading = findings.parts[key][1].heading
            head = f'<p class="term">{html.escape(heading)}</p>' if len(keys) > 1 else ""
            items.append(head + _terms([(fmt.heading(term), str(text)) for term, text in terms]))
    if not items:
        return ""
    return f'<details class="defined"><summary>How this is measured</summary>{"".join(items)}</details>'


def definitions_section(findings: Findings) -> str:
    parts = []
    for key, (_, part) in findings.parts.items():
        if part.section in ("findings", "accounting"):
            continue
        terms = [
            (fmt.heading(str(term)), written)
            for term, value in findings.terms(key).items()
            if (written := _written(str(term), value, findings.minimum))
        ]
        if terms:
            parts.append(f"<details><summary>{html.escape(part.heading)}</summary>{_terms(terms)}</details>")
    if not parts:
        return note("No analysis gave a definition.") + protection(findings)
    counts = "" if findings.minimum <= 1 else note("Counts of what was left out are rounded.")
    return counts + "".join(parts) + protection(findings)


#: What a report cannot protect, for those who give it on.
PROTECTION: Final = (
    "Within this report no cell of fewer than {minimum} persons follows from others by adding and subtracting, nor "
    "from what compares a row with others (expected, excess, lift, chances): where it would, that is left out first. "
    "What is expected is shown in whole lines, a chance with one digit, other comparisons with four, intervals with "
    "three; q-values are those of the rows whose chances are shown.",
    "Not protected are differences between this report and another: of the same claims a month later, of a part of "
    "them, with another fewest number of lines or another minimum. Two reports, each safe alone, may together give "
    "small cells away: give on one of them, or a release that holds both. Nor are bounds protected: that a left-out "
    "cell is small is known.",
)


def protection(findings: Findings) -> str:
    """What disclosure control does and what it does not, in words; nothing where it is off."""
    if findings.minimum <= 1:
        return ""
    text = "".join(note(each.format(minimum=findings.minimum)) for each in PROTECTION)
    return f"<h3>What is protected, and what is not</h3>{text}"


def releases(findings: Findings) -> str:
    """Which release of which code set judged what: one row per release."""
    judged: dict[str, list[str]] = {}
    for key, (_, part) in findings.parts.items():
        release = findings.terms(key).get("code_set_release")
        if release and part.section not in ("findings", "accounting"):
            judged.setdefault(str(release), []).append(part.heading)
    rows = [(release, "; ".join(headings)) for release, headings in judged.items()]
    if not rows:
        return ""
    table = charts.table(pd.DataFrame(rows, columns=["code_set_release", "of_what"]))
    return "<h3>Code-set releases</h3>" + scroll(table)


def _terms(terms: list[tuple[str, str]]) -> str:
    items = "".join(f"<dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>" for term, text in terms)
    return f"<dl>{items}</dl>"


def _written(term: str, value: Any, minimum: int) -> str:
    """A value of a contract, with the unit that its name shows; counts of persons and claims only rounded."""
    if value is None or value in ("", {}, []):
        return ""
    if isinstance(value, dict):
        parts = [(item, _written(str(item), each, minimum)) for item, each in value.items()]
        return "; ".join(f"{fmt.heading(str(item)).lower()}: {text}" for item, text in parts if text)
    if isinstance(value, (list, tuple, set, frozenset)):
        rows = isinstance(value, list) and value and isinstance(value[0], dict)
        each = f"{about(len(value), minimum)} rows, in the frame's contract"
        return each if rows else ", ".join(_written(term, item, minimum) for item in value)
    return _scalar(term, value, minimum)


def _scalar(term: str, value: Any, minimum: int) -> str:
    if isinstance(value, bool):
        return fmt.flag(value)
    if isinstance(value, int | float):
        if term.endswith("year"):
            return fmt.year(value)
        if term == "base_rate":
            return fmt.dollars(value)
        value = value if _CHOSEN.search(term) else about(value, minimum)
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
