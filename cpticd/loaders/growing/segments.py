"""A state in segments: what each addition wrote, and which claims of it a later one wrote anew.

A segment holds rows of every table and of what is derived of lines and claims, for the claims that an addition touched.
A state lists segments, and for each the claims and persons that stand in a later one. Nothing is ever changed in place.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core import contents, store
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import InputError
from cpticd.core.maturity import MATURITY_DAYS
from cpticd.core.schema import TABLES
from cpticd.loaders.growing import stretches
from cpticd.model import FAMILIES

STATE: Final = "state.json"
#: Relations that are computed of lines and claims.
DERIVED: Final = tuple(name for name, computed in sql.LINES.items() if computed)
#: What a segment holds beside: claims by key of their record, what each remittance answers, notes by key.
BESIDE: Final = ("ids", "links", "notes")
#: Rows that are read or passed over together.
_GROUP: Final = 20480
#: By what rows are known of which later segments have others.
KEYS: Final = {"claims": "claim_id", "persons": "person_id"}
#: The table of persons, whose rows belong to no claim.
_OF_PERSONS: Final = "members"


@dataclass
class State:
    """Segments, the oldest first, and what was settled for all of them."""

    segments: list[str] = field(default_factory=list)
    stamp: str = ""
    names: dict[str, str] = field(default_factory=dict)  # by number of the file: as it is shown
    reported: dict[str, str] = field(default_factory=dict)  # the name of payers that claims report of
    has_keyed_ids: bool = False
    last_day: str | None = None  # of any payment
    contents: dict[str, Any] = field(default_factory=dict)  # by segment and table
    own: dict[str, Any] = field(default_factory=dict)  # by table of the state's own folder

    def write(self, folder: Path) -> None:
        """Write the list into a state's folder, whose tables are there."""
        self.own = hold(folder)
        (folder / STATE).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def read_state(folder: Path | None) -> State | None:
    """The list of a state in segments; None where it is a saved data set."""
    if folder is None or not (folder / STATE).is_file():
        return None
    try:
        return State(**json.loads((folder / STATE).read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder / STATE}: not readable: {error}; remove a file of the store and add it again, which makes it anew"
        ) from error


class Live:
    """The rows of a state, in an engine of whoever asks."""

    def __init__(
        self, engine: DuckDBEngine, folder: Path, state: State, place: Path, *, prefix: str = ""
    ) -> None:
        """``folder``: of the state; ``place``: of the segments; ``prefix``: of names, where an engine has several."""
        self.engine, self.folder, self.state, self.place = engine, folder, state, place
        self._prefix = prefix
        self._keys: dict[str, list[str]] = {}  # by relation that holds them
        for kind, key in KEYS.items():
            for number, _ in enumerate(state.segments):
                file = folder / f"gone_{kind}_{number}.parquet"
                if file.is_file():
                    engine.load(f"{prefix}gone_{kind}_{number}", pq.read_table(file, columns=[key]))

    def files(self, table: str) -> list[tuple[int, Path]]:
        """The files of a table, by the place of their segment."""
        every = [
            (number, self.place / name / f"{table}.parquet")
            for number, name in enumerate(self.state.segments)
        ]
        return [(number, file) for number, file in every if file.is_file()]

    def select(self, table: str, columns: str = "*", *, only: Iterable[int] | None = None) -> str | None:
        """SQL of the rows of a table that no later segment has anew; None where there are none."""
        parts = []
        for number, file in self.files(table):
            if only is not None and number not in only:
                continue
            part = self._part(number, table, file, columns)
            kind = _kind(table)
            gone = self.gone(number, kind) if kind else None
            key = KEYS.get(kind or "")
            other = f" t ANTI JOIN {gone} g ON g.{key} = t.{key}" if gone else ""
            parts.append(f"SELECT * FROM {part}{other}")
        return " UNION ALL BY NAME ".join(parts) or None

    def leaving(self, table: str) -> str | None:
        """SQL of the rows of a table that ``leaving_claims_…`` and ``leaving_persons_…`` name; None for none."""
        kind = _kind(table)
        if kind is None:
            return None
        parts = [self.those(table, number, f"leaving_{kind}_{number}") for number, _ in self.files(table)]
        return " UNION ALL BY NAME ".join(part for part in parts if part) or None

    def those(self, table: str, number: int, keys: str) -> str | None:
        """SQL of the rows of a segment whose claim, or person, stands in relation ``keys``; None for none."""
        key = KEYS[_kind(table) or "claims"]
        if keys not in self._keys:
            found = self.engine.fetch(f"SELECT DISTINCT {key} FROM {keys} WHERE {key} IS NOT NULL ORDER BY 1")
            self._keys[keys] = found.column(0).to_pylist()
        if not self._keys[keys]:
            return None
        file = dict(self.files(table))[number]
        part = self._part(number, table, file, "*")
        near = stretches.within(file, key, self._keys[keys])
        where = f"WHERE {near}" if near else ""
        return f"SELECT * FROM (SELECT * FROM {part} {where}) SEMI JOIN {keys} USING ({key})"

    def _part(self, number: int, table: str, file: Path, columns: str) -> str:
        """The relation of a table of one segment, with all of its rows."""
        name = f"{self._prefix}part_{number}_{table}"
        self.engine.scan(name, file, columns)
        return name

    def gone(self, number: int, kind: str = "claims") -> str | None:
        """The relation of claims or persons of a segment that stand in later ones; None where there are none."""
        there = (self.folder / f"gone_{kind}_{number}.parquet").is_file()
        return f"{self._prefix}gone_{kind}_{number}" if there else None


