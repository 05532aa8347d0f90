"""Nothing that a report and its exports show tells a small cell: of another data set just the same leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
import pytest

from cpticd.denials import driver_leaves, pair_leaves
from cpticd.disclosure import comparing
from cpticd.reporting.findings import Options
from tests.disclosure import kinds, risk_kinds
from tests.disclosure.reads import Reader, Sum, read_lines
from tests.disclosure.risk_reads import risk_held, risk_sums
from tests.disclosure.search import Search, World, differing, gathered, searched
from tests.disclosure.twins import Cell, Twins, compared, series

Frames = Mapping[str, pd.DataFrame]
#: Diagnoses that each rule of the built-in tables flags.
FLAGGED = {"header_diagnosis_code": {"E11"}}
#: Seeds of the default run and of the others; how many twins are made of each, at most.
FIRST, TRIES = 7, 3
MORE, MANY = (7,), 8


def _denial_lines(of: pd.DataFrame) -> pd.DataFrame:
    return read_lines(kinds.lines_of(of), FLAGGED)


def _denial_sums(of: pd.DataFrame, _: Frames, frames: Frames) -> Iterable[Sum]:
    return Reader(_denial_lines(of), len(of)).sums(frames)


def _denial_held(of: pd.DataFrame, _: Frames, frames: Frames) -> list[list[np.ndarray]]:
    """What comparisons and clusters are made of: data sets that agree in it are the likeliest twins."""
    lines = _denial_lines(of)
    pairs, clusters = compared(frames, lines, len(of)), series(lines, len(of))
    return [[*pairs, *clusters], pairs, clusters]


def _risk_sums(of: pd.DataFrame, seen: Frames, frames: Frames) -> Iterable[Sum]:
    lines = read_lines(risk_kinds.lines_of(of), {}, mature=("2023-07",))
    yield from risk_sums(of, seen, frames)
    yield from Reader(lines, len(of)).sums(frames)


DENIALS = World(kinds.drawn, kinds.lines_of, Options(), _denial_sums, _denial_held)
RISK = World(
    risk_kinds.drawn,
    risk_kinds.lines_of,
    Options(payment_year=2025, base_rate=1000.0),
    _risk_sums,
    lambda of, seen, frames: risk_held(of, seen),
)


@pytest.fixture(scope="module")
def found() -> Iterator[tuple[Search, list[Cell], list[tuple[int, ...]]]]:
    search, open_, accepted, _ = searched(DENIALS, FIRST, TRIES)
    yield search, open_, accepted
    gathered.cache_clear()


def test_small_cells_have_other_values_in_data_sets_of_which_the_same_leaves(
    found: tuple[Search, list[Cell], list[tuple[int, ...]]],
) -> None:
    """In few tries not every cell is reached; the others are by the seeds of ``MORE`` with more of them."""
    search, open_, accepted = found
    assert accepted
    assert len(open_) <= len(search.small) / 2, [cell.name for cell in open_]


def test_comparisons_that_nobody_protects_tell_each_of_these_cells(
    found: tuple[Search, list[Cell], list[tuple[int, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack bites: with expectations as they are no accepted twin is one."""
    search, _, accepted = found
    monkeypatch.setattr(comparing, "comparisons", lambda *_: {})
    for module in (pair_leaves, driver_leaves):
        monkeypatch.setattr(module, "in_whole_lines", lambda shown: shown)
    monkeypatch.setattr(pair_leaves, "digits", lambda values, _: values.tolist())
    own = search.left(tuple(search.persons.tolist()))
    for twin in accepted:
        assert {"payer_pairs", "page"} <= set(differing(own, search.left(twin)))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", MORE)
def test_with_more_tries_nearly_all_have(seed: int) -> None:
    _, open_, _, told = searched(DENIALS, seed, MANY)
    gathered.cache_clear()
    names = [f"{cell.name} ({cell.persons} persons)" for cell in open_]
    assert not names, (
        f"{names} may follow from what leaves; of other data sets the parts {sorted(set(told))} differ"
    )


#: Seeds with many small conditions; how many twins are made.
CONDITIONS, MANY_CONDITIONS = 33, (3,)


@pytest.fixture(scope="module")
def conditions() -> Iterator[Search]:
    yield Search(RISK, CONDITIONS)
    gathered.cache_clear()


def test_no_sum_of_what_risk_adjustment_shows_beside_denials_tells_a_small_cell(conditions: Search) -> None:
    assert len(conditions.small) > 5, "few cells are small: little is tried"
    assert conditions.by_sums() == []


def test_persons_ever_coded_beside_those_coded_this_year_would_tell_who_lapsed(conditions: Search) -> None:
    """The attack bites: pairs count persons of all years, a prevalence with every condition those of one."""
    persons = tuple(conditions.persons.tolist())
    seen = gathered(RISK, persons, CONDITIONS)[1].frames
    frames = {**conditions.own["frames"], "risk_prevalence": seen["risk_prevalence"].assign(open_gaps=pd.NA)}
    cells = list(_risk_sums(conditions.kinds, seen, frames))
    open_to_it = Twins([each for each in cells if "doubtful" not in each.name], conditions.persons)
    told = [
        cell.name
        for cell in conditions.small
        if all(open_to_it.nearest([sign * cell.weights]) is None for sign in (1, -1))
    ]
    assert any("open_gaps" in name for name in told)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", MANY_CONDITIONS)
def test_small_conditions_have_other_values_in_data_sets_of_which_the_same_leaves(seed: int) -> None:
    search, open_, accepted, _ = searched(RISK, seed, MANY)
    gathered.cache_clear()
    assert accepted
    assert len(open_) <= len(search.small) / 2, [cell.name for cell in open_]
