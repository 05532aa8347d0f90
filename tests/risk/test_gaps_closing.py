"""Closing gaps: once is enough, in any order; on simulated persons and on small tables."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpticd.risk.gaps import STATUSES, gaps
from tests.risk.visits import claims_of_visits

VISITS = """
    p | 2024-03-01 | 11 | E11.42 F33.1   | 99213
    p | 2025-02-01 | 11 | I10 N18.9      | 99213
    p | 2025-02-02 | 11 | F32.A          | 99213 90868
    p | 2025-02-03 | 12 | R53.83         | A4407
    p | 2025-02-04 | 11 | N18.9          | 99213 J0881
    q | 2025-02-01 | 11 | E11.9 N18.2    | 99213
    q | 2025-02-02 | 11 | R53.83         | 99213 J9355
    q | 2025-02-03 | 12 | R53.83         | E1390
"""
RULES = ["lapsed", "unspecified", "combination", "implied"]
COLUMNS = ["person_id", "hcc", "kind", "diagnosis_code", "status", "confidence", "stratum"]


def found(extra: list[tuple[str, str]]) -> pd.DataFrame:
    """Gaps after further visits (person, code), each on a day of its own."""
    more = "".join(
        f"\n {person} | 2025-06-{day:02d} | 11 | {code} | 99213"
        for day, (person, code) in enumerate(extra, 1)
    )
    return gaps(claims_of_visits(VISITS + more), year=2025, kinds=RULES)


FIRST = found([])
OPEN = FIRST[FIRST["status"] == "open"]
CODES = list(OPEN[["person_id", "diagnosis_code"]].itertuples(index=False, name=None))


def test_there_is_one_gap_of_each_kind_at_least() -> None:
    kinds = set(OPEN["kind"]) | {kind for cell in OPEN["also_kinds"] for kind in cell.split(", ")}
    assert kinds - {""} == set(RULES)


@pytest.mark.parametrize("index", range(len(OPEN)))
def test_coding_what_a_gap_points_to_closes_it(index: int) -> None:
    gap = OPEN.iloc[index]
    after = found([(gap["person_id"], gap["diagnosis_code"])])
    same = after[(after["person_id"] == gap["person_id"]) & (after["hcc"] == gap["hcc"])]
    # What only another code spoke for may no longer be suspected at all.
    assert (same["status"] == "closed by the same HCC").all()
    opened = {(row.person_id, row.hcc) for row in after[after["status"] == "open"].itertuples()}
    assert (gap["person_id"], gap["hcc"]) not in opened
    assert opened <= set(zip(OPEN["person_id"], OPEN["hcc"], strict=True))


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_closing_twice_is_closing_once_and_order_does_not_matter(
    closed: list[tuple[str, str]], random: object
) -> None:
    once = list(dict.fromkeys(closed))
    shuffled = [*closed, *closed]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = found(once), found(shuffled)
    key = ["person_id", "hcc"]
    left = one[[*key, "kind", "status"]].sort_values(key, ignore_index=True)
    right = two[[*key, "kind", "status"]].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(left, right)


def test_statuses_are_the_four() -> None:
    assert set(FIRST["status"]) <= set(STATUSES)
