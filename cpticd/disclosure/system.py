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
    """Cells of linked tables over one set of facts; ``member`` tells each atom's cell in each part, or -1."""

    minimum: int
    cells: list[Cell] = field(default_factory=list)
    parts: list[Array] = field(default_factory=list)  # the cells of each part
    persons: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    member: Array = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    matrix: Any = None  # cells × atoms, 0/1
    label: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # of each fact its atom
    person: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # and its person, from 1
    _start: Array = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    _held: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def gram(self) -> Array:
        """Atoms that two cells have in common."""
        return np.asarray((self.matrix @ self.matrix.T).toarray(), dtype=np.int64)

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
    system = System(minimum=minimum)
    columns = []
    for table in sorted((each for each in tables if each.counts), key=lambda each: each.name):
        for part, at, total in _parts(table, facts):
            columns.append(_number(system, table, part, at, total))
    system.label = np.zeros(len(facts), dtype=np.int64)
    system.person = pd.factorize(facts[person])[0].astype(np.int64) + 1
    first = _divide(system, [column + 1 for column in columns])
    system.member = (
        np.stack([column[first] for column in columns], axis=1)
        if columns
        else np.empty((len(first), 0), dtype=np.int64)
    )
    _join(system, tables)
    return system


def refined(system: System, parts: Sequence[tuple[str, str, Array]], splits: Sequence[Array]) -> System:
    """The system with more cells, and with atoms that other columns divide.

    parts: table and name of a part, and of each fact the number of the cell that counts it, or -1; splits: of each
    fact a number from 0.
    """
    fine = System(system.minimum, list(system.cells), list(system.parts), system.persons)
    fine.label, fine.person = system.label, system.person
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
    before = system.member[system.label[first]]
    fine.member = np.concatenate([before, *(column[first][:, None] for column in columns)], axis=1)
    _join(fine, (), known=len(system.cells))
    return fine


def _divide(system: System, columns: Sequence[Array]) -> Array:
    """Number the atoms of facts that are alike in the columns, and were before; of each atom its first fact."""
    system.label = divided(system.label, columns)
    first = np.zeros(int(system.label.max(initial=-1)) + 1, dtype=np.int64)
    first[system.label[::-1]] = np.arange(len(system.label))[::-1]
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


def _join(system: System, tables: Sequence[Table], *, known: int = 0) -> None:
    """Cells × atoms, and the persons of each: of the first ``known`` cells they stand already."""
    atom, place = np.nonzero(system.member >= 0)
    system.matrix = sparse.csr_matrix(
        (np.ones(len(atom), dtype=np.int64), (system.member[atom, place], atom)),
        shape=(len(system.cells), len(system.member)),
    )
    _hold(system, system.label, system.person, len(system.member))
    counted = _counted(system, tables)
    system.persons = np.concatenate([system.persons[:known], counted[known:]])


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
    atom = np.repeat(np.arange(len(system._start) - 1), np.diff(system._start))
    codes = int(system._held.max(initial=0)) + 1
    persons = np.zeros(len(system.cells), dtype=np.int64)
    for place in range(system.member.shape[1]):
        cell = system.member[atom, place]
        pairs = _distinct(cell[cell >= 0] * codes + system._held[cell >= 0])
        persons += np.bincount(pairs // codes, minlength=len(persons))
    said = {table.name: table.frame[table.persons] for table in tables if table.persons}
    for number, cell in enumerate(system.cells):
        if cell.part == WHOLE and cell.table in said:
            value = said[cell.table].iloc[cell.row]
            if not pd.isna(value):
                persons[number] = min(persons[number], int(value))
    return persons


def secrets(system: System, gram: Array) -> list[Secret]:
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
    found += _remainders(system, gram, small)
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


def _remainders(system: System, gram: Array, small: Array) -> list[Secret]:
    size = np.diag(gram)
    inside = gram == size[None, :]  # [i, j]: j lies in i
    found = []
    for place, part in enumerate(system.parts):
        children = part[~small[part]]
        covered = inside[:, children] @ size[children]
        # At most this many persons are in the children; a cell with clearly more has a large remainder.
        rest = system.persons - inside[:, children] @ system.persons[children]
        wanted = (covered > 0) & (covered < size) & (rest < system.minimum) & ~small
        for number in np.nonzero(wanted)[0].tolist():
            atoms = system.atoms_of(number)
            taken = np.zeros(len(system.cells) + 1, dtype=bool)
            taken[children[inside[number, children]]] = True
            left = atoms[~taken[system.member[atoms, place]]]
            found += _secret(system, left, system.cells[int(part[0])].table, within=number)
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
    for number, cell in enumerate(system.cells):
        counted = rows.get((cell.table, cell.row), [])
        if cell.part != WHOLE or not counted:
            continue
        whole, parts = system.atoms_of(number), [system.atoms_of(each) for each in counted]
        for taken in [*parts, np.concatenate(parts)]:
            left = whole[~np.isin(whole, taken, kind="table")] if len(taken) else whole
            found += _secret(system, left, cell.table, within=number)
    return found
