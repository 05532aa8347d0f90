"""Flat rows to adjustments and remarks: why a payer paid less than the charge."""

from __future__ import annotations

import pyarrow as pa

from cpticd.loaders.flat import lexicon, reasons
from cpticd.loaders.flat.rows import Flat

#: A remark code (RARC) in upper-case text.
REMARK = r"\b(MA|N|M)[0-9]{1,4}\b"
_SHARES = {"deductible_amount": "1", "coinsurance_amount": "2", "copay_amount": "3"}  # CARCs of group PR


def _uncoded(flat: Flat) -> None:
    """An amount beside which no code stands, such as a column "Denied Amount": what takes the whole charge is
    a denial, its cause unknown; of any other nothing is known, and it is noted."""
    amounts = flat.numbered("adjustment_amount")
    if not amounts:
        return
    groups = flat.numbered("group_code")
    parts = " UNION ALL ".join(
        f"SELECT rowid AS rid, {column} AS amount FROM flat WHERE {column} <> 0 "
        + "".join(
            f"AND {cells[n]} IS NULL "
            for cells in (flat.numbered("adjustment"), flat.numbered("carc"))
            if n in cells
        )
        + (f"AND NOT coalesce(regexp_matches(upper({groups[n]}), '^(PR|PAT)'), false)" if n in groups else "")
        for n, column in amounts.items()
    )
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_uncoded AS
        SELECT u.rid, sum(u.amount) AS amount, bool_or(sole.rid IS NOT NULL) AS sole FROM ({parts}) u
        JOIN flat_keys k ON k.rid = u.rid AND k.adj IS NOT NULL AND NOT k.reversal
        LEFT JOIN (
            SELECT rowid AS rid FROM flat WHERE greatest(coalesce(paid_amount, 0), coalesce(allowed_amount, 0),
                coalesce(patient_responsibility_amount, 0),
                {", ".join(f"coalesce({column}, 0)" for column in _SHARES)}) <= 0
        ) sole ON sole.rid = u.rid
        GROUP BY u.rid
        """
    )
    shown = (
        "SELECT f._source, f._place, u.amount AS content FROM flat_uncoded u JOIN flat f ON f.rowid = u.rid"
    )
    whole = (
        "u.sole AND f.charge_amount > 0 AND u.amount >= f.charge_amount "
        "AND u.rid NOT IN (SELECT rid FROM flat_cells)"
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


def load(flat: Flat) -> None:
    """Fill adjustments and remarks; needs ``flat_keys`` of :mod:`flat_lines`, and :func:`denied`."""
    _adjustments(flat)
    _remarks(flat)
    for table in ("flat_words", "flat_cells", "flat_unknown"):
        flat.intake.execute(f"DROP TABLE {table}")


def words(flat: Flat) -> None:
    """``flat_words``: what each distinct cell of reasons says. Cells that say there is none are emptied."""
    columns = [*flat.family("carc"), *flat.family("adjustment")]
    cells = " UNION ".join(f"SELECT {column} AS x FROM flat" for column in columns)
    texts: list[str] = []
    if columns:
        found = flat.intake.query(f"SELECT DISTINCT x FROM ({cells}) WHERE x IS NOT NULL ORDER BY x")
        texts = found.column("x").to_pylist()
    read = [reasons.read(text) for text in texts]
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
                "returns": pa.array([reasons.returns(said.remarks) for said in read], pa.bool_()),
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


def denied(flat: Flat) -> None:
    """Rows that a reason denies, or words that name none: nothing was paid, whatever the file leaves blank.

    Paid amounts that are not given become 0 in ``flat``. ``flat_unknown``: rid and amount of the rows that
    were not paid, and that say why in no code.
    """
    columns = [*flat.family("carc"), *flat.family("adjustment")]
    cells = [f"SELECT rowid AS rid, {column} AS x FROM flat WHERE {column} IS NOT NULL" for column in columns]
    none = "SELECT CAST(NULL AS BIGINT) AS rid, CAST(NULL AS VARCHAR) AS x WHERE false"
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_cells AS
        SELECT c.rid, bool_or(w.denying IS NOT NULL) AS denies, bool_or(w.returns) AS returns,
               bool_or(len(w.items) > 0) AS explains
        FROM ({" UNION ALL ".join(cells or [none])}) c JOIN flat_words w ON w.text = c.x
        SEMI JOIN flat_keys k ON k.rid = c.rid AND k.adj IS NOT NULL AND NOT k.reversal
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
                {", ".join(f"coalesce(f.{column}, 0)" for column in _SHARES)}) <= 0
        """
    )
    _uncoded(flat)
    blank = (
        "SELECT f.rowid AS rid, f._source, f._place, {0} AS content FROM flat f "
        "LEFT JOIN flat_cells c ON c.rid = f.rowid WHERE f.paid_amount IS NULL AND "
        "(coalesce(c.denies, false) OR f.rowid IN (SELECT rid FROM flat_unknown))"
    )
    shown = f"concat_ws(', ', {', '.join(f'f.{column}' for column in columns) or 'NULL'})"
    flat.tally(
        "no paid amount beside a denial: 0 was assumed", blank.format(shown),
        action="repaired", table="line_payments", tell=True,
    )  # fmt: skip
    flat.tally(
        "a denial text that names no reason, and nothing paid: read as denied, the cause unknown",
        f"SELECT f._source, f._place, {shown} AS content FROM flat_unknown u JOIN flat f ON f.rowid = u.rid "
        "SEMI JOIN flat_cells c ON c.rid = u.rid",
        action="repaired", table="adjustments", tell=True,
    )  # fmt: skip
    flat.intake.execute(
        f"UPDATE flat SET paid_amount = 0 WHERE rowid IN (SELECT rid FROM ({blank.format('NULL')}))"
    )


