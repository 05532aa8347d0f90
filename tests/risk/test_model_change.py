"""What a change of model does to persons: parts that add up to the re-scored difference, each with its reason."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd import risk
from cpticd.core.errors import ArgumentError

MEMBERS = """
person | age | sex
A      | 70  | F
B      | 60  | M
C      | 71  | M
D      | 140 | F
"""
# Reasons by hand, from CMS's published mappings of payment year 2025: I70.209 left the model (V24 HCC 108); E11.22 went
# from HCC 18 to 37, which weighs as much as HCC 36 and 38; E11.51 was HCC 18 and 108 and is HCC 37; F32.A has none.
CODES = """
A | I70.209 | 108 |  | no longer mapped
A | E11.22 | 18 | 37 | constrained weights
B | E11.51 | 18, 108 | 37 | merged
B | I21.4 | 86 | 228 | other weight
C | E11.9 | 19 | 38 | constrained weights
C | F32.A |  |  |
"""
# CMS's rate announcements: normalization of payment year 2025, coding adjustment 5.9 %.
FACTOR = {"V24": (1 - 0.059) / 1.153, "V28": (1 - 0.059) / 1.045}


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = cells(MEMBERS)[1:]
    members = pd.DataFrame(rows, columns=["person_id", "age", "sex"]).astype({"age": int})
    codes = pd.DataFrame([row[:2] for row in cells(CODES)], columns=["person_id", "diagnosis_code"])
    return members, codes


def test_each_condition_has_its_reason() -> None:
    change = risk.model_change(*frames(), payment_year=2025)
    found = change[change["part"] == "condition"]
    expected = [[row[0], *row[2:]] for row in cells(CODES) if row[4]]
    assert sorted(found[["person_id", "from_hccs", "to_hccs", "reason"]].to_numpy().tolist()) == sorted(
        expected
    )
    gone = found[found["reason"] == "no longer mapped"].iloc[0]
    assert gone["to_score"] == 0 and "I70209 has no HCC in V28" in gone["explanation"]
    # V24 HCC 18 of an aged woman without Medicaid, V28 HCC 37: 0.302 and 0.166.
    kidney = found[(found["person_id"] == "A") & (found["from_hccs"] == "18")].iloc[0]
    assert kidney["from_score"] == pytest.approx(0.302 * FACTOR["V24"])
    assert kidney["to_score"] == pytest.approx(0.166 * FACTOR["V28"])


def test_parts_add_up_to_both_scores() -> None:
    claims = cx.simulate(persons=400, seed=3).claims
    for year in (2025, 2026):
        factors = pd.DataFrame(
            [{"payment_year": 2026, "model": "V24", "population": "", "share": 0.0, "normalization": 1.2,
              "coding_adjustment": 0.059}]
        )  # fmt: skip
        change = risk.model_change(claims, payment_year=year, factors=factors)
        for side, model in (("from", "V24"), ("to", "V28")):
            scores = risk.score(claims, payment_year=year, model=model, factors=factors, quiet=True)
            sums = change.groupby("person_id")[f"{side}_score"].sum()
            expected = scores.set_index("person_id")["payment_score"]
            pd.testing.assert_series_equal(
                sums.sort_index(), expected.sort_index(), check_names=False, rtol=1e-9
            )


def test_a_normalization_that_is_not_known_is_the_last_known_one_and_says_so() -> None:
    change = risk.model_change(*frames(), payment_year=2026)
    rows = {row["model"]: row for row in cx.contract(change)["factors"]}
    assert (rows["V24"]["normalization"], rows["V24"]["normalization_of"]) == (1.153, 2025)
    assert (rows["V28"]["normalization"], rows["V28"]["normalization_of"]) == (1.067, 2026)


def test_who_is_not_scored_is_rejected_once() -> None:
    out = risk.rejects(risk.model_change(*frames(), payment_year=2025))
    assert out["location"].tolist() == ["person D"]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (("V28", "V28"), "two of CMS's models"),
        (("V24", "V99"), "no risk adjustment model 'V99'"),
    ],
)
def test_models_are_two_and_known(models: tuple[str, str], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        risk.model_change(*frames(), payment_year=2025, from_model=models[0], to_model=models[1])


def test_nobody_is_an_empty_table() -> None:
    members, codes = frames()
    change = risk.model_change(members.head(0), codes.head(0), payment_year=2025)
    assert len(change) == 0 and "reason" in change


def test_persons_without_conditions_have_their_demographic_part() -> None:
    members, codes = frames()
    change = risk.model_change(members.head(2), codes.head(0), payment_year=2025)
    assert change["part"].tolist() == ["demographic", "demographic"]
