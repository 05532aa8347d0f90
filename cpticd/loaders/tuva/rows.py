"""Staged rows as one typed table: each cell by the reader of its column, rows that cannot be read to rejects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cpticd.loaders.intake import Intake
from cpticd.loaders.repair import Cell
from cpticd.loaders.staging import Staged
from cpticd.loaders.tuva.names import places

#: How a column is read: SQL of a trimmed text cell → how it is read.
Reader = Callable[[str], Cell]
#: Rejected rows that are shown with all of their cells.
_SHOWN: Final = 500


class Rows:
    """The table ``rows`` of the intake's engine: typed columns, ``_source`` and ``_place``; every row is a good one."""

    def __init__(
        self,
        intake: Intake,
        name: str,
        staged: Sequence[tuple[Staged, Mapping[str, int]]],
        readers: Mapping[str, Reader],
        wrong: Mapping[str, str],
        *,
        unit: str,
        amount: str = "CAST(NULL AS DECIMAL(18,2))",
    ) -> None:
        """``staged`` are tables with the place of each column in them; ``wrong`` is SQL over typed columns that is true
        of a row that must be rejected → why; ``unit`` is what accounting calls a row, ``amount`` SQL of its dollars."""
        self.intake, self.name, self.unit, self.amount = intake, name, unit, amount
        self.names = {intake.source_id(each.source): each.source for each, _ in staged}
        self._words = {intake.source_id(each.source): each.word for each, _ in staged}
        parts = " UNION ALL ".join(self._part(each, found, readers) for each, found in staged)
        cells = {column: read(f'"{column}"') for column, read in readers.items()}
        values = ", ".join(f'{cell.value} AS "{column}"' for column, cell in cells.items())
        bad = (
            "".join(
                f"WHEN {cell.bad} THEN '{column}: {cell.why}: ' || left(\"{column}\", 60) "
                for column, cell in cells.items()
                if cell.bad != "false"
            )
            or "WHEN false THEN NULL "
        )
        tests = " ".join(f"WHEN {test} THEN '{why}'" for test, why in wrong.items()) or "WHEN false THEN NULL"
        intake.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT *, coalesce(_unread, CASE {tests} END) AS _bad FROM "
            f"(SELECT {values}, CASE {bad}END AS _unread, _content, _source, _place FROM ({parts}))"
        )
        self._mended(parts, cells)
        self._reject()

    def _part(self, staged: Staged, found: Mapping[str, int], readers: Mapping[str, Reader]) -> str:
        cells = [
            f'{f"c{found[column]}" if column in found else "CAST(NULL AS VARCHAR)"} AS "{column}"'
            for column in readers
        ]
        shown = ", ".join(f"c{place}" for place in sorted(set(found.values()))) or "NULL"
        number = self.intake.source_id(staged.source)
        return (
            f"SELECT {', '.join(cells)}, left(concat_ws(', ', {shown}), {_SHOWN}) AS _content, "
            f"CAST({number} AS INTEGER) AS _source, place AS _place FROM {staged.table}"
        )

    def _mended(self, parts: str, cells: Mapping[str, Cell]) -> None:
        """Report what was mended, each kind of each file once, with its number."""
        kinds = {
            f"m{n}": (f"{column}: {what}", test)
            for n, (column, what, test) in enumerate(
                (column, what, test) for column, cell in cells.items() for what, test in cell.repairs.items()
            )
        }
        if not kinds:
            return
        sums = ", ".join(f"count(CASE WHEN {test} THEN 1 END) AS {key}" for key, (_, test) in kinds.items())
        for row in self.intake.records(f"SELECT _source, {sums} FROM ({parts}) GROUP BY 1 ORDER BY 1"):
            for key, (what, _) in kinds.items():
                if row[key]:
                    self.intake.reject(
                        source=self.names[row["_source"]], location="", table_name=self.unit, action="repaired",
                        reason=f"{what}: {row[key]:,}",
                    )  # fmt: skip

    def _reject(self) -> None:
        where = " ".join(f"WHEN {number} THEN '{word}'" for number, word in self._words.items())
        found = self.intake.query(
            f"SELECT _source, CASE _source {where} END || ' ' || _place AS location, '{self.unit}' AS table_name, "
            f"'rejected' AS action, _bad AS reason, _content AS content, {self.amount} AS amount FROM {self.name} "
            "WHERE _bad IS NOT NULL ORDER BY _source, _place"
        )
        if found.num_rows:
            names = [self.names[number] for number in found.column("_source").to_pylist()]
            self.intake.reject_many(found.set_column(0, "source", [names]))
            self.intake.execute(f"DELETE FROM {self.name} WHERE _bad IS NOT NULL")

    def note(self, reason: str, sql: str) -> None:
        """Note in each file how many rows of ``sql`` (``_source``, ``content``) there are, and one of them."""
        rows = self.intake.query(
            f"SELECT _source, count(*) AS n, min(CAST(content AS VARCHAR)) AS one FROM ({sql}) GROUP BY 1 ORDER BY 1"
        )
        for row in rows.to_pylist():
            self.intake.reject(
                source=self.names[row["_source"]], location="", table_name=self.unit, action="noted",
                reason=f"{reason}: {row['n']:,}", content=row["one"] or "",
            )  # fmt: skip

    def finish(self, *, priced: bool) -> None:
        """Count the rows, and forget them."""
        found = self.intake.query(
            f"SELECT _source, count(*) AS n, CAST(coalesce(sum({self.amount}), 0) AS DECIMAL(18,2)) AS amount "
            f"FROM {self.name} GROUP BY 1"
        )
        loaded = {row["_source"]: row for row in found.to_pylist()}
        for number, name in self.names.items():
            row = loaded.get(number, {"n": 0, "amount": 0})
            amount = row["amount"] if priced else None
            self.intake.count(name, self.unit, read=row["n"], loaded=row["n"], amount=amount)
        self.intake.execute(f"DROP TABLE {self.name}")


def unused(intake: Intake, staged: Staged, found: Mapping[str, int], unit: str) -> None:
    """Note the columns that mean nothing here."""
    used = {*found.values()}
    if left := [name for place, name in enumerate(staged.columns) if place not in used]:
        intake.reject(
            source=staged.source, location="", table_name=unit, action="noted",
            reason=f"columns not used: {', '.join(left)}"[:500],
        )  # fmt: skip


def located(
    intake: Intake, staged: Sequence[Staged], wanted: Mapping[str, str], rename: Mapping[str, str], unit: str
) -> list[tuple[Staged, dict[str, int]]]:
    """Each staged table with the place of each of our columns in it; what is not used of it is noted."""
    pairs = []
    for each in staged:
        found = places(each.columns, rename, wanted)
        unused(intake, each, found, unit)
        pairs.append((each, found))
    return pairs
