"""Codes that say that a condition is over, as they meet the codes of a data set."""

from __future__ import annotations

import pyarrow as pa

from cpticd import reference
from cpticd.core.session import Session
from cpticd.risk.gap_found import prefixed


def load_histories(s: Session) -> None:
    """Make ``history_pairs`` of ``encounters``: history codes of the data, and its codes that each says are over."""
    table = reference.table("history_codes").to_pandas()
    found = s.frame("SELECT DISTINCT diagnosis_code AS code FROM encounters")["code"]
    history = prefixed(table, "history_code", found)[["code", "diagnosis_codes"]]
    pairs = prefixed(history.rename(columns={"code": "history"}), "diagnosis_codes", found)
    pairs = pairs[["history", "code"]].drop_duplicates()
    s.load(
        "history_pairs",
        {
            "history_code": pa.array(pairs["history"], pa.string()),
            "diagnosis_code": pa.array(pairs["code"], pa.string()),
        },
    )
