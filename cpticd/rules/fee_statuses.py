"""Services that Medicare does not pay under the code billed: by the status that its physician fee schedule gives it.

B and P: paid with other services, never apart. N: not a benefit. I and G: not valid for Medicare, which takes another
code. X: outside the schedule by statute (laboratory tests, ambulance, supplies have schedules of their own):
information. Inpatient-only procedures are those of status C in OPPS addendum B. Rows of ``fee_statuses.csv`` say which
is which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cpticd import sql
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run

_STATUS: Final = {"fee_schedule": "status", "opps": "status_indicator"}


def _status(run: Run, kind: str) -> str:
    """SQL of the status of a row of ``release_<kind>`` (f); null where a table that was passed has none."""
    return f"upper(trim(f.{_STATUS[kind]}))" if _STATUS[kind] in run.rows(kind).column_names else "NULL"


def _absent(kind: str) -> Callable[[Run], str]:
    def note(run: Run) -> str:
        name = _STATUS[kind]
        return "" if name in run.rows(kind).column_names else f"{kind} has no {name}: add it as published"

    return note


def _find(name: str) -> Rule:
    def find(run: Run) -> str:
        run.release("fee_schedule")
        run.table("fee_statuses")
        run.table("modifiers")
        return sql.text("rules/fee_status").format(rule=name, status=_status(run, "fee_schedule"))

    return Rule(name, find, ("fee_schedule",), note=_absent("fee_schedule"))


def inpatient_only_service(run: Run) -> str:
    """A procedure on an outpatient bill that Medicare pays for inpatients alone. Source: 42 CFR 419.22(n)."""
    run.release("opps")
    return sql.text("rules/inpatient_only").format(status=_status(run, "opps"))


RULES: Final[tuple[Rule, ...]] = (
    _find("bundled_service"),
    _find("not_covered_by_medicare"),
    _find("invalid_for_medicare"),
    _find("outside_fee_schedule"),
    Rule("inpatient_only_service", inpatient_only_service, ("opps",), note=_absent("opps")),
)
