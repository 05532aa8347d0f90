"""Sides: modifiers against diagnoses, diagnoses against each other, services of both sides; by hand from the sources."""

from __future__ import annotations

from itertools import combinations, product

import pandas as pd
import pytest

from cpticd import reference
from tests.rules.one_line import as_said, found
from tests.spec import shown

# M17.11 right, M17.12 left, M17.0 both, M17.10 open; Z96.651 artificial right knee; H00.011 right upper eyelid;
# S62.632A right middle, S62.630A right index finger; S92.511A right lesser toe.
AGAINST_MODIFIERS = """
    case                  | day        | service       | diagnoses            | found
    wrong side            | 2024-05-01 | 27447 LT      | M17.11               | 27447 LT M1711
    right side            | 2024-05-01 | 27447 RT      | M17.11               |
    other side, RT        | 2024-05-01 | 27447 RT      | M17.12               | 27447 RT M1712
    both fits one         | 2024-05-01 | 27447 LT      | M17.0                |
    one of two fits       | 2024-05-01 | 27447 LT      | M17.11 M17.12        |
    no side at all        | 2024-05-01 | 27447 LT      | M19.90               |
    side left open        | 2024-05-01 | 27447 LT      | M17.10               |
    open beside wrong     | 2024-05-01 | 27447 LT      | M17.10 M17.11        | 27447 LT M1711
    50 with one side      | 2024-05-01 | 20610 50      | M17.11               | 20610 50 M1711
    50 with both          | 2024-05-01 | 20610 50      | M17.0                |
    50 with each          | 2024-05-01 | 20610 50      | M17.11 M17.12        |
    RT LT with one        | 2024-05-01 | 20610 RT LT   | M17.12               | 20610 LT RT M1712
    no modifier           | 2024-05-01 | 20610         | M17.11               |
    not pointed to        | 2024-05-01 | 27447 LT      | M17.9 (M17.11)       |
    finger, other hand    | 2024-05-01 | 26755 F2      | S62.632A             | 26755 F2 S62632A
    finger, same hand     | 2024-05-01 | 26755 F7      | S62.632A             |
    finger beside it      | 2024-05-01 | 26755 F6      | S62.632A             | 26755 F6 S62632A
    one of two fingers    | 2024-05-01 | 26755 F6      | S62.632A S62.630A    |
    two fingers, one said | 2024-05-01 | 26755 F6 F7   | S62.632A             | 26755 F6 S62632A
    finger not named      | 2024-05-01 | 26755 F6      | S60.221A             |
    side before finger    | 2024-05-01 | 26755 F1      | S62.632A             | 26755 F1 S62632A
    toe, other foot       | 2024-05-01 | 28510 TA      | S92.511A             | 28510 TA S92511A
    toe, same foot        | 2024-05-01 | 28510 T6      | S92.511A             |
    great for lesser toe  | 2024-05-01 | 28510 T5      | S92.511A             | 28510 T5 S92511A
    eyelid, other eye     | 2024-05-01 | 67700 E1      | H00.011              | 67700 E1 H00011
    eyelid, same eye      | 2024-05-01 | 67700 E3      | H00.011              |
    lower lid, upper said | 2024-05-01 | 67700 E4      | H00.011              | 67700 E4 H00011
    both lids             | 2024-05-01 | 67700 E4      | H01.00A              |
    coronary has no side  | 2024-05-01 | 92928 LD      | I25.10 M17.11        |
    joint of other knee   | 2024-05-01 | 27447 LT      | M17.9 Z96.651        |
    joint of that knee    | 2024-05-01 | 27447 LT      | M17.11 Z96.652       | 27447 LT M1711
    in the old code set   | 2015-10-01 | 27447 LT      | M17.11               | 27447 LT M1711
"""
AT_A_HOSPITAL = """
    case                  | day        | service       | diagnoses            | form          | found
    principal wrong       | 2024-05-01 | 27447 LT      | M17.11 I10           | institutional | 27447 LT M1711
    principal has no side | 2024-05-01 | 66984 LT      | H25.9 C50.911        | institutional |
    some diagnosis fits   | 2024-05-01 | 27447 LT      | M17.11 M25.562       | institutional |
"""
AGAINST_EACH_OTHER = """
    case                  | day        | service       | diagnoses            | found
    right and left        | 2024-05-01 | 99213         | M17.11 M17.12        | M1711 M1712
    both alone            | 2024-05-01 | 99213         | M17.0                |
    no code for both      | 2024-05-01 | 99213         | M25.561 M25.562      |
    eyes                  | 2024-05-01 | 92014         | H25.11 H25.12        | H2511 H2512
    open beside sided     | 2024-05-01 | 99213         | M25.569 M25.561      | M25569 M25561
    open, other joint     | 2024-05-01 | 99213         | M25.569 M25.551      |
    open beside both      | 2024-05-01 | 99213         | M17.10 M17.0         | M1710 M170
    other episode         | 2024-05-01 | 99213         | S52.501A S52.502D    |
    other condition       | 2024-05-01 | 99213         | M17.11 M17.5         |
    one on each line      | 2024-05-01 | 20610 RT+20610 LT | M17.11+M17.12    | M1711 M1712
"""
ON_BILATERAL_SERVICES = """
    case                  | day        | service       | diagnoses            | form          | found
    screening, one side   | 2024-05-01 | 77067 LT      | Z12.31               |               | 77067 LT
    screening             | 2024-05-01 | 77067         | Z12.31               |               |
    screening, 50         | 2024-05-01 | 77067 50      | Z12.31               |               | 77067 50
    screening, reduced    | 2024-05-01 | 77067 LT 52   | Z12.31               |               |
    reduced and both      | 2024-05-01 | 77067 50 52   | Z12.31               |               | 77067 50
    one breast            | 2024-05-01 | 77065 LT      | N63.20               |               |
    first day             | 2017-01-01 | 77067 RT      | Z12.31               |               | 77067 RT
    the day before        | 2016-12-31 | 77067 RT      | Z12.31               |               |
    the code before       | 2016-12-31 | 77057 RT      | Z12.31               |               | 77057 RT
    one or both, one      | 2024-05-01 | 92134 RT      | H35.3211             |               |
    one or both, 50       | 2024-05-01 | 92134 50      | H35.3231             |               | 92134 50
    hospital: not asked   | 2024-05-01 | 77067 LT      | Z12.31               | institutional |
"""


