"""What the explorer of coding rules says of a scorecard, its findings and its worklist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cpticd.charts import format as fmt


def nothing(values: Mapping[str, Any]) -> str:
    """Why the worklist is empty."""
    if values["lines"] == "open":
        return "No flagged line waits for a decision under these filters; the list of all flagged lines has the others."
    return "No flagged line under these filters."


def tiles(card: pd.DataFrame, found: pd.DataFrame, work: pd.DataFrame) -> list[dict[str, str]]:
    """Findings, what became of flagged lines, dollars, and what the worklist is worth."""
    flagged, denied = int(card["flagged_lines"].sum()), int(card["denied_lines"].sum())
    related = int(card["related_lines"].sum())
    one = len(card) == 1
    span = fmt.interval(card["low"].iloc[0], card["high"].iloc[0]) if one else ""
    rate = fmt.percent(denied / flagged if flagged else None)
    saved = float(work["expected_saved_amount"].sum())
    return [
        {"label": "Findings", "value": fmt.count(len(found)), "note": f"of {found['rule'].nunique()} rules"},
        {"label": "Flagged lines decided", "value": fmt.count(flagged), "note": "once for each rule"},
        {"label": "of them denied at first", "value": rate,
         "note": f"{fmt.count(denied)} lines" + (f"; 95 % interval {span}" if one else "")},
        {"label": "denied for a cause of the rule", "value": fmt.percent(related / flagged if flagged else None),
         "note": f"{fmt.count(related)} lines"},
        {"label": "Denied dollars on them", "value": fmt.dollars(float(card["caught_amount"].sum())), "note": ""},
        {"label": "Paid in spite of it", "value": fmt.dollars(float(card["paid_amount"].sum())), "note": ""},
        {"label": "Expected saving, worklist", "value": fmt.dollars(saved), "note": f"{fmt.count(len(work))} lines"},
    ]  # fmt: skip
