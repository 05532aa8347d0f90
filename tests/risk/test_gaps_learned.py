"""The learned kind: what it finds, that a person's own record never supports itself, that two runs agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.session import Session
from cpticd.risk import gap_inputs, gap_learned
from cpticd.risk.gap_learned import EDGES, KNOWN, bins
from cpticd.risk.gaps import gaps
from tests.amount import first
from tests.risk.visits import claims_of_visits

#: All strata listed, so that the model's odds show.
SCALE_OF_BINS = bins().assign(kind="learned", confidence=lambda strata: (strata["bin"] + 1) / 20)
EVERYTHING = {
    "min_confidence": 0.0, "min_persons": 5, "kinds": ["learned"], "calibration": SCALE_OF_BINS,
}  # fmt: skip


def visits(*, q_has_it: bool) -> str:
    """Sixty persons with an INR check, fifty of them coded with atrial fibrillation; sixty with neither; and q."""
    rows = []
    for number in range(60):
        code = "I48.91" if number < 50 else "R53.83"
        rows.append(f"a{number:02d} | 2025-03-01 | 11 | {code} | 99213 93793")
        rows.append(f"b{number:02d} | 2025-03-01 | 11 | R53.83 | 99213 {'80053' if number % 2 else '85025'}")
    rows.append(f"q | 2025-03-01 | 11 | {'I48.91' if q_has_it else 'R53.83'} | 99213 93793")
    return "\n".join(rows)


def learned(claims: Claims, **more: object) -> pd.DataFrame:
    return gaps(claims, year=2025, **(EVERYTHING | more))


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return learned(claims_of_visits(visits(q_has_it=False)))


def test_those_with_the_telling_service_and_no_code_come_first(found: pd.DataFrame) -> None:
    top = found[found["hcc"] == "238"].sort_values("confidence", ascending=False).head(11)
    assert set(top["person_id"]) == {f"a{number}" for number in range(50, 60)} | {"q"}
    assert (found["kind"] == "learned").all() and (found["diagnosis_code"] == "").all()


def test_the_evidence_shows_its_support(found: pd.DataFrame) -> None:
    row = found[(found["person_id"] == "q") & (found["hcc"] == "238")].iloc[0]
    assert row["evidence_codes"] == ["93793"]
    # Persons of the other folds, counted here from the digests of their identifiers.
    fold = fold_of("q")
    with_code = sum(fold_of(f"a{number:02d}") != fold for number in range(50))
    with_service = sum(fold_of(f"a{number:02d}") != fold for number in range(60))
    assert row["support"] == with_code
    assert f"{with_code} of {with_service} other persons with it have the HCC" in row["evidence"]


def fold_of(person: str, folds: int = 5) -> int:
    import hashlib

    return int(hashlib.md5(person.encode(), usedforsecurity=False).hexdigest()[:2], 16) % folds


def weights(claims: Claims, fold: int) -> pd.DataFrame:
    """The model that scores the persons of a fold, and the completeness that goes with it."""
    with counted(claims) as s:
        rows = s.fetch(
            "SELECT n.name, w.hcc, w.weight, k.completeness FROM learned_weights w "
            "JOIN learned_names n ON n.feature = w.feature "
            "JOIN learned_completeness k ON k.fold = w.fold AND k.hcc = w.hcc "
            "WHERE w.fold = $fold ORDER BY n.name, w.hcc",
            {"fold": fold},
        )
    return rows.to_pandas()


@contextmanager
def counted(claims: Claims) -> Iterator[Session]:
    """A session in which features were counted and weights learned."""
    with claims.session() as s:
        gap_inputs.prepare(s, gap_inputs.scope(2025, "V28", None, 3))
        gap_learned._counts(s, 5, 5)
        yield s


@pytest.mark.parametrize("person", first(1, ["q", "a07", "a33"]))
def test_a_persons_own_record_never_supports_itself(person: str) -> None:
    """With or without the person's codes, the model that scores the person is the same; the others' is not."""
    text = visits(q_has_it=True)
    coded = f"{person} | 2025-03-01 | 11 | I48.91 "
    assert coded in text
    without = text.replace(coded, f"{person} | 2025-03-01 | 11 | R53.83 ")
    one, two = claims_of_visits(text), claims_of_visits(without)
    own = fold_of(person)
    pd.testing.assert_frame_equal(weights(one, own), weights(two, own))
    other = (own + 1) % 5
    assert not weights(one, other).equals(weights(two, other))


def test_two_runs_and_any_order_of_rows_give_the_same(found: pd.DataFrame) -> None:
    lines = visits(q_has_it=False).splitlines()
    shuffled = np.random.default_rng(1).permutation(lines).tolist()
    again = learned(claims_of_visits("\n".join(shuffled)))
    columns = ["person_id", "hcc", "confidence", "stratum", "evidence", "support"]
    pd.testing.assert_frame_equal(found[columns], again[columns])


def test_what_is_left_out_is_added_up() -> None:
    claims = claims_of_visits(visits(q_has_it=False))
    everything = learned(claims)
    some = learned(claims, min_confidence=0.99)
    all_of = cx.contract(everything)["left_out"]["learned"]
    left = cx.contract(some)["left_out"]["learned"]
    assert len(some) < len(everything)
    assert len(some) + left["pairs"] == len(everything) + all_of["pairs"]
    assert left["expected"] + some["confidence"].sum() == pytest.approx(
        all_of["expected"] + everything["confidence"].sum()
    )
    assert sum(row["pairs"] for row in left["by_hcc"]) == left["pairs"]


def test_rare_conditions_and_procedures_are_not_learned() -> None:
    few = "\n".join(f"a{number} | 2025-03-01 | 11 | I48.91 | 99213 93793" for number in range(4))
    claims = claims_of_visits(few + "\n q | 2025-03-01 | 11 | R53.83 | 99213 93793")
    assert learned(claims).empty


def test_who_had_the_code_the_year_before_is_lapsed_not_learned() -> None:
    text = visits(q_has_it=False) + "\n q | 2024-03-01 | 11 | I48.91 | 99213"
    claims = claims_of_visits(text)
    assert "q" not in set(learned(claims).query("hcc == '238'")["person_id"])
    both = gaps(claims, year=2025, min_persons=5)
    row = both[(both["person_id"] == "q") & (both["hcc"] == "238")].iloc[0]
    assert row["kind"] == "lapsed"


def test_strata_cover_the_odds_without_a_gap() -> None:
    assert SCALE_OF_BINS["stratum"].nunique() == len(KNOWN) * len(EDGES)
    assert list(EDGES) == sorted(EDGES) and EDGES[0] == 0


def test_completeness_is_that_of_the_other_folds() -> None:
    from cpticd.risk.gap_learned import COMPLETENESS, COMPLETENESS_PRIOR, _completeness

    again = pd.DataFrame({"fold": [0, 1], "hcc": ["238", "238"], "due": [100, 50], "again": [90, 25]})
    found = _completeness(again, ["238"], 2).set_index("fold")["completeness"]
    overall = (25 + COMPLETENESS_PRIOR * COMPLETENESS) / (50 + COMPLETENESS_PRIOR)
    assert found[0] == pytest.approx((25 + COMPLETENESS_PRIOR * overall) / (50 + COMPLETENESS_PRIOR))
    assert found[1] > found[0]


def test_the_weights_are_those_of_a_ridge_regression_over_persons() -> None:
    """The pair tables give what a fit over the persons' own rows gives."""
    from cpticd.risk.gap_learned import RIDGE, SCALE

    claims = claims_of_visits(visits(q_has_it=False))
    got = weights(claims, 0).query("hcc == '238'").set_index("name")["weight"] / SCALE
    with counted(claims) as s:
        rows = s.fetch(
            "SELECT DISTINCT f.person_id, n.name FROM learned_persons f "
            "JOIN learned_names n ON n.feature = f.feature WHERE f.fold <> 0"
        ).to_pandas()
    table = pd.crosstab(rows["person_id"], rows["name"]).clip(upper=1)
    coded = table.index.str.startswith("a") & (table.index.str[1:].map(lambda text: text < "50"))
    x, y = table.to_numpy(float), coded.astype(float)
    want = np.linalg.lstsq(
        np.vstack([x, np.sqrt(RIDGE) * np.eye(x.shape[1])]), np.concatenate([y, np.zeros(x.shape[1])])
    )[0]
    fitted = pd.Series(want, index=table.columns)
    pd.testing.assert_series_equal(
        got.reindex(fitted.index, fill_value=0.0), fitted, check_names=False, atol=2e-4
    )
