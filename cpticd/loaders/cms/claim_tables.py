"""From what Medicare files say of claims, lines, diagnoses and procedures to the canonical tables."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.repeats import differences, in_order
from cpticd.loaders import code_cells, repair
from cpticd.loaders.cms import cells, layouts
from cpticd.loaders.cms.claim_files import note
from cpticd.loaders.cms.drug_events import is_there
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import UNIT

_TABLES: Final = ("cms_parts", "cms_lines", "cms_diagnoses", "cms_procedures", "cms_rows")


def fill(intake: Intake) -> None:
    """Fill the canonical tables from ``cms_parts`` and its fellows, and account for the rows of the files."""
    _number_lines(intake)
    _reject_repeats(intake)
    _join_extracts(intake)
    _relations(intake)
    _insert(intake, "claims")
    _diagnoses(intake)
    for table in ("lines", "attributes", "adjudications", "line_payments"):
        _insert(intake, table)
    _adjustments(intake)
    _insert(intake, "drugs")
    _account(intake)
    for name in (
        *_TABLES,
        *(
            f"cms_{name}"
            for name in ("claims", "families", "own_lines", "decisions", "denials", "shapes", "others")
        ),
    ):
        intake.execute(f"DROP TABLE IF EXISTS {name}")


def _create(intake: Intake, name: str, **parts: str) -> None:
    text = sql.text(f"cms/{name}")
    intake.execute(f"CREATE OR REPLACE TABLE cms_{name} AS {text.format(**parts) if parts else text}")


def _relations(intake: Intake) -> None:
    """``cms_claims``, ``cms_families``, ``cms_own_lines`` and ``cms_decisions``."""
    fields = ", ".join(f"min({name}) AS {name}" for name in cells.CLAIM if name != "denial")
    refused = [code for code, meaning in layouts.codes("nonpayment").items() if meaning == "denied"]
    listed = ", ".join(f"'{code}'" for code in refused)
    _create(
        intake, "claims", fields=fields, kind=_kind_of_claim(),
        nonpayment=f"nonpayment IN ({listed}) AND coalesce(paid, 0) <= 0",
    )  # fmt: skip
    _shapes(intake)
    _create(intake, "families")
    _create(intake, "own_lines")
    # What is left are lines of drugs, of claims that were replaced, and those that are rejected.
    intake.execute(
        "CREATE OR REPLACE TABLE cms_others AS SELECT l.* FROM cms_lines l "
        "JOIN cms_claims c ON c.number = l.number AND c.pk = l.pk WHERE c.state <> 'claim'"
    )
    intake.execute("DROP TABLE cms_lines")
    _create(intake, "decisions")
    carcs = [row["carc"] for row in reference.table("carc_categories").to_pylist() if row["is_denial"]]
    intake.engine.load("cms_denials", pa.table({"carc": pa.array(carcs, pa.string())}))


def _shapes(intake: Intake) -> None:
    """Codes of ICD as they are loaded, each looked at once; what has no shape of one is left out and reported."""
    diagnosis, procedure = repair.diagnosis("code").value, code_cells.icd_procedure("code").value
    intake.execute(
        f"CREATE OR REPLACE TABLE cms_shapes AS SELECT 'D' AS kind, code AS raw, {diagnosis} AS code FROM ("
        "SELECT code FROM cms_diagnoses UNION SELECT upper(replace(line_diagnosis, '.', '')) FROM cms_lines "
        f"WHERE line_diagnosis IS NOT NULL) UNION ALL SELECT 'P', code, {procedure} "
        "FROM (SELECT DISTINCT code FROM cms_procedures)"
    )
    lost = intake.query(
        "SELECT s.name, x.kind, count(*) AS n, min(x.raw) AS example FROM cms_shapes x JOIN ("
        "SELECT src, 'D' AS kind, code FROM cms_diagnoses UNION ALL SELECT src, 'P', code FROM cms_procedures "
        "UNION ALL SELECT src, 'D', upper(replace(line_diagnosis, '.', '')) FROM cms_lines) u "
        "ON u.kind = x.kind AND u.code = x.raw JOIN cms_sources s ON s.src = u.src WHERE x.code IS NULL "
        "GROUP BY s.name, x.kind ORDER BY s.name, x.kind"
    )
    for row in lost.to_pylist():
        table = "diagnoses" if row["kind"] == "D" else "procedures"
        reason = f"not the shape of an ICD code: left out: {row['n']:,} cells, such as {row['example']}"
        note(intake, row["name"], reason, table=table, action="repaired")


def _kind_of_claim() -> str:
    """SQL of what Medicare's type of a claim means: institutional, professional or drug."""
    known = layouts.codes("type_code")
    plain = " ".join(
        f"WHEN type_code = '{code}' THEN '{kind}'" for code, kind in known.items() if "_" not in code
    )
    like = " ".join(
        f"WHEN type_code LIKE '{code}' THEN '{kind}'" for code, kind in known.items() if "_" in code
    )
    return f"CASE {plain} {like} END"


