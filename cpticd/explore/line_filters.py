"""Filters by which rows that speak of lines are chosen: day of service, billing provider, columns of a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd.claims import Claims
from cpticd.core.selection import DIMENSIONS, days
from cpticd.explore import names
from cpticd.explore.board import Control, chosen

#: What rows of lines are chosen by beside the columns that they have, and how many of a user's own join it.
BY: Final = ("billing_npi",)
OWN: Final = 4
_ALL: Final = ("", "All")
_KEY: Final = ["claim_id", "claim_line_number"]


def own_columns(claims: Claims) -> list[str]:
    """The first of the columns that the user brought along, but those that are names of providers."""
    own = [name for name in claims.known_dimensions() if name not in DIMENSIONS]
    return [name for name in own if not name.endswith("name")][:OWN]


def criteria_of(claims: Claims) -> tuple[str, ...]:
    """The names of these filters, which are those of ``Claims.where``."""
    return ("dates", *BY, *own_columns(claims))


@dataclass(frozen=True)
class Lines:
    """One row per line of the claims that some rows speak of: its key, its day, and what it can be chosen by."""

    rows: pd.DataFrame
    labels: Mapping[str, str]
    named: Mapping[str, Mapping[str, str]]

    def kept(self, frame: pd.DataFrame, selection: Mapping[str, Any]) -> pd.Series:
        """Whether each row is of a chosen line; one without a line speaks of its whole claim, of any line of it."""
        wanted = {name: value for name, value in selection.items() if name in (*self.labels, "dates")}
        if not wanted:
            return pd.Series(True, index=frame.index)
        keep = np.ones(len(self.rows), dtype=bool)
        for name in self.labels:
            if name in wanted:
                keep &= self.rows[name].isin(chosen(wanted[name])).to_numpy()
        if "dates" in wanted:
            first, last = days(wanted["dates"])
            day = self.rows["service_date"]
            keep &= (day >= pd.Timestamp(first)).to_numpy() if first else day.notna().to_numpy()
            keep &= (day <= pd.Timestamp(last)).to_numpy() if last else True
        found = self.rows.loc[keep, _KEY].astype({"claim_line_number": "float64"})
        number = frame["claim_line_number"].astype("Float64").astype("float64")
        keys = pd.MultiIndex.from_arrays([frame["claim_id"].astype("object"), number])
        there = keys.isin(
            pd.MultiIndex.from_arrays([found["claim_id"].astype("object"), found["claim_line_number"]])
        )
        whole = number.isna() & frame["claim_id"].isin(found["claim_id"])
        return pd.Series(there & number.notna().to_numpy() | whole.to_numpy(), index=frame.index)

    def controls(self) -> list[Control]:
        """A control of days, and one per dimension with the values that the lines have, the most frequent first."""
        day = self.rows["service_date"].dropna()
        ends = () if day.empty else tuple((f"{end:%Y-%m-%d}",) * 2 for end in (day.min(), day.max()))
        return [
            Control("dates", "dates", "Service", None, ends),
            *(Control("several", name, label, "", self._values(name)) for name, label in self.labels.items()),
        ]

    def _values(self, name: str) -> tuple[tuple[str, str], ...]:
        known, counts = self.named.get(name, {}), self.rows[name].value_counts().sort_index()
        counts = counts.sort_values(ascending=False, kind="stable")
        return (_ALL, *(
            (str(value), " ".join((str(value), *([known[value]] if value in known else []))))
            for value in counts.index
        ))  # fmt: skip


def lines_of(claims: Claims, *frames: pd.DataFrame) -> Lines:
    """The lines of the claims that frames name."""
    groups = claims.grouping([*BY, *own_columns(claims)])
    claim_ids = pa.array(pd.concat([each["claim_id"] for each in frames]).unique().tolist(), pa.string())
    with claims.session() as s:
        s.load("listed_claims", {"claim_id": claim_ids})
        rows = s.frame(
            f"SELECT {groups.select} o.claim_id, o.claim_line_number, o.service_date FROM line_outcomes o "
            f"{groups.joins} WHERE o.claim_id IN (SELECT claim_id FROM listed_claims)"
        )
    named = {name: names.of_npis(claims, name) for name in BY}
    return Lines(rows, labels_of(claims), named)


def labels_of(claims: Claims) -> dict[str, str]:
    """The filters by dimensions, with the labels of their controls."""
    known = claims.known_dimensions()
    found = {name: known[name].label for name in (*BY, *own_columns(claims))}
    return {name: label[:1].upper() + label[1:].replace("_", " ") for name, label in found.items()}


def waiting(claims: Claims) -> list[Control]:
    """The controls as they wait for the lines."""
    labels = labels_of(claims)
    return [
        Control("dates", "dates", "Service", None, ()),
        *(Control("several", name, label, "", (_ALL,)) for name, label in labels.items()),
    ]