@pytest.mark.parametrize(
    ("rule", "cases"),
    [
        ("laterality_conflict", AGAINST_MODIFIERS),
        ("laterality_conflict", AT_A_HOSPITAL),
        ("laterality_diagnoses", AGAINST_EACH_OTHER),
        ("side_on_bilateral_service", ON_BILATERAL_SERVICES),
    ],
    ids=["modifiers", "hospital", "diagnoses", "bilateral services"],
)
def test_cases(rule: str, cases: str) -> None:
    as_said(cases, rule)


def test_a_finding_says_which_side_is_where() -> None:
    result = found(AGAINST_MODIFIERS, "laterality_conflict").set_index("claim_id")
    row = result.loc["wrong side"]
    assert (
        row["message"]
        == "The line says left (LT); no diagnosis that it points to lies there: M17.11 (right)."
    )
    assert row["evidence"] == "modifiers LT; diagnoses M17.11 (right)"
    assert row["severity"] == "error" and row["claim_line_number"] == 1
    assert "modifiers 2026" in row["source"] and "diagnosis_traits" in row["source"]
    row = result.loc["50 with one side"]
    assert row["message"] == (
        "The line says both sides (50); no diagnosis that it points to lies on the left: M17.11 (right)."
    )


def test_a_pair_of_diagnoses_stands_on_the_line_that_points_to_both_else_on_the_claim() -> None:
    result = found(AGAINST_EACH_OTHER, "laterality_diagnoses")
    place = dict(shown(result, "claim_id", "claim_line_number"))
    assert place["right and left"] == 1 and place["one on each line"] is None
    assert set(result["severity"]) == {"warning"}


def test_a_fee_schedule_adds_services_paid_once_for_both_sides() -> None:
    cases = """
        case    | day        | service  | diagnoses | found
        before  | 2023-12-31 | 99999 50 | M17.0     |
        first   | 2024-01-01 | 99999 50 | M17.0     | 99999 50
        side    | 2024-01-01 | 99999 RT | M17.0     |
        other   | 2024-01-01 | 99998 50 | M17.0     |
    """
    schedule = pd.DataFrame(
        {
            "code": ["99999", "99998"], "modifier": ["", ""], "bilateral": ["2", "1"], "release": ["2024 A"] * 2,
            "effective_from": ["2024-01-01"] * 2,
        }
    )  # fmt: skip
    as_said(cases, "side_on_bilateral_service", tables={"fee_schedule": schedule})
    result = found(cases, "side_on_bilateral_service", tables={"fee_schedule": schedule})
    assert result.loc[0, "source"].endswith("; fee schedule 2024 A")


def test_neutral_prefixes_and_sides_of_modifiers_are_data() -> None:
    sides = reference.table("modifiers").to_pandas().set_index("modifier")["side"]
    assert (sides["RT"], sides["LT"], sides["50"], sides["F5"], sides["TA"], sides["E3"]) == (
        "right", "left", "both", "right", "left", "right",
    )  # fmt: skip
    assert not sides[["LC", "LD", "LM", "RC", "RI"]].any()


def test_a_line_is_found_just_where_a_named_side_has_none_of_its_sided_diagnoses() -> None:
    """Every modifier with every set of sides."""
    codes = {"R": "M1711", "L": "M1712", "B": "M170", "open": "M1710", "none": "I10"}
    named = {"RT": "R", "LT": "L", "50": "RL", "": "", "RT LT": "RL", "F1 F6": "RL", "E3": "R", "LD": ""}
    sets = [chosen for size in range(1, 6) for chosen in combinations(codes, size)]
    rows, expected = ["case | day | service | diagnoses"], set()
    for number, (modifiers, sides) in enumerate(product(named, sets)):
        rows.append(f"c{number} | 2024-05-01 | 20610 {modifiers} | {' '.join(codes[side] for side in sides)}")
        present = {side for name in sides for side in {"B": "RL", "R": "R", "L": "L"}.get(name, "")}
        if present and set(named[modifiers]) - present:
            expected.add(f"c{number}")
    assert len(rows) == 1 + 8 * 31 and expected
    result = found("\n".join(rows), "laterality_conflict")
    assert set(result["claim_id"]) == expected


def test_a_side_is_that_of_the_reason_for_the_line() -> None:
    # A side of another region, behind a first diagnosis without one, says nothing of the service.
    as_said("""
        case   | day        | service  | diagnoses      | found
        disc   | 2026-05-04 | 63030 RT | M51.16 I69.354 |
        discs  | 2026-05-04 | 63030 RT | M51.16 M17.12  |
        knee   | 2026-05-04 | 20610 RT | M17.12         | 20610 RT M1712
        sugar  | 2026-05-04 | 66984 RT | E11.9 H25.12   | 66984 RT H2512
        pain   | 2026-05-04 | 73562 RT | R26.89 M17.12  | 73562 RT M1712
        fits   | 2026-05-04 | 20610 RT | M17.12 M17.11  |
        stroke | 2026-05-04 | 97110 RT | I69.354        |
    """, "laterality_conflict")  # fmt: skip
