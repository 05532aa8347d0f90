"""Drivers: each planted effect once, at the level where it lives; by another generator, and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.amount import first
from tests.benchmarks.driver_levels import levels
from tests.benchmarks.recurring_claims import draw

PAYERS, PROCEDURES = ("North", "South", "East"), ("99213", "97110", "80053", "93000", "36415")
DIAGNOSES = ("I10", "E119", "M545", "J069", "R05", "Z0000")


def claims_with(
    chance: dict[tuple[str, ...], float], *, since: str = "2024-01-01", lines: int = 12_000, seed: int = 1
) -> Claims:
    """Claims of one line and person each, denied by one in ten, and more often where all of a key's names apply."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "claim_id": [f"C{number:05d}" for number in range(lines)],
            "payer": rng.choice(PAYERS, lines), "hcpcs_code": rng.choice(PROCEDURES, lines),
            "diagnosis_code": rng.choice(DIAGNOSES, lines), "billing_npi": rng.integers(0, 20, lines).astype(str),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 360, lines), unit="D"),
        }
    )  # fmt: skip
    p = np.full(lines, 0.10)
    for names, value in chance.items():
        there = rows.isin(names).sum(axis=1) == len(names)
        p = np.where(there & (rows["day"] >= since), value, p)
    return cx.read_wide(
        rows.assign(
            person_id=rows["claim_id"], place_of_service_code="11", service_date=rows["day"].astype(str),
            billing_npi="10000000" + rows["billing_npi"].str.zfill(2), charge_amount=100.0,
            allowed_amount=np.where(rng.random(lines) < p, 0.0, 60.0),
        )
        .assign(
            paid_amount=lambda t: t["allowed_amount"],
            denial_code=lambda t: np.where(t["allowed_amount"] == 0, "CO-50", ""),
        )
        .drop(columns="day"),
        progress=False,
    )  # fmt: skip


def found_in(claims: Claims) -> list[tuple[str, ...]]:
    """Level and keys of every driver."""
    found = cx.denials.drivers(claims, q=0.01)  # at 0.10 one level in ten lists what chance brings
    return [
        (row["level"], *(row[name] for name in row["level"].split(" × "))) for row in found.to_dict("records")
    ]


@pytest.mark.parametrize(
    ("names", "level"),
    first(
        3,
        [
            (("North",), "payer"),
            (("97110",), "hcpcs_code"),
            (("North", "97110"), "payer × hcpcs_code"),
            (("1000000007",), "billing_npi"),
            (("97110", "I10"), "hcpcs_code × diagnosis_code"),
            (("North", "97110", "I10"), "payer × hcpcs_code × diagnosis_code"),
        ],
    ),
)
def test_an_effect_is_listed_once_at_the_level_where_it_lives(names: tuple[str, ...], level: str) -> None:
    planted = tuple(name.removeprefix("10000000").lstrip("0") or name for name in names)
    assert found_in(claims_with({planted: 0.45})) == [(level, *names)]


def test_numbers_of_a_driver_by_hand() -> None:
    claims = claims_with({("North", "97110"): 0.40}, since="2024-07-01")
    (row,) = cx.denials.drivers(claims, q=0.01).to_dict("records")
    lines = claims.query(
        "SELECT initial_outcome = 'denied' AS denied, service_date >= DATE '2024-07-01' AS late, "
        "payer = 'North' AND hcpcs_code = '97110' AS planted FROM line_outcomes"
    )
    inside, outside = lines[lines["planted"]], lines[~lines["planted"]]
    assert row["lines"] == len(inside) and row["denied_lines"] == inside["denied"].sum()
    # Nothing else is planted, so that the others' rate is what is to be expected, within a payer's own luck.
    assert row["expected_rate"] == pytest.approx(outside["denied"].mean(), abs=0.02)
    assert row["excess_denials"] == pytest.approx(row["denied_lines"] - row["expected_denials"])
    assert row["excess_amount"] == pytest.approx(100 * row["excess_denials"], rel=0.01)
    assert row["since"] == pd.Timestamp("2024-07-01")
    assert row["design_effect"] == pytest.approx(1.0) and row["top_carc"] == "50"


def test_where_nothing_is_planted_nothing_is_listed_and_what_could_have_been_missed_is_said() -> None:
    found = cx.denials.drivers(claims_with({}), q=0.01)
    assert len(found) == 0 and {"level", "payer", "diagnosis_code", "q_value"} <= set(found.columns)
    words = cx.contract(found)["detectable"]["payer × hcpcs_code"]
    assert words.startswith("15 looked at; of ") and "points above" in words


def test_two_effects_beside_each_other_are_told_apart() -> None:
    claims = claims_with({("North", "97110"): 0.40, ("South", "80053", "E119"): 0.60})
    assert sorted(found_in(claims)) == [
        ("payer × hcpcs_code", "North", "97110"),
        ("payer × hcpcs_code × diagnosis_code", "South", "80053", "E119"),
    ]


def test_a_pair_of_two_payers_of_three_is_theirs_and_one_of_all_is_all_payers() -> None:
    pair = ("97110", "I10")
    theirs = claims_with({("North", *pair): 0.60, ("South", *pair): 0.60})
    level = "payer × hcpcs_code × diagnosis_code"
    assert sorted(found_in(theirs)) == [(level, "North", *pair), (level, "South", *pair)]
    assert found_in(claims_with({pair: 0.60})) == [("hcpcs_code × diagnosis_code", *pair)]


@pytest.mark.thorough
def test_what_another_generator_plants_among_recurring_services() -> None:
    world = draw("mixed", seed=1, lines=60_000, effects=True)
    claims = cx.read_tables(**world.tables, progress=False)
    hits = np.stack([world.redraw(1000 + number) for number in range(10)])
    found = pd.DataFrame(levels(world, claims, hits, 0.10)).set_index("way")
    assert found["false"].sum() <= 2
    policies = found.loc["drivers: payer x procedure"]
    assert policies["strong at its level"] == policies["strong"] >= 1 and policies["elsewhere"] == 0


def test_dimensions_of_the_users_own_and_mistakes() -> None:
    claims = claims_with({("1000000007"[-1],): 0.5})
    found = cx.denials.drivers(claims, ("billing_npi", "payer_kind"))
    assert found["level"].tolist() == ["billing_npi"] and "payer" not in found.columns
    for wrong in ({"dimensions": ()}, {"q": 0}, {"min_lines": 0}, {"dimensions": ("diagnosis_code",)}):
        with pytest.raises(cx.CpticdError, match=r"expected|say 'diagnosis'"):
            cx.denials.drivers(claims, **wrong)
