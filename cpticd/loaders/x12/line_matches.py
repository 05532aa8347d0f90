"""Which line of its claim each service row of a remittance answers: from the surest sign to the least sure.

Several rows may answer one line: parts that bear its number, parts whose charges add up to its charge, components of a
panel. Otherwise rows and lines are paired one to one, equals in order.
"""

from __future__ import annotations

from typing import Final

from cpticd.loaders.intake import Intake
from cpticd.sql import text

#: After the sender's line numbers: the facts in which a row and a line agree, or a statement of its own and its key.
_STEPS: Final = (
    "code modifiers day charge", "lines_in_parts code", "lines_in_parts revenue", "lines_of_panels",
    "code modifiers charge", "code day charge", "code charge", "lines_of_one code", "code modifiers day", "code day",
    "code", "revenue charge", "lines_of_one revenue", "charge day", "charge",
)  # fmt: skip
#: The facts in which a row and a line agree at best, also where both lack one.
_BEST: Final = "code modifiers revenue day charge units"


def match_lines(intake: Intake) -> None:
    """Fill x12_line_match step by step, as long as a row is left."""
    intake.execute(text("x12/lines_by_number"))
    for step in (_BEST, *_STEPS):
        if not intake.holds("x12_left"):
            return
        intake.execute(_statement(step))
        intake.execute(
            "DELETE FROM x12_left USING x12_line_match m "
            "WHERE m.remit = x12_left.remit AND m.ordinal = x12_left.ordinal"
        )


def _statement(step: str) -> str:
    """The statement of one step."""
    first, *rest = step.split()
    if first.startswith("lines_"):
        return text(f"x12/{first}").format(key=" ".join(rest))
    equal = "IS NOT DISTINCT FROM" if step == _BEST else "="
    on = " AND ".join(f"a.{key} {'=' if key == 'charge' else equal} b.{key}" for key in (first, *rest))
    return text("x12/lines_in_order").format(keys=", ".join((first, *rest)), on=on)
