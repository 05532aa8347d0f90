"""What payers did before: how often each rule's lines were denied, how often others, and what share was allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.core.outcomes import decided
from cpticd.core.session import Session

#: Lines with an allowed amount from which on a procedure's share of charges is a payer's own.
ALLOWED_LINES: Final = 10


@dataclass(frozen=True, eq=False)
class History:
    """Counts of adjudicated lines: by rule and payer; without a finding by payer, place, family; what was allowed."""

    rules: pd.DataFrame
    clean: pd.DataFrame
    allowed: pd.DataFrame
    lines: int

    def with_rates(self, lines: pd.DataFrame) -> pd.DataFrame:
        """``lines`` with denial_probability, base_probability, like_lines, like_denied, expected_allowed_amount.

        ``own_lines`` and ``own_denied`` of a line are taken out of the counts that it is judged by.
        """
        result = lines.assign(**self._denials(lines), base_probability=self._base(lines))
        result["expected_allowed_amount"] = (lines["charge_amount"] * self._share(lines)).round(2)
        return result

    def _denials(self, lines: pd.DataFrame) -> dict[str, np.ndarray]:
        """The chance that a line is denied given its rule and payer, and the counts of lines alike behind it."""
        own_n, own_k = lines["own_lines"].to_numpy(float), lines["own_denied"].to_numpy(float)
        rules = self.rules.groupby("rule")[["lines", "denied"]].sum()
        at = pd.MultiIndex.from_frame(lines[["rule", "payer"]])
        here = (
            self.rules.set_index(["rule", "payer"])[["lines", "denied"]].reindex(at).fillna(0).to_numpy(float)
        )
        of_rule = rules.reindex(lines["rule"]).fillna(0).to_numpy(float)
        counts = {"like_lines": here[:, 0] - own_n, "like_denied": here[:, 1] - own_k}
        total, denied = rules["lines"].sum(), rules["denied"].sum()
        if not total:
            return {**counts, "denial_probability": np.full(len(lines), np.nan)}
        overall = denied / total
        rates, weight = stats.shrink(rules["denied"], rules["lines"], overall)
        expected = pd.Series(rates, index=rules.index).reindex(self.rules["rule"]).to_numpy(float)
        _, finer = stats.shrink(self.rules["denied"], self.rules["lines"], expected)
        mean = (of_rule[:, 1] - own_k + weight * overall) / (of_rule[:, 0] - own_n + weight)
        chance = (counts["like_denied"] + finer * mean) / (counts["like_lines"] + finer)
        return {**counts, "denial_probability": chance}

    def _base(self, lines: pd.DataFrame) -> np.ndarray:
        """The chance of denial of a line alike without a finding: of payer, place and family, towards the payer's."""
        if not len(self.clean):
            return np.full(len(lines), np.nan)
        keys = ["payer", "place", "hcpcs_family"]
        payers = self.clean.groupby("payer")[["lines", "denied"]].sum()
        overall = payers["denied"].sum() / payers["lines"].sum()
        by_payer = pd.Series(stats.shrink(payers["denied"], payers["lines"], overall)[0], index=payers.index)
        expected = by_payer.reindex(self.clean["payer"]).to_numpy(float)
        rates, _ = stats.shrink(self.clean["denied"], self.clean["lines"], expected)
        found = pd.Series(rates, index=pd.MultiIndex.from_frame(self.clean[keys]))
        usual = by_payer.reindex(lines["payer"]).fillna(overall).to_numpy(float)
        own = found.reindex(pd.MultiIndex.from_frame(lines[keys])).to_numpy(float)
        return np.where(np.isnan(own), usual, own)

    def _share(self, lines: pd.DataFrame) -> np.ndarray:
        """Allowed dollars per dollar charged: the payer's for the procedure, else its own, else all payers', else 1."""
        enough = self.allowed[self.allowed["lines"] >= ALLOWED_LINES].set_index(["payer", "hcpcs_code"])
        code = lines["hcpcs_code"].fillna("(none)").astype(str)
        at = pd.MultiIndex.from_arrays([lines["payer"], code])
        own = (enough["allowed"] / enough["charge"]).reindex(at).to_numpy(float)
        payers = self.allowed.groupby("payer")[["allowed", "charge"]].sum()
        payer = (payers["allowed"] / payers["charge"]).reindex(lines["payer"]).to_numpy(float)
        total = self.allowed["charge"].sum()
        overall = self.allowed["allowed"].sum() / total if total else 1.0
        return np.where(np.isnan(own), np.where(np.isnan(payer), overall, payer), own)


def learn(s: Session) -> History:
    """Counts of the adjudicated lines of a session's claims, by the findings that were loaded (``outcomes.load``)."""
    rules, clean, allowed = (
        s.frame(sql.text(f"rules/history_{name}")) for name in ("rules", "clean", "allowed")
    )
    lines = s.value(f"SELECT count(*) AS n FROM line_outcomes WHERE {decided('initial_outcome')}")
    return History(rules, clean, allowed, lines)
