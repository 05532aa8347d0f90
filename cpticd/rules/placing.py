"""Where a diagnosis of a claim is found: on the lines that point to it, else on the claim as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpticd import sql

if TYPE_CHECKING:
    from cpticd.rules.run import Run


def placed(run: Run) -> str:
    """Relation with one row per place of an ICD-10-CM diagnosis: claim_id, claim_line_number (NULL: the claim),
    pointer_position, diagnosis_position, diagnosis_code, service_date (of the line, or on which the claim is judged).
    """
    return run.scratch("rule_placed", sql.text("rules/placed"))


def first(run: Run) -> str:
    """As ``placed``, of first diagnoses alone: the claim's first one, and the one that a line's first pointer names."""
    return f"(SELECT * FROM {placed(run)} WHERE diagnosis_position = 1 OR pointer_position = 1)"


def coded(run: Run) -> str:
    """Relation with one row per claim and diagnosis code that may be held against another: claim_id,
    diagnosis_position (the least), diagnosis_code, service_date.

    A stay's admitting diagnosis is sent with the others and is none of what was found: where the claim says what was
    present on admission, a diagnosis after the last one that does so is left out, unless its kind is exempt (V to Z).
    """
    return run.scratch("rule_coded", sql.text("rules/coded"))


def prefixes(run: Run) -> str:
    """Relation with one row per diagnosis code in use and beginning of it: diagnosis_code, prefix, length."""
    coded(run)
    return run.scratch("rule_code_prefixes", sql.text("rules/code_prefixes"))
