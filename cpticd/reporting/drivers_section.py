"""The section on where denials come from: drivers, then the rates of payers and procedures as a map."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.charts.driver_charts import DRIVERS, listed, words
from cpticd.core.contract import records_of
from cpticd.denials.pair_leaves import Q_THRESHOLD
from cpticd.reporting.blocks import chart, more, note, scroll
from cpticd.reporting.definitions import brief
from cpticd.reporting.findings import Findings

HOW: Final = (
    "Payers, procedures and places are compared first, then payers with procedures, places and providers within "
    "payers, and diagnoses within procedures only then. Each effect is listed once, at the level where it lives: a "
    "payer's rule on a procedure is one row, not a row for every diagnosis. Expected is what all other effects let "
    "expect of the same lines."
)
#: Drivers of a report's table; all that pass stand in ``denials.drivers(claims)``.
MOST: Final = 40


def drivers_section(findings: Findings) -> str:
    return _drivers(findings) + _payers_and_procedures(findings)


def _drivers(findings: Findings) -> str:
    found = findings.get("drivers")
    if "level" not in found.columns:
        return note(findings.reason("drivers", "No adjudicated lines."))
    text = note(HOW) + chart(charts.drivers(found), "drivers", wide=True) + brief(findings, "drivers")
    if found.empty:
        return text
    measure, _ = findings.parts["drivers"]
    if measure.sentence is not None and (sentence := measure.sentence(found)):
        text = note(sentence) + text
    more = len(found) - MOST
    rest = note(f"{more:,} more drivers of less excess are not listed.") if more > 0 else ""
    return text + scroll(charts.table(listed(found), max_rows=MOST)) + rest + _missed(findings)


def _missed(findings: Findings) -> str:
    """By level, which difference could have been missed."""
    levels = findings.terms("drivers").get("detectable") or {}
    if not levels:
        return ""
    rows = pd.DataFrame(
        {"level": [words(level) for level in levels], "could_have_been_missed": list(levels.values())}
    )
    table = scroll(charts.table(rows, max_rows=len(rows)))
    return f"<details><summary>How large an effect could have been missed</summary>{table}</details>"


def _payers_and_procedures(findings: Findings) -> str:
    rates = findings.get("payer_procedures")
    if rates.empty or rates["payer"].nunique() < 2:
        return ""  # of one payer a map says no more than a list of procedures
    known = rates[rates["rate"].notna()]
    if known.empty:
        return note("No payer's rate of a procedure is of enough persons to be shown.")
    drawn = chart(charts.rate_matrix(known), "payer-procedures", wide=True)
    return more(findings, "Payers and procedures", drawn + brief(findings, "payer_procedures"))


def no_driver(findings: Findings) -> str:
    """That nothing passes, and what could have been missed at the level of payers and procedures; '' where some do."""
    found = findings.get("drivers")
    if "drivers" not in findings.frames or len(found) or not set(DRIVERS) <= set(found.columns):
        return ""
    q = float(records_of(found).get("arguments", {}).get("q") or Q_THRESHOLD)
    levels = findings.terms("drivers").get("detectable") or {}
    first = next((level for level in ("payer × hcpcs_code", *levels) if level in levels), "")
    missed = f" {words(first)}: {levels[first]}." if first else ""
    return (
        f"No payer, procedure, place or diagnosis within is denied more often than the others let expect (q up to "
        f"{q:.2f}).{missed}"
    )


def nothing_passes(findings: Findings, key: str, noun: str = "pair") -> str:
    """What stands in place of a list of which nothing passes."""
    missed = findings.terms(key).get("detectable") or ""
    return f"None: no {noun} passes q {Q_THRESHOLD:.2f}." + (
        f" {fmt.sentence(str(missed))}." if missed else ""
    )
