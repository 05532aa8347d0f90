"""X12 files read once: their staged tables, kept beside their copies, and which records have to do with which.

A record is a claim or the claim of a remittance. What two have to do with one another is listed in
``sql/growing/records.sql``: nothing else lets the join, or the chains that are derived from it, depend on both. A
change of what they look at belongs there, too. Records that are linked to new ones, over however many steps, are joined
again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from cpticd.core import folders
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import InputError
from cpticd.loaders import registry
from cpticd.loaders.growing import staged_rows
from cpticd.loaders.growing.journal import File
from cpticd.loaders.x12 import reader
from cpticd.loaders.x12.batches import Outcome
from cpticd.loaders.x12.items import items
from cpticd.loaders.x12.spool import STAGED, staged
from cpticd.loaders.x12.workers import read_items
from cpticd.sql import text

#: Tables of a load beside the staged ones: links between records, and segments by file.
_RECORDS: Final = "records"
_OUTCOMES: Final = "outcomes"
#: Why nothing was read of a load, instead of its tables.
_REFUSED: Final = "refused.json"
_OF_FILES: Final = ("sets", "left_out", "rejects", "provider_adjustments", "turned_away", "turned_away_sets")


class Cannot(Exception):
    """Why a data set is read as a whole."""


def parse(files: Mapping[Path, File], folder: Path, *, progress: bool) -> None:
    """Read the copies of one load into a folder of its own; Cannot where they are not plain X12."""
    found, failed = items({path: file.name for path, file in files.items()})
    if failed or len(found) != len(files) or any(item.name != files[Path(item.path)].name for item in found):
        raise Cannot("files are packed, or cannot be opened")
    try:
        if any(registry.tell(path).loader is not reader.LOADER for path in files):
            raise Cannot("files are of other kinds than X12")
    except InputError as error:
        raise Cannot("files are of no kind that is read") from error
    numbered = [replace(item, number=files[Path(item.path)].number) for item in found]
    size = sum(item.size for item in numbered)
    folder.mkdir(parents=True)
    with folders.temporary() as place:
        with tqdm(
            total=size, unit="B", unit_scale=True, desc="reading X12", delay=2, leave=False, disable=not progress
        ) as bar:  # fmt: skip
            outcomes, spooled = read_items(numbered, place, bar.update, None)
        if any(each.error or not each.segments or not each.found_header for each in outcomes):
            raise Cannot("files are damaged or empty")
        tables = staged(spooled)
        for name, table in tables.items():
            if table.num_rows:
                pq.write_table(
                    table, folder / f"{name}.parquet", compression="zstd", row_group_size=staged_rows.GROUP
                )
        engine = DuckDBEngine()
        for name in ("claims", "remits", "lines", "services"):
            engine.load(name, tables[name], copy=False)
        pq.write_table(engine.fetch(text("growing/records")), folder / f"{_RECORDS}.parquet")
        engine.close()
        del tables
    rows = [(each.number, each.segments) for each in outcomes]
    names = ("number", "segments")
    made = pa.table(
        {name: [row[i] for row in rows] for i, name in enumerate(names)},
        schema=pa.schema([(n, pa.int64()) for n in names]),
    )
    pq.write_table(made, folder / f"{_OUTCOMES}.parquet")


class Parsed:
    """What was read of all files of a store, and those of its records that an addition touches."""

    def __init__(self, engine: DuckDBEngine, places: Sequence[Path], files: Iterable[File]) -> None:
        """``places``: the folders of the loads; ``files``: those of them that count."""
        self._engine, self._places = engine, places
        self.numbers = [each.number for each in files]
        self._view("records", _RECORDS, pa.schema([("key", pa.int64()), ("node", pa.uint64())]))
        for name, schema in STAGED.items():
            self._view(f"staged_{name}", name, schema)
        if self._count("staged_enrolment_sets"):
            raise Cannot("enrolment sets speak of all that went before")
        for name in ("turned_away", "turned_away_sets"):
            if self._count(f"staged_{name}"):
                raise Cannot("acknowledgements turn claims away")
        copies = "SELECT digest FROM staged_sets WHERE digest IS NOT NULL GROUP BY digest HAVING count(*) > 1"
        if engine.holds(f"({copies})"):
            raise Cannot("a transaction set stands twice")

    def _view(self, view: str, name: str, schema: pa.Schema) -> None:
        """A view of one table of all loads, of the files that count."""
        paths = [str(path) for path in self._files(name)]
        if not paths:
            self._engine.load(view, schema.empty_table())
            return
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        counted = ", ".join(map(str, self.numbers))
        self._engine.create(
            view, f"SELECT * FROM read_parquet([{listed}]) WHERE (key >> 32) IN ({counted or 'NULL'})"
        )

    def _files(self, name: str) -> list[Path]:
        """The files of one table, by load."""
        return [path for place in self._places if (path := place / f"{name}.parquet").exists()]

    def _count(self, name: str) -> int:
        return self._engine.fetch(f"SELECT count(*) AS n FROM {name}").column("n")[0].as_py()

    def touch(self, new: Sequence[int] | None) -> None:
        """Make the relation ``touched``: keys of records linked to one of the ``new`` files, None for all records."""
        run = self._engine.execute
        if new is None:
            run("CREATE OR REPLACE TABLE touched AS SELECT DISTINCT key FROM records")
            return
        low, high = min(new) << 32, (max(new) + 1 << 32) - 1
        listed = ", ".join(map(str, new))
        mine = f"key BETWEEN {low} AND {high} AND (key >> 32) IN ({listed})"
        run(f"CREATE OR REPLACE TABLE touched AS SELECT DISTINCT key FROM records WHERE {mine}")
        run(f"CREATE OR REPLACE TABLE nodes AS SELECT DISTINCT node FROM records WHERE {mine}")
        run("CREATE OR REPLACE TABLE reached AS SELECT * FROM nodes")
        while True:  # from what was reached last to what hangs on it
            run(
                "CREATE OR REPLACE TABLE more AS SELECT DISTINCT key FROM records SEMI JOIN reached USING (node) "
                "ANTI JOIN touched USING (key)"
            )
            if not self._count("more"):
                return
            run(
                "INSERT INTO touched FROM more; CREATE OR REPLACE TABLE reached AS SELECT DISTINCT node FROM records "
                "SEMI JOIN more USING (key) ANTI JOIN nodes USING (node); INSERT INTO nodes FROM reached"
            )

    def touched(self, ranks: Mapping[int, int], new: Sequence[int]) -> dict[str, pa.Table]:
        """Staged tables of touched records, and of new files, under keys by the rank of their file."""
        table = pa.table({"number": [*ranks], "rank": pa.array([*ranks.values()], pa.int64())})
        self._engine.load("ranks", table)
        records = staged_rows.of_records(self._engine.fetch("SELECT key FROM touched").column("key"))
        spans = dict.fromkeys(_OF_FILES, staged_rows.of_files(new))
        spans["payments"] = staged_rows.of_files(self.numbers)
        return {
            name: staged_rows.read(self._files(name), schema, spans.get(name, records), ranks)
            for name, schema in STAGED.items()
        }

    def outcomes(self, ranks: Mapping[int, int], new: Sequence[int]) -> list[Outcome]:
        """How many segments the new files have."""
        rows = [
            row
            for place in self._places
            for row in pq.read_table(place / f"{_OUTCOMES}.parquet").to_pylist()
            if row["number"] in new
        ]
        return [Outcome(ranks[row["number"]], row["segments"], True) for row in rows]

    def has_claims(self) -> bool:
        """Whether any file has a claim, and not remittances alone."""
        return self._engine.holds("staged_claims")

    def reported(self) -> list[str]:
        """The payer ids that claims report of."""
        found = self._engine.fetch("SELECT DISTINCT payer_id FROM staged_reported WHERE payer_id IS NOT NULL")
        return found.column("payer_id").to_pylist()

    def said(self) -> pa.Table:
        """How often each payer id that claims report of has which name, in all files."""
        statement = text("x12/said")
        for name in ("claims", "remits", "reported"):
            statement = statement.replace(f"x12_{name}", f"staged_{name}")
        return self._engine.fetch(statement)


def refuse(place: Path, files: Iterable[File], stamp: str, reason: str) -> None:
    """Keep why files cannot be joined, in the place of what would have been read of them."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    said = {"stamp": stamp, "files": sorted(file.sha256 for file in files), "reason": reason}
    (place / _REFUSED).write_text(json.dumps(said), encoding="utf-8")


def refused(place: Path, files: Iterable[File], stamp: str) -> str:
    """Why files of this content cannot be joined, as it was found before; empty where that is not known."""
    try:
        said = json.loads((place / _REFUSED).read_text(encoding="utf-8"))
        same = said["stamp"] == stamp and said["files"] == sorted(file.sha256 for file in files)
        return str(said["reason"]) if same else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def is_parsed(place: Path) -> bool:
    """Whether a load was read into a folder."""
    return (place / f"{_OUTCOMES}.parquet").is_file() and os.access(place, os.R_OK)
