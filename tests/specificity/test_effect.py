"""Denial odds of unspecified codes against specific ones of their category."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import norm

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.spec import shown
from tests.specificity.samples import lines_of

effect = cx.specificity.effect

#: payer, procedure, diagnosis, denied, paid. I50.9 and J45.909 are unspecified; K25.4 is "chronic or unspecified".
CELLS = [
    ("North", "99213", "I509", 6, 6),
    ("North", "99213", "I5021", 3, 12),
    ("North", "99214", "I509", 5, 10),
    ("North", "99214", "I5032", 2, 10),
    ("South", "99213", "I509", 4, 16),
    ("South", "99213", "I5022", 4, 15),
    ("South", "99215", "I509", 1, 3),
    ("North", "99213", "I509 I5021", 2, 1),
    ("North", "99213", "J45909", 5, 5),
    ("North", "99213", "J4530", 6, 5),
    ("North", "99213", "K254", 3, 3),
    ("North", "99213", "K259", 2, 6),
    ("North", "99213", "K250", 2, 6),
]
#: The strata of heart failure that have both kinds, as a, b, c, d.
HEART = [(6, 6, 3, 12), (5, 10, 2, 10), (4, 16, 4, 15)]


@pytest.fixture(scope="module")
def claims() -> Claims:
    return lines_of(CELLS)


def test_counts_by_category_are_those_of_comparable_lines(claims: Claims) -> None:
    found = effect(claims, by="diagnosis_category", min_lines=1).set_index("diagnosis_category")
    heart = found.loc["I50"]
    assert heart[["unspecified_lines", "unspecified_denied", "specific_lines", "specific_denied"]].tolist() == [
        47, 15, 46, 9,
    ]  # fmt: skip
    assert heart["other_lines"] == 4  # 99215 at South: nothing to compare with
    assert (heart["strata"], heart["payers"], heart["procedures"], heart["persons"]) == (3, 2, 2, 47)
    # "Chronic or unspecified" ulcers are on neither side.
    assert found.loc["K25", ["unspecified_lines", "specific_lines"]].tolist() == [8, 8]


def test_the_odds_ratio_is_statsmodels(claims: Claims) -> None:
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    theirs = contingency.StratifiedTable([np.array(t, float).reshape(2, 2) for t in HEART])
    heart = effect(claims, by="diagnosis_category", min_lines=1).set_index("diagnosis_category").loc["I50"]
    assert heart["odds_ratio"] == pytest.approx(theirs.oddsratio_pooled)
    assert heart[["low_odds_ratio", "high_odds_ratio"]].tolist() == pytest.approx(
        theirs.oddsratio_pooled_confint()
    )
    # Every cell of these strata is expected to hold two or more, so that all three are tested.
    assert heart["homogeneity_df"] == 2
    assert heart["homogeneity_p_value"] == pytest.approx(theirs.test_equal_odds(adjust=True).pvalue)
    assert heart["p_value"] == pytest.approx(theirs.test_null_odds().pvalue)


def test_the_excess_is_what_the_specific_rates_would_not_give(claims: Claims) -> None:
    heart = effect(claims, by="diagnosis_category", min_lines=1).set_index("diagnosis_category").loc["I50"]
    expected = sum((a + b) * c / (c + d) for a, b, c, d in HEART)
    assert heart["excess_denials"] == pytest.approx(15 - expected)
    assert heart["denied_amount"] == 1500.0


def test_lines_with_both_kinds_are_left_out_and_counted(claims: Claims) -> None:
    contract = cx.contract(effect(claims, by=None, min_lines=1))
    assert contract["lines_with_both_kinds"] == 3
    assert contract["rows_left_out"] == 3 + 4
    json.dumps(dict(contract))


def test_families_compare_within_their_categories(claims: Claims) -> None:
    family = effect(claims, min_lines=1).set_index("diagnosis_family")
    category = effect(claims, by="diagnosis_category", min_lines=1).set_index("diagnosis_category")
    assert family.loc["09 Circulatory", "odds_ratio"] == category.loc["I50", "odds_ratio"]
    total = cx.contract(effect(claims, min_lines=1)).records["total"]
    assert total["unspecified_lines"] == category["unspecified_lines"].sum()


def test_what_is_missing_chooses_the_codes() -> None:
    cells = [
        ("North", "73560", "M1710", 8, 12), ("North", "73560", "M1711", 4, 26), ("North", "73560", "M170", 2, 8),
        ("North", "73560", "M179", 9, 1), ("North", "99213", "N189", 5, 5), ("North", "99213", "N182", 2, 8),
        ("North", "99213", "S82201", 9, 3), ("North", "99213", "S82201A", 2, 12),
    ]  # fmt: skip
    claims = lines_of(cells)
    columns = ("unspecified_lines", "unspecified_denied", "specific_lines", "specific_denied")
    sided = effect(claims, by="diagnosis_category", missing="laterality", min_lines=1)
    assert shown(sided, "diagnosis_category", *columns) == [("M17", 30, 17, 40, 6)]
    severity = effect(claims, by="diagnosis_category", missing="severity", min_lines=1)
    assert shown(severity, "diagnosis_category", *columns) == [("N18", 10, 5, 10, 2)]
    # Without its seventh character a code is not of the encounter; the episode is no stratum here.
    encounter = effect(claims, by="diagnosis_category", missing="encounter", min_lines=1)
    assert shown(encounter, "diagnosis_category", *columns) == [("S82", 12, 9, 14, 2)]
    any_kind = effect(claims, by="diagnosis_category", min_lines=1).set_index("diagnosis_category")
    assert any_kind.loc["M17", ["unspecified_lines", "specific_lines"]].tolist() == [30, 40]


def test_small_groups_are_left_out_and_counted(claims: Claims) -> None:
    found = effect(claims, by="diagnosis_category", min_lines=20)
    assert shown(found, "diagnosis_category") == [("I50",)]
    assert cx.contract(found)["small_groups_left_out"] == 2


def test_lines_of_one_person_widen_the_interval() -> None:
    cells = [("North", "99213", "I509", 20, 40), ("North", "99213", "I5021", 12, 60)]
    one = effect(lines_of(cells), by=None).iloc[0]
    apart = np.log(one["clustered_high_odds_ratio"] / one["clustered_low_odds_ratio"])
    plain = np.log(one["high_odds_ratio"] / one["low_odds_ratio"])
    assert apart == pytest.approx(plain, rel=0.02)  # every line is a person: nearly the same
    together = effect(lines_of(cells, per_person=12), by=None).iloc[0]
    wide = np.log(together["clustered_high_odds_ratio"] / together["clustered_low_odds_ratio"])
    assert together["odds_ratio"] == one["odds_ratio"]
    assert wide > 2 * apart
    assert one["design_effect"] == pytest.approx(1)
    assert together["effective_lines"] == pytest.approx(132 / together["design_effect"])
    # The deviate of the test is shorter by the root of the design effect; a t distribution makes it shorter still.
    deviates = [norm.isf(row["p_value"] / 2) for row in (one, together)]
    assert deviates[1] <= deviates[0] / np.sqrt(together["design_effect"]) + 1e-9


def test_planted_odds_are_found() -> None:
    """Payer Strict denies unspecified codes at three times the odds of specific ones, payer Calm at the same."""
    random = np.random.default_rng(7)
    cells = []
    for payer, ratio in (("Strict", 3.0), ("Calm", 1.0)):
        for procedure, odds in (("99213", 0.05), ("99214", 0.2), ("93000", 0.6)):
            for code, factor in (("I509", ratio), ("I5021", 1.0), ("J45909", ratio), ("J4530", 1.0)):
                p = odds * factor / (1 + odds * factor)
                denied = int(random.binomial(150, p))
                cells.append((payer, procedure, code, denied, 150 - denied))
    found = effect(lines_of(cells), by="payer").set_index("payer")
    assert found.loc["Strict", "low_odds_ratio"] < 3 < found.loc["Strict", "high_odds_ratio"]
    assert found.loc["Calm", "low_odds_ratio"] < 1 < found.loc["Calm", "high_odds_ratio"]
    assert found.loc["Strict", "q_value"] < 0.001
    assert found.loc["Calm", "q_value"] > 0.05
    assert found["homogeneity_p_value"].min() > 0.001
    assert found.index[0] == "Strict"


@pytest.mark.parametrize(
    "arguments",
    [{"missing": "colour"}, {"pointer": "second"}, {"min_lines": 0}, {"by": "x"}, {"within": "x"}],
)
def test_unknown_arguments_are_refused(claims: Claims, arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        effect(claims, **arguments)


def test_nothing_to_compare_is_an_empty_table() -> None:
    found = effect(lines_of([("North", "99213", "I10", 1, 3)]))
    assert found.empty
    assert cx.contract(found).records["total"] == {}
