"""How honest the lists of denied pairs and their intervals are where lines depend on one another.

    python -m tests.benchmarks.bench_honesty [--scenario NAME …] [--seeds 1 2 3 4 5] [--lines 150000] [--peers]
                                             [--effects no|yes|both] [--runs]

Over ``recurring_claims``, without and with planted effects. Reported is what has a q value up to 0.10.

- **False** is a reported pair whose own planted log odds, averaged over its lines, are zero; **co-pointed** are those
  among them of which a tenth of the lines or more carry a planted pair through another pointer: apart from the false
  in the discovery proportion (``fdp``), within them in ``fdp_all``.
- **Recall** is of pairs in the table, by the odds ratio averaged over the pair's lines (before an effect begins it is 1)
  and by effective lines: n / the design effect that the generator itself has, from outcomes drawn again; ``as given``
  is that of 3 and more with 100 effective lines by the table's own column. ``p05`` is the share of null pairs with a
  p value up to 0.05.
- **Coverage** is of the pair's expected rate: the mean chance of its lines over courses, claims, persons and spells that
  could have been drawn, with the providers, their habits and their gaps as they were (``cover``), or with other gaps
  too (``cover_gaps``). ``naive`` is Wilson's interval of lines taken as independent.
- **Drivers**: rows up to q 0.10 by level; a planted effect is found where its row stands at its own level, and false is
  a payer x procedure, provider or pair row that nothing is planted on (payers and procedures differ anyway, and
  so do providers that have habits or gaps).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

import cpticd as cx
from tests.benchmarks.pair_peers import KEYS, score_tests, tables_of
from tests.benchmarks.recurring_claims import SCENARIOS, World, draw

Q: Final = 0.10
MIN_LINES: Final = 30
REDRAWS: Final = 60
CO_POINTED: Final = 0.10
STRENGTHS: Final = (("<2", 1.0001, 2.0), ("2-3", 2.0, 3.0), (">=3", 3.0, np.inf))
SIZES: Final = (("<100", 0, 100), (">=100", 100, np.inf))
#: What must be found: of at least so strong an effect, on at least so many effective lines.
STRONG, ENOUGH = 3.0, 100


def known(world: World, rows: pd.DataFrame, keys: list[str], hits: np.ndarray) -> pd.DataFrame:
    """One row per pair (of a payer, or of all): what the generator knows of it."""
    lines = world.lines
    at = rows["line"].to_numpy()
    table = rows[keys].assign(
        own=world.pairs["own"].to_numpy(), beside=world.pairs["others"].to_numpy() > 0,
        denied=lines["denied"].to_numpy()[at], mean=lines["chance_in_gaps"].to_numpy()[at],
        mean_gaps=lines["chance"].to_numpy()[at],
    )  # fmt: skip
    number = table.groupby(keys, sort=True).ngroup().to_numpy()
    found = table.groupby(keys, as_index=False).agg(
        n=("own", "size"), k=("denied", "sum"), own=("own", "mean"), beside=("beside", "mean"),
        mean=("mean", "mean"), mean_gaps=("mean_gaps", "mean"),
    )  # fmt: skip
    counts = np.stack([np.bincount(number, hit[at], len(found)) for hit in hits])
    p = counts.mean(axis=0) / found["n"]
    effect = counts.var(axis=0, ddof=1) / (found["n"] * p * (1 - p)).clip(lower=1e-9)
    return found.assign(odds_ratio=np.exp(found["own"]), effective=found["n"] / effect.clip(lower=0.5))


def judged(found: pd.DataFrame, truth: pd.DataFrame, keys: list[str]) -> dict[str, float]:
    """What a list reports: false pairs, and recall by strength and effective lines."""
    columns = [name for name in ("q_value", "p_value", "effective_lines") if name in found]
    table = truth[truth["n"] >= MIN_LINES].drop(columns=columns, errors="ignore")
    table = table.merge(found[[*keys, *columns]], on=keys, how="left")
    reported = (table["q_value"] <= Q).to_numpy()
    null = (table["own"] <= 0).to_numpy()
    beside = null & (table["beside"] >= CO_POINTED).to_numpy()
    false, total = int((reported & null & ~beside).sum()), int(reported.sum())
    result: dict[str, float] = {
        "reported": total, "false": false, "co-pointed": int((reported & beside).sum()),
        "fdp": false / total if total else 0.0, "fdp_all": int((reported & null).sum()) / total if total else 0.0,
    }  # fmt: skip
    for strength, weak, strong in STRENGTHS:
        for size, few, many in SIZES:
            there = table["odds_ratio"].between(weak, strong, inclusive="left") & table["effective"].between(
                few, many, inclusive="left"
            )
            result[f"n {strength} {size}"] = int(there.sum())
            result[f"hit {strength} {size}"] = int((there & reported).sum())
    if "p_value" in table:
        of_null = table.loc[null & ~beside, "p_value"].dropna()
        result["p05"] = float((of_null <= 0.05).mean())
    if "effective_lines" in table:
        there = (table["odds_ratio"] >= STRONG) & (table["effective_lines"] >= ENOUGH)
        result |= {"n as given": int(there.sum()), "hit as given": int((there & reported).sum())}
    return result


def covered(found: pd.DataFrame, truth: pd.DataFrame, keys: list[str]) -> dict[str, float]:
    """How often intervals hold the expected rate, and how wide they are beside Wilson's."""
    table = truth.merge(found[[*keys, "low", "high"]], on=keys)
    low, high = _wilson(table["k"].to_numpy(float), table["n"].to_numpy(float))
    # A chance that stands at an interval's very end is within it, whatever the last digit.
    within = lambda rate, a, b: float(((a <= rate + 1e-9) & (rate - 1e-9 <= b)).mean())  # noqa: E731
    return {
        "cover": within(table["mean"], table["low"], table["high"]),
        "cover_gaps": within(table["mean_gaps"], table["low"], table["high"]),
        "naive": within(table["mean"], low, high),
        "width": float(((table["high"] - table["low"]) / (high - low)).mean()),
    }


