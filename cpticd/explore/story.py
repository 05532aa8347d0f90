"""One service and all that happened to it: every decision of every payer in plain words, and where it stands."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.denials.explanation import explain
from cpticd.explore import open_work
from cpticd.explore.open_work import OpenWork

#: Between two decisions of an explanation.
_NEXT: Final = re.compile(r"(?<=\.) (?=\d{4}-\d\d-\d\d|Undated)")
_STATE: Final = (
    "SELECT v.state, v.submissions, v.days_to_resubmission, v.days_to_resolution FROM services v WHERE "
    "(v.claim_id = $claim AND v.claim_line_number = $line) OR "
    "(v.last_claim_id = $claim AND v.last_claim_line_number = $line) "
    "ORDER BY (v.claim_id = $claim AND v.claim_line_number = $line) DESC LIMIT 1"
)


def parts(claims: Claims, key: tuple[str, int], *, claim: str, work: OpenWork | None) -> list[dict[str, Any]]:
    """The story of a line, its row of the worklist and the note on it; ``claim``: its number as it is shown.

    ``work`` is None until it is worked out.
    """
    keys = pd.DataFrame({"claim_id": [key[0]], "claim_line_number": [key[1]]})
    row = explain(claims, keys).iloc[0]
    facts = [["What was done", row["done"]], ["Why", row["why"]], ["Who owes what", row["owed"]],
             ["Where it stands", _stands(claims, key, work)]]  # fmt: skip
    title = f"{claim}, line {key[1]}: {fmt.text(row['hcpcs_code'])}, {fmt.date(row['service_date'])}"
    told = {
        "kind": "story", "name": "story", "title": title, "facts": facts, "heading": "What happened, step by step",
        "steps": _NEXT.split(row["said"]), "arrive": title,
        "note": "Numbers of codes are the payer's, categories ours.",
    }  # fmt: skip
    if work is None or work.row_of(*key).empty:
        return [told]
    return [told, open_work.note_part(work, key)]


def _stands(claims: Claims, key: tuple[str, int], work: OpenWork | None) -> str:
    """Open, until when and for how much; else what became of it."""
    if work is not None and len(mine := work.row_of(*key)):
        return open_work.stands(mine.iloc[0])
    found = claims.query(_STATE, claim=key[0], line=key[1])
    if found.empty:
        return "Not a service of its own: it is counted with another line."
    row = found.iloc[0]
    state = fmt.text(row["state"])
    text = f"{state[:1].upper()}{state[1:]}"
    if not pd.isna(row["days_to_resolution"]):
        text += f", {fmt.count(row['days_to_resolution'])} days after the denial"
    if row["submissions"] > 1:
        text += f"; sent {fmt.count(row['submissions'])} times"
    if work is None and row["state"] == "open":
        text += "; its row of the worklist is being worked out"
    return f"{text}."
