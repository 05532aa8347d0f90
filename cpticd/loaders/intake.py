"""Where loaders put what they read: rows that fit go to tables, the rest to rejects, and both are counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.claims import Claims
from cpticd.core.conform import conform
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import CpticdError, InputError, SchemaError
from cpticd.core.repeats import repeated
from cpticd.core.schema import REJECTS, SEVERITIES, SEVERITY, TABLES, Severity, graded
from cpticd.core.sources import names_of
from cpticd.core.tables import Table
from cpticd.loaders import payers
from cpticd.loaders.accounts import ZERO, Accounts, Count, totals
from cpticd.loaders.parts import Parts, own_columns

#: What accounting calls files that could not be read at all.
FILES: Final = "files"
_FLUSH_ROWS = 200_000
#: Tables of what answers a line: where a source has one row a line, the line's number is the row's.
OF_SERVICES: Final = ("line_payments", "adjustments", "remarks")
UNNUMBERED: Final = "service_number IS NULL AND claim_line_number IS NOT NULL"


class Intake:
    """Collects tables, rejects and the count of both, and turns them into Claims.

    While it is open every canonical table exists in ``engine`` with a column ``_source`` more (integer, see
    :meth:`source_id`), so that set-based SQL can match and complete what was read.

    ``lenient``: a file that cannot be read is rejected (:meth:`file`) instead of being the end.
    """

    def __init__(
        self, *, memory_limit: str | None = None, progress: bool = False, lenient: bool = False
    ) -> None:
        self.progress, self.lenient = progress, lenient
        self.engine = DuckDBEngine(memory_limit=memory_limit)
        self.refused: list[str] = []  # why files could not be read
        self.aliases: dict[str, str] = {}  # payers by the names that a user gave for them
        self.gave: set[str] = set()  # what columns of flat files were read as
        self._names: dict[Path, str] = {}
        self._sources: dict[str, int] = {}
        self._counts = Accounts()
        self._rejects: list[pa.Table] = []
        self._pending: dict[str, list[Any]] = {name: [] for name in REJECTS.names}
        self._waiting: dict[str, list[pa.Table]] = defaultdict(list)
        self._unique: dict[str, bool] = {}  # of tables with rows: whether no key stands twice
        self._rows = 0  # numbers of rows that attributes go with
        self._parts = Parts(self.engine)

    def name(self, paths: Iterable[Path]) -> None:
        """Give files the names by which rejects and accounting show them, no two alike."""
        new = [path for path in paths if path not in self._names]
        names = names_of([*self._names, *new])
        self._names |= {path: names[path] for path in new}

    def shown(self, path: Path) -> str:
        """The name by which a file is shown."""
        return self._names.get(path, path.name)

    @contextmanager
    def file(self, name: str) -> Iterator[None]:
        """An error in reading the file of this name ends here where the intake is lenient, as a reject."""
        try:
            yield
        except (InputError, SchemaError) as error:
            if not self.lenient:
                raise
            self.refuse(name, str(error))

    def refuse(self, name: str, reason: str) -> None:
        """Reject a file as a whole."""
        self.refused.append(reason if name in reason else f"{name}: {reason}")
        self.reject(source=name, location="file", table_name=FILES, reason=reason)

    @contextmanager
    def part(self) -> Iterator[None]:
        """What is read in it is apart from what was read before, until it ends: then identifiers are made unique.

        Where it fails nothing of it stays.
        """
        self.flush()
        pending = {name: list(values) for name, values in self._pending.items()}
        before = (self._counts.copied(), list(self._rejects), pending)
        if self._counts:
            self._parts.begin()
        try:
            yield
            self.flush()
        except CpticdError:
            self._waiting.clear()
            self._counts = before[0]
            self._rejects, self._pending = before[1:]
            self._parts.undo()
            raise
        names = self._source_names()
        for each in self._parts.end():
            self.note_renamed(names[each.source], each.claims, each.old, each.new)

    def note_renamed(self, source: str, claims: int, old: str, new: str) -> None:
        """Note how many claims of a source have the number of a claim of other files, and one example."""
        reason = "claim numbers that claims of other files have too: kept apart under another one"
        self.reject(
            source=source, location="", table_name="claims", action="noted", reason=f"{reason}: {claims:,}",
            content=f"{old} is {new}",
        )  # fmt: skip

    def every(self, table: str) -> str:
        """SQL of all rows of a table read so far, also those before this part."""
        return self._parts.every(table)

    def has_earlier(self, table: str) -> bool:
        """Whether a table has rows that were read before this part."""
        return self._parts.aside and self._parts.filled(f"earlier_{table}")

    def rows(self) -> int:
        """How many rows all tables have together."""
        self.flush()
        return sum(self._parts.sizes().values())

    def filled(self) -> bool:
        """Whether any table has a row."""
        self.flush()
        return any(map(self._parts.filled, TABLES))

    def source_id(self, source: str) -> int:
        """The integer that stands for ``source`` in the column ``_source``."""
        return self._sources.setdefault(source, len(self._sources))

    def add(
        self,
        table: str,
        data: pa.Table | pd.DataFrame,
        *,
        source: str,
        locations: Sequence[str] | None = None,
        attributes: Mapping[str, pa.ChunkedArray] | None = None,
    ) -> None:
        """Conform and keep rows of canonical table ``table``; those that do not fit go to rejects.

        ``locations[i]`` names the place of row i in the source; without it, "row i+1". ``attributes``, name → value of
        each row as text, go with claims or lines, and are where their row is: loaded with it, gone with it.
        """
        if table not in TABLES:
            raise SchemaError(f"no canonical table {table!r}; there are {list(TABLES)}")
        rows, failed, amount = conform(table, data)
        count = self._counts[source, table]
        count.read += rows.num_rows + failed.num_rows
        count.amount_read += amount or ZERO
        if failed.num_rows:
            self._reject_failed(failed, table, source, locations, count)
        if not attributes:
            self._keep(table, rows, source)
            return
        numbers = pa.array(range(self._rows, self._rows + rows.num_rows), pa.int64())
        self._rows += rows.num_rows
        self._keep(table, rows.append_column("_row", numbers), source)
        good = np.ones(rows.num_rows + failed.num_rows, bool)
        good[failed.column("index").to_numpy()] = False
        for name, values in attributes.items():
            data = pa.table(
                {
                    "claim_id": rows["claim_id"],
                    "claim_line_number": rows["claim_line_number"]
                    if table == "lines"
                    else pa.nulls(rows.num_rows, pa.int32()),
                    "name": pa.repeat(pa.scalar(name), rows.num_rows),
                    "value": values.filter(pa.array(good)).cast(pa.string()),
                    "_row": numbers,
                }
            )
            self._counts[source, "attributes"].read += rows.num_rows
            self._keep("attributes", data, source)

    def take(self, table: str, rows: pa.Table, *, source: str) -> None:
        """Keep rows that are in canonical form already, as those of a saved data set."""
        count = self._counts[source, table]
        count.read += rows.num_rows
        if amount := TABLES[table].amount:
            count.amount_read += pc.sum(rows.column(amount)).as_py() or ZERO
        self._keep(table, rows.select(TABLES[table].names).cast(TABLES[table].arrow_schema), source)

    def _keep(self, table: str, rows: pa.Table, source: str) -> None:
        self._unique[table] = False
        column = pa.repeat(pa.scalar(self.source_id(source), pa.int32()), rows.num_rows)
        waiting = self._waiting[table]
        waiting.append(rows.append_column("_source", column))
        if sum(part.num_rows for part in waiting) >= _FLUSH_ROWS:
            self._flush(table)

    def _reject_failed(
        self, failed: pa.Table, table: str, source: str, locations: Sequence[str] | None, count: Count
    ) -> None:
        index = failed.column("index").to_pylist()
        where = [locations[i] if locations is not None else f"row {i + 1}" for i in index]
        size = failed.num_rows
        count.rejected += size
        count.amount_rejected += pc.sum(failed.column("amount")).as_py() or ZERO
        same = {"source": source, "table_name": table, "action": "rejected"}
        columns = {name: pa.array([text] * size, pa.string()) for name, text in same.items()}
        columns |= {name: failed.column(name) for name in ("reason", "content", "amount")}
        rows = pa.table(columns | {"location": pa.array(where, pa.string())})
        self._rejects.append(graded(rows).select(REJECTS.names).cast(REJECTS.arrow_schema))

    def insert(
        self, table: str, select: str, params: Mapping[str, Any] | None = None, *, unique: bool = False
    ) -> int:
        """Add the rows of a SELECT (canonical columns by name, and ``_source``), counted as read. Returns how many.

        ``unique``: no two of them have one key; where they stay alone in their table it is not looked at again.
        """
        self.flush()
        before = self._totals([table])[table] if self._parts.aside or table in self._unique else {}
        self._unique[table] = unique and table not in self._unique and not self._parts.aside
        self.engine.execute(f"INSERT INTO {table} BY NAME {select}", params)
        names = self._source_names()
        added = 0
        for key, (rows, amount) in self._totals([table])[table].items():
            old_rows, old_amount = before.get(key, (0, ZERO))
            count = self._counts[names[key], table]
            count.read += rows - old_rows
            count.amount_read += amount - old_amount
            added += rows - old_rows
        return added

    def reject(
        self, *, source: str, location: str, table_name: str | None, reason: str, content: str = "",
        action: str = "rejected", amount: Decimal | None = None, severity: Severity | None = None,
    ) -> None:  # fmt: skip
        """Record one thing that was rejected, repaired or noted; a rejected one counts as read.

        ``severity``: grave, warning or note; without one a rejected thing is grave, a repaired one a warning.
        """
        if action == "rejected" and table_name:
            count = self._counts[source, table_name]
            count.read += 1
            count.rejected += 1
            count.amount_read += amount or ZERO
            count.amount_rejected += amount or ZERO
            count.unpriced += amount is None
        severity = severity or SEVERITY[action]
        self._pend(source, location, table_name, action, severity, reason, content[:500], amount)

    def _pend(self, *entry: Any) -> None:
        """Keep one entry of rejects, its values in the order of the columns."""
        for name, value in zip(REJECTS.names, entry, strict=True):
            self._pending[name].append(value)

    def reject_many(self, data: pa.Table) -> None:
        """Record many at once: a table with the columns of ``schema.REJECTS``, of which severity may be left out."""
        data = graded(data).select(REJECTS.names).cast(REJECTS.arrow_schema)
        self._rejects.append(data)
        bad = data.filter(pc.and_(pc.equal(data["action"], "rejected"), pc.is_valid(data["table_name"])))
        grouped = bad.group_by(["source", "table_name"]).aggregate(
            [([], "count_all"), ("amount", "count"), ("amount", "sum")]
        )
        for row in grouped.to_pylist():
            count = self._counts[row["source"], row["table_name"]]
            count.read += row["count_all"]
            count.rejected += row["count_all"]
            count.unpriced += row["count_all"] - row["amount_count"]
            count.amount_read += row["amount_sum"] or ZERO
            count.amount_rejected += row["amount_sum"] or ZERO

    def count(
        self, source: str, table_name: str, *, read: int, loaded: int, rejected: int = 0, left_out: int = 0,
        amount: Decimal | None = None,
    ) -> int:  # fmt: skip
        """Account for what is no canonical table, such as segments or file rows.

        They are in addition to what :meth:`reject` counts; read must be loaded + rejected + left_out.
        ``amount``: their dollars, None where the source knows none. Returns how many were rejected without
        an amount.
        """
        if table_name in TABLES:
            raise SchemaError(f"rows of {table_name} are counted by add() and insert()")
        count = self._counts[source, table_name]
        count.read += read
        count.loaded += loaded
        count.rejected += rejected
        count.left_out += left_out
        if amount is not None:
            count.in_dollars = True
            count.amount_read += amount
            count.amount_loaded += amount
        return count.unpriced

    def flush(self) -> None:
        """Write what waits in memory to the engine's tables."""
        for table in list(self._waiting):
            self._flush(table)

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """Result of SQL over the tables read so far."""
        self.flush()
        return self.engine.fetch(sql, params)

    def records(self, sql: str) -> list[dict[str, Any]]:
        """The few rows of SQL over the tables read so far, each by column."""
        self.flush()
        return self.engine.records(sql)

    def holds(self, rows: str) -> bool:
        """Whether what follows FROM has a row, of the tables read so far."""
        self.flush()
        return self.engine.holds(rows)

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Run SQL for its effect over the tables read so far; it must not add or drop rows of a canonical table."""
        self.flush()
        self.engine.execute(sql, params)

    def rejects(self) -> pa.Table:
        """Everything rejected, repaired or noted so far."""
        if self._pending["source"]:
            arrays = {
                column.name: pa.array(self._pending[column.name], column.arrow) for column in REJECTS.columns
            }
            self._rejects.append(pa.table(arrays, schema=REJECTS.arrow_schema))
            self._pending = {name: [] for name in REJECTS.names}
        self._rejects = [pa.concat_tables([REJECTS.empty(), *self._rejects])]
        found = self._rejects[0]
        rank = pc.index_in(found["severity"], value_set=pa.array(SEVERITIES))
        order = [("rank", "ascending"), ("source", "ascending"), ("action", "descending")]
        return found.append_column("rank", rank).sort_by(order).select(REJECTS.names)

    def claims(self) -> Claims:
        """End the intake: payers get one name each, rows with a key that stands twice are rejected."""
        self.flush()
        filled = [name for name, rows in self._parts.sizes().items() if rows]
        for name in filter(filled.__contains__, OF_SERVICES):
            if self.holds(f"{name} WHERE {UNNUMBERED}"):
                self.execute(f"UPDATE {name} SET service_number = claim_line_number WHERE {UNNUMBERED}")
        payers.settle(self, self.aliases)
        for name in filled:
            if not self._unique.get(name):
                self._reject_repeats(TABLES[name])
        for name, sums in self._totals(filled).items():
            for source, (rows, amount) in sums.items():
                count = self._counts[self._source_names()[source], name]
                count.loaded, count.amount_loaded = rows, amount
        gone = (f"ALTER TABLE {name} DROP COLUMN {each}" for name in TABLES for each in own_columns(name))
        self.engine.execute("; ".join(gone))
        told = {"accounting": self.accounting(), "rejects": self.rejects()}
        return Claims(self.engine, **told, progress=self.progress)

    def accounting(self) -> pa.Table:
        """One row per source and table, in the form of ``schema.ACCOUNTING``."""
        return self._counts.table()

    def _flush(self, table: str) -> None:
        if parts := self._waiting.pop(table, None):
            self.engine.append(table, pa.concat_tables(parts))

    def _source_names(self) -> dict[int, str]:
        return {number: name for name, number in self._sources.items()}

    def _totals(self, tables: Sequence[str]) -> dict[str, dict[int, tuple[int, Decimal]]]:
        """Rows and dollars of tables, by source."""
        rows = self.engine.records(totals(tables)) if tables else []
        return {
            name: {row["_source"]: (row["n"], row["amount"]) for row in rows if row["name"] == name}
            for name in tables
        }

    def _reject_repeats(self, table: Table) -> None:
        """Keep one row per key, the same whatever order the rows came in, and reject the others."""
        names = list(self._sources)
        found = repeated(self.engine.fetch, table, names)
        if not found.num_rows:
            return
        self.engine.connection.register("repeated", found)
        if "_row" in own_columns(table.name):
            self._drop_attributes(table.name)
        self.engine.execute(f"DELETE FROM {table.name} WHERE rowid IN (SELECT place FROM repeated)")
        self.engine.connection.unregister("repeated")
        for row in found.to_pylist():
            count = self._counts[names[row["_source"]], table.name]
            count.rejected += 1
            count.amount_rejected += row["amount"] or ZERO
            told = (row["reason"], row["content"], row["amount"])
            self._pend(names[row["_source"]], "", table.name, "rejected", SEVERITY["rejected"], *told)

    def _drop_attributes(self, table: str) -> None:
        """Attributes go with their row: those of ``repeated`` rows of claims or lines are as if never read."""
        if table == "attributes":
            return
        rows = f"SELECT t._row FROM {table} t JOIN repeated r ON t.rowid = r.place WHERE t._row IS NOT NULL"
        gone = f"FROM attributes WHERE _row IN ({rows})"
        for row in self.engine.records(f"SELECT _source, count(*) AS n {gone} GROUP BY 1"):
            self._counts[self._source_names()[row["_source"]], "attributes"].read -= row["n"]
        self.engine.execute(f"DELETE {gone}")
