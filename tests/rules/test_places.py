"""Places of service against codes, services at a distance, revenue codes, and procedures for inpatients alone."""

from __future__ import annotations

import cpticd as cx
from tests.rules.services import found, services, table


def test_a_place_that_contradicts_the_code() -> None:
    claims = services("""
        claim  | line | code  | place | bill
        ward   | 1    | 99213 | 21    |
        office | 1    | 99213 | 11    |
        round  | 1    | 99232 | 11    |
        rounds | 1    | 99232 | 21    |
        urgent | 1    | 99284 | 20    |
        er     | 1    | 99284 | 23    |
        home   | 1    | 99348 | 11    |
        homes  | 1    | 99348 | 12    |
        video  | 1    | 99348 | 10    |
        none   | 1    | 99232 |       |
        car    | 1    | A0429 | 11    |
        cars   | 1    | A0429 | 41    |
        odd    | 1    | 99213 | 77    |
        house  | 1    | 99213 | 21    | 131
    """)
    expected = [
        "car/1 A0429 11",
        "home/1 99348 11",
        "round/1 99232 11",
        "urgent/1 99284 20",
        "ward/1 99213 21",
    ]
    assert found(claims, "service_in_wrong_place") == expected
    assert found(claims, "unknown_place_of_service") == ["odd/1 99213 77"]


def test_what_needs_hands_is_not_done_at_a_distance() -> None:
    claims = services("""
        claim | line | code  | modifiers | place
        joint | 1    | 20610 | RT 95     | 02
        shot  | 1    | 90471 |           | 10
        sound | 1    | 20610 | GT        | 11
        read  | 1    | 71046 | 26        | 02
        talk  | 1    | 99213 | 95        | 10
        mind  | 1    | 90834 | 95        | 10
        move  | 1    | 97110 | GP 95     | 10
        here  | 1    | 20610 | RT        | 11
        drug  | 1    | J3301 |           | 02
    """)
    expected = ["drug/1 J3301", "joint/1 20610 95", "shot/1 90471", "sound/1 20610 GT"]
    assert found(claims, "hands_on_service_by_telehealth") == expected


def test_modifier_and_place_of_telehealth_go_together() -> None:
    # Until the end of 2023 Medicare wanted the place where the visit would have been.
    claims = services("""
        claim  | line | day        | code  | modifiers | place | kind       | payer
        desk   | 1    | 2024-01-01 | 99213 | 95        | 11    |            | A
        then   | 1    | 2023-12-31 | 99213 | 95        | 11    |            | A
        ward   | 1    | 2024-01-01 | 99213 | 95        | 22    |            | A
        right  | 1    | 2024-01-01 | 99213 | 93        | 10    |            | A
        silent | 1    | 2024-01-01 | 99213 |           | 02    | commercial | B
        asked  | 1    | 2024-01-01 | 99213 |           | 02    | medicare   | C
        call   | 1    | 2025-01-01 | 98012 |           | 10    | commercial | B
    """)
    assert found(claims, "telehealth_modifier_without_place") == ["desk/1 99213 95"]
    assert found(claims, "telehealth_place_without_modifier") == ["silent/1 99213 02"]


def test_revenue_codes_that_need_a_procedure() -> None:
    claims = services("""
        claim | line | code  | revenue | bill | charge
        lab   | 1    |       | 0300    | 131  |
        lab   | 2    | 80053 | 0301    | 131  |
        lab   | 3    |       | 0250    | 131  |
        lab   | 4    |       | 0450    | 131  | 0.00
        stay  | 1    |       | 0300    | 111  |
    """)
    assert found(claims, "revenue_code_without_procedure") == ["lab/1 0300"]


def test_procedures_for_inpatients_alone() -> None:
    # 42 CFR 419.22(n): status C of Addendum B; CA: the patient died before he was admitted.
    claims = services("""
        claim | line | day        | code  | modifiers | bill | kind       | payer
        out   | 1    | 2026-05-04 | 27447 |           | 131  | medicare   | A
        ca    | 1    | 2026-05-04 | 27447 | CA        | 131  | medicare   | A
        in    | 1    | 2026-05-04 | 27447 |           | 111  | medicare   | A
        eve   | 1    | 2026-03-31 | 27447 |           | 131  | medicare   | A
        other | 1    | 2026-05-04 | 27447 |           | 131  | commercial | B
    """)
    opps = {
        "opps": table("code | status_indicator | effective_from | effective_to\n27447 | C | 2026-04-01 |")
    }
    assert found(claims, "inpatient_only_service", tables=opps) == ["out/1 27447"]
    (record,) = [
        row for row in cx.contract(cx.rules.check(claims, "inpatient_only_service", folder="nowhere")).records["rules"]
        if row["rule"] == "inpatient_only_service"
    ]  # fmt: skip
    assert record["status"] == "no table"
