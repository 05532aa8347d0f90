"""Therapy: modifiers of the plan of care, the threshold of the year, units of timed and untimed services."""

from __future__ import annotations

import cpticd as cx
from tests.rules.services import found, services
from tests.spec import claims_of


def test_therapy_names_its_discipline() -> None:
    # Claims Processing Manual 5, 20.1: services that are always therapy have GP, GO or GN.
    claims = services("""
        claim | line | day        | code  | modifiers
        none  | 1    | 2026-05-04 | 97110 |
        plan  | 1    | 2026-05-04 | 97110 | GP 59
        wrong | 1    | 2026-05-04 | 97161 | GO
        right | 1    | 2026-05-04 | 97165 | GO
        talk  | 1    | 2026-05-04 | 92523 | GP
        wound | 1    | 2026-05-04 | 97597 |
        eve   | 1    | 2016-12-31 | 97161 |
        first | 1    | 2017-01-01 | 97161 |
    """)
    expected = ["first/1 97161", "none/1 97110", "talk/1 92523 GP", "wrong/1 97161 GO"]
    assert found(claims, "therapy_without_discipline") == expected


def test_units_of_services_that_are_one_a_day_and_of_timed_ones() -> None:
    # 5, 20.2: untimed services are one unit; 17 units of 15 minutes are more than four hours.
    claims = services("""
        claim | line | person | code  | modifiers | units
        eval  | 1    | p1     | 97161 | GP        | 3
        one   | 1    | p2     | 97161 | GP        | 1
        timed | 1    | p3     | 97110 | GP        | 3
        day   | 1    | p4     | 97110 | GP        | 9
        day   | 2    | p4     | 97530 | GP        | 8
        edge  | 1    | p5     | 97110 | GP        | 16
        mins  | 1    | p6     | 97140 | GP        | 30
    """)
    assert found(claims, "units_of_untimed_service") == ["eval/1 97161"]
    assert found(claims, "units_of_timed_service") == ["day/1 97110", "day/2 97530", "mins/1 97140"]


def test_a_version_that_was_replaced_has_the_units_of_its_own() -> None:
    claims = services("""
        claim | line | person | code  | modifiers | units | replaces
        old   | 1    | p1     | 97110 | GP        | 4     |
        new   | 1    | p1     | 97110 | GP        | 30    | old
    """)
    assert found(claims, "units_of_timed_service") == ["new/1 97110"]


def test_therapy_over_the_threshold_of_the_year_has_kx() -> None:
    # 2025: 2,410 dollars of physical and speech therapy together; occupational therapy by itself.
    def line(number: int, day: str, modifiers: str) -> str:
        first, _, second = modifiers.partition(" ")
        return f"{number} | 1 | {day} | 97110 | {first} | {second} | 1300.00 | 1"

    lines = [("2025-02-01", "GP"), ("2025-03-01", "GN"), ("2025-04-01", "GP"), ("2025-05-01", "GP KX"),
             ("2025-06-01", "GO"), ("2024-12-31", "GP"), ("2025-07-01", "GP"), ("2025-08-01", "GN"),
             ("2025-08-02", "GP KX"), ("2025-09-01", "GO")]  # fmt: skip
    decided = range(6)  # the 7th and those after it wait for a decision
    claims = claims_of(
        claims="claim_id | claim_type | person_id | payer | payer_kind | claim_start_date\n"
        + "\n".join(f"{n} | professional | p | M | medicare | {day}" for n, (day, _) in enumerate(lines)),
        lines="claim_id | claim_line_number | claim_line_start_date | hcpcs_code | hcpcs_modifier_1 | hcpcs_modifier_2 | "
        "charge_amount | service_unit_quantity\n"
        + "\n".join(line(n, day, modifiers) for n, (day, modifiers) in enumerate(lines)),
        adjudications="claim_id | adjudication_number | payer | paid_date | claim_status_code | charge_amount | paid_amount\n"
        + "\n".join(f"{n} | 1 | M | 2025-12-01 | 1 | 1300.00 | 1300.00" for n in decided),
        line_payments="claim_id | adjudication_number | service_number | claim_line_number | hcpcs_code | charge_amount | "
        "allowed_amount | paid_amount\n"
        + "\n".join(f"{n} | 1 | 1 | 1 | 97110 | 1300.00 | 1300.00 | 1300.00" for n in decided),
    )
    rows = cx.rules.check(claims, "therapy_over_threshold")
    assert rows["claim_id"].tolist() == ["1", "2", "6", "7"]
    assert rows["evidence"].iloc[0] == "allowed in the year so far 2600.00"
