"""Claims as the scorer's source: each person's facts of the payment year, and the diagnoses that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpticd import reference
from cpticd.errors import InputError
from cpticd.risk.conditions import load_encounters

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.risk.run import Run

#: A person's facts are those of the payment year, or of the year before where his row of it is not there yet.
_MEMBERS = """
SELECT m.person_id, CAST(NULL AS DECIMAL(18,3)) AS age, m.birth_date, m.sex, m.dual_status_code,
       m.original_reason_entitlement_code, m.long_term_institutional, m.new_enrollee, m.special_needs_plan, m.esrd,
       CAST(NULL AS VARCHAR) AS esrd_status, CAST(NULL AS DECIMAL(18,3)) AS graft_months,
       CAST(NULL AS BOOLEAN) AS low_income_subsidy, CAST(NULL AS VARCHAR) AS part_d_channel
FROM members AS m
JOIN (
    SELECT person_id, max(year) AS year FROM members
    WHERE year BETWEEN {payment_year} - 1 AND {payment_year} GROUP BY person_id
) AS l ON l.person_id = m.person_id AND l.year = m.year
"""


def take_claims(run: Run, claims: Claims) -> None:
    """Make ``risk_members_in`` and ``risk_diagnoses_in`` of ``claims`` for the run's payment year.

    Raises InputError where the claims have no members of that year or the one before.
    """
    service_year = run.payment_year - 1
    run.create("risk_members_in", _MEMBERS.format(payment_year=run.payment_year))
    run.load("risk_dual_codes", reference.table("dual_status_codes"))
    if run.engine.fetch("SELECT person_id FROM risk_members_in LIMIT 1").num_rows == 0:
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
