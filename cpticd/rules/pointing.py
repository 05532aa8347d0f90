"""Does every line say what was done and why, and does every claim have lines and a diagnosis?

A source without pointers (institutional claims, flat files that list a claim's diagnoses alone) is not asked for
them, and one without lines or without diagnoses (a file of stays, a remittance alone) is not asked for those: what a
file cannot say, it does not lack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run

#: A claim that takes another one back needs no more than its number.
_VOID: Final = "8"


def missing_pointer(run: Run) -> str:
    """A line that points to no diagnosis, on a claim that has one, of a source that has pointers."""
    return """
        SELECT l.claim_id, l.claim_line_number, coalesce(l.hcpcs_code, '') AS codes,
            'the line points to no diagnosis of the claim' AS message,
            concat('diagnoses on the claim ', CAST(d.diagnoses AS VARCHAR)) AS evidence,
            '' AS release, CAST(NULL AS DATE) AS effective_date
        FROM rule_lines l
        JOIN (SELECT claim_id, count(*) AS diagnoses FROM diagnoses GROUP BY claim_id) d ON d.claim_id = l.claim_id
        LEFT JOIN (SELECT DISTINCT claim_id, claim_line_number FROM pointers) p
            ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
        WHERE l.has_pointers AND l.claim_type = 'professional' AND p.claim_id IS NULL
    """


def pointer_past_diagnoses(run: Run) -> str:
    """A pointer to a position at which the claim has no diagnosis."""
    return """
        SELECT p.claim_id, p.claim_line_number, coalesce(l.hcpcs_code, '') AS codes,
            concat('pointer ', CAST(p.pointer_position AS VARCHAR), ' names position ',
                CAST(p.diagnosis_position AS VARCHAR), ', where the claim has no diagnosis') AS message,
            concat('position ', CAST(p.diagnosis_position AS VARCHAR), '; last diagnosis of the claim ',
                CAST(n.last_position AS VARCHAR)) AS evidence,
            '' AS release, CAST(NULL AS DATE) AS effective_date
        FROM pointers p
        JOIN rule_lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
        JOIN (SELECT claim_id, max(diagnosis_position) AS last_position FROM diagnoses GROUP BY claim_id) n
            ON n.claim_id = p.claim_id
        LEFT JOIN diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
        WHERE d.claim_id IS NULL
    """


def _without(table: str, message: str) -> str:
    """Claims that have no row in a table, of a source and type of claim that has some."""
    return f"""
        WITH there AS (SELECT DISTINCT claim_id FROM {table}),
        sources AS (
            SELECT DISTINCT coalesce(c.data_source, '') AS data_source, c.claim_type
            FROM rule_claims c
            JOIN there t ON t.claim_id = c.claim_id
        )
        SELECT c.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, '' AS codes, '{message}' AS message,
            concat('claim of ', coalesce(CAST(c.service_date AS VARCHAR), 'an unknown day')) AS evidence,
            '' AS release, CAST(NULL AS DATE) AS effective_date
        FROM rule_claims c
        JOIN claims o ON o.claim_id = c.claim_id
        JOIN sources s ON s.data_source = coalesce(c.data_source, '') AND s.claim_type = c.claim_type
        LEFT JOIN there t ON t.claim_id = c.claim_id
        WHERE t.claim_id IS NULL
            AND coalesce(o.claim_frequency_code, substr(o.bill_type_code, 3, 1), '1') <> '{_VOID}'
    """


def claim_without_diagnosis(run: Run) -> str:
    """A claim without any diagnosis, of whatever code set."""
    return _without("diagnoses", "the claim has no diagnosis")


def claim_without_lines(run: Run) -> str:
    """A claim without any service line."""
    return _without("lines", "the claim has no service line")


def line_without_procedure(run: Run) -> str:
    """A professional line without a procedure code; an institutional one with neither that nor a revenue code."""
    return """
        SELECT l.claim_id, l.claim_line_number, '' AS codes,
            CASE WHEN l.claim_type = 'professional' THEN 'the line has no procedure code'
                 ELSE 'the line has neither a procedure code nor a revenue code' END AS message,
            concat('charge ', coalesce(CAST(l.charge_amount AS VARCHAR), 'not told')) AS evidence,
            '' AS release, CAST(NULL AS DATE) AS effective_date
        FROM rule_lines l
        WHERE l.hcpcs_code IS NULL AND (l.claim_type = 'professional' OR l.revenue_center_code IS NULL)
    """


RULES: Final[tuple[Rule, ...]] = (
    Rule("missing_pointer", missing_pointer),
    Rule("pointer_past_diagnoses", pointer_past_diagnoses),
    Rule("claim_without_diagnosis", claim_without_diagnosis),
    Rule("claim_without_lines", claim_without_lines),
    Rule("line_without_procedure", line_without_procedure),
)
