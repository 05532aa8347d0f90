"""Where no claim can belong to a chain none is looked for: the relations are those that would have been found empty."""

from __future__ import annotations

import pytest

from cpticd import model, sql
from cpticd.claims import Claims
from tests.spec import claims_of


def _claims(person: str) -> Claims:
    """A denied visit and the same billed again, of ``person``."""
    return claims_of(
        claims=f"""
            claim_id | person_id | payer | claim_start_date | received_date | charge_amount
            A        | p1        | North | 2024-01-05       | 2024-01-08    | 100
            B        | {person}  | North | 2024-01-05       | 2024-03-08    | 100
        """,
        lines="""
            claim_id | claim_line_number | hcpcs_code | charge_amount
            A        | 1                 | 99213      | 100
            B        | 1                 | 99213      | 100
        """,
        adjudications="""
            claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount
            A        | 1                   | North | 2024-02-01 | 4                 | 100           | 0
            B        | 1                   | North | 2024-04-01 | 1                 | 100           | 80
        """,
        line_payments="""
            claim_id | adjudication_number | claim_line_number | charge_amount | paid_amount
            A        | 1                   | 1                 | 100           | 0
            B        | 1                   | 1                 | 100           | 80
        """,
        adjustments="""
            claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
            A        | 1                   | 1                 | 1                   | CO         | 16   | 100
        """,
    )


@pytest.mark.parametrize(("person", "chained"), [("p1", 2), ("p2", 0), ("", 0)])
def test_only_claims_of_one_person_are_a_chain(person: str, chained: int) -> None:
    with _claims(person).session() as s:
        assert s.value("SELECT count(*) FROM chains") == chained
        assert s.value("SELECT count(*) FROM services WHERE state = 'overturned'") == (chained > 0)


@pytest.mark.parametrize("person", ["p2", ""])
def test_what_is_not_looked_for_is_what_would_be_found(person: str) -> None:
    with _claims(person).session() as s:
        assert not s.value("SELECT count(*) FROM services WHERE state = 'overturned'")  # derives all
        for name, kinds in model._CHAINED.items():
            assert s.fetch(f"SELECT * FROM {name}").schema == kinds
            looked_for = s.fetch(sql.relation(name))
            assert (looked_for.num_rows, looked_for.schema) == (0, kinds), name
