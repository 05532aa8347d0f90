"""Procedures that are not paid together: NCCI pairs, and visits on the day of a procedure.

Two lines are compared where person, clinician (``rules.clinician``), date and kind of bill are the same, across all
claims that stand; a claim is never compared with its own replacement. With indicator 1 an NCCI-associated modifier on
either line bypasses the pair (59 and X{EPSU} on column 1 from 2019-07-01 on), with 0 none does, and 9 is inactive. The
finding stands on the column 2 line, which is the one that is denied. Sources: Medicare NCCI Policy Manual, chapter I,
sections D and E; CMS Transmittal 2259; MLN901346.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.clinician import same
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run

#: SQL: a pair has found the visit ``g`` beside the procedure already.
_IN_PAIRS: Final = (
    "EXISTS (SELECT 1 FROM rule_ptp p WHERE p.claim_id = g.claim_id "
    "AND p.claim_line_number = g.claim_line_number AND p.column_1 = g.procedure_code)"
)


def services(run: Run) -> str:
    """One row per line of practitioners and hospital outpatient bills with a procedure: ``sql/rules/services.sql``."""
    run.table("modifiers")
    run.table("ncci_column_1_modifiers")
    return run.once("services")


def repeated(run: Run) -> str:
    """One row per person, procedure and day of more than one line: ``sql/rules/repeated.sql``."""
    services(run)
    return run.once("repeated")


def visits(run: Run) -> str:
    """One row per code on the lines that is a visit or another service face to face: ``sql/rules/visits.sql``."""
    services(run)
    run.table("visit_codes")
    return run.once("visits")


def global_days(run: Run) -> str:
    """One row per line in the global window of a procedure: ``sql/rules/global.sql``."""
    visits(run)
    run.table("global_windows")
    run.release("fee_schedule")
    return run.once("global", same=same("p", "o"))


def pairs(run: Run) -> str:
    """One row per column 2 line and column 1 code: ``sql/rules/ptp.sql``."""
    visits(run)
    run.release("ncci_ptp")
    run.once("ptp_edits")
    return run.once("ptp", same=same("f", "s"))


def component_of_other_service(run: Run) -> str:
    """A line that is column 2 of a pair, and no visit."""
    pairs(run)
    return sql.text("rules/component_of_other_service")


def visit_without_modifier_25(run: Run) -> str:
    """A visit beside a procedure that includes it, by NCCI pair or by the procedure's global days."""
    parts = []
    if run.has("ncci_ptp"):
        pairs(run)
        parts.append(sql.text("rules/visits_in_pairs"))
    if run.has("fee_schedule"):
        global_days(run)
        known = _IN_PAIRS if parts else "FALSE"
        parts.append(sql.text("rules/visits_in_global_days").format(known=known))
    return sql.text("rules/visit_without_modifier_25").format(beside=" UNION ALL ".join(parts))


RULES: Final[tuple[Rule, ...]] = (
    Rule("component_of_other_service", component_of_other_service, ("ncci_ptp",), doubtful=True),
    Rule(
        "visit_without_modifier_25",
        visit_without_modifier_25,
        ("ncci_ptp", "fee_schedule"),
        any_table=True,
        doubtful=True,
    ),
)
