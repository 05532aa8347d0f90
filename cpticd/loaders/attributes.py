"""Columns that users bring along: which are kept as attributes of lines and claims, and under which names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from cpticd.core.errors import SchemaError
from cpticd.core.schema import TABLES
from cpticd.core.selection import DIMENSIONS, OTHERS, SHORT
from cpticd.loaders.loader import Keep

_COLUMNS: Final = {name: table.name for table in reversed(TABLES.values()) for name in table.names}


class Kept(NamedTuple):
    """Attributes of one table by the column that each comes from, and why other columns are not kept."""

    names: Mapping[str, str]
    refused: Mapping[str, str]


def attribute_name(column: str) -> str:
    """``"Plan Type (2024)"`` → ``"plan_type_2024"``: lower case, letters, digits and _."""
    name = re.sub(r"[^a-z0-9]+", "_", column.strip().lower()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def refusal(column: str) -> str:
    """Why a column cannot be kept under its name, and what to do; empty where it can."""
    name = attribute_name(column)
    if not name:
        return f"column {column!r} has no letter or digit to be named by; rename it in the file"
    if name in _COLUMNS:
        return (
            f"column {column!r} would be called {name!r}, which is a column of {_COLUMNS[name]}; rename it in the "
            f"file, or have it read as that: rename={{{column!r}: {name!r}}}"
        )
    if name in DIMENSIONS or name in SHORT or name in OTHERS:
        return (
            f"column {column!r} would be called {name!r}, by which every data set can be divided or chosen already "
            "(claims.dimensions()); rename it in the file"
        )
    return ""


def kept(columns: Sequence[str], keep: Keep, *, unread: Collection[str]) -> Kept:
    """Which of a table's columns become attributes.

    ``keep`` names them, in any case; with "all" they are the columns ``unread``, as far as they can be named.
    Raises SchemaError where a column that ``keep`` names cannot be named, or two would have one name.
    """
    if keep is None:
        return Kept({}, {})
    if isinstance(keep, str) and keep != "all":
        raise SchemaError(f"keep: expected a list of columns or 'all', found {keep!r}: keep=[{keep!r}]")
    listed = None if keep == "all" else {name.strip().casefold() for name in keep}
    wanted = [c for c in columns if (c in unread if listed is None else c.strip().casefold() in listed)]
    names: dict[str, str] = {}
    refused: dict[str, str] = {}
    for column in wanted:
        why = refusal(column)
        if twin := next((each for each, name in names.items() if name == attribute_name(column)), None):
            why = f"columns {twin!r} and {column!r} would both be called {names[twin]!r}; rename one in the file"
        if why and listed is not None:
            raise SchemaError(f"keep: {why}")
        if why:
            refused[column] = why
        else:
            names[column] = attribute_name(column)
    return Kept(names, refused)


def check_keep(keep: Keep, columns: Iterable[str]) -> None:
    """Raise SchemaError where ``keep`` names a column that no table has."""
    if keep is None or isinstance(keep, str):
        return
    found = list(columns)
    folded = {column.strip().casefold() for column in found}
    if absent := [name for name in keep if name.strip().casefold() not in folded]:
        raise SchemaError(f"keep: no column {absent}; found {found[:60]}")
