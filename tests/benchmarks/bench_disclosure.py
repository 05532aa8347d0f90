"""How long a release of about 1,000 cells over 100,000 atoms takes: ``python tests/benchmarks/bench_disclosure.py``."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pandas as pd

from cpticd.disclosure import Release

FACTS = 180_000
VALUES = {"payer": 8, "month": 24, "cause": 12, "procedure": 9, "diagnosis": 20}
TABLES = (
    *((), ("payer",), ("month",), ("cause",), ("procedure",), ("diagnosis",)),
    *(("payer", "month"), ("payer", "cause"), ("procedure", "diagnosis"), ("procedure", "cause")),
)


def facts(seed: int = 1) -> pd.DataFrame:
    """Facts whose keys are as unequal as those of claims."""
    random = np.random.default_rng(seed)
    keys = {}
    for key, count in VALUES.items():
        weight = 1 / np.arange(1, count + 1) ** 0.9
        keys[key] = random.choice(count, FACTS, p=weight / weight.sum())
    persons = random.integers(0, FACTS // 12, FACTS)
    return pd.DataFrame({"person_id": persons, **keys, "denied": random.random(FACTS) < 0.1})


def test_seconds() -> None:
    data = facts()
    release = Release(data)
    for by in TABLES:
        table = (
            data.assign(all=0)
            .groupby(list(by) or ["all"])["denied"]
            .agg(n="size", denied="sum")
            .reset_index()
        )
        release.add(
            "-".join(by) or "all", table[[*by, "n", "denied"]], by=by, numerators={"denied": ("denied",)}
        )
    start, started = time.perf_counter(), time.process_time()
    notes = release.notes()
    seconds, busy = time.perf_counter() - start, time.process_time() - started
    atoms = len(data.drop_duplicates([*itertools.chain(VALUES), "denied"]))
    print(notes[["table", "cells", "suppressed", "complementary"]].to_string(index=False))
    print(
        f"{notes['cells'].sum():,} cells, {atoms:,} combinations of keys: {seconds:.1f} s, {busy:.1f} s of CPU"
    )
    assert seconds < 60


if __name__ == "__main__":
    test_seconds()
