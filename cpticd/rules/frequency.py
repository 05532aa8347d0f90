"""Services that come too soon: screenings, visits and procedures in a global period, new patients who are not new.

Sources: 42 CFR 410 and the national coverage determinations that ``frequency_limits.csv`` names; Medicare Claims
Processing Manual, chapter 12, 30.6.7 (new patients: seen by the practice, same specialty, within three years), 30.6.6
and 40 (global surgery), and chapter 18 (how months are counted).
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.clinician import same
from cpticd.rules.ncci import global_days, services, visits
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def too_frequent(run: Run) -> str:
    """A service before the months have passed that must."""
    services(run)
    run.table("frequency_limits")
    return sql.text("rules/too_frequent")


def global_period(run: Run) -> str:
    """A visit or procedure in the global period of an earlier procedure."""
    global_days(run)
    return sql.text("rules/global_period")


def new_patient_seen_before(run: Run) -> str:
    """A new-patient visit of a patient whom the practice has seen within three years."""
    visits(run)
    return sql.text("rules/new_patient_seen_before").format(same=same("s", "f"))


RULES: Final[tuple[Rule, ...]] = (
    Rule("too_frequent", too_frequent),
    Rule("global_period", global_period, ("fee_schedule",), doubtful=True),
    Rule("new_patient_seen_before", new_patient_seen_before, doubtful=True),
)
