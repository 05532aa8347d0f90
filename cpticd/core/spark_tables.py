"""Tables that lie where Spark reads them: a data set under a URI, or tables of a catalog."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from cpticd.core import store
from cpticd.core.engine_spark import SparkEngine
from cpticd.core.errors import InputError
from cpticd.core.schema import ACCOUNTING, REJECTS, TABLES
from cpticd.core.tables import Table

#: Codes that joins compare as text, by table, and what they are where they are in normal form.
_NORMAL: Final = {
    "lines": ("hcpcs_code", "upper(trim(hcpcs_code))"),
    "diagnoses": ("diagnosis_code", "upper(replace(trim(diagnosis_code), '.', ''))"),
}


class SparkTables:
    """A data set's tables as Spark's session finds them.

    ``place`` is a URI, kept as it is written (``s3a://bucket/claims``), of a set that ``Claims.save`` wrote or of a
    folder with one (partitioned) Parquet folder or file a table; or the name of a database of the session's catalog
    (``warehouse.claims``), whose tables may be Delta, Iceberg or any other that the session reads. Raises InputError
    where neither has tables of claims, and where codes are not in the normal form of :mod:`cpticd.core.schema`.
    """

    def __init__(self, session: SparkSession, place: str) -> None:
        self.session, self.path = session, place.rstrip("/")
        self.is_uri = "://" in place
        self.manifest: Mapping[str, Any] = self._manifest()
        self._frames: dict[str, DataFrame | None] = {}
        if missing := [name for name in store.NEEDED if self._frame(name) is None]:
            what = "a URI of Parquet tables" if self.is_uri else "a database of this session's catalog"
            raise InputError(
                f"{place}: no table {', '.join(missing)} there; engine='spark' opens a folder that exists here, "
                f"{what}, or a set that Claims.save wrote"
            )
        if not self.manifest:
            self._check_codes()

    def _manifest(self) -> Mapping[str, Any]:
        """That of a saved set; none where tables lie without one."""
        if not self.is_uri:
            return {}
        try:
            text = self.session.read.text(f"{self.path}/{store.MANIFEST}", wholetext=True).collect()
        except PySparkException:
            return {}
        return store.checked(text[0][0], self.path) if text else {}

    def _frame(self, name: str) -> DataFrame | None:
        """A table, None where there is none of this name."""
        if name not in self._frames:
            self._frames[name] = self._found(name)
        return self._frames[name]

    def _found(self, name: str) -> DataFrame | None:
        if not self.is_uri:
            table = f"{self.path}.{name}"
            return self.session.table(table) if self.session.catalog.tableExists(table) else None
        for file in (f"{self.path}/{name}.parquet", f"{self.path}/{name}"):
            try:
                return self.session.read.parquet(file)
            except PySparkException as error:
                if "PATH_NOT_FOUND" not in str(error):
                    raise InputError(f"{file}: Spark cannot read it: {error}") from error
        return None

    def _check_codes(self) -> None:
        """InputError where codes are written otherwise than the model joins them: nothing would be found."""
        for name, (column, normal) in _NORMAL.items():
            frame = self._frame(name)
            if frame is None or column not in {each.lower() for each in frame.columns}:
                continue
            if off := frame.where(f"{column} <> {normal}").select(column).first():
                raise InputError(
                    f"{self.path}.{name}: {column} {off[0]!r} is not in normal form ({normal}); tables that Spark "
                    "opens are read as they lie: load them with cpticd.read_tables on one machine, or mend them there"
                )

    def has(self, name: str) -> bool:
        """Whether a relation that was derived from these tables is there."""
        listed = (*self.manifest.get("derived", ()), *self.manifest.get("references", ()), *store.ALWAYS)
        return bool(self.manifest) and name in listed and self._frame(name) is not None

    def _columns(self, table: Table, frame: DataFrame) -> str:
        """SQL of a table's columns; of a set that nobody saved, in the types of the schema."""
        there = {name.lower() for name in frame.columns}
        return store.columns_of(table, there, f"{self.path}.{table.name}", cast=not self.manifest)

    def scan(self, engine: SparkEngine, names: Collection[str]) -> None:
        """Define every canonical table, and the derived relations of these names."""
        for name, table in TABLES.items():
            frame = self._frame(name)
            if frame is None:
                engine.load(name, table.empty())
            else:
                engine.take(name, frame, self._columns(table, frame))
        for name in names:
            if (frame := self._frame(name)) is not None:
                engine.take(name, frame)

    def table(self, name: str) -> pa.Table | None:
        """A small table, None where it is not there; accounting and rejects are empty where nothing was saved."""
        frame = self._frame(name) if self.has(name) else None
        if frame is not None:
            return frame.toArrow()
        if name == "rejects":
            return REJECTS.empty()
        return ACCOUNTING.empty_table() if name == "accounting" else None
