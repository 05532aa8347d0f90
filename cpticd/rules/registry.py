"""Every coding rule: which there are, and which of them are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

import pandas as pd

from cpticd.core import selection
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Public, measure
from cpticd.rules import (
    addons,
    beside,
    coverage,
    demography,
    duplicates,
    encounter,
    exclusion,
    fee_statuses,
    frequency,
    laterality,
    modifiers,
    ncci,
    ordering,
    places,
    pointing,
    procedures,
    providers,
    therapy,
    units,
    validity,
)
from cpticd.rules.rule import SEVERITIES, Rule, scopes
from cpticd.rules.severity import possible

#: Rules by the module that finds them, in the order in which they run.
MODULES: Final = {
    "pointing": pointing.RULES, "validity": validity.RULES, "ordering": ordering.RULES, "exclusion": exclusion.RULES,
    "demography": demography.RULES, "procedures": procedures.RULES, "ncci": ncci.RULES, "units": units.RULES,
    "addons": addons.RULES, "frequency": frequency.RULES, "laterality": laterality.RULES, "encounter": encounter.RULES,
    "coverage": coverage.RULES, "duplicates": duplicates.RULES, "modifiers": modifiers.RULES,
    "fee_statuses": fee_statuses.RULES, "places": places.RULES, "therapy": therapy.RULES, "beside": beside.RULES,
    "providers": providers.RULES,
}  # fmt: skip


@cache
def registry() -> dict[str, Rule]:
    """Every rule by its name, in the order in which they run."""
    return {rule.name: rule for rules in MODULES.values() for rule in rules}


@cache
def module_of() -> dict[str, str]:
    """The module of each rule."""
    return {rule.name: module for module, rules in MODULES.items() for rule in rules}


def chosen(rules: str | Iterable[str] | None, severities: Iterable[str]) -> list[Rule]:
    """The rules to run: those named, alone or by family, or all of the severities."""
    wanted = selection.names(severities)
    if strange := [severity for severity in wanted if severity not in SEVERITIES]:
        raise ArgumentError(f"severities: found {strange}; there are {', '.join(SEVERITIES)}")
    known = scopes()
    if rules is None:
        return [rule for rule in registry().values() if possible(rule, known[rule.name]) & {*wanted}]
    names = selection.names(rules)
    families = {scope.family for scope in known.values()}
    if strange := [name for name in names if name not in registry() and name not in families]:
        raise ArgumentError(
            f"rules: found {strange}; there are the families {', '.join(sorted(families))} and the rules "
            f"{', '.join(sorted(registry()))}"
        )
    return [rule for rule in registry().values() if rule.name in names or known[rule.name].family in names]


@measure(
    heading="Coding rules", leaves=Public("rules and their sources: no claims are read"), of_claims=False
)
def catalogue() -> pd.DataFrame:
    """One row per rule: its family, severity and scope, what it is about, its source, and the tables that it needs.

    rule, family, severity, elsewhere (severities for kinds of payers that need not follow the source), correction
    (what mends the line), settings and payer_kinds ('' for all), effective_from and effective_to (dates of service,
    inclusive, '' where open), title, source, tables (kinds of ``reference.add``; '' where they are built in).

    >>> import cpticd as cx
    >>> rules = cx.rules.catalogue().set_index("rule")
    >>> rules.loc["component_of_other_service", ["severity", "tables"]].tolist()
    ['error', 'ncci_ptp']
    """
    known = scopes()
    rows = [
        {
            "rule": name,
            "family": known[name].family,
            "severity": known[name].severity,
            "elsewhere": "; ".join(f"{kind}: {severity}" for kind, severity in known[name].elsewhere),
            "correction": known[name].correction,
            "settings": " ".join(known[name].settings),
            "payer_kinds": "; ".join(known[name].payer_kinds),
            "effective_from": known[name].effective_from,
            "effective_to": known[name].effective_to,
            "title": known[name].title,
            "source": known[name].source,
            "tables": (" or " if rule.any_table else ", ").join(rule.tables),
        }
        for name, rule in registry().items()
    ]
    return pd.DataFrame(rows)
