"""Analyses worked out some persons at a time, on Spark's workers or here: their rows never meet in one place.

A decision, a chain of claims, a finding, a condition and a score depend on the records of one person. So each piece is
a data set of its own, small, read by DuckDB where it lies, and analysed by the same code as any other; what an analysis
asks of all persons besides it declares (``Apart``), and is told.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cpticd.core import errors, whole_folders
from cpticd.core.apart import Piece, Rows, Unknown, Written, packed, summed, unpacked, within
from cpticd.core.contract import terms_of
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError, CpticdError, EngineError, InputError, OutputExistsError
from cpticd.core.folders import Folder
from cpticd.core.limits import settings
from cpticd.core.measure import measures
from cpticd.core.schema import ACCOUNTING, REJECTS, TABLES
from cpticd.core.session import Session
from cpticd.reference import store

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Lines of a piece, about.
LINES: Final = 200_000
#: What DuckDB takes of a worker for a piece before it spills.
_MEMORY: Final = "2GB"
#: Tables that are of no person: nothing is derived of them.
_OF_ALL: Final = ("payments", "provider_adjustments")
#: Which piece a row belongs to, by the records of which person it is.
_PERSON: Final = "hash(coalesce('p' || person_id, 'c' || {other})) % {pieces}"

#: A folder of Parquet files that is whole has Spark's mark, which readers of Parquet pass over.
_PARQUET: Final = whole_folders.Kind("_SUCCESS", lambda folder: ())


@dataclass(frozen=True)
class Apart:
    """The declaration of an analysis of which a person's rows depend on his own records alone.

    whole: claims and arguments in, small tables of all persons out, which the analysis reads by
    :func:`cpticd.core.apart.whole`; counts that every piece adds to it asks for by :func:`cpticd.core.apart.total`.
    """

    whole: Callable[..., Mapping[str, pa.Table]] | None = None

    def rows(self, analysis: str, claims: Claims, arguments: Mapping[str, Any]) -> Rows:
        """The rows of an analysis of claims with these arguments, to be worked out when they are written."""
        return Rows(analysis, lambda table: _written(self, analysis, claims, arguments, table))


@dataclass(frozen=True)
class Task:
    """What a piece is asked: the same of every one, and carried to the workers."""

    kind: type[Claims]
    analysis: str
    arguments: Mapping[str, Any]
    references: Mapping[str, pa.Table]
    kept: tuple[str, ...]
    #: The last decision in the data set, by which denials are old or young.
    last_day: Any
    #: Checksums of the reference files that were added where the question is asked.
    added: tuple[str, ...]
    memory: str | None
    whole: Mapping[str, pa.Table] = field(default_factory=dict)
    totals: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __call__(self, tables: Mapping[str, pa.Table]) -> Iterator[tuple[str, str, bytes]]:
        """What a piece of the data set's tables comes to: ``rows``, ``total`` and one ``note``, each by name."""
        piece = Piece(self.whole, self.totals)
        note: dict[str, Any] = {"error": None, "said": [], "terms": {}, "rows": 0}
        said = io.StringIO()
        try:
            with within(piece), contextlib.redirect_stdout(said):
                frame = self._frame(tables)
            rows = _plain(frame)
            terms = {name: value for name, value in terms_of(frame).items() if _is_text(value)}
            note |= {"terms": terms, "rows": rows.num_rows, "said": said.getvalue().splitlines()}
            yield "schema", "", packed(rows.schema.empty_table())
            yield "rows", "", packed(rows)
        except Unknown:
            note["unknown"] = True
        except CpticdError as error:
            note["error"] = [type(error).__name__, str(error)]
        for name, counts in piece.added.items():
            yield "total", json.dumps([name, piece.keys[name]]), packed(_plain(counts))
        yield "note", "", json.dumps(note).encode()

    def _frame(self, tables: Mapping[str, pa.Table]) -> pd.DataFrame:
        """The analysis of one piece."""
        if _added(self.arguments) != self.added:
            raise EngineError(
                "reference files that were added are not the same on Spark's workers: let CPTICD_REFERENCE name a "
                "folder that all of them read, or pass the tables"
            )
        engine = DuckDBEngine(memory_limit=self.memory, threads=1 if self.memory else None)
        try:
            for name, table in TABLES.items():
                rows = tables.get(name)
                found = table.empty() if rows is None else rows.select(table.names).cast(table.arrow_schema)
                engine.load(name, self._with_last_day(found) if name == "adjudications" else found)
            for name in self.kept:
                engine.load(name, tables[name])
            claims = self.kind(
                engine, accounting=ACCOUNTING.empty_table(), rejects=REJECTS.empty(), references=self.references,
                kept=self.kept,
            )  # fmt: skip
            return _function(self.analysis)(claims, **self.arguments)
        finally:
            engine.close()

    def _with_last_day(self, rows: pa.Table) -> pa.Table:
        """Decisions, and one of no claim on the last day of all, where these end before."""
        if self.last_day is None or pc.max(rows["paid_date"]).as_py() == self.last_day:
            return rows
        last = pa.Table.from_pylist(
            [{"claim_id": "", "adjudication_number": 0, "paid_date": self.last_day}], rows.schema
        )
        return pa.concat_tables([rows, last])


