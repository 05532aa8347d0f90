"""The scope of a selection: the data set's relations by the same names, with the rows that were chosen alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import pyarrow as pa

from cpticd.core import selection
from cpticd.core.engine import Engine
from cpticd.core.schema import TABLES
from cpticd.core.selection import Dimension, days, joined

#: Relations that belong to no claim, and stay whole: remittances' own adjustments, unless a payer is chosen.
_WHOLE: Final = ("payments", "provider_adjustments")
#: Relations of persons, not of claims.
_OF_PERSONS: Final = ("members", "drugs", "observations")


@dataclass
class _Condition:
    """One criterion as SQL over ``o``, the dimensions whose joins it needs, and what the contract says of it."""

    name: str
    sql: str
    needs: tuple[Dimension, ...] = ()
    of_claims: bool = True
    said: Any = None


@dataclass
class Choice:
    """What was chosen: the scope with its relations, and the criteria in words."""

    engine: Engine
    terms: dict[str, Any] = field(default_factory=dict)


def choose(
    parent: Engine, known: Mapping[str, Dimension], criteria: Mapping[str, Any], derived: Iterable[str]
) -> Choice:
    """A scope of ``parent`` in which every table, and every relation ``derived`` of them, has the chosen rows.

    A line is chosen where it meets all criteria; a claim where one of its lines is, or where it has no lines and
    meets those that can be asked of a claim. What belongs to a line that is not chosen is left out, and what belongs
    to a claim without a chosen line. Members are those who have a chosen claim, or were named by ``persons``.
    Raises ArgumentError for a criterion that is unknown, empty, or names what no line has.
    """
    given = selection.criteria(criteria, known)
    scope = parent.scope(lasting=True)
    try:
        conditions = [_condition(scope, known, name, value) for name, value in given.items()]
        _choose_lines(scope, conditions)
        _narrow(scope, parent, conditions, derived)
    except BaseException:
        scope.close()
        raise
    return Choice(scope, {each.name: each.said for each in conditions})


def _condition(scope: Engine, known: Mapping[str, Dimension], name: str, value: Any) -> _Condition:
    if name == "dates":
        return _dates(scope, value)
    values = selection.wanted(name, value)
    if name == "persons":
        return _persons(scope, values)
    found = known[name]
    if name == "provider":
        either = known["billing_npi"], known["rendering_npi"]
        there = _there(scope, either[0]) | _there(scope, either[1])
        chosen = _load(scope, name, values, there)
        return _Condition(
            name, f"({either[0].sql} IN {chosen} OR {either[1].sql} IN {chosen})", either, False, values
        )
    if found.level == "diagnosis":
        chosen = _load(scope, name, values, _there(scope, found), below=name == "diagnosis_code")
        pointed = (
            f"EXISTS (SELECT 1 FROM pairs p {joined([found], but=['p'])} WHERE p.claim_id = o.claim_id "
            f"AND p.claim_line_number = o.claim_line_number AND {found.sql} IN {chosen})"
        )
        return _Condition(name, pointed, (), False, values)
    chosen = _load(scope, name, values, _there(scope, found))
    sql = f"CAST({found.sql} AS VARCHAR) IN {chosen}"
    return _Condition(name, sql, (found,), found.level == "claim", values)


def _there(scope: Engine, dimension: Dimension) -> set[str]:
    """Every value of a dimension in the data."""
    relation = "claim_outcomes" if dimension.level == "claim" else "line_outcomes"
    sql = f"SELECT DISTINCT CAST({dimension.sql} AS VARCHAR) AS found FROM {relation} o {joined([dimension])}"
    return {each for each in scope.fetch(sql).column(0).to_pylist() if each is not None}


def _load(scope: Engine, name: str, values: list[str], there: set[str], *, below: bool = False) -> str:
    """SQL of the list of values; each must be there. ``below``: a code stands for those that begin with it too."""
    every = selection.meant(name, values, there, below=below)
    scope.load(f"chosen_{name}", pa.table({"value": pa.array(every, pa.string())}))
    return f"(SELECT value FROM chosen_{name})"


def _dates(scope: Engine, value: Any) -> _Condition:
    first, last = days(value)
    bounds = {"first": pa.array([first or date.min]), "last": pa.array([last or date.max])}
    scope.load("chosen_dates", pa.table(bounds))
    sql = "o.service_date >= (SELECT first FROM chosen_dates) AND o.service_date <= (SELECT last FROM chosen_dates)"
    return _Condition("dates", sql, said=[None if day is None else day.isoformat() for day in (first, last)])


def _persons(scope: Engine, values: list[str]) -> _Condition:
    """The condition that a line's person is one of those named; persons that are not there are counted."""
    scope.load("chosen_persons", pa.table({"value": pa.array(values, pa.string())}))
    sql = "o.person_id IN (SELECT value FROM chosen_persons)"
    found = (
        scope.fetch(f"SELECT count(DISTINCT o.person_id) AS n FROM claims o WHERE {sql}").column(0)[0].as_py()
    )
    if not found:
        raise selection.nobody(values)
    return _Condition("persons", sql, said={"persons_given": len(values), "persons_found": found})


