"""Looking for drivers: at every level, what is denied more than the levels above expect; the clearest first, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from cpticd import stats
from cpticd.denials.driver_lines import DIAGNOSIS, Level, Lines
from cpticd.denials.driver_model import Model, expit
from cpticd.stats import Clusters

#: Rounds of taking drivers in and looking again.
_ROUNDS: Final = 15
#: Lines that a candidate may share with a driver taken in the same round; with more it waits for the next.
_SHARED: Final = 0.10
#: Design effects are estimated where a candidate could pass without one.
_NAIVE: Final = 0.05


class Search:
    """One search: lines, levels from the uppermost down, the model that grows, and design effects by level."""

    def __init__(self, lines: Lines, levels: Sequence[Level], mains: dict[str, np.ndarray]) -> None:
        self.lines, self.levels = lines, levels
        self.model = Model(lines.denied, mains)
        self.found: list[tuple[int, int]] = []
        self._effects = [np.full(level.size, np.nan) for level in levels]
        self._freedom = [np.full(level.size, 1e9) for level in levels]

    def run(self, q: float) -> None:
        """Take drivers in until nothing passes ``q`` any more."""
        for _ in range(_ROUNDS):
            taken = self._round(q)
            if not taken:
                return
            for number, candidate in taken:
                self.found.append((number, candidate))
                self.model.add(self.levels[number].lines_of(candidate))
            self.model.fit()

    def _round(self, q: float) -> list[tuple[int, int]]:
        """The clearest candidates that pass, none of which shares many lines with a clearer one."""
        passing = []
        for number, level in enumerate(self.levels):
            p = self.p_values(number, self.expected(level))
            ok = np.flatnonzero(stats.benjamini_hochberg(p) <= q)
            passing += [(p[candidate], number, candidate) for candidate in ok.tolist()]
        taken, marked = [], np.zeros(self.lines.size, dtype=bool)
        for _, number, candidate in sorted(passing):
            own = self.levels[number].lines_of(candidate)
            if (number, candidate) not in self.found and marked[own].mean() <= _SHARED:
                marked[own] = True
                taken.append((number, candidate))
        return taken

    def expected(self, level: Level) -> np.ndarray:
        """Of every line the chance of denial that the levels above expect."""
        return expit(self.model.leaning([self._code(names) for names in self._above(level)]))

    def _above(self, level: Level) -> list[tuple[str, ...]]:
        """Levels whose groups are leaned on: all above of which the level says more."""
        above = []
        for each in self.levels:
            if each is level:
                break
            if DIAGNOSIS in level.dimensions and DIAGNOSIS not in each.dimensions:
                above.append(each.dimensions)
        return above

    def _code(self, dimensions: tuple[str, ...]) -> np.ndarray:
        key = np.zeros(self.lines.size, dtype=np.int64)
        for name in dimensions:
            part = self.lines.codes[name] + 1
            key = np.unique(key * (int(part.max(initial=0)) + 1) + part, return_inverse=True)[1]
        return key

    def p_values(self, number: int, chance: np.ndarray) -> np.ndarray:
        """One p-value per candidate of a level: of so many denials when the lines' chances are these."""
        level = self.levels[number]
        variance = chance * (1 - chance)
        lean = variance * (1 - 2 * chance)
        square = variance * (1 - 6 * variance)

        def added(value: np.ndarray) -> np.ndarray:
            return np.bincount(level.candidate, value[level.line], minlength=level.size)

        observed, *cumulants = (added(each) for each in (self.lines.denied, chance, variance, lean, square))
        cumulants = [each.round(9) for each in cumulants]
        p = stats.stratified_excess(observed, *cumulants)
        wanted = (p < _NAIVE) & np.isnan(self._effects[number])
        if wanted.any():
            self._measure(number, np.flatnonzero(wanted), chance)
        effect = np.nan_to_num(self._effects[number], nan=1.0)
        return stats.stratified_excess(
            observed, *cumulants, design_effect=effect, freedom=self._freedom[number]
        )

    def _measure(self, number: int, candidates: np.ndarray, chance: np.ndarray) -> None:
        """Design effects of some candidates, from the residuals of their lines."""
        found = self.dependence(number, candidates, chance)
        self._effects[number][candidates] = found.design_effect.round(9)
        self._freedom[number][candidates] = found.freedom.round(6)

    def dependence(
        self, number: int, candidates: np.ndarray, chance: np.ndarray, *, providers: bool = True
    ) -> stats.Dependence:
        """How lines of candidates depend on one another: by claim, person and, but where it is theirs, provider."""
        level, size = self.levels[number], len(candidates)
        place = np.full(level.size, -1)
        place[candidates] = np.arange(size)
        rows = place[level.candidate] >= 0
        owner, line = place[level.candidate[rows]], level.line[rows]
        residual = self.lines.denied[line] - chance[line]
        n = np.bincount(owner, minlength=size).astype(float)
        total = np.bincount(owner, residual, minlength=size)
        squares = np.bincount(owner, residual * residual, minlength=size)
        clusters, alike = {}, {}
        of_providers = any(name.endswith("_npi") or name == "provider" for name in level.dimensions)
        for kind, code in self.lines.clusters.items():
            if kind == "provider" and (of_providers or not providers):
                continue
            sums = _clusters(owner, code[line], residual, size)
            clusters[kind] = sums
            # About each candidate's own mean: a driver is no likeness of its clusters.
            mean = total / n
            centered = Clusters(sums.number, sums.uu - 2 * mean * sums.un + mean**2 * sums.nn, sums.un, sums.nn)
            alike[kind] = stats.correlation(n, squares - n * mean**2, centered)
        return stats.dependence(n, total, squares, clusters, alike)


def _clusters(owner: np.ndarray, code: np.ndarray, residual: np.ndarray, size: int) -> Clusters:
    key, place = np.unique(owner * (int(code.max(initial=0)) + 1) + code, return_inverse=True)
    of = key // (int(code.max(initial=0)) + 1)
    n = np.bincount(place, minlength=len(key)).astype(float)
    u = np.bincount(place, residual, minlength=len(key))
    return Clusters(*(np.bincount(of, value, minlength=size) for value in (np.ones(len(key)), u * u, u * n, n * n)))
