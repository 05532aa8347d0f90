"""Words that rules share: how a code is written in a message, and which tables judged."""

from __future__ import annotations

from cpticd import reference


def dotted(column: str) -> str:
    """SQL: a diagnosis code of a column as it is written for a reader, ``M17.11``."""
    return f"CASE WHEN length({column}) > 3 THEN substr({column}, 1, 3) || '.' || substr({column}, 4) ELSE {column} END"


def judged(*tables: str) -> str:
    """SQL literal: the built-in tables that judged, with their releases."""
    return literal(", ".join(f"{name} {reference.edition(name)}" for name in tables))


def literal(text: str) -> str:
    """SQL literal of a text of our own."""
    return "'" + text.replace("'", "''") + "'"


def in_force(table: str, day: str) -> str:
    """SQL: a dated row of a table holds on a day; open ends hold."""
    return (
        f"coalesce({table}.effective_from <= {day}, true) AND coalesce({table}.effective_to >= {day}, true)"
    )


def within(code: str, table: str) -> str:
    """SQL: a code lies in the range ``code_from`` to ``code_to`` of a table; the last one is meant with all below it.

    Ranges of numbers hold no codes with letters.
    """
    last = f"substr({code}, 1, length({table}.code_to)) <= {table}.code_to"
    alike = f"(TRY_CAST({code} AS INTEGER) IS NULL) = (TRY_CAST({table}.code_from AS INTEGER) IS NULL)"
    return f"{code} >= {table}.code_from AND {last} AND {alike}"
