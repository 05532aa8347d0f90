"""Services too soon after another: months, three years, global days."""

from __future__ import annotations

import cpticd as cx
from tests.rules.services import found, services, table
from tests.spec import claims_of

OFTEN, GLOBAL, NEW = "too_frequent", "global_period", "new_patient_seen_before"


def test_full_months_pass_after_the_month_of_the_last_service() -> None:
    # 42 CFR 410.34: eleven full months after the month of the last screening mammography: March 2024, then March 2025.
    claims = services("""
        claim    | person | day        | code  | modifiers
        soon_a   | p1     | 2024-03-31 | 77067 |
        soon_b   | p1     | 2025-02-28 | 77067 |
        right_a  | p2     | 2024-03-31 | 77067 |
        right_b  | p2     | 2025-03-01 | 77067 |
        other_a  | p3     | 2024-03-15 | 77065 |
        other_b  | p3     | 2024-06-15 | 77067 |
        again_a  | p4     | 2024-03-15 | 77067 |
        again_b  | p4     | 2024-03-15 | 77067 |
        read_a   | p5     | 2024-03-15 | 77067 | TC
        read_b   | p5     | 2024-03-16 | 77067 | 26
        old_a    | p6     | 2016-12-15 | G0202 |
        old_b    | p6     | 2017-06-15 | 77067 |
    """)
    result = cx.rules.check(claims, OFTEN)
    assert list(zip(result["claim_id"], result["codes"], strict=True)) == [
        ("old_b", "G0202 77067"),
        ("soon_b", "77067"),
    ]
    assert result["evidence"].iloc[1] == (
        "last on 2024-03-31; code 77067; claim soon_a; covered again from 2025-03-01"
    )
    assert result["source"].iloc[1].endswith("frequency limits, 42 CFR 410.34")


def test_wellness_visits() -> None:
    # 42 CFR 410.15 and 410.16: the first once in a lifetime, then yearly; the welcome visit counts.
    claims = services("""
        claim    | person | day        | code
        first_a  | p1     | 2015-05-01 | G0438
        first_b  | p1     | 2024-05-01 | G0438
        year_a   | p2     | 2023-05-20 | G0438
        year_b   | p2     | 2024-04-30 | G0439
        year_c   | p2     | 2025-04-01 | G0439
        hello_a  | p3     | 2023-05-20 | G0402
        hello_b  | p3     | 2024-04-30 | G0438
        hello_c  | p4     | 2023-05-20 | G0402
        hello_d  | p4     | 2024-05-01 | G0438
    """)
    expected = ["first_b/1 G0438", "hello_b/1 G0402 G0438", "year_b/1 G0438 G0439"]
    assert found(claims, OFTEN) == expected


def test_diagnoses_and_modifiers_change_the_months() -> None:
    # 410.56: 23 months, 11 at high risk; 410.17: blood tests count as screenings with Z13.6 alone; 410.31: none on steroids;
    # 410.37: a colonoscopy that follows a stool test (KX) has no limit.
    claims = services("""
        claim    | person | day        | code  | diagnosis | modifiers
        low_a    | p1     | 2023-01-10 | G0101 | Z01.419   |
        low_b    | p1     | 2024-06-10 | G0101 | Z01.419   |
        high_a   | p2     | 2023-01-10 | G0101 | Z72.51    |
        high_b   | p2     | 2024-06-10 | G0101 | Z72.51    |
        highs_a  | p3     | 2023-01-10 | G0101 | Z72.51    |
        highs_b  | p3     | 2023-12-31 | G0101 | Z72.51    |
        lipid_a  | p4     | 2023-01-10 | 80061 | Z13.6     |
        lipid_b  | p4     | 2024-06-10 | 80061 | Z13.6     |
        sick_a   | p5     | 2023-01-10 | 80061 | E78.5     |
        sick_b   | p5     | 2023-04-10 | 80061 | Z13.6     |
        sick_c   | p5     | 2023-05-10 | 80061 | E78.5     |
        bone_a   | p6     | 2023-01-10 | 77080 | M81.0     |
        bone_b   | p6     | 2024-06-10 | 77080 | M81.0     |
        drug_a   | p7     | 2023-01-10 | 77080 | Z79.52    |
        drug_b   | p7     | 2024-06-10 | 77080 | Z79.52    |
        colon_a  | p8     | 2016-01-10 | G0121 | Z12.11    |
        colon_b  | p8     | 2025-12-31 | G0121 | Z12.11    |
        colon_c  | p9     | 2016-01-10 | G0121 | Z12.11    |
        colon_d  | p9     | 2026-01-01 | G0121 | Z12.11    |
        follow_a | p10    | 2020-01-10 | G0121 | Z12.11    |
        follow_b | p10    | 2024-01-10 | G0121 | Z12.11    | KX
    """)
    expected = ["bone_b/1 77080", "colon_b/1 G0121", "highs_b/1 G0101", "lipid_b/1 80061", "low_b/1 G0101"]
    assert found(claims, OFTEN) == expected


