"""Tiles and headings of the explorer of denials: figures of an analysis in words."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt

#: Columns of lines as an explanation of benefits.
EXPLAINED: Final = (
    *("claim_id", "claim_line_number", "person_id", "service_date"),
    *("done", "why", "said", "owed"),
)
_HEADINGS: Final = {
    "claim_id": "Claim",
    "done": "What was done",
    "why": "Why",
    "said": "What the payer said",
    "owed": "Who owes what",
}


def headings(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns of the explained lines under headings in words."""
    return [column | {"label": _HEADINGS.get(column["name"], column["label"])} for column in columns]


def tiles(rates: pd.DataFrame, change: pd.DataFrame, *, final: bool, dollars: bool) -> list[dict[str, str]]:
    """Lines, denied ones, rate, dollars and the change, of the frames of a view."""
    row = rates.iloc[0]
    last = " at last" if final else ""
    return [
        {"label": "Adjudicated lines", "value": fmt.count(row["n"]), "note": ""},
        {
            "label": f"Denied lines{last}",
            "value": fmt.count(row["denied"]),
            "note": f"denied in part: {fmt.count(row['partly_denied'])}",
        },
        {
            "label": f"Denial rate{last}",
            "value": fmt.percent(row["rate"]),
            "note": f"95 % interval {fmt.interval(row['low'], row['high'])}",
        },
        {
            "label": f"Denied dollars{last}",
            "value": fmt.dollars(row["denied_amount"]),
            "note": f"{fmt.percent(row['dollar_rate'])} of {fmt.dollars(row['charge_amount'])} charged",
        },
        _change(change, dollars=dollars),
    ]


def _change(change: pd.DataFrame, *, dollars: bool) -> dict[str, str]:
    """The change on the period before, in the unit of the measure."""
    if change.empty or pd.isna(change["difference"].iloc[0]):
        return {"label": "Change on the period before", "value": fmt.MISSING, "note": "no lines to compare"}
    row = change.iloc[0]
    note = f"{row['first']} to {row['last']} against {row['previous_first']} to {row['previous_last']}"
    if dollars:
        value = fmt.signed(fmt.dollars, row["denied_amount"] - row["previous_denied_amount"])
        return {"label": "Change of denied dollars", "value": value, "note": note}
    span = f"95 % interval {fmt.points(row['difference_low'])} to {fmt.points(row['difference_high'])}"
    return {
        "label": "Change of the rate",
        "value": fmt.points(row["difference"]),
        "note": f"{span}; {note}",
    }
