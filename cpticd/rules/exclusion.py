"""Do two diagnoses of one claim exclude each other?

An Excludes1 note says that two codes do not stand together, but for two conditions that have nothing to do with each
other (ICD-10-CM Official Guidelines, I.A.12.a), so that the rule warns and shows the note's words. The notes are read
from the tabular lists of FY2021, FY2025 and FY2026 (``icd10cm_notes``); a pair that FY2021 and FY2025 both have holds
in between. A note on a block or chapter concerns every code in it. Notes that name no code, or mean some of the
codes that they name, are not read: ``SOURCES.toml`` says how many. Codes of opposite sides are left alone. The
reason for the visit that an outpatient bill carries stands among its diagnoses and cannot be told from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd import sql
from cpticd.reference import traits
from cpticd.rules.placing import coded, placed, prefixes
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run


def excludes1(run: Run) -> str:
    """Two codes of a claim that a note keeps apart: on every line that points to either, else on the claim."""
    coded(run)
    prefixes(run)
    run.table("icd10cm_notes")
    run.load("rule_traits", traits.diagnosis)
    found = run.scratch("rule_excludes1", sql.text("rules/excludes1"))
    return f"""
        WITH places AS (
            SELECT DISTINCT f.claim_id, p.claim_line_number, f.one, f.two, f.stands_at, f.text, f.effective_from
            FROM {found} f
            JOIN {placed(run)} p ON p.claim_id = f.claim_id AND p.diagnosis_code IN (f.one, f.two)
        ),
        known AS (
            SELECT *, max(claim_line_number) OVER (PARTITION BY claim_id, one, two) AS some_line FROM places
        )
        SELECT claim_id, claim_line_number, concat(one, ' ', two) AS codes,
            concat(one, ' and ', two, ' exclude each other by the note at ', stands_at,
                ', unless the two conditions are unrelated') AS message,
            concat('note ', text) AS evidence,
            'icd10cm_notes FY2021 to FY2026' AS release, effective_from AS effective_date
        FROM known
        WHERE claim_line_number IS NOT NULL OR some_line IS NULL
    """


RULES: Final[tuple[Rule, ...]] = (Rule("excludes1", excludes1),)
