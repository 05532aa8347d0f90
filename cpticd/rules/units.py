"""More units than likely: NCCI's medically unlikely edits, by line or by day.

Indicator 1 limits each line, 2 (policy: absolute) and 3 (clinical: reviewable on appeal) all lines of the same person,
provider, code and day. All units of a line over the limit are denied, not only the excess.
Sources: Medicare NCCI Policy Manual, chapter I, section V; CMS Transmittal 1421 (CR 8853).
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.ncci import repeated
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def _limited(run: Run) -> None:
    """Relation ``rule_limited``: one row per line whose procedure has a limit of units on its day."""
    repeated(run)
    run.release("ncci_mue")
    run.once("limited")


def units_over_limit(run: Run) -> str:
    """A line whose units, alone or with the others of the day, are over the limit."""
    _limited(run)
    return sql.text("rules/units_over_limit")


def not_paid_by_part_b(run: Run) -> str:
    """A line whose procedure has a limit of 0: no edit of units, but what Medicare Part B does not pay there."""
    _limited(run)
    return sql.text("rules/not_paid_by_part_b")


RULES: Final[tuple[Rule, ...]] = (
    Rule("units_over_limit", units_over_limit, ("ncci_mue",)),
    Rule("not_paid_by_part_b", not_paid_by_part_b, ("ncci_mue",)),
)
