"""How the lines of a pair depend on one another: by claim, by person and by provider."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.stats import Clusters

#: Kinds of clusters of a pair's interval; a test minds providers too, whose habits are no diagnosis's.
OF_INTERVAL: Final = ("claim", "person")
KINDS: Final = (*OF_INTERVAL, "provider")
_SUMS: Final = ("clusters", "uu", "un", "nn")


def with_dependence(found: pd.DataFrame, sums: pd.DataFrame, procedures: pd.DataFrame) -> pd.DataFrame:
    """``found`` with design_effect, freedom, test_effect, test_freedom and the shares of the largest clusters.

    found: a row per pair, ``id``, ``procedure`` and ``grp`` (the group that it is compared within), lines,
    denied_lines, mean, squares. sums: a row per pair and kind of clusters of which one has several of its lines: id,
    kind, clusters, uu, un, nn, largest. procedures: the same of all lines by procedure and grp, with n and squares.
    """
    n = found["lines"].to_numpy(float)
    total = found["denied_lines"].to_numpy(float) - found["mean"].to_numpy(float)
    squares = found["squares"].to_numpy(float)
    clusters, largest = {}, {}
    for kind in KINDS:
        own = sums[sums["kind"] == kind].set_index("id").reindex(found["id"])
        alone = own["clusters"].isna().to_numpy()
        # Where no cluster has two lines each line is one of its own.
        rest = {"clusters": n, "uu": squares, "un": total, "nn": n}
        clusters[kind] = Clusters(*(np.where(alone, rest[name], own[name].to_numpy(float)) for name in _SUMS))
        largest[kind] = np.where(alone, np.minimum(n, 1), own["largest"].to_numpy(float))
    expected = {kind: _expected(found, procedures, kind) for kind in KINDS}
    interval = stats.dependence(n, total, squares, {k: clusters[k] for k in OF_INTERVAL}, expected)
    test = stats.dependence(n, total, squares, clusters, expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        return found.assign(
            design_effect=interval.design_effect.round(9),
            freedom=interval.freedom.round(6),
            # Sums over rows in any order end in noise, and a tail of few draws has steps.
            test_effect=test.design_effect.round(9),
            test_freedom=test.freedom.round(6),
            largest_person_share=largest["person"] / n,
            largest_provider_share=largest["provider"] / n,
        )


def _expected(found: pd.DataFrame, procedures: pd.DataFrame, kind: str) -> np.ndarray:
    """Of each pair how alike lines of one cluster are for its procedure, in its group."""
    own = procedures[procedures["kind"] == kind]
    names = ["procedure", "grp"]
    alike = stats.correlation(
        own["n"].to_numpy(float),
        own["squares"].to_numpy(float),
        Clusters(*(own[name].to_numpy(float) for name in _SUMS)),
        within=own["grp"].to_numpy(),
    )
    known = own[names].assign(alike=alike)
    return found[names].merge(known, on=names, how="left")["alike"].fillna(0.0).to_numpy(float)
