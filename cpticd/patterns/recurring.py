"""Lines of one claim, or of one person, that have the same: how much fewer a rate of them rests on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpticd import stats

#: What a contract says of the interval.
WORDS = "95% Wilson of effective lines (design effect by claim or person, the larger)"


def dependence(found: pd.DataFrame, k: np.ndarray, n: np.ndarray) -> stats.Dependence:
    """One design effect per row, of its rate k / n: from columns claims, claim_nn, claim_nk, claim_kk, and of persons.

    How many persons there are in all, known or not, is ``clustered_persons``.
    """
    kinds = [f"{kind}_{name}" for kind in ("claim", "person") for name in ("nn", "nk", "kk")]
    sums = {name: found[name].fillna(0).to_numpy(float) for name in (*kinds, "claims", "clustered_persons")}
    return stats.rate_dependence(k, n, sums | {"persons": sums["clustered_persons"]})


def of_persons(k: np.ndarray, squares: np.ndarray, persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kish's design effect of k lines that a person has all of or none, and degrees of freedom: squares over persons.

    The mean size of a line's cluster; 1 where every line is another person's.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.where(k > 0, np.maximum(squares / k, 1.0), 1.0).round(9)
        freedom = (persons + 4) * (effect / (effect - 1)) ** 2
    return effect, np.where(effect > 1, freedom, np.inf)