def _function(analysis: str) -> Callable[..., pd.DataFrame]:
    package = analysis.partition(".")[0]
    importlib.import_module(f"cpticd.{package}")
    return next(each.function for each in measures(package) if each.name == analysis)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _added(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(entry.sha256 for entry in store.added(arguments.get("folder"))))


def _plain(frame: pd.DataFrame) -> pa.Table:
    """A frame as a table: days as days, text as text."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    fields = []
    for each in table.schema:
        kind = each.type
        if pa.types.is_timestamp(kind):
            kind = pa.date32()
        elif pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
            kind = pa.string()
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
            kind = pa.list_(pa.string())
        fields.append(pa.field(each.name, kind))
    return table.cast(pa.schema(fields), safe=False)


# -- the pieces of a data set ----------------------------------------------------------------------


def _written(
    apart: Apart, analysis: str, claims: Claims, arguments: Mapping[str, Any], table: str
) -> Written:
    """Work out an analysis piece by piece, and write its rows."""
    with claims.session() as s:
        lines, last = s.rows(
            "SELECT (SELECT count(*) FROM lines) AS lines, (SELECT max(paid_date) FROM adjudications) AS last"
        )[0].values()
        names = [name for name in TABLES if name not in _OF_ALL]
        pieces = max(1, -(-int(lines) // LINES))
        on_spark = s.engine.name == "spark"
        task = Task(
            type(claims), analysis, dict(arguments), claims._references, tuple(claims._kept), last,
            _added(arguments), _MEMORY if on_spark else None,
            apart.whole(claims, **arguments) if apart.whole else {},
        )  # fmt: skip
        names += task.kept
        place: Any = _OnSpark(s, names, pieces) if on_spark else _Here(s, names, pieces, table)
        with contextlib.closing(place):
            found = place.worked(task)
            while totals := _totals(found):
                task = replace(task, totals={**task.totals, **totals})
                found = place.worked(task)
            notes = [json.loads(payload) for kind, _, payload in found if kind == "note"]
            _raise(notes)
            schemas = [unpacked(payload).schema for kind, _, payload in found if kind == "schema"]
            schema = pa.unify_schemas(schemas, promote_options="permissive")
            place.write(table, schema)
    for line in _said_by_all(notes):
        print(line)
    return Written(table, sum(note["rows"] for note in notes), tuple(schema.names), _terms(notes))


def _totals(found: list[tuple[str, str, bytes]]) -> dict[str, pd.DataFrame]:
    """Totals that pieces asked for, added up."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for kind, name, payload in found:
        if kind == "total":
            parts.setdefault(name, []).append(unpacked(payload).to_pandas())
    return {json.loads(name)[0]: summed(each, json.loads(name)[1]) for name, each in parts.items()}


