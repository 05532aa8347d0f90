"""Gaps on simulated persons whose conditions are known: recall, precision, calibration, the learned kind's lift.

    python -m tests.benchmarks.bench_gaps [persons] [seeds]

``persons`` 20000 and ``seeds`` 1-5 if not given (seeds: 1-5, or 3,8). A gap is right where the person's condition
(person, year, HCC) was planted as under-coded. Strict recall: the share of the planted conditions of a kind that any
open gap of confidence 0.5 or more points to; loose: any open gap at all. Precision: of the open gaps of a kind with
confidence 0.5 or more, the share that is right. Calibration: gaps by tenth of the confidence, listed ones.
Targets: recall and precision 0.8 for lapsed, unspecified, combination, implied; learned: ten times the base rate
among its highest 1 % of pairs of person and uncoded HCC. Impact: risk.impact of the open gaps, each coming true with
its confidence, and of what is left out (valued by HCC as the listed ones), against that of the planted conditions;
target: within 10 %.
"""

from __future__ import annotations

import sys
import time

import pandas as pd

import cpticd as cx
from cpticd import stats
from cpticd.claims import Claims
from cpticd.risk.calibration import by_decile
from cpticd.risk.gaps import KINDS, gaps
from cpticd.risk.impact import impact
from cpticd.simulation import simulate

YEAR = 2025
SURE = 0.5
TARGET = 0.8
LIFT = 10.0
WITHIN = 0.1
KEY = ["person_id", "hcc"]


def judged(found: pd.DataFrame, truth: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Open gaps with ``right``; planted conditions with the confidence of the gap that points to them (or NaN)."""
    planted = truth[(truth["year"] == YEAR) & (truth["state"] == "under_coded")][[*KEY, "kind"]]
    planted = planted.rename(columns={"kind": "planted"})
    opened = found[found["status"] == "open"]
    rows = opened.merge(planted, on=KEY, how="left")
    rows["right"] = rows["planted"].notna()
    return rows, planted.merge(opened[[*KEY, "confidence"]], on=KEY, how="left")


def by_kind(rows: pd.DataFrame, planted: pd.DataFrame) -> pd.DataFrame:
    """One row per kind: recall and precision, and whether they reach the target."""
    found = []
    for kind in KINDS:
        sought = planted[planted["planted"] == ("" if kind == "learned" else kind)]
        sure = rows[(rows["kind"] == kind) & (rows["confidence"] >= SURE)]
        recall = (sought["confidence"] >= SURE).mean()
        low, high = stats.wilson([sure["right"].sum()], [len(sure)])
        row = {
            "kind": kind,
            "planted": len(sought),
            "recall": recall,
            "loose_recall": sought["confidence"].notna().mean(),
            "gaps": len(sure),
            "precision": sure["right"].mean(),
            "low": low[0],
            "high": high[0],
        }
        if kind != "learned":
            row["reached"] = bool(recall >= TARGET and row["precision"] >= TARGET)
        found.append(row)
    return pd.DataFrame(found)


def lift(rows: pd.DataFrame, planted: pd.DataFrame, found: pd.DataFrame) -> dict[str, float]:
    """Planted share among the highest 1 % of all pairs that the learned kind judges, and among all of them."""
    left = cx.contract(found)["left_out"]["learned"]
    judged_hccs = {row["hcc"] for row in left["by_hcc"]}
    learned = rows[rows["kind"] == "learned"].sort_values(["confidence", *KEY], ascending=[False, True, True])
    total = left["pairs"] + len(learned)
    others = rows[rows["kind"] != "learned"][KEY]
    sought = planted[planted["hcc"].isin(judged_hccs)].merge(others, on=KEY, how="left", indicator=True)
    base = (sought["_merge"] == "left_only").sum() / total
    top = learned.head(max(1, total // 100))
    rate = top["right"].sum() / max(1, total // 100)
    return {"pairs": total, "base": base, "listed": len(learned), "top": rate, "lift": rate / base}


def impacts(
    claims: Claims, rows: pd.DataFrame, planted: pd.DataFrame, found: pd.DataFrame
) -> dict[str, float]:
    """Raw score that the planted conditions come to; what the listed gaps are expected to, and those left out."""
    truth = impact(claims, planted[KEY].assign(kind="planted"), payment_year=YEAR + 1)
    guess = impact(claims, found, payment_year=YEAR + 1)
    rest = cx.contract(guess)["not_listed"]["expected_score"]
    return {
        "planted": truth["expected_score"].sum(),
        "listed": guess["expected_score"].sum(),
        "left_out": rest,
    }


def run(claims: Claims, truth: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Print what one data set comes to, and return its rows."""
    start = time.perf_counter()
    found = gaps(claims, year=YEAR)
    seconds = time.perf_counter() - start
    rows, planted = judged(found, truth)
    print(by_kind(rows, planted).round(3).to_string(index=False))
    told = lift(rows, planted, found)
    verdict = "reached" if told["lift"] >= LIFT else "NOT reached"
    print(
        f"learned: top 1 % of {told['pairs']:,.0f} pairs {told['top']:.4f}, base {told['base']:.5f}, "
        f"lift {told['lift']:.1f} ({verdict}); {told['listed']:,.0f} listed"
    )
    table = by_decile(rows["confidence"], rows["right"])
    print(table.round(4).to_string(index=False))
    left = cx.contract(found)["left_out"]
    expected = left["learned"]["expected"] + left["below min_confidence"]["expected"]
    print(
        f"planted {len(planted):,}; expected: listed {rows['confidence'].sum():,.1f}, left out {expected:,.1f}; "
        f"{seconds:.1f} s"
    )
    score = impacts(claims, rows, planted, found)
    off = (score["listed"] + score["left_out"]) / score["planted"] - 1
    print(
        f"impact (raw score): planted {score['planted']:.1f}, listed {score['listed']:.1f} "
        f"({score['listed'] / score['planted'] - 1:+.1%}), with what is left out "
        f"{score['listed'] + score['left_out']:.1f} ({off:+.1%}, {'within' if abs(off) <= WITHIN else 'NOT within'} "
        f"{WITHIN:.0%})\n"
    )
    return {"rows": rows, "planted": planted}


def main(persons: int = 20_000, seeds: tuple[int, ...] = (1, 2, 3, 4, 5)) -> None:
    parts = []
    for seed in seeds:
        simulation = simulate(persons=persons, seed=seed)
        print(f"== {persons:,} persons, seed {seed}")
        parts.append(run(simulation.claims, simulation.truth["conditions"]))
    rows = pd.concat([part["rows"] for part in parts])
    planted = pd.concat([part["planted"] for part in parts])
    print("== all seeds")
    print(by_kind(rows, planted).round(3).to_string(index=False))
    print(by_decile(rows["confidence"], rows["right"]).round(4).to_string(index=False))


def _seeds(text: str) -> tuple[int, ...]:
    first, dash, last = text.partition("-")
    return tuple(range(int(first), int(last) + 1)) if dash else tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20_000,
        _seeds(sys.argv[2]) if len(sys.argv) > 2 else (1, 2, 3, 4, 5),
    )
