"""Which cells to leave out, so that no small set follows from the rest by adding and subtracting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import sparse

from cpticd.disclosure.span import COMPUTED, Span
from cpticd.disclosure.system import WHOLE, Secret, System, secrets

Array = np.ndarray[Any, np.dtype[Any]]
#: Odd numbers by which cells are hashed; two groups of atoms share a hash with chance 2^-64.
_SEED: Final = 20_240_101
#: Below this a probe leaves it open whether a group follows from what is shown, and it is looked at closely.
_UNSURE: Final = 1e-3


@dataclass(frozen=True)
class Suppressed:
    """Per cell of the system: too small itself, or left out to protect others."""

    primary: Array
    complementary: Array

    @property
    def hidden(self) -> Array:
        return self.primary | self.complementary


def suppress(system: System) -> Suppressed:
    """The cells that are not shown: small ones, then for each exposed set the smallest cell that gives it away.

    Of the cells that give a set away, one of the same row or column comes first, then of the same table, then the
    one with the fewest persons, then by name and key; repeated until nothing small is exposed. The result does not
    depend on the order in which tables, rows or facts are given.
    """
    hidden = np.array([system.is_small(int(n)) for n in system.persons], dtype=bool)
    if not hidden.size or system.minimum <= 1:
        return Suppressed(hidden, np.zeros_like(hidden))
    gram = system.gram
    private = secrets(system, gram)
    small = hidden.copy()
    hidden = _with_rows(system, hidden)
    held = _matrix(private, system.matrix.shape[1])
    inner = np.asarray((system.matrix @ held.T).toarray(), dtype=float)
    while True:
        shown = np.nonzero(~hidden)[0]
        span = Span(gram[np.ix_(shown, shown)])
        found = _exposed(system, private, span, inner[shown], shown) + _exposed_groups(system, span, shown)
        if not found:
            break
        chosen: set[int] = set()
        for secret, row in found:
            part = shown[span.taking_part(row)]
            if chosen.isdisjoint(part.tolist()):
                chosen.add(min(part.tolist(), key=lambda cell, of=secret: _cost(system, of, cell)))
        hidden[list(chosen)] = True
        hidden = _with_rows(system, hidden)
    return Suppressed(small, hidden & ~small)


def _matrix(private: list[Secret], atoms: int) -> Any:
    lengths = [len(secret.atoms) for secret in private]
    columns = np.concatenate([secret.atoms for secret in private]) if private else np.empty(0, dtype=np.int64)
    rows = np.repeat(np.arange(len(private)), lengths)
    ones = np.ones(len(columns), dtype=np.int64)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(len(private), atoms))


def _with_rows(system: System, hidden: Array) -> Array:
    """A row that is not shown takes its numerators with it."""
    gone = {
        (cell.table, cell.row)
        for cell, gone in zip(system.cells, hidden, strict=True)
        if gone and cell.part == WHOLE
    }
    follows = [not cell.total and (cell.table, cell.row) in gone for cell in system.cells]
    return hidden | np.array(follows, dtype=bool)


def _exposed(
    system: System, private: list[Secret], span: Span, inner: Array, shown: Array
) -> list[tuple[Secret, Array]]:
    size = np.array([len(secret.atoms) for secret in private], dtype=float)
    open_ = np.nonzero(span.outside(inner, size) < COMPUTED)[0]
    ordered = sorted(open_.tolist(), key=lambda number: (private[number].persons, number))
    return [(private[number], inner[:, number]) for number in ordered]


def _exposed_groups(system: System, span: Span, shown: Array) -> list[tuple[Secret, Array]]:
    """Small groups of atoms, alike in all cells that are shown, that these cells give away together.

    A group is what the tables tell apart, whether or not one of them has it as a cell.
    """
    position = np.full(len(system.cells) + 1, -1, dtype=np.int64)
    position[shown] = np.arange(len(shown))
    held = position[system.member]  # atom × part: which shown cell
    keys = np.random.default_rng(_SEED).integers(1, 2**63 - 1, size=len(shown) + 1, dtype=np.int64) | 1
    keys[-1] = 0
    mark = keys[held].astype(np.uint64).sum(axis=1, dtype=np.uint64)
    _, first, group, count = np.unique(mark, return_index=True, return_inverse=True, return_counts=True)
    # A vector at right angles to every combination of what is shown: only what follows from it sums to nothing.
    probe = np.random.default_rng(_SEED).standard_normal(len(group))
    basis = system.matrix[shown[span.basis]]
    probe -= basis.T @ span.solve(basis @ probe)
    near = np.nonzero(np.abs(np.bincount(group, probe)) < _UNSURE * np.sqrt(count))[0]
    inner = np.zeros((len(shown) + 1, len(near)))
    for column, number in enumerate(near.tolist()):
        inner[held[first[number]], column] = count[number]
    inner = inner[:-1]
    found = []
    for column in np.nonzero(span.outside(inner, count[near]) < COMPUTED)[0].tolist():
        atoms = np.nonzero(group == near[column])[0]
        persons = system.persons_of(atoms)
        if system.is_small(persons) and not system.is_large_cell(atoms):
            found.append((Secret(atoms, persons, table=""), inner[:, column]))
    return sorted(found, key=lambda pair: (pair[0].persons, np.nonzero(pair[1])[0].tolist()))


def _cost(system: System, secret: Secret, number: int) -> tuple[Any, ...]:
    """What is left out first: of the same line, of the same table, of fewest persons, by name."""
    cell = system.cells[number]
    if cell.table != secret.table:
        near = 2
    elif secret.cell >= 0:
        key = system.cells[secret.cell].key
        near = int(sum(a != b for a, b in zip(key, cell.key, strict=True)) > 1)
    else:
        near = int(number == secret.within)
    return (near, int(system.persons[number]), cell.table, cell.part, cell.key)
