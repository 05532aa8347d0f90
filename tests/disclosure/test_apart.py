"""Cells told apart first give what solving all of them at once gives."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from cpticd.disclosure.apart import Apart
from cpticd.disclosure.span import Span


def _parts(seed: int, several: int) -> list[np.ndarray]:
    """Parts of cells over 24 atoms: numbers of cells by atom; later parts nest in earlier ones, or cross them."""
    random = np.random.default_rng(seed)
    found = [random.integers(-1, 9, 24)]
    for _ in range(several):
        before = found[random.integers(len(found))]
        nested = np.where(before >= 0, before // random.integers(1, 4), random.integers(-1, 3, 24))
        found.append(nested if random.random() < 0.6 else random.integers(-1, 4, 24))
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 4))
def test_sets_follow_and_cells_take_part_as_by_solving_every_cell(seed: int, several: int) -> None:
    rows, parts = [], []
    for at in _parts(seed, several):
        numbers = np.unique(at[at >= 0])
        parts.append(len(rows) + np.arange(len(numbers)))
        rows += [(at == number).astype(int) for number in numbers]
    cells = np.array(rows).reshape(-1, 24)
    random = np.random.default_rng(seed + 1)
    sets = np.concatenate([random.integers(0, 2, (6, 24)), cells[:3] | cells[-3:], np.eye(24, dtype=int)])
    sets = sets[sets.sum(axis=1) > 0]
    apart = Apart(sparse.csr_matrix(cells), parts)
    inner, size = (cells @ sets.T).astype(float), sets.sum(axis=1).astype(float)
    outside = Span(cells @ cells.T).outside(inner, size)
    np.testing.assert_allclose(apart.outside(inner, size), outside, atol=1e-8)
    probe = random.standard_normal((24, 2))
    solved = np.linalg.lstsq(cells.T.astype(float), probe, rcond=None)[0]
    np.testing.assert_allclose(apart.less(probe), probe - cells.T @ solved, atol=1e-8)
    for number in np.nonzero(outside < 1e-9)[0]:
        # The cells named are enough to compute the set.
        told = cells[apart.taking_part(inner[:, number])].T.astype(float)
        weights = np.linalg.lstsq(told, sets[number].astype(float), rcond=None)[0]
        np.testing.assert_allclose(told @ weights, sets[number], atol=1e-8)
