"""Services that Medicare does not pay under the code billed: by the status that its physician fee schedule gives it.

B and P: paid with other services, never apart. N: not a benefit. I and G: not valid for Medicare, which takes another
code. X: outside the schedule by statute (laboratory tests, ambulance, supplies have schedules of their own):
information. Inpatient-only procedures are those of status C in OPPS addendum B. Rows of ``fee_statuses.csv`` say which
is which.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def _find(name: str) -> Rule:
    def find(run: Run) -> str:
        run.release("fee_schedule")
        run.table("fee_statuses")
        run.table("modifiers")
        return sql.text("rules/fee_status").format(rule=name)

    return Rule(name, find, ("fee_schedule",))


def inpatient_only_service(run: Run) -> str:
    """A procedure on an outpatient bill that Medicare pays for inpatients alone. Source: 42 CFR 419.22(n)."""
    run.release("opps")
    return sql.text("rules/inpatient_only")


RULES: Final[tuple[Rule, ...]] = (
    _find("bundled_service"),
    _find("not_covered_by_medicare"),
    _find("invalid_for_medicare"),
    _find("outside_fee_schedule"),
    Rule("inpatient_only_service", inpatient_only_service, ("opps",)),
)
