"""Confidences: the table, a user's chart reviews, and what both refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from cpticd.core.contract import contract
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.risk.calibration import by_decile, calibrate, checked, default
from cpticd.risk.gap_learned import bins
from cpticd.risk.gaps import KINDS, gaps
from cpticd.risk.reviews import moved
from tests.risk.visits import claims_of_visits

VISITS = "\n".join(
    f"p{number:03d} | 2024-03-01 | 11 | E11.42 | 99213\n p{number:03d} | 2024-05-01 | 11 | E11.42 | 99213"
    f"\n p{number:03d} | 2025-03-01 | 11 | I10 | 99213"
    for number in range(60)
)


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return gaps(claims_of_visits(VISITS), year=2025)


def reviews(found: pd.DataFrame, confirmed: int) -> pd.DataFrame:
    rows = found[["person_id", "hcc"]].copy()
    rows["confirmed"] = np.arange(len(rows)) < confirmed
    return rows


def test_the_built_in_table_has_every_kind_and_learned_stratum() -> None:
    table = default()
    assert set(table.loc[table["stratum"] == "", "kind"]) == set(KINDS)
    assert table["confidence"].between(0, 1).all()
    assert (table["planted"] <= table["gaps"]).all()
    rows = table[table["kind"] == "learned"].set_index("stratum")["confidence"]
    strata = bins()[lambda all_of: all_of["bin"] >= 2]
    assert set(strata["stratum"]) == set(rows.index) - {""}
    for _, part in strata.groupby("known"):
        assert rows.reindex(part["stratum"]).is_monotonic_increasing  # higher odds, more confidence


def test_reviews_that_agree_move_little_and_others_move_it_towards_them(found: pd.DataFrame) -> None:
    name = found["stratum"].iloc[0]
    before = found["confidence"].iloc[0]

    def after(confirmed: int, size: int = 60) -> float:
        table = calibrate(found, reviews(found.head(size), confirmed))
        rows = table[(table["kind"] == "lapsed") & (table["stratum"] == name)]
        return float(rows["confidence"].iloc[0])

    assert after(round(60 * before)) == pytest.approx(before, abs=0.02)
    assert 0.2 < after(15) < 0.5  # 15 of 60
    assert after(15) < after(30) < after(45)
    assert before > after(3, size=12) > after(15)  # the same share of fewer reviews moves less


def test_calibrated_gaps_say_so(found: pd.DataFrame) -> None:
    table = calibrate(found, reviews(found, 20))
    again = gaps(claims_of_visits(VISITS), year=2025, calibration=table)
    assert again["calibration"].str.startswith("chart reviews (20 of 60 confirmed): lapsed, ").all()
    assert (again["confidence"] < found["confidence"]).all()
    other = table[(table["kind"] == "lapsed") & (table["stratum"] == "died in the year, only year")].iloc[0]
    assert other["source"] == "chart reviews of the kind, on simulated persons"
    untouched = table[table["kind"] == "implied"].merge(default(), on=["kind", "stratum"])
    assert np.allclose(untouched["confidence_x"], untouched["confidence_y"], atol=1e-3)


def test_reviews_that_cannot_be_used_are_refused(found: pd.DataFrame) -> None:
    good = reviews(found, 20)
    with pytest.raises(SchemaError, match=r"reviewed: no column \['confirmed'\]"):
        calibrate(found, good.drop(columns="confirmed"))
    with pytest.raises(SchemaError, match=r"gaps: no column \['stratum'\]"):
        calibrate(found.drop(columns="stratum"), good)
    with pytest.raises(ArgumentError, match="name no gap, the first is person nobody, HCC 1"):
        calibrate(found, pd.DataFrame({"person_id": ["nobody"], "hcc": ["1"], "confirmed": [True]}))
    with pytest.raises(ArgumentError, match="no row"):
        calibrate(found, good.head(0))
    with pytest.raises(ArgumentError, match="both confirmed and not"):
        calibrate(found, pd.concat([good, good.assign(confirmed=~good["confirmed"])]))
    with pytest.raises(SchemaError, match="confirmed is empty"):
        calibrate(found, good.assign(confirmed=None))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"kind": ["lapsed"]}), r"no column \['stratum', 'confidence'\]"),
        (pd.DataFrame({"kind": ["lapsed"], "stratum": [""], "confidence": [1.2]}), "lies from 0 to 1"),
        (
            pd.DataFrame({"kind": ["lapsed"] * 2, "stratum": ["", ""], "confidence": [0.5, 0.6]}),
            "stands twice",
        ),
    ],
)
def test_tables_that_cannot_be_used_are_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        checked(table)


def test_a_row_for_the_whole_kind_takes_the_place_of_its_strata(found: pd.DataFrame) -> None:
    table = pd.DataFrame({"kind": ["lapsed"], "stratum": [""], "confidence": [0.33]})
    again = gaps(claims_of_visits(VISITS), year=2025, kinds=["lapsed"], calibration=table)
    assert (again["confidence"] == 0.33).all()
    assert again["calibration"].str.startswith("the caller's table: lapsed").all()


def test_deciles_by_hand() -> None:
    table = by_decile(pd.Series([0.05, 0.95, 0.99, 1.0, 0.91]), pd.Series([0, 1, 1, 1, 0]))
    assert table["tenth"].tolist() == [0, 9]
    assert table["gaps"].tolist() == [1, 4]
    assert table["share"].tolist() == [0.0, 0.75]
    assert table["confidence"].round(4).tolist() == [0.05, 0.9625]
    assert table["inside"].tolist() == [True, False] or table["high"].iloc[1] > 0.9625


def test_a_kind_moves_by_shift_and_slope_as_a_regression_with_the_same_priors() -> None:
    """The oracle is a grid over shift and slope: no code is shared."""
    before = np.repeat([0.2, 0.5, 0.8], 40)
    answer = np.concatenate([np.arange(40) < k for k in (4, 20, 38)]).astype(float)
    rows = pd.DataFrame(
        {"kind": "drug", "stratum": "x", "confidence": before, "confirmed": answer.astype(bool)}
    )
    table = pd.DataFrame(
        {"kind": "drug", "stratum": ["", "a", "b"], "confidence": [0.2, 0.5, 0.8], "source": "s"}
    )
    got = moved(
        table, rows.assign(stratum="elsewhere"), pd.Series({"drug": 1.0}), prior_reviews=10.0, spreads=(1.0, 0.5), confidence=0.95
    ).set_index("stratum")  # fmt: skip
    x = np.log(before / (1 - before))
    shift, slope = np.meshgrid(np.linspace(-2, 2, 401), np.linspace(-1.5, 1.5, 301), indexing="ij")
    loss = (shift / 1.0) ** 2 / 2 + (slope / 0.5) ** 2 / 2
    for value in np.unique(x):
        z = value + shift + slope * (value - x.mean())
        mine = x == value
        loss += mine.sum() * np.log1p(np.exp(z)) - answer[mine].sum() * z
    best = np.unravel_index(loss.argmin(), loss.shape)
    weight = np.exp(loss.min() - loss)
    for stratum, value in (("", 0.2), ("a", 0.5), ("b", 0.8)):
        z = np.log(value / (1 - value)) + shift + slope * (np.log(value / (1 - value)) - x.mean())
        assert got.loc[stratum, "confidence"] == pytest.approx(1 / (1 + np.exp(-z[best])), abs=0.01)
        order = np.argsort(z, axis=None)
        share = np.cumsum(weight.ravel()[order]) / weight.sum()
        low, high = (1 / (1 + np.exp(-z.ravel()[order][np.searchsorted(share, q)])) for q in (0.025, 0.975))
        assert got.loc[stratum, ["low", "high"]].tolist() == pytest.approx([low, high], abs=0.03)


def test_reviews_come_with_their_number_an_interval_and_a_cap(found: pd.DataFrame) -> None:
    table = calibrate(found, reviews(found, 20))
    stratum = table[table["stratum"] == found["stratum"].iloc[0]].iloc[0]
    assert (stratum["gaps"], stratum["planted"], stratum["cap"]) == (60, 20, 0.95)
    assert (
        stratum["low"] < 20 / 60 < stratum["high"]
        and stratum["low"] < stratum["confidence"] < stratum["high"]
    )
    assert table.loc[table["kind"] == "drug", ["low", "high"]].isna().all().all()  # nobody reviewed one
    assert (table["confidence"] <= table["cap"]).all()
    terms = contract(table)
    assert terms["reviews_by_kind"] == {"lapsed": 60} and terms["caps"]["drug"] == 0.85
    fewer = calibrate(found, reviews(found.head(12), 4))
    wide = fewer[fewer["stratum"] == stratum["stratum"]].iloc[0]
    assert wide["high"] - wide["low"] > stratum["high"] - stratum["low"]


def test_a_cap_gives_way_to_nothing_but_the_strata_s_own_reviews(found: pd.DataFrame) -> None:
    name = found["stratum"].iloc[0]

    def after(copies: int) -> pd.Series:
        many = pd.concat([found.assign(person_id=found["person_id"] + f"-{n}") for n in range(copies)])
        table = calibrate(many, reviews(many, len(many)))
        return table[table["stratum"] == name].iloc[0]

    assert after(1)["confidence"] == after(1)["cap"] == 0.95  # 60 of 60: no lower than 0.94
    assert after(5)["cap"] == pytest.approx(proportion_confint(300, 300, method="wilson")[0])
    assert after(5)["confidence"] <= after(5)["cap"] < 0.99
    strict = calibrate(found, reviews(found, 60), caps=pd.DataFrame({"kind": ["lapsed"], "cap": [0.5]}))
    others = strict[(strict["kind"] == "lapsed") & (strict["gaps"].fillna(0) == 0)]
    assert (others["confidence"] <= 0.5).all()
