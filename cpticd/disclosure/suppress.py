"""Which cells to leave out, so that no small set follows from the rest by adding and subtracting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cpticd.disclosure.exposure import Exposed, Exposure, as_matrix
from cpticd.disclosure.system import WHOLE, Secret, System, secrets

#: How much giving back may cost: cells cubed, and atoms times _PER_ATOM, of each try; some seconds in all.
_EFFORT: Final = 3e9
_PER_ATOM: Final = 1000

Array = np.ndarray[Any, np.dtype[Any]]


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
    one with the fewest persons, then by name and key; repeated until nothing small is exposed. Then those that turn
    out to be shown without harm are shown again. The result does not
    depend on the order in which tables, rows or facts are given.
    """
    small = np.array([system.is_small(int(n)) for n in system.persons], dtype=bool)
    if not small.size or system.minimum <= 1:
        return Suppressed(small, np.zeros_like(small))
    private = secrets(system)
    held = as_matrix([secret.atoms for secret in private], system.matrix.shape[1])
    hidden = _with_rows(system, small)
    while True:
        exposure, found = _exposed(system, private, held, hidden)
        if not found:
            break
        hidden[_chosen(system, found, exposure)] = True
        hidden = _with_rows(system, hidden)
    for number in _spare(system, hidden & ~small):
        less = hidden.copy()
        less[number] = False
        if np.array_equal(less, _with_rows(system, less)):
            hidden = hidden if _exposed(system, private, held, less)[1] else less
    return Suppressed(small, hidden & ~small)


def _exposed(
    system: System, private: list[Secret], held: Any, hidden: Array
) -> tuple[Exposure, list[Exposed]]:
    """What the cells that are not hidden give away; pairs are looked for where nothing else is found."""
    exposure = Exposure(system, np.nonzero(~hidden)[0])
    found = exposure.of_known(private, held) + exposure.of_groups()
    return exposure, found or exposure.of_pairs(private, held)


def _spare(system: System, complementary: Array) -> list[int]:
    """Cells that may turn out not to be needed, now that others are hidden too: the largest first.

    Each costs a look at everything, so that large releases try the first few only.
    """
    atoms = system.matrix.shape[1]
    tries = int(_EFFORT / (len(system.cells) ** 3 + _PER_ATOM * atoms))
    cells = np.nonzero(complementary)[0].tolist()
    return sorted(
        cells, key=lambda cell: (-int(system.persons[cell]), system.cells[cell].part != WHOLE, cell)
    )[:tries]


def _chosen(system: System, found: list[Exposed], exposure: Exposure) -> list[int]:
    """One cell for every exposed set, none where another set's cell does for it too."""
    chosen: set[int] = set()
    for secret, row in found:
        part = exposure.shown[exposure.span.taking_part(row)].tolist()
        if chosen.isdisjoint(part):
            chosen.add(min((_cost(system, secret, cell), cell) for cell in part)[1])
    return sorted(chosen)


def _with_rows(system: System, hidden: Array) -> Array:
    """A row that is not shown takes its numerators with it."""
    rows = zip(system.cells, hidden.tolist(), strict=True)
    gone = {(cell.table, cell.row) for cell, out in rows if out and cell.part == WHOLE}
    follows = [not cell.total and (cell.table, cell.row) in gone for cell in system.cells]
    return hidden | np.array(follows, dtype=bool)


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
