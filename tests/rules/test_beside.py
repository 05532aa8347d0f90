"""What a service needs beside it or may not have: drugs, visits, vaccines, screenings; ages; days; provider numbers."""

from __future__ import annotations

import cpticd as cx
from tests.rules.diagnosed import judge
from tests.rules.services import found, services


def test_single_dose_drugs_say_whether_some_was_thrown_away() -> None:
    # Claims Processing Manual 17, 40: JW or JZ from 2023-07-01 on, at Medicare.
    claims = services("""
        claim | line | day        | code  | modifiers | kind       | payer
        none  | 1    | 2023-07-01 | J9271 |           | medicare   | A
        eve   | 1    | 2023-06-30 | J9271 |           | medicare   | A
        jz    | 1    | 2023-07-01 | J9271 | JZ        | medicare   | A
        used  | 1    | 2023-07-01 | J9271 |           | medicare   | A
        used  | 2    | 2023-07-01 | J9271 | JW        | medicare   | A
        multi | 1    | 2023-07-01 | J1100 |           | medicare   | A
        other | 1    | 2023-07-01 | J9271 |           | commercial | B
    """)
    assert found(claims, "single_dose_without_waste_modifier") == ["none/1 J9271"]


def test_complexity_is_not_paid_beside_modifier_25() -> None:
    # 2024: never; from 2025 on beside a preventive service of the day.
    claims = services("""
        claim | line | person | day        | code  | modifiers | kind       | payer
        old   | 1    | p1     | 2024-05-04 | 99213 | 25        | medicare   | A
        old   | 2    | p1     | 2024-05-04 | G2211 |           | medicare   | A
        old   | 3    | p1     | 2024-05-04 | G0439 |           | medicare   | A
        well  | 1    | p2     | 2025-01-01 | 99213 | 25        | medicare   | A
        well  | 2    | p2     | 2025-01-01 | G2211 |           | medicare   | A
        well  | 3    | p2     | 2025-01-01 | G0439 |           | medicare   | A
        cut   | 1    | p3     | 2025-01-01 | 99213 | 25        | medicare   | A
        cut   | 2    | p3     | 2025-01-01 | G2211 |           | medicare   | A
        cut   | 3    | p3     | 2025-01-01 | 11102 |           | medicare   | A
        plain | 1    | p4     | 2025-01-01 | 99213 |           | medicare   | A
        plain | 2    | p4     | 2025-01-01 | G2211 |           | medicare   | A
    """)
    expected = ["cut/2 99213 25 G2211", "old/2 99213 25 G2211"]
    assert found(claims, "complexity_beside_modifier_25") == expected


def test_vaccines_and_those_who_give_them() -> None:
    claims = services("""
        claim | line | person | code
        both  | 1    | p1     | 90686
        both  | 2    | p1     | 90471
        shelf | 1    | p2     | 90686
        hand  | 1    | p3     | G0008
        split | 1    | p4     | 91320
        other | 1    | p4     | 90480
        serum | 1    | p5     | 90384
    """)
    assert found(claims, "vaccine_without_administration") == ["shelf/1 90686"]
    assert found(claims, "administration_without_vaccine") == ["hand/1 G0008"]


def test_a_claim_is_not_compared_with_what_replaces_it() -> None:
    """The vaccine stood alone when it was sent, and the replacement that adds who gave it does not excuse that."""
    claims = services("""
        claim | line | person | code  | replaces
        alone | 1    | p1     | 90686 |
        whole | 1    | p1     | 90686 | alone
        whole | 2    | p1     | 90471 | alone
    """)
    assert found(claims, "vaccine_without_administration") == ["alone/1 90686"]


def test_clinicians_whose_specialty_is_not_known_make_it_a_warning() -> None:
    claims = services("""
        claim | person | day        | code  | modifiers | kind     | payer | rendering | specialty
        visit | p1     | 2025-01-01 | 99213 | 25        | medicare | A     | d1        |
        adds  | p1     | 2025-01-01 | G2211 |           | medicare | A     | d2        |
        same  | p2     | 2025-01-01 | 99213 | 25        | medicare | A     | d1        |
        also  | p2     | 2025-01-01 | G2211 |           | medicare | A     | d1        |
    """)
    rows = cx.rules.check(claims, "complexity_beside_modifier_25", quiet=True)
    assert dict(zip(rows["claim_id"], rows["severity"], strict=True)) == {"adds": "warning", "also": "error"}


