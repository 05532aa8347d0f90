"""Whether candidates of a level are denied more than expected, by effective counts."""

from __future__ import annotations

from typing import Final

import numpy as np

from cpticd import stats
from cpticd.denials.driver_lines import Level, Lines
from cpticd.stats import Clusters

#: Design effects are estimated where a candidate could pass without one.
_NAIVE: Final = 0.05


class Likeness:
    """How alike lines of one claim, person or provider are, by procedure, by payer and in all."""

    def __init__(self, lines: Lines, chance: np.ndarray) -> None:
        self._of: dict[str, dict[str, np.ndarray]] = {}
        residual = lines.denied - chance
        names: tuple[str, ...] = ("hcpcs_code", "payer", "")
        for name in names:
            if name and name not in lines.codes:
                continue
            owner = lines.codes[name] + 1 if name else np.zeros(lines.size, dtype=np.int64)
            size = int(owner.max(initial=0)) + 1
            n = np.bincount(owner, minlength=size)
            squares = np.bincount(owner, residual * residual, minlength=size)
            self._of[name] = {
                kind: stats.correlation(n, squares, _sums(owner, code, residual, size))
                for kind, code in lines.clusters.items()
            }
        self._names: dict[str, np.ndarray] = {name: lines.names[name] for name in self._of if name}

    def of(self, level: Level, candidates: np.ndarray, kind: str) -> np.ndarray:
        """Of candidates how alike their lines are to be expected: as those of their procedure, else of their payer."""
        name = next((each for each in self._names if each in level.dimensions), "")
        if not name:
            return np.full(len(candidates), self._of[""][kind][0])
        place = {value: number + 1 for number, value in enumerate(self._names[name].tolist())}
        keys = level.keys[name].iloc[candidates].map(place).to_numpy(dtype=np.int64)
        return self._of[name][kind][keys]


class LevelTests:
    """The tests of one level; a candidate's design effect is estimated when it first could matter, and kept."""

    def __init__(self, lines: Lines, level: Level, like: Likeness) -> None:
        self.lines, self.level, self.like = lines, level, like
        self._effect = np.full(level.size, np.nan)
        self._freedom = np.full(level.size, 1e9)

    def p_values(self, chance: np.ndarray) -> np.ndarray:
        """One p-value per candidate: of at least so many denials where the lines' chances are these."""
        level = self.level

        def added(value: np.ndarray) -> np.ndarray:
            return np.bincount(level.candidate, value[level.line], minlength=level.size)

        observed = added(self.lines.denied)
        cumulants = [added(each).round(9) for each in _cumulants(chance)]
        plain = stats.stratified_excess(observed, *cumulants)
        wanted = np.flatnonzero((plain < _NAIVE) & np.isnan(self._effect))
        if wanted.size:
            found = dependence(self.lines, level, self.like, wanted, chance)
            self._effect[wanted] = found.design_effect.round(9)
            self._freedom[wanted] = found.freedom.round(6)
        effect = np.nan_to_num(self._effect, nan=1.0)
        return stats.stratified_excess(observed, *cumulants, design_effect=effect, freedom=self._freedom)

    def effect(self, candidate: int) -> float:
        """The design effect of a candidate; 1 where it was not needed."""
        return float(np.nan_to_num(self._effect[candidate], nan=1.0))

    def p_value(self, candidate: int, lines: np.ndarray, chance: np.ndarray) -> float:
        """The p-value of one candidate whose ``lines`` have these chances."""
        cumulants = [each.sum().round(9) for each in _cumulants(chance)]
        found = stats.stratified_excess(
            self.lines.denied[lines].sum(), *cumulants,
            design_effect=self.effect(candidate), freedom=self._freedom[candidate],
        )  # fmt: skip
        return float(found)


def _cumulants(chance: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of a yes-or-no draw with this chance: mean, variance, third and fourth."""
    variance = chance * (1 - chance)
    return chance, variance, variance * (1 - 2 * chance), variance * (1 - 6 * variance)


def dependence(
    lines: Lines, level: Level, like: Likeness, candidates: np.ndarray, chance: np.ndarray, *, providers: bool = True
) -> stats.Dependence:  # fmt: skip
    """How lines of candidates depend on one another: by claim, person and, unless the level is of them, provider."""
    size = len(candidates)
    place = np.full(level.size, -1)
    place[candidates] = np.arange(size)
    rows = place[level.candidate] >= 0
    owner, line = place[level.candidate[rows]], level.line[rows]
    residual = lines.denied[line] - chance[line]
    n = np.bincount(owner, minlength=size).astype(float)
    total = np.bincount(owner, residual, minlength=size)
    squares = np.bincount(owner, residual * residual, minlength=size)
    of_providers = any(name.endswith("_npi") or name == "provider" for name in level.dimensions)
    kinds = [kind for kind in lines.clusters if kind != "provider" or (providers and not of_providers)]
    clusters = {kind: _sums(owner, lines.clusters[kind][line], residual, size) for kind in kinds}
    alike = {kind: like.of(level, candidates, kind) for kind in kinds}
    return stats.dependence(n, total, squares, clusters, alike)


def _sums(owner: np.ndarray, code: np.ndarray, residual: np.ndarray, size: int) -> Clusters:
    width = int(code.max(initial=0)) + 1
    key, place = np.unique(owner * width + code, return_inverse=True)
    n = np.bincount(place, minlength=len(key)).astype(float)
    u = np.bincount(place, residual, minlength=len(key))
    parts = (np.ones(len(key)), u * u, u * n, n * n)
    return Clusters(*(np.bincount(key // width, each, minlength=size) for each in parts))
