"""From when to when a rule of evidence holds, by date of service."""

from __future__ import annotations

from datetime import date
from typing import Final

import pandas as pd

from cpticd.core.errors import SchemaError

#: Columns of every table of rules, ISO dates, empty where open; both days are within.
COLUMNS: Final = ("effective_from", "effective_to")
_OPEN: Final = {"effective_from": date(1900, 1, 1), "effective_to": date(2200, 12, 31)}


def dated(name: str, rules: pd.DataFrame) -> pd.DataFrame:
    """The rules with their first and last day as dates, far away where open; SchemaError for what is no date."""
    found = rules.copy()
    for column in COLUMNS:
        texts = found[column] if column in found else pd.Series("", index=found.index)
        texts = texts.astype(object).fillna("").astype(str).str.strip()
        days = pd.to_datetime(texts.where(texts != ""), format="ISO8601", errors="coerce")
        wrong = texts[(texts != "") & days.isna()]
        if len(wrong):
            raise SchemaError(
                f"{name}: {column}: {wrong.iloc[0]!r} is no date; give days as 2025-01-31, or nothing where open"
            )
        found[column] = days.dt.date.where(days.notna(), _OPEN[column])
    return found
