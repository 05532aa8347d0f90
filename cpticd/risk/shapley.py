"""What sets of changes to persons' HCCs do to their scores: every set re-scored, and the whole shared out.

A player is one HCC that a person would gain or lose. The value of a set of players is score(with them) - score(now).
Up to :data:`EXACT` players a person's sets are all scored; beyond, sampled orders are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd.risk.hierarchies import BLOCK
from cpticd.risk.numbering import Ints
from cpticd.risk.scorer import Scorer

#: Up to so many players of a person every set is scored (2^12 of them).
EXACT: Final = 12
#: Orders that are drawn for a person with more.
ORDERS: Final = 200
#: Sets that are scored at once.
BATCH: Final = 1_000_000
Floats = np.ndarray[Any, np.dtype[np.float64]]
#: Scores of sets of players: which case, which player is in it; and whose each case is.
Values = Callable[[Ints, Ints, Ints], Floats]


@dataclass
class Shares:
    """For each player, in the order given: what it is worth alone, its share of the whole, its expected share."""

    marginal: Floats
    shapley: Floats
    expected: Floats
    variance: Floats  # of the person's expected total, at his first player; 0 elsewhere


def play(values: Values, players: pd.DataFrame, *, seed: int = 0) -> Shares:
    """Shares of ``players`` (person, a number, and confidence), sorted by person; ``values`` is what sets are worth.

    marginal: score(now with this one alone) - score(now). shapley: exact for up to :data:`EXACT` players of a
    person, else the mean over :data:`ORDERS` random orders; either way a person's shares add up to score(with all) -
    score(now). expected: the same of the game in which each player comes true with its confidence, independently,
    so that they add up to the expected change.
    """
    return _Game(values, players).shares(np.random.default_rng(seed))


def alone(values: Values, person: Ints) -> Floats:
    """What each player is worth by itself: score(now with this one) - score(now); ``person`` has the person of each."""
    now, place = np.unique(person, return_inverse=True)
    case = np.arange(len(person))
    value = values(case, case, np.r_[person, now])
    return value[: len(person)] - value[len(person) :][place]


class _Game:
    """All players of all persons, and what is found out about them."""

    def __init__(self, values: Values, players: pd.DataFrame) -> None:
        self.values = values
        self.person = players["person"].to_numpy()
        self.chance = players["confidence"].to_numpy(dtype=float)
        self.found = Shares(*(np.zeros(len(players)) for _ in range(4)))

    def shares(self, rng: np.random.Generator) -> Shares:
        start = np.flatnonzero(np.r_[True, self.person[1:] != self.person[:-1]][: len(self.person)])
        size = np.diff(np.r_[start, len(self.person)])
        for k in np.unique(size[size <= EXACT]).tolist():
            first = start[size == k]
            step = max(1, BATCH >> k)
            for begin in range(0, len(first), step):
                self._exact(first[begin : begin + step], k)
        for one, k in zip(start[size > EXACT].tolist(), size[size > EXACT].tolist(), strict=True):
            self._sampled(one, k, rng)
        return self.found

    def _exact(self, first: Ints, k: int) -> None:
        """All 2^k sets of the persons whose players begin at ``first``."""
        member = (np.arange(1 << k)[:, None] >> np.arange(k)[None, :]) & 1  # set x player
        which, who = np.nonzero(member)
        base = np.arange(len(first)) << k
        case = (base[:, None] + which[None, :]).ravel()
        player = (first[:, None] + who[None, :]).ravel()
        value = self.values(case, player, self.person[first].repeat(1 << k))
        value = value.reshape(len(first), 1 << k)
        value -= value[:, :1]
        index = first[:, None] + np.arange(k)[None, :]
        self.found.marginal[index] = value[:, 1 << np.arange(k)]
        self.found.shapley[index] = _shapley(value, k)
        likely = _thinned(value, self.chance[index])
        self.found.expected[index] = _shapley(likely, k)
        squares = _thinned(value**2, self.chance[index])[:, -1]
        self.found.variance[first] = np.maximum(squares - likely[:, -1] ** 2, 0)

    def _sampled(self, first: int, k: int, rng: np.random.Generator) -> None:
        """Random orders of one person's many players; in each the players come one by one."""
        order = np.argsort(rng.random((ORDERS, k)), axis=1)
        true = rng.random((ORDERS, k)) < self.chance[first : first + k][None, :]  # by player
        step, place = np.nonzero(
            np.tril(np.ones((k, k), dtype=bool))
        )  # after step j those at places 0..j are in
        rows: list[Ints] = []
        columns: list[Ints] = []
        for draw in range(ORDERS):
            who = order[draw, place]
            here = true[draw, who]
            rows += [draw * 2 * k + step, draw * 2 * k + k + step[here]]
            columns += [who, who[here]]
        size = ORDERS * 2 * k  # the set after them is empty, then each player stands alone
        case = np.concatenate([*rows, size + 1 + np.arange(k)])
        player = first + np.concatenate([*columns, np.arange(k)])
        value = self.values(case, player, np.full(size + 1 + k, self.person[first]))
        value = value - value[size]
        self.found.marginal[first : first + k] = value[size + 1 :]
        path = value[:size].reshape(ORDERS, 2, k)
        gain = np.diff(path, axis=2, prepend=0.0)
        np.add.at(self.found.shapley, first + order, gain[:, 0] / ORDERS)
        np.add.at(self.found.expected, first + order, gain[:, 1] / ORDERS)
        self.found.variance[first] = path[:, 1, -1].var(ddof=1)


