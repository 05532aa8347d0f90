"""What was read, in one line: how much of it found its place, and the gravest thing that did not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.schema import SEVERITIES

#: What accounting calls the claims of remittances, by what they answer.
_ANSWERS = "remittance claims "


def closing(accounting: pa.Table, rejects: pa.Table) -> str:
    """What a reader should know before the first analysis; empty where nothing was lost, left out or stands alone."""
    said = [*_answers(accounting), *_left(accounting)]
    graver = [rejects.filter(pc.equal(rejects["severity"], name)) for name in SEVERITIES if name != "note"]
    gravest = next((rows for rows in graver if rows.num_rows), None)
    if not said and gravest is None:
        return ""
    sources = len(accounting.column("source").unique())
    text = f"Read: {sources:,} {'source' if sources == 1 else 'sources'}"
    text += "".join(f"; {each}" for each in said) + "."
    return text if gravest is None else text + _first(gravest)


def _answers(accounting: pa.Table) -> list[str]:
    """How many claims of remittances answer a claim that was read."""
    matched = every = 0
    for row in accounting.select(["table_name", "read"]).to_pylist():
        if row["table_name"].startswith(_ANSWERS):
            every += row["read"]
            matched += row["read"] if " matched " in row["table_name"] else 0
    return [f"{matched:,} of {every:,} remittance claims answer a claim that was read"] if every else []


def _left(accounting: pa.Table) -> list[str]:
    rejected = sum(count or 0 for count in accounting.column("rejected").to_pylist())
    said = [f"{rejected:,} rejected"] if rejected else []
    if "left_out" in accounting.column_names:
        left = sum(count or 0 for count in accounting.column("left_out").to_pylist())
        said += [f"{left:,} segments left out (no table holds them, or they are copies)"] if left else []
    return said


def _first(rows: pa.Table) -> str:
    """The first of the gravest entries of rejects, and how many there are."""
    row: dict[str, Any] = rows.slice(0, 1).to_pylist()[0]
    where = ", ".join(filter(None, (row["source"], row["location"])))
    what = "grave entry" if row["severity"] == "grave" else row["severity"]
    which = (
        f"One {what}"
        if rows.num_rows == 1
        else f"The first of {rows.num_rows:,} {what.replace('try', 'trie')}s"
    )
    return f" {which}: {row['reason'][:160]} ({where}); see .rejects."
