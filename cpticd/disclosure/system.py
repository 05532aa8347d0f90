"""The cells of a release as sets of atoms, and the small sets that nobody may compute from them.

Facts (service line × diagnosis, or any rows that name a person) are grouped into atoms: facts that the same cells
of all tables count. Every measure is treated as if it added up over atoms.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from cpticd.disclosure.tables import Table, flags, places

Array = np.ndarray[Any, np.dtype[Any]]
#: More numbers than this are not told apart by one of 64 bits.
_WIDEST: Final = 2**62
#: What a part of a table counts: its rows as a whole; a numerator is named by its flag, a total by its share.
WHOLE = ""


@dataclass(frozen=True)
class Cell:
    """One published set: a table's row, one of its numerators, or the total that a column of shares implies."""

    table: str
    part: str
    row: int  # of the frame; of a total: the first of its rows
    key: tuple[str, ...]
    total: bool = False


@dataclass(frozen=True)
class Secret:
    """A set of 1 … minimum - 1 persons, where it comes from, and the cell that it is, if it is one."""

    atoms: Array
    persons: int
    table: str
    cell: int = -1
    within: int = -1


@dataclass
class System:
    """Cells of linked tables over one set of facts."""

    minimum: int
    label: Array  # of each fact its atom
    person: Array  # and its person, from 1
    cells: list[Cell] = field(default_factory=list)
    parts: list[Array] = field(default_factory=list)  # the cells of each part
    matrix: Any = None  # cells × atoms, 0/1
    #: The system that this one refines, and of each atom the one of that system that it is a part of.
    _coarse: tuple[System, Array] | None = None
    _columns: list[Array] = field(default_factory=list)  # of each part beyond it each atom's cell, or -1
    _start: Array = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    _held: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @cached_property
    def gram(self) -> Any:
        """Atoms that two cells have in common, sparse: most have none."""
        return (self.matrix @ self.matrix.T).tocsr()

    @cached_property
    def member(self) -> Array:
        """Each atom's cell in each part, or -1."""
        own = np.array(self._columns, dtype=np.int64).reshape(len(self._columns), self.matrix.shape[1]).T
        if self._coarse is None:
            return own
        system, of = self._coarse
        return np.concatenate([system.member[of], own], axis=1)

    @cached_property
    def persons(self) -> Array:
        """Distinct persons of every cell."""
        system = self._coarse[0] if self._coarse is not None else None
        known = np.empty(0, dtype=np.int64) if system is None else system.persons
        codes = int(self._held.max(initial=0)) + 1
        shape = (len(self._start) - 1, codes)
        holds = sparse.csr_matrix((np.ones_like(self._held), self._held, self._start), shape=shape)
        found = np.diff((self.matrix[len(known) :] @ holds).indptr).astype(np.int64)
        return np.concatenate([known, found])

    def persons_of(self, atoms: Array) -> int:
        """Distinct persons of a set of atoms."""
        return len(self.person_codes(atoms))

    def has_many(self, atoms: Array) -> bool:
        """Whether one of the atoms alone has enough persons, so that nobody needs to count those of all."""
        return bool(len(atoms)) and int(self._alone[atoms].max()) >= self.minimum

    @cached_property
    def _alone(self) -> Array:
        return np.diff(self._start)

    def persons_by(self, group: Array) -> Array:
        """Distinct persons of each group of atoms; ``group`` numbers every atom's."""
        codes = int(self._held.max(initial=0)) + 1
        pairs = _distinct(np.repeat(group, np.diff(self._start)) * codes + self._held)
        return np.bincount(pairs // codes, minlength=int(group.max(initial=-1)) + 1)

    def person_codes(self, atoms: Array) -> Array:
        start, length = self._start[atoms], self._start[atoms + 1] - self._start[atoms]
        offset = np.repeat(start - np.concatenate([[0], np.cumsum(length)[:-1]]), length)
        return _distinct(self._held[offset + np.arange(int(length.sum()))])

    def atoms_of(self, cell: int) -> Array:
        first, last = self.matrix.indptr[cell], self.matrix.indptr[cell + 1]
        return np.sort(self.matrix.indices[first:last].astype(np.int64))

    def is_large_cell(self, atoms: Array) -> bool:
        """Whether a set is one of the cells and not small, as a table says that knows more than the facts."""
        if not len(atoms):
            return False
        cells = self.member[atoms[0]]
        cells = cells[cells >= 0]
        alike = cells[self.sizes[cells] == len(atoms)]
        return any(
            self.persons[cell] >= self.minimum and np.array_equal(self.atoms_of(cell), np.sort(atoms))
            for cell in alike.tolist()
        )

    @cached_property
    def sizes(self) -> Array:
        """Atoms of each cell."""
        return np.diff(self.matrix.indptr)

    def is_small(self, persons: int) -> bool:
        return 0 < persons < self.minimum


def build(tables: Sequence[Table], facts: pd.DataFrame, person: str, minimum: int) -> System:
    """The system of tables over facts; ``person`` is the column that names one (missing: one unknown person)."""
    label = np.zeros(len(facts), dtype=np.int64)
    system = System(minimum, label, pd.factorize(facts[person])[0].astype(np.int64) + 1)
    columns = []
    for table in sorted((each for each in tables if each.counts), key=lambda each: each.name):
        for part, at, total in _parts(table, facts):
            columns.append(_number(system, table, part, at, total))
    first = _divide(system, [column + 1 for column in columns])
    system._columns = [column[first] for column in columns]
    system.matrix = _matrix(system._columns, len(system.cells), len(first))
    system.persons = _counted(system, tables)
    return system


def refined(system: System, parts: Sequence[tuple[str, str, Array]], splits: Sequence[Array]) -> System:
    """The system with more cells, and with atoms that other columns divide.

    parts: table and name of a part, and of each fact the number of the cell that counts it, or -1; splits: of each
    fact a number from 0.
    """
    fine = System(system.minimum, system.label, system.person, list(system.cells), list(system.parts))
    columns = []
    for name, part, at in parts:
        numbers = np.unique(at[at >= 0])
        place = len(fine.cells) + np.arange(len(numbers))
        fine.cells += [Cell(name, part, int(n), (str(n),)) for n in numbers.tolist()]
        fine.parts.append(place)
        columns.append(
            np.where(at >= 0, np.append(place, -1)[np.searchsorted(numbers, np.maximum(at, 0))], -1)
        )
    first = _divide(fine, [*splits, *(column + 1 for column in columns)])
    fine._coarse = (system, system.label[first])
    fine._columns = [column[first] for column in columns]
    own = _matrix(fine._columns, len(fine.cells), len(first))
    before = system.matrix[:, fine._coarse[1]]
    fine.matrix = sparse.vstack([before, own[len(system.cells) :]], format="csr")
    return fine


def _matrix(columns: Sequence[Array], cells: int, atoms: int) -> Any:
    """Cells × atoms, 0/1, of parts that say of each atom its cell, or -1."""
    there = [np.nonzero(column >= 0)[0] for column in columns]
    atom = np.concatenate([np.empty(0, dtype=np.int64), *there])
    rows = [column[at] for column, at in zip(columns, there, strict=True)]
    cell = np.concatenate([np.empty(0, dtype=np.int64), *rows])
    return sparse.csr_matrix((np.ones(len(atom), dtype=np.int64), (cell, atom)), shape=(cells, atoms))


def _divide(system: System, columns: Sequence[Array]) -> Array:
    """Number the atoms of facts that are alike in the columns, and were before; of each atom its first fact."""
    system.label = divided(system.label, columns)
    first = np.zeros(int(system.label.max(initial=-1)) + 1, dtype=np.int64)
    first[system.label[::-1]] = np.arange(len(system.label))[::-1]
    _hold(system, system.label, system.person, len(first))
    return first


def divided(label: Array, columns: Iterable[Array]) -> Array:
    """Numbers of what is alike in a label and in columns of numbers from 0, in the order of first appearance."""
    size = int(label.max(initial=0)) + 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if size * width >= _WIDEST:  # numbered anew, labels are short again
            label = pd.factorize(label)[0].astype(np.int64)
            size = int(label.max(initial=0)) + 1
        label, size = label * width + column, size * width
    return pd.factorize(label)[0].astype(np.int64)


def _parts(table: Table, facts: pd.DataFrame) -> Iterator[tuple[str, Array, bool]]:
    """Name, each fact's row and whether it is a total, of everything that a table's columns count."""
    at = places(table, facts)
    yield WHOLE, at, False
    for name in sorted(table.numerators):
        yield name, np.where(flags(table, facts, name), at, -1), False
    for name in sorted(table.shares):
        group = _group_of_rows(table, table.shares[name])
        yield name, group[at], True


def _group_of_rows(table: Table, keys: Sequence[str]) -> Array:
    """For each row the first row, by key, of its group; -1 at the end, for what no row counts."""
    places_of = [list(table.keys).index(key) for key in keys]
    labels = table.labels
    first: dict[tuple[str, ...], int] = {}
    for row in sorted(range(len(labels)), key=labels.__getitem__):
        first.setdefault(tuple(labels[row][place] for place in places_of), row)
    return np.array(
        [first[tuple(label[place] for place in places_of)] for label in labels] + [-1], dtype=np.int64
    )


def _number(system: System, table: Table, part: str, at: Array, total: bool) -> Array:
    """Numbers the cells of a part that have facts, in the order of their keys; each fact's cell, or -1."""
    labels = table.labels
    rows = sorted(np.unique(at[at >= 0]).tolist(), key=labels.__getitem__)
    first = len(system.cells)
    system.cells += [Cell(table.name, part, row, labels[row], total) for row in rows]
    system.parts.append(np.arange(first, first + len(rows)))
    number = np.full(len(labels) + 1, -1, dtype=np.int64)
    number[rows] = system.parts[-1]
    return number[at]


def _hold(system: System, label: Array, person: Array, count: int) -> None:
    """Keeps the distinct persons of every atom."""
    codes = int(person.max(initial=0)) + 1
    pairs = _distinct(label * codes + person)
    system._held = pairs % codes
    system._start = np.concatenate([[0], np.cumsum(np.bincount(pairs // codes, minlength=count))])


def _distinct(values: Array) -> Array:
    """Distinct values, sorted; several times faster than np.unique on whole numbers."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])] if len(values) else values


def _counted(system: System, tables: Sequence[Table]) -> Array:
    """Distinct persons of every cell: of the facts, or what the table says where that is less."""
    persons = system.persons.copy()
    said = {table.name: table.frame[table.persons].tolist() for table in tables if table.persons}
    for number, cell in enumerate(system.cells):
        if cell.part == WHOLE and cell.table in said:
            value = said[cell.table][cell.row]
            if not pd.isna(value):
                persons[number] = min(persons[number], int(value))
    return persons


def secrets(system: System) -> list[Secret]:
    """Every set of the tables that has 1 … minimum - 1 persons, in an order that does not depend on rows.

    Small cells; what is left of a cell when the cells of a part that lie in it and are not small are taken away
    (its small ones together, and what the part does not count); small cells of a table together along each of its
    keys; rows without one, and without all, of their numerators.
    """
    small = np.array([system.is_small(int(n)) for n in system.persons], dtype=bool)
    found = [
        Secret(system.atoms_of(number), int(system.persons[number]), system.cells[number].table, cell=number)
        for number in np.nonzero(small)[0].tolist()
    ]
    found += _remainders(system, small)
    found += _lines(system, small)
    found += _without_numerators(system)
    distinct: dict[bytes, Secret] = {}
    for secret in found:
        distinct.setdefault(secret.atoms.tobytes(), secret)
    return [
        secret for secret in distinct.values() if secret.cell >= 0 or not system.is_large_cell(secret.atoms)
    ]


def _secret(system: System, atoms: Array, table: str, within: int = -1) -> list[Secret]:
    persons = system.persons_of(atoms) if len(atoms) and not system.has_many(atoms) else 0
    return [Secret(np.sort(atoms), persons, table, within=within)] if system.is_small(persons) else []


def _remainders(system: System, small: Array) -> list[Secret]:
    shared, size = system.gram.tocoo(), system.sizes
    part_of = np.empty(len(system.cells), dtype=np.int64)
    for place, part in enumerate(system.parts):
        part_of[part] = place
    # Cells that are not small and lie in another (or are it): of each cell and part how much of it they cover.
    lies = (shared.data == size[shared.col]) & ~small[shared.col] & ~small[shared.row]
    outer, inner = shared.row[lies], shared.col[lies]
    shape = (len(system.cells), len(system.parts))
    group = outer.astype(np.int64) * shape[1] + part_of[inner]
    covered, held = (
        np.bincount(group, values[inner], minlength=shape[0] * shape[1]).reshape(shape)
        for values in (size, system.persons)
    )
    # At most this many persons are in the children; a cell with clearly more has a large remainder.
    rest = system.persons[:, None] - held
    wanted = (covered > 0) & (covered < size[:, None]) & (rest < system.minimum) & ~small[:, None]
    order = np.argsort(group, kind="stable")
    group, inner = group[order], inner[order]
    found = []
    taken = np.zeros(len(system.cells) + 1, dtype=bool)
    for place, number in np.argwhere(wanted.T).tolist():
        at = number * shape[1] + place
        first, last = np.searchsorted(group, [at, at + 1])
        children, atoms = inner[first:last], system.atoms_of(number)
        taken[children] = True
        left = atoms[~taken[system.member[atoms, place]]]
        taken[children] = False
        found += _secret(system, left, system.cells[int(system.parts[place][0])].table, within=number)
    return found


def _lines(system: System, small: Array) -> list[Secret]:
    found = []
    for part in system.parts:
        hidden = part[small[part]].tolist()
        if len(hidden) < 2:
            continue
        atoms = {number: system.atoms_of(number) for number in hidden}
        width = len(system.cells[hidden[0]].key)
        for fixed in itertools.chain.from_iterable(
            itertools.combinations(range(width), n) for n in range(width)
        ):
            lines: dict[tuple[str, ...], list[int]] = {}
            for number in hidden:
                key = system.cells[number].key
                lines.setdefault(tuple(key[place] for place in fixed), []).append(number)
            for numbers in lines.values():
                if len(numbers) > 1:
                    union = np.concatenate([atoms[number] for number in numbers])
                    found += _secret(system, union, system.cells[hidden[0]].table)
    return found


def _without_numerators(system: System) -> list[Secret]:
    rows: dict[tuple[str, int], list[int]] = {}
    for number, cell in enumerate(system.cells):
        if cell.part != WHOLE and not cell.total:
            rows.setdefault((cell.table, cell.row), []).append(number)
    found = []
    persons = system.persons.tolist()
    for number, cell in enumerate(system.cells):
        counted = rows.get((cell.table, cell.row), [])
        if cell.part != WHOLE or not counted:
            continue
        several = [[each] for each in counted] + [counted]
        # At least as many persons as these are left of the row: where they are enough, nobody needs to look.
        few = [
            each for each in several if persons[number] - sum(map(persons.__getitem__, each)) < system.minimum
        ]
        whole = system.atoms_of(number) if few else np.empty(0, dtype=np.int64)
        for each in few:
            taken = np.concatenate([system.atoms_of(part) for part in each])
            left = whole[~np.isin(whole, taken, kind="table")] if len(taken) else whole
            found += _secret(system, left, cell.table, within=number)
    return found
