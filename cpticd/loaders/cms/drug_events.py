"""Prescription drug events (PDE): fills of Part D, from RIF, the claims feed and DE-SynPUF."""

from __future__ import annotations

from cpticd import sql
from cpticd.core.errors import SchemaError
from cpticd.loaders.cms import cells
from cpticd.loaders.cms.claim_files import meanings, note, rejected
from cpticd.loaders.cms.layouts import Fields
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import UNIT, Staged


def create(intake: Intake) -> None:
    """The table of the events that were read, and that of their files."""
    intake.execute("CREATE TABLE IF NOT EXISTS cms_sources (src INTEGER, name VARCHAR, word VARCHAR)")
    intake.execute(
        "CREATE TABLE IF NOT EXISTS cms_drugs (src INTEGER, place BIGINT, fill_id VARCHAR, person VARCHAR, "
        "fill_date DATE, ndc VARCHAR, quantity DECIMAL(18,3), days INTEGER, prescriber VARCHAR, pharmacy VARCHAR, "
        "paid_date DATE, cost DECIMAL(18,2), patient_paid DECIMAL(18,2), action VARCHAR, is_final BOOLEAN, "
        "prescription VARCHAR, fill_number VARCHAR)"
    )


def take(intake: Intake, staged: Staged, fields: Fields) -> None:
    """Keep the events of one staged file in ``cms_drugs``; those that cannot be read are rejected."""
    if missing := [name for name in ("fill", "person", "fill_date") if name not in fields]:
        raise SchemaError(f"{staged.source}: no column of {', '.join(missing)}; found {staged.columns[:20]}")
    read = cells.readers(fields, cells.DRUG)
    required = " ".join(
        f"WHEN {cells.raw(fields.single[name])} IS NULL THEN '{word}: empty, but required'"
        for name, word in (("fill", "the number of the event"), ("person", "the person"))
    )
    reason = f"CASE {required} {cells.bad(fields, read, staged.columns)} END"
    cost = read["cost"].value if "cost" in read else "CAST(NULL AS DECIMAL(18,2))"
    gone = rejected(intake, staged, reason, cost)

    def of(name: str, kind: str = "VARCHAR") -> str:
        return read[name].value if name in read else f"CAST(NULL AS {kind})"

    def named(name: str) -> str:
        """An identifier where its qualifier says that it is an NPI, or where there is no qualifier."""
        if f"{name}_qualifier" not in read:
            return of(name)
        return f"CASE WHEN {meanings('qualifier', of(f'{name}_qualifier'))} = 'npi' THEN {of(name)} END"

    source = intake.source_id(staged.source)
    known = intake.query("SELECT 1 AS one FROM cms_sources WHERE src = $src", {"src": source}).num_rows
    if not known:
        intake.execute(
            "INSERT INTO cms_sources VALUES ($src, $name, $word)",
            {"src": source, "name": staged.source, "word": staged.word},
        )
    action = f"coalesce({meanings('deletion', of('deletion'))}, {meanings('adjustment_type', of('adjustment_type'))})"
    left = " WHERE place NOT IN (SELECT place FROM cms_gone)" if gone else ""
    intake.execute(
        f"INSERT INTO cms_drugs SELECT {source}, place, {of('fill')}, {of('person')}, {of('fill_date', 'DATE')}, "
        f"{of('ndc')}, {of('quantity', 'DECIMAL(18,3)')}, {of('days', 'INTEGER')}, {named('prescriber')}, "
        f"{named('pharmacy')}, {of('paid_date', 'DATE')}, {of('cost', 'DECIMAL(18,2)')}, "
        f"{of('patient_paid', 'DECIMAL(18,2)')}, {action}, coalesce({of('final_action')} <> 'N', true), "
        f"{of('prescription')}, {of('fill_number')} FROM {staged.table}{left}"
    )
    unused = [name for at, name in enumerate(staged.columns) if at not in fields.used]
    if unused:
        note(intake, staged.source, f"columns not used: {', '.join(unused)}")


def is_there(intake: Intake, name: str) -> bool:
    """Whether a table of the intake's engine is there."""
    found = intake.query("SELECT 1 AS one FROM duckdb_tables() WHERE table_name = $name", {"name": name})
    return found.num_rows > 0


def fill(intake: Intake) -> None:
    """Fill ``drugs``: a deletion takes its event with it, an adjustment the earlier one of the same fill."""
    intake.execute(f"CREATE OR REPLACE TABLE cms_left AS {sql.text('cms/drugs_left')}")
    intake.insert("drugs", sql.text("cms/fills"))
    rows = intake.records(
        "SELECT s.name, count(*) AS n, count(l.place) AS gone FROM cms_drugs d JOIN cms_sources s ON s.src = d.src "
        "LEFT JOIN cms_left l ON l.src = d.src AND l.place = d.place GROUP BY s.name ORDER BY s.name"
    )
    for row in rows:
        name, left = row["name"], row["gone"]
        intake.count(name, UNIT, read=row["n"], loaded=row["n"] - left, left_out=left)
        if left:
            note(
                intake,
                name,
                f"fills that were deleted or adjusted later were left out: {left:,} events",
                table="drugs",
            )
    for name in ("cms_drugs", "cms_left", "cms_sources"):
        intake.execute(f"DROP TABLE {name}")
