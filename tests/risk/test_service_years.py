"""Years of service that can be asked for: those with members and tables, the complete ones last."""

from __future__ import annotations

import pytest

from cpticd.core.errors import ArgumentError
from cpticd.risk.service_years import service_years
from tests.spec import claims_of

LINES = "claim_id | claim_line_number\nA | 1"
MEMBERS = "person_id | year | sex | birth_date\n" + "\n".join(
    f"p | {year} | F | 1950-01-01" for year in (2019, 2024, 2025, 2026)
)


@pytest.mark.parametrize(
    ("last", "expected"),
    [("2025-12-01", [2026, 2024, 2025]), ("2025-11-30", [2025, 2026, 2024]), ("", [2024, 2025, 2026])],
)
def test_years_that_claims_reach_the_end_of_come_last(last: str, expected: list[int]) -> None:
    claims = claims_of(
        claims=f"claim_id | person_id | claim_end_date\nA | p | {last}\nB | p |", lines=LINES, members=MEMBERS
    )
    found = service_years(claims)
    assert found == [year for year in expected if year in found]
    assert {2024, 2025} <= set(found)


def test_claims_without_members_are_refused() -> None:
    with pytest.raises(ArgumentError, match="the claims name no members"):
        service_years(claims_of(claims="claim_id\nA", lines=LINES))
