"""Years of service for which claims have members, whose scores can be asked for."""

from __future__ import annotations

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.risk import hcc_tables


def service_years(claims: Claims, model: str = "V28", *, dollars: bool = False) -> list[int]:
    """Years with members for which ``model`` has tables: those that claims do not reach the end of, then others.

    ``dollars``: the normalization that turns scores into payments is known as well. Payment is that of the year
    after, of HHS's models that of the year itself. Raises ArgumentError where no year has members.
    """
    with claims.session() as s:
        rows = s.rows(sql.text("risk/service_years"))
    if not rows:
        raise ArgumentError(
            "the claims name no members, whose age, sex and enrolment a risk score needs; load them with the claims: "
            'cx.read("claims/*.837", members="members.csv"), or claims.with_members("members.csv")'
        )
    known = [row for row in rows if _known(model, row["year"], dollars=dollars)]
    return [int(row["year"]) for row in sorted(known, key=lambda row: (row["complete"], row["year"]))]


def _known(model: str, year: int, *, dollars: bool) -> bool:
    """Whether the model has tables for the payment year of ``year``, for dollars its normalization too."""
    try:
        rates = hcc_tables.factors(model, hcc_tables.service_to_payment(model, year))
    except ArgumentError:
        return False
    return not (dollars and rates["normalization"].isna().any())
