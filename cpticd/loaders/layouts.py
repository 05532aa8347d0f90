"""Published layouts of claims (APCD-CDL, MarketScan, …): their columns and their values in ours, as tables.

``layouts.csv`` says which column of a layout means what, ``layout_values.csv`` what a value of it stands for; ``*`` is
any other value, an empty one says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from cpticd import reference
from cpticd.core.conform import quote
from cpticd.core.errors import ArgumentError
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged

_VIEW: Final = "_translated"


@dataclass(frozen=True)
class Layout:
    """One published layout."""

    name: str
    title: str
    columns: Mapping[str, str]  # theirs, folded → ours
    signs: frozenset[str]  # folded: what a file of this layout has, and others have not together
    values: Mapping[str, Mapping[str, str]]  # column, folded → their value → ours

    def rename(self, columns: Iterable[str], own: Mapping[str, Any]) -> dict[str, Any]:
        """Their column → ours, of the columns that are there; what the user says (``own``) goes before.

        Of columns that mean the same the first in the layout is taken.
        """
        there = {column.strip().casefold(): column for column in columns}
        chosen = {theirs.strip().casefold() for theirs in own}
        found = dict(own)
        for theirs, ours in self.columns.items():
            if theirs in there and theirs not in chosen and ours not in found.values():
                found[there[theirs]] = ours
        return found


@cache
def layouts() -> dict[str, Layout]:
    """Every layout by its name."""
    rows = reference.table("layouts").to_pylist()
    values: dict[tuple[str, str], dict[str, str]] = {}
    for row in reference.table("layout_values").to_pylist():
        values.setdefault((row["layout"], row["column"].casefold()), {})[row["value"]] = row["ours"]
    made = {}
    for name, title in dict.fromkeys((row["layout"], row["title"]) for row in rows):
        own = [row for row in rows if row["layout"] == name]
        columns = {row["column"].casefold(): row["ours"] for row in own}
        signs = frozenset(row["column"].casefold() for row in own if row["is_sign"])
        of = {column: values[name, column] for column in columns if (name, column) in values}
        made[name] = Layout(name, title, columns, signs, of)
    return made


def layout(name: str) -> Layout:
    """The layout of this name; ArgumentError where there is none."""
    if name not in layouts():
        known = "; ".join(f"{each.name} ({each.title})" for each in layouts().values())
        raise ArgumentError(f"layout: no layout {name!r}; there are {known}")
    return layouts()[name]


def known(cells: Iterable[str]) -> int:
    """How many cells of a row are columns of the layout that most of them are columns of."""
    folded = {cell.strip().casefold() for cell in cells}
    return max(len(folded & {*each.columns}) for each in layouts().values())


def fitting(columns: Iterable[str]) -> Layout | None:
    """The layout whose signs a table has, that with most of its columns; None where none fits."""
    folded = {column.strip().casefold() for column in columns}
    found = [each for each in layouts().values() if each.signs <= folded]
    return max(found, key=lambda each: len(folded & {*each.columns}), default=None)


def translated(intake: Intake, staged: Staged, used: Layout) -> Staged:
    """The staged table with the values of a layout in ours: a view over it, under the same columns."""
    cells, own = [], []
    for place, column in enumerate(staged.columns):
        values = used.values.get(column.strip().casefold())
        if values:
            cells.append(f"{_case(f'c{place}', values)} AS c{place}")
            own.append(place)
    if not cells:
        return staged
    for name in filter(None, (staged.table, staged.sample)):
        intake.execute(
            f"CREATE OR REPLACE TEMP VIEW {quote(name + _VIEW)} AS SELECT * REPLACE ({', '.join(cells)}), "
            f"{', '.join(f'c{place} AS w{place}' for place in own)} FROM {name}"
        )
    sample = staged.sample and staged.sample + _VIEW
    return replace(staged, table=staged.table + _VIEW, sample=sample, translated=frozenset(own))


def _case(cell: str, values: Mapping[str, str]) -> str:
    """SQL of a cell in ours. Numbers compare without leading zeros, as spreadsheets write them."""
    folded = f"coalesce(nullif(ltrim(upper(trim({cell})), '0'), ''), '0')"
    pairs = " ".join(
        f"WHEN {folded} = {_literal(theirs.upper().lstrip('0') or '0')} THEN {_literal(ours)}"
        for theirs, ours in values.items()
        if theirs != "*"
    )
    other = _literal(values["*"]) if "*" in values else cell
    return f"CASE WHEN {cell} IS NULL THEN NULL {pairs} ELSE {other} END"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if text else "CAST(NULL AS VARCHAR)"


def doubt(intake: Intake, staged: Staged, used: Layout) -> str:
    """What to know of a file of a layout; empty where there is nothing.

    Guides of some states imply two decimals in amounts (15000 is $150.00), others do not.
    """
    column = next((theirs for theirs, ours in used.columns.items() if ours == "charge_amount"), "")
    place = next((n for n, name in enumerate(staged.columns) if name.strip().casefold() == column), None)
    if not used.name.startswith("apcd") or place is None:
        return ""
    cell = f"c{place}"
    found = intake.records(
        f"SELECT count({cell}) AS n, count(*) FILTER (WHERE contains({cell}, '.')) AS decimal FROM {staged.table}"
    )[0]
    if not found["n"] or found["decimal"]:
        return ""
    return (
        f"no amount in {staged.columns[place]} has a decimal point: where the guide of the state implies two decimals, "
        "dollars are a hundredth of what was read; divide them before reading"
    )


def forget(intake: Intake, staged: Iterable[Staged]) -> None:
    """Drop the views of :func:`translated`."""
    for each in staged:
        if each.table.endswith(_VIEW):
            for name in filter(None, (each.table, each.sample)):
                intake.execute(f"DROP VIEW IF EXISTS {quote(name)}")