def test_what_was_denied_and_what_was_replaced_is_no_earlier_service() -> None:
    claims = claims_of(
        claims="""
            claim_id | claim_type   | person_id | payer | billing_npi | claim_start_date | frequency_code | original_payer_claim_id | received_date
            denied   | professional | p1        | P     | g           | 2024-01-10       | 1                    |                           | 2024-01-11
            paid     | professional | p1        | P     | g           | 2024-03-10       | 1                    |                           | 2024-03-11
            wrong    | professional | p2        | P     | g           | 2024-01-10       | 1                    |                           | 2024-01-11
            right    | professional | p2        | P     | g           | 2024-01-12       | 7                    | wrong                     | 2024-02-11
        """,
        lines="""
            claim_id | claim_line_number | hcpcs_code | charge_amount
            denied   | 1                 | 77067      | 100
            paid     | 1                 | 77067      | 100
            wrong    | 1                 | 77067      | 100
            right    | 1                 | 77067      | 100
        """,
        adjudications="""
            claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount
            denied   | 1                   | P     | 2024-02-10 | 4                 | 100           | 0
        """,
        adjustments="""
            claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
            denied   | 1                   | 1                 | 1                   | CO         | 16   | 100
        """,
        line_payments="""
            claim_id | adjudication_number | claim_line_number | hcpcs_code | charge_amount | paid_amount
            denied   | 1                   | 1                 | 77067      | 100           | 0
        """,
    )
    assert found(claims, OFTEN) == []


def test_the_months_are_medicares() -> None:
    claims = services("""
        claim | person | day        | code  | payer
        a     | p1     | 2024-03-10 | 77067 | Oak
        b     | p1     | 2024-06-10 | 77067 | Oak
        c     | p2     | 2024-03-10 | 77067 | Elm
        d     | p2     | 2024-06-10 | 77067 | Elm
        e     | p3     | 2024-03-10 | 77067 | Ash
        f     | p3     | 2024-06-10 | 77067 | Ash
    """)
    kinds = {"Oak": "medicare advantage", "Elm": "commercial"}
    assert found(claims, OFTEN, payer_kinds=kinds) == ["b/1 77067", "f/1 77067"]


def test_a_new_patient_was_not_seen_by_the_practice_for_three_years() -> None:
    # CPT and the Claims Processing Manual 12, 30.6.7: a service face to face by the practice within three years; the
    # interpretation of a test is none. On the third anniversary three years have passed.
    claims = services("""
        claim   | line | person | billing | rendering | day        | bill | code  | modifiers
        in_a    | 1    | p1     | g1      | d1        | 2021-03-02 |      | 99213 |
        in_b    | 1    | p1     | g1      | d1        | 2024-03-01 |      | 99203 |
        out_a   | 1    | p2     | g1      | d1        | 2021-03-01 |      | 99213 |
        out_b   | 1    | p2     | g1      | d1        | 2024-03-01 |      | 99203 |
        group_a | 1    | p3     | g1      | d1        | 2023-03-01 |      | 99213 |
        group_b | 1    | p3     | g1      | d2        | 2024-03-01 |      | 99203 |
        other_a | 1    | p4     | g1      | d1        | 2023-03-01 |      | 99213 |
        other_b | 1    | p4     | g2      | d1        | 2024-03-01 |      | 99203 |
        read_a  | 1    | p5     | g1      | d1        | 2023-03-01 |      | 93010 |
        read_a  | 2    | p5     | g1      | d1        | 2023-03-01 |      | 71046 | 26
        read_a  | 3    | p5     | g1      | d1        | 2023-03-01 |      | 36415 |
        read_a  | 4    | p5     | g1      | d1        | 2023-03-01 |      | 1111F |
        read_b  | 1    | p5     | g1      | d1        | 2024-03-01 |      | 99203 |
        cut_a   | 1    | p6     | g1      | d1        | 2023-03-01 |      | 12001 |
        cut_b   | 1    | p6     | g1      | d1        | 2024-03-01 |      | 99386 |
        day_a   | 1    | p7     | g1      | d1        | 2024-03-01 |      | 99213 |
        day_b   | 1    | p7     | g1      | d1        | 2024-03-01 |      | 99203 |
        ward_a  | 1    | p8     | g1      | d1        | 2023-03-01 | 131  | 99213 |
        ward_b  | 1    | p8     | g1      | d1        | 2024-03-01 |      | 99203 |
        est_a   | 1    | p9     | g1      | d1        | 2023-03-01 |      | 99213 |
        est_b   | 1    | p9     | g1      | d1        | 2024-03-01 |      | 99213 |
        call_a  | 1    | p10    | g1      | d1        | 2023-03-01 |      | 99442 |
        call_b  | 1    | p10    | g1      | d1        | 2024-03-01 |      | 99203 |
        eye_a   | 1    | p11    | g1      | d1        | 2023-03-01 |      | 92014 |
        eye_b   | 1    | p11    | g1      | d1        | 2024-03-01 |      | 92004 |
    """)
    result = cx.rules.check(claims, NEW).set_index("claim_id")
    assert result.index.tolist() == ["cut_b", "eye_b", "group_b", "in_b", "other_b"]
    assert "the same clinician" in result.at["in_b", "message"]
    assert "same specialty is not known" in result.at["group_b", "message"]
    assert result.at["in_b", "evidence"] == "seen on 2021-03-02; code 99213; claim in_a"


