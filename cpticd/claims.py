"""Claims: the tables of one data set, what could not be read of it, and the views over both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cpticd import codes, reference, sql
from cpticd.core.engine import DuckDBEngine, Engine
from cpticd.core.errors import ArgumentError, InputError, OutputExistsError
from cpticd.core.frames import to_frame
from cpticd.core.guard import check
from cpticd.core.schema import TABLES

if TYPE_CHECKING:
    from cpticd.core.engine_spark import SparkSession

#: Reference tables that the views read; :meth:`Claims.use` replaces one.
REFERENCES: Final = ("carc_categories", "carc_rarc_overrides", "line_processing_indicators")
#: Views over the canonical tables, in the order in which they build on each other; True: computed at once.
_DERIVED: Final = {
    "pairs": False,
    "unprocessable": False,
    "adjudicated_lines": False,
    "line_outcomes": True,
    "claim_outcomes": True,
    "strata": True,
    "bridge": True,
    "seen": True,
    "pair_totals": True,
    "payer_pair_totals": True,
    "cells": True,
    "cell_causes": True,
}
#: Needed to compute the others, and dropped afterwards: the largest of all.
_PASSING: Final = ("bridge", "seen")
#: Code -> family, told by cpticd.codes and not by SQL.
_FAMILIES: Final = ("procedure_families", "diagnosis_families")
_SAVED: Final = (
    *(name for name, computed in _DERIVED.items() if computed and name not in _PASSING),
    *_FAMILIES,
)
_FORMAT: Final = "cpticd-claims/2"
_MANIFEST: Final = "cpticd.json"


class Claims:
    """One data set of claims, with the pairs, outcomes and accounting derived from it.

    Made by the ``read_*`` functions, :func:`open`, ``demo()`` and ``simulate()``, never by hand.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        accounting: pa.Table,
        rejects: pa.Table,
        references: Mapping[str, pa.Table] | None = None,
        derived: bool = False,
        progress: bool = False,
    ) -> None:
        self._progress = progress
        self.engine = engine
        self._accounting = accounting
        self._rejects = rejects
        self._references = {name: reference.table(name) for name in REFERENCES} | dict(references or {})
        for name, table in self._references.items():
            engine.load(name, table)
        if derived:
            for name, computed in _DERIVED.items():
                if not computed:
                    engine.create(name, sql.text(name))
        else:
            self._derive()
        engine.seal()

    def _derive(self) -> None:
        from tqdm.auto import tqdm

        steps = tqdm(_DERIVED.items(), desc="deriving", delay=2, leave=False, disable=not self._progress)
        for name, computed in steps:
            self.engine.create(name, sql.text(name), materialize=computed)
        for name in _PASSING:
            self.engine.drop(name)
        self._derive_families()

    def _derive_families(self) -> None:
        """Tables of every code in the data with its family: procedure section, diagnosis chapter."""
        found = to_frame(
            self.engine.fetch("SELECT DISTINCT hcpcs_code AS code FROM lines WHERE hcpcs_code IS NOT NULL")
        )
        families = codes.procedure_family(found["code"])
        self.engine.load("procedure_families", _family_table("hcpcs", found["code"], families))
        found = to_frame(
            self.engine.fetch(
                "SELECT diagnosis_code AS code, min(diagnosis_code_type) AS code_type "
                "FROM diagnoses GROUP BY diagnosis_code"
            )
        )
        kinds = found["code_type"].fillna("diagnosis")
        families = codes.diagnosis_family(found["code"], code_type=kinds)
        self.engine.load("diagnosis_families", _family_table("diagnosis", found["code"], families))

    # -- what is there ---------------------------------------------------------------------------

    @property
    def tables(self) -> list[str]:
        """Names that :meth:`table` and :meth:`query` know."""
        return [*TABLES, *(name for name in _DERIVED if name not in _PASSING), *_FAMILIES, *REFERENCES]

    def table(self, name: str) -> pd.DataFrame:
        """The rows of one table or view, in the order of its key.

        ``name`` is one of :attr:`tables`; ArgumentError otherwise. Money is float64 dollars.
        """
        if name not in self.tables:
            raise ArgumentError(f"no table {name!r}; there are {self.tables}")
        key = (
            TABLES[name].key
            if name in TABLES
            else self.engine.fetch(f"SELECT * FROM {name} LIMIT 0").column_names
        )
        return to_frame(self.engine.fetch(f"SELECT * FROM {name} ORDER BY {', '.join(key)}"))

    def query(self, sql: str, **params: Any) -> pd.DataFrame:
        """The rows of one SELECT, in DuckDB's dialect, over :attr:`tables`.

        ``$name`` in the text stands for the keyword argument of that name. Statements that write, attach,
        install, read files or reach settings raise QueryError.
        """
        check(sql, self.tables)
        return to_frame(self.engine.fetch(sql, params))

    def accounting(self) -> pd.DataFrame:
        """One row per source and table: rows and dollars read, loaded and rejected.

        read = loaded + rejected, always; what was repaired or noted is loaded. Dollars are the table's
        charge (adjustments: the adjusted) amount, null where a table has none. Of "file rows", the rows of
        flat files, they are the charges as the rows give them, each adjudication of a line again; rows
        without a charge that can be read are in ``rejects``, counted.
        """
        return to_frame(self._accounting)

    @property
    def rejects(self) -> pd.DataFrame:
        """One row per thing that was rejected, repaired or noted: source, location, reason, content.

        Whatever was rejected stands here, each with its place. Of many repairs or notes of one kind the first
        are listed, then how many more there are.
        """
        return to_frame(self._rejects)

    def summary(self) -> pd.DataFrame:
        """One row per figure that describes the data set: measure, value, unit."""
        figures = pd.DataFrame(self._figures(), columns=["measure", "value", "unit"], dtype=object)
        return figures.astype({"measure": str, "unit": str})

    def _figures(self) -> list[tuple[str, Any, str]]:
        """Measure, value and unit of each figure of the summary."""
        row = self.engine.fetch(
            """
            SELECT (SELECT count(*) FROM claims) AS claims,
                   (SELECT count(*) FROM lines) AS lines,
                   (SELECT count(DISTINCT person_id) FROM claims) AS persons,
                   (SELECT count(DISTINCT payer) FROM claims) AS payers,
                   (SELECT count(DISTINCT billing_npi) FROM claims) AS providers,
                   (SELECT count(*) FROM diagnoses) AS diagnoses,
                   (SELECT min(service_date) FROM line_outcomes) AS first_service_date,
                   (SELECT max(service_date) FROM line_outcomes) AS last_service_date,
                   (SELECT CAST(sum(charge_amount) AS DOUBLE) FROM lines) AS charge,
                   (SELECT count(*) FROM adjudications) AS adjudications,
                   (SELECT count(*) FROM line_outcomes WHERE initial_outcome <> 'not adjudicated') AS adjudicated,
                   (SELECT count(*) FROM line_outcomes WHERE initial_outcome = 'denied') AS denied,
                   (SELECT CAST(sum(denied_amount) AS DOUBLE) FROM line_outcomes) AS denied_amount,
                   (SELECT count(*) FROM unprocessable) AS returned
            """
        ).to_pylist()[0]
        rejected = sum(1 for action in self._rejects.column("action").to_pylist() if action == "rejected")
        return [
            ("claims", row["claims"], ""),
            ("service lines", row["lines"], ""),
            ("persons", row["persons"], ""),
            ("payers", row["payers"], ""),
            ("billing providers", row["providers"], ""),
            ("diagnoses", row["diagnoses"], ""),
            ("first service date", row["first_service_date"], "date"),
            ("last service date", row["last_service_date"], "date"),
            ("charges", row["charge"], "US dollars"),
            ("adjudications", row["adjudications"], ""),
            ("adjudicated lines", row["adjudicated"], ""),
            ("initially denied lines", row["denied"], ""),
            ("initially denied amount", row["denied_amount"], "US dollars"),
            ("returned as unprocessable", row["returned"], ""),
            ("rejected", rejected, ""),
        ]

    def __repr__(self) -> str:
        figures = {measure: value for measure, value, _ in self._figures()}
        text = (
            f"Claims: {figures['claims']:,} claims, {figures['service lines']:,} lines, "
            f"{figures['persons']:,} persons, {figures['payers']:,} payers"
        )
        if figures["first service date"] is not None:
            text += f", {figures['first service date']} to {figures['last service date']}"
        if figures["rejected"]:
            text += f"; {figures['rejected']:,} rejected (see .rejects)"
        calls = ".accounting(), cx.denials.rates(claims), cx.denials.by_pair(claims), cx.report(claims, path)"
        return f"{text}\nNext: {calls}"

    # -- what is judged, and where it is kept ------------------------------------------------------

    def use(self, **references: str | Path | pd.DataFrame | pa.Table) -> Claims:
        """These claims, judged by reference tables of your own, in place.

        Keyword: one of ``carc_categories``, ``carc_rarc_overrides``, ``line_processing_indicators``; the
        table, or its CSV file, needs the columns of the built-in one (``cpticd.reference.table(name)``) and one
        row per key, SchemaError otherwise. Returns self.
        """
        for name, table in references.items():
            if name not in REFERENCES:
                raise ArgumentError(f"no reference table {name!r} to replace; there are {list(REFERENCES)}")
            self._references[name] = reference.replacement(name, table)
        for name, table in self._references.items():
            self.engine.load(name, table)
        self._derive()
        return self

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write every table as Parquet into ``folder``, from which :func:`open` reads them. Returns it.

        Raises OutputExistsError where the folder exists, unless ``overwrite`` and it is a saved data set.
        """
        target = Path(folder)
        if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
            if not overwrite:
                raise OutputExistsError(f"{target} exists; pass overwrite=True to replace it")
            if not (target / _MANIFEST).is_file():
                raise OutputExistsError(
                    f"{target} is not a saved data set ({_MANIFEST} is not in it); not replaced"
                )
        working = target.with_name(target.name + ".writing")
        shutil.rmtree(working, ignore_errors=True)
        working.mkdir(parents=True)
        for name in [*TABLES, *_SAVED]:
            schema = TABLES[name].arrow_schema if name in TABLES else None
            self._write(name, working / f"{name}.parquet", schema)
        for name, table in self._references.items():
            pq.write_table(table, working / f"{name}.parquet")
        pq.write_table(self._accounting, working / "accounting.parquet")
        pq.write_table(self._rejects, working / "rejects.parquet")
        manifest = {
            "format": _FORMAT,
            "tables": list(TABLES),
            "derived": list(_SAVED),
            "references": list(REFERENCES),
        }
        (working / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        working.rename(target)
        return target

    def _write(self, name: str, path: Path, schema: pa.Schema | None) -> None:
        order = f" ORDER BY {', '.join(TABLES[name].key)}" if name in TABLES else ""
        writer = None
        for batch in self.engine.batches(f"SELECT * FROM {name}{order}"):
            table = pa.Table.from_batches([batch])
            if schema is not None:
                table = table.select(schema.names).cast(schema)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is None:
            table = (
                schema.empty_table()
                if schema is not None
                else self.engine.fetch(f"SELECT * FROM {name} LIMIT 0")
            )
            pq.write_table(table, path)
        else:
            writer.close()


def _family_table(what: str, code: pd.Series, family: pd.Series) -> pa.Table:
    return pa.table(
        {
            f"{what}_code": pa.array(code.tolist(), pa.string()),
            f"{what}_family": pa.array(family.tolist(), pa.string()),
        }
    )


def open(
    folder: str | Path,
    *,
    engine: str = "duckdb",
    session: SparkSession | None = None,
    memory_limit: str | None = None,
) -> Claims:
    """The data set that ``Claims.save(folder)`` wrote.

    ``engine`` is "duckdb" (embedded) or "spark" (needs the extra ``spark``; ``session`` is your
    SparkSession, a local one is started without it). ``memory_limit``: DuckDB's, such as "4GB".
    Raises InputError where the folder is not a saved data set.
    """
    path = Path(folder)
    manifest_path = path / _MANIFEST
    if not manifest_path.is_file():
        raise InputError(
            f"{path}: no {_MANIFEST} in it, so it is not a saved data set; read files with cpticd.read()"
        )
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{manifest_path}: not readable: {error}") from error
    if manifest.get("format") != _FORMAT:
        raise InputError(
            f"{path}: format {manifest.get('format')!r}; this cpticd reads {_FORMAT!r}: load and save again"
        )
    where = _engine(engine, session, memory_limit)
    for name in [*TABLES, *_SAVED]:
        file = path / f"{name}.parquet"
        if not file.exists():
            raise InputError(f"{path}: {file.name} is gone; load the claims and save them again")
        where.scan(name, file)
    return Claims(
        where,
        accounting=pq.read_table(path / "accounting.parquet"),
        rejects=pq.read_table(path / "rejects.parquet"),
        references={name: pq.read_table(path / f"{name}.parquet") for name in REFERENCES},
        derived=True,
    )


def _engine(name: str, session: SparkSession | None, memory_limit: str | None) -> Engine:
    if name == "duckdb":
        if session is not None:
            raise ArgumentError("session goes with engine='spark'")
        return DuckDBEngine(memory_limit=memory_limit)
    if name == "spark":
        from cpticd.core.engine_spark import SparkEngine

        return SparkEngine(session)
    raise ArgumentError(f"no engine {name!r}; there are 'duckdb' and 'spark'")


def pairs(claims: Claims) -> pd.DataFrame:
    """One row per service line and diagnosis that it points to (the view ``pairs``).

    claim_id, claim_line_number, hcpcs_code, diagnosis_code, pointer_position, is_primary, share (1/k of
    the line, k its distinct diagnoses) and level: ``line``, or ``claim`` where the source has no pointers
    and every diagnosis of the claim counts. A line without a diagnosis stands once, diagnosis null, share
    1, so that sum(share x charge_amount) is the total of the lines.
    """
    return claims.table("pairs")
