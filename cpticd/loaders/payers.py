"""Payers under one name each: names of one payer id are one payer, and an alias table of the user's says the rest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Union

import pandas as pd
import pyarrow as pa

from cpticd.core.errors import InputError, SchemaError
from cpticd.sql import text

if TYPE_CHECKING:
    from cpticd.loaders.intake import Intake

#: Which payer a name, or a payer id, stands for: {alias: payer}, or a frame or CSV file of these two columns.
Aliases = Union[Mapping[str, str], pd.DataFrame, str, "os.PathLike[str]"]

#: Tables whose rows name a payer and his id.
_TABLES: Final = ("claims", "adjudications", "payments")
#: Of the data as a whole, not of one file.
SOURCE: Final = "payers"


def aliases(given: Aliases | None) -> dict[str, str]:
    """Payer by alias, the aliases in lower case.

    Raises InputError for a file that is not there or no table, SchemaError where a column is missing, a name is empty,
    or an alias stands for two payers.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        pairs = [(str(alias), str(payer)) for alias, payer in given.items()]
    else:
        frame = given if isinstance(given, pd.DataFrame) else _read(Path(given))
        named = {str(column).strip().lower(): column for column in frame.columns}
        if absent := [name for name in ("alias", "payer") if name not in named]:
            raise SchemaError(
                f"payers: no column {absent}; found {list(frame.columns)}; name them alias and payer"
            )
        columns = (frame[named[name]].fillna("").astype(str) for name in ("alias", "payer"))
        pairs = list(zip(*columns, strict=True))
    found: dict[str, str] = {}
    for alias, payer in ((alias.strip().lower(), payer.strip()) for alias, payer in pairs):
        if not alias or not payer:
            raise SchemaError(f"payers: alias {alias!r} of payer {payer!r}: neither may be empty")
        if found.setdefault(alias, payer) != payer:
            raise SchemaError(
                f"payers: alias {alias!r} stands for {found[alias]!r} and for {payer!r}; keep one"
            )
    return found


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(f"payers: {path} cannot be read: {error}; pass a CSV of alias and payer") from error


def settle(intake: Intake, known: Mapping[str, str], said: pa.Table | None = None) -> pa.Table:
    """Give every payer of the intake's tables one name; what was made one, and what looks like one, is noted.

    ``said``: how often each name and id stand in the data, where the intake holds a part of it. Returns which name
    each has.
    """
    if said is None:
        said = intake.query(text("payers/said"))
    if not known and said.num_rows <= 1:  # nothing to tell apart
        return said.select(["payer", "payer_id"]).append_column("name", said["payer"])
    table = pa.table(
        {
            "alias": pa.array([*known], pa.string()),
            "payer": pa.array([*known.values()], pa.string()),
        }
    )
    intake.engine.load("payer_alias", table)
    intake.execute(text("payers/key"))
    intake.engine.load("payer_said", said)
    intake.execute(text("payers/named"))
    try:
        if intake.holds("payer_named WHERE name IS DISTINCT FROM payer"):
            for name in _TABLES:
                intake.execute(text("payers/rename").format(table=name))
            intake.execute(text("payers/rename_beside"))
        for row in intake.records(text("payers/notes")):
            intake.reject(source=SOURCE, location="", table_name="claims", action="noted", **row)
        return intake.query("SELECT payer, payer_id, name FROM payer_named ORDER BY ALL")
    finally:
        intake.engine.drop("payer_said")
        intake.engine.drop("payer_alias")
        intake.execute("DROP TABLE IF EXISTS payer_named; DROP MACRO IF EXISTS payer_key")
