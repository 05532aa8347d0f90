"""Services that come too soon: screenings, visits and procedures in a global period, new patients who are not new.

Sources: 42 CFR 410 and the national coverage determinations that ``frequency_limits.csv`` names; Medicare Claims
Processing Manual, chapter 12, 30.6.7 (new patients: seen by the practice, same specialty, within three years), 30.6.6
and 40 (global surgery), and chapter 18 (how months are counted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd import sql
from cpticd.rules.ncci import global_hits, services, visits
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run


def _too_frequent(run: Run) -> str:
    """SQL of services before the months have passed that must."""
    services(run)
    run.table("frequency_limits")
    found = run.scratch("rule_too_soon", sql.text("rules/frequency"))
    return f"""
        SELECT claim_id, claim_line_number,
            CASE WHEN last_code = hcpcs_code THEN hcpcs_code ELSE last_code || ' ' || hcpcs_code END AS codes,
            service || ' again on a date that comes too soon: ' || CASE
                WHEN months IS NULL THEN 'it is covered once in a lifetime'
                ELSE months || ' full months have to pass after the month of the last one' END AS message,
            'last on ' || strftime(last_date, '%Y-%m-%d') || '; code ' || last_code || '; claim ' || last_claim
                || coalesce('; covered again from ' || strftime(covered_from, '%Y-%m-%d'), '') AS evidence,
            'frequency limits, ' || source AS release, effective_date
        FROM {found}
    """


def _global_period(run: Run) -> str:
    """SQL of visits and procedures in the global period of an earlier procedure."""
    return f"""
        SELECT claim_id, claim_line_number, procedure_code || ' ' || hcpcs_code AS codes,
            service || ' ' || hcpcs_code || ' in the global period of ' || procedure_code
                || ' by the same clinician, without a modifier that says why' AS message,
            'procedure on ' || strftime(procedure_date, '%Y-%m-%d') || '; days after '
                || date_diff('day', procedure_date, service_date) || '; global days ' || global_days
                || '; modifiers that would say so ' || modifiers AS evidence,
            'physician fee schedule ' || release AS release, effective_date
        FROM {global_hits(run)} WHERE rule = 'global_period'
    """


def _seen_before(run: Run) -> str:
    """SQL of new-patient visits of patients whom the practice has seen within three years."""
    visits(run)
    found = run.scratch("rule_seen_before", sql.text("rules/new_patient"))
    return f"""
        SELECT claim_id, claim_line_number, last_code || ' ' || hcpcs_code AS codes,
            'new-patient visit ' || hcpcs_code || ' of a patient whom ' || CASE
                WHEN same_clinician THEN 'the same clinician'
                ELSE 'the practice (whether in the same specialty is not known)' END
                || ' saw within three years' AS message,
            'seen on ' || strftime(last_date, '%Y-%m-%d') || '; code ' || last_code || '; claim ' || last_claim
                AS evidence,
            '' AS release, NULL AS effective_date
        FROM {found}
    """


RULES: Final[tuple[Rule, ...]] = (
    Rule("too_frequent", _too_frequent),
    Rule("global_period", _global_period, ("fee_schedule",)),
    Rule("new_patient_seen_before", _seen_before),
)
