"""Claims as the scorer's source: each person's facts of the payment year, and the diagnoses that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpticd.core.errors import InputError
from cpticd.risk.conditions import load_encounters
from cpticd.risk.inputs import Members, take_members

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.risk.run import Run

#: A person's facts are those of the payment year, or of the year before where his row of it is not there yet.
_MEMBERS = """
SELECT m.person_id, m.birth_date, m.sex, m.dual_status_code, m.original_reason_entitlement_code,
       m.long_term_institutional, m.new_enrollee, m.special_needs_plan, m.esrd
FROM members AS m
JOIN (
    SELECT person_id, max(year) AS year FROM members
    WHERE year BETWEEN {payment_year} - 1 AND {payment_year} GROUP BY person_id
) AS l ON l.person_id = m.person_id AND l.year = m.year
ORDER BY m.person_id
"""


def take_claims(run: Run, claims: Claims) -> Members:
    """The members of ``claims`` in the run's payment year; makes ``risk_diagnoses_in`` of the year before.

    Raises InputError where the claims have no members of that year or the one before.
    """
    service_year = run.payment_year - 1
    members = run.engine.fetch(_MEMBERS.format(payment_year=run.payment_year))
    if members.num_rows == 0:
        years = run.engine.fetch("SELECT DISTINCT year FROM members ORDER BY year").column(0).to_pylist()
        raise InputError(
            f"members: none of {service_year} or {run.payment_year} for payment_year={run.payment_year}; "
            f"found years {years}; load the table 'members' (cpticd.read_tables) or choose another payment_year"
        )
    load_encounters(run.engine, [service_year])
    run.created("risk_encounters")
    run.create(
        "risk_diagnoses_in",
        "SELECT DISTINCT person_id, diagnosis_code FROM risk_encounters WHERE counted",
    )
    return take_members(members)
