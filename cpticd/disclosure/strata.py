"""What a comparison is made of: a row's lines and all lines alike, stratum by stratum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpticd.disclosure.exposure import Array
from cpticd.disclosure.facts import FIRST, LINES
from cpticd.disclosure.suppress import Suppressed
from cpticd.disclosure.system import WHOLE, System
from cpticd.disclosure.tables import Table, as_names, columns_of, flags, places


@dataclass(frozen=True)
class Strata:
    """Of each fact the row of a table that counts it, the stratum and the sums that the row is held against, or -1.

    kinds: of each fact whether it has each of the yes-or-no facts that are compared; ``shown``: rows whose own counts
    are shown.
    """

    table: Table
    row: Array
    stratum: Array
    sums: tuple[Array, ...]
    kinds: tuple[Array, ...]
    shown: Array


def strata_of(
    table: Table, facts: pd.DataFrame, system: System, left_out: Suppressed, numbered: dict[str, Array]
) -> Strata | None:
    """The strata of a table that compares; None where the facts do not have them.

    ``numbered``: combinations of columns that were numbered for other tables, which share them.
    """
    compared = table.compared
    if compared is None:
        return None
    names = [as_names(compared.within), *map(as_names, compared.leaning)]
    if not columns_of(compared) <= set(facts.columns):
        return None
    counted = np.ones(len(facts), dtype=bool)
    for flag in table.where:
        counted &= flags(table, facts, flag)
    numbers = []
    for each in names:
        key = f"{sorted(each)}"
        if key not in numbered:
            numbered[key] = _number(facts, each)
        of = f"{key} of {sorted(table.where)}"
        if of not in numbered:
            numbered[of] = np.where(counted, numbered[key], -1)
        numbers.append(numbered[of])
    kinds = tuple(flags(table, facts, flag) for flag in as_names(compared.flags))
    row = places(table, facts)
    return Strata(table, row, numbers[0], tuple(numbers[1:]), kinds, _shown(table, row, system, left_out))


def _number(facts: pd.DataFrame, names: Sequence[str]) -> Array:
    found = np.zeros(len(facts), dtype=np.int64)
    for name in names:
        code, values = pd.factorize(facts[name], use_na_sentinel=False)
        found = pd.factorize(found * max(len(values), 1) + code)[0].astype(np.int64)
    return found


def _shown(table: Table, row: Array, system: System, left_out: Suppressed) -> Array:
    """Rows that have lines and all of whose counts are shown, as far as the table has counts."""
    if not table.counts:
        return np.unique(row[row >= 0])
    gone = {
        cell.row
        for cell, hidden in zip(system.cells, left_out.hidden.tolist(), strict=True)
        if hidden and cell.table == table.name and not cell.total
    }
    counted = {cell.row for cell in system.cells if cell.table == table.name and cell.part == WHOLE}
    return np.array(sorted(counted - gone), dtype=np.int64)


class Around:
    """Facts by stratum, and how many persons each has of each kind of lines; tables of the same strata share it."""

    def __init__(self, found: Strata, facts: pd.DataFrame, person: Array) -> None:
        every = np.ones(len(facts))
        self.person = person
        self.lines, self.first = (
            facts[name].to_numpy(float) if name in facts else every for name in (LINES, FIRST)
        )
        self._order = np.argsort(found.stratum, kind="stable")
        count = int(found.stratum.max(initial=-1)) + 1
        self._ends = np.searchsorted(found.stratum[self._order], np.arange(count + 1))
        codes = int(person.max(initial=0)) + 1
        self.persons = []
        for kind in kinds_of(found.kinds):
            kept = kind & (self.first > 0.5) & (found.stratum >= 0)
            pairs = np.unique(found.stratum[kept] * codes + person[kept])
            self.persons.append(np.bincount(pairs // codes, minlength=count))

    def of(self, strata: Array) -> Array:
        """The facts of these strata."""
        ends = self._ends
        return np.concatenate([self._order[ends[s] : ends[s + 1]] for s in strata.tolist()])


def with_few(
    found: Strata,
    facts: pd.DataFrame,
    person: Array,
    minimum: int,
    shared: dict[tuple[int, tuple[str, ...]], Around],
) -> set[int]:
    """Rows whose comparison is with lines of few persons, or with few persons' denied lines or others.

    A line that points to several diagnoses stands in several rows: the others of its stratum are those that do not
    point to the row's, as the columns ``LINES`` and ``FIRST`` of the facts say where they have them. ``shared``: what
    tables of the same strata have in common.
    """
    of = (id(found.stratum), as_names(found.table.compared.flags if found.table.compared else ()))
    if of not in shared:
        shared[of] = Around(found, facts, person)
    shown = found.shown.tolist()
    own_of = grouped(found.row, shown)
    return {row for row in shown if _is_of_few(found, own_of[row], shared[of], minimum)}


def _is_of_few(found: Strata, own: Array, near: Around, minimum: int) -> bool:
    touched = np.unique(found.stratum[own])
    around: Array | None = None
    for kind, persons in zip(kinds_of(found.kinds), near.persons, strict=True):
        mine = own[kind[own]]
        # Of a table that shows no counts the row itself is known by its comparison alone.
        if not found.table.counts and 0 < len(np.unique(near.person[mine])) < minimum:
            return True
        if persons[touched].max(initial=0) - len(mine) >= minimum:
            continue  # one of its strata alone has enough others
        around = near.of(touched) if around is None else around
        if 0 < _persons(around[kind[around]], mine, near) < minimum:
            return True
    return False


def grouped(row: Array, wanted: Sequence[int]) -> dict[int, Array]:
    """Where each of the wanted numbers stands."""
    order = np.argsort(row, kind="stable")
    ends = np.searchsorted(row[order], [[number, number + 1] for number in wanted]).reshape(-1, 2)
    return {number: order[first:last] for number, (first, last) in zip(wanted, ends.tolist(), strict=True)}


def kinds_of(kinds: Sequence[Array]) -> Iterator[Array]:
    """All lines, then those with and without each yes-or-no fact."""
    yield np.ones(len(kinds[0]) if kinds else 0, dtype=bool)
    for each in kinds:
        yield each
        yield ~each


def _persons(around: Array, own: Array, near: Around) -> int:
    """Persons of the lines around that are not the row's own."""
    names, code = np.unique(near.person[around], return_inverse=True)
    left = np.bincount(code, near.first[around], minlength=len(names))
    left -= np.bincount(np.searchsorted(names, near.person[own]), near.lines[own], minlength=len(names))
    return int(np.count_nonzero(left > 0.5))
