"""Does every line say what was done and why, and does every claim have lines and a diagnosis?

A source without pointers (institutional claims, flat files that list a claim's diagnoses alone) is not asked for
them, and one without lines or without diagnoses (a file of stays, a remittance alone) is not asked for those: what a
file cannot say, it does not lack.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def missing_pointer(run: Run) -> str:
    """A line that points to no diagnosis, on a claim that has one, of a source that has pointers."""
    return sql.text("rules/missing_pointer")


def pointer_past_diagnoses(run: Run) -> str:
    """A pointer to a position at which the claim has no diagnosis."""
    return sql.text("rules/pointer_past_diagnoses")


def claim_without_diagnosis(run: Run) -> str:
    """A claim without any diagnosis, of whatever code set."""
    return sql.text("rules/claim_without").format(table="diagnoses", message="the claim has no diagnosis")


def claim_without_lines(run: Run) -> str:
    """A claim without any service line."""
    return sql.text("rules/claim_without").format(table="lines", message="the claim has no service line")


def line_without_procedure(run: Run) -> str:
    """A professional line without a procedure code; an institutional one with neither that nor a revenue code."""
    return sql.text("rules/line_without_procedure")


RULES: Final[tuple[Rule, ...]] = (
    Rule("missing_pointer", missing_pointer),
    Rule("pointer_past_diagnoses", pointer_past_diagnoses),
    Rule("claim_without_diagnosis", claim_without_diagnosis),
    Rule("claim_without_lines", claim_without_lines),
    Rule("line_without_procedure", line_without_procedure),
)
