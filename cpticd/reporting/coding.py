"""Coding for the report: rules against what payers did, denials that no rule explains, unspecified codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd import disclosure, rules, specificity
from cpticd.core.contract import records_of
from cpticd.core.errors import CpticdError

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.reporting.findings import Findings

#: Every part in the order in which it is gathered: name, and what the progress bar says.
PARTS: Final[tuple[tuple[str, str], ...]] = (
    ("rules", "coding rules"),
    ("scorecard", "coding rules against payers"),
    ("residual", "denials that no rule explains"),
    ("unspecified", "unspecified codes by payer"),
    ("effect", "denials of unspecified codes"),
)
#: Persons of a cluster of unexplained denials, at least, whatever may be shown (``rules.residual``).
LEAST_PERSONS: Final = 3


@dataclass(frozen=True)
class Options:
    """What the rules are judged by: tables of one's own, the folder of added releases, what kind each payer is."""

    tables: Mapping[str, Any] | None = None
    folder: str | Path | None = None
    payer_kinds: Mapping[str, str] | None = None


def gather(claims: Claims, found: Findings, options: Options, step: Callable[[str], None]) -> None:
    """Add every part to ``found``, or the reason why it is not there; ``step`` is told each before it starts.

    A wrong option (a kind of table or payer that there is not) is an error of the caller's, and raised.
    """
    frames = found.frames
    least = max(LEAST_PERSONS, disclosure.settings().minimum)
    parts: dict[str, Callable[[], pd.DataFrame]] = {
        "scorecard": lambda: rules.scorecard(claims, frames["rules"]),
        "residual": lambda: rules.residual(claims, frames["rules"], minimum_persons=least),
        "unspecified": lambda: specificity.share(claims, by="payer"),
        "effect": lambda: specificity.effect(claims),
    }
    for name, label in PARTS:
        step(label)
        if name == "rules":
            frames[name] = rules.check(
                claims, payer_kinds=options.payer_kinds, tables=options.tables, folder=options.folder
            )
            continue
        try:
            frames[name] = parts[name]()
        except CpticdError as error:
            found.reasons[name] = str(error)


def rule_table(rules: pd.DataFrame) -> pd.DataFrame:
    """One row per rule that ran: rule, severity, findings; most findings first."""
    ran = [record for record in records_of(rules).get("rules", []) if record["status"] == "ran"]
    rows = [(str(each["rule"]), str(each["severity"]), int(each["findings"])) for each in ran]
    rows.sort(key=lambda row: (-row[2], row[0]))
    return pd.DataFrame(rows, columns=["rule", "severity", "findings"])


def without_table(rules: pd.DataFrame) -> pd.DataFrame:
    """One row per rule that could not run: rule, and what to do about it."""
    rows = [
        (str(each["rule"]), str(each["detail"]))
        for each in records_of(rules).get("rules", [])
        if each["status"] == "no table"
    ]
    return pd.DataFrame(sorted(rows), columns=["rule", "how_to_add_a_table"])