def _choose_lines(scope: Engine, conditions: list[_Condition]) -> None:
    """Make ``chosen_claims``, and of them what is not chosen: ``other_lines``, ``other_diagnoses`` of these alone."""
    where = " AND ".join(each.sql for each in conditions) or "TRUE"
    joins = joined(need for each in conditions for need in each.needs)
    scope.create(
        "chosen_lines",
        f"SELECT DISTINCT o.claim_id, o.claim_line_number FROM line_outcomes o {joins} WHERE {where}",
        materialize=True,
    )
    bare = "SELECT claim_id FROM chosen_lines WHERE FALSE"
    if all(each.of_claims for each in conditions):
        bare = (
            f"SELECT o.claim_id FROM claim_outcomes o {joins} WHERE {where} "
            "AND o.claim_id NOT IN (SELECT claim_id FROM lines WHERE claim_id IS NOT NULL)"
        )
    scope.create(
        "chosen_claims", f"SELECT DISTINCT claim_id FROM chosen_lines UNION {bare}", materialize=True
    )
    scope.create(
        "other_lines",
        "SELECT l.claim_id, l.claim_line_number FROM lines l JOIN chosen_claims c ON c.claim_id = l.claim_id "
        "WHERE NOT EXISTS (SELECT 1 FROM chosen_lines k "
        "WHERE k.claim_id = l.claim_id AND k.claim_line_number = l.claim_line_number)",
        materialize=True,
    )
    pointed = "SELECT t.claim_id, t.diagnosis_position FROM pointers t JOIN {} n ON n.claim_id = t.claim_id "
    pointed += "AND n.claim_line_number = t.claim_line_number"
    scope.create(
        "other_diagnoses",
        f"{pointed.format('other_lines')} EXCEPT {pointed.format('chosen_lines')}",
        materialize=True,
    )


def _narrow(scope: Engine, parent: Engine, conditions: list[_Condition], derived: Iterable[str]) -> None:
    """Views by the names of the data set's relations, with the chosen rows."""
    persons = "SELECT c.person_id FROM chosen_claims k JOIN claims c ON c.claim_id = k.claim_id"
    if any(each.name == "persons" for each in conditions):
        persons += " UNION SELECT value FROM chosen_persons"
    scope.create("chosen_members", persons, materialize=True)
    payer = any(each.name == "payer" for each in conditions)
    divided = scope.fetch("SELECT count(*) AS n FROM other_lines").column(0)[0].as_py() > 0
    for name in [*TABLES, *derived]:
        columns = parent.fetch(f"SELECT * FROM {name} LIMIT 0").column_names
        where = _where(name, columns, payer=payer, divided=divided)
        if where:
            scope.create(name, f"SELECT t.* FROM {scope.outer(name)} t WHERE {where}")


def _where(name: str, columns: list[str], *, payer: bool, divided: bool) -> str:
    """The condition of a table's chosen rows; ``divided``: of some claims not every line is chosen."""
    if name in _OF_PERSONS:
        return "t.person_id IN (SELECT person_id FROM chosen_members WHERE person_id IS NOT NULL)"
    if name in _WHOLE:
        return "t.payer IN (SELECT value FROM chosen_payer)" if payer else ""
    where = "t.claim_id IN (SELECT claim_id FROM chosen_claims)"
    if not divided:
        return where
    if "claim_line_number" in columns:
        where += (
            " AND NOT EXISTS (SELECT 1 FROM other_lines n "
            "WHERE n.claim_id = t.claim_id AND n.claim_line_number = t.claim_line_number)"
        )
    if name == "diagnoses":
        where += (
            " AND NOT EXISTS (SELECT 1 FROM other_diagnoses n "
            "WHERE n.claim_id = t.claim_id AND n.diagnosis_position = t.diagnosis_position)"
        )
    return where


def both(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Criteria of a selection of a selection: where both have one, both hold."""
    return before | {name: [before[name], value] if name in before else value for name, value in now.items()}


def written(value: Any) -> str:
    """A criterion in words."""
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {each}" for name, each in value.items())
    if isinstance(value, list):
        return (
            " to ".join("any day" if v is None else str(v) for v in value)
            if None in value
            else ", ".join(map(str, value))
        )
    return str(value)
