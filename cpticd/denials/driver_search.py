"""Looking for drivers: what is denied more than the levels above expect; the clearest first, each once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from cpticd import stats
from cpticd.denials.driver_lines import DIAGNOSIS, Level, Lines, together
from cpticd.denials.driver_model import Model, expit
from cpticd.denials.driver_tests import LevelTests, Likeness

#: Rounds of taking drivers in and looking again.
_ROUNDS: Final = 25
#: In one round only what is at least half as clear as the clearest: a large effect bends what is expected elsewhere.
_HALF: Final = 0.5
#: Chance below which payers are taken to differ in what they do to a pair.
_DIFFERENT: Final = 0.01
#: Lines that a candidate may share with a driver taken in the same round; with more it waits for the next.
_SHARED: Final = 0.10


class Search:
    """One search: lines, levels from the uppermost down, the model that grows, and what was found: level, candidate."""

    def __init__(
        self, lines: Lines, levels: Sequence[Level], mains: dict[str, np.ndarray], free: Collection[str]
    ) -> None:
        self.lines, self.levels = lines, levels
        self.model = Model(lines.denied, mains, free)
        self.found: list[tuple[int, int]] = []
        #: The p-value with which each was found: a discovery remains one of its level when the model explains it.
        self._entered: dict[tuple[int, int], float] = {}
        self.like = Likeness(lines, expit(self.model.logit))
        self.tests = [LevelTests(lines, level, self.like) for level in levels]
        cell = ("payer", "hcpcs_code")
        there = any(level.dimensions == cell for level in levels)
        #: Procedures within payers, which diagnoses are compared within.
        self._cells = [together([lines.codes[name] + 1 for name in cell], lines.size)] if there else []

    def run(self, q: float) -> None:
        """Take drivers in until nothing passes ``q`` any more."""
        anew = True
        for _ in range(_ROUNDS):
            taken = self._round(q)
            if not taken and anew:
                return
            anew = not taken
            if anew:  # what was found was part of how lines depended on one another
                self.tests = [LevelTests(self.lines, level, self.like) for level in self.levels]
            for number, candidate, p in taken:
                self.found.append((number, candidate))
                self._entered[number, candidate] = p
                self.model.add(self.levels[number].lines_of(candidate))
            self.model.fit()

    def _round(self, q: float) -> list[tuple[int, int, float]]:
        """The clearest candidates that pass, none of which shares many lines with a clearer one."""
        chances = self.expected()
        every = [tests.p_values(chance) for tests, chance in zip(self.tests, chances, strict=True)]
        passing: list[tuple[float, int, int]] = []
        for (number, candidate), entered in self._entered.items():
            every[number][candidate] = entered
        for number, p in enumerate(every):
            q_value = stats.benjamini_hochberg(p)
            passing += [
                (float(p[candidate]), number, int(candidate)) for candidate in np.flatnonzero(q_value <= q)
            ]
        passing = [each for each in passing if each[1:] not in self.found]
        passing = [each for each in passing if not self._lives_within(each, passing, chances[each[1]])]
        clear = max((_clarity(p) for p, *_ in passing), default=0.0) * _HALF
        passing = [each for each in passing if _clarity(each[0]) >= clear]
        taken, marked = [], np.zeros(self.lines.size, dtype=bool)
        for own_p, number, candidate in sorted(passing):
            own = self.levels[number].lines_of(candidate)
            if marked[own].mean() <= _SHARED:
                marked[own] = True
                taken.append((number, candidate, own_p))
        return taken

    def _lives_within(
        self, candidate: tuple[float, int, int], passing: list[tuple[float, int, int]], chance: np.ndarray
    ) -> bool:
        """Whether a pair's excess over all payers is some payers' alone, one of which passes by itself.

        Cochran's Q of the log odds ratios by payer, over the design effect.
        """
        _, number, place = candidate
        level = self.levels[number]
        inner = [n for n, each in enumerate(self.levels) if each.dimensions == ("payer", *level.dimensions)]
        if DIAGNOSIS not in level.dimensions or not inner:
            return False
        keys, names = level.keys.iloc[place], list(level.dimensions)
        own = [c for _, n, c in passing if n == inner[0]]
        if not (self.levels[inner[0]].keys.iloc[own][names] == keys).all(axis=1).any():
            return False
        lines = level.lines_of(place)
        payer = np.unique(self.lines.codes["payer"][lines], return_inverse=True)[1]
        n, observed, expected = (
            np.bincount(payer, each) + extra
            for each, extra in (
                (np.ones(len(lines)), 1.0),
                (self.lines.denied[lines], 0.5),
                (chance[lines], 0.5),
            )
        )
        ratio = np.log(observed / (n - observed)) - np.log(expected / (n - expected))
        weight = 1 / (1 / observed + 1 / (n - observed))
        spread = float((weight * (ratio - (weight @ ratio) / weight.sum()) ** 2).sum())
        return _upper_chi(spread / self.tests[number].effect(place), len(n) - 1) < _DIFFERENT

    def expected(self) -> list[np.ndarray]:
        """By level, of every line the chance of denial that the levels above expect.

        Diagnoses lean on their procedure within the payer, other levels on what is in the model alone.
        """
        plain = expit(self.model.logit)
        within = expit(self.model.leaning(self._cells)) if self._cells else plain
        return [within if DIAGNOSIS in level.dimensions else plain for level in self.levels]


def _upper_chi(value: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, value)) if freedom > 0 else 1.0


def _clarity(p: float) -> float:
    """Standard deviations above what is expected."""
    from scipy.special import ndtri

    return float(-ndtri(max(p, 1e-300)))
