"""Joins remittances to claims and moves the staged tables into an Intake.

Everything here is set-based SQL over the staged tables; nothing depends on the order in which files were
given or workers finished, because keys order by source name and place in it.

Claims of other kinds of files that were read before are candidates too, behind those of an 837.

How a remittance finds its claim: CLP01 = CLM01, and where the number repeats, by person, charge and dates,
else in order. A number alone is not enough where person, charge and dates are all known and all differ:
then the two are different claims that share a number, as happens in masked files and between senders.
Several adjudications of one claim are numbered by paid date and place.

CLPs without a claim are analysed by themselves. Those with the same number, payer, person, charge and first
day are one claim if they stand in different remittances or undo one another (status 22), else several: one
remittance does not adjudicate a claim twice without a reversal.

How a service line finds its claim line: by REF*6R (the sender's own number, else his LX), else by
procedure, date and charge, each as far as it tells, equals in order. What is left gets a number above
10,000.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from cpticd.loaders.intake import Intake
from cpticd.loaders.x12 import join_sql as sql

#: Lines of a remittance that no line of their claim matches are numbered from here.
UNMATCHED_LINE = 10_000


def join(intake: Intake, staged: Mapping[str, pa.Table], sources: Mapping[int, str]) -> None:
    """Join what ``staged`` holds and insert it into ``intake``; ``sources`` are the names by number."""
    registered = _register(intake, staged, sources)
    try:
        for statements in _STEPS:
            intake.execute(statements)
        _match_lines(intake)
        intake.execute(sql.IDS)
        for table, selects in sql.INSERTS.items():
            for select in selects:
                if _has_rows(select, staged):
                    intake.insert(table, select)
        if intake.has_earlier("claims"):
            for row in intake.query(sql.RENAMED).to_pylist():
                intake.note_renamed(**row)
        _account(intake, sources)
        _rejects(intake, sources)
    finally:
        for name in _TEMPORARY:
            intake.engine.connection.execute(f"DROP TABLE IF EXISTS {name}")
        for name in _VIEWS:
            intake.engine.connection.execute(f"DROP VIEW IF EXISTS {name}")
        for name in registered:
            intake.engine.connection.unregister(name)


_STEPS = (
    sql.CLAIMS, sql.SERVICES, sql.DAYS, sql.CROWDED, sql.CANDIDATES, sql.MATCH, sql.GROUP, sql.ORIGIN, sql.CLAIM_LINES,
)  # fmt: skip
_TEMPORARY = (
    "x12_service", "x12_claim_days", "x12_remit_days", "x12_crowded", "x12_candidate", "x12_match", "x12_link",
    "x12_origin", "x12_claim_line", "x12_line_match", "x12_line_number", "x12_id",
)  # fmt: skip
_VIEWS = ("x12_every_claim", "x12_every_line", "x12_taken", "x12_given_members")


def _register(intake: Intake, staged: Mapping[str, pa.Table], sources: Mapping[int, str]) -> list[str]:
    """Show the staged tables, the sources and the claims of other files to the engine; returns their names there."""
    numbers = sorted(sources)
    tables = dict(staged)
    tables["sources"] = pa.table(
        {
            "number": pa.array(numbers, pa.int64()),
            "name": pa.array([sources[number] for number in numbers], pa.string()),
            "_source": pa.array([intake.source_id(sources[number]) for number in numbers], pa.int32()),
        }
    )
    first_key = (numbers[-1] + 1 if numbers else 0) << 32
    tables |= _known(intake, first_key=first_key, answered=staged["remits"].num_rows > 0)
    for name, table in tables.items():
        intake.engine.connection.register(f"x12_{name}", table)
    intake.execute(
        f"CREATE TEMP VIEW x12_taken AS SELECT DISTINCT claim_id FROM {intake.every('claims')};"
        f"CREATE TEMP VIEW x12_given_members AS SELECT person_id, year FROM {intake.every('members')}"
    )
    return [f"x12_{name}" for name in tables]


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
        f"""
        SELECT {first_key} + row_number() OVER (ORDER BY claim_id) AS key, claim_id,
            coalesce(source_claim_id, claim_id) AS source_claim_id, person_id, CAST(NULL AS VARCHAR) AS member_id,
            charge_amount, claim_start_date AS start_date, claim_end_date AS end_date, original_payer_claim_id,
            coalesce(a.decisions, 0) AS decisions
        FROM {claims} c LEFT JOIN (SELECT claim_id, max(adjudication_number) AS decisions FROM {adjudications} a
            GROUP BY claim_id) a USING (claim_id)
        QUALIFY row_number() OVER (PARTITION BY claim_id ORDER BY claim_start_date, charge_amount) = 1
        """
    )
    intake.engine.load("x12_keys", found.select(["key", "claim_id"]))
    known_lines = intake.query(
        f"""
        SELECT k.key, l.claim_line_number AS line, CAST(NULL AS VARCHAR) AS control,
            CAST(l.claim_line_number AS VARCHAR) AS counter, l.hcpcs_code, l.revenue_center_code, l.charge_amount,
            l.claim_line_start_date AS start_date, l.claim_line_end_date AS end_date
        FROM {lines} l JOIN x12_keys k ON k.claim_id = l.claim_id
        """
    )
    intake.execute("DROP TABLE x12_keys")
    return {"known": found, "known_lines": known_lines}


def _has_rows(select: str, staged: Mapping[str, pa.Table]) -> bool:
    """Whether the staged table that a SELECT begins with holds something; most files are of one kind."""
    first = re.search(r"FROM x12_(\w+)", select)
    assert first
    return staged["remits" if first[1] == "origin" else first[1]].num_rows > 0


def _match_lines(intake: Intake) -> None:
    """Fill x12_line_match pass by pass, then number the lines that are left."""
    for step in sql.PASSES:
        here, there = step[0::2], step[1::2]
        left = intake.query(
            "SELECT 1 AS one FROM x12_service s JOIN x12_link k ON k.remit = s.remit "
            "ANTI JOIN x12_line_match m ON m.remit = s.remit AND m.ordinal = s.ordinal "
            "WHERE k.matched OR k.claim <> k.remit LIMIT 1"
        )
        if not left.num_rows:
            break
        names = [f"k{i}" for i in range(len(here))]
        keys = ", ".join(names)
        full = " AND ".join(f"{name} IS NOT NULL" for name in names)
        on = " AND ".join(f"a.{name} = b.{name}" for name in names)
        service_keys = ", ".join(f"{value} AS {name}" for value, name in zip(here, names, strict=True))
        line_keys = ", ".join(f"{value} AS {name}" for value, name in zip(there, names, strict=True))
        intake.execute(
            f"""
            INSERT INTO x12_line_match
            WITH open_services AS (
                SELECT s.remit, k.claim, s.ordinal, {service_keys} FROM x12_service s JOIN x12_link k
                    ON k.remit = s.remit
                ANTI JOIN x12_line_match m ON m.remit = s.remit AND m.ordinal = s.ordinal
            ),
            a AS (
                SELECT *, row_number() OVER (PARTITION BY remit, {keys} ORDER BY ordinal) AS place
                FROM open_services WHERE {full}
            ),
            open_lines AS (
                SELECT r.remit, l.line, {line_keys} FROM (SELECT DISTINCT remit, claim FROM a) r
                JOIN x12_claim_line l ON l.claim = r.claim
                ANTI JOIN x12_line_match m ON m.remit = r.remit AND m.line = l.line
            ),
            b AS (
                SELECT *, row_number() OVER (PARTITION BY remit, {keys} ORDER BY line) AS place
                FROM open_lines WHERE {full}
            )
            SELECT a.remit, a.ordinal, b.line FROM a JOIN b ON a.remit = b.remit AND a.place = b.place
                AND {on}
            """
        )
    intake.execute(
        f"""
        CREATE TEMP TABLE x12_line_number AS
        SELECT s.remit, s.ordinal, CAST(coalesce(m.line, {UNMATCHED_LINE} + s.ordinal) AS INTEGER) AS line,
            m.line IS NOT NULL AND (k.matched OR o.remit IS NULL) AS matched
        FROM x12_service s JOIN x12_link k ON k.remit = s.remit
        LEFT JOIN x12_origin o ON o.remit = s.remit
        LEFT JOIN x12_line_match m ON m.remit = s.remit AND m.ordinal = s.ordinal
        """
    )


def _account(intake: Intake, sources: Mapping[int, str]) -> None:
    """Count for each source the remittance claims and lines that found a claim, and those that did not."""
    for what, select in {
        "claims": "SELECT remit >> 32 AS number, matched, claim IN (SELECT key FROM x12_known) AS known, "
        "count(*) AS n FROM x12_link GROUP BY ALL ORDER BY ALL",
        "lines": "SELECT n.remit >> 32 AS number, k.matched AND n.matched AS matched, "
        "k.claim IN (SELECT key FROM x12_known) AS known, count(*) AS n "
        "FROM x12_line_number n JOIN x12_link k ON k.remit = n.remit GROUP BY ALL ORDER BY ALL",
    }.items():
        for row in intake.query(select).to_pylist():
            name = f"remittance {what} without an 837"
            if row["matched"]:
                whose = "claims of other files" if row["known"] else "an 837"
                name = f"remittance {what} matched to {whose}"
            intake.count(sources[row["number"]], name, read=row["n"], loaded=row["n"])


def _rejects(intake: Intake, sources: Mapping[int, str]) -> None:
    """Hand over what was rejected or noted, in the order of sources and segments."""
    found = intake.query(
        "SELECT s.name AS source, 'segment ' || (r.key & 4294967295) AS location, r.table_name, r.action, "
        "r.reason, r.content, CAST(NULL AS DECIMAL(18,2)) AS amount FROM x12_rejects r "
        "JOIN x12_sources s ON s.number = r.key >> 32 ORDER BY r.key, r.action, r.reason"
    )
    if found.num_rows:
        intake.reject_many(found)