def _shapley(value: Floats, k: int) -> Floats:
    """Shapley values of k players from the values of all their sets (persons x sets)."""
    sets = np.arange(1 << k)
    size = np.array([bin(s).count("1") for s in sets])
    weight = np.array(
        [factorial(s) * factorial(k - s - 1) / factorial(k) if s < k else 0.0 for s in range(k + 1)]
    )
    shares = np.empty((value.shape[0], k))
    for player in range(k):
        without = sets[(sets >> player & 1) == 0]
        gain = value[:, without | (1 << player)] - value[:, without]
        shares[:, player] = gain @ weight[size[without]]
    return shares


def _thinned(value: Floats, chance: Floats) -> Floats:
    """Values of the sets when each of their players comes true only with its chance (persons x sets)."""
    persons, sets = value.shape
    k = chance.shape[1]
    likely = value.copy()
    for player in range(k):
        # Axis of this player: sets without it, sets with it.
        cube = likely.reshape(persons, sets >> (player + 1), 2, 1 << player)
        c = chance[:, player][:, None, None]
        cube[:, :, 1, :] = c * cube[:, :, 1, :] + (1 - c) * cube[:, :, 0, :]
    return likely


def raw_values(scorer: Scorer, changes: pd.DataFrame, whose: Ints) -> Floats:
    """Raw scores of cases: ``changes`` has case_id, block, bit, removed; ``whose`` the person that each case is of."""
    size = len(whose)
    scorer.s.load(
        "cases",
        pa.table({"case_id": pa.array(np.arange(size), pa.int32()), "person": pa.array(whose, pa.int32())}),
    )
    kinds = {"case_id": pa.int32(), "block": pa.int32(), "bit": pa.int32(), "removed": pa.bool_()}
    scorer.s.load(
        "changes", pa.table({name: pa.array(changes[name].to_numpy(), kind) for name, kind in kinds.items()})
    )
    scorer.make("case_people")
    scorer.make("case_held", block=BLOCK)
    scorer.score("case_people", "case_held", "case_scores")
    rows = scorer.s.fetch("SELECT person, raw FROM case_scores")
    value = np.empty(size)
    value[rows.column("person").to_numpy()] = rows.column("raw").to_numpy()
    return value
