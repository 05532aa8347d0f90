"""Totals within totals of persons: which may leave, so that no difference of what is shown is of few persons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd


@dataclass
class Total:
    """A cell, or the total of its parts, and the persons in it; ``hidden`` once :meth:`settle` says so.

    Cells do not overlap, and every part belongs to one total. What follows from totals that are shown are then sums
    of remainders: of a total, what is in it and in no part of it that is shown. Each must be of nobody or of enough.
    """

    name: tuple[str, ...]
    persons: frozenset[str]
    parts: list[Total] = field(default_factory=list)
    hidden: bool = False

    def rest(self) -> frozenset[str]:
        """Persons of this total less all that is shown within it."""
        if not self.parts:
            return self.persons
        return frozenset().union(*(part.rest() for part in self.parts if part.hidden))

    def settle(self, minimum: int) -> None:
        """Hide what is of fewer persons than ``minimum``, and as much more as keeps that from following."""
        for part in self.parts:
            part.settle(minimum)
        if self.parts and 0 < len(self.rest()) < minimum:
            shown = [part for part in self.parts if not part.hidden]
            if shown:
                _smallest(shown)._hide()
        few = (self.persons, self.rest() if self.parts else frozenset())
        self.hidden = any(0 < len(persons) < minimum for persons in few)

    def _hide(self) -> None:
        """Hide this total, and where all its parts are shown the smallest of them, from which it would follow."""
        self.hidden = True
        if self.parts and not self.rest():
            _smallest(self.parts)._hide()

    def everything(self) -> Iterator[Total]:
        """This total and all within it."""
        yield self
        for part in self.parts:
            yield from part.everything()


def _smallest(totals: list[Total]) -> Total:
    return min(totals, key=lambda total: (len(total.persons), total.name))


def nested(rows: pd.DataFrame, keys: list[str]) -> Total:
    """The total of ``rows`` (person_id and ``keys``), its parts by the first key, theirs by the second, and so on."""
    return _total((), rows, keys)


def _total(name: tuple[str, ...], rows: pd.DataFrame, keys: list[str]) -> Total:
    made = Total(name, frozenset(rows["person_id"].astype(str)))
    if keys:
        first, *others = keys
        made.parts = [_total((*name, str(key)), part, others) for key, part in rows.groupby(first, sort=True)]
    return made
