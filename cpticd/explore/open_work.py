"""Open denials as a worklist of an explorer: the list, what is chosen of it, its rows and the note on one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.contract import carry
from cpticd.denials.open_denials import NEAR, band, day_or_last
from cpticd.denials.open_denials import open as open_denials
from cpticd.explore.identifiers import Identifiers
from cpticd.explore.notes import Notes
from cpticd.explore.pages import page, table

#: Columns of the list, and the headings that are not those of other tables.
COLUMNS: Final = {
    "claim": "Claim", "line": "Line", "payer": "", "hcpcs_code": "", "category": "Root cause", "age": "Age, days",
    "days_left": "Days left", "route": "Who can mend it", "action": "What to do", "charge_amount": "Charged",
    "overturn_probability": "Chance", "expected_recovery": "Expected back", "assigned_to": "Assigned to",
    "note": "Note",
}  # fmt: skip
#: In how many days a deadline ends: values and words of a filter.
DEADLINES: Final = (
    ("", "any"),
    ("near", f"ends within {NEAR} days"),
    ("later", "ends later"),
    ("unknown", "not known"),
)
_KEY: Final = ["claim_id", "claim_line_number"]


@dataclass
class OpenWork:
    """Open denials of claims as of a day, the largest expected recovery first, with the notes on them."""

    rows: pd.DataFrame
    day: str
    notes: Notes

    def noted(self) -> pd.DataFrame:
        """The rows with the notes on them as they are now."""
        found = [self.notes.of(*key) for key in zip(*(self.rows[name] for name in _KEY), strict=True)]
        return carry(
            self.rows,
            self.rows.assign(assigned_to=[each.who for each in found], note=[each.text for each in found]),
        )

    def row_of(self, claim_id: str, line: int) -> pd.DataFrame:
        """The row of a line, or none."""
        every = self.noted()
        return every[(every["claim_id"] == claim_id) & (every["claim_line_number"] == line)]


def worked_out(claims: Claims, *, as_of: Any = None, notes: Notes, **options: Any) -> OpenWork:
    """The list of all claims, as of a day or of the last decision in the data."""
    day = day_or_last(claims, as_of)
    rows = open_denials(claims, as_of=day, **options)
    return OpenWork(carry(rows, rows.assign(age_band=band(rows["age"]))), f"{day}", notes)


def due(rows: pd.DataFrame, which: str | None) -> pd.Series:
    """Rows whose deadline ends as a filter has it."""
    left = rows["days_left"].astype("Float64")
    if which == "near":
        return (left <= NEAR).fillna(False).astype(bool)
    if which == "later":
        return (left > NEAR).fillna(False).astype(bool)
    return left.isna().astype(bool) if which == "unknown" else pd.Series(True, index=rows.index)


def listed(
    rows: pd.DataFrame,
    extra: Mapping[str, Any],
    names: Identifiers,
    *,
    selected: str = "",
    title: str,
    note: str,
) -> dict[str, Any]:
    """A part that shows a page of the list; ``selected``: claim and line as they are shown."""
    shown = page(rows, extra, name="work")
    here = as_shown(shown.rows, names)
    keys = keys_of(here)
    part = table(
        "work", type(shown)(here, shown.number, shown.pages, shown.sort), list(COLUMNS), title=title, selectable=True,
        selected=keys.index(selected) if selected in keys else None, note=note,
    )  # fmt: skip
    return relabelled(part)


def relabelled(part: dict[str, Any]) -> dict[str, Any]:
    """A part with the headings of the list."""
    columns = [each | {"label": COLUMNS.get(each["name"]) or each["label"]} for each in part["columns"]]
    return part | {"columns": columns}


def as_shown(rows: pd.DataFrame, names: Identifiers) -> pd.DataFrame:
    """Rows with claims as they are shown."""
    return rows.assign(
        claim=names.column(rows["claim_id"], "claim"), line=rows["claim_line_number"].astype(int)
    )


def keys_of(shown: pd.DataFrame) -> list[str]:
    """Claim and line of each row, as they are shown."""
    return [f"{claim} line {line}" for claim, line in zip(shown["claim"], shown["line"], strict=True)]


def totals(rows: pd.DataFrame) -> dict[str, Any]:
    """Figures of rows of the list for tiles."""
    near = due(rows, "near")
    return {
        "services": len(rows),
        "charge_amount": float(rows["charge_amount"].sum()),
        "expected": float(rows["expected_recovery"].sum()),
        "unpriced": int(rows["expected_recovery"].isna().sum()),
        "near": int(near.sum()),
        "near_expected": float(rows.loc[near, "expected_recovery"].sum()),
        "next": rows["days_left"].min() if rows["days_left"].notna().any() else None,
        "unknown": int(rows["days_left"].isna().sum()),
        "assigned": int((rows["assigned_to"] != "").sum()),
    }


def stands(row: pd.Series) -> str:
    """Where an open denial stands, in a sentence."""
    left = "no deadline is known"
    if not pd.isna(row["days_left"]):
        left = f"{fmt.count(row['days_left'])} days left, until {fmt.date(row['deadline_date'])}"
    age = "" if pd.isna(row["age"]) else f" for {fmt.count(row['age'])} days"
    worth = "what can be expected back is not known"
    if not pd.isna(row["expected_recovery"]):
        worth = (
            f"{fmt.dollars(row['expected_recovery'])} can be expected back: {fmt.dollars(row['expected_allowed'])} "
            f"allowed × {fmt.chance(row['overturn_probability'])} chance"
        )
    return f"Open{age}; {left}; {fmt.text(row['action'])} by {fmt.text(row['route'])}; {worth}."


def note_part(work: OpenWork, key: tuple[str, int]) -> dict[str, Any]:
    """A part in which the note on a service is written."""
    note = work.notes.of(*key)
    when = f" Last written {note.written} UTC." if note.written else ""
    return {"kind": "note", "name": "note-of", "title": "Your note", "text": note.text, "who": note.who,
            "note": work.notes.words + when}  # fmt: skip


#: What the search of the list looks at.
SEARCHED: Final = "code, payer, cause, route, note or person in charge"
_TEXTS: Final = ["hcpcs_code", "payer", "category", "route", "action", "carc", "assigned_to", "note"]


def searched(rows: pd.DataFrame, text: str) -> pd.DataFrame:
    """Rows that have a text in what they say."""
    wanted = text.strip().casefold()
    if not wanted or rows.empty:
        return rows
    told = rows[_TEXTS].astype("object").fillna("").astype(str).agg(" ".join, axis=1)
    return rows[told.str.casefold().str.contains(wanted, regex=False)]