def _kind(table: str) -> str | None:
    """Whether later segments have other rows of a table by claim or by person; None where rows are never replaced."""
    if table == _OF_PERSONS:
        return "persons"
    return "claims" if table not in TABLES or "claim_id" in TABLES[table].names else None


def check(state: State, place: Path, folder: Path) -> None:
    """InputError where a file of a segment, or of the state's own ``folder``, is not the one that was written."""
    of_segments = {place / segment: tables for segment, tables in state.contents.items()}
    for where, tables in (of_segments | {folder: state.own}).items():
        for name, entry in tables.items():
            if not contents.is_as_saved(file := where / f"{name}.parquet", entry):
                raise InputError(
                    f"{file}: gone, or not the file that was written: put it back from a backup, or remove a file "
                    "of the store and add it again, which makes it anew"
                )


def fault(folder: Path | None, place: Path) -> str:
    """Why a state cannot be read or added to; '' where it can, or where there is none."""
    try:
        if folder is not None and (state := read_state(folder)) is not None:
            check(state, place, folder)
        elif folder is not None:
            store.Folder(folder)
    except InputError as error:
        return str(error)
    return ""


def hold(folder: Path) -> dict[str, dict[str, Any]]:
    """What a manifest says of the tables of a new segment."""
    found = {}
    for file in sorted(folder.glob("*.parquet")):
        found[file.stem] = {"rows": pq.read_metadata(file).num_rows, "footer": contents.footer(file)}
    return found


def opened(folder: Path, state: State, place: Path, *, memory_limit: str | None) -> Claims:
    """The data set of a state; pairs are added up when they are first asked for."""
    check(state, place, folder)
    engine = DuckDBEngine(memory_limit=memory_limit)
    live = Live(engine, folder, state, place)
    for name, table in TABLES.items():
        rows = live.select(name, ", ".join(table.names))
        engine.create(name, rows) if rows else engine.load(name, table.empty())
    for name in DERIVED:
        rows = live.select(name)
        assert rows, f"no segment has {name}"
        engine.create(name, f"{_judged(state)} FROM ({rows})" if name == "services" else rows)
    for name in FAMILIES:
        engine.load(name, pq.read_table(folder / f"{name}.parquet"))
    made = Claims(
        engine,
        accounting=pq.read_table(folder / "accounting.parquet"),
        rejects=pq.read_table(folder / "rejects.parquet"),
        derived=True,
    )
    made._has_pairs = False
    return made


def _judged(state: State) -> str:
    """SELECT of services: which denials are old enough to stand for good depends on the last payment of all."""
    if state.last_day is None:
        return "SELECT *"
    day = dt.date.fromisoformat(state.last_day)
    return (
        "SELECT * REPLACE (CASE WHEN state NOT IN ('denied for good', 'open') THEN state "
        f"WHEN first_paid_date <= DATE '{day}' - INTERVAL {MATURITY_DAYS} DAY THEN 'denied for good' "
        "ELSE 'open' END AS state)"
    )


def copy(engine: DuckDBEngine, select: str, file: Path) -> None:
    """Write the rows of a SELECT as Parquet."""
    target = str(file).replace("'", "''")
    engine.execute(
        f"COPY ({select}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP})"
    )


def compact(live: Live, numbers: Mapping[int, str], target: Path) -> None:
    """Write the rows of some segments, without what stands in later ones, as one."""
    target.mkdir(parents=True)
    for name in (*TABLES, *DERIVED, *BESIDE):
        if rows := live.select(name, only=numbers):
            copy(live.engine, rows, target / f"{name}.parquet")
