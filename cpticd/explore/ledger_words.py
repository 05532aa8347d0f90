"""What the explorer of both ledgers says of families and codes."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cpticd.charts import format as fmt

_FAMILY: Final = "diagnosis_family"


def few(specific: pd.DataFrame, most: int = 3) -> str:
    """The first specific siblings in words, and how many there are."""
    named = [f"{row.code} {row.title}" for row in specific.head(most).itertuples()]
    return "; ".join(named) + (f"; {len(specific) - most} more" if len(specific) > most else "")


def tiles(data: pd.DataFrame, family: str) -> list[dict[str, str]]:
    """Both ledgers of all families, or of the chosen one with its interval."""
    rows = data[data[_FAMILY] == family] if family else data
    one = rows.iloc[0] if len(rows) == 1 else None
    excess = fmt.dollars(float(rows["excess_allowed_amount"].sum()))
    span = (
        ""
        if one is None
        else f"95 % interval {fmt.span(fmt.dollars, one['excess_low_amount'], one['excess_high_amount'])}"
    )
    money = rows["expected_dollars"].notna().any()
    worth = (
        fmt.dollars(float(rows["expected_dollars"].sum()))
        if money
        else fmt.score(float(rows["expected_score"].sum()))
    )
    return [
        {"label": "Lines with an unspecified code", "value": fmt.count(rows["unspecified_lines"].sum()),
         "note": f"that has a specific sibling; {fmt.count(rows['denied_lines'].sum())} denied"},
        {"label": "Denied of them", "value": fmt.dollars(float(rows["denied_allowed_amount"].sum())),
         "note": "at the prices that payers allow"},
        {"label": "Denied beyond specific codes", "value": excess, "note": span},
        {"label": "Open gaps", "value": fmt.count(rows["gaps"].sum()),
         "note": f"{fmt.count(rows['expected_gaps'].sum())} expected to hold"},
        {"label": "Risk adjustment, expected", "value": worth, "note": "a year" if money else "raw score"},
        {"label": "Families that cost twice", "value": fmt.count(rows["pays_twice"].sum()),
         "note": "denied beyond chance, and open gaps"},
    ]  # fmt: skip
