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
    "DATE": ("TRY_CAST({x} AS DATE)",),
    "BOOLEAN": ("TRY_CAST({x} AS BOOLEAN)",),
}
#: Of the plain ways of a text, the one that takes the dot from diagnosis codes.
_UNDOTTED: Final = 2
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

    def __init__(self, intake: Intake, columns: Sequence[str], as_read: Callable[[str], str]) -> None:
        """``as_read``: SQL of a column's cell as it stands in the file, which messages show."""
        self._intake, self._as_read = intake, as_read
        self._number = {column: n for n, column in enumerate(columns)}
        self._made: list[str] = []
        self._plain: set[str] = set()  # columns of which every text is its value as it stands
        texts = (
            f"SELECT DISTINCT {n} AS col, {quote(column)} AS x FROM flat_text WHERE {quote(column)} IS NOT NULL"
            for column, n in self._number.items()
        )
        intake.execute(f"CREATE OR REPLACE TABLE flat_texts AS {' UNION ALL '.join(texts)}")
        rows = intake.records("SELECT col, count(*) AS n FROM flat_texts GROUP BY col")
        self._size = {row["col"]: row["n"] for row in rows}
        #: Columns without any text.
        self.empty = {column for column, n in self._number.items() if n not in self._size}

    def read(self) -> dict[str, Read]:
        """How to read each column; columns of one kind are asked about together."""
        found = self._plainly()
        self._plain = {*found}
        alike: dict[str, list[str]] = defaultdict(list)
        for column in self._number:
            if column not in found:
                alike[str(repair.of(column)("x"))].append(column)
        for columns in alike.values():
            found |= self._of_kind(columns)
        return {column: found[column] for column in self._number}

    def _plainly(self) -> dict[str, Read]:
        """Columns of which every text is its value as it stands: one look at each text spares the reader of cells."""
        kinds = {
            column: kind
            for column in self._number
            if column not in self.empty
            and (kind := self._type(repair.of(column)("x").value)) in _PLAIN
            and repair.of(column)("x").plain
        }
        shapes: dict[str, list[str]] = defaultdict(list)
        for column, kind in kinds.items():
            shape = f"regexp_full_match(x, '{repair.of(column)('x').plain}')"
            if kind == "DATE":  # 2024-02-30 has the shape of a day
                shape += " AND TRY_CAST(x AS DATE) IS NOT NULL"
            shapes[shape].append(str(self._number[column]))
        if not shapes:
            return {}
        tests = " ".join(
            f"WHEN col IN ({', '.join(columns)}) THEN {shape}" for shape, columns in shapes.items()
        )
        rows = self._intake.records(
            "SELECT col, bool_or(contains(x, '.')) AS dotted FROM flat_texts "
            f"GROUP BY col HAVING bool_and(CASE {tests} ELSE false END)"
        )
        dotted = {row["col"]: row["dotted"] for row in rows}
        found = {}
        for column, kind in kinds.items():
            if (number := self._number[column]) in dotted:
                is_code = repair.of(column) is repair.diagnosis and dotted[number]
                found[column] = Read(_PLAIN[kind][_UNDOTTED * is_code].format(x=f"t.{quote(column)}"))
        return found

    def _of_kind(self, columns: list[str]) -> dict[str, Read]:
        cell = repair.of(columns[0])("x")
        found = {c: Read(f"CAST(NULL AS {self._type(cell.value)})") for c in columns if c in self.empty}
        full = [column for column in columns if column not in self.empty]
        small = [column for column in full if self._size[self._number[column]] <= _LOOKED_UP]
        if small:
            tests = [f"{sql} AS r{n}" for n, sql in enumerate((cell.bad, *cell.repairs.values()))]
            seen = f"flat_read_{self._number[small[0]]}"
            self._made.append(seen)
            self._intake.execute(
                f"CREATE OR REPLACE TABLE {seen} AS SELECT col, x, {cell.value} AS v, {', '.join(tests)} "
                f"FROM flat_texts WHERE col IN ({self._numbers(small)})"
            )
            found |= self._asked(small, seen, [f"r{n}" for n in range(len(tests))])
        if large := [column for column in full if column not in small]:
            rows = (
                f"(SELECT col, x, {cell.value} AS v FROM flat_texts WHERE col IN ({self._numbers(large)})) t"
            )
            found |= self._asked(large, rows, [cell.bad, *cell.repairs.values()])
        return found

    def _numbers(self, columns: list[str]) -> str:
        return ", ".join(str(self._number[column]) for column in columns)

    def _asked(self, columns: list[str], rows: str, tests: list[str]) -> dict[str, Read]:
        """How to read columns of one kind, by what ``rows`` (col, x, v) says of their texts; the first test: bad."""
        cell = repair.of(columns[0])("x")
        plain = _PLAIN.get(self._type(cell.value), ())
        asked = [f"bool_and(v IS NOT DISTINCT FROM {each.format(x='x')})" for each in plain]
        asked += [f"coalesce(bool_or({test}), false)" for test in tests]
        answers = self._intake.records(
            f"SELECT col, {', '.join(f'{sql} AS a{n}' for n, sql in enumerate(asked))} FROM {rows} GROUP BY col"
        )
        said = {row["col"]: [row[f"a{n}"] for n in range(len(asked))] for row in answers}
        found = {}
        for column in columns:
            answer = said[self._number[column]]
            fits = [each for each, fit in zip(plain, answer, strict=False) if fit]
            mended = {
                what: f"r{n}"
                for n, (what, was) in enumerate(
                    zip(cell.repairs, answer[len(plain) + 1 :], strict=True), start=1
                )
                if was
            }
            found[column] = self._chosen(
                column, "" if rows.startswith("(") else rows, fits, answer[len(plain)], mended
            )
        return found

    def _type(self, value: str) -> str:
        if value not in _TYPES:
            kind = self._intake.query(
                f"SELECT typeof({value}) AS kind FROM (SELECT CAST(NULL AS VARCHAR) AS x) none"
            )
            _TYPES[value] = kind.column("kind")[0].as_py()
        return _TYPES[value]

    def _chosen(
        self, column: str, seen: str, fits: list[str], is_bad: bool, mended: Mapping[str, str]
    ) -> Read:
        """``seen`` is the table of what was read of its texts (none where they are many), ``mended`` its columns."""
        number, name = self._number[column], f"t.{quote(column)}"
        here = repair.of(column)(name)
        own = f"m.col = {number} AND m.x = {name}"
        rows = {
            what: f"FROM flat_text t JOIN {seen} m ON {own} WHERE m.{flag}"
            if seen
            else f"FROM flat_text t WHERE {here.repairs[what]}"
            for what, flag in mended.items()
        }
        if fits and not is_bad:
            return Read(fits[0].format(x=name), repairs=rows)
        why = f"'{column}: {here.why}: ' || left({self._as_read(column)}, 60)"
        if not seen:
            return Read(here.value, f"CASE WHEN {here.bad} THEN {why} END" if is_bad else "", repairs=rows)
        read = f"read_{number}"
        bad = f"CASE WHEN {read}.r0 THEN {why} END" if is_bad else ""
        join = f"LEFT JOIN {seen} {read} ON {own.replace('m.', f'{read}.')}"
        return Read(f"{read}.v", bad, join, rows)

    def holds(self, column: str, test: Callable[[str], str]) -> bool:
        """Whether a condition that plain texts fulfil holds of every text of a column."""
        if column in self._plain:
            return True
        found = self._intake.records(
            f"SELECT coalesce(bool_and({test('x')}), true) AS found FROM flat_texts WHERE col = {self._number[column]}"
        )
        return bool(found[0]["found"])

    def odd(self, usual: Mapping[str, str]) -> set[str]:
        """Columns of which some text has not the form that is ``usual``: name or family → regular expression."""
        tests = " OR ".join(
            f"col = {number} AND NOT regexp_full_match(x, '{form}')"
            for column, number in self._number.items()
            if (form := usual.get(repair.family(column)))
        )
        found = self._intake.records(f"SELECT DISTINCT col FROM flat_texts WHERE {tests or 'false'}")
        numbers = {row["col"] for row in found}
        return {column for column, number in self._number.items() if number in numbers}

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
