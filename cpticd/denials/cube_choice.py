"""Which rows of a cube are chosen: the criteria of ``Claims.where``, answered from columns in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np

from cpticd.core import selection
from cpticd.core.errors import ArgumentError

#: Criteria that other columns than that of their name answer: a row meets one where any of them does.
_ANSWERED_BY: Final = {"provider": ("billing_npi", "rendering_npi"), "persons": ("person_id",)}


@dataclass
class Column:
    """Texts as numbers: ``code`` per row (-1: missing) into ``names``, which are in alphabetical order."""

    code: np.ndarray
    names: list[str]

    def among(self, values: Collection[str]) -> np.ndarray:
        """Whether the text of each row is one of ``values``."""
        known = set(values)
        wanted = [place for place, name in enumerate(self.names) if name in known]
        if len(wanted) == 1:
            return self.code == wanted[0]
        flags = np.zeros(len(self.names) + 1, dtype=bool)  # the last for what is missing, whose code is -1
        flags[wanted] = True
        return flags[self.code]

    def named(self, missing: str) -> Column:
        """The same with a name for what is missing."""
        absent = self.code < 0
        if not absent.any():
            return self
        return Column(np.where(absent, len(self.names), self.code), [*self.names, missing])

    def number(self, name: str | None) -> int:
        """The number of a name, -2 where no row has it."""
        return self.names.index(name) if name in self.names else -2


@dataclass(frozen=True)
class Choice:
    """Criteria in normal form: of each its values that are there, and the first and last day."""

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    dates: tuple[date | None, date | None] | None = None

    @property
    def terms(self) -> dict[str, Any]:
        """The criteria as ``Claims.selection`` has them."""
        dates = self.dates and {"dates": [None if day is None else day.isoformat() for day in self.dates]}
        return {name: list(values) for name, values in self.values} | (dates or {})


@dataclass
class Rows:
    """Service lines by what they are chosen by: columns, and the day of service.

    ``beside``: values of a column that claims without lines alone have.
    """

    columns: dict[str, Column]
    day: np.ndarray
    beside: dict[str, list[str]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the columns answer a criterion."""
        return all(column in self.columns for column in _ANSWERED_BY.get(name, (name,)))

    def names(self, name: str) -> set[str]:
        """The values of a criterion that these claims have."""
        found: set[str] = set()
        for column in _ANSWERED_BY.get(name, (name,)):
            found |= {*self.columns[column].names, *self.beside.get(column, ())}
        return found

    def chosen(self, choice: Choice) -> np.ndarray:
        """Whether each line meets all criteria."""
        keep = np.ones(len(self.day), dtype=bool)
        for name, values in choice.values:
            either = [self.columns[column].among(values) for column in _ANSWERED_BY.get(name, (name,))]
            keep &= np.logical_or.reduce(either) if len(either) > 1 else either[0]
        if choice.dates is not None:
            first, last = choice.dates
            keep &= (self.day >= np.datetime64(first, "D")) if first else ~np.isnat(self.day)
            if last:
                keep &= self.day <= np.datetime64(last, "D")
        return keep


def choice_of(given: Mapping[str, Any], known: Collection[str], rows: Rows) -> Choice:
    """Criteria in normal form.

    Raises ArgumentError for what ``Claims.where`` refuses of these claims, and for criteria that no column answers.
    """
    asked = selection.criteria(given, known, what="view")
    if beyond := [name for name in asked if name != "dates" and not rows.has(name)]:
        raise ArgumentError(
            f"view: {', '.join(beyond)} cannot be chosen here; the cube has {', '.join(rows.columns)} and dates. "
            f"Choose before, by claims.where({beyond[0]}=…), or make the cube by={beyond[0]!r} as well"
        )
    values = []
    for name, value in asked.items():
        if name == "dates":
            continue
        wanted, there = selection.wanted(name, value), rows.names(name)
        if name != "persons":
            wanted = selection.meant(name, wanted, there)
        elif there.isdisjoint(wanted):
            raise selection.nobody(wanted)
        values.append((name, tuple(wanted)))
    dates = selection.days(asked["dates"]) if "dates" in asked else None
    return Choice(tuple(sorted(values)), dates)
