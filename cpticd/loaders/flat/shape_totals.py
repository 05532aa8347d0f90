"""Rows of a flat file that are no service: totals, headings that stand again, and what a report prints around rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cpticd import sql
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.staging import Staged

if TYPE_CHECKING:
    from cpticd.loaders.flat.rows import Flat

#: What such a row is called when it is rejected; the words that flat/totals.sql gives, and why.
REASONS: Final = {
    "total": "a total of other rows, no claim: its dollars are theirs",
    "heading": "the heading stands here again: no claim",
    "printed": "printed around the rows of a report: no claim",
}
#: The whole cell, or its beginning or end, says that the row adds up others.
_TOTAL: Final = (
    r"^\W*((grand|sub|report|page|claim|patient|payer|provider|overall|final|running|batch|file|column|all|net|sum)[\s-]*)*"
    r"(sub)?totals?\b"
    r"|\b(sub|grand)?[\s-]*(sub)?totals?\W*$"
    r"|^\W*(sum|sums|average|averages|avg|mean|median|count|counts|balance forward|claim count|line count)"
    r"(\W*$|\s*(:|=|of\b|for\b))"
)
#: The same where the row has a claim number beside the word: the word alone.
_TOTAL_ALONE: Final = r"^\W*((grand|sub|claim|page|report|patient|encounter)[\s-]*)?(sub)?totals?\W*$"
#: What reports print above, below and between their rows.
_PRINTED: Final = (
    r"^\W*(report\b|generated|printed|exported|downloaded|extracted|prepared (by|for|on)|created (by|on|at)"
    r"|run (date|on|by|time|at)\b"
    r"|page:?\s*\d|end of\b|end report|data as of|as of\b|date range|filters?\b|criteria|parameters|confidential"
    r"|disclaimer|copyright|notes?:|source:|user:|this report|continued|number of (records|claims|rows|lines)|row count"
    r"|(records?|rows?|claims?|lines?) (found|selected|read|exported|returned|count)\b"
    r"|\d[\d,]*\s*(records?|rows?|claims?|lines?)\b\s*(found|selected|read|exported|returned|affected|total|listed)?\W*$)"
    r"|^[-=*_~\s]{3,}$"
)


def mark(flat: Flat, staged: Sequence[tuple[Staged, list[Guess]]]) -> None:
    """Say in ``flat._bad`` which rows are no service: only rows that lack one are looked at, cell by cell."""
    if not flat.intake.holds(f"flat WHERE {_suspect(flat)}"):
        return
    parts = []
    for table, guesses in staged:
        cells = [f"s.c{i}" for i in range(len(table.columns))]
        same = [
            f"coalesce(CAST(lower({cell}) = {_literal(name)} AS INTEGER), 0)"
            for cell, name in zip(cells, table.columns, strict=True)
        ]
        claim = next((c for c, g in zip(cells, guesses, strict=True) if g.meaning == "claim_id"), "NULL")
        parts.append(
            f"SELECT f.rowid AS rid, [{', '.join(cells)}] AS cells, {' + '.join(same)} AS same, {claim} AS claim "
            f"FROM flat f JOIN {table.table} s ON s.place = f._place "
            f"WHERE f._source = {flat.intake.source_id(table.source)} AND ({_suspect(flat, 'f.')})"
        )
    flat.intake.execute(
        sql.text("flat/totals").format(
            cells=" UNION ALL ".join(parts), total=_TOTAL, alone=_TOTAL_ALONE, printed=_PRINTED,
            lacks=_lacks(flat, "f."), bare=_bare(flat, "f."),
        )
    )  # fmt: skip
    flat.intake.execute(
        "UPDATE flat SET _bad = CASE t.kind "
        + " ".join(f"WHEN '{kind}' THEN '{words}'" for kind, words in REASONS.items())
        + " END, _void = true FROM flat_totals t WHERE flat.rowid = t.rid"
    )
    flat.intake.execute("DROP TABLE flat_totals")


def _service(flat: Flat) -> list[str]:
    """Columns that name the service, of those that the files have."""
    return [column for column in ("hcpcs_code", "revenue_center_code") if flat.has(column)]


def _days(flat: Flat) -> list[str]:
    return [column for column in ("claim_line_start_date", "claim_start_date") if flat.has(column)]


def _lacks(flat: Flat, f: str = "") -> str:
    """SQL: the row names no service (or no day, where the files name none)."""
    columns = _service(flat) or _days(flat)
    return " AND ".join(f"{f}{column} IS NULL" for column in columns) or "true"


def _bare(flat: Flat, f: str = "") -> str:
    """SQL: the row lacks a service or a day."""
    columns = [*_days(flat), *_service(flat)[:1]]
    return "(" + (" OR ".join(f"{f}{column} IS NULL" for column in columns) or "true") + ")"


def _suspect(flat: Flat, f: str = "") -> str:
    """SQL: the row may be none of a service; cheap, for it is asked of every row."""
    total = f" OR {f}revenue_center_code = '0001'" if flat.has("revenue_center_code") else ""
    word = f"coalesce(NOT regexp_matches({f}claim_id, '[0-9]') OR contains({f}claim_id, ' '), true)"
    return f"{f}_bad IS NOT NULL OR {word} OR ({_lacks(flat, f)}){total}"


def _literal(name: str) -> str:
    return "'" + name.strip().lower().replace("'", "''") + "'"
