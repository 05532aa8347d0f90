"""Does the diagnosis, or the procedure of a stay, go with the patient's age and sex?

By the lists of the Medicare Code Editor (CMS), with the ages of their time: newborn 0, pediatric 0 to 17, maternity 9
to 64 (12 to 55 for discharges before October 1, 2019), adult 15 to 124 completed years. CMS retired the sex conflict
for services from October 1, 2024 on. A patient whose age or sex is not known is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd.rules.mce import ages, definitions
from cpticd.rules.placing import placed
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run

_IN_FORCE: Final = (
    "p.service_date >= m.effective_from AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')"
)
_SEXES: Final = (
    "(VALUES ('Female_Only', 'female', 'male'), ('Male_Only', 'male', 'female')) s(edit, sex, other)"
)


def age_conflict(run: Run) -> str:
    """A diagnosis of newborns, children, mothers or adults at another age."""
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' is on Medicare''s list for ages ', CAST(a.age_from AS VARCHAR), ' to ',
                CAST(a.age_to AS VARCHAR), '; the patient was ', CAST(d.age AS VARCHAR)) AS message,
            concat('age ', CAST(d.age AS VARCHAR), '; list ', m.edit) AS evidence,
            m.release, greatest(m.effective_from, a.effective_from) AS effective_date
        FROM {placed(run)} p
        JOIN {definitions(run)} m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis' AND {_IN_FORCE}
        JOIN {ages(run)} a ON a.edit = m.edit AND p.service_date >= a.effective_from
            AND p.service_date <= coalesce(a.effective_to, DATE '9999-12-31')
        JOIN rule_diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
        WHERE d.age IS NOT NULL AND (d.age < a.age_from OR d.age > a.age_to)
    """


def sex_conflict(run: Run) -> str:
    """A diagnosis, or an ICD-10-PCS procedure, of one sex for a patient of the other."""
    lists = definitions(run)
    return f"""
        WITH coded AS (
            SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS code, 'diagnosis' AS code_type, p.service_date
            FROM {placed(run)} p
            UNION ALL
            SELECT o.claim_id, CAST(NULL AS INTEGER), o.procedure_code, 'procedure', c.service_date
            FROM procedures o
            JOIN rule_claims c ON c.claim_id = o.claim_id
        )
        SELECT p.claim_id, p.claim_line_number, p.code AS codes,
            concat(p.code, ' is on Medicare''s list for ', s.sex, ' patients; the patient is recorded as ', c.sex)
                AS message,
            concat('sex ', c.sex, '; list ', m.edit) AS evidence, m.release, m.effective_from AS effective_date
        FROM coded p
        JOIN {lists} m ON m.code = p.code AND m.code_type = p.code_type AND {_IN_FORCE}
        JOIN {_SEXES} ON s.edit = m.edit
        JOIN rule_claims c ON c.claim_id = p.claim_id
        WHERE c.sex = s.other
    """


RULES: Final[tuple[Rule, ...]] = (Rule("age_conflict", age_conflict), Rule("sex_conflict", sex_conflict))
