"""Confidences after chart reviews: each kind moved by its reviews, each stratum by its own, with intervals and caps."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import stats

SIMULATED: Final = "simulated persons"
CAPPED: Final = "highest before charts are reviewed"
_EPSILON: Final = 1e-4
#: Steps of Newton's method, which ends far sooner, and the move at which it does.
_STEPS: Final = 100
_SMALL: Final = 1e-10
Floats = np.ndarray[Any, np.dtype[np.float64]]


def moved(
    table: pd.DataFrame,
    rows: pd.DataFrame,
    caps: pd.Series,
    *,
    prior_reviews: float,
    spreads: tuple[float, float],
    confidence: float,
) -> pd.DataFrame:
    """``table`` (kind, stratum, confidence, source) as the reviews ``rows`` (the same, and confirmed) bear it out.

    Columns gaps, planted, low, high and cap are filled; ``caps`` is by kind.
    """
    fits = {str(kind): _Fit(part, spreads) for kind, part in rows.groupby("kind")}
    found = table[["kind", "stratum", "source"]].copy()
    found[["confidence", "low", "high"]] = table[["confidence"]].to_numpy(float).repeat(3, axis=1)
    found.loc[~found["kind"].isin(list(fits)), ["low", "high"]] = np.nan
    shifted = pd.Series(0.0, index=rows.index)
    for kind, fit in fits.items():
        of_kind = found["kind"] == kind
        found.loc[of_kind, ["confidence", "low", "high"]] = fit.of(
            table.loc[of_kind, "confidence"], confidence
        )
        mine = rows["kind"] == kind
        shifted[mine] = fit.of(rows.loc[mine, "confidence"], confidence)[:, 0]
    found = _by_stratum(found, rows.assign(expected=shifted), prior_reviews, confidence)
    return _capped(found, caps, confidence)


class _Fit:
    """The shift and the slope of one kind, and how sure they are."""

    def __init__(self, rows: pd.DataFrame, spreads: tuple[float, float]) -> None:
        """The most likely ones: posterior mode and curvature, under normal priors about none, by Newton's method."""
        x = logit(rows["confidence"])
        self.center = float(x.mean())
        design = np.column_stack([np.ones(len(x)), x - self.center])
        answer = rows["confirmed"].to_numpy(float)
        precision = np.diag([1 / spread**2 for spread in spreads])
        self.move = np.zeros(2)
        for _ in range(_STEPS):
            p = expit(x + design @ self.move)
            slope = design.T @ (answer - p) - precision @ self.move
            self.curvature = design.T @ (design * (p * (1 - p))[:, None]) + precision
            step = np.linalg.solve(self.curvature, slope)
            self.move = self.move + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < _SMALL:
                break

    def of(self, before: pd.Series, confidence: float) -> Floats:
        """Confidence, low and high of each confidence before the reviews."""
        x = logit(before)
        design = np.column_stack([np.ones(len(x)), x - self.center])
        z = x + design @ self.move
        variance = np.einsum("ij,ij->i", design, np.linalg.solve(self.curvature, design.T).T)
        half = stats.normal_quantile(confidence) * np.sqrt(variance)
        return np.column_stack([expit(z), expit(z - half), expit(z + half)])


def _by_stratum(found: pd.DataFrame, rows: pd.DataFrame, prior: float, confidence: float) -> pd.DataFrame:
    """Strata that were reviewed, moved by their own reviews; ``prior`` reviews agree with the kind (beta prior)."""
    from scipy.special import betaincinv

    counts = rows.groupby(["kind", "stratum"]).agg(
        gaps=("confirmed", "size"), planted=("confirmed", "sum"), expected=("expected", "mean")
    )
    found = found.merge(counts.reset_index(), on=["kind", "stratum"], how="left")
    seen = found["gaps"].notna()
    part = found[seen]
    yes = part["planted"].astype(float) + prior * part["expected"]
    no = part["gaps"] - part["planted"].astype(float) + prior * (1 - part["expected"])
    # A gap whose evidence is divided among conditions is less sure than its stratum, and so is what reviews say of it.
    scale = part["confidence"] / part["expected"]
    tail = (1 - confidence) / 2
    values = {
        "confidence": yes / (yes + no) * scale,
        "low": betaincinv(yes, no, tail) * scale,
        "high": betaincinv(yes, no, 1 - tail) * scale,
    }
    for name, value in values.items():
        found.loc[seen, name] = np.clip(value, 0.0, 1.0)
    planted, gaps = found["planted"].fillna(0).astype(int), found["gaps"].fillna(0).astype(int)
    counted = "chart reviews (" + planted.astype(str) + " of " + gaps.astype(str) + " confirmed)"
    of_kind = found["kind"].isin(set(rows["kind"])) & ~seen
    # Where the others come from: simulated persons, or a rule that a coder signs.
    base = found["source"].replace(CAPPED, SIMULATED)
    found["source"] = (
        found["source"].mask(of_kind, "chart reviews of the kind, on " + base).mask(seen, counted)
    )
    return found


def _capped(found: pd.DataFrame, caps: pd.Series, confidence: float) -> pd.DataFrame:
    """Confidences no higher than their kind's cap, unless the stratum's own reviews bear out more."""
    gaps, planted = found["gaps"].fillna(0).astype(float), found["planted"].fillna(0).astype(float)
    borne_out = stats.wilson(planted, gaps, confidence)[0]
    cap = found["kind"].map(caps).fillna(1.0)
    found["cap"] = np.fmax(cap, np.where(gaps > 0, borne_out, 0.0))
    for name in ("confidence", "low", "high"):
        found[name] = np.minimum(found[name], found["cap"])
    return found


def logit(p: pd.Series) -> Floats:
    """Log-odds, of chances a little inside of 0 and 1."""
    inside = np.clip(p.to_numpy(float), _EPSILON, 1 - _EPSILON)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)


def expit(z: Floats) -> Floats:
    """Chances of log-odds."""
    return np.asarray(1 / (1 + np.exp(-z)), dtype=np.float64)
