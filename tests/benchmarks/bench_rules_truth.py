"""Rules, scorecard and residual against what the simulation planted.

    python -m tests.benchmarks.bench_rules_truth [PERSONS [SEED …]]      default: 10000, seeds 1-5

recall      lines of a planted rule with a finding of that rule on the line, or on its claim as a whole
clean       lines without a planted error that have a finding, errors and warnings alone
ranking     pairs of payers of different tier for a rule, both with at least 30 flagged lines, that the
            scorecard's precision orders as planted
policies    unwritten policies that residual finds, and those whose first day it tells within a month
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

import cpticd as cx
from cpticd.simulation import Simulation
from cpticd.simulation.catalogue import catalogue

KEYS = ["claim_id", "claim_line_number"]
TIERS = {"lenient": 0, "medium": 1, "strict": 2}
LEAST = 30
DAYS = 31


def asked_rules() -> list[str]:
    """Rules of errors and warnings, and those that are planted: named, they run for payers whom they only inform, too."""
    every, planted = cx.rules.catalogue(), set(catalogue().rules)
    return every.loc[(every["severity"] != "information") | every["rule"].isin(planted), "rule"].tolist()


@dataclass
class Truth:
    """A simulation and what its lines and claims break."""

    simulation: Simulation
    planted: pd.DataFrame  # claim_id, claim_line_number, rule
    findings: pd.DataFrame

    @classmethod
    def of(cls, simulation: Simulation) -> Truth:
        planted = simulation.truth["rule_violations"].astype({"claim_line_number": "Int64"})
        findings = cx.rules.check(simulation.claims, asked_rules(), tables=cx.simulation.rule_tables())
        return cls(simulation, planted, findings)

    def recall(self) -> pd.DataFrame:
        """One row per planted rule: lines, found among them, recall."""
        on_line = self.findings[[*KEYS, "rule"]].drop_duplicates().assign(on_line=True)
        on_claim = self.findings[self.findings["claim_line_number"].isna()][["claim_id", "rule"]]
        rows = self.planted.merge(on_line, on=[*KEYS, "rule"], how="left")
        rows = rows.merge(
            on_claim.drop_duplicates().assign(on_claim=True), on=["claim_id", "rule"], how="left"
        )
        rows["found"] = rows["on_line"].notna() | rows["on_claim"].notna()
        table = rows.groupby("rule")["found"].agg(lines="size", found="sum").reset_index()
        return table.assign(recall=table["found"] / table["lines"])

    def clean(self) -> pd.DataFrame:
        """One row per finding of an error or warning where nothing is planted."""
        whole = self.findings["claim_line_number"].isna()
        lines = self.findings.merge(self.planted[KEYS].drop_duplicates(), on=KEYS, how="left", indicator=True)
        alone = (lines["_merge"] == "left_only").to_numpy() & ~whole.to_numpy()
        claims = whole & ~self.findings["claim_id"].isin(self.planted["claim_id"])
        return self.findings[alone | claims.to_numpy()]

    def clean_share(self) -> float:
        """Lines without a planted error that have a finding, by themselves or through their claim, of all lines."""
        lines = self.simulation.truth["lines"][KEYS].astype({"claim_line_number": "Int64"})
        found = self.clean()
        whole = found.loc[found["claim_line_number"].isna(), "claim_id"]
        on_line = (
            lines.merge(found[KEYS].drop_duplicates(), on=KEYS, how="left", indicator=True)["_merge"]
            == "both"
        )
        return float((on_line.to_numpy() | lines["claim_id"].isin(whole).to_numpy()).mean())

    def ranking(self, least: int = LEAST) -> pd.DataFrame:
        """One row per rule and pair of payers of different tier: whether precision orders them as planted."""
        card = cx.rules.scorecard(self.simulation.claims, self.findings)
        card = card[["rule", "payer", "flagged_lines", "precision"]]
        rows = self.simulation.truth["rule_strictness"].merge(card, on=["rule", "payer"])
        rows = rows[rows["flagged_lines"] >= least].assign(rank=lambda r: r["tier"].map(TIERS))
        found = [
            (rule, *((a, b) if a.rank < b.rank else (b, a)))
            for rule, group in rows.groupby("rule")
            for a, b in combinations(group.itertuples(), 2)
            if a.rank != b.rank
        ]
        return pd.DataFrame(
            [
                (rule, a.payer, b.payer, a.precision, b.precision, a.precision < b.precision)
                for rule, a, b in found
            ],
            columns=["rule", "laxer", "stricter", "laxer_precision", "stricter_precision", "right"],
        )

    def policies(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The planted policies with the day that residual tells (missing: not found), and the other clusters."""
        clusters = cx.rules.residual(self.simulation.claims, self.findings)
        keys = ["payer", "hcpcs_code", "diagnosis_family", "carc"]
        truth = self.simulation.truth["policies"]
        both = truth.merge(clusters, on=keys, how="left", suffixes=("", "_found"))
        both["days"] = (pd.to_datetime(both["start_date_found"]) - pd.to_datetime(both["start_date"])).dt.days
        rest = clusters.merge(truth[keys], on=keys, how="left", indicator=True)
        return both, rest[rest["_merge"] == "left_only"]


def main(persons: int, seeds: list[int]) -> None:
    pd.set_option("display.width", 220, "display.max_columns", 20, "display.max_rows", 200)
    recalls, cleans, rankings, figures, policies = [], [], [], [], []
    for seed in seeds:
        start = time.perf_counter()
        truth = Truth.of(cx.simulate(persons=persons, seed=seed))
        recalls.append(truth.recall().assign(seed=seed))
        cleans.append(truth.clean().assign(seed=seed))
        ranking = truth.ranking()
        rankings.append(ranking.assign(seed=seed))
        both, rest = truth.policies()
        policies.append(both.assign(seed=seed))
        figures.append(
            {
                "seed": seed,
                "lines": len(truth.simulation.truth["lines"]),
                "planted": len(truth.planted),
                "least recall": recalls[-1]["recall"].min(),
                "clean lines found %": 100 * truth.clean_share(),
                "pairs of payers": len(ranking),
                "ordered right": int(ranking["right"].sum()),
                "policies": len(both),
                "found": int(both["days"].notna().sum()),
                "within a month": int((both["days"].abs() <= DAYS).sum()),
                "other clusters": len(rest),
                "seconds": time.perf_counter() - start,
            }
        )
        print(pd.DataFrame(figures[-1:]).round(4).to_string(index=False), flush=True)
    print("\nrecall by planted rule")
    table = pd.concat(recalls).groupby("rule")[["lines", "found"]].sum()
    print(table.assign(recall=table["found"] / table["lines"]).to_string())
    print("\nfindings where nothing is planted")
    print(pd.concat(cleans).groupby(["rule", "seed"]).size().unstack(fill_value=0).to_string())
    print("\npairs of payers in the wrong order")
    wrong = pd.concat(rankings)
    print(wrong[~wrong["right"].astype(bool)].to_string(index=False))
    print("\npolicies")
    print(
        pd.concat(policies)[
            ["seed", "payer", "hcpcs_code", "diagnosis_family", "carc", "start_date", "lines_after",
             "start_date_found", "days", "rate_before", "rate_after"]
        ].to_string(index=False)
    )  # fmt: skip


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    main(numbers[0] if numbers else 10_000, numbers[1:] or [1, 2, 3, 4, 5])
