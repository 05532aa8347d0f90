"""Reading, deriving and the first analyses at size, beside plain DuckDB SQL, polars and pandas: CPU seconds and peak.

    python -m tests.benchmarks.bench_scale [LINES …]      default: 2000000

The tables are made by SQL (scale_tables) and removed at the end. Every step runs in a process of its own, so that its
peak memory is its own; deriving is told statement by statement.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import scale_tables


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def told(name: str, run: Callable[[], object]) -> None:
    """Run one step, and print its processor seconds, seconds and the peak of the process so far."""
    before, start = cpu(), time.perf_counter()
    run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:34}{cpu() - before:9.1f}{time.perf_counter() - start:9.1f}{peak:9.2f}", flush=True)


def ours(tables: dict[str, Path], folder: Path) -> None:
    import cpticd as cx
    from cpticd import model

    derive = model.derive
    model.derive = lambda engine, wanted, **given: [  # type: ignore[assignment]
        told(f"  deriving {name}", lambda name=name: derive(engine, [name], **given)) for name in wanted
    ]
    made: list[cx.Claims] = []
    told("read and derived", lambda: made.append(cx.read_tables(**tables, quiet=False, progress=False)))  # type: ignore[arg-type]
    model.derive = derive
    told("pairs added up, all saved", lambda: made[0].save(folder / "set"))


def analyses(tables: dict[str, Path], folder: Path) -> None:
    import cpticd as cx

    claims = cx.open(folder / "set")
    told("rates by payer", lambda: cx.denials.rates(claims, by="payer"))
    told("causes", lambda: cx.denials.causes(claims))
    told("drivers", lambda: cx.denials.drivers(claims))
    told("by_pair by payer", lambda: cx.denials.by_pair(claims, by="payer"))
    told("silent", lambda: cx.denials.silent(claims))
    told("calendar", lambda: cx.specificity.calendar(claims))


#: Denied lines by payer: what an analyst would write for one count.
_PLAIN = """
    SELECT c.payer, count(*) AS n, count(*) FILTER (d.amount > 0) AS denied
    FROM '{lines}' l JOIN '{claims}' c USING (claim_id)
    LEFT JOIN (SELECT claim_id, claim_line_number, sum(amount) AS amount FROM '{adjustments}'
        WHERE group_code = 'CO' AND carc <> '45' GROUP BY ALL) d USING (claim_id, claim_line_number)
    GROUP BY c.payer"""


def plain(tables: dict[str, Path], folder: Path) -> None:
    import duckdb

    told("denied by payer: plain DuckDB SQL", lambda: duckdb.sql(_PLAIN.format(**tables)).fetchall())


def polars(tables: dict[str, Path], folder: Path) -> None:
    try:
        import polars as pl
    except ImportError:
        print("denied by payer: polars is not installed")
        return
    lines, claims, given = (pl.scan_parquet(tables[name]) for name in ("lines", "claims", "adjustments"))
    key = ["claim_id", "claim_line_number"]
    denied = given.filter((pl.col("group_code") == "CO") & (pl.col("carc") != "45")).group_by(key)
    joined = lines.select(key).join(claims.select("claim_id", "payer"), on="claim_id")
    joined = joined.join(denied.agg(pl.col("amount").sum()), on=key, how="left")
    counted = joined.group_by("payer").agg(pl.len(), (pl.col("amount") > 0).sum().alias("denied"))
    told("denied by payer: polars streaming", lambda: counted.collect(engine="streaming"))


def pandas(tables: dict[str, Path], folder: Path) -> None:
    import pandas as pd

    def counted() -> object:
        key = ["claim_id", "claim_line_number"]
        lines = pd.read_parquet(tables["lines"], columns=key)
        claims = pd.read_parquet(tables["claims"], columns=["claim_id", "payer"])
        given = pd.read_parquet(tables["adjustments"], columns=[*key, "group_code", "carc", "amount"])
        given = given[(given["group_code"] == "CO") & (given["carc"] != "45")]
        denied = given.astype({"amount": float}).groupby(key, as_index=False)["amount"].sum()
        joined = lines.merge(claims, on="claim_id").merge(denied, on=key, how="left")
        return joined.assign(denied=joined["amount"] > 0).groupby("payer")["denied"].agg(["size", "sum"])

    told("denied by payer: pandas", counted)


STEPS = {each.__name__: each for each in (ours, analyses, plain, polars, pandas)}


def main(sizes: list[int]) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    print(f"{os.cpu_count()} processors, {memory:.0f} GB")
    for lines in sizes:
        with tempfile.TemporaryDirectory() as folder:
            scale_tables.write(lines, Path(folder))
            print(f"\n{f'{lines:,} lines':34}{'CPU s':>9}{'wall s':>9}{'peak GB':>9}", flush=True)
            for step in STEPS:
                subprocess.run([sys.executable, "-m", __spec__.name, step, folder], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in STEPS:
        place = Path(sys.argv[2])
        STEPS[sys.argv[1]]({file.stem: file for file in sorted(place.glob("*.parquet"))}, place)
    else:
        main([int(each) for each in sys.argv[1:]] or [2_000_000])
