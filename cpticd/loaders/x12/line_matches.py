"""Which line of its claim each service row of a remittance answers: from the surest sign to the least sure.

Several rows may answer one line: parts that bear its number, parts whose charges add up to its charge, components of a
panel. Otherwise rows and lines are paired one to one, equals in order.
"""

from __future__ import annotations

from typing import Final

from cpticd.loaders.intake import Intake
from cpticd.sql import text

#: After the sender's line numbers: a statement of its own, or the facts in which a row and a line agree.
_STEPS: Final = (
    "code modifiers day charge", "lines_in_parts", "lines_of_panels", "code modifiers charge", "code day charge",
    "code charge", "lines_of_one", "code modifiers day", "code day", "code", "revenue charge", "charge day", "charge",
)  # fmt: skip
#: The facts in which a row and a line agree at best, also where both lack one.
_BEST: Final = "code modifiers revenue day charge units"


def match_lines(intake: Intake) -> None:
    """Fill x12_line_match step by step, as long as a row is left."""
    intake.execute(text("x12/lines_by_number"))
    for step in (_BEST, *_STEPS):
        if not intake.query("SELECT 1 AS one FROM x12_left LIMIT 1").num_rows:
            return
        intake.execute(text(f"x12/{step}") if step.startswith("lines_") else _paired(step))
        intake.execute(
            "DELETE FROM x12_left USING x12_line_match m "
            "WHERE m.remit = x12_left.remit AND m.ordinal = x12_left.ordinal"
        )


def _paired(step: str) -> str:
    """The statement that pairs rows and lines which agree in some facts."""
    equal = "IS NOT DISTINCT FROM" if step == _BEST else "="
    keys = step.split()
    on = " AND ".join(f"a.{key} {'=' if key == 'charge' else equal} b.{key}" for key in keys)
    return text("x12/lines_in_order").format(keys=", ".join(keys), on=on)
