"""The same service twice: on a claim, and on two claims.

Two lines are the same where person, payer, clinician, place, procedure, modifiers, days, revenue code and drug code
are: of equal units and charge for certain, of others perhaps. Modifiers that say that a service was done again, or
apart (76, 77, 91, 59, XE, XP, XS, XU, 27), explain it. A claim and what replaces it, or bills it again after a denial,
are one; a claim that another one takes back, or whose decision was reversed, does not stand; a claim to a second payer
is no copy. Source: Medicare Claims Processing Manual, chapter 1, 120 (exact and suspect duplicates).
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.ncci import repeated
from cpticd.rules.placing import coded
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def _billed(run: Run) -> None:
    """Relation ``rule_billed``: one row per line that may stand twice."""
    repeated(run)
    run.once("billed")


def duplicate_line(run: Run) -> str:
    """A line that says what an earlier line of its claim says."""
    _billed(run)
    return sql.text("rules/duplicate_line")


def duplicate_claim(run: Run) -> str:
    """A line, or a claim as a whole, that another claim to the same payer bills already."""
    _billed(run)
    return sql.text("rules/duplicate_claim")


def duplicate_diagnosis(run: Run) -> str:
    """A diagnosis that stands on a claim more than once. Source: ICD-10-CM Official Guidelines I.B.12."""
    coded(run)
    return sql.text("rules/duplicate_diagnosis")


RULES: Final[tuple[Rule, ...]] = (
    Rule("duplicate_line", duplicate_line, doubtful=True),
    Rule("duplicate_claim", duplicate_claim, doubtful=True),
    Rule("duplicate_diagnosis", duplicate_diagnosis),
)
