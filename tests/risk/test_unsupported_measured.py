"""Coded conditions that results contradict: when all of the year lie where the condition is not, and what explains it."""

from __future__ import annotations

import pandas as pd

import cpticd as cx
from cpticd.risk.unsupported import unsupported
from tests.risk.visits import claims_of_visits

EGFR, BMI = "62238-1", "39156-5"
SAID = "a measurement contradicts it"


def doubted(seen: str, results: str) -> pd.DataFrame:
    rows = unsupported(claims_of_visits(seen, observations=results), year=2025, min_confidence=0.0)
    return rows[[SAID in reasons for reasons in rows["reasons"]]].set_index("person_id")


def coded(person: str, *codes: str, days: int = 4) -> str:
    return "\n".join(
        f"{person} | 2025-0{day}-02 | 11 | {' '.join(codes)} | 99213" for day in range(1, days + 1)
    )


def test_kidney_codes_against_good_filtration() -> None:
    seen = "\n".join([
        coded("a", "N18.4"), coded("b", "N18.4"), coded("c", "N18.31"), coded("d", "N18.31"), coded("e", "N18.4", "Z94.0"),
        coded("f", "N18.4"), coded("g", "N18.4"),
    ])  # fmt: skip
    good = [("a", 92, 95), ("b", 92, 50), ("c", 92, 95), ("d", 75, 80), ("e", 92, 95), ("g", "> 60", "> 60")]
    results = "\n".join(
        f"{person} | 2025-{month}-01 | {EGFR} | {value} | mL/min"
        for person, first, last in good
        for month, value in (("01", first), ("07", last))
    )
    results += f"\nf | 2025-01-01 | {EGFR} | 92 |\nf | 2025-03-01 | {EGFR} | 95 |"
    # b: one is low; d: 60 to 90 is no contradiction of stage 3; e: a transplant explains it; f: 59 days apart.
    rows = doubted(seen, results)
    assert sorted(rows.index) == ["a", "c", "g"]
    assert rows["confidence"].to_dict() == {"a": 0.7, "c": 0.6, "g": 0.7}
    assert rows.loc["a", "reason"].endswith(
        "; filtration (eGFR) of 92 to 95 on 2 days, last 2025-07-01 (filtration of 60 or more in two results at least 90 "
        "days apart, and no lower one in the year)"
    )


def test_codes_of_severe_obesity_against_the_body_mass_index() -> None:
    seen = "\n".join([
        coded("a", "E66.01"), coded("b", "E66.01", "Z68.41"), coded("c", "E66.01"), coded("d", "E66.01", "Z68.41"),
        coded("e", "E66.01"),
    ])  # fmt: skip
    results = f"""
        a | 2025-02-01 | {BMI} | 33 | kg/m2
        b | 2025-02-01 | {BMI} | 33 | kg/m2
        c | 2025-02-01 | {BMI} | 33 | kg/m2
        c | 2025-06-01 | {BMI} | 35 | kg/m2
        d | 2025-02-01 | {BMI} | 38 | kg/m2
        e | 2024-02-01 | {BMI} | 33 | kg/m2
    """
    # d: 38 contradicts Z68.41 and not E66.01, which bears the HCC out; e: no result of the year.
    assert sorted(doubted(seen, results).index) == ["a", "b"]


def test_without_results_nothing_changes() -> None:
    seen = coded("a", "N18.4", days=1)
    claims = claims_of_visits(seen)
    (row,) = unsupported(claims, year=2025, min_confidence=0.0).to_dict("records")
    assert SAID not in row["reasons"]
    assert "measured" in cx.reference.table("unsupported_weights").to_pandas()["feature"].tolist()


def test_a_group_that_audits_look_at_holds_on_its_days() -> None:
    groups = cx.reference.table("audit_groups").to_pandas().query("audit_group == 'acute stroke'")
    ended = groups.assign(effective_to="2025-03-02")
    for days, group in ((3, "acute stroke"), (4, "")):
        seen = f"a | 2025-0{days}-02 | 11 | I63.9 | 99213"
        rows = unsupported(claims_of_visits(seen), year=2025, min_confidence=0.0, audit_groups=ended)
        assert rows["audit_group"].tolist() == [group]
