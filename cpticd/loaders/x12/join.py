"""Joins remittances to claims and moves the staged tables into an Intake.

Everything here is set-based SQL over the staged tables (``sql/x12``); nothing depends on the order in which files were
given or workers finished, because keys order by source name and place in it.

Claims of other kinds of files that were read before are candidates too, behind those of an 837.

How a remittance finds its claim (``candidates``, ``match``): CLP01 = CLM01, and where the number repeats, as for a
claim to a second payer, a replacement or another person, by what both say of person, days, charge, payer, payer
sequence, frequency and the payer's claim number. A number alone is not enough where person, charge and days are all
known and all differ. Where no claim has the number, ``changed`` looks for the one claim that is alike in all else.
Several adjudications of one claim are numbered by paid date and place; what a claim reports of another payer's decision
is numbered behind them.

How a service row finds its claim line (``line_matches``): by REF*6R, else by procedure, modifiers, day, charge and
units, each as far as both say, equals in order. Several rows may answer one line; a row that answers none has no line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from cpticd.loaders.intake import Intake
from cpticd.loaders.x12 import copies, enrolments
from cpticd.loaders.x12.line_matches import match_lines
from cpticd.sql import text

#: Says in an intake what came of a join.
Tell = Callable[[Intake], None]
#: From claims and remittances to who answers whom, in order.
_CLAIMS: Final = ("names", "services", "sent", "candidates", "match")
_LINES: Final = ("links", "claim_lines")
_RESULTS: Final = ("line_numbers", "resent", "ids", "reported", "balances")


class _Insert(NamedTuple):
    """Rows of a canonical table: the statement, and the staged table without which there are none."""

    table: str
    statement: str
    needs: str


_INSERTS: Final = (
    _Insert("claims", "claims", "claims"),
    _Insert("claims", "remitted_claims", "remits"),
    _Insert("lines", "lines", "lines"),
    _Insert("lines", "remitted_lines", "remits"),
    _Insert("diagnoses", "of_claims", "diagnoses"),
    _Insert("pointers", "pointers", "pointers"),
    _Insert("procedures", "of_claims", "procedures"),
    _Insert("payments", "payments", "payments"),
    _Insert("adjudications", "adjudications", "remits"),
    _Insert("adjudications", "reported_adjudications", "reported"),
    _Insert("line_payments", "line_payments", "services"),
    _Insert("line_payments", "reported_line_payments", "reported"),
    _Insert("adjustments", "adjustments", "adjustments"),
    _Insert("adjustments", "reported_adjustments", "reported_adjustments"),
    _Insert("remarks", "remarks", "remarks"),
    _Insert("provider_adjustments", "provider_adjustments", "provider_adjustments"),
)


def join(
    intake: Intake,
    staged: Mapping[str, pa.Table],
    sources: Mapping[int, str],
    *,
    said: pa.Table | None = None,
    tell: Tell | None = None,
) -> dict[str, int]:
    """Join what ``staged`` holds and insert it into ``intake``; ``sources`` are the names by number.

    ``said``: how often each payer id has which name, where ``staged`` is not all that there is. ``tell``: enters in the
    intake what there is to say of the join, while its relations are there; without it all is counted and noted.

    Returns how many segments of each source were left out, because they repeat what stands elsewhere.
    """
    kept = copies.without(staged)
    scope = _Scope(intake)
    try:
        _register(scope, kept.tables, sources)
        intake.engine.load("x12_said", said if said is not None else intake.query(text("x12/said")))
        _match(intake, answers=kept.tables["remits"].num_rows > 0)
        for each in _INSERTS:
            if kept.tables[each.needs].num_rows:
                intake.insert(each.table, text(f"x12/{each.statement}").replace("{table}", each.table))
        if kept.tables["enrolments"].num_rows or kept.tables["enrolment_sets"].num_rows:
            enrolments.fill(intake, sources)
        if kept.tables["claims"].num_rows:  # behind enrolments, which say more of a person
            intake.insert("members", text("x12/members"))
        if intake.has_earlier("claims"):
            for row in intake.records(text("x12/renamed")):
                intake.note_renamed(**row)
        if tell is not None:
            tell(intake)
        else:
            _account(intake, sources)
            copies.note(intake, kept, sources)
            _rejects(intake)
    finally:
        scope.clear()
        intake.engine.drop("x12_said")
    return {sources[number]: segments for number, segments in kept.left_out.items()}


class _Scope:
    """What the join makes in the intake's engine, gone at the end."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self._registered: list[str] = []

    def register(self, tables: Mapping[str, pa.Table]) -> None:
        """Show tables to the engine, each as ``x12_<its name>``."""
        for name, table in tables.items():
            self.intake.engine.connection.register(f"x12_{name}", table)
            self._registered.append(f"x12_{name}")

    def clear(self) -> None:
        """Drop all of it, and whatever else is called ``x12_``."""
        connection = self.intake.engine.connection
        for name in self._registered:
            connection.unregister(name)
        for kind, catalog in (("VIEW", "views"), ("TABLE", "tables")):
            found = self.intake.engine.fetch(
                f"SELECT {kind.lower()}_name AS name FROM duckdb_{catalog}() WHERE temporary "
                f"AND starts_with({kind.lower()}_name, 'x12_')"
            )
            for name in found.column("name").to_pylist():
                connection.execute(f"DROP {kind} IF EXISTS temp.{name}")


