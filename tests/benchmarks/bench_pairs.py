"""by_pair against one plain SQL statement and a straightforward pandas version, in one run.

    python -m tests.benchmarks.bench_pairs [LINES …]      default: 2000000 20000000

Every measurement runs in a process of its own, so that its peak memory is its own. Opening (deriving what
by_pair adds up, once per data set) is printed apart.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.big_claims import PLAIN, PLAIN_LIGHT, build, folder_of

RUNS = 3
#: Opening derives from text-keyed tables in memory, once; by_pair then reads what it derived.
DERIVE_LIMIT = "10GB"


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def timed(run: Callable[[], Any]) -> tuple[float, float, int]:
    """First and median later seconds of RUNS, and the rows that came back."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        rows = len(run())
        seconds.append(time.perf_counter() - start)
    return seconds[0], statistics.median(seconds[1:]), rows


def derive(lines: int, base: Path) -> dict[str, float]:
    start = time.perf_counter()
    engine = build(lines, memory_limit=DERIVE_LIMIT, derive=False)
    made = time.perf_counter() - start
    from cpticd.claims import Claims
    from cpticd.core.schema import ACCOUNTING, REJECTS

    start = time.perf_counter()
    claims = Claims(engine, accounting=ACCOUNTING.empty_table(), rejects=REJECTS.empty())  # type: ignore[arg-type]
    claims.summary()
    derived = time.perf_counter() - start
    claims.save(base / f"claims-{lines}")
    return {"make": made, "derive": derived, "peak_gb": peak_gb()}


def ours(lines: int, base: Path) -> dict[str, float]:
    import cpticd as cx

    start = time.perf_counter()
    claims = cx.open(folder_of(lines, base), memory_limit="2GB")
    opened = time.perf_counter() - start
    first, seconds, rows = timed(lambda: cx.denials.by_pair(claims))
    return {"open": opened, "first": first, "seconds": seconds, "rows": rows, "peak_gb": peak_gb()}


def plain(lines: int, base: Path, statement: str = PLAIN) -> dict[str, float]:
    """The statement over native DuckDB tables in memory, where it is fastest."""
    import duckdb

    folder = folder_of(lines, base)
    with duckdb.connect() as connection:
        for name in ("claims", "lines", "pointers", "diagnoses"):
            connection.execute(
                f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{folder}/{name}.parquet')"
            )
        first, seconds, rows = timed(lambda: connection.execute(statement).fetchall())
    return {"first": first, "seconds": seconds, "rows": rows, "peak_gb": peak_gb()}


def plain_light(lines: int, base: Path) -> dict[str, float]:
    return plain(lines, base, PLAIN_LIGHT)


def with_pandas(lines: int, base: Path) -> dict[str, float]:
    """What an analyst would write in pandas: merge, divide, group."""
    import pandas as pd

    folder = folder_of(lines, base)
    claims = pd.read_parquet(folder / "claims.parquet", columns=["claim_id", "person_id"])
    columns = ["claim_id", "claim_line_number", "hcpcs_code", "charge_amount", "processing_indicator_code"]
    service = pd.read_parquet(folder / "lines.parquet", columns=columns).astype({"charge_amount": float})
    pointers = pd.read_parquet(folder / "pointers.parquet")
    diagnoses = pd.read_parquet(folder / "diagnoses.parquet").iloc[:, :3]

    def run() -> pd.DataFrame:
        paired = (
            service.merge(claims, on="claim_id")
            .merge(pointers, on=["claim_id", "claim_line_number"])
            .merge(diagnoses, on=["claim_id", "diagnosis_position"])
            .drop_duplicates(["claim_id", "claim_line_number", "diagnosis_code"])
        )
        k = paired.groupby(["claim_id", "claim_line_number"])["diagnosis_code"].transform("size")
        paired["denied"] = paired["processing_indicator_code"] != "A"
        paired["amount"] = paired["charge_amount"] / k * paired["denied"]
        groups = paired.groupby(["hcpcs_code", "diagnosis_code"])
        out = groups.agg(
            lines=("denied", "size"),
            denied=("denied", "sum"),
            amount=("amount", "sum"),
            persons=("person_id", "nunique"),
        )
        causes = paired[paired["denied"]].groupby(["hcpcs_code", "diagnosis_code"])[
            "processing_indicator_code"
        ]
        out["top_cause"] = causes.agg(lambda codes: codes.value_counts().index[0])
        out = out[out["lines"] >= 30]
        return out.assign(
            rate=out["denied"] / out["lines"], shrunk=(out["denied"] + 5.5) / (out["lines"] + 50)
        )

    start = time.perf_counter()
    rows = len(run())
    return {"seconds": time.perf_counter() - start, "rows": rows, "peak_gb": peak_gb()}


STEPS: dict[str, Callable[[int, Path], dict[str, float]]] = {
    "derive": derive,
    "ours": ours,
    "plain": plain,
    "plain_light": plain_light,
    "with_pandas": with_pandas,
}


def apart(step: str, lines: int, base: Path) -> dict[str, float]:
    """Result of a step in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_pairs", "--step", step, str(lines), str(base)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{step} at {lines:,} lines failed:\n{done.stderr[-2000:]}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{lines:>12,} lines  {step:<12}",
        "  ".join(f"{key} {value:,.2f}" for key, value in result.items()),
        flush=True,
    )
    return result


def main(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="cpticd-bench-") as folder:
        base = Path(folder)
        for lines in sizes:
            apart("derive", lines, base)
            mine = apart("ours", lines, base)["seconds"]
            peers = {name: apart(name, lines, base)["seconds"] for name in ("plain", "plain_light")}
            if lines <= 5_000_000:  # the pandas version needs about 8 GB for 2 million lines
                peers["with_pandas"] = apart("with_pandas", lines, base)["seconds"]
            print(
                f"{lines:>12,} lines  by_pair is faster than",
                ", ".join(f"{name} {s / mine:.1f}x" for name, s in peers.items()),
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        print(json.dumps(STEPS[sys.argv[2]](int(sys.argv[3]), Path(sys.argv[4]))))
    else:
        main([int(text) for text in sys.argv[1:]] or [2_000_000, 20_000_000])
