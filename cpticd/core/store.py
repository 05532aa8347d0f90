"""Data sets on disk: one Parquet file per table and a manifest that carries their schema.

A set that an older release saved opens: a column that it lacks is null, a table that it lacks is empty, and what was
derived by other statements than today's is derived anew.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cpticd.core import contents, whole_folders
from cpticd.core.engine import DataEngine, Engine
from cpticd.core.errors import ArgumentError, InputError, OutputExistsError
from cpticd.core.schema import FORMER, TABLES
from cpticd.core.tables import SQL, Table

MANIFEST: Final = "cpticd.json"
#: The same of a data set that grows (cpticd.loaders.growing).
JOURNAL: Final = "cpticd-store.json"
FORMAT: Final = "cpticd-claims/4"
#: Older formats whose canonical tables are read as they are.
_READABLE: Final = (FORMAT, "cpticd-claims/3", "cpticd-claims/2", "cpticd-claims/1")
#: Tables without which there is no data set.
NEEDED: Final = ("claims", "lines")
#: Small tables that every saved set has.
ALWAYS: Final = ("accounting", "rejects")
#: Tables whose rows were numbered by the line that they answer, before several could answer one.
_OF_SERVICES: Final = ("line_payments", "adjustments", "remarks")


def digest(texts: Iterable[str]) -> str:
    """What stands for a list of statements: derived tables of another digest are not read but derived."""
    return hashlib.blake2b("\n;\n".join(texts).encode(), digest_size=8).hexdigest()


def check_target(folder: str | Path, *, overwrite: bool) -> Path:
    """``folder`` if a data set may be written there; OutputExistsError or ArgumentError otherwise."""
    target = Path(folder)
    try:
        target = target.resolve() if target.is_symlink() else target
        there = target.exists() and any(target.iterdir() if target.is_dir() else [target])
    except OSError as error:
        raise ArgumentError(
            f"{target} cannot be written: {error.strerror or error}; choose another path"
        ) from error
    if there and not overwrite:
        raise OutputExistsError(f"{target} exists; pass overwrite=True to replace it")
    if there and not (target / MANIFEST).is_file():
        raise OutputExistsError(f"{target} is not a saved data set ({MANIFEST} is not in it); not replaced")
    return target


def write(
    target: Path, tables: Mapping[str, Iterator[pa.RecordBatch] | pa.Table], manifest: Mapping[str, Any]
) -> Path:
    """Write tables and manifest into ``target``, whole or not at all. Returns it."""
    with whole_folders.whole(target, KIND) as working:
        fill(working, tables, manifest)
    return target


def fill(
    folder: Path, tables: Mapping[str, Iterator[pa.RecordBatch] | pa.Table], manifest: Mapping[str, Any]
) -> None:
    """Write tables into a folder, then the manifest, which says what they hold."""
    held = {}
    for name, rows in tables.items():
        schema = TABLES[name].arrow_schema if name in TABLES else None
        if (tally := _write_table(folder / f"{name}.parquet", rows, schema)) is not None:
            held[name] = tally.entry(folder / f"{name}.parquet")
    columns = {name: {each.name: each.kind for each in table.columns} for name, table in TABLES.items()}
    own = {"format": FORMAT, "set": secrets.token_hex(8), "schema": columns, "contents": held}
    (folder / MANIFEST).write_text(json.dumps({**own, **manifest}, indent=1), encoding="utf-8")


def own_files(folder: Path) -> set[str]:
    """The names of a saved data set's own files: what else lies in its folder is somebody's."""
    try:
        found = manifest_of(folder)
    except InputError:
        return {MANIFEST, *(file.name for file in folder.glob("*.parquet"))}
    names = {"accounting", "rejects", *TABLES, *found.get("contents", ())}
    for key in ("tables", "derived", "kept", "references"):
        names |= {*found.get(key, ())}
    return {MANIFEST, *(f"{name}.parquet" for name in names)}


#: Folders of saved data sets.
KIND: Final = whole_folders.Kind(MANIFEST, own_files)


def batches(engine: Engine, name: str) -> Iterator[pa.RecordBatch] | pa.Table:
    """The rows of a relation in pieces, those of a canonical table in the order of its key."""
    if name in TABLES:
        return engine.batches(f"SELECT * FROM {name} ORDER BY {', '.join(TABLES[name].key)}")
    rows = f"SELECT * FROM {name}"
    return engine.batches(rows) if engine.holds(name) else engine.fetch(rows)


def _write_table(
    path: Path, rows: Iterator[pa.RecordBatch] | pa.Table, schema: pa.Schema | None
) -> contents.Tally | None:
    """Write one table; what it holds, None where there was nothing to write."""
    tally = contents.Tally()
    if isinstance(rows, pa.Table):
        tally.add(rows)
        pq.write_table(rows, path)
        return tally
    writer = None
    for batch in rows:
        table = pa.Table.from_batches([batch])
        if schema is not None:
            table = table.select(schema.names).cast(schema)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
        tally.add(table)
    if writer is not None:
        writer.close()
    elif schema is not None:
        pq.write_table(schema.empty_table(), path)
        tally.add(schema.empty_table())
    return tally if writer is not None or schema is not None else None


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a saved data set; InputError where there is none that this release reads."""
    path = folder / MANIFEST
    try:
        if path.is_file():
            return checked(path.read_text(encoding="utf-8", errors="replace"), folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be opened: {error.strerror or error}; check the path") from error
    if (folder / JOURNAL).is_file():
        raise InputError(f"{folder}: a store, which grows; open it with cpticd.store(folder).claims()")
    raise InputError(
        f"{folder}: no {MANIFEST} in it, so it is not a saved data set; read files with cpticd.read()"
    )


def checked(text: str, where: Path | str) -> dict[str, Any]:
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


def columns_of(table: Table, there: Collection[str], where: Path | str, *, cast: bool = False) -> str:
    """SQL of a table's columns, those that are not ``there`` as nulls; InputError where one is required.

    ``cast``: in the types of the schema, where something else wrote them.
    """
    if required := [name for name in table.required if name not in there]:
        raise InputError(f"{where}: no column {', '.join(required)}; load the claims and save them again")
    former = {new: old for old, new in FORMER.items() if old in there}
    if table.name in _OF_SERVICES and "claim_line_number" in there:
        former["service_number"] = "claim_line_number"
    found: list[str] = []
    for each in table.columns:
        source = each.name if each.name in there else former.get(each.name)
        if source is None or cast:
            source = f"CAST({source or 'NULL'} AS {SQL[each.kind]})"
        found.append(source if source == each.name else f"{source} AS {each.name}")
    return ", ".join(found)


def read_table(folder: Path, name: str) -> pa.Table:
    """A small table of a saved data set."""
    file = folder / f"{name}.parquet"
    try:
        return pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{file}: {error}; load the claims and save them again") from error


def _held(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the tables of a set hold: derived ones have no order, and so not one file."""
    return {
        name: (entry["rows"], entry["sums"], entry["footer"] if name in TABLES else "")
        for name, entry in manifest.get("contents", {}).items()
    }


class Folder:
    """A saved data set in a folder, to be opened."""

    def __init__(self, path: Path) -> None:
        """Raises InputError where the folder is not a data set that this release reads, or not as it was saved."""
        try:
            whole_folders.recover(path, KIND)
        except ArgumentError as error:
            raise InputError(str(error)) from error
        self.path, self.manifest = path, manifest_of(path)
        self._stamps = self._stamped()
        self._not_its_own = self._compared()

    def _compared(self) -> set[str]:
        """Derived relations that are not those of this set; InputError where a table is not what was saved."""
        held: Mapping[str, Any] = self.manifest.get("contents", {})
        derived = {*self.manifest.get("derived", ())} - {*self.manifest.get("kept", ())}
        other = [name for name in held if not contents.is_as_saved(self.path / f"{name}.parquet", held[name])]
        changed = [name for name in other if name not in derived]
        for name in changed:
            self._check(name, held[name])
        strange = derived if changed else {*other}
        if strange & {*held}:
            words = ", ".join(changed or sorted(strange & {*held}))
            what = "rewritten since it was saved" if changed else "not as it was saved"
            warnings.warn(f"{self.path}: {words}: {what}; what is derived is derived anew", stacklevel=4)
        return strange

    def _check(self, name: str, entry: Mapping[str, Any]) -> None:
        """InputError where a table does not hold what was saved."""
        file = self.path / f"{name}.parquet"
        if not file.exists():
            raise InputError(f"{self.path}: {file.name} is gone; load the claims and save them again")
        try:
            found = contents.difference(file, entry)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(
                f"{file}: not readable as Parquet: {error}; load the claims and save them again"
            ) from error
        if found:
            raise InputError(
                f"{file}: {found}: put the file back that was saved. To leave claims or lines out, open the set as it "
                "was and select with claims.where(...); to analyse changed tables, read them with "
                "cpticd.read_tables(claims=..., lines=..., ...)"
            )

    def _stamped(self) -> dict[str, tuple[int, int, int]]:
        """Which files lie in the folder now."""
        try:
            found = {file.name: file.stat() for file in self.path.glob("*.parquet")}
            found[MANIFEST] = (self.path / MANIFEST).stat()
        except OSError:
            return {}
        return {name: (each.st_ino, each.st_size, each.st_mtime_ns) for name, each in found.items()}

    def check_unchanged(self) -> None:
        """InputError where files were replaced since the set was opened: they would be read as if they were its own."""
        if (now := self._stamped()) == self._stamps:
            return
        with suppress(InputError):  # the same set in the same place: saved over itself, or copied anew
            there = manifest_of(self.path)
            if _held(there) == _held(self.manifest) != {} and all(
                contents.is_as_saved(self.path / f"{name}.parquet", entry)
                for name, entry in there["contents"].items()
            ):
                self.manifest, self._stamps = there, now
                return
        raise InputError(f"{self.path}: replaced or changed since it was opened; open it again")

    def has(self, name: str) -> bool:
        """Whether a relation that was derived from these tables is there."""
        return name not in self._not_its_own and (self.path / f"{name}.parquet").exists()

    def scan(self, engine: DataEngine, names: Collection[str]) -> None:
        """Define every canonical table over the files, and the derived relations of these names."""
        engine.watch = self.check_unchanged
        scan_tables(engine, self.path)
        for name in names:
            engine.scan(name, self.path / f"{name}.parquet")

    def table(self, name: str) -> pa.Table | None:
        """A small table, None where it is not there; InputError where every set has it."""
        if self.has(name):
            return read_table(self.path, name)
        if name in ALWAYS:
            raise InputError(f"{self.path}: {name} gone; load the claims and save them again")
        return None