def _number_lines(intake: Intake) -> None:
    """Number lines that have no number, by what stands on them."""
    if not intake.holds("cms_lines WHERE line_number IS NULL"):
        return
    order = in_order([name for name in cells.LINE if name != "line_number"])
    intake.execute(
        "UPDATE cms_lines SET line_number = x.n FROM (SELECT rowid AS rid, row_number() OVER ("
        f"PARTITION BY number, pk ORDER BY {order}, src, place) AS n FROM cms_lines WHERE line_number IS NULL) x "
        "WHERE cms_lines.rowid = x.rid"
    )


def _reject_repeats(intake: Intake) -> None:
    """Of lines of the same number of a claim keep the one that sorts first by what stands on it."""
    # Lines of IDR extracts stand in several files, each of which says something else of them.
    apart = "CASE WHEN number LIKE '%/%/%/%' THEN src ELSE -1 END"
    key = "number, pk, line_number"
    again = f"SELECT {key}, {apart} AS apart FROM cms_lines GROUP BY ALL HAVING count(*) > 1"
    if not intake.holds(f"({again})"):
        return
    columns = [name for name in cells.LINE if name != "line_number"]
    found = intake.query(
        f"""
        WITH ranked AS (
            SELECT l.*, l.rowid AS rid, a.apart, row_number() OVER (PARTITION BY l.number, l.pk, l.line_number, a.apart
                ORDER BY {in_order(columns, "l.")}, l.src, l.place) AS nth
            FROM cms_lines l JOIN ({again}) a USING ({key}) WHERE a.apart IN (-1, l.src)
        )
        SELECT o.rid, o.src, o.place, coalesce(o.line_charge, o.allowed) AS amount,
            'another row has the same claim and line'
                || coalesce(': ' || {differences(columns, "f", "o")}, '') AS reason,
            o.number || ', ' || o.line_number AS content
        FROM ranked o JOIN ranked f USING ({key}, apart) WHERE o.nth > 1 AND f.nth = 1 ORDER BY o.src, o.place
        """
    )
    _reject(intake, found)
    intake.engine.load("cms_gone", found.select(["rid"]))
    intake.execute("DELETE FROM cms_lines WHERE rowid IN (SELECT rid FROM cms_gone)")


def _reject(intake: Intake, found: pa.Table) -> None:
    """Reject rows of files of claims: src, place, amount, reason, content."""
    intake.engine.load("cms_lost", found)
    rejects = intake.query(
        "SELECT s.name AS source, coalesce(s.word || ' ' || l.place, '') AS location, $unit AS table_name, "
        "'rejected' AS action, l.reason, l.content, l.amount FROM cms_lost l JOIN cms_sources s ON s.src = l.src "
        "ORDER BY l.src, l.place, l.content",
        {"unit": UNIT},
    )
    intake.reject_many(rejects)
    intake.execute(
        "UPDATE cms_rows SET rows = rows - n FROM (SELECT src, count(*) AS n FROM cms_lost GROUP BY src) l "
        "WHERE cms_rows.src = l.src"
    )
    intake.execute("DROP TABLE cms_lost")


