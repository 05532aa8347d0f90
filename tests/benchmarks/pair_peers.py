"""Other ways to find denied pairs, written plainly in numpy: a ranking, fixed effects, and score tests by cluster.

Each gives one row per payer x procedure x diagnosis with a ``q_value`` (the ranking: none but an order).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm, t

KEYS: Final = ["payer", "hcpcs_code", "diagnosis_code"]
_ROUNDS: Final = 25


def tables_of(lines: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """One row per line and diagnosis with its payer and procedure."""
    at = pairs["line"].to_numpy()
    keys = {name: lines[name].to_numpy()[at] for name in ("payer", "hcpcs_code", "claim_id", "person_id")}
    return pd.DataFrame({"line": at, "diagnosis_code": pairs["diagnosis_code"].to_numpy(), **keys})


def expected(lines: pd.DataFrame) -> np.ndarray:
    """Each line's chance by a logistic model: payer x procedure, payer x quarter and place, fitted by backfitting.

    The three groups of indicators are solved in turn by one Newton step each, on the logit, until they rest.
    """
    quarter = lines["day"].dt.to_period("Q").astype(str)
    groups = [
        pd.factorize(lines["payer"] + lines["hcpcs_code"])[0],
        pd.factorize(lines["payer"] + quarter)[0],
        pd.factorize(lines["place"])[0],
    ]
    y, eta = lines["denied"].to_numpy(float), np.full(len(lines), -2.0)
    for _ in range(_ROUNDS):
        for group in groups:
            p = expit(eta)
            # A half denied and a half paid line keep a group without denials finite.
            step = (np.bincount(group, y - p) + 0.0) / (np.bincount(group, p * (1 - p)) + 1e-3)
            eta = np.clip(eta + np.clip(step, -1, 1)[group], -8, 8)
    return np.asarray(expit(eta))


def score_tests(lines: pd.DataFrame, rows: pd.DataFrame, min_lines: int) -> dict[str, pd.DataFrame]:
    """The one-sided score test of each pair's indicator beside its payer's procedure, four variances.

    ``fixed effects``: that of independent lines; ``one dispersion``: times Pearson's dispersion of all pairs;
    ``by claim``, ``by person``: sums of squared scores of clusters, t with their number less one.
    """
    p = expected(lines)
    e, w = lines["denied"].to_numpy() - p, p * (1 - p)
    rows = rows.assign(e=e[rows["line"]], w=w[rows["line"]])
    cell = KEYS[:2]
    of_cell = lines[cell].assign(e=e, w=w, claim_id=lines["claim_id"], person_id=lines["person_id"])
    total = of_cell.groupby(cell)["w"].sum().rename("cell_w").reset_index()
    pair = rows.groupby(KEYS, as_index=False).agg(lines=("e", "size"), score=("e", "sum"), w=("w", "sum"))
    pair = pair[pair["lines"] >= min_lines].merge(total, on=cell)
    share = pair["w"] / pair["cell_w"]
    plain = pair["w"] * (1 - share)
    z = pair["score"] / np.sqrt(plain.where(plain > 1e-9))
    dispersion = max(1.0, float(np.nanmedian(z**2) / 0.4549))
    found = {
        "fixed effects": _result(pair, norm.sf(z)),
        "one dispersion": _result(pair, norm.sf(z / np.sqrt(dispersion))),
    }
    for name, key in (("by claim", "claim_id"), ("by person", "person_id")):
        found[name] = _result(pair, _robust(pair, rows, of_cell, share.to_numpy(), key))
    return found


def _robust(
    pair: pd.DataFrame, rows: pd.DataFrame, of_cell: pd.DataFrame, share: np.ndarray, key: str
) -> np.ndarray:
    """P values with the variance of a cluster's scores: (pair's part - share x cell's part) squared, summed."""
    cell = KEYS[:2]
    c = of_cell.groupby([*cell, key], sort=False)["e"].sum().rename("c").reset_index()
    square = c.assign(cc=c["c"] ** 2).groupby(cell)["cc"].sum().reset_index()
    of_pair = (
        rows.groupby([*KEYS, key], sort=False)["e"].sum().rename("p").reset_index().merge(c, on=[*cell, key])
    )
    of_pair = of_pair.assign(pp=of_pair["p"] ** 2, pc=of_pair["p"] * of_pair["c"])
    sums = of_pair.groupby(KEYS, as_index=False).agg(
        pp=("pp", "sum"), pc=("pc", "sum"), clusters=("p", "size")
    )
    joined = pair[KEYS].merge(sums, on=KEYS, how="left").merge(square, on=cell, how="left")
    variance = joined["pp"] - 2 * share * joined["pc"] + share**2 * joined["cc"]
    z = pair["score"].to_numpy() / np.sqrt(variance.where(variance > 1e-9).to_numpy())
    return np.asarray(t.sf(z, np.maximum(joined["clusters"].to_numpy() - 1, 1)))


def _result(pair: pd.DataFrame, p_value: np.ndarray) -> pd.DataFrame:
    return pair[KEYS].assign(p_value=p_value, q_value=_adjusted(np.asarray(p_value, float)))


def _adjusted(p: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's step-up, over those that have a p value."""
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known])]
    ranked = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1)
    return q
