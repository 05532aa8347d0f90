"""The model derived in pieces, each over some of the claims: what a statement needs at once stays small, at any size.

A decision depends on its claim alone, a service on the chain of claims that it is billed on. So the ledger is derived
by ranges of claims, and services by ranges of claims that stand alone, then of chains. Most claims have one answer,
which speaks of their lines alone, and are derived by a statement that orders nothing; the others by that of all. What
comes out is written to the engine's own folder on disk as it comes, and read from there; the rows are those of one
statement.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cpticd import sql
from cpticd.core.engine import DuckDBEngine, DuckDBScope

#: Lines of a piece; a data set of fewer is derived at once.
LINES: Final = 300_000
#: Relations that are derived in pieces.
IN_PIECES: Final = ("ledger", "services")
#: What a piece of the ledger is of.
_OF_LEDGER: Final = ("claims", "lines", "adjudications", "line_payments", "adjustments", "remarks")
#: Of services: not adjudications, whose last day is that of all.
_OF_SERVICES: Final = ("claims", "lines", "ledger")
_OF_CHAINS: Final = ("chains", "versions")
#: Claims whose services take several decisions together, by what belongs together: their chain, or the claim alone.
_TOGETHER: Final = """
    SELECT claim_id, chain_id AS together FROM main.chains
    UNION ALL
    SELECT claim_id, claim_id FROM main.adjudications ANTI JOIN main.chains USING (claim_id)
    GROUP BY claim_id HAVING count(*) > 1"""


def derive(engine: DuckDBEngine, name: str) -> bool:
    """Compute a relation of ``IN_PIECES`` in pieces; False, and nothing done, where the data set is small."""
    if _count(engine, "lines") <= LINES:
        return False
    folder = engine.folder(name)
    files = (folder / f"{number}.parquet" for number in itertools.count())
    outer = engine.scope(lasting=True)
    try:
        (_ledger if name == "ledger" else _services)(outer, files)
    finally:
        outer.close()
    engine.scan(name, folder)
    return True


def _ledger(outer: DuckDBScope, files: Iterator[Path]) -> None:
    """Write the ledger: by ranges of claims those with one answer, then the others."""
    outer.create("several", "SELECT claim_id FROM main.claims WHERE false", materialize=True)
    for within in _ranges(outer, "main.claims", "claim_id", _count(outer, "main.lines")):
        for table in _OF_LEDGER:
            outer.create(table, f"SELECT * FROM main.{table} WHERE {within}")
        outer.execute(f"INSERT INTO several {sql.text('several_answers')}")
        _write_alone(outer, "ledger", {}, next(files))
    _write_others(outer, "ledger", "claim_id", _OF_LEDGER, files)


def _services(outer: DuckDBScope, files: Iterator[Path]) -> None:
    """Write services: those of one decision at most by ranges of claims, the others by ranges of chains."""
    outer.create("several", _TOGETHER, materialize=True)
    for within in _ranges(outer, "main.claims", "claim_id", _count(outer, "main.lines")):
        some = {table: f"SELECT * FROM main.{table} WHERE {within}" for table in _OF_SERVICES}
        _write_alone(outer, "services", some, next(files))
    _write_others(outer, "services", "together", (*_OF_SERVICES, *_OF_CHAINS), files)


def _write_alone(outer: DuckDBScope, name: str, relations: Mapping[str, str], file: Path) -> None:
    """Write a relation over a range of claims, as if there were none of ``several``, and leave these out.

    To leave them out first would cost more: how many are left is then guessed, and joins are built on the wrong side.
    """
    scope = outer.scope(lasting=True)
    try:
        for relation, select in relations.items():
            scope.create(relation, select)
        rows = sql.relation(name, alone=True)
        _copy(scope, f"SELECT t.* FROM ({rows}) t ANTI JOIN several s USING (claim_id)", file)
    finally:
        scope.close()


def _write_others(
    outer: DuckDBScope, name: str, key: str, relations: Iterable[str], files: Iterator[Path]
) -> None:
    """Write a relation over the claims of ``several``, by ranges of its ``key``."""
    several = f"{outer.path[0]}.several"
    lines = _count(outer, f"main.lines SEMI JOIN {several} USING (claim_id)")
    for within in _ranges(outer, several, key, lines) if _count(outer, "several") else ():
        scope = outer.scope(lasting=True)
        try:
            only = f"SEMI JOIN (SELECT claim_id FROM {several} WHERE {within}) s USING (claim_id)"
            for relation in relations:  # looked up once
                scope.create(relation, f"SELECT t.* FROM main.{relation} t {only}", materialize=True)
            _copy(scope, sql.relation(name), next(files))
        finally:
            scope.close()


def _copy(scope: DuckDBScope, select: str, file: Path) -> None:
    target = str(file).replace("'", "''")
    scope.execute(f"COPY ({select}) TO '{target}' (FORMAT parquet, COMPRESSION lz4_raw)")


def _count(engine: DuckDBEngine | DuckDBScope, relation: str) -> int:
    return int(engine.records(f"SELECT count(*) AS n FROM {relation}")[0]["n"])


def _ranges(engine: DuckDBScope, relation: str, column: str, lines: int) -> list[str]:
    """SQL of each of the ranges of a relation's ``column`` into which so many lines are divided, about alike."""
    pieces = max(1, -(-lines // LINES))
    every = f"(SELECT count(*) // {200 * pieces} + 1 FROM {relation})"
    found = engine.fetch(
        f"SELECT {column} AS id FROM {relation} WHERE hash({column}) % {every} = 0 ORDER BY id"
    )
    ids = found.column("id").to_pylist()
    cuts = sorted({ids[len(ids) * place // pieces] for place in range(1, pieces)} if ids else ())
    ranges = []
    for first, last in zip([None, *cuts], [*cuts, None], strict=True):
        terms = [f"{column} >= {_literal(first)}"] if first else []
        terms += [f"{column} < {_literal(last)}"] if last else []
        ranges.append(" AND ".join(terms) or "true")
    return ranges


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
