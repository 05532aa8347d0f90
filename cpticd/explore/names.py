"""Names beside the NPIs of providers, where a column that the user brought along has them."""

from __future__ import annotations

from typing import Final

from cpticd.claims import Claims

#: Columns of a user's own that name the provider of a dimension, the likeliest first.
_COLUMNS: Final = {
    "billing_npi": ("billing_provider_name", "billing_name", "provider_name", "practice_name"),
    "provider": ("billing_provider_name", "billing_name", "provider_name", "practice_name"),
    "rendering_npi": ("rendering_provider_name", "rendering_name", "clinician_name", "provider_name"),
    "facility": ("facility_name", "service_facility_name", "hospital_name"),
}  # fmt: skip


def of_npis(claims: Claims, dimension: str) -> dict[str, str]:
    """The name of each NPI of a dimension: the most frequent one, of equals the first; none of other dimensions."""
    known = claims.known_dimensions()
    column = next((name for name in _COLUMNS.get(dimension, ()) if name in known), None)
    if column is None:
        return {}
    groups = claims.grouping([dimension, column])
    with claims.session() as s:
        found = s.rows(
            f"SELECT {groups.select} count(*) AS n FROM line_outcomes o {groups.joins} {groups.group} "
            f"ORDER BY n, {column} DESC"
        )
    return {row[dimension]: row[column] for row in found if row[column] != "(none)"}
