"""`risk.impact` against the scalar oracle: every set of a person's gaps re-scored by hand, and shared out by brute force."""

from __future__ import annotations

import functools
import itertools
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd import risk
from cpticd.claims import Claims
from tests.risk import oracle, oracle_data

YEAR = 2026
Person = tuple[dict[str, Any], set[str]]  # his facts, and his CCs of the service year


@functools.cache
def simulated() -> Claims:
    """Claims of 200 persons."""
    return cx.simulate(persons=200, seed=3).claims


@functools.cache
def persons(model: str) -> dict[str, Person]:
    """Each person as the oracle reads him: age on February 1 of the payment year, CCs of the counted diagnoses."""
    claims, tables = simulated(), oracle_data.tables(model, YEAR)
    held = risk.conditions(claims, year=YEAR - 1)
    held = held[held["counted"]].groupby("person_id")["diagnosis_code"].agg(list).to_dict()
    people: dict[str, Person] = {}
    # Whom CMS pays by these models, in some month of the payment year.
    paid = f"part_b_months > 0 AND NOT esrd AND (death_date IS NULL OR year(death_date) >= {YEAR})"
    for row in claims.query(f"SELECT * FROM members WHERE year = {YEAR - 1} AND {paid}").to_dict("records"):
        born = row["birth_date"]
        person = {
            "age": YEAR - born.year - ((born.month, born.day) > (2, 1)),
            "sex": {"male": "1", "female": "2"}[row["sex"]],
            "dual": row["dual_status_code"],
            "orec": row["original_reason_entitlement_code"],
            "lti": row["long_term_institutional"],
            "new_enrollee": row["new_enrollee"],
            "snp": row["special_needs_plan"],
        }
        codes = held.get(row["person_id"], [])
        people[row["person_id"]] = (person, oracle._condition_categories(person, codes, tables))
    return people


def value(model: str, person: Person, added: frozenset[str], removed: frozenset[str] = frozenset()) -> float:
    """Score with these CCs more and those fewer − score now."""
    facts, ccs = person
    tables = oracle_data.tables(model, YEAR)
    after = oracle._community(model, facts, (ccs | added) - removed, tables)
    return after.raw - oracle._community(model, facts, set(ccs), tables).raw


def shares(players: list[str], worth: Any) -> dict[str, float]:
    """Shapley values by their definition: each player's gain over all sets of the others."""
    k, found = len(players), {}
    for player in players:
        others = [other for other in players if other != player]
        found[player] = sum(
            factorial(size)
            * factorial(k - size - 1)
            / factorial(k)
            * (worth({*chosen, player}) - worth(set(chosen)))
            for size in range(k)
            for chosen in itertools.combinations(others, size)
        )
    return found


def likely(worth: Any, chance: dict[str, float]) -> Any:
    """The game in which each player of a set comes true with its chance, independently."""

    def expected(players: set[str]) -> float:
        total = 0.0
        for size in range(len(players) + 1):
            for chosen in itertools.combinations(sorted(players), size):
                weight = np.prod([chance[p] if p in chosen else 1 - chance[p] for p in players])
                total += float(weight) * worth(set(chosen))
        return total

    return expected


def test_claims_are_scored_as_their_counted_diagnoses() -> None:
    """A `Claims` in, the oracle on its counted diagnoses out."""
    got = risk.score(simulated(), payment_year=YEAR).set_index("person_id")
    people, tables = persons("V28"), oracle_data.tables("V28", YEAR)
    assert set(got.index) == set(people)
    for person_id, (facts, ccs) in people.items():
        want = oracle._community("V28", facts, set(ccs), tables)
        assert got.loc[person_id, "segment"] == want.segment
        assert got.loc[person_id, "raw_score"] == pytest.approx(want.raw, abs=1e-9)


def drawn(model: str, seed: int, *, most: int = 5) -> pd.DataFrame:
    """Random gaps: some beside, above, below or the same as what a person has."""
    rng = np.random.default_rng(seed)
    tables = oracle_data.tables(model, YEAR)
    every = sorted({hcc for hccs in tables.codes.values() for hcc in hccs}, key=int)
    rows = []
    for person_id, (_, ccs) in persons(model).items():
        near = sorted({c for cc in ccs for c in (cc, *tables.children.get(cc, ()))}) or every
        pool = {
            str(rng.choice(every if rng.random() < 0.6 else near)) for _ in range(rng.integers(0, most + 1))
        }
        rows += [(person_id, hcc, round(float(rng.random()), 3)) for hcc in sorted(pool)]
    return pd.DataFrame(rows, columns=["person_id", "hcc", "confidence"]).assign(kind="lapsed", status="open")


@pytest.mark.parametrize("model", ["V28", "V24"])
def test_shares_are_those_of_every_set_rescored(model: str) -> None:
    """Marginal, Shapley and expected share of each gap; a person's shares add up to score(with all) − score now."""
    gaps = drawn(model, 0)
    got = risk.impact(simulated(), gaps, model=model, payment_year=YEAR).set_index(["person_id", "hcc"])
    assert len(got) == len(gaps)
    for person_id, mine in gaps.groupby("person_id"):
        person, players = persons(model)[person_id], list(mine["hcc"])
        worth = functools.cache(lambda chosen, person=person: value(model, person, chosen))
        fair = shares(players, lambda chosen, worth=worth: worth(frozenset(chosen)))
        chance = dict(zip(mine["hcc"], mine["confidence"], strict=True))
        hoped = shares(players, likely(lambda chosen, worth=worth: worth(frozenset(chosen)), chance))
        for hcc in players:
            row = got.loc[(person_id, hcc)]
            assert row["marginal_score"] == pytest.approx(worth(frozenset({hcc})), abs=1e-9)
            assert row["shapley_score"] == pytest.approx(fair[hcc], abs=1e-9)
            assert row["expected_score"] == pytest.approx(hoped[hcc], abs=1e-9)
        total = got.loc[person_id, "shapley_score"].sum()
        assert total == pytest.approx(worth(frozenset(players)), abs=1e-9)


