"""What findings flag, as facts of service lines: how results that count flagged lines leave."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from cpticd.core.contract import carry, records_of
from cpticd.core.measure import Cells, Parts
from cpticd.core.selection import names
from cpticd.rules import outcomes

#: Name of the record of a result that holds the findings that it counts.
RECORD: Final = "findings"
#: Columns of a scorecard that leave, and which of them are of denied lines. What compares with lines or denials
#: outside of the flagged ones (recall, lift, odds, p and q) would give these away, and stays in the session.
FLAGGED: Final = ("flagged_lines", "flagged_claims", "flagged_amount")
DENIED: Final = (
    "denied_lines", "precision", "low", "high", "design_effect", "effective_lines", "caught_amount", "paid_amount",
)  # fmt: skip
_LINE: Final = ["claim_id", "claim_line_number"]


def marks(findings: pd.DataFrame) -> dict[str, tuple[str, pd.DataFrame]]:
    """By rule the name of its yes-or-no fact, and the lines that it flags (number missing: the claim as a whole)."""
    found = outcomes.rows(findings, "findings")[[*_LINE, "rule"]].drop_duplicates()
    made = {}
    for rule, lines in found.groupby("rule", sort=True):
        flagged = lines[_LINE].reset_index(drop=True)
        digest = hashlib.blake2b(str(rule).encode(), digest_size=6)
        digest.update(pd.util.hash_pandas_object(flagged, index=False).sort_values().to_numpy().tobytes())
        made[str(rule)] = (f"flagged_{digest.hexdigest()}", flagged)
    return made


def of_scorecard(card: pd.DataFrame, _: Parts) -> dict[str, tuple[pd.DataFrame, Cells]]:
    """A table per rule: its flagged lines by group, and those of them that were denied."""
    groups = names(records_of(card)["arguments"]["by"])
    tables = {}
    for rule, (mark, lines) in marks(records_of(card)[RECORD]).items():
        part = card[card["rule"] == rule]
        if len(part):
            shape = Cells(
                by=groups, where=("adjudicated", mark), numerators={"denied": DENIED}, marks={mark: lines}
            )
            tables[rule] = (part[[*groups, *FLAGGED, *DENIED]].reset_index(drop=True), shape)
    return tables


def scorecard_as_shown(card: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The scorecard with the columns of its tables, as far as these leave; the others are missing."""
    groups = list(names(records_of(card)["arguments"]["by"]))
    parts = [table.assign(rule=rule) for rule, table in tables.items()]
    keys = card[["rule", *groups, "family", "severity"]]
    shown = (
        pd.concat([part.set_axis(range(len(part))) for part in parts], ignore_index=True) if parts else keys
    )
    result = keys.merge(shown, on=["rule", *groups], how="left").reindex(columns=list(card.columns))
    # The place of a row that lost a count would say between which others it lies.
    lost = result["flagged_lines"].isna() | result["denied_lines"].isna()
    last = result[lost].sort_values(["rule", *groups])
    result = pd.concat([result[~lost], last], ignore_index=True) if lost.any() else result
    return _hiding(carry(card, result), (*FLAGGED, *DENIED))


def of_counts(counts: pd.DataFrame, _: Parts) -> dict[str, tuple[pd.DataFrame, Cells]]:
    """A table of one row per rule that flags a line by itself: its findings and the lines that it flags."""
    tables = {}
    for rule, (mark, lines) in marks(records_of(counts)[RECORD]).items():
        part = counts.loc[counts["rule"] == rule, ["findings", "lines"]]
        if len(part) and lines["claim_line_number"].notna().any():
            tables[rule] = (part.reset_index(drop=True), Cells(where=mark, marks={mark: lines}))
    return tables


def counts_as_shown(counts: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The counts with those of rules that may leave; a rule without findings has none, whoever asks."""
    columns = ("findings", "lines")
    kept: dict[str, list[Any]] = {name: [] for name in columns}
    for rule, findings in zip(counts["rule"].astype(str), counts["findings"], strict=True):
        for name in columns:
            shown = tables[rule][name].iloc[0] if rule in tables else pd.NA
            kept[name].append(0 if findings == 0 else shown)
    result = counts.assign(**{name: pd.array(kept[name], dtype="Int64") for name in columns})
    order = ["findings", "rule"]
    result = result.sort_values(order, ascending=[False, True], na_position="last", ignore_index=True)
    return _hiding(carry(counts, result), columns)


def _hiding(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The frame with a word on which rows of these columns are missing because they may not leave."""
    hidden = {
        name: " ".join(str(label) for label in frame.index[frame[name].isna()])
        for name in columns
        if name in frame
    }
    frame.attrs["disclosure"] = {"hidden": {name: labels for name, labels in hidden.items() if labels}}
    return frame
