"""Diagnoses behind a service: expected and odds ratios by hand and by statsmodels, trees by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.patterns.billed import billed

#: In the North the service goes with E11, in the South it is rare; Z00 goes with neither. Persons have one claim each.
ROWS = """
    code  | diagnoses | payer | times
    83036 | E119      | North | 60
    83036 | I10       | North | 20
    99213 | E119      | North | 30
    99213 | I10       | North | 90
    99213 | E119 I10  | North | 10
    83036 | E119      | South | 12
    83036 | J069      | South | 8
    99213 | E119      | South | 20
    99213 | J069      | South | 100
    83036 | I10       | West  | 5
"""
#: With the service and the diagnosis, with it and without the diagnosis, without and with, without and without.
TABLES = [np.array([[60, 20], [40, 90]]), np.array([[12, 8], [20, 100]])]


@pytest.fixture(scope="module")
def claims() -> Claims:
    return billed(ROWS)


def test_claims_are_held_against_claims_of_their_stratum(claims: Claims) -> None:
    found = patterns.associated(claims, "83036", match="payer")
    row = found.set_index("diagnosis").loc["E119"]
    assert row[["observed", "pointed", "persons"]].tolist() == [72, 72, 72]
    expected = 80 * 100 / 210 + 20 * 32 / 140
    assert row["expected"] == pytest.approx(expected)
    assert row["lift"] == pytest.approx(72 / expected)
    assert row["share_with"] == pytest.approx(72 / 100)
    assert row["share_without"] == pytest.approx((80 * 40 / 130 + 20 * 20 / 120) / 100)
    table = StratifiedTable(TABLES)
    assert row["odds_ratio"] == pytest.approx(table.oddsratio_pooled)
    assert row[["odds_low", "odds_high"]].tolist() == pytest.approx(list(table.oddsratio_pooled_confint()))
    assert row["p_value"] == pytest.approx(table.test_null_odds().pvalue / 2, abs=1e-6)
    terms = cx.contract(found)
    assert (terms["claims_with"], terms["claims_without"], terms["claims_with_left_out"]) == (100, 250, 5)
    assert cx.charts.draw(found).data


def test_claims_of_one_person_count_for_less() -> None:
    one = billed(ROWS.replace("times", "times | person").replace("| 60", "| 60 | p1", 1))
    row = patterns.associated(one, "83036", match="payer").set_index("diagnosis").loc["E119"]
    # 60 claims of one person and 12 of nobody known: (3600 + 12) / 72 claims a claim's person has.
    assert row["design_effect"] == pytest.approx((3600 + 12) / 72)
    assert row["persons"] == 1  # the others are not known, and each claim is one of its own


def test_diagnoses_come_in_groups_and_persons_are_matched_by_age_and_sex(claims: Claims) -> None:
    found = patterns.associated(claims, ["83036"], match=("payer", "age_band", "sex"), grain="ccsr")
    assert "END002" in set(found["diagnosis"])
    assert (
        patterns.associated(claims, "83036", match=None, grain="category")["diagnosis"].str.len().eq(3).all()
    )


def test_a_tree_finds_what_was_planted_and_counts_it_on_other_persons() -> None:
    rng = np.random.default_rng(5)
    size = 3000
    heart, sugar, noise = (rng.random(size) < chance for chance in (0.3, 0.3, 0.4))
    case = rng.random(size) < np.where(heart & ~sugar, 0.8, 0.05)
    listed = zip(heart, sugar, noise, strict=True)
    rows = pd.DataFrame({
        "code": np.where(case, "93306", "99213"),
        "diagnoses": [" ".join(c for c, f in zip(["I509", "E119", "M545"], row, strict=True) if f) or "Z000"
                      for row in listed],
    })  # fmt: skip
    found = patterns.definition(billed(rows), "93306", match="payer")
    first = found.iloc[0]
    assert first["rule"] == "I50, not E11"
    assert first["share_with_low"] < 0.21 * 0.8 / (0.21 * 0.8 + 0.79 * 0.05) < first["share_with_high"]
    assert found["share_with"].sum() == pytest.approx(1) and found["share_without"].sum() == pytest.approx(1)
    half = (
        rows[["code"]]
        .assign(claim=[f"p{n + 1}" for n in range(size)])
        .sort_values("claim")["code"]
        .to_numpy()[1::2]
    )
    assert found["claims"].sum() == (half == "93306").sum()
    assert cx.charts.draw(found).data


def test_only_counts_of_enough_persons_leave(claims: Claims) -> None:
    release = cx.disclosure.Release(claims)
    release.add("diagnoses", patterns.associated(claims, "83036", match="payer"))
    release.add("tree", patterns.definition(claims, "83036", match="payer", min_claims=5))
    left = release["diagnoses"]
    rows = left.set_index("diagnosis")
    assert rows.loc["J069", ["observed", "persons"]].isna().all()
    assert left[["expected", "ebgm", "odds_ratio", "share_with", "q_value"]].isna().all(axis=None)
    tree = release["tree"]
    assert tree[["share_with", "times"]].isna().all(axis=None)
    assert not (tree["claims"].dropna().between(1, 10)).any()


def test_what_is_not_there_is_refused(claims: Claims) -> None:
    for wrong, words in (
        ({"service": "12345"}, "no claim that stands has 12345"),
        ({"service": []}, "give one code"),
        ({"service": "83036", "match": "hcpcs_code"}, "leave out"),
        ({"service": "83036", "grain": "letter"}, "grain='letter'"),
    ):
        with pytest.raises(ArgumentError, match=words):
            patterns.associated(claims, **wrong)
    with pytest.raises(ArgumentError, match="depth=4"):
        patterns.definition(claims, "83036", depth=4)
