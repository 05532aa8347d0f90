"""``Claims.export``: the forms that a data set is written in, and what each cannot hold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.core import database, folders, store
from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.schema import REJECTS
from cpticd.core.whole_files import whole
from cpticd.exports import files, flat, held, tuva

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Every form, and the suffix that a file of it has; none: a folder.
FORMS: Final = {
    "duckdb": ".duckdb",
    "parquet": "",
    "csv": ".csv",
    "xlsx": ".xlsx",
    "tuva": "",
    "rejects": ".csv",
}
#: What a folder of Tuva's tables may hold, and be replaced.
_TUVA_FILES: Final = frozenset(
    f"{name}.parquet" for name in ("medical_claim", "eligibility", "pharmacy_claim")
) | {"rejects.csv"}
_REJECTS: Final = "rejects.csv"
_BATCH: Final = 1 << 16


def export(
    claims: Claims, path: str | Path, form: str | None, *, overwrite: bool, quiet: bool
) -> pd.DataFrame:
    """Write claims in one form; see :meth:`cpticd.claims.Claims.export`."""
    target = Path(path).expanduser()
    form = form_of(target, form)
    if claims.engine.name != "duckdb":
        raise ArgumentError(
            "export: works on DuckDB; save() these claims and open them without engine='spark'"
        )
    check_target(target, form, overwrite=overwrite)
    claims._derive()
    try:
        found = _WRITERS[form](claims, target, overwrite)
    except (OSError, duckdb.IOException) as error:
        text = getattr(error, "strerror", None) or error
        raise ArgumentError(f"{target} cannot be written: {text}; choose another path") from error
    if not quiet:
        print(line(found, target))
    return found


def form_of(target: Path, form: str | None) -> str:
    """The form that is meant; ArgumentError where none is, or the path is none of it."""
    by_suffix = {".duckdb": "duckdb", ".db": "duckdb", ".csv": "csv", ".xlsx": "xlsx", "": "parquet"}
    suffix = target.suffix.lower() if not target.is_dir() else ""
    form = form or by_suffix.get(suffix)
    if form not in FORMS:
        raise ArgumentError(f"export: no form {form or target.suffix!r}; there are {', '.join(FORMS)}")
    wanted = {"duckdb": (".duckdb", ".db"), "tuva": ("", ".duckdb", ".db")}.get(form, (FORMS[form],))
    if suffix not in wanted:
        kind = "a folder, without a suffix" if wanted == ("",) else " or ".join(filter(None, wanted))
        raise ArgumentError(f"export: {target.name!r} is no path of form {form!r}; name {kind}")
    return form


def check_target(target: Path, form: str, *, overwrite: bool) -> None:
    """OutputExistsError where something is there that may not be replaced."""
    if form == "parquet":
        store.check_target(target, overwrite=overwrite)
    elif form == "tuva" and target.is_dir():
        inside = {each.name for each in target.iterdir()}
        if inside and (not overwrite or not inside <= _TUVA_FILES):
            if overwrite:
                raise OutputExistsError(
                    f"{target} holds {sorted(inside - _TUVA_FILES)[:3]}, which are none of Tuva's; name another folder"
                )
            raise OutputExistsError(f"{target} holds files already; pass overwrite=True to replace them")
    elif target.is_dir():
        raise OutputExistsError(f"{target} is a folder; name a file")
    else:
        for each in (target, beside(target)) if form == "csv" else (target,):
            if each.exists() and not overwrite:
                raise OutputExistsError(f"{each} exists; pass overwrite=True to replace it")


def beside(target: Path) -> Path:
    """Where the rejects of a flat file stand."""
    return target.with_name(f"{target.stem}.{_REJECTS}")


def line(found: pd.DataFrame, target: Path) -> str:
    """What was written and left out, in one line."""
    lost = found[found["left_out"] > 0]
    rows = "; ".join(f"{each.table_name} {each.left_out:,} of {each.rows:,}" for each in lost.itertuples())
    return f"{target}: written; " + (f"left out: {rows}" if rows else "nothing is left out")


def _duckdb(claims: Claims, target: Path, overwrite: bool) -> pd.DataFrame:
    with claims.session() as s:
        tables, manifest = claims._stored(s, ())
        names = dict.fromkeys((*(name for name, computed in sql.LINES.items() if computed), *claims._kept))
        derived = {name: store.batches(s.engine, name) for name in names}
        kept = {name: rows for name, rows in tables.items() if name not in derived}
        database.write(target, kept, derived, manifest)
        return held.report(s, None, {"": target.name})


def _parquet(claims: Claims, target: Path, overwrite: bool) -> pd.DataFrame:
    with claims.session() as s:
        tables, manifest = claims._stored(s, ())
        store.write(target, tables, manifest)
        _write_rejects(claims, target / _REJECTS)
        return held.report(s, None, {name: f"{name}.parquet" for name in tables})


def _csv(claims: Claims, target: Path, overwrite: bool) -> pd.DataFrame:
    with claims.session() as s:
        select = flat.select(s)
        with whole(target, parents=True) as working:
            files.csv(s.engine.batches(select), working)
        _write_rejects(claims, beside(target))
        return held.report(s, held.FLAT, {"": target.name})


def _xlsx(claims: Claims, target: Path, overwrite: bool) -> pd.DataFrame:
    with claims.session() as s:
        select = flat.select(s)
        sheets = {
            "lines": lambda: s.engine.batches(select),
            "rejects": lambda: _batches(claims._rejects),
            "accounting": lambda: _batches(claims._accounting),
        }
        with whole(target, parents=True) as working:
            files.workbook(sheets, working)
        return held.report(s, held.FLAT, {"": target.name})


def _tuva(claims: Claims, target: Path, overwrite: bool) -> pd.DataFrame:
    with claims.session() as s, folders.temporary() as folder:
        made = folder / "tuva"
        made.mkdir()
        selects = tuva.selects(s)
        for name, select in selects.items():
            files.parquet(s.engine.batches(select), made / f"{name}.parquet")
        files_of = {"members": "eligibility", "drugs": "pharmacy_claim", "observations": "observation"}
        if target.suffix:
            with whole(target, parents=True) as working, duckdb.connect(str(working)) as connection:
                database.fill(connection, made, "input_layer")
            _write_rejects(claims, beside(target))
            return held.report(s, held.TUVA, {"": target.name})
        _write_rejects(claims, made / _REJECTS)
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, target)
        shown = {table: f"{name}.parquet" for table, name in files_of.items()}
        return held.report(s, held.TUVA, {"": "medical_claim.parquet", **shown})


def _rejects(claims: Claims, target: Path, overwrite: bool) -> pd.DataFrame:
    _write_rejects(claims, target)
    rows = claims._rejects.num_rows
    row = [
        "rejects",
        rows,
        rows,
        0,
        None,
        None,
        target.name,
        "what was rejected, repaired or noted; no claims",
    ]
    return pd.DataFrame([row], columns=held.COLUMNS)


def _write_rejects(claims: Claims, path: Path) -> None:
    """What was rejected, repaired or noted, with file and line, the gravest first."""
    with whole(path, parents=True) as working:
        files.csv(_batches(claims._rejects.select(REJECTS.names)), working)


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.to_batches(_BATCH) or [pa.RecordBatch.from_pylist([], schema=table.schema)]


_WRITERS: Final[dict[str, Any]] = {
    "duckdb": _duckdb, "parquet": _parquet, "csv": _csv, "xlsx": _xlsx, "tuva": _tuva, "rejects": _rejects,
}  # fmt: skip
