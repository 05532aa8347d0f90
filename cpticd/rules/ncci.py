"""Procedures that are not paid together: NCCI pairs, and visits on the day of a procedure.

Two lines are compared where person, provider (rendering, else billing; of a hospital the billing one), date and kind of
bill are the same, across all claims that stand; a claim is never compared with its own replacement. With indicator 1 an
NCCI-associated modifier on either line bypasses the pair (59 and X{EPSU} on column 1 from 2019-07-01 on), with 0 none
does, and 9 is inactive. The finding stands on the column 2 line, which is the one that is denied.
Sources: Medicare NCCI Policy Manual, chapter I, sections D and E; CMS Transmittal 2259; MLN901346.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd import sql
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run

_EVIDENCE: Final = """
    'modifier indicator ' || modifier_indicator
        || CASE WHEN other_line IS NOT NULL THEN '; column 1 on line ' || other_line
                ELSE '; column 1 on claim ' || other_claim END
"""


def services(run: Run) -> str:
    """One row per line of practitioners and hospital outpatient bills with a procedure: ``sql/rule_services.sql``."""
    run.table("modifiers")
    run.table("ncci_column_1_modifiers")
    return run.scratch("rule_services", sql.text("rules/services"))


def visits(run: Run) -> str:
    """One row per code on the lines that is a visit or another service face to face: ``sql/rule_visits.sql``."""
    services(run)
    run.table("visit_codes")
    return run.scratch("rule_visits", sql.text("rules/visits"))


def global_hits(run: Run) -> str:
    """One row per line in the global window of a procedure: ``sql/rule_global.sql``."""
    visits(run)
    run.table("global_windows")
    run.release("fee_schedule")
    return run.scratch("rule_global_hits", sql.text("rules/global"))


def _pairs(run: Run) -> str:
    """One row per column 2 line and column 1 code: ``sql/rule_ptp.sql``."""
    visits(run)
    run.release("ncci_ptp")
    run.scratch("rule_ptp_edits", sql.text("rules/ptp_edits"))
    return run.scratch("rule_ptp_hits", sql.text("rules/ptp"))


def _component(run: Run) -> str:
    """SQL of lines that are column 2 of a pair and no visit."""
    return f"""
        SELECT claim_id, claim_line_number, column_1 || ' ' || column_2 AS codes,
            column_2 || ' is part of ' || column_1 || ' on the same day' ||
                CASE WHEN modifier_indicator = '0' THEN '; no modifier makes it payable'
                     ELSE ' unless a modifier says that it was separate' END AS message,
            {_EVIDENCE} AS evidence, 'NCCI pairs ' || release AS release, effective_date
        FROM {_pairs(run)} WHERE is_visit IS NULL OR NOT is_visit
    """


def _visit(run: Run) -> str:
    """SQL of visits beside a procedure that includes them, by NCCI pair or by the procedure's global days."""
    parts = []
    if run.has("ncci_ptp"):
        parts.append(f"""
            SELECT claim_id, claim_line_number, column_1, column_2, {_EVIDENCE} AS evidence,
                'NCCI pairs ' || release AS release, effective_date, modifier_indicator = '0' AS never
            FROM {_pairs(run)} WHERE is_visit
        """)
    if run.has("fee_schedule"):
        known = (
            f"""AND NOT EXISTS (SELECT 1 FROM {_pairs(run)} p WHERE p.claim_id = g.claim_id
                AND p.claim_line_number = g.claim_line_number AND p.column_1 = g.procedure_code)"""
            if parts
            else ""
        )
        parts.append(f"""
            SELECT claim_id, claim_line_number, procedure_code AS column_1, hcpcs_code AS column_2,
                'global days ' || global_days AS evidence, 'physician fee schedule ' || release AS release,
                effective_date, FALSE AS never
            FROM {global_hits(run)} g WHERE rule = 'visit_without_modifier_25' {known}
        """)
    return f"""
        SELECT claim_id, claim_line_number, column_1 || ' ' || column_2 AS codes,
            'visit ' || column_2 || ' on the day of ' || column_1 ||
                CASE WHEN never THEN ', with which it is never paid'
                     ELSE ' without a modifier that says that it was a service of its own' END AS message,
            evidence, release, effective_date
        FROM ({" UNION ALL ".join(parts)}) beside
    """


RULES: Final[tuple[Rule, ...]] = (
    Rule("component_of_other_service", _component, ("ncci_ptp",)),
    Rule("visit_without_modifier_25", _visit, ("ncci_ptp", "fee_schedule"), any_table=True),
)
