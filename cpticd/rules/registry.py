"""What a rule is: who defines it, whom it concerns and since when (data), and the SQL that finds it (code).

``data/reference/edit_rules.csv`` has one row per rule: its family, severity, settings, payer kinds, dates of service
and source. A family of rules is one module of this package, and its ``RULES`` name the functions that find them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cpticd import reference
from cpticd.core.errors import ArgumentError

if TYPE_CHECKING:
    from cpticd.rules.run import Run

#: Modules of this package that hold rules, in the order in which they run.
MODULES: Final = (
    "pointing", "validity", "ordering", "exclusion", "demography",
    "procedures", "ncci", "units", "addons", "frequency",
    "laterality", "encounter", "coverage",
)  # fmt: skip
#: What a finding asks of its reader: a payer that follows the source denies; may deny; nothing.
SEVERITIES: Final = ("error", "warning", "information")


@dataclass(frozen=True)
class Rule:
    """One rule's finder.

    ``find(run)`` returns the SQL of its findings: claim_id, claim_line_number (NULL: the claim as a whole), codes,
    message, evidence, release (of the table that judged), effective_date. It need not look at setting, payer kind
    or the rule's own dates: ``check`` does. ``tables`` are the kinds of ``reference.add`` without which the rule cannot
    judge (one of them is enough where ``any_table``); it may ask ``run.has(kind)`` for others, and ``note(run)`` says
    what it then cannot tell.
    """

    name: str
    find: Callable[[Run], str] = field(compare=False)
    tables: tuple[str, ...] = ()
    any_table: bool = False
    note: Callable[[Run], str] | None = field(default=None, compare=False)


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


@cache
def scopes() -> dict[str, Scope]:
    """Scope of every rule by its name, in the order of the table."""
    return {row["rule"]: _scope(row) for row in reference.table("edit_rules").to_pylist()}


def _scope(row: dict[str, Any]) -> Scope:
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
    )


@cache
def registry() -> dict[str, Rule]:
    """Every rule by its name, in the order in which they run."""
    found = [rule for module in MODULES for rule in import_module(f"cpticd.rules.{module}").RULES]
    return {rule.name: rule for rule in found}


def chosen(rules: str | Iterable[str] | None, severities: Iterable[str]) -> list[Rule]:
    """The rules to run: those named, alone or by family, or all of the severities."""
    wanted = (severities,) if isinstance(severities, str) else tuple(severities)
    if strange := [severity for severity in wanted if severity not in SEVERITIES]:
        raise ArgumentError(f"severities: found {strange}; there are {', '.join(SEVERITIES)}")
    known = scopes()
    if rules is None:
        return [rule for rule in registry().values() if known[rule.name].severity in wanted]
    names = [rules] if isinstance(rules, str) else list(rules)
    families = {scope.family for scope in known.values()}
    if strange := [name for name in names if name not in registry() and name not in families]:
        raise ArgumentError(
            f"rules: found {strange}; there are the families {', '.join(sorted(families))} and the rules "
            f"{', '.join(sorted(registry()))}"
        )
    return [rule for rule in registry().values() if rule.name in names or known[rule.name].family in names]
