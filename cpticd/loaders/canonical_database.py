"""DuckDB files that hold canonical tables: attached read-only, every table read where it lies."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from cpticd.core import database
from cpticd.core.schema import TABLES
from cpticd.loaders import canonical
from cpticd.loaders.canonical_plain import Scan
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options, Sample
from cpticd.loaders.tuva.lazy import Lazy, Named, tables

#: The schema that is read where several have such tables.
_FIRST: Final = "main"


def tell(sample: Sample) -> str | None:
    """``database`` for a DuckDB file that holds canonical lines or claims."""
    if sample.is_folder or not database.is_database(sample.path):
        return None
    with database.looking(sample.path) as (connection, name):
        return "database" if _canonical(tables(connection, name)) else None


def _canonical(there: list[Named]) -> dict[str, Named]:
    """The canonical tables of one schema by name; none where it has neither claims nor lines."""
    schemas: dict[str, dict[str, Named]] = {}
    for each in there:
        name = each.table.lower()
        if name in TABLES and {*TABLES[name].required} <= {column.lower() for column in each.columns}:
            schemas.setdefault(each.schema, {})[name] = each
    fitting = [schema for schema, found in schemas.items() if {"claims", "lines"} & {*found}]
    return schemas[min(fitting, key=lambda schema: (schema != _FIRST, schema))] if fitting else {}


def load(files: Files, intake: Intake, options: Options) -> None:
    """Fill the canonical tables from those of DuckDB files."""
    lazy = Lazy(intake)
    given: dict[str, list[Any]] = {}
    try:
        for path in files.get("database", ()):
            connection, attached = intake.engine.connection, lazy.database(path)
            for name, each in _canonical(tables(connection, attached)).items():
                rows = f"{attached}.{database.quote(each.schema)}.{database.quote(each.table)}"
                source = f"{intake.shown(path)}/{each.schema}.{each.table}"
                columns = {str(c[0]): str(c[1]) for c in connection.execute(f"DESCRIBE {rows}").fetchall()}
                staged = partial(lazy.table, path, each.schema, each.table, source)
                given.setdefault(name, []).append(Scan(source, rows, [*columns], [*columns.values()], staged))
        canonical.load(given, intake, options)
    finally:
        lazy.clear()


LOADER = Loader("canonical tables in a DuckDB file", tell, load, takes=frozenset({"rename", "keep"}))
