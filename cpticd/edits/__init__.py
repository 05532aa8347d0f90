"""Dated coding rules, and what payers really did with the lines that break them.

    findings = cx.edits.check(claims)             # one row per line and rule that it breaks
    cx.edits.catalogue()                          # every rule: scope, dates, source, the table it needs
    cx.edits.scorecard(claims, findings)          # per rule and payer: precision, recall, lift, dollars
    cx.edits.residual(claims, findings)           # denials that no rule explains: unwritten policies
    cx.edits.residual_months(claims, findings, residual)  # how such a policy came about, month by month
    cx.edits.prebill(claims, findings)            # a worklist ordered by expected dollars saved
    cx.edits.for_payers(policies, {"My Plan": ["12345"]})  # coverage policies of the contractors that a payer follows
    cx.edits.export(worklist, "worklist.xlsx")    # CSV or Excel, with no cell that a spreadsheet would run

A finding is for a coder to review. No finding suggests a code that is not on the claim.
"""

from __future__ import annotations

from cpticd.edits.coverage import for_payers
from cpticd.edits.export import export
from cpticd.edits.prebill import prebill
from cpticd.edits.residual import residual
from cpticd.edits.residual_months import residual_months
from cpticd.edits.run import catalogue, check
from cpticd.edits.scorecard import scorecard

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