def test_a_screening_that_became_treatment_says_so() -> None:
    claims = services("""
        claim | line | day        | code  | modifiers | kind       | payer | diagnosis | bill
        polyp | 1    | 2026-05-04 | 45385 |           | medicare   | A     | Z12.11    | 131
        said  | 1    | 2026-05-04 | 45385 | PT        | medicare   | A     | Z12.11    | 131
        sick  | 1    | 2026-05-04 | 45385 |           | medicare   | A     | K62.5     | 131
        only  | 1    | 2026-05-04 | 45378 |           | medicare   | A     | Z12.11    | 131
        other | 1    | 2026-05-04 | 45385 | 33        | commercial | B     | Z12.11    | 131
    """)
    assert found(claims, "screening_without_modifier") == ["polyp/1 45385 Z1211"]


def test_a_service_for_another_age() -> None:
    # Completed years on the day: 65 on the birthday. The licence of a product is a warning.
    claims = services("""
        claim  | line | day        | code  | born
        eve    | 1    | 2026-05-03 | 99397 | 1961-05-04
        day    | 1    | 2026-05-04 | 99397 | 1961-05-04
        before | 1    | 2026-05-03 | 99396 | 1961-05-04
        since  | 1    | 2026-05-04 | 99396 | 1961-05-04
        baby   | 1    | 2026-05-03 | 99391 | 2025-05-04
        one    | 1    | 2026-05-04 | 99391 | 2025-05-04
        flu    | 1    | 2026-05-04 | 90662 | 1980-01-01
        td     | 1    | 2026-05-04 | 90715 | 2020-05-04
        who    | 1    | 2026-05-04 | 99391 |
    """)
    rule = "service_of_another_age"
    assert found(claims, rule) == ["eve/1 99397", "flu/1 90662", "one/1 99391", "since/1 99396", "td/1 90715"]
    severity = cx.rules.check(claims, rule).set_index("claim_id")["severity"]
    assert severity[severity == "warning"].index.tolist() == ["flu"]


def test_services_lie_between_birth_and_death() -> None:
    claims = services("""
        claim | line | person | day        | code  | modifiers | born       | died
        early | 1    | p1     | 2026-05-03 | 99213 |           | 2026-05-04 |
        birth | 1    | p2     | 2026-05-04 | 99460 |           | 2026-05-04 |
        last  | 1    | p3     | 2026-05-04 | 99291 |           | 1950-01-01 | 2026-05-04
        late  | 1    | p4     | 2026-05-05 | 99291 |           | 1950-01-01 | 2026-05-04
        study | 1    | p5     | 2026-05-05 | 88305 |           | 1950-01-01 | 2026-05-04
        read  | 1    | p6     | 2026-05-05 | 71046 | 26        | 1950-01-01 | 2026-05-04
    """)
    assert found(claims, "service_before_birth") == ["early/1 99213"]
    assert found(claims, "service_after_death") == ["late/1 99291"]


def test_an_npi_ends_in_its_check_digit() -> None:
    # 1234567893 is the example of the standard; its last digit alone makes it one.
    claims = services("""
        claim | line | code  | billing    | rendering
        right | 1    | 99213 | 1234567893 | 1234567893
        wrong | 1    | 99213 | 1234567890 | 1234567893
        who   | 1    | 99213 | 1234567893 | 1234567894
        short | 1    | 99213 | 123456789  | 1234567893
        none  | 1    | 99213 | none       | none
    """)
    assert found(claims, "npi_check_digit") == [
        "short/nan 123456789",
        "who/1 1234567894",
        "wrong/nan 1234567890",
    ]


def test_pseudonyms_are_no_provider_numbers() -> None:
    rows = "\n".join(f"c{n} | 1 | 99213 | 10000{n:05d} | 10000{n:05d}" for n in range(50))
    assert not found(services(f"claim | line | code | billing | rendering\n{rows}"), "npi_check_digit")


def test_codes_that_stand_beside_another_one_and_never_first() -> None:
    judge("secondary_code_first", """
        case  | day        | codes           | lines | form       | found
        bmi   | 2026-05-04 | Z68.41 E66.01   | 1     |            | 1:Z6841
        germ  | 2026-05-04 | N39.0 B96.20    | 2     |            | 1:B9620
        right | 2026-05-04 | N39.0 B96.20    | 1 2   |            |
        drug  | 2026-05-04 | Z79.4 E11.9     | 2     |            | c:Z794
        point | 2026-05-04 | E11.9 Z79.4     | 2     |            |
        stay  | 2026-05-04 | Z68.41 E66.01   |       | inpatient  |
        poor  | 2026-05-04 | Z59.00 I10      | 1     |            | 1:Z5900
    """)  # fmt: skip


def test_a_bill_of_tests_may_begin_with_the_drug_for_which_they_are() -> None:
    claims = services("""
        claim | line | code  | diagnosis | bill
        lab   | 1    | 80053 | Z79.899   |
        visit | 1    | 99213 | Z79.899   |
    """)
    assert found(claims, "secondary_code_first") == ["visit/nan Z79899"]
