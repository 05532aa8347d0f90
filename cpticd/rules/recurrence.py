"""Services of one person that are denied together: by how much they widen the variance of a cluster's rates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.stats import Clusters


def dependence(services: pd.DataFrame, start: pd.Timestamp) -> tuple[float, float]:
    """Design effect of persons (1 at least) and its degrees of freedom, of services before and since ``start``.

    services: day, denied (1 or 0), person_id. Residuals are about the rates before and since, so that the rise itself
    is none of it; a service of nobody known is on its own.
    """
    denied = services["denied"].to_numpy(float)
    since = (services["day"] >= start).to_numpy()
    rate = np.where(since, _mean(denied[since]), _mean(denied[~since]))
    residual = denied - rate
    code = pd.factorize(services["person_id"])[0].astype(np.int64)
    code = np.where(code >= 0, code, len(code) + np.arange(len(code)))
    place = np.unique(code, return_inverse=True)[1]
    n, u = np.bincount(place).astype(float), np.bincount(place, residual)
    sums = [[len(n)], [(u * u).sum()], [(u * n).sum()], [(n * n).sum()]]
    persons = Clusters(*(np.array(each, dtype=float) for each in sums))
    lines, squares = np.array([float(len(denied))]), np.array([(residual**2).sum()])
    alike = {"person": stats.correlation(lines, squares, persons)}
    found = stats.dependence(lines, np.zeros(1), squares, {"person": persons}, alike)
    return round(float(found.design_effect[0]), 9), round(float(found.freedom[0]), 6)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0