def _adjustments(flat: Flat) -> None:
    _reasons(flat)
    flat.intake.insert(
        "adjustments",
        """
        SELECT k.claim_id, k.adj AS adjudication_number, k.line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY k.rid ORDER BY r.n,
                   r.item) AS INTEGER) AS adjustment_position,
               r.group_code, r.carc, r.amount, k._source
        FROM flat_reasons r JOIN flat_keys k ON k.rid = r.rid
        """,
    )
    flat.tally(
        "a denial code on a line that was not paid, but no dollars are left for it: read as paid nothing, "
        "not denied",
        "SELECT f._source, f._place, f.charge_amount AS content FROM flat_cells c JOIN flat f ON f.rowid = c.rid "
        "WHERE c.denies AND f.paid_amount <= 0 AND NOT EXISTS (SELECT 1 FROM flat_reasons r "
        "WHERE r.rid = c.rid AND r.denies AND r.amount > 0)",
        table="adjustments", tell=True,
    )  # fmt: skip
    flat.intake.execute("DROP TABLE flat_reasons")


def _reasons(flat: Flat) -> None:
    """``flat_reasons``: rid, n and item (order), group_code, carc, amount; amounts completed where they are implied."""
    families = {p: flat.numbered(p) for p in ("group_code", "carc", "adjustment_amount", "adjustment")}
    numbers = sorted({n for members in families.values() for n in members})
    rows = []
    for n in numbers:
        cell = {p: members.get(n, "CAST(NULL AS VARCHAR)") for p, members in families.items()}
        amount = families["adjustment_amount"].get(n, "CAST(NULL AS DECIMAL(18,2))")
        rows.append(
            f"SELECT f.rowid AS rid, {n} AS n, {cell['group_code']} AS grp, coalesce({cell['carc']}, "
            f"{cell['adjustment']}) "
            f"AS reason, CASE WHEN {cell['carc']} IS NOT NULL THEN {cell['adjustment']} END AS beside, "
            f"{amount} AS amount "
            f"FROM flat f SEMI JOIN flat_keys k ON k.rid = f.rowid AND k.adj IS NOT NULL "
            f"WHERE coalesce({cell['group_code']}, {cell['carc']}, {cell['adjustment']}) IS NOT NULL"
        )
    none = (
        "SELECT CAST(NULL AS BIGINT) AS rid, 0 AS n, CAST(NULL AS VARCHAR) AS grp, CAST(NULL AS VARCHAR) "
        "AS reason, CAST(NULL AS VARCHAR) AS beside, CAST(NULL AS DECIMAL(18,2)) AS amount WHERE false"
    )
    flat.intake.execute(f"CREATE OR REPLACE TABLE flat_cas AS {' UNION ALL '.join(rows or [none])}")
    _reason_words(flat)
    shares = " UNION ALL ".join(
        f"SELECT k.rid, 100 + {carc} AS n, 1 AS item, 'PR' AS group_code, '{carc}' AS carc, f.{column} AS "
        f"amount "
        f"FROM flat_keys k JOIN flat f ON f.rowid = k.rid WHERE k.adj IS NOT NULL AND f.{column} <> 0"
        for column, carc in _SHARES.items()
    )
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_reasons AS
        WITH items AS (
            SELECT c.*, w.items, CASE WHEN f.paid_amount <= 0 THEN coalesce(w.denying, 1) ELSE 1 END AS main,
                   unnest(range(1, len(w.items) + 1)) AS item
            FROM flat_cas c JOIN flat_words w ON w.text = c.reason JOIN flat f ON f.rowid = c.rid
        ),
        said AS (
            SELECT i.rid, i.n, i.item, coalesce(i.items[i.item].grp, g.code) AS group_code,
                i.items[i.item].carc AS carc, i.items[i.item].denies AS denies,
                   coalesce(i.items[i.item].amount, CASE WHEN i.item = i.main THEN coalesce(i.amount,
                       b.items[1].amount) END)
                       AS amount
            FROM items i LEFT JOIN flat_groups g ON g.text = i.grp LEFT JOIN flat_words b ON b.text = i.beside
        ),
        shared AS (SELECT * FROM ({shares}) s ANTI JOIN (SELECT rid, carc FROM said WHERE group_code = 'PR') x
                   ON x.rid = s.rid AND x.carc = s.carc)
        SELECT * FROM said UNION ALL BY NAME SELECT * FROM shared
        UNION ALL BY NAME  -- a line that is said to be denied, without a reason: its charge, no code
        SELECT k.rid, 200 AS n, 1 AS item, CAST(NULL AS VARCHAR) AS group_code, CAST(NULL AS VARCHAR) AS carc,
               coalesce(u.amount, f.charge_amount) AS amount
        FROM flat_keys k JOIN flat f ON f.rowid = k.rid LEFT JOIN flat_unknown u ON u.rid = k.rid
        ANTI JOIN (SELECT rid FROM said WHERE carc IS NOT NULL) x ON x.rid = k.rid
        WHERE k.adj IS NOT NULL AND (u.rid IS NOT NULL
            OR k.status = '{lexicon.DENIED}' AND coalesce(f.paid_amount, 0) <= 0)
        """
    )
    for table in ("flat_cas", "flat_groups"):
        flat.intake.execute(f"DROP TABLE {table}")
    _implied_amounts(flat)


def _reason_words(flat: Flat) -> None:
    """``flat_groups``: what each distinct group cell says; what was not understood of the reasons is noted."""
    groups = flat.intake.query("SELECT DISTINCT grp FROM flat_cas WHERE grp IS NOT NULL ORDER BY grp").column(
        "grp"
    )
    codes = [lexicon.group(text) for text in groups.to_pylist()]
    flat.intake.engine.load("flat_groups", pa.table({"text": groups, "code": pa.array(codes, pa.string())}))
    flat.note(
        "adjustment reason not understood: it was not loaded",
        "SELECT f._source, f._place, c.reason AS content FROM flat_cas c JOIN flat f ON f.rowid = c.rid "
        "JOIN flat_words w ON w.text = c.reason WHERE w.unread",
    )
    flat.tally(
        "a remark code among the reasons: loaded as a remark",
        "SELECT f._source, min(f._place) AS _place, min(c.reason) AS content FROM flat_cas c "
        "JOIN flat f ON f.rowid = c.rid JOIN flat_words w ON w.text = c.reason WHERE len(w.remarks) > 0 "
        "GROUP BY f.rowid, f._source",
        action="repaired", table="remarks",
    )  # fmt: skip


def _implied_amounts(flat: Flat) -> None:
    """What charge and payment leave goes to reasons without an amount: the patient's part to PR, the rest to the first.

    A remittance balances: charge = paid + adjustments. With one reason its amount is therefore known; with
    several, the first that is not the patient's takes what is left, as exports list the main reason first.
    """
    if not flat.intake.query("SELECT 1 AS found FROM flat_reasons WHERE amount IS NULL LIMIT 1").num_rows:
        return
    flat.intake.execute(
        """
        CREATE OR REPLACE TABLE flat_implied AS
        WITH open AS (
            SELECT r.rid, r.n, r.item, coalesce(r.group_code = 'PR', false) AS is_patient, r.amount,
                   coalesce(r.denies, false) AS denies,
                   -- where nothing was paid a denial took the charge, wherever it is listed
                   row_number() OVER (PARTITION BY r.rid, r.amount IS NULL, coalesce(r.group_code = 'PR',
                       false)
                       ORDER BY coalesce(f.paid_amount <= 0 AND r.denies, false) DESC, r.n, r.item) AS nth,
                   coalesce(sum(r.amount) OVER (PARTITION BY r.rid), 0) AS known,
                   bool_and(coalesce(r.group_code = 'PR', false)) OVER (PARTITION BY r.rid) AS only_patient,
                   bool_or(coalesce(r.group_code = 'PR', false)) OVER (PARTITION BY r.rid) AS any_patient
            FROM flat_reasons r JOIN flat f ON f.rowid = r.rid
        ),
        balance AS (
            SELECT o.*, f.patient_responsibility_amount AS patient,
                   coalesce(f.paid_amount <= 0, false) AS unpaid,
                   f.charge_amount - CASE
                       WHEN f.paid_amount IS NOT NULL THEN f.paid_amount
                       WHEN f.allowed_amount IS NOT NULL
                           THEN f.allowed_amount - coalesce(f.patient_responsibility_amount, 0)
                       WHEN k.status = '4' THEN 0 END - o.known AS left_over
            FROM open o JOIN flat f ON f.rowid = o.rid JOIN flat_keys k ON k.rid = o.rid
        )
        SELECT rid, n, item, CAST(CASE
            WHEN is_patient AND NOT only_patient THEN patient
            WHEN is_patient THEN left_over
            -- the patient may owe what was denied: it is denied nevertheless
            WHEN denies AND unpaid AND NOT any_patient AND left_over <= coalesce(patient, 0) THEN left_over
            ELSE left_over - CASE WHEN any_patient AND known = 0 OR NOT any_patient THEN coalesce(patient,
                0) ELSE 0 END
            END AS DECIMAL(18,2)) AS amount
        FROM balance WHERE amount IS NULL AND nth = 1
        """
    )
    flat.intake.execute(
        "UPDATE flat_reasons SET amount = i.amount FROM flat_implied i "
        "WHERE flat_reasons.rid = i.rid AND flat_reasons.n = i.n AND flat_reasons.item = i.item"
    )
    flat.note(
        "an adjustment without an amount was given what charge and payment leave",
        "SELECT f._source, f._place, i.amount AS content FROM flat_implied i JOIN flat f ON f.rowid = i.rid "
        "WHERE i.amount IS NOT NULL",
        action="repaired",
    )
    flat.intake.execute("DROP TABLE flat_implied")


def _remarks(flat: Flat) -> None:
    members = flat.numbered("rarc")
    beside = [*flat.family("carc"), *flat.family("adjustment")]
    if not members and not beside:
        return
    parts = " UNION ALL ".join(
        [
            f"SELECT f.rowid AS rid, {n} AS n, "
            f"unnest(regexp_extract_all(upper({column}), '{REMARK}')) AS rarc "
            f"FROM flat f WHERE {column} IS NOT NULL"
            for n, column in members.items()
        ]
        + [
            f"SELECT f.rowid AS rid, {100 + n} AS n, unnest(w.remarks) AS rarc "
            f"FROM flat f JOIN flat_words w ON w.text = f.{column}"
            for n, column in enumerate(beside)
        ]
    )
    flat.intake.insert(
        "remarks",
        f"""
        SELECT k.claim_id, k.adj AS adjudication_number, k.line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY k.rid ORDER BY min(r.n),
                   r.rarc) AS INTEGER) AS remark_position,
               r.rarc, k._source
        FROM ({parts}) r JOIN flat_keys k ON k.rid = r.rid WHERE k.adj IS NOT NULL
        GROUP BY k.claim_id, k.adj, k.line, k.rid, r.rarc, k._source
        """,
    )
