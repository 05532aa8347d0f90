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


def found_each(extras: list[list[tuple[str, str]]]) -> list[pd.DataFrame]:
    """For each of several people such as these: gaps after further visits (person, code), each on a day of its own.

    They stand in one data set, under names of their own, since to look for gaps takes as long for few as for many.
    """
    visits = "".join(
        f"\n {line.strip().replace(' |', f'.{number} |', 1)}"
        for number, extra in enumerate(extras)
        for line in [
            *VISITS.strip().splitlines(),
            *(
                f"{person} | 2025-06-{day:02d} | 11 | {code} | 99213"
                for day, (person, code) in enumerate(extra, 1)
            ),
        ]
    )
    every = gaps(claims_of_visits(visits), year=2025, kinds=RULES)
    names = every["person_id"].str.split(".", expand=True)
    return [
        every.assign(person_id=names[0])[names[1] == str(number)].reset_index(drop=True)
        for number in range(len(extras))
    ]


(FIRST,) = found_each([[]])
OPEN = FIRST[FIRST["status"] == "open"]
CODES = list(OPEN[["person_id", "diagnosis_code"]].itertuples(index=False, name=None))


def test_there_is_one_gap_of_each_kind_at_least() -> None:
    kinds = set(OPEN["kind"]) | {kind for cell in OPEN["also_kinds"] for kind in cell.split(", ")}
    assert kinds - {""} == set(RULES)


@pytest.fixture(scope="module")
def after_each() -> list[pd.DataFrame]:
    """Gaps after the code of each open one was coded."""
    return found_each([[pair] for pair in CODES])


@pytest.mark.parametrize("index", range(len(OPEN)))
def test_coding_what_a_gap_points_to_closes_it(index: int, after_each: list[pd.DataFrame]) -> None:
    gap = OPEN.iloc[index]
    after = after_each[index]
    same = after[(after["person_id"] == gap["person_id"]) & (after["hcc"] == gap["hcc"])]
    # What only another code spoke for may no longer be suspected at all.
    assert (same["status"] == "closed by the same HCC").all()
    opened = {(row.person_id, row.hcc) for row in after[after["status"] == "open"].itertuples()}
    assert (gap["person_id"], gap["hcc"]) not in opened
    assert opened <= set(zip(OPEN["person_id"], OPEN["hcc"], strict=True))


CLOSED = st.lists(st.sampled_from(CODES), min_size=1, max_size=4)


@pytest.mark.thorough
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(CLOSED, min_size=4, max_size=8), st.randoms(use_true_random=False))
def test_closing_twice_is_closing_once_and_order_does_not_matter(
    closed: list[list[tuple[str, str]]], random: object
) -> None:
    once = [list(dict.fromkeys(each)) for each in closed]
    shuffled = [[*each, *each] for each in closed]
    for each in shuffled:
        random.shuffle(each)  # type: ignore[attr-defined]
    key = ["person_id", "hcc"]
    for one, two in zip(found_each(once), found_each(shuffled), strict=True):
        left = one[[*key, "kind", "status"]].sort_values(key, ignore_index=True)
        right = two[[*key, "kind", "status"]].sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(left, right)


def test_statuses_are_the_four() -> None:
    assert set(FIRST["status"]) <= set(STATUSES)
