"""What somebody who knows every formula and all numbers of lines makes of what is shown: linear programming.

Unknown are the denied lines of every cell (payer, procedure, diagnosis). What is shown of them are sums, and numbers
that follow from sums: expected denials are linear in what is unknown. It shares no code with the protector.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

#: Lines that the rate of a payer and procedure, and that of a payer, weigh in an expectation.
LEAN = 10
PROCEDURE = ["payer", "hcpcs_code"]


class Attack:
    """Constraints on the denied lines of ``cells`` (payer, hcpcs_code, diagnosis_code and families, lines)."""

    def __init__(self, cells: pd.DataFrame) -> None:
        self._cells = cells.reset_index(drop=True)
        self._rows: list[np.ndarray] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def members(self, row: dict[str, object], keys: Sequence[str]) -> np.ndarray:
        """Which cells a row of a table counts."""
        found = np.ones(len(self._cells), dtype=bool)
        for key in keys:
            found &= (self._cells[key] == row[key]).to_numpy()
        return found

    def learns(self, weights: np.ndarray, value: float, give: float = 1e-6) -> None:
        self._rows.append(weights.astype(float))
        self._low.append(value - give)
        self._high.append(value + give)

    def reads(self, table: pd.DataFrame, keys: Sequence[str], denied: str) -> None:
        """The numbers of denied lines that a table shows."""
        for row in table.to_dict("records"):
            if not pd.isna(row[denied]):
                self.learns(self.members(row, keys), float(row[denied]))

    def compares(self, table: pd.DataFrame, keys: Sequence[str], *, whole_lines: bool) -> int:
        """The expected rates and excesses that a table shows, as they are or in whole lines; returns of how many rows."""
        shown = table[table["expected_rate"].notna()]
        for row in shown.to_dict("records"):
            own = self.members(row, keys)
            n = float(self._cells["lines"].to_numpy()[own].sum())
            expected, constant = self.expected(own)
            rate, excess = float(row["expected_rate"]), float(row["excess_denials"])
            give = (0.51 / n, 0.51) if whole_lines else (_half_digit(rate), _half_digit(excess))
            self.learns(expected / n, rate - constant / n, give[0])
            self.learns(own - expected, excess + constant, give[1])
        return len(shown)

    def expected(self, own: np.ndarray) -> tuple[np.ndarray, float]:
        """Expected denials of a row as weights of the cells' denied lines, and a constant."""
        cells, lines = self._cells, self._cells["lines"].to_numpy(float)
        weights, constant = np.zeros(len(cells)), 0.0
        for _, at in cells[own].groupby(PROCEDURE):
            like = self.members(at.iloc[0].to_dict(), PROCEDURE)
            payer = self.members(at.iloc[0].to_dict(), ["payer"])
            n, others = lines[own & like].sum(), like & ~own
            left = lines[others].sum()
            of_payer = LEAN * payer / lines[payer].sum()
            prior = (others + of_payer) / (left + LEAN)
            weights += n * (others + LEAN * prior) / (left + LEAN)
        return weights, constant

    def range(self, target: np.ndarray) -> tuple[int, int]:
        """Between which whole numbers the denied lines of some cells lie, after all that was read."""
        lines = self._cells["lines"].to_numpy(float)
        constraint = LinearConstraint(np.array(self._rows), np.array(self._low), np.array(self._high))
        ends = []
        for sign in (1, -1):
            found = milp(
                sign * target.astype(float), constraints=constraint, integrality=np.ones(len(lines)),
                bounds=Bounds(0, lines),
            )  # fmt: skip
            assert found.success, "what is shown contradicts itself"
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


def _half_digit(value: float) -> float:
    """How far a number of four digits may be from the truth."""
    return 0.51 * 10.0 ** (np.floor(np.log10(abs(value))) - 3) if value else 1e-6
