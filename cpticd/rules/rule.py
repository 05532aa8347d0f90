"""What a rule is: who defines it, whom it concerns and since when (data), and the SQL that finds it (code).

``data/reference/edit_rules.csv`` has one row per rule: its family, severity, settings, payer kinds, dates of service
and source. A family of rules is one module of this package, and its ``RULES`` name the functions that find them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import pandas as pd

from cpticd import reference
from cpticd.rules.run import Run

#: What a finding asks of its reader: a payer that follows the source denies; may deny; nothing.
SEVERITIES: Final = ("error", "warning", "information")


def mildness(severities: pd.Series) -> pd.Series:
    """0 for an error (or what is no severity), 1 for a warning, 2 for information: the gravest is the least."""
    places = {severity: place for place, severity in enumerate(SEVERITIES)}
    return severities.map(places).fillna(0).astype(int)


@dataclass(frozen=True)
class Rule:
    """One rule's finder.

    ``find(run)`` returns the SQL of its findings: claim_id, claim_line_number (NULL: the claim as a whole), codes,
    message, evidence, release (of the table that judged), effective_date. It need not look at setting, payer kind
    or the rule's own dates: ``check`` does. ``tables`` are the kinds of ``reference.add`` without which the rule cannot
    judge (one of them is enough where ``any_table``); it may ask ``run.has(kind)`` for others, and ``note(run)`` says
    what it then cannot judge. A ``doubtful`` rule's SQL has a column ``is_certain`` too: where it is false, what the
    claims do not say (a specialty, say) could excuse the line, and the finding is a warning at most.
    """

    name: str
    find: Callable[[Run], str] = field(compare=False)
    tables: tuple[str, ...] = ()
    any_table: bool = False
    note: Callable[[Run], str] | None = field(default=None, compare=False)
    doubtful: bool = False
    #: SQL of the lines that its tables judged, where these are fewer than those whose day a table reaches.
    judged: Callable[[Run], str] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Scope:
    """One rule's row of ``edit_rules.csv``: what it is, and whom it concerns."""

    rule: str
    family: str
    severity: str
    settings: tuple[str, ...]
    payer_kinds: tuple[str, ...]
    effective_from: str
    effective_to: str
    title: str
    source: str
    correction: str = ""
    elsewhere: tuple[tuple[str, str], ...] = ()

    def severities(self) -> set[str]:
        """Every severity that a finding of the rule may have, by kind of payer."""
        return {self.severity, *(severity for _, severity in self.elsewhere)}


@cache
def scopes() -> dict[str, Scope]:
    """Scope of every rule by its name, in the order of the table."""
    elsewhere: dict[str, list[tuple[str, str]]] = {}
    for row in reference.table("rule_severities").to_pylist():
        for rule in row["rules"].split():
            elsewhere.setdefault(rule, []).append((row["payer_kind"], row["severity"]))
    return {
        row["rule"]: _scope(row, elsewhere.get(row["rule"], []))
        for row in reference.table("edit_rules").to_pylist()
    }


def _scope(row: dict[str, Any], elsewhere: list[tuple[str, str]]) -> Scope:
    return Scope(
        row["rule"],
        row["family"],
        row["severity"],
        tuple(row["settings"].split()),
        tuple(kind.strip() for kind in row["payer_kinds"].split(";") if kind.strip()),
        row["effective_from"],
        row["effective_to"],
        row["title"],
        row["source"],
        row["correction"],
        tuple(elsewhere),
    )
