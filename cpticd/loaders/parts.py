"""One kind of file at a time in one data set: what a part reads is apart from what others read, until it ends.

While a part is open the canonical tables of the engine are its own, and those read before stand aside as
``earlier_<table>``. At its end they become one: a claim whose identifier an earlier claim has gets another.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cpticd.core.engine import DuckDBEngine
from cpticd.core.schema import TABLES
from cpticd.core.tables import SQL

#: Columns that tables have while an intake is open.
OWN: Final = {"_source": "INTEGER", "_row": "BIGINT"}


def own_columns(table: str) -> list[str]:
    """Those of one table: rows of claims and lines are numbered where attributes go with them."""
    return [name for name in OWN if name == "_source" or table in ("claims", "lines", "attributes")]


class Renamed(NamedTuple):
    """Claims of one source that were given other identifiers, with one example."""

    source: int
    claims: int
    old: str
    new: str


class Parts:
    """The canonical tables of an intake, with its own columns beside those of the schema."""

    def __init__(self, engine: DuckDBEngine) -> None:
        self._engine = engine
        self.aside = False  # whether tables read before stand aside
        self._create()

    def _create(self) -> None:
        made = []
        for table in TABLES.values():
            columns = ", ".join(f"{column.name} {SQL[column.kind]}" for column in table.columns)
            own = ", ".join(f"{name} {kind}" for name, kind in OWN.items() if name in own_columns(table.name))
            made.append(f"CREATE TABLE {table.name} ({columns}, {own})")
        self._engine.execute("; ".join(made))

    def every(self, table: str) -> str:
        """SQL of all rows of a table, those that stand aside too."""
        return (
            f"(SELECT * FROM {table} UNION ALL BY NAME SELECT * FROM earlier_{table})"
            if self.aside
            else table
        )

    def filled(self, name: str) -> bool:
        """Whether a table has a row."""
        return self._engine.holds(name)

    def sizes(self) -> dict[str, int]:
        """How many rows each canonical table has."""
        counts = (f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in TABLES)
        sizes = {row["name"]: row["n"] for row in self._engine.records(" UNION ALL ".join(counts))}
        return {name: sizes[name] for name in TABLES}  # rows of a union come in any order

    def begin(self) -> None:
        """Set aside what was read before."""
        if not any(self.sizes().values()):
            return
        for name in TABLES:
            self._engine.execute(f"ALTER TABLE {name} RENAME TO earlier_{name}")
        self._create()
        self.aside = True

    def undo(self) -> None:
        """Forget what the part has read."""
        for name in TABLES:
            self._engine.execute(f"DROP TABLE {name}")
        if self.aside:
            self._back()
        else:
            self._create()

    def end(self) -> list[Renamed]:
        """Make one of what was read before and now; returns whose identifiers were changed."""
        if not self.aside:
            return []
        renamed = self._told_apart()
        for name in TABLES:
            few, many = sorted((name, f"earlier_{name}"), key=self.rows)
            if self.filled(few):
                self._engine.execute(f"INSERT INTO {many} BY NAME SELECT * FROM {few}")
            self._engine.execute(f"DROP TABLE {few}")
        self._back()
        return renamed

    def rows(self, name: str) -> int:
        """How many rows a table has."""
        return int(self._engine.records(f"SELECT count(*) AS n FROM {name}")[0]["n"])

    def _back(self) -> None:
        for name in TABLES:
            self._engine.execute(f"ALTER TABLE IF EXISTS earlier_{name} RENAME TO {name}")
        self.aside = False

    def _told_apart(self) -> list[Renamed]:
        """Give claims of the part whose identifier is taken the next free one: A1 becomes A1#2."""
        self._engine.execute(
            "CREATE OR REPLACE TEMP TABLE claim_ids AS SELECT claim_id AS old, CAST(NULL AS VARCHAR) AS new "
            "FROM (SELECT DISTINCT claim_id FROM claims) SEMI JOIN earlier_claims USING (claim_id)"
        )
        number = 1
        while self._engine.holds("claim_ids WHERE new IS NULL"):
            number += 1
            self._engine.execute(
                f"UPDATE claim_ids SET new = old || '#{number}' WHERE new IS NULL AND old || '#{number}' NOT IN "
                "(SELECT claim_id FROM claims UNION ALL SELECT claim_id FROM earlier_claims)"
            )
        found = self._engine.fetch(
            "SELECT _source AS source, count(DISTINCT old) AS claims, min(old) AS old, arg_min(new, old) AS new "
            "FROM claims JOIN claim_ids ON old = claim_id GROUP BY 1 ORDER BY 1"
        )
        if found.num_rows:
            self._engine.execute(
                "UPDATE claims SET source_claim_id = coalesce(source_claim_id, claim_id) "
                "WHERE claim_id IN (SELECT old FROM claim_ids)"
            )
            for table in TABLES.values():
                if "claim_id" in table.names:
                    self._engine.execute(
                        f"UPDATE {table.name} SET claim_id = new FROM claim_ids WHERE claim_id = old"
                    )
        self._engine.execute("DROP TABLE claim_ids")
        return [Renamed(**row) for row in found.to_pylist()]
