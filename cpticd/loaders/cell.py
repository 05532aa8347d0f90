"""How one kind of cell is read: the SQL of its value, of what makes its row impossible, and of what was mended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

#: What a spreadsheet makes of a long number, or of a code such as 1E10: digits are gone.
SCIENTIFIC: Final = r"[+-]?\d+([.]\d+)?[eE][+]\d+"
#: Why a code in scientific notation rejects its row.
LOST: Final = "in scientific notation: the code cannot be known; export the column as text"


@dataclass(frozen=True)
class Cell:
    """How one kind of cell is read."""

    value: str  # SQL of the value in its type, null where empty, unreadable or without the column's shape
    bad: str = "false"  # SQL: the cell holds something that cannot be read, the row must be rejected
    why: str = ""  # why it cannot
    repairs: dict[str, str] = field(
        default_factory=dict
    )  # what was mended or left out → SQL, true where it was
    plain: str = ""  # regular expression of cells that are their value as they stand; empty: unknown


def lost(x: str) -> str:
    """SQL: a spreadsheet has turned the cell into a number in scientific notation."""
    return f"({x} LIKE '%+%' AND regexp_full_match({x}, '{SCIENTIFIC}'))"


def bare(x: str) -> str:
    """SQL of a cell without the ``.0`` that a spreadsheet or a frame of floats gave to a number."""
    return f"CASE WHEN {x} LIKE '%.0' THEN left({x}, length({x}) - 2) ELSE {x} END"


def normal(x: str) -> str:
    """SQL of the normal form of a code: upper case, without dots and blanks."""
    return f"upper(replace(replace({x}, '.', ''), ' ', ''))"


def left_out(what: str) -> str:
    """How a cell is reported that has no shape of what its column holds."""
    return f"not the shape of {what}: left out"
