"""The same service twice: on one claim, on two claims, and diagnoses that repeat."""

from __future__ import annotations

import cpticd as cx
from tests.rules.diagnosed import judge
from tests.rules.services import found, services

LINE, CLAIM = "duplicate_line", "duplicate_claim"


def severities(claims: cx.Claims, rule: str) -> dict[str, str]:
    rows = cx.rules.check(claims, rule)
    return dict(zip(rows["claim_id"], rows["severity"], strict=True))


def test_a_line_that_says_what_another_one_says() -> None:
    # Claims Processing Manual 1, 120: the same person, provider, days, procedure, place and charge.
    claims = services("""
        claim   | line | day        | code  | modifiers | units | charge | rendering | place | bill | revenue
        twice   | 1    | 2026-05-04 | 71046 |           | 1     | 100    |           | 11    |      |
        twice   | 2    | 2026-05-04 | 71046 |           | 1     | 100    |           | 11    |      |
        thrice  | 1    | 2026-05-04 | 71046 | RT 26     | 1     | 100    |           | 11    |      |
        thrice  | 2    | 2026-05-04 | 71046 | 26 RT     | 1     | 100    |           | 11    |      |
        thrice  | 3    | 2026-05-04 | 71046 | RT 26     | 1     | 100    |           | 11    |      |
        again   | 1    | 2026-05-04 | 71046 |           | 1     | 100    |           | 11    |      |
        again   | 2    | 2026-05-04 | 71046 | 76        | 1     | 100    |           | 11    |      |
        test    | 1    | 2026-05-04 | 82947 |           | 1     | 100    |           | 11    |      |
        test    | 2    | 2026-05-04 | 82947 | 91        | 1     | 100    |           | 11    |      |
        apart   | 1    | 2026-05-04 | 11102 | XS        | 1     | 100    |           | 11    |      |
        apart   | 2    | 2026-05-04 | 11102 | XS        | 1     | 100    |           | 11    |      |
        sides   | 1    | 2026-05-04 | 20610 | RT        | 1     | 100    |           | 11    |      |
        sides   | 2    | 2026-05-04 | 20610 | LT        | 1     | 100    |           | 11    |      |
        days    | 1    | 2026-05-04 | 71046 |           | 1     | 100    |           | 11    |      |
        days    | 2    | 2026-05-05 | 71046 |           | 1     | 100    |           | 11    |      |
        doctors | 1    | 2026-05-04 | 99231 |           | 1     | 100    | d1        | 21    |      |
        doctors | 2    | 2026-05-04 | 99231 |           | 1     | 100    | d2        | 21    |      |
        places  | 1    | 2026-05-04 | 99213 |           | 1     | 100    |           | 11    |      |
        places  | 2    | 2026-05-04 | 99213 |           | 1     | 100    |           | 12    |      |
        suspect | 1    | 2026-05-04 | 97110 | GP        | 2     | 100    |           | 11    |      |
        suspect | 2    | 2026-05-04 | 97110 | GP        | 1     | 50     |           | 11    |      |
        house   | 1    | 2026-05-04 | 36415 |           | 1     | 100    |           |       | 131  | 0300
        house   | 2    | 2026-05-04 | 36415 |           | 1     | 100    |           |       | 131  | 0300
        stay    | 1    | 2026-05-04 | 36415 |           | 1     | 100    |           |       | 111  | 0300
        stay    | 2    | 2026-05-04 | 36415 |           | 1     | 100    |           |       | 111  | 0300
    """)
    expected = [
        "house/2 36415",
        "suspect/2 97110 GP",
        "thrice/2 71046 26 RT",
        "thrice/3 71046 26 RT",
        "twice/2 71046",
    ]
    assert found(claims, LINE) == expected
    assert severities(claims, LINE) == {
        "house": "warning", "suspect": "warning", "thrice": "error", "twice": "error",
    }  # fmt: skip


def test_a_claim_that_another_claim_bills_already() -> None:
    claims = services("""
        claim  | line | person | day        | code  | payer | replaces | frequency | rendering | charge
        one_a  | 1    | p1     | 2026-05-04 | 99213 |       |          |           |           |
        one_b  | 1    | p1     | 2026-05-04 | 99213 |       |          |           |           |
        week   | 1    | p1     | 2026-05-11 | 99213 |       |          |           |           |
        part_a | 1    | p2     | 2026-05-04 | 80053 |       |          |           |           |
        part_a | 2    | p2     | 2026-05-04 | 85025 |       |          |           |           |
        part_b | 1    | p2     | 2026-05-04 | 80053 |       |          |           |           |
        part_b | 2    | p2     | 2026-05-04 | 83036 |       |          |           |           |
        old    | 1    | p3     | 2026-05-04 | 99213 |       |          |           |           |
        new    | 1    | p3     | 2026-05-04 | 99213 |       | old      |           |           |
        sent   | 1    | p4     | 2026-05-04 | 99213 |       |          |           |           |
        back   | 1    | p4     | 2026-05-04 | 99213 |       | sent     | 8         |           |
        fresh  | 1    | p4     | 2026-05-04 | 99213 |       |          |           |           |
        payer1 | 1    | p5     | 2026-05-04 | 99213 | North |          |           |           |
        payer2 | 1    | p5     | 2026-05-04 | 99213 | South |          |           |           |
        mine   | 1    | p6     | 2026-05-04 | 99213 |       |          |           | d1        |
        hers   | 1    | p6     | 2026-05-04 | 99213 |       |          |           | d2        |
        other  | 1    | p7     | 2026-05-04 | 99213 |       |          |           |           |
        dear   | 1    | p7     | 2026-05-04 | 99213 |       |          |           |           | 120.00
        whose  | 1    | none   | 2026-05-04 | 99213 |       |          |           |           |
        whos   | 1    | none   | 2026-05-04 | 99213 |       |          |           |           |
    """)
    assert found(claims, CLAIM) == ["one_b/nan 99213", "other/nan 99213", "part_b/1 80053"]
    assert severities(claims, CLAIM) == {"one_b": "error", "other": "warning", "part_b": "error"}
    row = cx.rules.check(claims, CLAIM).iloc[0]
    assert row["message"] == "Every line of the claim is billed on claim one_a already."
    assert row["correction"] == "write off"


def test_a_diagnosis_stands_once() -> None:
    # Guidelines I.B.12. The principal diagnosis of a stay is another rule's.
    judge("duplicate_diagnosis", """
        case  | day        | codes             | form      | found
        twice | 2026-05-04 | I10 E11.9 I10     |           | c:I10
        once  | 2026-05-04 | I10 E11.9         |           |
        stay  | 2026-05-04 | J18.9 I10 J18.9   | inpatient |
        again | 2026-05-04 | J18.9 I10 I10 E119 | inpatient | c:I10
    """)  # fmt: skip
