"""The search for twins: data sets of which the same report leaves, though a small cell differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.contract import terms_of
from cpticd.reporting.findings import Findings, Options, gather
from cpticd.reporting.page import page
from cpticd.reporting.release import protected
from tests.disclosure.kinds import claims_of_lines
from tests.disclosure.reads import Sum
from tests.disclosure.twins import Cell, Twins, small


@dataclass(frozen=True)
class World:
    """Persons of kinds, and how an attacker reads what leaves of them.

    drawn: kinds of a seed, with persons; lines_of: their lines; sums: what the tables count (kinds, the tables as the
    analyst sees them, the tables as they leave); held: of the same, groups of sums behind figures that are no counts.
    Twins that agree in the sums of the first group, then of the next, then of none are tried in turn.
    """

    drawn: Callable[[int], pd.DataFrame]
    lines_of: Callable[[pd.DataFrame], pd.DataFrame]
    options: Options
    sums: Callable[[pd.DataFrame, Mapping[str, pd.DataFrame], Mapping[str, pd.DataFrame]], Iterable[Sum]]
    held: Callable[
        [pd.DataFrame, Mapping[str, pd.DataFrame], Mapping[str, pd.DataFrame]], list[list[np.ndarray]]
    ]


@cache
def gathered(world: World, persons: tuple[int, ...], seed: int) -> tuple[Claims, Findings]:
    """The parts of a report on so many persons of each of a seed's kinds."""
    claims = claims_of_lines(world.lines_of(world.drawn(seed).assign(persons=list(persons))))
    with disclosure.using(minimum=11):
        return claims, gather(claims, world.options)


def left(claims: Claims, found: Findings) -> dict[str, Any]:
    """All that leaves: every frame with its contract, as a file has them, and the page with its charts."""
    with disclosure.using(minimum=11):
        shown = protected(found, claims)
        text = page(shown)
    # Numbers of a contract stay behind, but for those that the page writes.
    frames = {
        part: (frame.to_csv(), str([text for text in terms_of(frame).values() if isinstance(text, str)]))
        for part, frame in shown.frames.items()
    }
    return {"frames": shown.frames, "page": text[text.index("<body ") :], **frames}


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Parts of which something else leaves."""
    return [part for part, value in one.items() if part != "frames" and value != other[part]]


class Search:
    """Twins of a seed's data set, for every small cell of its tables."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed, self.kinds = world, seed, world.drawn(seed)
        self.persons = self.kinds["persons"].to_numpy()
        claims, found = gathered(world, tuple(self.persons.tolist()), seed)
        self.own = left(claims, found)
        frames = self.own["frames"]
        self.cells = list(world.sums(self.kinds, found.frames, frames))
        self.small = small(self.cells, self.persons)
        twins = Twins(self.cells, self.persons)
        self._tiers = [twins.holding(group) for group in [*world.held(self.kinds, found.frames, frames), []]]

    def run(self, tries: int) -> tuple[list[Cell], list[tuple[int, ...]], list[str]]:
        """Cells that no twin differs in, the twins that were found, and in which parts the others were no twins."""
        open_, accepted, told = list(self.small), [], []
        for tier in self._tiers:
            search = tier.several(open_, self.seed)
            answer: bool | None = None
            while open_ and tries > len(accepted) + len(told):
                try:
                    twin, moved = search.send(answer)
                except StopIteration:
                    break
                other = tuple(twin.tolist())
                parts = differing(self.own, self.left(other))
                answer = not parts
                if answer:
                    accepted.append(other)
                    open_ = [cell for cell in open_ if all(cell is not each for each in moved)]
                else:
                    told.append(" and ".join(parts))
        return open_, accepted, told

    def left(self, persons: tuple[int, ...]) -> dict[str, Any]:
        """All that leaves of so many persons of each kind."""
        return left(*gathered(self.world, persons, self.seed))

    def by_sums(self) -> list[str]:
        """Cells that follow from the sums alone: no other data set agrees in these."""
        loosest = self._tiers[-1]
        signs = (1, -1)
        return [
            f"{cell.name} ({cell.persons} persons)"
            for cell in self.small
            if all(loosest.nearest([sign * cell.weights]) is None for sign in signs)
        ]


def searched(
    world: World, seed: int, tries: int
) -> tuple[Search, list[Cell], list[tuple[int, ...]], list[str]]:
    search = Search(world, seed)
    assert search.small, "no cell is small: nothing is tried"
    assert search.by_sums() == []
    return search, *search.run(tries)
