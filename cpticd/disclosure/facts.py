"""What claims give as facts: one row per person and combination of what the tables of a release are grouped by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.core.errors import ArgumentError
from cpticd.core.maturity import mature
from cpticd.core.outcomes import became, decided, duplicate, sent_again
from cpticd.core.selection import Dimension, joined
from cpticd.core.session import Session

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Lines × diagnoses that a fact stands for, and those of them that are a line's first.
LINES: Final = "_lines"
FIRST: Final = "_first"
#: Columns by which lines are grouped beside the dimensions, written as the analyses write them.
KEYS: Final = {
    "initial_outcome": Dimension("initial_outcome", "o.initial_outcome", "first outcome"),
    "final_outcome": Dimension("final_outcome", "o.final_outcome", "latest outcome"),
    "category": Dimension("category", "o.denial_category", "root cause"),
    "carc": Dimension("carc", "o.denial_carc", "CARC"),
    "sent_again": Dimension("sent_again", sent_again("v"), "billed again"),
    "became": Dimension("became", became("v"), "what became of it"),
}
#: Yes-or-no columns: of which lines a table speaks, or its numerators.
FLAGS: Final = {
    "adjudicated": decided("o.initial_outcome"),
    "denied": "o.initial_outcome = 'denied'",
    "partly_denied": "o.initial_outcome = 'partly denied'",
    "any_denied": "o.initial_outcome IN ('denied', 'partly denied')",
    "finally_adjudicated": decided("o.final_outcome"),
    "finally_denied": "o.final_outcome = 'denied'",
    "finally_partly_denied": "o.final_outcome = 'partly denied'",
    "mature": mature(),
    "claim_adjudicated": decided("coalesce(k.initial_outcome, '')"),
    "claim_denied": "k.initial_outcome = 'denied'",
    "claim_partly_denied": "k.initial_outcome = 'partly denied'",
    "claim_finally_adjudicated": decided("coalesce(k.final_outcome, '')"),
    "claim_finally_denied": "k.final_outcome = 'denied'",
    "claim_finally_partly_denied": "k.final_outcome = 'partly denied'",
    "duplicate": duplicate("o"),
    "claim_duplicate": duplicate("k"),
    "submitted": "o.initial_outcome NOT IN ('void', 'counted elsewhere') AND coalesce(v.state, '') <> 'returned'",
    "claim_submitted": "coalesce(k.initial_outcome, '') NOT IN ('void', 'counted elsewhere') "
    "AND coalesce(r.returned < r.n, false)",
    "claim_resolved_at_first": "k.initial_outcome = 'paid' AND coalesce(r.submissions, 1) = 1",
    "resubmitted": "v.days_to_resubmission IS NOT NULL",
    "denied_for_good": "v.state = 'denied for good'",
    "primary_pointer": "coalesce(p.is_primary, true)",
}
#: Joins of the flags, beside those of the dimensions.
_OF_FLAGS: Final = {
    "k": "LEFT JOIN claim_outcomes k ON k.claim_id = o.claim_id",
    "v": "LEFT JOIN services v ON v.claim_id = o.claim_id AND v.claim_line_number = o.claim_line_number",
    "r": "LEFT JOIN (SELECT claim_id, max(submissions) AS submissions, count(*) AS n, "
    "count(CASE WHEN state = 'returned' THEN 1 END) AS returned FROM services GROUP BY claim_id) r "
    "ON r.claim_id = o.claim_id",
}


def of_claims(
    claims: Claims,
    names: Iterable[str],
    *,
    marks: Mapping[str, pd.DataFrame] | None = None,
    counted: bool = False,
) -> pd.DataFrame:
    """One row per person and combination of ``names`` over service lines × diagnoses.

    names: dimensions (``claims.dimensions()``), :data:`KEYS` and :data:`FLAGS`. Diagnoses are those that a line points
    to, and only looked up where a name asks for them. Lines of no known person count as one person's. marks: further
    yes-or-no columns by name, each with its lines (claim_id, claim_line_number; missing: the claim as a whole).
    counted: also how many lines × diagnoses a row stands for, and how many lines by their primary diagnosis (columns
    ``LINES``, ``FIRST``). Raises ArgumentError for a name that is not there.
    """
    known = claims.known_dimensions() | KEYS
    wanted = sorted(set(names) - set(marks or {}))
    flags = {name: sql_ for name in wanted if name not in known and (sql_ := _flag(name))}
    if unknown := [name for name in wanted if name not in flags and name not in known]:
        raise ArgumentError(
            f"claims: no column {unknown} to group lines by; there are {[*known, *FLAGS]}. "
            "Pass facts= of your own: one row per person and what else the table is grouped by"
        )
    groups = [known[name] for name in wanted if name in known]
    pointed = [Dimension("", "", "", joins=("p",))] if any("p." in text for text in flags.values()) else []
    joins = joined([*groups, *pointed])
    for alias, join in _OF_FLAGS.items():
        if any(
            re.search(rf"\b{alias}\.", text) for text in [*flags.values(), *(each.sql for each in groups)]
        ):
            joins += f" {join}"
    columns = ["o.person_id", *(f"{each.sql} AS {each.name}" for each in groups)]
    columns += [f'{text} AS "{name}"' for name, text in flags.items()]
    with claims.session() as s:
        if marks:
            sums = [
                f"max(CASE WHEN m.mark = {place} THEN 1 ELSE 0 END) AS m{place}"
                for place in range(len(marks))
            ]
            relation = s.create(
                "marked",
                sql.text("disclosure/marked_lines"),
                lines=_load(s, marks.values()),
                sums=", ".join(sums),
            )
            columns += [f"coalesce(m.m{place}, 0) = 1 AS {name}" for place, name in enumerate(marks)]
            joins += (
                f" LEFT JOIN {relation} m ON m.claim_id = o.claim_id "
                "AND m.claim_line_number = o.claim_line_number"
            )
        if not counted:
            return s.frame(f"SELECT DISTINCT {', '.join(columns)} FROM line_outcomes o {joins}")
        first = "coalesce(p.is_primary, true)" if re.search(r"\bp ON\b", joins) else "true"
        numbers = [f"count(*) AS {LINES}", f"count(CASE WHEN {first} THEN 1 END) AS {FIRST}"]
        groups_ = ", ".join(str(place) for place in range(1, len(columns) + 1))
        return s.frame(
            f"SELECT {', '.join([*columns, *numbers])} FROM line_outcomes o {joins} GROUP BY {groups_}"
        )


def _flag(name: str) -> str:
    """SQL of a yes-or-no fact, or of several joined by ``&``, each with ``!`` for not; '' where one is not known."""
    parts = [each.removeprefix("!") for each in name.split("&")]
    if any(part not in FLAGS for part in parts):
        return ""
    texts = [
        f"NOT ({FLAGS[each[1:]]})" if each.startswith("!") else f"({FLAGS[each]})" for each in name.split("&")
    ]
    return " AND ".join(texts)


def _load(s: Session, marks: Iterable[pd.DataFrame]) -> str:
    """A relation of marked lines, with the number of each mark."""
    frames = [
        lines[["claim_id", "claim_line_number"]].assign(mark=place) for place, lines in enumerate(marks)
    ]
    lines = pd.concat(frames, ignore_index=True)
    columns = {
        "claim_id": pa.array(lines["claim_id"].astype(str), pa.string()),
        "line": pa.array(lines["claim_line_number"].astype("Int64"), pa.int64()),
        "mark": pa.array(lines["mark"], pa.int64()),
    }
    return s.load("marks", pa.table(columns))


def with_persons(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per row of ``frame``, which names claims (``claim_id``), with their ``person_id`` and ``payer``.

    Makes facts of findings, silent denials and other rows of claims: ``release.add(…, facts=with_persons(…))``.
    Columns that the frame has already stay. Raises ArgumentError where it has no ``claim_id``, or names a claim that
    is not there.
    """
    if "claim_id" not in frame.columns:
        raise ArgumentError(f"facts: no column 'claim_id' that names the claim; found {list(frame.columns)}")
    with claims.session() as s:
        known = s.frame("SELECT claim_id, person_id, payer FROM claims").set_index("claim_id")
    strange = frame.loc[~frame["claim_id"].isin(known.index), "claim_id"]
    if len(strange):
        raise ArgumentError(
            f"facts: {len(strange):,} rows name no claim of these, such as {strange.iloc[0]!r}"
        )
    wanted = [column for column in known.columns if column not in frame.columns]
    added = known.loc[frame["claim_id"], wanted].set_axis(frame.index)
    return pd.concat([frame, added], axis=1)
