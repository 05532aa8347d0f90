"""Data sets that ``Claims.save`` wrote, read together with other files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core import store
from cpticd.core.engine import DuckDBEngine
from cpticd.core.schema import REJECTS, TABLES, graded
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options, Sample


def is_saved(folder: Path) -> bool:
    """Whether a folder is a saved data set."""
    return (folder / store.MANIFEST).is_file()


def tell(sample: Sample) -> str | None:
    """``saved`` for the folder of a saved data set."""
    return "saved" if sample.is_folder and is_saved(sample.path) else None


def load(files: Files, intake: Intake, options: Options) -> None:
    """Take over the tables, rejects and accounting of saved data sets, each a source of its own."""
    for folder in [path for paths in files.values() for path in paths]:
        name = intake.shown(folder)
        with intake.file(name):
            store.manifest_of(folder)
            engine = DuckDBEngine()
            store.scan_tables(engine, folder)
            accounts, rejects = (store.read_table(folder, table) for table in ("accounting", "rejects"))
            for table in TABLES:
                for batch in engine.batches(f"SELECT * FROM {table}"):
                    intake.take(table, pa.Table.from_batches([batch]), source=name)
            engine.close()
            _count(intake, name, accounts)
            _reject(intake, name, rejects)


def _count(intake: Intake, name: str, accounts: pa.Table) -> None:
    """Count what is no row of a table, such as segments, as it was counted when it was read."""
    others = accounts.filter(pc.invert(pc.is_in(accounts["table_name"], pa.array(list(TABLES)))))
    totals = others.group_by("table_name").aggregate([("loaded", "sum"), ("amount_loaded", "sum")])
    for row in totals.sort_by("table_name").to_pylist():
        loaded, amount = row["loaded_sum"], row["amount_loaded_sum"]
        intake.count(name, row["table_name"], read=loaded, loaded=loaded, amount=amount)


def _reject(intake: Intake, name: str, rejects: pa.Table) -> None:
    """Reject what was rejected when it was read, the file that it came from before its place."""
    place = pc.binary_join_element_wise(rejects["source"], pc.fill_null(rejects["location"], ""), ", ")
    rejects = graded(rejects)
    columns = {column: rejects[column] for column in REJECTS.names}
    columns["source"] = pa.repeat(pa.scalar(name), len(rejects))
    columns["location"] = pc.utf8_rtrim(place, ", ")
    intake.reject_many(pa.table(columns))


LOADER = Loader("saved data set", tell, load, apart=True)