def _join_extracts(intake: Intake) -> None:
    """Lines of IDR extracts stand in several files, by what they say: make one of each, with its reasons."""
    key = "number, pk, line_number"
    if intake.holds(f"(SELECT {key} FROM cms_lines GROUP BY ALL HAVING count(*) > 1)"):
        fields = ", ".join(f"min({name}) AS {name}" for name in cells.LINE if name != "line_number")
        intake.execute(
            f"CREATE OR REPLACE TABLE cms_lines AS SELECT min(src) AS src, {key}, arg_min(place, src) AS place, "
            f"{fields} FROM cms_lines GROUP BY {key}"
        )
    if is_there(intake, "cms_signatures"):
        intake.execute(
            "UPDATE cms_lines SET ansi_1 = s.ansi_1, ansi_2 = s.ansi_2, ansi_3 = s.ansi_3, ansi_4 = s.ansi_4 "
            "FROM cms_signatures s WHERE s.signature = cms_lines.signature"
        )
        intake.execute("DROP TABLE cms_signatures")


def _insert(intake: Intake, table: str) -> None:
    """Add the rows of a canonical table."""
    intake.insert(table, sql.text(f"cms/as_{table}"))


def _diagnoses(intake: Intake) -> None:
    """Diagnoses, the pointers of lines that have one of their own, and ICD procedures."""
    source = "JOIN cms_claims c USING (claim_id)"
    intake.execute(f"CREATE OR REPLACE TABLE cms_placed AS {sql.text('cms/diagnoses')}")
    intake.insert("diagnoses", f"SELECT d.*, c.src AS _source FROM cms_placed d {source}")
    _insert(intake, "pointers")
    intake.execute("DROP TABLE cms_placed")
    intake.execute("DROP TABLE cms_diagnoses")
    procedures = sql.text("cms/procedures")
    intake.insert("procedures", f"SELECT p.*, c.src AS _source FROM ({procedures}) p {source}")


def _adjustments(intake: Intake) -> None:
    rows = sql.text("cms/adjustments")
    intake.insert(
        "adjustments", f"SELECT a.*, c.src AS _source FROM ({rows}) a JOIN cms_claims c USING (claim_id)"
    )


def _account(intake: Intake) -> None:
    """Count the rows of each file, and say what was not loaded, and what the files lack."""
    lost = intake.query(sql.text("cms/lost"))
    if lost.num_rows:
        _reject(intake, lost)
    for row in intake.records(sql.text("cms/row_counts")):
        left = min(row["total_lines"] + row["old_rows"], row["rows"])
        counted = row["rows"] - left
        intake.count(row["name"], UNIT, read=row["rows"], loaded=counted, left_out=left, amount=row["amount"])
        if row["total_lines"]:
            note(
                intake,
                row["name"],
                f"rows of revenue center 0001 are totals of claims, no lines: {row['total_lines']:,}",
            )
        if row["old_claims"]:
            note(
                intake,
                row["name"],
                f"claims that a later action has replaced were left out: {row['old_claims']:,}",
            )
    _remark(intake)


def _remark(intake: Intake) -> None:
    """Say what is to be known of the claims of each file."""
    asked = {
        "NOT by_line AND lines_paid IS NULL AND lines > 0 AND paid_in_all <> 0":
            "lines have no payments of their own: the claim's payment stands for the claim as a whole",
        "by_line AND abs(paid - lines_paid) > 0.01": "payments of lines do not add up to the claim's",
        "differs": "rows of a claim state different charges or payments of it: the smallest was read",
        "feed AND charge IS NULL": "the feed has no submitted charge: charge_amount is the allowed charge",
        "NOT feed AND by_allowed": "lines without a submitted charge: their charge_amount is the allowed charge",
        "uncharged AND paid_in_all <> 0": "no line has a charge, nor an allowed one: charges of lines are not known",
        "statements > 1": "several files state the claim: it counts once",
        "lines IS NULL": "claims without lines: is the file of their lines missing?",
        "sources = 1 AND paid IS NULL AND NOT feed": "no payment of the claim: is the file of the claims missing?",
    }  # fmt: skip
    parts = " UNION ALL ".join(
        f"SELECT src, {n} AS n, count(*) AS claims FROM cms_claims WHERE state = 'claim' AND ({where}) GROUP BY src"
        for n, where in enumerate(asked)
    )
    reasons = list(asked.values())
    found = intake.query(f"SELECT * FROM ({parts}) JOIN cms_sources USING (src) ORDER BY src, n")
    for row in found.to_pylist():
        note(intake, row["name"], f"{reasons[row['n']]}: {row['claims']:,} claims", table="claims")
