"""Small sets that follow from the cells that are shown: known ones, groups that the tables tell apart, pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from scipy import sparse

from cpticd.disclosure.apart import Apart, in_order
from cpticd.disclosure.span import COMPUTED, Span
from cpticd.disclosure.system import Secret, System

Array = np.ndarray[Any, np.dtype[Any]]
#: Of the probes and hashes: the same in every run.
_SEED: Final = 20_240_101
#: Below this, two probes leave it open whether a set follows from what is shown, and it is looked at closely.
_UNSURE: Final = 1e-6
#: The same of sets that are looked at closely in any case: what is far from following is seen by the probes alone.
_PERHAPS: Final = 1e-3
#: Of more cells than these, those that nest are told apart before equations are solved.
LARGE: Final = 1000
#: Independent probes; a set that does not follow passes both with a chance of about _UNSURE squared.
_PROBES: Final = 2

#: A set that is exposed, and the atoms that it has in common with each shown cell.
Exposed = tuple[Secret, Array]


def as_matrix(sets: Sequence[Array], atoms: int) -> Any:
    """Sets × atoms, 0/1."""
    columns = np.concatenate(sets) if sets else np.empty(0, dtype=np.int64)
    rows = np.repeat(np.arange(len(sets)), [len(each) for each in sets])
    ones = np.ones(len(columns), dtype=np.int64)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(len(sets), atoms))


class Exposure:
    """What the shown cells of a system (``shown``: their numbers) give away."""

    def __init__(self, system: System, shown: Array, *, probes: int = _PROBES) -> None:
        self._system = system
        self.shown = shown
        self._cells = system.matrix[shown]
        # At right angles to every combination of what is shown: only what follows from it sums to nothing.
        probe = np.random.default_rng(_SEED).standard_normal((system.matrix.shape[1], probes))
        self.span: Span | Apart
        if len(shown) > LARGE:
            self.span = Apart(self._cells, in_order(system, shown), system.gram[shown][:, shown])
            self.probe = self.span.less(probe)
            return
        self.span = Span((self._cells @ self._cells.T).toarray())
        basis = self._cells[self.span.basis]
        self.probe = probe - basis.T @ self.span.solve(basis @ probe)

    def of_known(self, private: Sequence[Secret], held: Any) -> list[Exposed]:
        """Those of ``private`` that follow; ``held``: their atoms (:func:`as_matrix`)."""
        size = np.array([len(secret.atoms) for secret in private], dtype=float)
        sums = np.abs(held @ self.probe).max(axis=1) if len(private) else np.empty(0)
        near = np.nonzero(sums < _PERHAPS * np.sqrt(size))[0]
        inner = self._inner(held[near])
        told = self.span.outside(inner, size[near]) < COMPUTED
        found = [(int(number), inner[:, place]) for place, number in enumerate(near) if told[place]]
        found.sort(key=lambda each: (private[each[0]].persons, each[0]))
        return [(private[number], row) for number, row in found]

    def _inner(self, held: Any) -> Array:
        """Shown cells × sets: atoms in common."""
        return np.asarray((self._cells @ held.T).toarray(), dtype=float)

    def of_groups(self) -> list[Exposed]:
        """Small groups of atoms, alike in all cells shown, that follow, whether or not a table has them as a cell."""
        group = self._groups()
        count = np.bincount(group)
        sums = np.stack([np.bincount(group, column) for column in self.probe.T], axis=1)
        near = np.nonzero(np.abs(sums).max(axis=1) < _UNSURE * np.sqrt(count))[0]
        return self._confirmed(np.nonzero(group == number)[0] for number in near.tolist())

    def of_pairs(self, private: Sequence[Secret], held: Any) -> list[Exposed]:
        """Two small groups, or two sets of ``private``, that follow together."""
        group = self._groups()
        persons = self._system.persons_by(group)
        small = np.nonzero((persons > 0) & (persons < self._system.minimum))[0]
        sets = [secret.atoms for secret in private]
        sums = np.stack([np.bincount(group, column)[small] for column in self.probe.T], axis=1)
        sums = np.concatenate([sums, held @ self.probe])

        def atoms(number: int) -> Array:
            return np.nonzero(group == small[number])[0] if number < len(small) else sets[number - len(small)]

        pairs = ((atoms(left), atoms(right)) for left, right in _opposite(sums))
        return self._confirmed(np.concatenate(pair) for pair in pairs if not np.intersect1d(*pair).size)

    def _groups(self) -> Array:
        """Of each atom the number of its group: atoms that stand in the same shown cells."""
        marks = np.random.default_rng(_SEED).integers(1, 2**63 - 1, size=len(self.shown), dtype=np.int64)
        mark = self._cells.T @ marks.astype(np.uint64)
        return np.unique(mark, return_inverse=True)[1].ravel()

    def _confirmed(self, sets: Iterator[Array]) -> list[Exposed]:
        """Those of the sets that are small and follow, in an order that does not depend on numbers of atoms."""
        small = []
        for atoms in sets:
            if self._system.has_many(atoms):
                continue
            persons = self._system.persons_of(atoms)
            if self._system.is_small(persons) and not self._system.is_large_cell(atoms):
                small.append(Secret(np.sort(atoms), persons, table=""))
        matrix = as_matrix([secret.atoms for secret in small], self._cells.shape[1])
        inner = self._inner(matrix)
        size = np.array([len(secret.atoms) for secret in small], dtype=float)
        told = np.nonzero(self.span.outside(inner, size) < COMPUTED)[0]
        found = [(small[number], inner[:, number]) for number in told.tolist()]
        return sorted(found, key=lambda pair: (pair[0].persons, np.nonzero(pair[1])[0].tolist()))


def _opposite(sums: Array) -> Iterator[tuple[int, int]]:
    """Pairs of rows that add up to nothing."""
    order = np.argsort(np.abs(sums[:, 0]), kind="stable")
    size = np.abs(sums[order, 0])
    ends = np.searchsorted(size, size + _UNSURE, side="right")
    for place in np.nonzero(ends > np.arange(len(ends)) + 1)[0].tolist():
        rest = order[place + 1 : ends[place]]
        close = np.abs(sums[rest] + sums[order[place]]).max(axis=1) < _UNSURE
        yield from ((int(order[place]), int(other)) for other in rest[close])
