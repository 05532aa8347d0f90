"""Data sets on disk: one Parquet file per table and a manifest that carries their schema.

A set that an older release saved opens: a column that it lacks is null, a table that it lacks is empty, and what was
derived by other statements than today's is derived anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cpticd.core.engine import DataEngine, Engine
from cpticd.core.errors import InputError, OutputExistsError
from cpticd.core.schema import FORMER, TABLES
from cpticd.core.tables import SQL, Table

MANIFEST: Final = "cpticd.json"
FORMAT: Final = "cpticd-claims/4"
#: Older formats whose canonical tables are read as they are.
_READABLE: Final = (FORMAT, "cpticd-claims/3", "cpticd-claims/2", "cpticd-claims/1")
#: Tables without which there is no data set.
NEEDED: Final = ("claims", "lines")
#: Tables whose rows were numbered by the line that they answer, before several could answer one.
_OF_SERVICES: Final = ("line_payments", "adjustments", "remarks")


def digest(texts: Iterable[str]) -> str:
    """What stands for a list of statements: derived tables of another digest are not read but derived."""
    return hashlib.blake2b("\n;\n".join(texts).encode(), digest_size=8).hexdigest()


def check_target(folder: str | Path, *, overwrite: bool) -> Path:
    """``folder`` if a data set may be written there; OutputExistsError otherwise."""
    target = Path(folder)
    if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
        if not overwrite:
            raise OutputExistsError(f"{target} exists; pass overwrite=True to replace it")
        if not (target / MANIFEST).is_file():
            raise OutputExistsError(
                f"{target} is not a saved data set ({MANIFEST} is not in it); not replaced"
            )
    return target


def write(
    target: Path, tables: Mapping[str, Iterator[pa.RecordBatch] | pa.Table], manifest: Mapping[str, Any]
) -> Path:
    """Write tables and manifest into ``target``, whole or not at all. Returns it."""
    working = target.with_name(target.name + ".writing")
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True)
    for name, rows in tables.items():
        schema = TABLES[name].arrow_schema if name in TABLES else None
        _write_table(working / f"{name}.parquet", rows, schema)
    columns = {name: {each.name: each.kind for each in table.columns} for name, table in TABLES.items()}
    text = json.dumps({"format": FORMAT, "schema": columns, **manifest}, indent=1)
    (working / MANIFEST).write_text(text, encoding="utf-8")
    if target.exists():
        shutil.rmtree(target)
    working.rename(target)
    return target


def batches(engine: Engine, name: str) -> Iterator[pa.RecordBatch] | pa.Table:
    """The rows of a relation in pieces, those of a canonical table in the order of its key."""
    if name in TABLES:
        return engine.batches(f"SELECT * FROM {name} ORDER BY {', '.join(TABLES[name].key)}")
    some = engine.fetch(f"SELECT 1 AS one FROM {name} LIMIT 1").num_rows > 0
    return engine.batches(f"SELECT * FROM {name}") if some else engine.fetch(f"SELECT * FROM {name} LIMIT 0")


def _write_table(path: Path, rows: Iterator[pa.RecordBatch] | pa.Table, schema: pa.Schema | None) -> None:
    if isinstance(rows, pa.Table):
        pq.write_table(rows, path)
        return
    writer = None
    for batch in rows:
        table = pa.Table.from_batches([batch])
        if schema is not None:
            table = table.select(schema.names).cast(schema)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
    elif schema is not None:
        pq.write_table(schema.empty_table(), path)


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a saved data set; InputError where there is none that this release reads."""
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(
            f"{folder}: no {MANIFEST} in it, so it is not a saved data set; read files with cpticd.read()"
        )
    return checked(path.read_text(encoding="utf-8", errors="replace"), folder)


def checked(text: str, where: Path) -> dict[str, Any]:
    """A manifest from its text; InputError where it is none that this release reads."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError(f"{where}: the manifest is not readable: {error}") from error
    if not isinstance(found, dict) or found.get("format") not in _READABLE:
        kind = found.get("format") if isinstance(found, dict) else type(found).__name__
        raise InputError(
            f"{where}: format {kind!r}; this cpticd reads {', '.join(map(repr, _READABLE))}: a later release may have "
            "saved it (upgrade cpticd), else load the files and save again"
        )
    return found


def scan_tables(engine: DataEngine, folder: Path) -> None:
    """Define every canonical table over the files of a saved data set: what an older one lacks is null or empty."""
    for name, table in TABLES.items():
        file = folder / f"{name}.parquet"
        if file.exists():
            engine.scan(name, file, _columns(table, file))
        elif name in NEEDED:
            raise InputError(f"{folder}: {file.name} is gone; load the claims and save them again")
        else:
            engine.load(name, table.empty())


def _columns(table: Table, file: Path) -> str:
    """SQL of a table's columns in a Parquet file."""
    try:
        return columns_of(table, pq.read_schema(file).names, file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{file}: not readable as Parquet: {error}; load the claims and save them again"
        ) from error


def columns_of(table: Table, there: Collection[str], where: Path) -> str:
    """SQL of a table's columns, those that are not ``there`` as nulls; InputError where one is required."""
    if required := [name for name in table.required if name not in there]:
        raise InputError(f"{where}: no column {', '.join(required)}; load the claims and save them again")
    former = {new: old for old, new in FORMER.items() if old in there}
    if table.name in _OF_SERVICES and "claim_line_number" in there:
        former["service_number"] = "claim_line_number"
    return ", ".join(
        each.name
        if each.name in there
        else f"{former.get(each.name) or f'CAST(NULL AS {SQL[each.kind]})'} AS {each.name}"
        for each in table.columns
    )


def read_table(folder: Path, name: str) -> pa.Table:
    """A small table of a saved data set."""
    file = folder / f"{name}.parquet"
    try:
        return pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{file}: {error}; load the claims and save them again") from error


class Folder:
    """A saved data set in a folder, to be opened."""

    def __init__(self, path: Path) -> None:
        """Raises InputError where the folder is not a data set that this release reads."""
        self.path, self.manifest = path, manifest_of(path)

    def has(self, name: str) -> bool:
        """Whether a relation that was derived is there."""
        return (self.path / f"{name}.parquet").exists()

    def scan(self, engine: DataEngine, names: Collection[str]) -> None:
        """Define every canonical table over the files, and the derived relations of these names."""
        scan_tables(engine, self.path)
        for name in names:
            engine.scan(name, self.path / f"{name}.parquet")

    def table(self, name: str) -> pa.Table | None:
        """A small table, None where it is not there."""
        return read_table(self.path, name) if self.has(name) else None
