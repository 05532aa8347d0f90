"""Who is to be scored by a model: months of Medicare Part B (RxHCC: Part D), and end-stage renal disease.

CMS pays risk scores for beneficiaries of Part B (42 CFR 422.308); those with end-stage renal disease are paid by models
of their own; a new enrollee has fewer than twelve months of Part B in the data collection year, the service year.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cpticd import sql
from cpticd.core.session import Session
from cpticd.risk.hhs.tables import is_hhs

#: Columns of months that decide, the first that is known, by model; Part B alone for the others.
_DECIDING: Final = {"RxHCC V08": ("part_d_months", "part_b_months")}
_PARTS: Final = {"part_b_months": "Part B", "part_d_months": "Part D"}
_OWN_MODELS: Final = {
    "V24": "end-stage renal disease, which CMS pays by its ESRD models: model=''ESRD V24''",
    "ESRD V24": "no end-stage renal disease, without which CMS pays by V24 and V28",
}
#: The first payment year in which CMS pays a part of PACE by V28; before, V22 alone, and V22 nobody but PACE.
_V28_OF_PACE: Final = 2026
_DIED: Final = "died before the payment year, of which CMS pays no month"
_HOSPICE: Final = "in hospice in every month of the payment year, whom CMS pays without a risk score"
_BY_V22: Final = "a member of PACE, whom CMS does not pay by this model in the payment year, but by V22"


def reason(model: str, payment_year: str, own: str = "", later: str = "later_") -> str:
    """SQL: why CMS does not pay a person by this model; null where it does, or where nothing is known.

    ``payment_year`` is SQL. Columns with prefix ``own`` are of the service year (part_b_months, part_d_months, esrd,
    esrd_status, pace), those with ``later`` are months of the payment year.
    """
    parts, unknown = [], "TRUE"
    for column in _DECIDING.get(model, ("part_b_months",)):
        collected, paid = f"{own}{column}", f"{later}{column}"
        parts.append(
            f"WHEN {unknown} AND coalesce({collected}, {paid}) IS NOT NULL "
            f"AND coalesce({collected}, 0) = 0 AND coalesce({paid}, 0) = 0 "
            f"THEN 'no month of Medicare {_PARTS[column]} in the service year, and none known in the payment year'"
        )
        unknown += f" AND coalesce({collected}, {paid}) IS NULL"
    kidneys = f"(coalesce({own}esrd, FALSE) OR {own}esrd_status IS NOT NULL)"
    if model == "V22":
        parts.append(f"WHEN NOT {own}pace THEN 'no member of PACE, whom alone CMS pays by V22'")
    elif model == "V24":
        parts.append(f"WHEN {own}pace THEN '{_BY_V22}'")
    elif model == "V28":
        parts.append(f"WHEN {own}pace AND {payment_year} < {_V28_OF_PACE} THEN '{_BY_V22}'")
    if model in ("V22", "V24", "V28"):
        parts.append(f"WHEN {kidneys} THEN '{_OWN_MODELS['V24']}'")
    elif model == "ESRD V24":
        parts.append(f"WHEN {own}esrd IS NOT NULL AND NOT {kidneys} THEN '{_OWN_MODELS['ESRD V24']}'")
    return f"CASE {' '.join(parts)} END"


def without_months(model: str, payment_year: int) -> str:
    """SQL: why CMS pays no month of the payment year by a risk score; null where it does, or where nothing is known.

    This bears on scores, and on what is still to be reviewed for them. Shares and rates of a service year count such a
    person: he still had his conditions in it.
    """
    died = f"WHEN death_date < DATE '{payment_year}-01-01' THEN '{_DIED}'"
    # A hospice is paid apart, but for Part D.
    hospice = "" if model.startswith("Rx") else f"WHEN later_hospice_months >= 12 THEN '{_HOSPICE}'"
    return f"CASE {died} {hospice} END"


def load_unpaid(s: Session, model: str, payment_year: int) -> None:
    """Make ``unpaid``: one row per person of whom CMS pays no month of the payment year by a score, with the reason.

    HHS's models pay on the benefit year itself, in which such a person was enrolled: nobody is in it.
    """
    why = "NULL" if is_hhs(model) else without_months(model, payment_year)
    s.create("unpaid", sql.text("risk/unpaid"), payment_year=payment_year, reason=f"CAST({why} AS VARCHAR)")


def unpaid_of(s: Session) -> dict[str, int]:
    """How many persons of the service year ``asked`` about are paid for no month, by reason."""
    rows = s.rows(sql.text("risk/unpaid_of_year"))
    return {row["reason"]: int(row["persons"]) for row in rows}


def sentence(unpaid: Mapping[str, int], what: str) -> str:
    """Why persons are on no list of ``what``; empty where nobody is left out."""
    each = (f"{n:,} {'person' if n == 1 else 'persons'} {reason}" for reason, n in unpaid.items())
    return f"On no list of {what}: {'; '.join(each)}" if unpaid else ""


def load_outsiders(s: Session, model: str) -> None:
    """Make ``outsiders``: one row per person and service year whom the model does not pay, with the reason."""
    if is_hhs(model):
        s.create("outsiders", sql.text("risk/hhs_outsiders"))
        return
    s.create("outsiders", sql.text("risk/outsiders"), reason=reason(model, "m.year + 1", "m.", "n."))
