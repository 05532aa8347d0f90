"""Which flat rows were denied: cells of reasons, each read once, words that name no code, and amounts without one."""

from __future__ import annotations

import pyarrow as pa

from cpticd.loaders.flat import lexicon, reasons
from cpticd.loaders.flat.adjustments import SHARES
from cpticd.loaders.flat.rows import Flat


def words(flat: Flat) -> None:
    """``flat_words``: what each distinct cell of reasons says. Cells that say there is none are emptied."""
    columns = [*flat.family("carc"), *flat.family("adjustment")]
    cells = " UNION ".join(f"SELECT {column} AS x FROM flat" for column in columns)
    texts: list[str] = []
    if columns:
        texts = flat.distinct("x", f"({cells}) c")
    read = [reasons.read(text, flat.wordings) for text in texts]
    item = pa.struct(
        [
            ("grp", pa.string()),
            ("carc", pa.string()),
            ("amount", pa.decimal128(18, 2)),
            ("denies", pa.bool_()),
        ]
    )
    items = [
        [
            {"grp": i.group, "carc": i.carc, "amount": i.amount, "denies": reasons.is_denial(i.carc)}
            for i in said.found
        ]
        for said in read
    ]
    flat.intake.engine.load(
        "flat_words",
        pa.table(
            {
                "text": pa.array(texts, pa.string()),
                "items": pa.array(items, pa.list_(item)),
                "remarks": pa.array([said.remarks for said in read], pa.list_(pa.string())),
                "unread": pa.array([said.unread for said in read], pa.bool_()),
                "in_brackets": pa.array([said.in_brackets for said in read], pa.bool_()),
                "returns": pa.array([reasons.returns(said.remarks) for said in read], pa.bool_()),
                # Dollars alone name no reason.
                "bare": pa.array([_is_bare(said) for said in read], pa.bool_()),
                # Which of several reasons denies: the amount beside them is its, where nothing was paid.
                "denying": pa.array(
                    [next((n for n, i in enumerate(each, 1) if i["denies"]), None) for each in items],
                    pa.int32(),
                ),
            }
        ),
    )
    nothing = "(SELECT text FROM flat_words WHERE len(items) = 0 AND len(remarks) = 0 AND NOT unread)"
    for column in columns:
        flat.intake.execute(f"UPDATE flat SET {column} = NULL WHERE {column} IN {nothing}")


def _named(columns: list[str], among: str) -> str:
    """SQL of those of some heads of which a cell names a reason."""
    cells = [
        "SELECT coalesce(f._head, f.rowid) AS rid FROM flat f "
        f"JOIN flat_words w ON w.text = f.{column} AND NOT w.bare AND len(w.items) > 0 "
        f"WHERE coalesce(f._head, f.rowid) IN ({among})"
        for column in columns
    ]
    return " UNION ALL ".join(cells or ["SELECT CAST(NULL AS BIGINT) AS rid WHERE false"])


def _is_bare(said: reasons.Reasons) -> bool:
    """Whether a cell holds nothing but dollars."""
    return not said.remarks and bool(said.found) and all(not (i.group or i.carc) for i in said.found)


