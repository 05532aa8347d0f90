"""What follows from published cells by adding and subtracting: membership in the span of their vectors.

A cell is a set of atoms, a 0/1 vector. A set can be computed from published cells exactly if its vector is a
combination of theirs. Only inner products enter: the Gram matrix of the published cells, and theirs with the set.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

#: Share of a set's squared length outside the span below which it counts as computed. Vectors are 0/1, so that a
#: set which is not computed leaves about 1 / (number of atoms it is mixed with); rounding leaves 1e-12.
COMPUTED: Final = 1e-7
#: The same of a published cell that adds nothing to the others.
DEPENDENT: Final = 1e-10
#: Weight, of unit vectors, below which a cell takes no part in a combination.
WEIGHTLESS: Final = 1e-6


class Span:
    """The combinations of published cells, from their Gram matrix (n × n, whole numbers, no empty cell).

    ``squared``: squared lengths of the cells, where the matrix is of what is left of them beside others.
    """

    def __init__(self, gram: Array, squared: Array | None = None) -> None:
        from scipy.linalg.lapack import dpstrf

        self._length = np.sqrt((np.diag(gram) if squared is None else squared).astype(float))
        self.basis: Array = np.empty(0, dtype=np.int64)
        if len(gram):
            unit = gram / self._length[:, None] / self._length[None, :]
            factor, pivots, rank, _ = dpstrf(np.asfortranarray(unit), lower=1, tol=DEPENDENT)
            self.basis = pivots[:rank].astype(np.int64) - 1
            self._factor = np.tril(factor[:rank, :rank])

    def outside(self, inner: Array, size: Array) -> Array:
        """One share per set: of its squared length that no combination of the published cells reaches.

        ``inner`` is published cells × sets, their atoms in common; ``size`` the number of atoms of each set.
        """
        from scipy.linalg import solve_triangular

        if not len(self.basis) or not inner.shape[1]:
            return np.ones(inner.shape[1])
        scaled = inner[self.basis] / self._length[self.basis][:, None]
        reached = solve_triangular(self._factor, scaled, lower=True, check_finite=False)
        return 1 - np.einsum("ij,ij->j", reached, reached) / size

    def taking_part(self, inner: Array) -> Array:
        """Published cells of the combination that comes nearest to one set; ``inner`` has one number per cell."""
        weights = self.solve(inner[self.basis]) * self._length[self.basis]
        return self.basis[np.abs(weights) > WEIGHTLESS * max(1.0, float(np.abs(weights).max(initial=0)))]

    def solve(self, inner: Array) -> Array:
        """Weights on the basis's cells whose combination has these inner products with them, column by column."""
        from scipy.linalg import solve_triangular

        if not len(self.basis):
            return np.zeros(inner.shape)
        length = self._length[self.basis].reshape(-1, *[1] * (inner.ndim - 1))
        half = solve_triangular(self._factor, inner / length, lower=True, check_finite=False)
        return solve_triangular(self._factor, half, lower=True, trans="T", check_finite=False) / length
