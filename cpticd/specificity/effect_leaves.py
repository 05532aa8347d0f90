"""How odds ratios leave: where the four counts behind them may be known; the counts stay in the session."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.contract import carry, records_of
from cpticd.core.measure import Cells, Compared, Parts
from cpticd.core.selection import names

#: Name of the record of a result that holds the lines that it compares: group, claim, line, whether unspecified.
RECORD: Final = "lines"
#: What stays in the session: counts, of which nobody knows the persons, and what gives them away.
COUNTS: Final = (
    "unspecified_denied", "specific_denied", "unspecified_rate", "specific_rate", "unspecified_lines",
    "specific_lines", "other_lines", "persons", "excess_denials", "denied_amount", "strata", "payers", "procedures",
    "homogeneity", "homogeneity_df", "design_effect", "effective_lines",
)  # fmt: skip
#: Digits of what leaves, so that no count is read off the last ones.
_DIGITS: Final = 3
_LINE: Final = ["claim_id", "claim_line_number"]
_KINDS: Final = {"unspecified": 1, "specific": 0}
#: An odds ratio tells of nothing but its four counts, in the strata that it compares within.
_TOLD: Final = "told"


def label(frame: pd.DataFrame, groups: list[str]) -> pd.Series:
    """One label per combination of the dimensions; the same label in all frames."""
    if not groups or frame.empty:
        return pd.Series("", index=frame.index, dtype="str")
    joined = frame[groups[0]].astype("str")
    for group in groups[1:]:
        joined = joined + "\x1f" + frame[group].astype("str")
    return joined


def tables(effect: pd.DataFrame, _: Parts) -> dict[str, tuple[pd.DataFrame, Cells]]:
    """Of each group two tables of one row: its unspecified and its specific lines."""
    groups = list(names(records_of(effect)["arguments"]["by"]))
    lines = records_of(effect)[RECORD]
    parts = dict(list(lines.groupby("group", sort=False)))
    found = {}
    for row, group in enumerate(label(effect, groups).tolist()):
        for kind, exposed in _KINDS.items():
            each = parts[group]
            each = each.loc[each["exposed"] == exposed, _LINE].drop_duplicates(ignore_index=True)
            digest = hashlib.blake2b(
                np.sort(pd.util.hash_pandas_object(each, index=False).to_numpy()).tobytes(), digest_size=6
            )
            mark = f"compared_{digest.hexdigest()}"
            cells = Cells(
                where=("adjudicated", mark),
                compared=Compared(_TOLD, within=("payer", "hcpcs_code")),
                marks={mark: each},
            )
            found[f"{row} {kind}"] = (pd.DataFrame({_TOLD: [1.0]}), cells)
    return found


def as_shown(effect: pd.DataFrame, shown: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The groups of which both tables leave, without counts, in the order of what is shown."""
    told = [
        all(pd.notna(shown[f"{row} {kind}"][_TOLD].iloc[0]) for kind in _KINDS) for row in range(len(effect))
    ]
    minimum = max((int(each.attrs["disclosure"]["minimum"]) for each in shown.values()), default=1)
    large = effect["persons"] >= minimum
    for kind in _KINDS:
        denied = effect[f"{kind}_denied"]
        large &= (denied >= minimum) & (effect[f"{kind}_lines"] - denied >= minimum)
    kept = effect[large & np.array(told, dtype=bool)].reset_index(drop=True)
    kept = kept.assign(**dict.fromkeys(COUNTS, float("nan")))
    for column in kept.columns:
        if column.endswith(("odds_ratio", "_value")):
            kept[column] = [_rounded(value) for value in kept[column]]
    groups = list(names(records_of(effect)["arguments"]["by"]))
    order = ["q_value", *groups]
    kept = carry(effect, kept.sort_values(order, na_position="last", ignore_index=True))
    kept.attrs["disclosure"] = {"hidden": {}}
    return kept


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else value