FEES = {
    "fee_schedule": table("""
        code  | modifier | global_days | effective_from | effective_to
        27447 |          | 090         | 2024-01-01     | 2024-12-31
        17000 |          | 010         | 2024-01-01     | 2024-12-31
        20610 |          | 000         | 2024-01-01     |
        71046 |          | XXX         | 2024-01-01     |
        17003 |          | ZZZ         | 2024-01-01     |
    """)
}


def test_visits_in_a_global_period() -> None:
    # Claims Processing Manual 12, 40.1: 90 days: the day before, the day and 90 days after; 10 days: 10 days after.
    claims = services("""
        claim    | person | day        | code  | modifiers | rendering
        knee     | p1     | 2024-03-31 | 27447 | RT        |
        two_days | p1     | 2024-03-29 | 99213 |           |
        before   | p1     | 2024-03-30 | 99213 |           |
        same     | p1     | 2024-03-31 | 99213 | 25        |
        decided  | p1     | 2024-03-31 | 99213 | 57        |
        ninety   | p1     | 2024-06-29 | 99213 |           |
        over     | p1     | 2024-06-30 | 99213 |           |
        else     | p1     | 2024-04-10 | 99213 | 24        |
        own25    | p1     | 2024-04-10 | 99213 | 25        |
        another  | p1     | 2024-04-10 | 99213 |           | colleague
        skin     | p2     | 2024-03-01 | 17000 |           |
        sameday  | p2     | 2024-03-01 | 99213 |           |
        ten      | p2     | 2024-03-11 | 99213 |           |
        eleven   | p2     | 2024-03-12 | 99213 |           |
        handed   | p3     | 2024-03-01 | 27447 | 54        |
        handed_v | p3     | 2024-04-01 | 99213 |           |
        helper   | p4     | 2024-03-01 | 27447 | 80        |
        helper_v | p4     | 2024-04-01 | 99213 |           |
        old      | p5     | 2023-12-31 | 27447 |           |
        old_v    | p5     | 2024-01-05 | 99213 |           |
        last     | p6     | 2024-12-31 | 27447 |           |
        last_v   | p6     | 2025-01-05 | 99213 |           |
    """)
    # Of the colleague it is not known whether he has the same specialty.
    expected = [
        "another/1 27447 99213",
        "before/1 27447 99213",
        "last_v/1 27447 99213",
        "ninety/1 27447 99213",
        "own25/1 27447 99213",
    ]
    expected += ["same/1 27447 99213", "ten/1 17000 99213"]
    assert found(claims, GLOBAL, tables=FEES) == expected
    severity = cx.rules.check(claims, GLOBAL, tables=FEES).set_index("claim_id")["severity"]
    assert severity[["another", "before"]].tolist() == ["warning", "error"]


def test_procedures_in_a_global_period() -> None:
    # 58 planned, 78 return to the operating room (opens no period of its own), 79 unrelated.
    claims = services("""
        claim   | person | day        | code  | modifiers
        knee    | p1     | 2024-03-01 | 27447 | RT
        other   | p1     | 2024-04-01 | 27447 | LT
        planned | p2     | 2024-03-01 | 27447 | RT
        stage   | p2     | 2024-04-01 | 27447 | LT 58
        joint   | p3     | 2024-03-01 | 27447 |
        inject  | p3     | 2024-05-30 | 20610 |
        later   | p3     | 2024-05-31 | 20610 |
        picture | p3     | 2024-03-10 | 71046 |
        first   | p4     | 2024-03-01 | 17000 |
        back    | p4     | 2024-03-08 | 17000 | 78
        after   | p4     | 2024-03-13 | 17000 |
    """)
    expected = ["inject/1 27447 20610", "other/1 27447 27447"]
    result = cx.rules.check(claims, GLOBAL, tables=FEES)
    assert sorted(result["claim_id"] + "/1 " + result["codes"]) == expected
    evidence = result.set_index("claim_id")["evidence"]
    assert evidence["inject"] == "procedure on 2024-03-01; days after 90; global days 090; modifiers that would say so 58 78 79"  # fmt: skip
