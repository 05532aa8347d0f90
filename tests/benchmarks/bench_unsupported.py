"""How well risk.unsupported tells planted unsupported HCCs: recall, precision, calibration by decile.

    python -m tests.benchmarks.bench_unsupported [PERSONS [SEED …]]      default: 20000, seeds 301-305

The weights were estimated on other seeds (data/build_unsupported_weights.py). Both simulated years are judged.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

import cpticd as cx
from cpticd import stats
from cpticd.risk.unsupported import unsupported

SURE = 0.5
YEARS = (2024, 2025)


def found(persons: int, seed: int) -> pd.DataFrame:
    """One row per listed or planted HCC: confidence (0 where not listed) and planted."""
    simulation = cx.simulate(persons=persons, seed=seed)
    truth = simulation.truth["conditions"].query("state == 'unsupported'")[["person_id", "year", "hcc"]]
    parts = []
    for year in YEARS:
        begin = time.perf_counter()
        rows = unsupported(simulation.claims, year=year, min_confidence=0.0).assign(year=year)
        print(
            f"  seed {seed}, {year}: {time.perf_counter() - begin:.1f} s, {len(rows)} rows", file=sys.stderr
        )
        parts.append(rows[["person_id", "year", "hcc", "confidence", "audit_group"]])
    return (
        pd.concat(parts)
        .merge(truth.assign(planted=1.0), how="outer")
        .fillna({"planted": 0.0, "confidence": 0.0, "audit_group": ""})
    )


def summary(frame: pd.DataFrame) -> str:
    sure = frame["confidence"] >= SURE
    right = frame.loc[sure, "planted"].sum()
    return (
        f"planted {frame['planted'].sum():.0f}, listed at {SURE} {sure.sum()}, precision {right / sure.sum():.3f}, "
        f"recall {right / frame['planted'].sum():.3f}, sum of confidences {frame['confidence'].sum():.1f}"
    )


def main() -> None:
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seeds = [int(seed) for seed in sys.argv[2:]] or [301, 302, 303, 304, 305]
    frames = []
    for seed in seeds:
        frames.append(found(persons, seed).assign(seed=seed))
        print(f"seed {seed}: {summary(frames[-1])}")
    frame = pd.concat(frames, ignore_index=True)
    print(f"all: {summary(frame)}")
    for year, part in frame.groupby("year"):
        print(f"{year}: {summary(part)}")
    decile = np.minimum((frame["confidence"] * 10).astype(int), 9)
    table = frame.groupby(decile).agg(
        rows=("planted", "size"), mean_confidence=("confidence", "mean"), planted=("planted", "sum")
    )
    table["share"] = table["planted"] / table["rows"]
    table["low"], table["high"] = stats.wilson(table["planted"], table["rows"])
    table["within"] = table["mean_confidence"].between(table["low"], table["high"])
    print(table.round(4).to_string())


if __name__ == "__main__":
    main()
