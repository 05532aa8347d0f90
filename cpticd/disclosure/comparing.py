"""Which comparisons are left out: those from which, with what is shown beside them, a small set follows.

What compares a row with others (expected, excess, lift, p) is computed from its lines and from all lines alike, stratum
by stratum. Where nobody knows many of these sums, it gives none of them away. Where all but a few are known, it is
taken to give every one: they join what is shown, and nothing small may follow from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.disclosure.apart import Apart, in_order
from cpticd.disclosure.exposure import Array, Exposed, Exposure, as_matrix
from cpticd.disclosure.strata import Around, Strata, grouped, strata_of, with_few
from cpticd.disclosure.suppress import Suppressed
from cpticd.disclosure.system import WHOLE, Secret, System, divided, refined, secrets
from cpticd.disclosure.tables import Table

#: A comparison tells a few numbers (an expectation, a chance): of fewer unknown sums than these it may tell each.
FEW_UNKNOWN: Final = 6
#: Strata of a row that are looked at first.
SOME_STRATA: Final = 12
#: Below this a sum of random weights is nothing.
_NOTHING: Final = 1e-6
#: Of the probes: the same in every run.
_SEED: Final = 20_240_101
#: How much giving back may cost, as in suppress.
_EFFORT: Final = 3e9

#: A row of a table whose comparison may be shown: number of the table, row.
Row = tuple[int, int]


def comparisons(
    tables: Sequence[Table], facts: pd.DataFrame, system: System, left_out: Suppressed
) -> dict[str, frozenset[int]]:
    """Of each table that compares the rows whose comparisons are not shown, those whose counts are not among them."""
    comparing = sorted((each for each in tables if each.compared), key=lambda each: each.name)
    numbered: dict[str, Array] = {}
    found = {each.name: strata_of(each, facts, system, left_out, numbered) for each in comparing}
    known = [each for each in found.values() if each is not None]
    kept = _Search(known, facts, system, left_out).kept() if known else set()
    hidden = {}
    for each in comparing:
        shown = {row for number, row in kept if known[number].table is each}
        hidden[each.name] = frozenset(set(range(len(each.frame))) - shown)
    return hidden


@dataclass(frozen=True)
class _Sums:
    """Sums of lines: of each fact its number or -1, the comparisons that give each, whether expectations lean on it."""

    name: str
    part: str
    at: Array
    users: dict[int, set[Row]]
    leaning: bool


class _Fine:
    """The system with sums of comparisons as further cells, and atoms that all strata divide."""

    def __init__(self, system: System, sums: Sequence[_Sums], strata: Sequence[Strata], shown: Array) -> None:
        self.system = refined(system, [(each.name, each.part, each.at) for each in sums], _splits(strata))
        self.shown = shown
        self.users: dict[int, set[Row]] = {}
        self.leaning: list[int] = []
        number = len(system.cells)
        for each in sums:
            for block in np.unique(each.at[each.at >= 0]).tolist():
                if block in each.users:
                    self.users[number] = each.users[block]
                self.leaning += [number] if each.leaning else []
                number += 1
        # Of each atom a fact, by which to look up its rows and strata.
        self.fact = np.unique(self.system.label, return_index=True)[1]

    def given(self, rows: set[Row]) -> Array:
        """Cells that are shown, and those that these comparisons give."""
        told = [cell for cell, users in self.users.items() if users & rows]
        return np.concatenate([self.shown, np.array(told, dtype=np.int64)])


class _Search:
    """A large set of comparisons from which, with what is shown, nothing small follows."""

    def __init__(
        self, strata: Sequence[Strata], facts: pd.DataFrame, system: System, left_out: Suppressed
    ) -> None:
        self._strata, self._system = strata, system
        self._shown = np.nonzero(~left_out.hidden)[0]
        self._rows: set[Row] = set()
        shared: dict[tuple[int, tuple[str, ...]], Around] = {}
        for number, each in enumerate(strata):
            few = with_few(each, facts, system.person, system.minimum, shared)
            self._rows |= {(number, row) for row in each.shown.tolist() if row not in few}

    def kept(self) -> set[Row]:
        """Rows whose comparisons may be shown."""
        telling: set[Row] = set()
        while doubtful := self._doubtful(telling):
            fine = _Fine(self._system, [*self._sums(telling, doubtful)], self._strata, self._shown)
            left = _safe(fine, telling) if telling else set()
            self._rows -= telling - left
            more = self._telling(fine, left, doubtful & self._rows)
            if more <= left:
                break
            telling = left | more
        return self._rows

    def _doubtful(self, telling: set[Row]) -> set[Row]:
        """Rows of which it is not seen at once that many of their sums are unknown.

        Atoms that the strata divide further than what is shown, leant on or given by ``telling`` comparisons: whatever
        differs between such parts of one atom is unknown.
        """
        sums = self._sums(telling, self._rows)
        known = divided(self._system.label, [each.at + 1 for each in sums])
        atom = divided(known, _splits(self._strata))
        fact = np.unique(atom, return_index=True)[1]
        probe = np.random.default_rng(_SEED).standard_normal((len(fact), FEW_UNKNOWN + 2))
        among = known[fact]
        size = np.bincount(among)
        probe -= np.stack([np.bincount(among, column) / size for column in probe.T], axis=1)[among]
        return self._few_unknown(fact, probe, self._rows) | telling

    def _few_unknown(self, fact: Array, probe: Array, rows: set[Row]) -> set[Row]:
        """Those of the rows of whose sums but a few are unknown; ``probe`` vanishes on what is known."""
        found = set()
        for number, each in enumerate(self._strata):
            unknown = _unknown(each, fact, probe, {row for n, row in rows if n == number})
            found |= {(number, row) for row, sums in unknown if sums < FEW_UNKNOWN}
        return found

    def _sums(self, telling: set[Row], rows: set[Row]) -> Iterator[_Sums]:
        """What expectations of the rows lean on, and all that ``telling`` comparisons may give."""
        shared: dict[int, tuple[Array, dict[int, Strata]]] = {}
        for number, each in enumerate(self._strata):
            for at in each.sums:
                shared.setdefault(id(at), (at, {}))[1][number] = each
            strict = _facts_of(telling, number, each)
            if strict.any():
                own = np.where(strict, each.row * (int(each.stratum.max()) + 1) + each.stratum, -1)
                for name, at in (("strata", each.stratum), ("own", own)):
                    yield from _sums(
                        f"{name} {number}", at, each.kinds, strict, _users(at, {number: each}, telling)
                    )
        # Tables that lean on the same sums have them in common.
        for place, (at, several) in enumerate(shared.values()):
            there = np.logical_or.reduce([_facts_of(rows, n, each) for n, each in several.items()])
            kinds = next(iter(several.values())).kinds
            yield from _sums(f"leaning {place}", at, kinds, there, _users(at, several, telling), leaning=True)

    def _telling(self, fine: _Fine, left: set[Row], rows: set[Row]) -> set[Row]:
        """Rows of whose sums all but a few are known from what is shown, what they lean on and ``left``."""
        given = np.unique(np.concatenate([fine.given(left), np.array(fine.leaning, dtype=np.int64)]))
        size = (fine.system.matrix.shape[1], FEW_UNKNOWN + 2)
        cells = Apart(fine.system.matrix[given], _sums_first(fine.system, given, len(self._system.cells)))
        probe = cells.less(np.random.default_rng(_SEED).standard_normal(size))
        return self._few_unknown(fine.fact, probe, rows)


def _sums_first(system: System, given: Array, known: int) -> list[Array]:
    """Places of the given cells among these, part by part: sums of comparisons, from ``known`` on, first."""
    parts = in_order(system, given)
    sums = [part for part in parts if given[part[0]] >= known]
    sums.sort(key=lambda part: (system.cells[int(given[part[0]])].part == WHOLE, -len(part)))
    return sums + [part for part in parts if given[part[0]] < known]


def _splits(strata: Sequence[Strata]) -> list[Array]:
    """What tells the sums of comparisons apart: of each fact its stratum, and whether it is of each kind."""
    found = {id(each.stratum): each.stratum + 1 for each in strata}
    return [*found.values(), *(kind.astype(np.int64) for each in strata for kind in each.kinds)]


def _facts_of(rows: set[Row], number: int, each: Strata) -> Array:
    """Whether each fact is of one of the rows of a table."""
    return np.isin(each.row, [row for n, row in rows if n == number])


def _sums(
    name: str,
    at: Array,
    kinds: Sequence[Array],
    there: Array,
    users: dict[int, set[Row]],
    *,
    leaning: bool = False,
) -> Iterator[_Sums]:
    """The sums of numbers that the facts ``there`` have, of all lines and of each kind."""
    kept = np.where(np.isin(at, np.unique(at[there & (at >= 0)])), at, -1)
    yield _Sums(name, WHOLE, kept, users, leaning)
    for place, kind in enumerate(kinds):
        yield _Sums(name, f"kind {place}", np.where(kind, kept, -1), users, leaning)


def _users(at: Array, tables: Mapping[int, Strata], rows: set[Row]) -> dict[int, set[Row]]:
    """Of each number the comparisons that give its sum: those of the rows that have facts in it."""
    users: dict[int, set[Row]] = {}
    for number, each in tables.items():
        facts = _facts_of(rows, number, each)
        pairs = pd.DataFrame({"block": at[facts], "row": each.row[facts]}).drop_duplicates()
        for block, row in pairs.itertuples(index=False):
            users.setdefault(int(block), set()).add((number, int(row)))
    return users


def _unknown(each: Strata, fact: Array, probe: Array, rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Of each row how many of its sums over strata nobody knows; ``probe`` vanishes on what is known.

    Where a few strata have ``FEW_UNKNOWN`` of them, no more are counted.
    """
    row, stratum = each.row[fact], each.stratum[fact]
    count = int(stratum.max(initial=-1)) + 1
    kinds = [np.ones(len(fact), dtype=bool), *(kind[fact] for kind in each.kinds)]
    sums = [_added(np.where(kind, stratum, -1), probe, count) for kind in kinds]
    least = _NOTHING * np.sqrt(len(fact))
    wanted = sorted(rows)
    own_of = grouped(row, wanted)
    for number in wanted:
        own = own_of[number]
        touched, at = np.unique(stratum[own], return_inverse=True)
        for most in (SOME_STRATA, len(touched)):
            some = at < most
            values, place = probe[own[some]], at[some]
            of = [
                _added(np.where(kind[own[some]], place, -1), values, min(most, len(touched)))
                for kind in kinds
            ]
            others = [every[touched[:most]] - mine for every, mine in zip(sums, of, strict=True)]
            rank = int(np.linalg.matrix_rank(np.concatenate([of[0], *others]), tol=least))
            if rank >= FEW_UNKNOWN or most >= len(touched):
                break
        yield number, rank


