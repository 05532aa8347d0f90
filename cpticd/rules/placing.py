"""Where a diagnosis of a claim is found: on the lines that point to it, else on the claim as a whole."""

from __future__ import annotations

from cpticd.reference import traits as diagnosis_traits
from cpticd.rules.run import Run
from cpticd.rules.wording import dotted


def placed(run: Run) -> str:
    """Relation with one row per place of an ICD-10-CM diagnosis: claim_id, claim_line_number (NULL: the claim),
    pointer_position, diagnosis_position, diagnosis_code, service_date (of the line, or on which the claim is judged).
    """
    return run.once("placed")


def first(run: Run) -> str:
    """As ``placed``, of first diagnoses alone: the claim's first one, and the one that a line's first pointer names."""
    placed(run)
    return run.once("first")


def coded(run: Run) -> str:
    """Relation with one row per claim and diagnosis code that may be held against another: claim_id,
    diagnosis_position (the least), diagnosis_code, service_date.

    A stay's admitting diagnosis is sent with the others and was not found: where the claim says what was
    present on admission, a diagnosis after the last one that does so is left out, unless its kind is exempt (V to Z).
    """
    return run.once("coded")


def prefixes(run: Run) -> str:
    """Relation with one row per diagnosis code in use and beginning of it: diagnosis_code, prefix, length."""
    coded(run)
    return run.once("code_prefixes")


def codes(run: Run) -> str:
    """Relation with one row per diagnosis code on the claims: diagnosis_code, written, seventh_character."""
    return run.once("codes", written=dotted("diagnosis_code"))


def traits(run: Run) -> str:
    """Relation with one row per diagnosis code: what ``reference.traits`` says of it."""
    return run.load("rule_traits", diagnosis_traits.diagnosis)