def _wilson(k: np.ndarray, n: np.ndarray, z: float = 1.959964) -> tuple[np.ndarray, np.ndarray]:
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    return middle - half, middle + half


def raw(truth: pd.DataFrame, length: int) -> pd.DataFrame:
    """The pairs of the highest raw rate, as many as are asked for."""
    table = truth[truth["n"] >= MIN_LINES]
    first = table.assign(rate=table["k"] / table["n"]).nlargest(length, "rate").index
    return table.assign(q_value=np.where(table.index.isin(first), 0.0, 1.0))


def run(scenario: str, seed: int, effects: bool, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row per way to find pairs."""
    world = draw(scenario, seed, options.lines, effects)
    claims = cx.read_tables(**world.tables, progress=False)
    hits = np.stack([world.redraw(seed * 1000 + i) for i in range(REDRAWS)])
    rows = tables_of(world.lines, world.pairs)
    what = {"scenario": scenario, "effects": effects, "seed": seed}
    truth = known(world, rows, KEYS, hits)
    for way, by, keys in (("by payer", "payer", KEYS), ("all payers", None, KEYS[1:])):
        start = time.perf_counter()
        found = cx.denials.by_pair(claims, by=by, min_lines=MIN_LINES)
        seconds = time.perf_counter() - start
        of = truth if by else known(world, rows, keys, hits)
        yield what | {"way": way, **judged(found, of, keys), **covered(found, of, keys), "seconds": seconds}
        if by:
            yield (
                what
                | {"way": "raw rate"}
                | judged(raw(of, max(int((found["q_value"] <= Q).sum()), 10)), of, keys)
            )
    yield what | {"way": "rates"} | margins(world, claims)
    if hasattr(cx.denials, "drivers"):
        from tests.benchmarks.driver_levels import levels

        yield from (what | row for row in levels(world, claims, hits, Q))
    if options.peers:
        for name, found in score_tests(world.lines, rows, MIN_LINES).items():
            yield what | {"way": name} | judged(found, truth, KEYS)


def margins(world: World, claims: cx.Claims) -> dict[str, float]:
    """Coverage of the rates by payer and procedure, by provider, and by month, of 30 lines and more."""
    result: dict[str, list[dict[str, float]]] = {}
    lines = world.lines.assign(n=1)
    for keys in (["payer", "hcpcs_code"], ["billing_npi"]):
        truth = lines.groupby(keys, as_index=False).agg(
            n=("n", "sum"), k=("denied", "sum"), mean=("chance_in_gaps", "mean"), mean_gaps=("chance", "mean")
        )
        found = cx.denials.rates(claims, by=keys)
        each = covered(found, truth[truth["n"] >= MIN_LINES], keys)
        for name, value in each.items():
            result.setdefault(name, []).append(value)  # type: ignore[arg-type]
    return {name: float(np.mean(values)) for name, values in result.items()}  # type: ignore[arg-type]


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """One row per scenario, effects and way: means over seeds, the worst run, recalls over all runs."""
    rows = []
    for key, part in results.groupby(["effects", "scenario", "way"], sort=False):
        row = dict(zip(("effects", "scenario", "way"), key, strict=True))
        row |= {
            name: part[name].mean() for name in ("reported", "false", "co-pointed", "fdp") if name in part
        }
        row |= {
            "false_max": part["false"].max(),
            "fdp_max": part["fdp"].max(),
            "fdp_all": part["fdp_all"].mean(),
        }
        for strength, _, _ in STRENGTHS:
            for size, _, _ in SIZES:
                name, n = f"{strength} {size}", part[f"n {strength} {size}"].sum()
                row[name] = f"{part[f'hit {name}'].sum() / n:.2f}/{n:.0f}" if n else "-"
        if "n as given" in part and (n := part["n as given"].sum()):
            row["as given"] = f"{part['hit as given'].sum() / n:.2f}/{n:.0f}"
        row |= {
            name: part[name].mean()
            for name in ("p05", "cover", "cover_gaps", "naive", "width")
            if name in part
        }
        rows.append(row)
    return pd.DataFrame(rows).round(3)


def of_drivers(results: pd.DataFrame) -> pd.DataFrame:
    """One row per level: rows reported and false a run, planted effects found at it over all runs."""
    sums = results.groupby(["way"], sort=False).agg(
        reported=("reported", "mean"), false=("false", "mean"), false_max=("false", "max"),
        planted=("planted", "sum"), found=("at its level", "sum"),
        strong=("strong", "sum"), strong_found=("strong at its level", "sum"), elsewhere=("elsewhere", "mean"),
    )  # fmt: skip
    return sums.round(2).reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--scenario", nargs="+", default=SCENARIOS, choices=SCENARIOS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--lines", type=int, default=150_000)
    parser.add_argument("--effects", choices=("no", "yes", "both"), default="both")
    parser.add_argument("--peers", action="store_true", help="the score tests too")
    parser.add_argument("--runs", action="store_true", help="every run, too")
    options = parser.parse_args()
    pd.set_option("display.width", 250, "display.max_columns", 40, "display.max_rows", 1000)
    for effects in {"no": [False], "yes": [True], "both": [False, True]}[options.effects]:
        for scenario in options.scenario:
            found = [row for seed in options.seeds for row in run(scenario, seed, effects, options)]
            table = pd.DataFrame(found)
            drivers = table["way"].str.startswith("drivers")
            print(
                f"\n{scenario}, {'planted effects' if effects else 'no effect: all that is reported is false'}"
            )
            if options.runs:
                shown = [
                    c
                    for c in ("seed", "way", "reported", "false", "co-pointed", "fdp", "cover", "width")
                    if c in table
                ]
                print(table[shown].round(3).to_string(index=False))
            print(
                summary(table[~drivers]).drop(columns=["effects", "scenario"]).to_string(index=False),
                flush=True,
            )
            if drivers.any():
                print(of_drivers(table[drivers]).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
