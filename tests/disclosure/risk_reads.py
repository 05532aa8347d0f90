"""How an attacker reads the tables on risk adjustment: which kinds of persons each count counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from tests.disclosure.reads import Sum
from tests.disclosure.risk_kinds import PATTERNS

#: HCC of V28 that each diagnosis has, and of those two that ICD-10-CM joins.
HCCS: Final = {"E119": "38", "I509": "226", "J449": "280", "I4891": "238", "N184": "327"}
JOINED: Final = ("E119+N184", "37")
_Counted = Callable[[pd.Series], bool]


def _read(name: str, facts: pd.DataFrame, kinds: int, which: pd.Series, shown: object) -> Sum:
    weights = np.zeros(kinds)
    np.add.at(weights, facts.loc[which, "kind"].to_numpy(), 1)
    return Sum(name, weights, float("nan" if shown is None or pd.isna(shown) else str(shown)))


def facts_of(kinds: pd.DataFrame, impact: pd.DataFrame) -> pd.DataFrame:
    """One row per kind and HCC: whether it is coded in either year, thin, lapsed, or suspected by two codes.

    What is thin depends on what is usual in all the claims: it is read off the ``impact`` that the analyst sees.
    """
    listed = impact[impact["kind"] == "unsupported"]
    of_kind = listed["person_id"].str.extract(r"^P(\d+)-")[0].astype(int)
    thin_ones = set(zip(of_kind, listed["hcc"].astype(str), strict=True))
    rows = []
    for kind, (condition, pattern) in enumerate(kinds[["condition", "pattern"]].itertuples(index=False)):
        before = any(month < "2024" for month in PATTERNS[pattern])
        coded = any(month >= "2024" for month in PATTERNS[pattern])
        for hcc in (HCCS[code] for code in condition.split("+") if code in HCCS):
            rows.append((kind, hcc, before, coded, (kind, hcc) in thin_ones, False))
        if condition == JOINED[0] and coded:
            rows.append((kind, JOINED[1], False, False, False, True))
    return pd.DataFrame(rows, columns=["kind", "hcc", "before", "coded", "thin", "joined"])


def risk_sums(
    kinds: pd.DataFrame, seen: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame]
) -> Iterator[Sum]:
    """Every count of the tables on risk adjustment, also where it is not shown (``shown`` is missing then).

    ``seen``: the tables as the analyst sees them; ``frames``: as they leave.
    """
    facts, count = facts_of(kinds, seen["risk_impact"]), len(kinds)
    again, lapsed = facts["before"] & facts["coded"], facts["before"] & ~facts["coded"]
    open_ = lapsed | facts["joined"]
    prevalence = frames["risk_prevalence"].set_index("hcc")
    recaptured = frames["risk_recapture"].query("year == 2024").set_index("hcc")
    for hcc in sorted(facts["hcc"].unique()):
        own = facts["hcc"] == hcc
        columns = {"coded_persons": facts["coded"], "open_gaps": open_, "doubtful": facts["thin"]}
        for column, which in columns.items():
            shown = prevalence[column].get(hcc)
            yield _read(f"risk_prevalence: {column} of {hcc}", facts, count, own & which, shown)
        new = facts["coded"] & ~facts["before"]  # follow from a prevalence beside those who came back
        for column, which in {"due": facts["before"], "recaptured": again, "new": new}.items():
            shown = recaptured[column].get(hcc) if column in recaptured else None
            yield _read(f"risk_recapture: {column} of {hcc}", facts, count, own & which, shown)
    yield from _impact(facts, count, frames["risk_impact"], lapsed)
    reasons = frames["risk_reasons"]
    shown = reasons["conditions"].iloc[0] if len(reasons) else None
    yield _read("risk_reasons: conditions of all", facts, count, facts["thin"], shown)


def _impact(facts: pd.DataFrame, kinds: int, impact: pd.DataFrame, lapsed: pd.Series) -> Iterator[Sum]:
    """Rows of the impact by condition and kind, each a person; its totals are rounded."""
    rows = impact.groupby(["hcc", "kind"]).size()
    of = {"lapsed": lapsed, "combination": facts["joined"], "unsupported": facts["thin"]}
    for kind, which in of.items():
        for hcc in sorted(facts["hcc"].unique()):
            own = which & (facts["hcc"] == hcc)
            yield _read(f"risk_impact {kind}: rows of {hcc}", facts, kinds, own, rows.get((hcc, kind)))


def risk_held(kinds: pd.DataFrame, seen: Mapping[str, pd.DataFrame]) -> list[list[np.ndarray]]:
    """Sums behind amounts: of each condition who is coded, who is thin, and who came back or has lapsed."""
    facts, count = facts_of(kinds, seen["risk_impact"]), len(kinds)
    lapsed = facts["before"] & ~facts["coded"]

    def each(*parts: pd.Series) -> list[np.ndarray]:
        conditions = sorted(facts["hcc"].unique())
        return [
            _read("", facts, count, which & (facts["hcc"] == hcc), None).weights
            for which in parts
            for hcc in conditions
        ]

    thin = facts["thin"]
    return [
        each(facts["coded"], thin),
        each(facts["coded"], lapsed),
        each(facts["coded"]),
        each(thin, lapsed),
    ]
