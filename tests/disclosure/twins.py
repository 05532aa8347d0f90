"""Whether a small cell can be told from all that leaves: looks for another data set of which just the same leaves.

An attacker who knows every formula may try all data sets and keep those of which a report shows the same figures. A
cell that has one value in all of them is told. It is not where one of them, a twin, has another value: of twins
enough is shown here to be sure of every small cell, by integer programming over the sums that are shown and then by
making the report of the twin. It shares no code with the protector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.disclosure.kinds import DENIED
from tests.disclosure.reads import Sum

LEAST: Final = 11
#: By how many persons of a kind a twin differs at most, and how long it is looked for (seconds).
REACH: Final = 3
PATIENCE: Final = 2.0
#: Codes of the kinds that say less than they might.
UNSPECIFIED: Final = ("M5450", "I509")


@dataclass(frozen=True)
class Cell:
    """A count of 1 to 10 persons that nothing may tell: of which persons, and how many there are."""

    name: str
    weights: np.ndarray
    persons: int


def small(cells: Sequence[Sum], persons: np.ndarray) -> list[Cell]:
    """Every count of few, and every rest of few of a count and its denied ones, of tables that are read."""
    found: dict[bytes, Cell] = {}
    before: dict[str, Sum] = {}
    for each in cells:
        part, _, rest = each.name.partition(": ")
        column, _, key = rest.partition(" of ")
        sets = [(each.name, each.weights)]
        if column.startswith(("denied", "overturned")) and f"{part} {key}" in before:
            sets.append((f"{part}: not {column} of {key}", before[f"{part} {key}"].weights - each.weights))
        before.setdefault(f"{part} {key}", each)
        for name, weights in sets:
            count = int(weights @ persons)
            if 0 < count < LEAST and rest:
                found.setdefault(weights.tobytes(), Cell(name, weights, count))
    return list(found.values())


class Twins:
    """Other numbers of persons of each kind that agree with all sums that are shown (``cells``)."""

    def __init__(self, cells: Sequence[Sum], persons: np.ndarray) -> None:
        self._persons = persons
        self._cells = cells
        rows, low, high = [], [], []
        for each in cells:
            count = int(each.weights @ persons)
            if not np.isnan(each.shown):
                assert each.shown == count, f"{each.name}: {each.shown:g} is shown, the attack reads {count}"
                ends = (0, 0)
            elif 0 < count < LEAST:  # stays small: how many are too few is shown
                ends = (1 - count, LEAST - 1 - count)
            else:
                ends = (LEAST - count if count else 0, 10**6 if count else 0)
            rows.append(each.weights)
            low.append(ends[0])
            high.append(ends[1])
        self._rows, self._low, self._high = rows, low, high

    def holding(self, weights: Sequence[np.ndarray]) -> Twins:
        """Those that agree in further sums as well."""
        made = Twins.__new__(Twins)
        made._persons, made._cells = self._persons, self._cells
        nothing = [0] * len(weights)
        made._rows, made._low, made._high = (
            [*self._rows, *weights],
            [*self._low, *nothing],
            [*self._high, *nothing],
        )
        return made

    def nearest(self, moves: Sequence[np.ndarray]) -> np.ndarray | None:
        """The twin of fewest other persons in which every one of ``moves`` is at least one more; None for none."""
        count = len(self._persons)
        rows = np.array([*self._rows, *moves], dtype=float)
        low, high = [*self._low, *[1] * len(moves)], [*self._high, *[np.inf] * len(moves)]
        found = milp(
            np.ones(2 * count),  # of each kind how many more, and how many fewer
            constraints=LinearConstraint(np.hstack([rows, -rows]), low, high),
            integrality=np.ones(2 * count),
            bounds=Bounds(0, np.concatenate([np.full(count, REACH), np.minimum(self._persons, REACH)])),
            options={"time_limit": PATIENCE, "mip_rel_gap": 0.3},
        )
        if found.x is None:
            return None
        moved = np.round(found.x).astype(int)
        twin = self._persons + moved[:count] - moved[count:]
        return twin if all(each @ (twin - self._persons) for each in moves) else None

    def several(self, cells: Sequence[Cell], seed: int) -> Iterator[tuple[np.ndarray, list[Cell]]]:
        """Twins with the cells that differ in each: first some in which many do, then some for every cell that is left.

        The caller sends whether what leaves of a twin is the same, and the cells that differ in it are done.
        """
        random = np.random.default_rng(seed)
        left = list(cells)

        def tried(moves: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, list[Cell]]]:
            twin = self.nearest(moves)
            if twin is None:
                return
            differ = [each for each in left if each.weights @ (twin - self._persons)]
            if (yield twin, differ):
                left[:] = [each for each in left if all(each is not other for other in differ)]

        together = self._many(cells, random)
        if together:  # else the data set would be its own twin
            yield from tried(together)
        for cell in cells:
            for sign in (1, -1):
                if any(cell is each for each in left):
                    yield from tried([sign * cell.weights])

    def _many(self, cells: Sequence[Cell], random: np.random.Generator) -> list[np.ndarray]:
        """Moves of as many cells as can move together, each in a direction drawn by lot."""
        moves: list[np.ndarray] = []
        for cell in cells:
            for sign in random.permutation([1, -1]).tolist():
                if self.nearest([*moves, sign * cell.weights]) is not None:
                    moves.append(sign * cell.weights)
                    break
        return moves


def series(lines: pd.DataFrame, kinds: int) -> list[np.ndarray]:
    """Sums of what is rounded: of each payer, procedure, month and fate, and of each payer's unspecified codes.

    And of these for each fate, on which it depends who has two of them.
    """
    unspecified = lines[lines["diagnosis_code"].isin(UNSPECIFIED)].rename_axis("row").reset_index()
    rows = [
        *lines.groupby(["payer", "hcpcs_code", "month", "fate"]).indices.values(),
        *unspecified.groupby(["payer", "fate"])["row"].agg(np.array),
    ]
    return [np.bincount(lines["kind"].to_numpy()[each], minlength=kinds) for each in rows]


def compared(frames: Mapping[str, pd.DataFrame], lines: pd.DataFrame, kinds: int) -> list[np.ndarray]:
    """Sums behind the comparisons that are shown: of every stratum of their lines, and of their own lines in it."""
    denied = (lines["fate"].isin(DENIED) & ~lines["earlier"]).to_numpy()
    strata = lines.groupby(["payer", "hcpcs_code", "quarter"]).ngroup().to_numpy()
    found = []

    def hold(which: np.ndarray) -> None:
        for kept in (which, which & denied):
            found.append(np.bincount(lines["kind"].to_numpy()[kept], minlength=kinds))

    keys = {
        "pairs": ["hcpcs_code", "diagnosis_code"],
        "payer_pairs": ["payer", "hcpcs_code", "diagnosis_code"],
        "families": ["hcpcs_family", "diagnosis_family"],
    }
    tables = [(frames[part], names) for part, names in keys.items() if part in frames]
    for rows, names in tables:
        known = rows[rows["expected_rate"].notna()] if "expected_rate" in rows else rows.head(0)
        for row in known.to_dict("records"):
            own = np.logical_and.reduce([lines[name].eq(row[name]).to_numpy() for name in names])
            for stratum in np.unique(strata[own]):
                hold(strata == stratum)
                hold(own & (strata == stratum))
    return found
