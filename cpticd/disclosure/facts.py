"""What claims give as facts: one row per person and combination of what the tables of a release are grouped by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Columns by which lines are grouped, named and written as the analyses write them.
KEYS: Final = {
    "payer": "o.payer",
    "claim_type": "coalesce(o.claim_type, '(unknown)')",
    "place": "o.place",
    "hcpcs_code": "coalesce(o.hcpcs_code, '(none)')",
    "revenue_center_code": "coalesce(l.revenue_center_code, '(none)')",
    "billing_npi": "coalesce(c.billing_npi, '(unknown)')",
    "rendering_npi": "coalesce(l.rendering_npi, c.billing_npi, '(unknown)')",
    "data_source": "coalesce(c.data_source, '(unknown)')",
    "service_year": "CAST(date_trunc('year', o.service_date) AS DATE)",
    "service_quarter": "CAST(date_trunc('quarter', o.service_date) AS DATE)",
    "service_week": "CAST(date_trunc('week', o.service_date) AS DATE)",
    "service_month": "CAST(date_trunc('month', o.service_date) AS DATE)",
    "paid_quarter": "CAST(date_trunc('quarter', o.first_paid_date) AS DATE)",
    "paid_week": "CAST(date_trunc('week', o.first_paid_date) AS DATE)",
    "paid_month": "CAST(date_trunc('month', o.first_paid_date) AS DATE)",
    "initial_outcome": "o.initial_outcome",
    "final_outcome": "o.final_outcome",
    "category": "o.denial_category",
    "carc": "o.denial_carc",
    "hcpcs_family": "h.hcpcs_family",
    "diagnosis_code": "p.diagnosis_code",
    "diagnosis_family": "f.diagnosis_family",
}
_LAST_DAY: Final = "(SELECT max(paid_date) FROM adjudications)"
#: Days after which a latest adjudication is taken for the last, as denials.rates has it unless told otherwise.
MATURITY_DAYS: Final = 90
#: Yes-or-no columns: of which lines a table speaks, or its numerators.
FLAGS: Final = {
    "adjudicated": "o.initial_outcome <> 'not adjudicated'",
    "denied": "o.initial_outcome = 'denied'",
    "partly_denied": "o.initial_outcome = 'partly denied'",
    "any_denied": "o.initial_outcome IN ('denied', 'partly denied')",
    "finally_adjudicated": "o.final_outcome <> 'not adjudicated'",
    "finally_denied": "o.final_outcome = 'denied'",
    "finally_partly_denied": "o.final_outcome = 'partly denied'",
    "mature": f"NOT coalesce(o.first_paid_date > {_LAST_DAY} - INTERVAL {MATURITY_DAYS} DAY, false)",
    "claim_adjudicated": "coalesce(k.initial_outcome, '') NOT IN ('', 'not adjudicated')",
    "claim_denied": "k.initial_outcome = 'denied'",
    "claim_partly_denied": "k.initial_outcome = 'partly denied'",
    "claim_finally_adjudicated": "coalesce(k.final_outcome, '') NOT IN ('', 'not adjudicated')",
    "claim_finally_denied": "k.final_outcome = 'denied'",
    "claim_finally_partly_denied": "k.final_outcome = 'partly denied'",
    "primary_pointer": "coalesce(p.is_primary, true)",
}
_JOINS: Final = {
    "c": "LEFT JOIN claims c ON c.claim_id = o.claim_id",
    "l": "LEFT JOIN lines l ON l.claim_id = o.claim_id AND l.claim_line_number = o.claim_line_number",
    "k": "LEFT JOIN claim_outcomes k ON k.claim_id = o.claim_id",
    "p": "LEFT JOIN pairs p ON p.claim_id = o.claim_id AND p.claim_line_number = o.claim_line_number",
    "h": "LEFT JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code",
    "f": "LEFT JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code",
}


def of_claims(
    claims: Claims, names: Iterable[str], *, more: Mapping[str, str] | None = None, join: str = ""
) -> pd.DataFrame:
    """One row per person and combination of ``names`` (:data:`KEYS`, :data:`FLAGS`) over service lines × diagnoses.

    Diagnoses are those that a line points to, and only looked up where a name asks for them. Lines of no known
    person count as one person's. ``more``: further columns, as SQL over ``o``, the line's outcome, and what ``join``
    adds. Raises ArgumentError for a name that is not there.
    """
    known = KEYS | FLAGS
    wanted = sorted(set(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ArgumentError(
            f"claims: no column {unknown} to group lines by; there are {list(known)}. "
            "Pass facts= of your own: one row per person and what else the table is grouped by"
        )
    used = {alias for name in wanted for alias in _JOINS if f"{alias}." in known[name]}
    if "f" in used:
        used.add("p")
    columns = ", ".join(["o.person_id", *(f"{known[name]} AS {name}" for name in wanted)])
    columns += "".join(f", {column} AS {name}" for name, column in (more or {}).items())
    joins = " ".join([*(text for alias, text in _JOINS.items() if alias in used), join])
    return to_frame(claims.engine.fetch(f"SELECT DISTINCT {columns} FROM line_outcomes o {joins}"))


def with_persons(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per row of ``frame``, which names claims (``claim_id``), with their ``person_id`` and ``payer``.

    Makes facts of findings, silent denials and other rows of claims: ``release.add(…, facts=with_persons(…))``.
    Columns that the frame has already stay. Raises ArgumentError where it has no ``claim_id``, or names a claim that
    is not there.
    """
    if "claim_id" not in frame.columns:
        raise ArgumentError(f"facts: no column 'claim_id' that names the claim; found {list(frame.columns)}")
    known = to_frame(claims.engine.fetch("SELECT claim_id, person_id, payer FROM claims")).set_index(
        "claim_id"
    )
    strange = frame.loc[~frame["claim_id"].isin(known.index), "claim_id"]
    if len(strange):
        raise ArgumentError(
            f"facts: {len(strange):,} rows name no claim of these, such as {strange.iloc[0]!r}"
        )
    wanted = [column for column in known.columns if column not in frame.columns]
    added = known.loc[frame["claim_id"], wanted].set_axis(frame.index)
    return pd.concat([frame, added], axis=1)
