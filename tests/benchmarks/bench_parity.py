"""`risk.score` beside the scalar oracle of the tests, on 20,000 beneficiaries of every model and year.

    python -m tests.benchmarks.bench_parity [persons]

The tests take 6,000, which meet every rule; this is for a change of tables or of the scorer.
"""

from __future__ import annotations

import sys

from tests.risk.test_parity import FIRST, OTHERS, unlike


def main(persons: int) -> int:
    found = 0
    for model, year in [*FIRST, *OTHERS]:
        differing = unlike(model, year, persons)
        found += len(differing)
        print(f"{model} {year}: {persons} persons or more, {len(differing)} unlike the oracle", flush=True)
    return min(found, 100)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