def settle(flat: Flat) -> None:
    """Rows that a reason denies, or words that name none: nothing was paid, whatever the file leaves blank.

    Paid amounts that are not given become 0 in ``flat``. ``flat_unknown``: rid and amount of the rows that
    were not paid, and that say why in no code.
    """
    columns = [*flat.family("carc"), *flat.family("adjustment")]
    decided = "adj IS NOT NULL AND NOT reversal"
    cells = [
        f"SELECT rid, {column} AS x FROM flat_rows WHERE {column} IS NOT NULL AND {decided}"
        for column in columns
    ]
    if flat.has_parts:
        cells += [
            f"SELECT f._head AS rid, f.{column} AS x FROM flat f "
            f"SEMI JOIN flat_rows k ON k.rid = f._head AND k.{decided.replace('NOT reversal', 'NOT k.reversal')} "
            f"WHERE f.{column} IS NOT NULL"
            for column in columns
        ]
    none = "SELECT CAST(NULL AS BIGINT) AS rid, CAST(NULL AS VARCHAR) AS x WHERE false"
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_cells AS
        WITH cells AS MATERIALIZED (
            SELECT c.rid, w.denying IS NOT NULL AS denies, w.returns, len(w.items) > 0 AS explains
            FROM ({" UNION ALL ".join(cells or [none])}) c JOIN flat_words w ON w.text = c.x AND NOT w.bare
        )
        -- rows whose every reason is named, and denies nothing, need no further look
        SELECT c.rid, bool_or(c.denies) AS denies, bool_or(c.returns) AS returns, bool_or(c.explains) AS explains
        FROM cells c
        SEMI JOIN (SELECT rid FROM cells WHERE denies OR returns OR NOT explains) n ON n.rid = c.rid
        GROUP BY c.rid
        """
    )
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_unknown AS
        SELECT c.rid, f.charge_amount AS amount FROM flat_cells c JOIN flat f ON f.rowid = c.rid
        WHERE NOT c.explains AND NOT c.returns AND f.charge_amount > 0
            AND CASE WHEN f.paid_amount IS NULL THEN coalesce(f.allowed_amount, 0) <= 0
                     ELSE f.paid_amount <= 0 END
            AND greatest(coalesce(f.patient_responsibility_amount, 0),
                {", ".join(f"coalesce(f.{column}, 0)" for column in SHARES)}) <= 0
        """
    )
    _uncoded(flat)
    _partly(flat)
    blank = (
        "SELECT f.rowid AS rid, f._source, f._place, {0} AS content FROM flat f "
        "LEFT JOIN flat_cells c ON c.rid = f.rowid WHERE f.paid_amount IS NULL AND "
        "(coalesce(c.denies, false) OR f.rowid IN (SELECT rid FROM flat_unknown))"
    )
    shown = f"concat_ws(', ', {', '.join(f'f.{column}' for column in columns) or 'NULL'})"
    is_blank = flat.any(blank.format("NULL"))
    if is_blank:
        flat.tally(
            "no paid amount beside a denial: 0 was assumed", blank.format(shown),
            action="repaired", table="line_payments", tell=True,
        )  # fmt: skip
    if flat.any("SELECT rid FROM flat_unknown"):
        flat.tally(
            "a denial text that names no reason, and nothing paid: read as denied, the cause unknown",
            f"SELECT f._source, f._place, {shown} AS content FROM flat_unknown u JOIN flat f ON f.rowid = u.rid "
            "SEMI JOIN flat_cells c ON c.rid = u.rid",
            action="repaired", table="adjustments", tell=True,
        )  # fmt: skip
    if is_blank:
        flat.intake.execute(
            f"UPDATE flat SET paid_amount = 0 WHERE rowid IN (SELECT rid FROM ({blank.format('NULL')}))"
        )


def _partly(flat: Flat) -> None:
    """A line that is said to be denied in part, without a reason: what was neither paid nor is owed by the patient."""
    if not flat.has("status") or not flat.any("SELECT text FROM flat_status WHERE is_partly"):
        return
    shares = ", ".join(f"coalesce(f.{column}, 0)" for column in SHARES)
    columns = [*flat.family("carc"), *flat.family("adjustment")]
    partly = "SELECT p.rowid FROM flat p JOIN flat_status s ON s.text = p.status AND s.is_partly"
    left = (
        f"f.charge_amount - f.paid_amount - greatest(coalesce(f.patient_responsibility_amount, 0), {shares})"
    )
    rows = (
        f"SELECT f.rid, {left} AS amount FROM flat_rows f "
        "JOIN flat_status s ON s.text = f.status AND s.is_partly WHERE f.adj IS NOT NULL AND NOT f.reversal "
        f"AND {left} > 0 AND f.rid NOT IN ({_named(columns, partly)}) "
        "AND f.rid NOT IN (SELECT rid FROM flat_unknown)"
    )
    flat.tally(
        "denied in part by its status, without a reason: what is left of the charge, the cause unknown",
        f"SELECT f._source, f._place, p.amount AS content FROM ({rows}) p JOIN flat f ON f.rowid = p.rid",
        action="repaired", table="adjustments",
    )  # fmt: skip
    flat.intake.execute(f"INSERT INTO flat_unknown {rows}")


