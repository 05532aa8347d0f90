"""Odds ratios over strata: the common one with its interval, its test, and whether it is common at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cpticd import stats

Floats = np.ndarray


def mantel_haenszel(
    group: Any, a: Any, b: Any, c: Any, d: Any, *, min_expected: float = 0.0, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per group: strata, odds_ratio, low, high, p_value, homogeneity, homogeneity_df, homogeneity_p_value.

    Each element is a stratum's table: ``a`` exposed and denied, ``b`` exposed and not, ``c`` and ``d`` the same of
    the others. The common odds ratio is sum(ad/n) / sum(bc/n) (Mantel and Haenszel, J. Natl. Cancer Inst. 22 (1959)
    719), its interval by Robins, Breslow and Greenland (Biometrics 42 (1986) 311); p_value is Cochran's and theirs,
    without continuity correction; homogeneity is Breslow and Day's statistic with Tarone's correction (Biometrika 72
    (1985) 91), chi-square with strata - 1 degrees, of strata whose four cells are each expected to hold at least
    ``min_expected``: where most hold less, the statistic is far from chi-square and finds differences that are not
    there. Strata in which a margin is empty carry no information, and are left out.
    NaN where the counts determine nothing: an odds ratio of 0 or infinity has no interval.
    """
    from scipy.special import chdtrc

    tables = pd.DataFrame({"group": group, "a": a, "b": b, "c": c, "d": d}).astype(
        dict.fromkeys("abcd", float)
    )
    a, b, c, d = (tables[name] for name in "abcd")
    use = ((a + b) > 0) & ((c + d) > 0) & ((a + c) > 0) & ((b + d) > 0)
    t = tables[use]
    a, b, c, d = (t[name] for name in "abcd")
    n = a + b + c + d
    p, q, r, s = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    sums = pd.DataFrame(
        {
            "strata": 1.0, "R": r, "S": s, "PR": p * r, "mixed": p * s + q * r, "QS": q * s, "a": a,
            "mean": (a + b) * (a + c) / n,
            "variance": (a + b) * (c + d) * (a + c) * (b + d) / (n * n * (n - 1)),
        }
    ).groupby(t["group"], sort=True).sum()  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = sums["R"] / sums["S"]
        variance = (
            sums["PR"] / (2 * sums["R"] ** 2)
            + sums["mixed"] / (2 * sums["R"] * sums["S"])
            + sums["QS"] / (2 * sums["S"] ** 2)
        )
        half = stats.normal_quantile(confidence) * np.sqrt(variance)
        low, high = ratio * np.exp(-half), ratio * np.exp(half)
        chi = (sums["a"] - sums["mean"]) ** 2 / sums["variance"]
    known = np.isfinite(ratio) & (ratio > 0)
    statistic, used = _breslow_day(t, ratio.where(known), min_expected)
    result = pd.DataFrame(
        {
            "strata": sums["strata"].astype("int64"),
            "odds_ratio": ratio,
            "log_variance": variance.where(known),
            "low": low.where(known),
            "high": high.where(known),
            "p_value": chdtrc(1.0, chi.to_numpy(float)),
            "homogeneity": statistic,
            "homogeneity_df": (used.reindex(sums.index).fillna(0) - 1).clip(lower=0).astype("int64"),
        }
    )
    df = result["homogeneity_df"].to_numpy(float)
    tail = chdtrc(np.where(df > 0, df, np.nan), result["homogeneity"].to_numpy(float))
    result["homogeneity_p_value"] = np.where(df > 0, tail, np.nan)
    every = pd.Index(pd.unique(tables["group"])).sort_values()
    result = result.reindex(every).rename_axis("group")
    return result.fillna({"strata": 0, "homogeneity_df": 0}).astype(
        {"strata": "int64", "homogeneity_df": "int64"}
    )


def _breslow_day(t: pd.DataFrame, ratio: pd.Series, min_expected: float) -> tuple[pd.Series, pd.Series]:
    """Breslow and Day's statistic with Tarone's correction, and of how many strata: how far each a is from expected."""
    odds = t["group"].map(ratio).to_numpy(float)
    exposed, denied = (t["a"] + t["b"]).to_numpy(float), (t["a"] + t["c"]).to_numpy(float)
    n = (t["a"] + t["b"] + t["c"] + t["d"]).to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        # a (n - exposed - denied + a) = odds (exposed - a)(denied - a): the root that lies within the margins.
        two, one = 1 - odds, n - exposed - denied + odds * (exposed + denied)
        zero = -odds * exposed * denied
        root = np.sqrt(np.maximum(one * one - 4 * two * zero, 0))
        # The root written so that it holds at odds = 1, and loses no digits near it.
        expected = -2 * zero / (one + root)
        cells = np.stack([expected, exposed - expected, denied - expected, n - exposed - denied + expected])
        variance = 1 / (1 / cells).sum(axis=0)
        difference = t["a"].to_numpy(float) - expected
    enough = cells.min(axis=0) >= min_expected
    parts = pd.DataFrame(
        {"square": difference**2 / variance, "difference": difference, "variance": variance, "strata": 1.0}
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = parts[enough].groupby(t["group"].to_numpy()[enough], sort=True).sum(min_count=1)
        statistic = sums["square"] - sums["difference"] ** 2 / sums["variance"]
    return statistic.where(ratio.reindex(statistic.index).notna()), sums["strata"]
