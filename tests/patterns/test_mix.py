"""Levels of code families: shares, mean level and entropy by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd import patterns, reference
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.patterns.mix import _measured
from tests.patterns.billed import billed
from tests.spec import shown

VISITS = "office visit, established patient"
ROWS = """
    code  | diagnoses | provider | times | date       | person
    99213 | I10       | A        | 6     | 2024-02-01 | p1
    99214 | I10       | A        | 2     | 2024-02-01 | p2
    99215 | I10       | B        | 2     | 2024-02-01 | p3
    99213 | I10       | B        | 5     | 2024-05-01 | p3
    99203 | I10       | B        | 4     | 2024-05-01 | p4
    80053 | I10       | B        | 9     | 2024-05-01 | p4
"""


#: Sums over clusters where every line is one of its own: as many as there are lines.
ALONE = [f"{kind}_{name}" for kind in ("claim", "person") for name in ("part", "kk", "nk")]
#: The same of a person for each line.
EACH = "\n".join(line.rpartition("|")[0] for line in ROWS.strip().splitlines())


@pytest.fixture(scope="module")
def claims() -> Claims:
    return billed(ROWS)


def test_shares_and_mean_level_have_the_errors_of_clustered_regressions() -> None:
    rng = np.random.default_rng(1)
    person = rng.integers(0, 80, 400)
    level = np.clip(rng.normal(3.2, 0.6, 80)[person] + rng.normal(0, 0.5, 400), 2, 5).round().astype(int)
    rows = pd.DataFrame({"code": [f"9921{each}" for each in level], "diagnoses": "I10"})
    found = patterns.mix(billed(rows.assign(person=[f"p{n}" for n in person])), family=VISITS, period=None)
    for each in (3, 4):
        row = found.set_index("level").loc[each]
        fits = [OLS((level == each).astype(float), np.ones(400)).fit(**how) for how in _errors(person)]
        assert row["design_effect"] == pytest.approx((fits[0].bse[0] / fits[1].bse[0]) ** 2, rel=0.06)
    mean = OLS(level.astype(float), np.ones(400)).fit(**_errors(person)[0])
    half = (row["mean_high"] - row["mean_low"]) / 2
    assert half == pytest.approx(1.96 * mean.bse[0], rel=0.05)
    assert row["mean_level"] == pytest.approx(level.mean())


def _errors(person: np.ndarray) -> list[dict[str, Any]]:
    return [{"cov_type": "cluster", "cov_kwds": {"groups": person}}, {"cov_type": "HC1"}]


def test_levels_by_quarter(claims: Claims) -> None:
    found = patterns.mix(claims, family=VISITS, min_lines=1)
    columns = ("period", "level", "codes", "lines", "family_lines", "persons", "share")
    assert shown(found, *columns) == [
        ("2024-01-01", 1, "99211", 0, 10, 0, 0.0),
        ("2024-01-01", 2, "99212", 0, 10, 0, 0.0),
        ("2024-01-01", 3, "99213", 6, 10, 1, 0.6),
        ("2024-01-01", 4, "99214", 2, 10, 1, 0.2),
        ("2024-01-01", 5, "99215", 2, 10, 1, 0.2),
        ("2024-04-01", 1, "99211", 0, 5, 0, 0.0),
        ("2024-04-01", 2, "99212", 0, 5, 0, 0.0),
        ("2024-04-01", 3, "99213", 5, 5, 1, 1.0),
        ("2024-04-01", 4, "99214", 0, 5, 0, 0.0),
        ("2024-04-01", 5, "99215", 0, 5, 0, 0.0),
    ]
    recurring = found.iloc[2]
    # Of as many persons as lines; where three persons have them, the intervals are those of three.
    found = patterns.mix(billed(EACH), family=VISITS, min_lines=1)
    first, last = found.iloc[2], found.iloc[7]
    assert (first["design_effect"], first["effective_lines"]) == (1, 10)
    assert recurring["design_effect"] > 2
    assert recurring["high"] - recurring["low"] > 1.3 * (first["high"] - first["low"])
    assert recurring["mean_high"] - recurring["mean_low"] > 1.3 * (first["mean_high"] - first["mean_low"])
    assert (first["low"], first["high"]) == pytest.approx(proportion_confint(6, 10, method="wilson"))
    bits = -(0.6 * math.log2(0.6) + 2 * 0.2 * math.log2(0.2))
    levels = [3] * 6 + [4] * 2 + [5] * 2
    half = 1.959963985 * np.std(levels, ddof=1) / math.sqrt(10)
    assert first[["mean_level", "mean_low", "mean_high", "entropy", "evenness"]].tolist() == pytest.approx(
        [3.6, 3.6 - half, 3.6 + half, bits, bits / math.log2(5)]
    )
    assert last[["mean_level", "mean_low", "mean_high", "entropy", "evenness"]].tolist() == [3, 3, 3, 0, 0]


def test_by_provider_over_all_time(claims: Claims) -> None:
    found = patterns.mix(claims, family=VISITS, by="rendering_npi", period=None, min_lines=1)
    billed_levels = found[found["lines"] > 0]
    assert shown(billed_levels, "rendering_npi", "level", "lines", "mean_level") == [
        ("A", 3, 6, 3.25), ("A", 4, 2, 3.25), ("B", 3, 5, round(25 / 7, 4)), ("B", 5, 2, round(25 / 7, 4)),
    ]  # fmt: skip
    assert cx.contract(found)["groups"] == ["rendering_npi"]


def test_every_family_that_occurs_and_none_that_does_not(claims: Claims) -> None:
    found = patterns.mix(claims, period="year", min_lines=4)
    assert found["family"].unique().tolist() == [VISITS, "office visit, new patient"]
    assert found[found["family"] == "office visit, new patient"]["level"].tolist() == [2, 3, 4, 5]
    few = patterns.mix(claims, period="year", min_lines=5)
    assert few["family"].unique().tolist() == [VISITS]
    assert cx.contract(few)["small_groups_left_out"] == 1


def test_a_code_counts_on_its_days_and_others_are_told() -> None:
    rows = "code | diagnoses | date\n99201 | I10 | 2020-12-31\n99201 | I10 | 2021-01-01\n99203 | I10 | 2021-01-01"
    found = patterns.mix(billed(rows), family="office visit, new patient", min_lines=1)
    assert shown(found[found["lines"] > 0], "period", "codes", "lines", "family_lines") == [
        ("2020-10-01", "99201", 1, 1), ("2021-01-01", "99203", 1, 1),
    ]  # fmt: skip
    assert found["level"].tolist() == [1, 2, 3, 4, 5, 2, 3, 4, 5]
    assert cx.contract(found)["rows_left_out"] == 1


def test_selections_empties_and_errors(claims: Claims) -> None:
    found = patterns.mix(claims.where(persons=["p1", "p2"]), family=VISITS, min_lines=1)
    assert found["lines"].sum() == 8
    contract = cx.contract(found)
    assert json.loads(json.dumps(dict(contract))) == dict(contract)
    assert patterns.mix(claims.where(dates=("2031-01-01", None))).empty
    for arguments in (
        {"family": "visits"},
        {"by": "npi"},
        {"period": "week"},
        {"min_lines": 0},
    ):
        wrong: dict[str, Any] = arguments
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            patterns.mix(claims, **wrong)


@settings(max_examples=12, deadline=None)
@given(
    counts=st.lists(st.lists(st.integers(0, 30), min_size=5, max_size=5), min_size=1, max_size=4),
    least=st.integers(1, 60),
)
def test_shares_add_up_and_evenness_lies_between_nothing_and_one(counts: list[list[int]], least: int) -> None:
    rows = [
        {
            "family": "f",
            "payer": str(group),
            "level": place + 1,
            "codes": "",
            "lines": n,
            "persons": n,
            **dict.fromkeys(ALONE, n),
            **dict.fromkeys(("claim_nx", "person_nx"), n * (place + 1)),
        }
        for group, levels in enumerate(counts)
        for place, n in enumerate(levels)
    ]
    found, small = _measured(pd.DataFrame(rows), ["payer"], least, 0.95)
    assert small == sum(sum(levels) < least for levels in counts)
    for group, part in found.groupby("payer"):
        assert part["lines"].tolist() == counts[int(group)]
        assert part["share"].sum() == pytest.approx(1)
        assert part["evenness"].between(0, 1).all()
        assert part["mean_level"].between(1, 5).all()
        assert (part["low"] <= part["share"]).all()
        assert (part["share"] <= part["high"]).all()


def test_the_families_are_dated_rows_of_codes_with_levels() -> None:
    table = reference.table("code_families").to_pandas()
    assert not table["code"].duplicated().any()
    assert table["code"].str.fullmatch(r"[0-9]{5}|[A-Z][0-9]{4}").all()
    for family, rows in table.groupby("family"):
        assert len(rows) > 1, family
        assert sorted(rows["level"]) == list(range(rows["level"].min(), rows["level"].min() + len(rows))), (
            family
        )
    codes = {family: " ".join(rows["code"]) for family, rows in table.groupby("family")}
    assert codes["emergency department visit"] == "99281 99282 99283 99284 99285"
    assert codes["hospital care, first day"] == "99221 99222 99223"
    assert codes["hospital care, later day"] == "99231 99232 99233"
