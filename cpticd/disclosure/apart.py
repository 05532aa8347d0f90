"""What follows from very many cells: sets that have nothing in common told apart first, so that few equations are left.

Most cells of a release nest: payer × procedure × diagnosis within payer × procedure. Sets without a common atom are at
right angles to each other, and cost nothing; only cells that cross them are solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from cpticd.disclosure.span import WEIGHTLESS, Span
from cpticd.disclosure.system import WHOLE, System

Array = np.ndarray[Any, np.dtype[Any]]


class Apart:
    """The combinations of cells, as :class:`cpticd.disclosure.span.Span` has them.

    cells: sparse, 0/1, cells × atoms; parts: numbers of cells that have no atom in common, of every cell in one part.
    Fewer equations are left where the parts of fine cells come first (:func:`in_order`). ``gram``: atoms that two cells
    have in common, where that is known.
    """

    def __init__(self, cells: Any, parts: Sequence[Array], gram: Any = None) -> None:
        group, self._owner, self._rest = _told_apart(cells, parts)
        inside = np.nonzero(group >= 0)[0]
        self._classes = sparse.csr_matrix(
            (np.ones(len(inside)), (inside, group[inside])), shape=(len(group), len(self._owner))
        )
        self._size = np.bincount(group[inside], minlength=len(self._owner)).astype(float)
        self._length = np.sqrt(np.asarray(cells.sum(axis=1), dtype=float).ravel())
        # A cell that made a class holds others whole: what is said of it is said of all of them.
        holds = cells[self._owner].astype(float) @ self._classes
        holds.data = np.ones_like(holds.data)
        self._holds = splu(holds.tocsc(), permc_spec="NATURAL", diag_pivot_thresh=0.0)
        crossing = cells[self._rest].astype(float)
        shared = crossing @ self._classes
        common = crossing @ crossing.T if gram is None else gram[self._rest][:, self._rest]
        both = common - shared @ sparse.diags(1 / self._size) @ shared.T
        self._span = Span(np.asarray(both.toarray()), squared=self._length[self._rest] ** 2)
        self._crossing = crossing[self._span.basis]
        self._shared = shared[self._span.basis]

    def outside(self, inner: Array, size: Array) -> Array:
        """One share per set: of its squared length that no combination reaches; parameters as of ``Span.outside``."""
        if not inner.shape[1]:
            return np.ones(0)
        own, left = self._of_classes(inner)
        reached = np.einsum("ij,ij->j", own, own / self._size[:, None])
        every = np.zeros((len(self._rest), inner.shape[1]))
        every[self._span.basis] = left
        beyond = 1 - self._span.outside(every, np.ones(inner.shape[1]))
        return 1 - (reached + beyond) / size

    def taking_part(self, inner: Array) -> Array:
        """Cells of the combination that comes nearest to one set; ``inner`` has one number per cell."""
        own, left = self._of_classes(inner[:, None])
        of_crossing = self._span.solve(left)
        of_classes = (own - self._shared.T @ of_crossing) / self._size[:, None]
        cells = np.concatenate([self._owner, self._rest[self._span.basis]])
        weights = np.concatenate([self._holds.solve(of_classes, trans="T"), of_crossing]).ravel()
        weights = np.abs(weights * self._length[cells])
        return cells[weights > WEIGHTLESS * max(1.0, float(weights.max(initial=0)))]

    def less(self, probe: Array) -> Array:
        """``probe`` (atoms × columns) without what combinations of the cells reach."""
        probe = self._less_classes(probe)
        if not len(self._span.basis):
            return probe
        return probe - self._less_classes(self._crossing.T @ self._span.solve(self._crossing @ probe))

    def _less_classes(self, probe: Array) -> Array:
        return probe - self._classes @ ((self._classes.T @ probe) / self._size[:, None])

    def _of_classes(self, inner: Array) -> tuple[Array, Array]:
        """Atoms that sets have in common with classes, and with what crossing cells have beside them."""
        own = self._holds.solve(np.ascontiguousarray(inner[self._owner], dtype=float))
        left = inner[self._rest[self._span.basis]] - self._shared @ (own / self._size[:, None])
        return own, left


def in_order(system: System, shown: Array) -> list[Array]:
    """Places of the shown cells among these, part by part: those of the finest and largest tables first."""
    place = np.full(len(system.cells), -1, dtype=np.int64)
    place[shown] = np.arange(len(shown))
    parts = [part[place[part] >= 0] for part in system.parts]
    parts = [part for part in parts if len(part)]
    first = [system.cells[int(part[0])] for part in parts]
    largest: dict[str, int] = {}
    for cell, part in zip(first, parts, strict=True):
        largest[cell.table] = max(largest.get(cell.table, 0), len(part))

    def fineness(number: int) -> tuple[int, int, str, bool, int]:
        cell = first[number]
        return -len(cell.key), -largest[cell.table], cell.table, cell.part == WHOLE, -len(parts[number])

    return [place[parts[number]] for number in sorted(range(len(parts)), key=fineness)]


def _told_apart(cells: Any, parts: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Of each atom its class, or -1; of each class the cell that made it; the cells that are no union of classes.

    A cell that holds every class whole or not at all adds one class: the atoms that none has yet.
    """
    group = np.full(cells.shape[1], -1, dtype=np.int64)
    owner: list[Array] = [np.empty(0, dtype=np.int64)]
    rest: list[Array] = [np.empty(0, dtype=np.int64)]
    count = 0
    for part in parts:
        own = cells[part]
        at = np.full(cells.shape[1], -1, dtype=np.int64)
        at[own.indices] = np.repeat(np.arange(len(part)), np.diff(own.indptr))
        crossed = _crossed(group, at, count, len(part))
        rest.append(part[crossed])
        new = (at >= 0) & (group < 0)
        new[new] = ~crossed[at[new]]
        numbers, places = np.unique(at[new], return_inverse=True)
        group[new] = places + count
        owner.append(part[numbers])
        count += len(numbers)
    return group, np.concatenate(owner), np.concatenate(rest)


def _crossed(group: Array, at: Array, count: int, cells: int) -> Array:
    """Which cells of a part have a part of a class only; ``at``: of each atom its cell, or -1."""
    known = group >= 0
    of, where = group[known], at[known]
    one = np.full(count, -1, dtype=np.int64)
    one[of] = where  # of each class the cell of one of its atoms
    cut = np.zeros(count, dtype=bool)
    cut[of[where != one[of]]] = True
    crossed = np.zeros(cells, dtype=bool)
    touched = where[cut[of]]
    crossed[touched[touched >= 0]] = True
    return crossed
