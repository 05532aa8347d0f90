"""What a table is: its name, its grain, its key, and its columns with their types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

Kind = Literal["text", "code", "date", "money", "number", "integer", "flag"]

#: Arrow type of each kind. ``code`` is text in normal form: upper case, no dot, no blanks.
ARROW: Final[dict[str, pa.DataType]] = {
    "text": pa.string(),
    "code": pa.string(),
    "date": pa.date32(),
    "money": pa.decimal128(18, 2),
    "number": pa.decimal128(18, 3),
    "integer": pa.int32(),
    "flag": pa.bool_(),
}
#: The same types in DuckDB's dialect, from which SQLGlot derives Spark's.
SQL: Final[dict[str, str]] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "date": "DATE",
    "money": "DECIMAL(18,2)",
    "number": "DECIMAL(18,3)",
    "integer": "INTEGER",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One column of a canonical table."""

    name: str
    kind: Kind
    doc: str = ""
    required: bool = False

    @property
    def arrow(self) -> pa.DataType:
        return ARROW[self.kind]


@dataclass(frozen=True)
class Table:
    """One canonical table: its grain in words, its key, its columns in order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    amount: str | None = None  # the money column that accounting() adds up

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def required(self) -> list[str]:
        return [column.name for column in self.columns if column.required]

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.arrow) for column in self.columns])

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def empty(self) -> pa.Table:
        return self.arrow_schema.empty_table()


def declare(name: str, grain: str, key: str, columns: str, amount: str | None = None) -> Table:
    """Read a table from lines ``name kind[!] doc``; ``!`` marks a required column."""
    parsed = []
    for line in filter(str.strip, columns.splitlines()):
        column, kind, *doc = line.split(maxsplit=2)
        parsed.append(Column(column, kind.rstrip("!"), "".join(doc), kind.endswith("!")))  # type: ignore[arg-type]
    return Table(name, grain, tuple(key.split()), tuple(parsed), amount)