def _uncoded(flat: Flat) -> None:
    """An amount beside which no code stands: what takes the whole charge under a heading such as "Denied Amount" is a
    denial, its cause unknown; of any other nothing is known (a write-off names no reason), and it is noted."""
    amounts = flat.numbered("adjustment_amount")
    bare = [*flat.family("carc"), *flat.family("adjustment")]
    if not amounts and not bare:
        return
    groups = flat.numbered("group_code")
    parts = [
        f"SELECT coalesce(_head, rowid) AS rid, {column} AS amount, "
        f"{flat.is_headed(column, lexicon.DENIED_AMOUNT)} AS denied FROM flat WHERE {column} <> 0 "
        + "".join(
            f"AND {cells[n]} IS NULL "
            for cells in (flat.numbered("adjustment"), flat.numbered("carc"))
            if n in cells
        )
        + (f"AND NOT coalesce(regexp_matches(upper({groups[n]}), '^(PR|PAT)'), false)" if n in groups else "")
        for n, column in amounts.items()
    ]
    parts += [
        "SELECT coalesce(f._head, f.rowid) AS rid, w.items[1].amount AS amount, false AS denied "
        f"FROM flat f JOIN flat_words w ON w.text = f.{column} AND w.bare AND w.items[1].amount <> 0"
        for column in bare
    ]
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_uncoded AS
        SELECT u.rid, sum(u.amount) AS amount, bool_or(u.denied AND sole.rid IS NOT NULL) AS sole
        FROM (SELECT DISTINCT rid, amount, denied FROM ({" UNION ALL ".join(parts)}) p) u
        JOIN flat_rows k ON k.rid = u.rid AND k.adj IS NOT NULL AND NOT k.reversal
        LEFT JOIN (
            SELECT rowid AS rid FROM flat WHERE greatest(coalesce(paid_amount, 0), coalesce(allowed_amount, 0),
                coalesce(patient_responsibility_amount, 0),
                {", ".join(f"coalesce({column}, 0)" for column in SHARES)}) <= 0
        ) sole ON sole.rid = u.rid
        GROUP BY u.rid
        """
    )
    if not flat.any("SELECT rid FROM flat_uncoded"):
        flat.intake.execute("DROP TABLE flat_uncoded")
        return
    shown = (
        "SELECT f._source, f._place, u.amount AS content FROM flat_uncoded u JOIN flat f ON f.rowid = u.rid"
    )
    whole = (
        "u.sole AND f.charge_amount > 0 AND u.amount >= f.charge_amount "
        f"AND u.rid NOT IN ({_named(bare, 'SELECT rid FROM flat_uncoded')})"
    )
    flat.tally(
        "an amount of the whole charge without a code: read as denied, the cause unknown",
        f"{shown} WHERE {whole}", action="repaired", table="adjustments", tell=True,
    )  # fmt: skip
    flat.tally(
        "an amount without a code: it was not loaded", f"{shown} WHERE NOT ({whole})", table="adjustments"
    )
    flat.intake.execute(
        "INSERT INTO flat_unknown SELECT u.rid, f.charge_amount FROM flat_uncoded u "
        f"JOIN flat f ON f.rowid = u.rid WHERE {whole}"
    )
    flat.intake.execute("DROP TABLE flat_uncoded")
