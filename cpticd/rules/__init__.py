"""Dated coding rules, and what payers really did with the lines that break them.

    findings = cx.rules.check(claims)             # one row per line and rule that it breaks
    cx.rules.catalogue()                          # every rule: scope, dates, source, the table it needs
    cx.rules.scorecard(claims, findings)          # per rule and payer: precision, recall, lift, dollars
    cx.rules.residual(claims, findings)           # denials that no rule explains: unwritten policies
    cx.rules.prebill(claims, findings)            # a worklist ordered by expected dollars saved
    cx.disclosure.export(worklist, "work.xlsx")   # a worklist leaves like any result

A finding is for a coder to review. No finding suggests a code that is not on the claim.

Beside these stand ``cx.rules.coverage.for_payers(policies, {"My Plan": ["12345"]})``, the coverage policies of the
contractors that a payer follows, for ``check(…, tables=)``, and ``cx.rules.clusters.residual_months(claims, findings,
residual)``, how an unwritten policy came about, month by month.
"""

from __future__ import annotations

from cpticd.rules import clusters as clusters
from cpticd.rules import coverage as coverage
from cpticd.rules.findings import check
from cpticd.rules.prebill import prebill
from cpticd.rules.registry import catalogue
from cpticd.rules.residual import residual
from cpticd.rules.scorecard import scorecard

__all__ = ["catalogue", "check", "prebill", "residual", "scorecard"]


def __dir__() -> list[str]:
    return list(__all__)
