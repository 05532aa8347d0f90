"""What by_pair finds of the planted effects, against a ranking by raw rate of the same length.

    python -m tests.benchmarks.bench_discovery [PERSONS [SEED …]]      default: 20000, seeds 1-5

A cell is payer x procedure x diagnosis; its true odds ratio is that of its lines' mean denial_probability
against their mean base_probability. Found: q_value up to 0.10.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

import cpticd as cx

Q = 0.10
KEYS = ["payer", "hcpcs_code", "diagnosis_code"]


def true_cells(simulation: object) -> pd.DataFrame:
    """One row per cell: lines, mean probabilities, true odds ratio."""
    claims, truth = simulation.claims, simulation.truth  # type: ignore[attr-defined]
    pairs = claims.query(
        "SELECT o.payer, p.hcpcs_code, p.diagnosis_code, p.claim_id, p.claim_line_number FROM pairs p "
        "JOIN line_outcomes o USING (claim_id, claim_line_number) "
        "WHERE p.diagnosis_code IS NOT NULL AND o.initial_outcome <> 'not adjudicated'"
    )
    lines = truth["lines"][["claim_id", "claim_line_number", "base_probability", "denial_probability"]]
    cells = (
        pairs.merge(lines, on=["claim_id", "claim_line_number"])
        .groupby(KEYS, as_index=False)
        .agg(n=("claim_id", "size"), base=("base_probability", "mean"), drawn=("denial_probability", "mean"))
    )
    odds = cells["drawn"] / (1 - cells["drawn"]) / (cells["base"] / (1 - cells["base"]))
    return cells.assign(odds_ratio=odds)


def score(persons: int, seed: int, *, effects: bool = True) -> dict[str, float]:
    """Recall of strong cells, share of the found that is not there, and the same of the raw ranking."""
    start = time.perf_counter()
    simulation = cx.simulate(persons=persons, seed=seed, effects=effects)
    seconds = time.perf_counter() - start
    cells = true_cells(simulation)
    pairs = cx.denials.by_pair(simulation.claims, by="payer").merge(cells, on=KEYS, validate="one_to_one")
    found = pairs["q_value"] <= Q
    strong = (pairs["odds_ratio"] >= 3) & (pairs["n"] >= 100)
    raw = pd.Series(False, index=pairs.index)
    raw.loc[
        pairs.sort_values(["rate", *KEYS], ascending=[False, True, True, True]).index[: int(found.sum())]
    ] = True
    null = pairs["odds_ratio"] < 1.1

    def share(part: pd.Series, of: pd.Series) -> float:
        return float((part & of).sum() / of.sum()) if of.any() else np.nan

    return {
        "seed": seed,
        "cells": len(pairs),
        "strong": int(strong.sum()),
        "found": int(found.sum()),
        "recall": share(found, strong),
        "false": share(null, found),
        "raw_recall": share(raw, strong),
        "raw_false": share(null, raw),
        "p<=.05 of null": share(pairs["p_value"] <= 0.05, null),
        "simulate_s": seconds,
    }


def main(persons: int, seeds: list[int]) -> None:
    pd.set_option("display.width", 200, "display.max_columns", 20)
    for effects in (True, False):
        print("planted effects" if effects else "no planted effects: whatever is found is false")
        print(
            pd.DataFrame([score(persons, seed, effects=effects) for seed in seeds])
            .round(3)
            .to_string(index=False),
            flush=True,
        )


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    main(numbers[0] if numbers else 20_000, numbers[1:] or [1, 2, 3, 4, 5])
