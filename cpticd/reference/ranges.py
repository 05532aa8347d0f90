"""Ranges of code numbers and what they hold: chapters, blocks, CPT sections, HCPCS groups, ICD-10-PCS sections."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import Final

from cpticd import reference

_HCPCS: Final = re.compile(r"[A-Z][0-9]{4}")


@cache
def _ranges(name: str) -> tuple[list[str], list[dict[str, str]]]:
    rows = sorted(reference.table(name).to_pylist(), key=lambda row: row["first"])
    return [row["first"] for row in rows], rows


def within(name: str, stem: str, column: str) -> str | None:
    """The column of the row of a range table that the stem falls into."""
    firsts, rows = _ranges(name)
    place = bisect_right(firsts, stem)
    # C7A and C7B sort into C76-C80, D3A into D37-D48: look behind them.
    near = reversed(rows[max(place - 3, 0) : place])
    return next((row[column] for row in near if stem <= row["last"]), None)


@cache
def _cpt_ranges() -> dict[str, list[tuple[str, str, str]]]:
    """First code, last code and section, by the letter that the codes end in ("" for five digits)."""
    ranges: dict[str, list[tuple[str, str, str]]] = {}
    for row in reference.table("cpt_sections").to_pylist():
        ranges.setdefault(row["first"][4:].strip("0123456789"), []).append(
            (row["first"], row["last"], row["section"])
        )
    return ranges


def cpt_section(code: str) -> str | None:
    """The section of a CPT code."""
    ranges = _cpt_ranges().get(code[4:].strip("0123456789"), [])
    return next((section for first, last, section in ranges if first <= code <= last), None)


@cache
def hcpcs_letters() -> dict[str, str]:
    """The group's name by letter."""
    return {row["first"][0]: row["name"] for row in reference.table("hcpcs_groups").to_pylist()}


def hcpcs_group(code: str) -> str | None:
    """The group of a code in a hundred that HCPCS Level II uses."""
    return within("hcpcs_groups", code, "name") if _HCPCS.fullmatch(code) else None


@cache
def pcs_sections() -> dict[str, tuple[str, str]]:
    """The second characters in use, and the section's title, by first character."""
    return {
        r["character"]: (r["second"], r["title"]) for r in reference.table("icd10pcs_sections").to_pylist()
    }


@cache
def shared() -> frozenset[str]:
    """Codes that ICD-10-CM and HCPCS Level II both have."""
    return frozenset(reference.table("shared_codes")["code"].to_pylist())


@cache
def listed() -> frozenset[str]:
    """The codes of ICD-10-CM, headers and retired ones too, that have the form of HCPCS Level II."""
    every = (
        code for name in ("icd10cm", "icd10cm_periods") for code in reference.table(name)["code"].to_pylist()
    )
    return frozenset(code for code in every if _HCPCS.fullmatch(code))
