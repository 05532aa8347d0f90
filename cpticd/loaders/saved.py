"""Data sets that ``Claims.save`` or ``export`` wrote, read together with other files; and rejects beside them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core import database, store
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import InputError
from cpticd.core.schema import REJECTS, TABLES, graded
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options, Sample


def is_saved(folder: Path) -> bool:
    """Whether a folder is a saved data set."""
    return (folder / store.MANIFEST).is_file()


def tell(sample: Sample) -> str | None:
    """``saved`` for the folder of a saved data set, or a DuckDB file that is one."""
    if sample.is_folder:
        return "saved" if is_saved(sample.path) else None
    return "saved" if database.is_saved(sample.path) else None


def load(files: Files, intake: Intake, options: Options) -> None:
    """Take over the tables, rejects and accounting of saved data sets, each a source of its own."""
    for path in [path for paths in files.values() for path in paths]:
        name = intake.shown(path)
        with intake.file(name):
            saved = store.Folder(path) if path.is_dir() else database.Database(path)
            accounts, rejects = (saved.table(table) for table in ("accounting", "rejects"))
            if accounts is None or rejects is None:
                raise InputError(
                    f"{path}: accounting or rejects are gone; load the claims and save them again"
                )
            engine = DuckDBEngine()
            saved.scan(engine, ())
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


def _tell_rejects(sample: Sample) -> str | None:
    """``rejects`` for a file of rejects that ``Claims.export`` wrote for their sender."""
    is_text = not (sample.is_folder or sample.is_parquet or database.is_database(sample.path))
    return "rejects" if is_text and sample.head[:500].replace(b'"', b"").startswith(_HEADING) else None


def _note_rejects(files: Files, intake: Intake, options: Options) -> None:
    """Rejects of an earlier reading are no claims: they are noted, and not read."""
    for path in [path for paths in files.values() for path in paths]:
        intake.reject(
            source=intake.shown(path), location="file", table_name=None, action="noted",
            reason="rejects of an earlier reading, exported for their sender: no claims, not read",
        )  # fmt: skip


#: What a file of rejects begins with.
_HEADING = b"\xef\xbb\xbf" + ",".join(REJECTS.names).encode()
REJECTS_LOADER = Loader("rejects of an earlier reading", _tell_rejects, _note_rejects)
