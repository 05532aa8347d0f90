"""Dated coding rules, and what payers really did with the lines that break them.

    findings = cx.rules.check(claims)             # one row per line and rule that it breaks
    cx.rules.catalogue()                          # every rule: scope, dates, source, the table it needs
    cx.rules.scorecard(claims, findings)          # per rule and payer: precision, recall, lift, dollars
    cx.rules.residual(claims, findings)           # denials that no rule explains: unwritten policies
    cx.rules.residual_months(claims, findings, residual)  # how such a policy came about, month by month
    cx.rules.prebill(claims, findings)            # a worklist ordered by expected dollars saved
    cx.rules.for_payers(policies, {"My Plan": ["12345"]})  # coverage policies of the contractors that a payer follows
    cx.rules.export(worklist, "worklist.xlsx")    # CSV or Excel, with no cell that a spreadsheet would run

A finding is for a coder to review. No finding suggests a code that is not on the claim.
"""

from __future__ import annotations

from cpticd.rules.coverage import for_payers
from cpticd.rules.export import export
from cpticd.rules.prebill import prebill
from cpticd.rules.residual import residual
from cpticd.rules.residual_months import residual_months
from cpticd.rules.run import catalogue, check
from cpticd.rules.scorecard import scorecard

__all__ = [
    "catalogue",
    "check",
    "export",
    "for_payers",
    "prebill",
    "residual",
    "residual_months",
    "scorecard",
]
