"""Sums by group over rows that come in claims and persons, in SQL: what design effects are estimated from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from cpticd import sql
from cpticd.core.errors import QueryError
from cpticd.core.session import Session
from cpticd.stats.ratios import ClusterSums, Products

#: Into so many parts rows are taken where they do not fit in memory at once.
_PARTS: Final = 8
#: Kinds of clusters of which the larger design effect counts, and the columns that number them.
_KINDS: Final = {"claim": "claims", "person": "persons"}


def sums(s: Session, rows: str, columns: str, *more: str) -> pd.DataFrame:
    """One row per group of a relation of rows (claim_id, hit, whole, part and the groups): sums over its clusters.

    columns: the groups, as ``Grouping.columns`` has them, each followed by a comma; more: further columns to add up.
    """
    group = f"GROUP BY {columns.strip().rstrip(',')}" if columns else ""
    adding: dict[str, Any] = {
        "sums": "".join(f", sum({name}) AS {name}" for name in more),
        "more": "".join(f", {name}" for name in more),
        "none": "".join(f", 0 AS {name}" for name in more),
        "added": "".join(f", sum({name}) AS {name}" for name in more),
    }

    def added(rows: str) -> pd.DataFrame:
        return s.frame(sql.text("clustered"), rows=rows, columns=columns, group=group, **adding)

    try:
        found = added(rows)
    except QueryError as error:
        if "Out of Memory" not in str(error):
            raise
        found = _in_parts(added, rows, columns.count(","))
    numbers = found.columns[columns.count(",") :]
    return found.assign(**{name: found[name].fillna(0).astype(float) for name in numbers})


def _in_parts(added: Callable[[str], pd.DataFrame], rows: str, keys: int) -> pd.DataFrame:
    """The same sums where memory does not hold a row for each claim: some persons' rows after others'."""
    whose = f"{rows} r LEFT JOIN (SELECT claim_id AS c, person_id AS p FROM claims) w ON w.c = r.claim_id"
    parts = [
        added(f"(SELECT r.* FROM {whose} WHERE hash(coalesce(w.p, r.claim_id)) % {_PARTS} = {part})")
        for part in range(_PARTS)
    ]
    found = pd.concat(parts, ignore_index=True)
    if not keys:
        return found.sum().to_frame().T
    return found.groupby(list(found.columns[:keys]), dropna=False, sort=False).sum().reset_index()


def clusters(found: pd.DataFrame, part: str, whole: str) -> dict[str, ClusterSums]:
    """Of :func:`sums` those over claims and over persons, of two of their columns: hit, n, part, whole."""
    return {
        kind: ClusterSums(
            found[number],
            found[f"{kind}_nn"],
            Products(
                found[f"{kind}_{part}_{part}"],
                found[f"{kind}_{part}_{whole}"],
                found[f"{kind}_{whole}_{whole}" if whole != "n" else f"{kind}_nn"],
            ),
        )
        for kind, number in _KINDS.items()
    }
