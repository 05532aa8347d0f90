"""Lines of a pair on the page of denials, a few at a time, as an explanation of benefits would put them."""

from __future__ import annotations

from math import ceil
from typing import Any, Final

import pandas as pd

from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.denials.cube_view import View
from cpticd.denials.explanation import explain
from cpticd.explore.identifiers import Identifiers
from cpticd.explore.pages import table

#: Lines of a page.
LINES: Final = 6
#: Columns, and the headings that are not those of other tables.
COLUMNS: Final = {
    "claim_id": "Claim", "claim_line_number": "", "person_id": "", "service_date": "", "done": "What was done",
    "why": "Why", "said": "What the payer said", "owed": "Who owes what",
}  # fmt: skip


def keys(view: View, pair: tuple[str, str], number: int) -> tuple[pd.DataFrame, int]:
    """Claim, line and row of the lines of a page, and how many lines the pair has."""
    return view.page(pair, start=number * LINES, count=LINES)


def page(
    claims: Claims,
    view: View,
    pair: tuple[str, str],
    *,
    number: int,
    names: Identifiers,
    service: int | None = None,
) -> dict[str, Any]:
    """A part that shows a page of the lines of a pair of codes, denied ones first; ``service``: the one chosen."""
    found, count = keys(view, pair, number)
    rows = explain(claims, found)
    if disclosure.settings().pseudonyms:
        rows = names.frame(rows)
    note = (
        f"Lines: {count:,}, denied ones first; choose one for all that happened to it. Numbers of codes are the "
        "payer's, categories ours."
    )
    here = found["row"].tolist()
    title = f"Lines of {pair[0]} × {pair[1]}, explained"
    part = table("lines", rows, list(COLUMNS), title=title, note=note, selectable=True,
                 selected=here.index(service) if service in here else None)  # fmt: skip
    part["columns"] = [
        column | {"label": COLUMNS[column["name"]] or column["label"]} for column in part["columns"]
    ]
    return part | {"page": number, "pages": max(1, ceil(count / LINES)), "arrive": title}