def _added(at: Array, values: Array, count: int) -> Array:
    """Rows of ``values`` added up by number; -1 is left out."""
    kept, width = at >= 0, values.shape[1]
    place = (at[kept][:, None] * width + np.arange(width)).ravel()
    return np.bincount(place, values[kept].ravel(), minlength=count * width).reshape(count, width)


def _safe(fine: _Fine, rows: set[Row]) -> set[Row]:
    """Those of the rows whose comparisons, with all that they give, leave nothing small exposed."""
    private = secrets(fine.system)
    already = Exposure(fine.system, fine.shown)
    known = {id(secret) for secret, _ in already.of_known(private, _held(fine, private))}
    private = [secret for secret in private if id(secret) not in known]
    held = _held(fine, private)
    left = set(rows)
    while gone := _given_up(fine, private, held, left):
        left -= gone
    for row in _worth_another_look(fine, rows - left):
        if not _given_up(fine, private, held, left | {row}):
            left |= {row}
    return left


def _held(fine: _Fine, private: Sequence[Secret]) -> Any:
    """Private sets × atoms."""
    return as_matrix([secret.atoms for secret in private], fine.system.matrix.shape[1])


def _given_up(fine: _Fine, private: Sequence[Secret], held: Any, rows: set[Row]) -> set[Row]:
    """Comparisons that take part in what is exposed where those of the rows are shown: of each set the fewest."""
    exposure = Exposure(fine.system, fine.given(rows))
    found = exposure.of_known(private, held) + exposure.of_groups()
    return _of_least(fine, found, exposure, rows) or _of_least(
        fine, exposure.of_pairs(private, held), exposure, rows
    )


def _of_least(fine: _Fine, found: Sequence[Exposed], exposure: Exposure, rows: set[Row]) -> set[Row]:
    gone: set[Row] = set()
    for _, common in found:
        part = exposure.shown[exposure.span.taking_part(common)].tolist()
        # What already follows without any comparison is none's fault.
        choices = [fine.users[cell] & rows for cell in part if cell in fine.users]
        if choices and not any(choice <= gone for choice in choices):
            gone |= min(choices, key=lambda choice: (len(choice - gone), sorted(choice)))
    return gone


def _worth_another_look(fine: _Fine, gone: set[Row]) -> list[Row]:
    """Comparisons that may turn out to do no harm, now that others are left out: as many as time allows."""
    tries = int(_EFFORT / (len(fine.shown) + len(fine.users)) ** 3)
    return sorted(gone)[:tries]
