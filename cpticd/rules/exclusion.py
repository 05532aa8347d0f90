"""Do two diagnoses of one claim exclude each other?

An Excludes1 note says that two codes do not stand together, but for two conditions that have nothing to do with each
other (ICD-10-CM Official Guidelines, I.A.12.a), so that the rule warns and shows the note's words. The notes are read
from the tabular lists of FY2021, FY2025 and FY2026 (``icd10cm_notes``); a pair that FY2021 and FY2025 both have holds
in between. A note on a block or chapter concerns every code in it. Notes that name no code, or mean some of the
codes that they name, are not read: ``SOURCES.toml`` says how many. Codes of opposite sides are left alone. The
reason for the visit that an outpatient bill carries stands among its diagnoses and cannot be distinguished from them.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.placing import placed, prefixes, traits
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def excludes1(run: Run) -> str:
    """Two codes of a claim that a note keeps apart: on every line that points to either, else on the claim."""
    placed(run)
    prefixes(run)
    traits(run)
    run.table("icd10cm_notes")
    run.once("excluded_pairs")
    return sql.text("rules/excludes1")


RULES: Final[tuple[Rule, ...]] = (Rule("excludes1", excludes1),)
