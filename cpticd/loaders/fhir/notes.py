"""What became of FHIR resources that are in no table, and of what in them could not be read, stands in rejects."""

from __future__ import annotations

import pyarrow as pa

from cpticd import sql
from cpticd.loaders.fhir.resources import UNIT, Resources
from cpticd.loaders.intake import Intake


def reasons(intake: Intake, resources: Resources) -> str:
    """Why nothing at all was loaded."""
    found = intake.query(
        "SELECT kind, reason, count(*) AS n FROM (SELECT split_part(content, ' ', 1) AS kind, reason FROM "
        f"({sql.text('fhir/left_out')})) GROUP BY ALL ORDER BY n DESC, kind, reason LIMIT 5"
    )
    said = [f"{row['n']:,} {row['kind']} ({row['reason']})" for row in found.to_pylist()] + resources.damaged[
        :3
    ]
    return f"{', '.join(resources.read)}: FHIR, but no claims: {'; '.join(said) or 'no resource in it'}"


def note(intake: Intake, resources: Resources) -> None:
    """Note, source by source, what is worth a look."""
    for row in intake.records(sql.text("fhir/notes")):
        source, place, content = resources.name(row.pop("source")), row.pop("place"), row.pop("content")
        intake.reject(source=source, location=place or "", content=content or "", **row)


def account(intake: Intake, resources: Resources) -> None:
    """Count every resource as loaded or left out, and say why those were that are in no table."""
    fates = intake.query(sql.text("fhir/left_out"))
    left = {row["source"]: row["n"] for row in fates.group_by("source").aggregate([([], "count_all")]).rename_columns(
        ["source", "n"]).to_pylist()}  # fmt: skip
    if fates.num_rows:
        names = pa.array([resources.name(number) for number in fates.column("source").to_pylist()])
        said = {"table_name": UNIT, "action": "noted"}
        rows = {name: pa.array([text] * fates.num_rows) for name, text in said.items()}
        rows |= {name: fates.column(name) for name in ("location", "severity", "reason", "content", "amount")}
        intake.reject_many(pa.table({"source": names} | rows))
    for source, read in resources.read.items():
        out = left.get(intake.source_id(source), 0)
        intake.count(source, UNIT, read=read, loaded=read - out, left_out=out)


def reject_codes(intake: Intake, resources: Resources) -> None:
    """Reject diagnoses and procedures that have no ICD code."""
    for table in ("diagnoses", "procedures"):
        packaged = "AND x.drg IS NULL" if table == "diagnoses" else ""
        found = intake.query(
            "SELECT c.source, c.place, concat_ws(' ', x.foreign_code.system, x.foreign_code.code) AS content "
            f"FROM fhir_{table} x JOIN fhir_headers h ON h.r = x.r AND h.claim_form <> 'pharmacy' "
            "JOIN fhir_resources c ON c.r = x.r "
            f"WHERE x.code IS NULL {packaged} ORDER BY x.r, x.n"
        )
        for row in found.to_pylist():
            what = (
                "in a system of codes that is not ICD"
                if row["content"]
                else "without a code, or by reference"
            )
            intake.reject(
                source=resources.name(row["source"]), location=row["place"] or "", table_name=table,
                reason=f"{table}: {what}", content=row["content"], severity="warning",
            )  # fmt: skip