def test_unsupported_conditions_are_valued_by_leaving_them_out() -> None:
    """Score without them − score now, shared out the same way."""
    people = persons("V28")
    held = [(who, cc, 0.5) for who, (_, ccs) in people.items() for cc in sorted(ccs)[:4]]
    unsupported = pd.DataFrame(held, columns=["person_id", "hcc", "confidence"])
    gaps = pd.DataFrame({"person_id": [], "hcc": [], "confidence": []}).astype({"person_id": str, "hcc": str})
    got = risk.impact(simulated(), gaps, payment_year=YEAR, unsupported=unsupported)
    assert len(got) == len(unsupported)
    assert got["kind"].eq("unsupported").all()
    for person_id, mine in got.groupby("person_id"):
        person, players = people[person_id], list(mine["hcc"])
        fair = shares(players, lambda chosen, p=person: value("V28", p, frozenset(), frozenset(chosen)))
        assert dict(zip(mine["hcc"], mine["shapley_score"], strict=True)) == pytest.approx(fair, abs=1e-9)


@pytest.mark.thorough
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_closing_a_gap_twice_is_closing_it_once(seed: int) -> None:
    """The same gap listed again, in another order, changes nothing: not its value, not the totals."""
    gaps = drawn("V28", seed, most=3)
    again = pd.concat([gaps, gaps.sample(frac=0.5, random_state=seed)]).sample(frac=1, random_state=seed)
    once, twice = (risk.impact(simulated(), frame, payment_year=YEAR) for frame in (gaps, again))
    by = ["person_id", "hcc"]
    numbers = ["marginal_score", "shapley_score", "expected_score"]
    a, b = (frame.sort_values(by)[by + numbers].reset_index(drop=True) for frame in (once, twice))
    pd.testing.assert_frame_equal(a, b, check_exact=False, atol=1e-12)
    for left, right in zip(
        cx.contract(once).records["totals"], cx.contract(twice).records["totals"], strict=True
    ):
        assert left["gaps"] == right["gaps"]
        assert left["expected_score"] == pytest.approx(right["expected_score"], abs=1e-9)


def test_a_gap_that_is_coded_already_or_below_what_is_coded_is_worth_nothing() -> None:
    """Alone and in its share, whatever else the person lacks."""
    tables = oracle_data.tables("V28", YEAR)
    rows = [
        (person_id, child, 1.0)
        for person_id, (_, ccs) in persons("V28").items()
        for cc in sorted(ccs - {"223"})
        for child in (cc, *tables.children.get(cc, ()))
        if set(tables.children.get(child, ())) <= set(tables.children.get(cc, ()))
    ]
    gaps = pd.DataFrame(rows, columns=["person_id", "hcc", "confidence"]).drop_duplicates()
    few = gaps.groupby("person_id").head(10)
    got = risk.impact(simulated(), few, payment_year=YEAR)
    assert len(got) == len(few) > 100
    assert got[["marginal_score", "shapley_score", "expected_score"]].abs().max(axis=None) <= 1e-12


def test_many_gaps_are_sampled_and_still_add_up() -> None:
    """Beyond twelve of one person the shares are sampled, and said to be; their sum is still the whole."""
    person_id, person = next(
        (who, person) for who, person in persons("V28").items() if not person[0]["new_enrollee"]
    )
    hccs = [
        "1",
        "2",
        "6",
        "17",
        "35",
        "48",
        "62",
        "77",
        "107",
        "125",
        "135",
        "151",
        "182",
        "221",
        "264",
        "326",
    ]
    gaps = pd.DataFrame({"person_id": person_id, "hcc": hccs, "confidence": 1.0})
    got = risk.impact(simulated(), gaps, payment_year=YEAR)
    assert got["method"].eq("sampled").all()
    assert got["shapley_score"].sum() == pytest.approx(value("V28", person, frozenset(hccs)), abs=1e-9)
    for row in got.itertuples():
        assert row.marginal_score == pytest.approx(value("V28", person, frozenset({row.hcc})), abs=1e-9)


def test_gaps_and_unsupported_conditions_of_claims_are_worth_what_the_oracle_says() -> None:
    """The whole way: what `risk.gaps` and `risk.unsupported` find, valued per person, in both directions."""
    found = risk.gaps(simulated(), year=YEAR - 1)
    thin = risk.unsupported(simulated(), year=YEAR - 1)
    got = risk.impact(simulated(), found, payment_year=YEAR, unsupported=thin)
    counted = got[got["status"] == "open"]
    assert counted["kind"].nunique() >= 3
    for (person_id, remove), mine in counted.groupby(["person_id", counted["kind"] == "unsupported"]):
        hccs, none = frozenset(mine["hcc"]), frozenset[str]()
        person = persons("V28")[person_id]
        want = value("V28", person, none, hccs) if remove else value("V28", person, hccs)
        assert mine["shapley_score"].sum() == pytest.approx(want, abs=1e-9), (person_id, hccs)
