"""What the explorer of risk adjustment says of an impact: its tiles, and the tables behind its charts."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as words
from cpticd.explore.pieces import behind

_TOTALS: Final = ("kind", "to_review", "persons", "expected_change", "interval")


def tiles(impact: pd.DataFrame) -> list[dict[str, str]]:
    """Persons, both directions and the net, each with its interval."""
    totals = words.totals(impact, "explore")
    unit = words.unit(impact, None, "explore")
    open_gaps, thin = totals.get("gaps"), totals.get(words.UNSUPPORTED)
    coded, reviewed = totals["coded"], totals["reviewed"]
    found = [{"label": "Persons to review", "value": fmt.count(reviewed["persons"]),
              "note": f"of {fmt.count(coded['persons'])} scored"}]  # fmt: skip
    for record, label in ((open_gaps, "Gaps"), (thin, "Unsupported")):
        if record is None:
            continue
        expected, low, high, _ = (float(record[name]) for name in unit.fields)
        found += [
            {"label": label, "value": fmt.count(record["gaps"]),
             "note": f"{words.counted(record['persons'], 'person')}"},
            {"label": f"{label}: expected {unit.noun}", "value": unit.signed(expected),
             "note": f"95 % interval {fmt.span(unit.write, low, high)}"},
        ]  # fmt: skip
    start, end = float(coded[unit.column]), float(reviewed[unit.fields[0]])
    low, high = (float(reviewed[name]) - start for name in unit.fields[1:3])
    share = f"{fmt.signed(fmt.percent, end / start - 1)} of {unit.write(start)}; " if start else ""
    note = f"{share}95 % interval {fmt.span(unit.signed, low, high)}"
    return [*found, {"label": "Net, after review of both", "value": unit.signed(end - start), "note": note}]


def steps(impact: pd.DataFrame) -> dict[str, Any]:
    """The table behind the waterfall."""
    totals, unit = words.totals(impact, "explore"), words.unit(impact, None, "explore")
    rows = [
        {"kind": words.words(kind), "to_review": totals[kind]["gaps"], "persons": totals[kind]["persons"],
         "expected_change": unit.signed(totals[kind][unit.fields[0]]),
         "interval": fmt.span(unit.write, totals[kind][unit.fields[1]], totals[kind][unit.fields[2]])}
        for kind in words.steps(totals)
    ]  # fmt: skip
    return behind(pd.DataFrame(rows, columns=list(_TOTALS), dtype=object), _TOTALS)


def conditions(rows: pd.DataFrame) -> dict[str, Any]:
    """The table behind the matrix: one row per condition and kind."""
    unit = words.unit(rows, None, "explore")
    told = rows.groupby(["hcc", "label", "kind"], sort=False).agg(
        **{"persons": ("person_id", "nunique"), unit.column: (unit.column, "sum")}
    ).reset_index()  # fmt: skip
    told = told.assign(kind=told["kind"].map(words.words), size=told[unit.column].abs().round(9))
    told = told.sort_values(["size", "hcc", "kind"], ascending=[False, True, True])
    return behind(told, ["hcc", "label", "kind", "persons", unit.column])
