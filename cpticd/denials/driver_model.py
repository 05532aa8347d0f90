"""What the levels above let expect of a line: a logit of main effects and of the drivers found so far.

Main effects of payers, procedures, places and quarters are always there, and shrunken ones of providers and of what
else is looked by; groups that lie below (payer × procedure) are leaned on when what lies below them is looked at; a
driver that was found is an effect of its own, so that it is neither found again at another level nor bends the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np

#: Sweeps of one-step updates over all effects; each is a Newton step of one coefficient.
_SWEEPS: Final = 6
#: Prior precision of a coefficient, in variance units of lines: half a line's information, and 4 for groups leaned on.
_RIDGE: Final = {"main": 0.5, "group": 4.0, "found": 0.5}
#: A step of a coefficient is at most this, on the logit.
_STEP: Final = 2.0


class Model:
    """Expected chance of denial of every line, refitted as drivers are found.

    ``mains``: of each line the number of its payer, its procedure and so on; those not in ``free`` are shrunken.
    """

    def __init__(self, denied: np.ndarray, mains: dict[str, np.ndarray], free: Collection[str]) -> None:
        self.denied = denied
        self._ridge = {name: _RIDGE["main" if name in free else "group"] for name in mains}
        rate = np.clip(denied.mean() if len(denied) else 0.5, 1e-4, 1 - 1e-4)
        self._base = float(np.log(rate / (1 - rate)))
        self.mains = mains
        self.main_effects = {name: np.zeros(int(code.max(initial=-1)) + 1) for name, code in mains.items()}
        self.found: list[np.ndarray] = []
        self.found_effects: list[float] = []
        self.logit = np.full(len(denied), self._base)
        self.fit()

    def add(self, lines: np.ndarray) -> None:
        """A driver of these lines, to be fitted with all others."""
        self.found.append(lines)
        self.found_effects.append(0.0)

    def fit(self, sweeps: int = _SWEEPS) -> None:
        """Fit all coefficients, one after the other, a few times."""
        for _ in range(sweeps):
            for name, code in self.mains.items():
                effects = self.main_effects[name]
                step = _steps(self.denied, self.logit, code, effects, self._ridge[name])
                effects += step
                self.logit += step[code]
            for number, lines in enumerate(self.found):
                y, logit = self.denied[lines], self.logit[lines]
                chance = expit(logit)
                effect = self.found_effects[number]
                slope = float((y - chance).sum()) - _RIDGE["found"] * effect
                move = float(
                    np.clip(slope / ((chance * (1 - chance)).sum() + _RIDGE["found"]), -_STEP, _STEP)
                )
                self.found_effects[number] += move
                self.logit[lines] += move

    def leaning(self, groups: list[np.ndarray], sweeps: int = 4) -> np.ndarray:
        """The logit with shrunken effects of groups besides, which do not stay."""
        logit = self.logit.copy()
        effects = [np.zeros(int(code.max(initial=-1)) + 1) for code in groups]
        for _ in range(sweeps):
            for number, code in enumerate(groups):
                step = _steps(self.denied, logit, code, effects[number], _RIDGE["group"])
                effects[number] = effects[number] + step
                logit += step[code]
        return logit


def _steps(
    denied: np.ndarray, logit: np.ndarray, code: np.ndarray, effects: np.ndarray, ridge: float
) -> np.ndarray:
    """A Newton step of each coefficient of a factor."""
    chance = expit(logit)
    size = len(effects)
    slope = np.bincount(code, denied - chance, minlength=size) - ridge * effects
    curve = np.bincount(code, chance * (1 - chance), minlength=size) + ridge
    return np.clip(slope / curve, -_STEP, _STEP)


def expit(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))
