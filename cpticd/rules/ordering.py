"""Does the order of the diagnoses hold: what may not come first, what may only come first, what comes before what?

First is the claim's first diagnosis, and on a professional line the one that its first pointer names. What a note
"code first" or "use additional code" asks for is read from the tabular list (``icd10cm_notes``): notes that ask under a
condition ("if known") are not judged, and where the codes of a note are examples, any diagnosis before this one
satisfies it. These two inform; a claim cannot show what the record says.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from cpticd import reference, sql
from cpticd.rules.mce import definitions
from cpticd.rules.placing import coded, first, placed, prefixes, traits
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run

_MANIFESTATION: Final = "in diseases classified elsewhere"


def manifestation_first(run: Run) -> str:
    """A code "in diseases classified elsewhere", or on the code editor's list of manifestations, that comes first."""
    first(run)
    definitions(run)
    run.load("rule_manifestations", _manifestations)
    return sql.text("rules/manifestation_first").format(title=_MANIFESTATION)


def _manifestations() -> pa.Table:
    found = reference.table("icd10cm").select(["code", "title"])
    return found.filter(pa.compute.match_substring(found["title"], _MANIFESTATION, ignore_case=True)).select(
        ["code"]
    )


def external_cause_first(run: Run) -> str:
    """A code of chapter 20 (V00 to Y99) that comes first."""
    first(run)
    return sql.text("rules/external_cause_first")


def sequela_first(run: Run) -> str:
    """An injury or poisoning with the 7th character S that comes first: what is left of it stands before it."""
    first(run)
    traits(run)
    return sql.text("rules/sequela_first")


def secondary_code_first(run: Run) -> str:
    """A code that may only stand beside another one (Z68, Z79, B95 to B97, …), as first diagnosis of a claim or line.

    Stays are judged by the code editor's list (``unacceptable_principal``).
    """
    first(run)
    run.table("secondary_codes")
    return sql.text("rules/secondary_first")


def first_listed_only(run: Run) -> str:
    """A Z code that may only be first-listed, in another position of the claim.

    Not where the claim's first diagnosis is itself one of them: of encounters on one day that are billed together
    each has its own, which the guideline allows.
    """
    placed(run)
    run.table("first_listed_codes")
    return sql.text("rules/first_listed_only")


def code_first_missing(run: Run) -> str:
    """A note "code first" at the code or above it, and nothing before it on the claim that the note asks for."""
    return _asked(run, "code first", "asks for another code before it, and none that it names stands there")


def use_additional_missing(run: Run) -> str:
    """A note "use additional code" at the code or above it, and none of the codes that it names on the claim."""
    return _asked(
        run, "use additional", "asks for an additional code, and none that it names is on the claim"
    )


def _asked(run: Run, note: str, says: str) -> str:
    """SQL of the places of diagnoses whose note nothing on the claim satisfies."""
    placed(run)
    prefixes(run)
    run.table("icd10cm_notes")
    run.table("note_conditions")
    run.once("notes_unmet")
    return sql.text("rules/note_unmet").format(note=note, says=says)


def unacceptable_principal(run: Run) -> str:
    """Medicare Code Editor, edit 9: a principal diagnosis that is a circumstance, or that needs a secondary one."""
    definitions(run)
    coded(run)
    return sql.text("rules/unacceptable_principal")


def questionable_admission(run: Run) -> str:
    """Medicare Code Editor, edit 8: a principal diagnosis that by itself seldom needs a stay."""
    definitions(run)
    return sql.text("rules/questionable_admission")


def duplicate_principal(run: Run) -> str:
    """Medicare Code Editor, edit 3: the principal diagnosis once more as a secondary one.

    An admitting diagnosis that is sent along is not held against it (``placing.coded``); on a stay that nowhere says
    what was present on admission, a repetition in the last place may be one and is left alone.
    """
    return sql.text("rules/duplicate_principal")


RULES: Final[tuple[Rule, ...]] = (
    Rule("manifestation_first", manifestation_first),
    Rule("external_cause_first", external_cause_first),
    Rule("sequela_first", sequela_first),
    Rule("first_listed_only", first_listed_only),
    Rule("secondary_code_first", secondary_code_first, doubtful=True),
    Rule("code_first_missing", code_first_missing),
    Rule("use_additional_missing", use_additional_missing),
    Rule("unacceptable_principal", unacceptable_principal),
    Rule("duplicate_principal", duplicate_principal),
    Rule("questionable_admission", questionable_admission),
)