def _raise(notes: list[dict[str, Any]]) -> None:
    """The error of a piece; where the records of some persons alone are missing, these have no rows."""
    failed = [note["error"] for note in notes if note["error"]]
    for name, text in failed:
        if name != InputError.__name__ or len(failed) == len(notes):
            raise getattr(errors, name)(text)


def _said_by_all(notes: list[dict[str, Any]]) -> list[str]:
    """What every piece printed alike, such as which tables are not there."""
    good = [note["said"] for note in notes if not note["error"]]
    return [line for line in good[0] if all(line in each for each in good)]


def _terms(notes: list[dict[str, Any]]) -> dict[str, Any]:
    """Terms of the contract on which all pieces agree, and how many rows they left out together."""
    good = [note["terms"] for note in notes if not note["error"]]
    agreed = {name: value for name, value in good[0].items() if all(each.get(name) == value for each in good)}
    return agreed | {"rows_left_out": sum(int(each.get("rows_left_out", 0)) for each in good)}


class _OnSpark:
    """Pieces on Spark's workers."""

    def __init__(self, s: Session, names: list[str], pieces: int) -> None:
        from cpticd.core.engine_spark import _Views
        from cpticd.core.spark_pieces import SparkPieces

        assert isinstance(s.engine, _Views)
        self._pieces = SparkPieces(s.engine, names, pieces)
        self.write = self._pieces.write
        self.close = self._pieces.close

    def worked(self, task: Task) -> list[tuple[str, str, bytes]]:
        return self._pieces.worked(task) or list(task({name: TABLES[name].empty() for name in TABLES}))


class _Here:
    """Pieces of this machine, one after the other; their rows become the table when all are there."""

    def __init__(self, s: Session, names: list[str], pieces: int, table: str) -> None:
        self._session, self._names, self._pieces = s, names, pieces
        target = Path(table)
        if target.exists():
            raise OutputExistsError(f"{target} exists; give another name, or remove it")
        if not target.parent.is_dir():
            raise ArgumentError(
                f"{target}: there is no folder {target.parent}; make it, or give another name"
            )
        self._rows_by_piece = Folder(settings().spill_folder)
        person = _PERSON.format(other="claim_id", pieces=pieces)
        s.create("places_of_claims", f"SELECT claim_id, {person} AS piece FROM claims")

    def worked(self, task: Task) -> list[tuple[str, str, bytes]]:
        found = []
        for before in self._written():  # the totals were taken from
            before.unlink()
        for piece in range(self._pieces):
            for kind, name, payload in task({each: self._rows(each, piece) for each in self._names}):
                if kind == "rows":
                    pq.write_table(unpacked(payload), self._rows_by_piece.path / f"{piece:04}.parquet")
                else:
                    found.append((kind, name, payload))
        return found

    def _rows(self, name: str, piece: int) -> pa.Table:
        if name in TABLES and "claim_id" not in TABLES[name].names:
            person = _PERSON.format(other="'no person'", pieces=self._pieces)
            return self._session.fetch(f"SELECT * FROM {name} WHERE {person} = {piece}")
        return self._session.fetch(
            f"SELECT t.* FROM {name} t JOIN places_of_claims p ON p.claim_id = t.claim_id WHERE p.piece = {piece}"
        )

    def _written(self) -> list[Path]:
        return sorted(self._rows_by_piece.path.glob("*.parquet"))

    def write(self, table: str, schema: pa.Schema) -> None:
        with whole_folders.whole(Path(table), _PARQUET) as working:
            for file in self._written():
                if pq.read_schema(file) == schema:
                    shutil.copyfile(file, working / file.name)
                else:
                    pq.write_table(pq.read_table(file).cast(schema), working / file.name)
            (working / _PARQUET.mark).touch()

    def close(self) -> None:
        self._rows_by_piece.close()
