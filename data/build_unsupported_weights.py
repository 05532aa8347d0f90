"""Estimate data/reference/unsupported_weights.csv on simulated persons, where what is unsupported is known.

    python data/build_unsupported_weights.py

A ridge logistic regression of "planted without support" on the features of ``cpticd.risk.unsupported``, over every
thinly supported HCC of both years of each seed. The first level of each feature has no weight. Simulated persons
are not real ones: what the weights say is how far each fact moves the odds in that world.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from cpticd import reference
from cpticd.risk.rule_dates import dated
from cpticd.risk.unsupported import LEVELS, judged
from cpticd.risk.unsupported_facts import Asked, facts
from cpticd.simulation import simulate

#: Persons by seed: large and small data sets, since what is learned from the claims at hand is surer in large ones.
PERSONS = {101: 20_000, 102: 20_000, 103: 5_000, 104: 5_000, 105: 5_000, 106: 5_000}
#: Weights that the simulator has nothing to say of: what a coder would sign.
SIGNED = {
    ("history", "yes"): 3.0,
    ("history", "before"): 1.5,
    ("assessed", "yes"): 1.0,
    ("measured", "against"): 2.0,
}
YEARS = (2024, 2025)
MODEL = "V28"
RIDGE = 0.3
TARGET = Path(__file__).resolve().parent / "reference" / "unsupported_weights.csv"


def thin(seed: int, persons: int) -> pd.DataFrame:
    """The judged facts of one seed, with the column ``planted``."""
    simulation = simulate(persons=persons, seed=seed)
    truth = simulation.truth["conditions"].query("state == 'unsupported'")[["person_id", "year", "hcc"]]
    groups = dated("audit_groups", reference.table("audit_groups").to_pandas())
    against = dated("contradicting_observations", reference.table("contradicting_observations").to_pandas())
    parts = []
    for year in YEARS:
        asked = Asked(year, MODEL, year + 1, groups, reference.table("expected_services"), against)
        with simulation.claims.session() as s:
            found = facts(s, asked)
        parts.append(judged(found, groups).assign(year=year))
    return pd.concat(parts).merge(truth.assign(planted=1.0), how="left").fillna({"planted": 0.0})


def design(frame: pd.DataFrame) -> pd.DataFrame:
    """One column per weight, the base first."""
    columns: dict[tuple[str, str], np.ndarray] = {("base", "all"): np.ones(len(frame))}
    for feature, levels in LEVELS.items():
        if feature not in ("base", "excess", *(name for name, _ in SIGNED)):
            columns |= {(feature, level): frame[feature].eq(level).to_numpy(float) for level in levels[1:]}
    columns["excess", "slope"] = frame["excess"].to_numpy(float)
    return pd.DataFrame(columns)


def estimate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The weights of highest penalised likelihood; the base is not penalised."""
    penalty = np.full(x.shape[1], RIDGE)
    penalty[0] = 0.0

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ w
        gradient = x.T @ (1.0 / (1.0 + np.exp(-z)) - y) + penalty * w
        return float(np.logaddexp(0.0, z).sum() - y @ z + (penalty * w * w).sum() / 2), gradient

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", nargs="?", type=Path, default=TARGET, help=f"default: {TARGET.name}")
    target = parser.parse_args().target
    frame = pd.concat([thin(seed, persons) for seed, persons in PERSONS.items()], ignore_index=True)
    x = design(frame)
    weights = estimate(x.to_numpy(), frame["planted"].to_numpy())
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["feature", "level", "weight", "persons", "planted"])
        for (feature, level), weight in zip(x.columns.tolist(), weights, strict=True):
            have = np.ones(len(frame), bool) if level in ("all", "slope") else frame[feature].eq(level)
            if have.any():
                planted = int(frame["planted"][have].sum())
                writer.writerow([feature, level, f"{weight:.2f}", int(have.sum()), planted])
        writer.writerows(
            [feature, level, f"{weight:.2f}", 0, 0] for (feature, level), weight in SIGNED.items()
        )
    sys.stdout.write(f"{target.name}: sha256 {hashlib.sha256(target.read_bytes()).hexdigest()}\n")


if __name__ == "__main__":
    main()
