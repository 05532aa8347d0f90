"""What a service supposes of its encounter: the stage of care, the purpose, the patient.

Which services treat a fresh injury and which follow it up, which are screenings and for which diagnoses, which are of
organs of one sex, and with what modifiers 33 and PT go, are rows of reference tables with their sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd import sql
from cpticd.rules.registry import Rule
from cpticd.rules.wording import dotted, in_force, judged, within

if TYPE_CHECKING:
    from cpticd.rules.run import Run


def _services(run: Run) -> str:
    """Relation: one row per procedure code on the claims."""
    return run.scratch(
        "rule_billed_codes", "SELECT DISTINCT hcpcs_code FROM rule_lines WHERE hcpcs_code IS NOT NULL"
    )


def _codes(run: Run) -> str:
    """Relation: one row per diagnosis code on the claims, as it is written, with its seventh character."""
    return run.scratch(
        "rule_codes",
        f"""
        SELECT diagnosis_code, {dotted("diagnosis_code")} AS written, substr(diagnosis_code, 7, 1) AS seventh_character
        FROM (SELECT DISTINCT diagnosis_code FROM rule_diagnoses) every
        """,
    )


def _stages(run: Run) -> None:
    """Relations ``rule_staged_services`` (hcpcs_code, stage) and ``rule_staged_codes`` (diagnosis_code, written, role:
    injury, complication or aftercare; stage and not_with of an injury, by its seventh character)."""
    run.table("encounter_codes")
    run.table("seventh_characters")
    run.scratch(
        "rule_staged_services",
        f"""
        SELECT s.hcpcs_code, e.role AS stage, min(e.reason) AS reason
        FROM {_services(run)} s
        JOIN table_encounter_codes e ON e.role IN ('active treatment', 'healing') AND {within("s.hcpcs_code", "e")}
        GROUP BY s.hcpcs_code, e.role
        """,
    )
    run.scratch(
        "rule_staged_codes",
        f"""
        SELECT DISTINCT c.diagnosis_code, c.written, e.role, c.seventh_character, x.stage, x.not_with, x.meaning
        FROM {_codes(run)} c
        JOIN table_encounter_codes e ON e.role IN ('injury', 'complication', 'aftercare')
            AND {within("c.diagnosis_code", "e")}
        LEFT JOIN table_seventh_characters x ON x.seventh_character = c.seventh_character
        """,
    )


def encounter_conflict(run: Run) -> str:
    """Treatment of a fresh injury with a diagnosis of its healing, or follow-up with one of active treatment; the same
    injury in two stages on a claim for one day.

    No conflict: another injury that the line points to has a stage that fits, or a complication of care stands beside
    it; delayed healing, nonunion and malunion, which may be treated anew; treatment with modifier 55 (care after the
    operation alone). Source: ICD-10-CM Official Guidelines I.C.19.a.
    """
    _stages(run)
    release = judged("encounter_codes", "seventh_characters")
    return f"SELECT *, {release} AS release FROM ({sql.text('rules/encounter_conflict')}) f"


def aftercare_with_injury(run: Run) -> str:
    """An aftercare code beside an injury or fracture whose seventh character says the stage of care already.

    It stands on the lines that point to both; on the claim where the source has no pointers. Source: ICD-10-CM
    Official Guidelines I.C.21.c.7.
    """
    _stages(run)
    return (
        f"SELECT *, {judged('encounter_codes')} AS release FROM ({sql.text('rules/aftercare_with_injury')}) f"
    )


def screening_without_screening_diagnosis(run: Run) -> str:
    """A screening service that points to no diagnosis that makes it one.

    Source: each row of ``screening_services.csv`` (national coverage determinations, Medicare Claims Processing Manual
    chapter 18). A line that points to no diagnosis at all is found by the rules about pointers.
    """
    services = run.table("screening_services")
    return f"""
        WITH wanted AS MATERIALIZED (
            SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, l.service_date, min(s.source) AS source,
                max(s.effective_from) AS effective_from
            FROM rule_lines l
            JOIN {services} s ON s.procedure_code = l.hcpcs_code AND {in_force("s", "l.service_date")}
            GROUP BY l.claim_id, l.claim_line_number, l.hcpcs_code, l.service_date
        ),
        judged AS (
            SELECT w.claim_id, w.claim_line_number, w.hcpcs_code, w.source, w.effective_from, c.diagnosis_code,
                c.written, count(s.procedure_code) AS fitting
            FROM wanted w
            JOIN rule_pointed p ON p.claim_id = w.claim_id AND p.claim_line_number = w.claim_line_number
            JOIN {_codes(run)} c ON c.diagnosis_code = p.diagnosis_code
            LEFT JOIN {services} s ON s.procedure_code = w.hcpcs_code AND {in_force("s", "w.service_date")}
                AND starts_with(p.diagnosis_code, s.diagnosis_prefix)
            GROUP BY w.claim_id, w.claim_line_number, w.hcpcs_code, w.source, w.effective_from, c.diagnosis_code,
                c.written
        ),
        lines AS (
            SELECT claim_id, claim_line_number, hcpcs_code, source, effective_from,
                string_agg(diagnosis_code, ' ' ORDER BY diagnosis_code) AS diagnoses,
                string_agg(written, ', ' ORDER BY written) AS written
            FROM judged
            GROUP BY claim_id, claim_line_number, hcpcs_code, source, effective_from
            HAVING max(fitting) = 0
        )
        SELECT claim_id, claim_line_number, hcpcs_code || ' ' || diagnoses AS codes,
            hcpcs_code || ' is a screening; none of the diagnoses that the line points to is one for which it is done: '
                || written || '.' AS message,
            'diagnoses ' || written || '; ' || source AS evidence,
            {judged("screening_services")} AS release, effective_from AS effective_date
        FROM lines
    """


def screening_modifier_conflict(run: Run) -> str:
    """Modifier 33 or PT on a service that it does not go with, or without a diagnosis of screening or prevention.

    Source: each row of ``screening_modifiers.csv``.
    """
    table = run.table("screening_modifiers")
    run.scratch(
        "rule_screening_services",
        f"""
        SELECT DISTINCT s.hcpcs_code, m.modifier, m.role, m.reason
        FROM {_services(run)} s
        JOIN {table} m ON m.role <> 'diagnosis' AND {within("s.hcpcs_code", "m")}
        """,
    )
    run.scratch(
        "rule_screening_codes",
        f"""
        SELECT DISTINCT c.diagnosis_code, m.modifier
        FROM {_codes(run)} c
        JOIN {table} m ON m.role = 'diagnosis' AND {within("c.diagnosis_code", "m")}
        """,
    )
    release = judged("screening_modifiers")
    return f"SELECT *, {release} AS release FROM ({sql.text('rules/screening_modifier_conflict')}) f"


def procedure_sex_conflict(run: Run) -> str:
    """A procedure of the organs of one sex on a person of the other.

    Modifier KX says that the conflict is none (Medicare Claims Processing Manual chapter 32, 240); so does condition
    code 45 of institutional claims, which these tables do not have. A person whose sex is not known is not judged.
    Source: Integrated Outpatient Code Editor; retired for services from October 1, 2024 (``edit_rules.csv``).
    """
    run.scratch(
        "rule_sexed_services",
        f"""
        SELECT s.hcpcs_code, p.sex, min(p.reason) AS reason, min(p.source) AS source
        FROM {_services(run)} s
        JOIN {run.table("procedure_sex")} p ON {within("s.hcpcs_code", "p")}
        GROUP BY s.hcpcs_code, p.sex
        """,
    )
    return f"""
        SELECT l.claim_id, l.claim_line_number, l.hcpcs_code AS codes,
            l.hcpcs_code || ' is a service for a ' || s.sex || ' patient; the person is ' || l.sex || '.' AS message,
            'sex ' || l.sex || '; ' || s.reason || '; ' || s.source AS evidence,
            {judged("procedure_sex")} AS release, CAST(NULL AS DATE) AS effective_date
        FROM rule_lines l
        JOIN rule_sexed_services s ON s.hcpcs_code = l.hcpcs_code AND s.sex <> l.sex
        LEFT JOIN rule_modifiers m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
            AND m.modifier = 'KX'
        WHERE m.modifier IS NULL
    """


RULES: Final = (
    Rule("encounter_conflict", encounter_conflict),
    Rule("aftercare_with_injury", aftercare_with_injury),
    Rule("screening_without_screening_diagnosis", screening_without_screening_diagnosis),
    Rule("screening_modifier_conflict", screening_modifier_conflict),
    Rule("procedure_sex_conflict", procedure_sex_conflict),
)
