"""DuckDB files that hold Tuva's input layer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from cpticd.core import database
from cpticd.core.errors import InputError
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged
from cpticd.loaders.tuva.lazy import Lazy, Named, tables
from cpticd.loaders.tuva.names import TABLES

#: Schemas in the order in which they are asked for the tables; any other comes after, by name.
_SCHEMAS: Final = ("input_layer", "main", "core")
_PREFIX: Final = re.compile(r"(?:.*__)?(medical_claim|eligibility|pharmacy_claim|lab_result|observation)")


class Layer(NamedTuple):
    """The tables of one schema, by Tuva's names, and schemas that have such tables too."""

    found: dict[str, Named]
    schema: str
    others: list[str]


def tell(path: Path) -> str | None:
    """``database`` where it holds a table of the input layer; InputError, with what it holds, where it does not."""
    with database.looking(path) as (connection, name):
        there = tables(connection, name)
    if layer(there).found:
        return "database"
    names = ", ".join(f"{each.schema}.{each.table}" for each in there[:10]) or "no table"
    raise InputError(
        f"{path}: a DuckDB file without {', '.join(TABLES)}; it holds {names}; write the table of claims as Parquet "
        "and read that"
    )


def layer(there: list[Named]) -> Layer:
    """The schema that has medical_claim, or any of the tables: input_layer, one that ends so, main, core, the first."""
    schemas: dict[str, dict[str, Named]] = {}
    for each in there:
        if match := _PREFIX.fullmatch(each.table.lower()):
            known = schemas.setdefault(each.schema, {})
            if match[1] not in known or each.table.lower() == match[1]:
                known[match[1]] = each

    def rank(schema: str) -> tuple[bool, int, str]:
        lower = schema.lower()
        place = (
            _SCHEMAS.index(lower)
            if lower in _SCHEMAS
            else 0.5
            if lower.endswith("input_layer")
            else len(_SCHEMAS)
        )
        return "medical_claim" not in schemas[schema], int(2 * place), schema

    ranked = sorted(schemas, key=rank)
    return Layer(schemas[ranked[0]] if ranked else {}, ranked[0] if ranked else "", ranked[1:])


def staged(intake: Intake, lazy: Lazy, path: Path) -> dict[str, Staged]:
    """The tables of the input layer, each a source named by the file and the table."""
    chosen = layer(tables(intake.engine.connection, lazy.database(path)))
    name = intake.shown(path)
    if not chosen.found:
        raise InputError(f"{path}: a DuckDB file without {', '.join(TABLES)}")
    if chosen.others:
        intake.reject(
            source=name, location="", table_name=None, action="noted",
            reason=f"read from schema {chosen.schema}; such tables stand in {', '.join(chosen.others)} too",
        )  # fmt: skip
    return {
        table: lazy.table(path, each.schema, each.table, f"{name}/{each.schema}.{each.table}")
        for table, each in chosen.found.items()
    }
