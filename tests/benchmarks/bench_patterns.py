"""Seconds and rows of every pattern over synthetic claims.

python -m tests.benchmarks.bench_patterns [LINES]      default: 1000000
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import pandas as pd

from cpticd import patterns
from cpticd.claims import Claims
from tests.benchmarks.big_claims import build

CALLS: dict[str, Callable[[Claims], pd.DataFrame]] = {
    "association": patterns.association,
    "association by persons": lambda claims: patterns.association(claims, unit="persons"),
    "providers, denial": lambda claims: patterns.providers(claims, provider="rendering_npi"),
    "mix": patterns.mix,
    "drift": patterns.drift,
    "drift against independence": lambda claims: patterns.drift(claims, against="independence"),
    "network": patterns.network,
    "one payer's association": lambda claims: patterns.association(claims.where(payer="Payer 0")),
}


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    claims = build(lines, memory_limit="4GB")
    assert isinstance(claims, Claims)
    print(claims)
    for name, call in CALLS.items():
        start = time.perf_counter()
        found = call(claims)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{name:28} {seconds:6.1f} s {len(found):9,} rows, peak so far {peak:.1f} GB", flush=True)


if __name__ == "__main__":
    main()