def _register(scope: _Scope, staged: Mapping[str, pa.Table], sources: Mapping[int, str]) -> None:
    """Show the staged tables, the sources and the claims of other files to the engine."""
    intake, numbers = scope.intake, sorted(sources)
    scope.register(staged)
    scope.register(
        {
            "sources": pa.table(
                {
                    "number": pa.array(numbers, pa.int64()),
                    "name": pa.array([sources[number] for number in numbers], pa.string()),
                    "_source": pa.array(
                        [intake.source_id(sources[number]) for number in numbers], pa.int32()
                    ),
                }
            )
        }
    )
    first_key = (numbers[-1] + 1 if numbers else 0) << 32
    scope.register(_known(intake, first_key=first_key, answered=staged["remits"].num_rows > 0))
    intake.execute(
        f"CREATE TEMP VIEW x12_taken AS SELECT DISTINCT claim_id FROM {intake.every('claims')};"
        f"CREATE TEMP VIEW x12_taken_payments AS SELECT DISTINCT payment_id FROM {intake.every('payments')};"
        f"CREATE TEMP VIEW x12_given_members AS SELECT person_id, year FROM {intake.every('members')}"
    )


def _known(intake: Intake, *, first_key: int, answered: bool) -> dict[str, pa.Table]:
    """Claims and lines of other files, staged as those of 837s are, with keys behind all of theirs.

    ``answered``: there are remittances, which may answer them; they are not needed otherwise.
    """
    needed = answered and intake.has_earlier("claims")
    claims, lines, adjudications = (
        f"(SELECT * FROM {'earlier_' if needed else ''}{name} {'' if needed else 'WHERE false'})"
        for name in ("claims", "lines", "adjudications")
    )
    found = intake.query(
        text("x12/known").format(first_key=first_key, claims=claims, adjudications=adjudications)
    )
    intake.engine.load("x12_keys", found.select(["key", "claim_id"]))
    known_lines = intake.query(text("x12/known_lines").format(lines=lines))
    intake.engine.drop("x12_keys")
    return {"known": found, "known_lines": known_lines}


def _match(intake: Intake, *, answers: bool) -> None:
    """Who answers whom: x12_link, x12_line_number, x12_id and what is told of them."""
    intake.execute(text("payers/key"))
    for name in _CLAIMS:
        intake.execute(text(f"x12/{name}"))
    found = intake.query("SELECT count(*) AS n FROM x12_match").column("n")[0].as_py()
    remits = intake.query("SELECT count(*) AS n FROM x12_remits").column("n")[0].as_py()
    claims = intake.holds("x12_every_claim")
    if answers and claims and found < remits:
        intake.execute(text("x12/changed"))
    else:
        intake.execute("CREATE TEMP TABLE x12_changed AS SELECT remit, claim FROM x12_match WHERE false")
    for name in _LINES:
        intake.execute(text(f"x12/{name}"))
    match_lines(intake)
    for name in _RESULTS:
        intake.execute(text(f"x12/{name}"))


def _account(intake: Intake, sources: Mapping[int, str]) -> None:
    """Count for each source the remittance claims and lines that found a claim, and those that did not."""
    for row in intake.records(text("x12/counts")):
        name = f"remittance {row['what']} without an 837"
        if row["matched"]:
            whose = "claims of other files" if row["known"] else "an 837"
            name = f"remittance {row['what']} matched to {whose}"
        intake.count(sources[row["number"]], name, read=row["n"], loaded=row["n"])


def _rejects(intake: Intake) -> None:
    """Hand over what was rejected or noted, in the order of sources and segments."""
    for statement in ("rejects", "notes", "imbalances"):
        found = intake.query(text(f"x12/{statement}"))
        if found.num_rows:
            intake.reject_many(found)
