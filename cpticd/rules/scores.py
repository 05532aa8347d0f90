"""Sums of a scorecard: flagged lines of each rule and group beside the lines alike that no rule flags."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd import sql
from cpticd.core.selection import DIMENSIONS, Grouping
from cpticd.core.session import Session
from cpticd.rules import outcomes

#: What makes lines alike: they are compared within the payer's own, so that neither place nor kind of service
#: nor a change of the payer's strictness passes for an effect of the rule.
LIKE: Final = {
    "family": ("like_payer", "like_place", "like_family", "like_quarter"),
    "procedure": ("like_payer", "like_place", "like_procedure", "like_quarter"),
}
#: What a contract says of groups of diagnoses.
OVERLAP: Final = (
    "overlap: lines count in the group of each diagnosis that they point to; dollars are shared out over them"
)
#: Joins that every line needs, of the setting and the family of its procedure.
_JOINED: Final = ("c", "b", "h")


def prepare(s: Session, groups: Grouping, cause: str) -> None:
    """Relations ``score_lines`` (adjudicated lines and groups) and ``score_flags`` (those that rules flag).

    ``cause``: SQL over ``line_outcomes o`` of what a denial was for, as ``score_related`` has it.
    """
    needed = Grouping((DIMENSIONS["setting"], DIMENSIONS["hcpcs_family"]))
    if groups.level == "diagnosis":
        s.create(
            "score_groups", sql.text("rules/score_groups"), select=groups.select, joins=groups.joins,
            groups="".join(f"{each.sql}, " for each in groups.dimensions),
        )  # fmt: skip
        columns = {name: f"g.{name}" for name in groups.names}
        joins = "JOIN score_groups g ON g.claim_id = o.claim_id AND g.claim_line_number = o.claim_line_number"
        share = "g.share"
    else:
        columns = {each.name: each.sql for each in groups.dimensions}
        joins, share = groups.joins_but(*_JOINED), "1"
    s.create(
        "score_lines", sql.text("rules/score_lines"), setting=DIMENSIONS["setting"].sql, cause=cause, share=share,
        dimensions="".join(f"{text} AS d_{name}, " for name, text in columns.items()),
        joins=f"{needed.joins} {joins}",
    )  # fmt: skip
    s.create("score_flags", sql.text("rules/score_flags"))


def summed(s: Session, groups: Grouping, like: tuple[str, ...], in_scope: list[Any]) -> pd.DataFrame:
    """One row per rule and group: counts, dollars, and the sums over strata of lines alike."""
    own = [f"d_{name}" for name in groups.names]
    keys = ["rule", *own]
    conditions = [outcomes.condition(scope, i) for i, scope in enumerate(in_scope)]
    params = {name: value for _, bound in conditions for name, value in bound.items()}
    cells = ", ".join([*own, *like])
    listed = "".join(f"{name}, " for name in own)
    parts = {
        "inside": _inside(conditions),
        "strata": _per_scope(conditions, f"{cells}, sum(clean) AS n, sum(clean * denied) AS d", by=cells),
        "sizes": _per_scope(conditions, f"{listed}count(*) AS lines", by=", ".join(own) or "1 = 1"),
        "causes": _per_scope(
            conditions, f"{listed}cause, count(*) AS n", by=f"{listed}cause", where=" AND cause IS NOT NULL"
        ),
        "keys": _list(keys), "grouped": ", ".join(keys), "like": cells[len(listed):],
        "totals_keys": _list(["r.rule", *(f"c.{name}" for name in own)]),
        "totals_grouped": ", ".join(["r.rule", *(f"c.{name}" for name in own)]),
        "marked_keys": _list([f"k.{name}" for name in keys]),
        "flagged_keys": _list([f"g.{name}" for name in keys]),
        "same_stratum": _same(["scope", *own, *like], "k", "t"),
        "same_clustered": _same(keys, "g", "w"),
        "same_sizes": _same(["scope", *own], "g", "z"),
        "same_totals": _same(keys, "g", "t"),
        "same_strata": _same(keys, "g", "x"),
    }  # fmt: skip
    return s.frame(sql.text("rules/scores"), params, **parts)


def _list(columns: list[str]) -> str:
    return "".join(f"{name}, " for name in columns)


def _inside(conditions: list[tuple[str, dict[str, Any]]]) -> str:
    """SQL of whether a flagged line is in its rule's scope: 1 or 0."""
    if not conditions:
        return "0"
    cases = [f"WHEN {i} THEN CASE WHEN {text} THEN 1 ELSE 0 END" for i, (text, _) in enumerate(conditions)]
    return f"CASE f.scope {' '.join(cases)} END"


def _per_scope(
    conditions: list[tuple[str, dict[str, Any]]], columns: str, *, by: str, where: str = ""
) -> str:
    """SQL of sums over the lines of each scope, by its number; of none where there is no scope."""
    parts = [
        f"SELECT {i} AS scope, {columns} FROM score_lines WHERE {text}{where} GROUP BY {by}"
        for i, (text, _) in enumerate(conditions)
    ]
    nothing = f"SELECT 0 AS scope, {columns} FROM score_lines WHERE 1 = 0 GROUP BY {by}"
    return " UNION ALL ".join(parts) or nothing


def _same(columns: list[str], left: str, right: str) -> str:
    """Equal in every column, two missing dates being equal too."""
    return " AND ".join(
        f"{left}.{name} {'IS NOT DISTINCT FROM' if name.startswith('d_') else '='} {right}.{name}"
        for name in columns
    )
