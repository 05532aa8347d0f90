"""Whether ``denials.drivers`` reports each planted effect at the level where it lives, and nothing else there.

A row's level is read off the keys that it has: a payer, a procedure, both, a provider, or a diagnosis (a pair).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

import cpticd as cx
from tests.benchmarks.recurring_claims import World

KEYS: Final = ("payer", "hcpcs_code", "place", "billing_npi", "diagnosis_code")
#: Levels that something must be planted on; payers, procedures and places differ in any case.
JUDGED: Final = ("payer x procedure", "provider", "pair")
STRONG, EFFECTIVE = 3.0, 100.0


def level_of(keys: frozenset[str]) -> str:
    """The level in words of a row that has these keys."""
    if "diagnosis_code" in keys:
        return "pair"
    if "billing_npi" in keys:
        return "provider"
    names = {"payer": "payer", "hcpcs_code": "procedure", "place": "place"}
    return " x ".join(name for key, name in names.items() if key in keys) or "none"


def levels(world: World, claims: cx.Claims, hits: np.ndarray, q: float) -> Iterator[dict[str, Any]]:
    """One row per level: rows reported, false among them, and planted effects found there."""
    found = cx.denials.drivers(claims, dimensions=("payer", "hcpcs_code", "billing_npi", "diagnosis"))
    found = found[found["q_value"] <= q]
    there = found.reindex(columns=list(KEYS)).notna()
    found = found.reindex(columns=list(KEYS)).assign(
        level=[level_of(frozenset(there.columns[row])) for row in there.to_numpy()]
    )
    planted = effective(world, hits)
    hit = [_stands(found, effect) for effect in planted.itertuples()]
    planted = planted.assign(
        hit=hit, strong=(planted["ratio"] >= STRONG) & (planted["effective"] >= EFFECTIVE)
    )
    for level in ("payer", "procedure", *JUDGED):
        rows, mine = found[found["level"] == level], planted[planted["level"] == level]
        judged = level in JUDGED and not (level == "provider" and world.habits)
        yield {
            "way": f"drivers: {level}", "reported": len(rows),
            "false": sum(not _planted(mine, row) for row in rows.itertuples()) if judged else np.nan,
            "planted": len(mine), "at its level": int(mine["hit"].sum()), "strong": int(mine["strong"].sum()),
            "strong at its level": int((mine["hit"] & mine["strong"]).sum()),
        }  # fmt: skip


def effective(world: World, hits: np.ndarray) -> pd.DataFrame:
    """The planted effects, with the odds ratio averaged over their lines, and the lines that these are worth."""
    n = []
    for effect in world.truth.itertuples():
        where = np.ones(len(world.lines), bool)
        for key in ("payer", "hcpcs_code", "billing_npi"):
            if isinstance(getattr(effect, key), str):
                where &= (world.lines[key] == getattr(effect, key)).to_numpy()
        if isinstance(effect.diagnosis_code, str):
            of = world.pairs["line"][world.pairs["diagnosis_code"] == effect.diagnosis_code]
            where &= np.isin(np.arange(len(where)), of.to_numpy())
        counts = hits[:, where].sum(axis=1)
        p = counts.mean() / where.sum()
        n.append(where.sum() / max(0.5, counts.var(ddof=1) / (where.sum() * p * (1 - p))))
    truth = world.truth
    return truth.assign(ratio=truth["odds_ratio"] ** (truth["lines_since"] / truth["lines"]), effective=n)


def _stands(found: pd.DataFrame, effect: Any) -> bool:
    """Whether a row of the effect's level has all of its keys."""
    rows = found[found["level"] == effect.level]
    for key in KEYS:
        if isinstance(getattr(effect, key, None), str):
            rows = rows[rows[key] == getattr(effect, key)]
    return not rows.empty


def _planted(effects: pd.DataFrame, row: Any) -> bool:
    """Whether an effect of the row's level is planted on what the row names."""
    for key in KEYS:
        if key in effects and isinstance(getattr(row, key), str):
            effects = effects[(effects[key] == getattr(row, key)) | effects[key].isna()]
    return not effects.empty
