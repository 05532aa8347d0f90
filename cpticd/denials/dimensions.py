"""By what lines can be grouped: names checked against a list, never pasted from a user's text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cpticd.core.errors import ArgumentError

#: SQL of each dimension over ``line_outcomes o``, ``claims c`` and ``lines l``.
LINE_DIMENSIONS: Final = {
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
    "service_month": "CAST(date_trunc('month', o.service_date) AS DATE)",
    "paid_quarter": "CAST(date_trunc('quarter', o.first_paid_date) AS DATE)",
    "paid_month": "CAST(date_trunc('month', o.first_paid_date) AS DATE)",
}
#: Dimensions that a claim has too.
CLAIM_DIMENSIONS: Final = {
    name: text for name, text in LINE_DIMENSIONS.items() if "l." not in text and name != "hcpcs_code"
}
#: The joins that the dimensions need.
LINE_JOINS: Final = (
    "LEFT JOIN claims c ON c.claim_id = o.claim_id "
    "LEFT JOIN lines l ON l.claim_id = o.claim_id AND l.claim_line_number = o.claim_line_number"
)
CLAIM_JOINS: Final = "LEFT JOIN claims c ON c.claim_id = o.claim_id"


def names(by: str | Sequence[str] | None, known: dict[str, str] = LINE_DIMENSIONS) -> list[str]:
    """The dimensions asked for; ArgumentError for one that is not known, or named twice."""
    wanted = [by] if isinstance(by, str) else list(by or [])
    unknown = [name for name in wanted if name not in known]
    if unknown or len({*wanted}) < len(wanted):
        raise ArgumentError(f"by={by!r}: expected distinct names out of {list(known)}")
    return wanted


def columns(wanted: list[str], known: dict[str, str] = LINE_DIMENSIONS) -> str:
    """``expression AS name, …,`` for a SELECT, or nothing."""
    return "".join(f"{known[name]} AS {name}, " for name in wanted)


def comma(wanted: list[str]) -> str:
    """``name, …,`` or nothing."""
    return "".join(f"{name}, " for name in wanted)
