"""How the columns of flat files are read without looking at every cell: by their distinct texts.

A column of two million cells has a few hundred texts, or cells that are plain. Each distinct text is read once by the
cell reader of its column; where all of them are their value as they stand, or by a plain cast, so are the cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cpticd.core.conform import quote
from cpticd.loaders import repair
from cpticd.loaders.intake import Intake

#: Texts of a column up to which each is read once and looked up; beyond, plain cells are cast and others read in place.
_LOOKED_UP: Final = 50_000
#: Plain ways to the value of a cell, by type, the cheapest first; ``x`` is the cell.
_PLAIN: Final = {
    "VARCHAR": ("{x}", "upper({x})", "replace({x}, '.', '')", "upper(replace({x}, '.', ''))"),
    "INTEGER": ("TRY_CAST({x} AS INTEGER)",),
    "DECIMAL(18,2)": ("TRY_CAST({x} AS DECIMAL(18,2))",),
    "DECIMAL(18,3)": ("TRY_CAST({x} AS DECIMAL(18,3))",),
}
#: The type of a reader's value, by its SQL: asked of the engine once.
_TYPES: Final[dict[str, str]] = {}


@dataclass(frozen=True)
class Read:
    """How one column is read: SQL over a row of ``flat_text`` as ``t``."""

    value: str
    bad: str = ""  # SQL of why the row must be rejected, null where it need not; empty: no cell is bad
    join: str = ""  # the join that value and bad need
    repairs: Mapping[str, str] = field(default_factory=dict)  # what was mended → SQL of its rows of flat_text


class Reader:
    """Reads columns of ``flat_text`` by ``flat_texts`` (col, x), which is gone at :meth:`clear`."""

    def __init__(self, intake: Intake, columns: Sequence[str]) -> None:
        self._intake = intake
        self._number = {column: n for n, column in enumerate(columns)}
        self._made: list[str] = []
        texts = (
            f"SELECT DISTINCT {n} AS col, {quote(column)} AS x FROM flat_text WHERE {quote(column)} IS NOT NULL"
            for column, n in self._number.items()
        )
        intake.execute(f"CREATE OR REPLACE TABLE flat_texts AS {' UNION ALL '.join(texts)}")
        rows = intake.query("SELECT col, count(*) AS n FROM flat_texts GROUP BY col").to_pylist()
        self._size = {row["col"]: row["n"] for row in rows}

    def read(self) -> dict[str, Read]:
        """How to read each column; columns of one kind are asked about together."""
        alike: dict[str, list[str]] = defaultdict(list)
        for column in self._number:
            alike[str(repair.of(column)("x"))].append(column)
        found: dict[str, Read] = {}
        for columns in alike.values():
            found |= self._of_kind(columns)
        return {column: found[column] for column in self._number}

    def _of_kind(self, columns: list[str]) -> dict[str, Read]:
        cell = repair.of(columns[0])("x")
        kind = self._type(cell.value)
        full = [column for column in columns if self._number[column] in self._size]
        found = {c: Read(f"CAST(NULL AS {kind})") for c in columns if c not in full}
        if not full:
            return found
        plain = _PLAIN.get(kind, ())
        asked = [f"bool_and(v IS NOT DISTINCT FROM {each.format(x='x')})" for each in plain]
        asked += [f"coalesce(bool_or({test}), false)" for test in (cell.bad, *cell.repairs.values())]
        numbers = ", ".join(str(self._number[column]) for column in full)
        answers = self._intake.query(
            f"SELECT col, {', '.join(f'{sql} AS a{n}' for n, sql in enumerate(asked))} "
            f"FROM (SELECT col, x, {cell.value} AS v FROM flat_texts WHERE col IN ({numbers})) t GROUP BY col"
        ).to_pylist()
        said = {row["col"]: [row[f"a{n}"] for n in range(len(asked))] for row in answers}
        for column in full:
            answer = said[self._number[column]]
            fits = [each for each, fit in zip(plain, answer, strict=False) if fit]
            mended = [what for what, was in zip(cell.repairs, answer[len(plain) + 1 :], strict=True) if was]
            found[column] = self._chosen(column, fits, answer[len(plain)], mended)
        return found

    def _type(self, value: str) -> str:
        if value not in _TYPES:
            kind = self._intake.query(
                f"SELECT typeof({value}) AS kind FROM (SELECT CAST(NULL AS VARCHAR) AS x) none"
            )
            _TYPES[value] = kind.column("kind")[0].as_py()
        return _TYPES[value]

    def _chosen(self, column: str, fits: list[str], is_bad: bool, mended: list[str]) -> Read:
        number, name = self._number[column], f"t.{quote(column)}"
        here, there = repair.of(column)(name), repair.of(column)("m.x")
        is_small = self._size[number] <= _LOOKED_UP
        rows = {
            what: f"FROM flat_text t JOIN flat_texts m ON m.col = {number} AND m.x = {name} WHERE {there.repairs[what]}"
            if is_small
            else f"FROM flat_text t WHERE {here.repairs[what]}"
            for what in mended
        }
        if fits and not is_bad:
            return Read(fits[0].format(x=name), repairs=rows)
        why = f"'{column}: {here.why}: ' || left({name}, 60)"
        if not is_small:
            return Read(here.value, f"CASE WHEN {here.bad} THEN {why} END" if is_bad else "", repairs=rows)
        read, seen = repair.of(column)("x"), f"flat_read_{number}"
        self._made.append(seen)
        self._intake.execute(
            f"CREATE OR REPLACE TABLE {seen} AS SELECT x, {read.value} AS v, {read.bad} AS bad FROM flat_texts "
            f"WHERE col = {number}"
        )
        bad = f"CASE WHEN {seen}.bad THEN {why} END" if is_bad else ""
        return Read(f"{seen}.v", bad, f"LEFT JOIN {seen} ON {seen}.x = {name}", rows)

    def holds(self, column: str, test: Callable[[str], str]) -> bool:
        """Whether a condition holds of every text of a column."""
        found = self._intake.query(
            f"SELECT coalesce(bool_and({test('x')}), true) AS found FROM flat_texts WHERE col = {self._number[column]}"
        )
        return found.column("found")[0].as_py()

    def clear(self) -> None:
        """Forget the texts."""
        self._intake.execute(
            "; ".join(f"DROP TABLE IF EXISTS {table}" for table in ["flat_texts", *self._made])
        )


def modifiers(reader: Reader, columns: list[str], *, behind: bool) -> str:
    """SQL for the list of a row's modifiers, from all the places where they may stand."""
    singles, parts = [], []
    for column in columns:
        if reader.holds(column, lambda x: f"{repair.modifiers(x).value} IS NOT DISTINCT FROM [{x}]"):
            singles.append(f"t.{quote(column)}")
        else:
            parts.append(repair.modifiers(f"t.{quote(column)}").value)
    if behind and not reader.holds(
        "hcpcs_code", lambda x: f"coalesce(len({repair.modifiers_behind(x)}), 0) = 0"
    ):
        parts.append(repair.modifiers_behind("t.hcpcs_code"))
    if not parts and not singles:
        return "CAST([] AS VARCHAR[])"
    if not parts and len(singles) == 1:
        return f"CASE WHEN {singles[0]} IS NOT NULL THEN [{singles[0]}] ELSE [] END"
    joined = " || ".join(f"CAST({part} AS VARCHAR[])" for part in [f"[{', '.join(singles)}]", *parts])
    return f"list_filter({joined}, lambda m: m IS NOT NULL)"
