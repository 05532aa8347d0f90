"""Files that people have beside claims, and that hold none: refused by what they are (not_claims.csv)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from cpticd import reference
from cpticd.loaders.flat import headings
from cpticd.loaders.loader import Sample

#: Where an X12 file has one of these, it is read: claims, remittances, acknowledgements, enrolments.
_READ: Final = re.compile(rb"ST.(?:837|835|834|277|999|997)")
_X12: Final = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:ISA|GS|ST)[^A-Za-z0-9\s]")


def of_text(sample: Sample) -> str:
    """What a text file is that holds no claims, by its first bytes; empty where they say nothing of the kind."""
    if sample.is_folder or sample.is_parquet or sample.is_workbook:
        return ""
    head = sample.head
    if _X12.match(head) and _READ.search(head):
        return ""
    for row in _rows("text"):
        if re.search(row["needs"].encode(), head) and (
            not row["needs"].startswith("ST.") or _X12.match(head)
        ):
            return _sentence(row)
    return ""


def of_columns(columns: Iterable[str]) -> str:
    """What a table is that holds no claims, by its columns; empty where they say nothing of the kind.

    A row of not_claims.csv fits where the table has every column (or one of ``a/b``) that it needs and none that it
    lacks. ``columns`` are names without blanks and punctuation, ``meanings`` what the flat form takes them for.
    """
    columns = list(columns)
    names = {*map(_squeezed, columns)}
    names |= {name for column in columns for name in _tails(column)}
    meanings = {found[0] for name in columns if (found := headings.meaning(name))}
    for row in (*_rows("columns"), *_rows("meanings")):
        there = names if row["of"] == "columns" else meanings
        lacking = {each for group in row["lacks"].split() for each in group.split("/")}
        if not lacking & there and all({*group.split("/")} & there for group in row["needs"].split()):
            return _sentence(row)
    return ""


def of_unread(columns: Iterable[str]) -> str:
    """What a table of claims is that cannot be read by the row, by those of its columns that say nothing of charges
    and payments; empty where they say nothing of the kind."""
    names = {*map(_squeezed, columns)}
    for row in _rows("unread"):
        if all({*group.split("/")} & names for group in row["needs"].split()):
            return _sentence(row)
    return ""


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _tails(column: str) -> list[str]:
    """Names within a wide heading: ``standard_charge|Plan A|negotiated_dollar`` is a negotiated dollar charge too."""
    parts = [_squeezed(part) for part in column.split("|")]
    return [parts[0] + parts[-1]] if len(parts) > 1 else []


def _sentence(row: dict[str, Any]) -> str:
    words = f"{row['what']}: {row['instead']}"
    if row["of"] == "meanings":  # told by what its columns lack
        words += "; if its rows are service lines, name the claim: rename={'<your column>': 'claim_id'}"
    return words


@cache
def _rows(of: str) -> list[dict[str, Any]]:
    rows = reference.table("not_claims").to_pylist()
    return sorted((row for row in rows if row["of"] == of), key=lambda row: row["place"])
