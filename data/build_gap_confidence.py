"""Rebuild data/reference/gap_confidence.csv: how often gaps of each kind and stratum are right, on simulated persons.

    python data/build_gap_confidence.py [persons] [processes] [folder]

Simulated persons (20,000 for each of the seeds 101 to 110, three years of service, gaps of the second and of the
third) whose conditions are known: a gap is right where the person's condition was planted as under-coded in that year.
A gap's confidence is that of its stratum times its share (what a service that stands for several conditions is
divided by), so a stratum's confidence is right gaps over shares. Strata are shrunk towards their kind by a few gaps.
The analysis runs twice: first all strata weigh the same, then with what was found, since the stronger of two kinds
of evidence names a gap. ``folder`` keeps the simulated persons for another run. It takes about 45 minutes of processor
time; strata by persons and by coding depend on the size of a population, so that fewer persons give another table.
Prints the new sha256, which goes into data/reference/SOURCES.toml.
"""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import cpticd
from cpticd import reference, stats
from cpticd.risk.gap_learned import bins
from cpticd.risk.gaps import KINDS, gaps
from cpticd.simulation import simulate

SEEDS = range(101, 111)
YEARS = (2023, 2024, 2025)
#: Years of gaps, and years looked back on. Only the last year has deaths: its third run tells those of whom one year
#: before is known.
RUNS = ((2024, 3), (2025, 3), (2025, 1))
#: Gaps of the kind's own rate that a stratum counts as, rules and learned.
PRIOR = {"learned": 2.0}
#: Gaps below this confidence are not listed; the lowest bins of the learned odds, which are given 0, neither.
LISTED, LOWEST = 1e-6, 2
TARGET = Path(__file__).parent / "reference" / "gap_confidence.csv"


def simulated(seed: int, persons: int, folder: Path) -> None:
    """Save the persons of a seed, and what they have, unless they are there."""
    if (folder / f"{seed}.pickle").exists():
        return
    simulation = simulate(persons=persons, seed=seed, years=YEARS)
    simulation.claims.save(folder / str(seed))
    simulation.truth["conditions"].to_pickle(folder / f"{seed}.pickle")


def counted(seed: int, folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """One row per kind and stratum: open gaps, summed confidences under ``table``, and how many are right."""
    claims = cpticd.open(folder / str(seed))
    truth = pd.read_pickle(folder / f"{seed}.pickle")
    truth = truth[truth["state"] == "under_coded"]
    parts, members = [], claims.table("members")
    for year, lookback in RUNS:
        found = gaps(
            claims, year=year, calibration=table, min_confidence=LISTED, lookback_years=lookback, quiet=True
        )
        # Who died before the payment year has no gap, so that strata of the dead have no rows here.
        dead = members.loc[pd.to_datetime(members["death_date"]).dt.year <= year, "person_id"]
        planted = truth.loc[(truth["year"] == year) & ~truth["person_id"].isin(dead), ["person_id", "hcc"]]
        planted = planted.assign(planted=1)
        rest = cpticd.contract(found)["left_out"]["learned"]
        found = found[found["status"] == "open"].merge(planted, on=["person_id", "hcc"], how="outer")
        if lookback == 1:
            parts.append(found[found["stratum"].str.startswith("died in the year", na=False)])
            continue
        considered = {row["hcc"] for row in rest["by_hcc"]}
        unseen = found[found["kind"].isna() & found["hcc"].isin(considered)]
        parts.append(found[found["kind"].notna()])
        # Pairs in the lowest bins are too many to list: their strata share one rate.
        one = {"kind": "learned", "stratum": "", "size": rest["pairs"], "planted": len(unseen)}
        parts.append(pd.DataFrame([one | {"confidence": rest["pairs"] * _base(table)["learned", ""]}]))
    rows = pd.concat(parts)
    rows = rows.assign(planted=rows["planted"].fillna(0), size=rows["size"].fillna(1))
    names = {"gaps": ("size", "sum"), "expected": ("confidence", "sum"), "planted": ("planted", "sum")}
    return rows.groupby(["kind", "stratum"]).agg(**names).reset_index()


def _base(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(row["kind"], row["stratum"]): row["confidence"] for row in table.to_dict("records")}


def estimated(counts: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The table that the counts come to, a row per kind (its stratum empty) and per kind and stratum.

    The row of the learned kind is that of its lowest bins, for which there is no stratum.
    """
    counts = counts.groupby(["kind", "stratum"]).sum().reset_index()
    old = _base(table)
    keys = zip(counts["kind"], counts["stratum"], strict=True)
    base = [old.get((kind, name), old[kind, ""]) for kind, name in keys]
    counts["shares"] = counts["expected"] / pd.Series(base, index=counts.index)
    kinds = counts.groupby("kind")[["gaps", "shares", "planted"]].sum()
    rate = kinds["planted"] / kinds["shares"]
    prior = counts["kind"].map(PRIOR).fillna(10.0)
    counts["confidence"] = (counts["planted"] + prior * counts["kind"].map(rate)) / (counts["shares"] + prior)
    whole = kinds.assign(confidence=rate, stratum="").reset_index()
    found = pd.concat([counts, whole]).drop_duplicates(["kind", "stratum"])
    found["order"] = found["kind"].map({kind: place for place, kind in enumerate(KINDS)})
    found = found.sort_values(["order", "stratum"], ignore_index=True)
    low, high = stats.wilson(found["planted"].clip(upper=found["gaps"]), found["gaps"])
    found["confidence"] = found["confidence"].clip(0.0, 0.99).round(5)
    found = found.assign(
        low=low.round(5),
        high=high.round(5),
        planted=found["planted"].astype(int),
        gaps=found["gaps"].astype(int),
    )
    return found[["kind", "stratum", "confidence", "gaps", "planted", "low", "high"]]


def main(persons: int = 20_000, processes: int = 1, keep: str | None = None) -> None:
    strata = bins()
    low = strata.loc[strata["bin"] < LOWEST, "stratum"]
    table = pd.DataFrame({"kind": list(KINDS), "stratum": "", "confidence": 1.0})
    lowest = pd.DataFrame({"kind": "learned", "stratum": low, "confidence": 0.0})
    many = len(SEEDS)
    with TemporaryDirectory() as name, ProcessPoolExecutor(processes) as pool:
        folder = Path(keep or name)
        list(pool.map(simulated, SEEDS, [persons] * many, [folder] * many))
        for _ in range(2):
            start = pd.concat([table, lowest], ignore_index=True)
            start = start.drop_duplicates(["kind", "stratum"], keep="last")
            parts = list(pool.map(counted, SEEDS, [folder] * many, [start] * many))
            table = estimated(pd.concat(parts), table)
            print(table.to_string())
    # Kinds that a coder judges (gap_starting) have their confidence from there, whatever the simulation shows of them.
    signed = reference.table("gap_starting").column("kind").to_pylist()
    table[~table["kind"].isin(signed)].to_csv(TARGET, index=False, lineterminator="\n")
    print(hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 1,
        sys.argv[3] if len(sys.argv) > 3 else None,
    )
