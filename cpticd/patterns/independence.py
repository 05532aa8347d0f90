"""What independence of procedure and diagnosis within strata lets expect of every pair that occurs.

In a stratum of n units, of which p have the procedure and d the diagnosis, a hypergeometric count has both. Its
cumulants are products of what belongs to the procedure and what belongs to the diagnosis, summed over strata: products
of matrices, block by block of procedures, which is far less than a row for every pair and stratum.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

Floats = np.ndarray
NAMES: Final = ("expected", "variance", "third", "fourth", "strata")
#: Procedures, and diagnoses, of one block of matrices.
BLOCK: Final = (64, 4096)


@dataclass
class Margins:
    """Units by stratum: of each procedure and each diagnosis (sparse, codes x strata), and altogether."""

    procedures: Any
    diagnoses: Any
    totals: Floats
    _sums: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, procedures: pd.DataFrame, diagnoses: pd.DataFrame) -> Margins:
        """From rows of code (0, 1, …), stratum (1, 2, …) and n: units of a procedure have one each."""
        from scipy.sparse import csr_array

        strata = int(procedures["stratum"].max()) if len(procedures) else 0
        tables = []
        for rows in (procedures, diagnoses):
            place = (rows["code"].to_numpy(int), rows["stratum"].to_numpy(int) - 1)
            codes = int(place[0].max()) + 1 if len(rows) else 0
            tables.append(csr_array((rows["n"].to_numpy(float), place), shape=(codes, strata)))
        return cls(tables[0], tables[1], np.asarray(tables[0].sum(axis=0)).reshape(-1))

    def cumulants(self, procedure: Floats, diagnosis: Floats, tested: np.ndarray) -> dict[str, Floats]:
        """Expected, variance, third, fourth cumulant and strata in common, one per pair of codes.

        All but expected only where ``tested``, else NaN.
        """
        result = {name: np.full(procedure.size, np.nan) for name in NAMES}
        used = np.bincount(procedure, minlength=self.procedures.shape[0])
        rank = np.empty(used.size, int)
        rank[np.lexsort((np.arange(used.size), -used))] = np.arange(used.size)  # alike in number lie together
        order = np.lexsort((diagnosis, rank[procedure]))
        block = rank[procedure[order]] // BLOCK[0]
        for part in np.split(order, np.flatnonzero(np.diff(block)) + 1):
            codes = np.unique(diagnosis[part])
            for begin in range(0, codes.size, BLOCK[1]):
                some = codes[begin : begin + BLOCK[1]]
                inside = part[np.isin(diagnosis[part], some)]
                self._block(procedure[inside], diagnosis[inside], inside, tested, result)
        return result

    def _block(
        self,
        procedure: Floats,
        diagnosis: Floats,
        rows: np.ndarray,
        tested: np.ndarray,
        result: dict[str, Floats],
    ) -> None:
        """Fill in the pairs of one block."""
        if not rows.size:
            return
        left, i = np.unique(procedure, return_inverse=True)
        right, j = np.unique(diagnosis, return_inverse=True)
        p = self.procedures[left].toarray()
        strata = np.flatnonzero(p.any(axis=0))
        p, n = p[:, strata], self.totals[strata]
        d = self.diagnoses[right][:, strata].toarray().T
        result["expected"][rows] = ((p / n) @ d)[i, j]
        asked = tested[rows]
        if asked.any():
            for name, sums in _higher(p, d, n).items():
                result[name][rows[asked]] = sums[i[asked], j[asked]]


def _higher(p: Floats, d: Floats, n: Floats) -> dict[str, Floats]:
    """Variance, third and fourth cumulant (``stats.hypergeometric_cumulants``) and strata, by products of matrices."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(n > 1, p * (n - p) / (n * n * (n - 1)), 0.0)
        skew = np.where(n > 2, a * (n - 2 * p) / (n * (n - 2)), 0.0)
        c = 1 / ((n - 2) * (n - 3))
        linear = np.where(n > 3, a * c * (n * (n + 1) - 6 * p * (n - p)), a)
        square = np.where(n > 3, 6 * a * c * ((5 * n - 6) * a - 1), -6 * a * a)
    b = d * (n[:, None] - d)
    return {
        "variance": a @ b,
        "third": skew @ (b * (n[:, None] - 2 * d)),
        "fourth": linear @ b + square @ (b * b),
        "strata": (p > 0).astype(float) @ (d > 0).astype(float),
    }
