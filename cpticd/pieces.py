"""The model derived in pieces, each over some of the claims: what a statement needs at once stays small, at any size.

A decision depends on its claim alone, a service on the chain of claims that it is billed on. So the ledger is derived
by ranges of claims, and services by ranges of claims that stand alone, then of chains. What comes out is written to the
engine's own folder on disk as it comes, and read from there; the rows are those of one statement.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.core.engine import DuckDBEngine
from cpticd.core.schema import TABLES

#: Lines of a piece; a data set of fewer is derived at once.
LINES: Final = 300_000
#: Relations that are derived in pieces.
IN_PIECES: Final = ("ledger", "services")
#: What a piece of either is of: tables and relations with a claim's number.
_OF_CLAIMS: Final = tuple(name for name, table in TABLES.items() if "claim_id" in table.names)
_VIEWS: Final = {"ledger": ("unprocessable", "adjustment_readings"), "services": ("service_decisions",)}
#: Of services: not adjudications, whose last day is that of all.
_OF_SERVICES: Final = ("claims", "lines", "ledger")
_OF_CHAINS: Final = ("chains", "versions")


def derive(engine: DuckDBEngine, name: str) -> bool:
    """Compute a relation of ``IN_PIECES`` in pieces; False, and nothing done, where the data set is small."""
    lines = int(engine.fetch("SELECT count(*) AS n FROM lines").column("n")[0].as_py())
    if lines <= LINES:
        return False
    ranges = _ranges(engine, lines)
    if name == "ledger":
        pieces = [_of_ledger(each) for each in ranges]
    else:
        chained = int(engine.fetch("SELECT count(*) AS n FROM versions").column("n")[0].as_py())
        pieces = [*map(_alone, ranges), *map(_chained, _ranges(engine, chained))]
    folder = engine.folder(name)
    for number, relations in enumerate(pieces):
        scope = engine.scope(lasting=True)
        try:
            for relation, select in relations.items():
                scope.create(relation, select)
            for view in _VIEWS[name]:
                scope.create(view, sql.relation(view))
            file = str(folder / f"{number}.parquet").replace("'", "''")
            scope.execute(f"COPY ({sql.relation(name)}) TO '{file}' (FORMAT parquet, COMPRESSION lz4_raw)")
        finally:
            scope.close()
    engine.scan(name, folder)
    return True


def _ranges(engine: DuckDBEngine, lines: int) -> list[str]:
    """SQL of ``{id}`` in each of the ranges of claims into which so many lines are divided, about alike."""
    pieces = -(-lines // LINES)
    every = f"(SELECT count(*) // {200 * max(1, pieces)} + 1 FROM claims)"
    found = engine.fetch(f"SELECT claim_id FROM claims WHERE hash(claim_id) % {every} = 0 ORDER BY claim_id")
    ids = found.column("claim_id").to_pylist()
    cuts = sorted({ids[len(ids) * place // pieces] for place in range(1, pieces)} if ids else ())
    ranges = []
    for first, last in zip([None, *cuts], [*cuts, None], strict=True):
        terms = [f"{{id}} >= {_literal(first)}"] if first else []
        terms += [f"{{id}} < {_literal(last)}"] if last else []
        ranges.append(" AND ".join(terms) or "true")
    return ranges


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


def _of_ledger(within: str) -> dict[str, str]:
    """The tables of some claims."""
    where = within.format(id="claim_id")
    return {name: f"SELECT * FROM main.{name} WHERE {where}" for name in _OF_CLAIMS}


def _alone(within: str) -> dict[str, str]:
    """The relations of some claims, but those of chains."""
    where = within.format(id="claim_id")
    but = f"ANTI JOIN (SELECT claim_id FROM main.chains WHERE {where}) c USING (claim_id)"
    some = {
        name: f"SELECT t.* FROM (SELECT * FROM main.{name} WHERE {where}) t {but}" for name in _OF_SERVICES
    }
    return some | {name: f"SELECT * FROM main.{name} WHERE false" for name in _OF_CHAINS}


def _chained(within: str) -> dict[str, str]:
    """The relations of some chains and of their claims."""
    where = within.format(id="chain_id")
    only = f"SEMI JOIN (SELECT claim_id FROM main.chains WHERE {where}) c USING (claim_id)"
    some = {name: f"SELECT t.* FROM main.{name} t {only}" for name in _OF_SERVICES}
    return some | {name: f"SELECT * FROM main.{name} WHERE {where}" for name in _OF_CHAINS}
