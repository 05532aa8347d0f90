"""Flat rows to adjustments and remarks: why a payer paid less than the charge."""

from __future__ import annotations

import pyarrow as pa

from cpticd import sql
from cpticd.loaders.flat import lexicon, wordings
from cpticd.loaders.flat.rows import Flat

#: A remark code (RARC) in upper-case text.
REMARK = lexicon.REMARK
#: Of the decision's head, beside a reason: whether nothing was paid, and whether amounts are taken back.
_OF_HEAD = "f.paid <= 0 AS is_unpaid, f.cancels AND coalesce(f.charge, f.paid) < 0 AS is_negative"
SHARES = {"deductible_amount": "1", "coinsurance_amount": "2", "copay_amount": "3"}  # CARCs of group PR


def load(flat: Flat) -> None:
    """Fill adjustments and remarks; needs ``flat_rows`` of :mod:`lines`, and what :mod:`denied` makes."""
    _adjustments(flat)
    _remarks(flat)
    for table in ("flat_words", "flat_cells", "flat_unknown"):
        flat.intake.execute(f"DROP TABLE {table}")


def _adjustments(flat: Flat) -> None:
    _reasons(flat)
    flat.intake.insert(
        "adjustments",
        """
        WITH open AS (  -- reasons of most rows are numbered as their columns are
            SELECT rid FROM flat_reasons GROUP BY rid HAVING max(n) <> count(*) OR max(item) > 1
        ),
        placed AS (
            SELECT rid, n AS place, group_code, carc, amount FROM flat_reasons ANTI JOIN open USING (rid)
            UNION ALL
            SELECT rid, row_number() OVER (PARTITION BY rid ORDER BY n, item), group_code, carc, amount
            FROM flat_reasons SEMI JOIN open USING (rid)
        )
        SELECT k.claim_id, k.adj AS adjudication_number, k.line AS service_number, k.line AS claim_line_number,
               CAST(r.place AS INTEGER) AS adjustment_position, r.group_code, r.carc, r.amount, k._source
        FROM placed r JOIN flat_rows k ON k.rid = r.rid
        """,
        unique=True,
    )
    unpaid = (
        "SELECT f._source, f._place, f.charge_amount AS content FROM flat_cells c JOIN flat f ON f.rowid = c.rid "
        "WHERE c.denies AND f.paid_amount <= 0 AND f.charge_amount IS {} AND NOT EXISTS ("
        "SELECT 1 FROM flat_reasons r WHERE r.rid = c.rid AND r.denies AND r.amount > 0)"
    )
    flat.tally(
        "a denial code on a line that was not paid, but no dollars are left for it: read as paid nothing, "
        "not denied",
        unpaid.format("NOT NULL"), table="adjustments", tell=True,
    )  # fmt: skip
    flat.tally(
        "a denial code on a line of which neither charge nor payment is known: read as denied, its dollars unknown",
        unpaid.format("NULL"), table="adjustments", tell=True,
    )  # fmt: skip
    flat.intake.execute("DROP TABLE flat_reasons")


def _reasons(flat: Flat) -> None:
    """``flat_reasons``: rid, n and item (order), group_code, carc, amount; amounts completed where they are implied."""
    families = {p: flat.numbered(p) for p in ("group_code", "carc", "adjustment_amount", "adjustment")}
    numbers = sorted({n for members in families.values() for n in members})
    # Reasons of the rows that are parts of a decision follow those of its head.
    heads = "(SELECT *, rid AS own, paid_amount AS paid, charge_amount AS charge, _cancels AS cancels " \
        "FROM flat_rows WHERE adj IS NOT NULL) f "  # fmt: skip
    if flat.has_parts:
        heads = (
            "(SELECT f.*, f.rowid AS own, k.paid_amount AS paid, k.charge_amount AS charge, k._cancels AS cancels "
            "FROM flat f JOIN flat_rows k ON k.rid = coalesce(f._head, f.rowid) AND k.adj IS NOT NULL) f "
            "LEFT JOIN (SELECT rid, part FROM flat_parts) p ON p.rid = f.own "
        )
    later = " + 1000 * (coalesce(p.part, 1) - 1)" if flat.has_parts else ""
    rows = []
    for n in numbers:
        cell = {p: members.get(n, "CAST(NULL AS VARCHAR)") for p, members in families.items()}
        amount = families["adjustment_amount"].get(n, "CAST(NULL AS DECIMAL(18,2))")
        # Nothing was denied: that is no amount of the reason beside it.
        amount = f"CASE WHEN {flat.is_headed(amount, lexicon.DENIED_AMOUNT)} THEN nullif({amount}, 0) ELSE {amount} END"
        rows.append(
            f"SELECT coalesce(f._head, f.own) AS rid, f.own, {n}{later} AS n, "
            f"{cell['group_code']} AS grp, coalesce({cell['carc']}, {cell['adjustment']}) "
            f"AS reason, CASE WHEN {cell['carc']} IS NOT NULL THEN {cell['adjustment']} END AS beside, "
            f"{amount} AS amount, {_OF_HEAD} FROM {heads}"
            f"WHERE coalesce({cell['group_code']}, {cell['carc']}, {cell['adjustment']}) IS NOT NULL"
        )
    none = (
        "SELECT CAST(NULL AS BIGINT) AS rid, CAST(NULL AS BIGINT) AS own, 0 AS n, CAST(NULL AS VARCHAR) AS grp, "
        "CAST(NULL AS VARCHAR) "
        "AS reason, CAST(NULL AS VARCHAR) AS beside, CAST(NULL AS DECIMAL(18,2)) AS amount, false AS is_unpaid, "
        "false AS is_negative WHERE false"
    )
    flat.intake.execute(f"CREATE OR REPLACE TABLE flat_cas AS {' UNION ALL '.join(rows or [none])}")
    _reason_words(flat)
    shares = " UNION ALL ".join(
        f"SELECT f.rid, 100 + {carc} AS n, 1 AS item, 'PR' AS group_code, '{carc}' AS carc, f.{column} AS "
        f"amount "
        f"FROM flat_rows f WHERE f.adj IS NOT NULL AND f.{column} <> 0"
        for column, carc in SHARES.items()
        if flat.has(column)
    )
    shares = (
        shares or "SELECT 0 AS rid, 0 AS n, 0 AS item, '' AS group_code, '' AS carc, 0 AS amount WHERE false"
    )
    has_groups, has_beside = bool(families["group_code"]), bool(families["carc"] and families["adjustment"])
    joins = "LEFT JOIN flat_groups g ON g.text = c.grp " if has_groups else ""
    if has_beside:
        joins += "LEFT JOIN (SELECT text, items[1].amount AS amount FROM flat_words) b ON b.text = c.beside"
    flat.intake.execute(
        sql.text("flat/reasons").format(
            group="g.code" if has_groups else "NULL", beside="b.amount" if has_beside else "NULL", joins=joins,
            shares=shares, denied=lexicon.DENIED,
        )
    )  # fmt: skip
    for table in ("flat_cas", "flat_groups"):
        flat.intake.execute(f"DROP TABLE {table}")
    if flat.has_parts:
        flat.intake.execute(sql.text("flat/reasons_once"))
    _implied_amounts(flat)
    if flat.has_parts:
        _amounts_once(flat)


def _amounts_once(flat: Flat) -> None:
    """Of several reasons that each take all that was not paid, the amount is the line's: it stays with one of them."""
    flat.intake.execute(sql.text("flat/amounts_once"))
    flat.tally(
        "what was not paid stands beside each of several reasons: it was loaded with one of them",
        "SELECT f._source, f._place, f.claim_id AS content FROM flat_again a JOIN flat f ON f.rowid = a.rid",
        action="repaired", table="adjustments",
    )  # fmt: skip
    flat.intake.execute(
        "UPDATE flat_reasons SET amount = NULL FROM flat_again a WHERE flat_reasons.rid = a.rid "
        "AND (flat_reasons.n, flat_reasons.item) IS DISTINCT FROM (a.n, a.item); DROP TABLE flat_again"
    )


def _reason_words(flat: Flat) -> None:
    """``flat_groups``: what each distinct group cell says; what was not understood of the reasons is noted."""
    groups = flat.distinct("grp", "flat_cas")
    codes = [lexicon.group(text) for text in groups]
    table = {"text": pa.array(groups, pa.string()), "code": pa.array(codes, pa.string())}
    flat.intake.engine.load("flat_groups", pa.table(table))
    wordings.note_groups(flat)
    wordings.note_reasons(flat)
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
    if not flat.intake.holds("flat_reasons WHERE amount IS NULL"):
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
                       WHEN f.state = '4' THEN 0 END - o.known AS left_over
            FROM open o JOIN flat_rows f ON f.rid = o.rid
        )
        SELECT rid, n, item, CAST(CASE
            WHEN is_patient AND NOT only_patient THEN patient
            -- the patient's share is known, and some of what is left may be of reasons that the file does not name
            WHEN is_patient AND patient > 0 AND patient < left_over THEN patient
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
            f"SELECT coalesce(f._head, f.rowid) AS rid, {n} AS n, "
            f"unnest(regexp_extract_all(upper({column}), '{REMARK}')) AS rarc "
            f"FROM flat f WHERE {column} IS NOT NULL"
            for n, column in members.items()
        ]
        + [
            f"SELECT coalesce(f._head, f.rowid) AS rid, {100 + n} AS n, unnest(w.remarks) AS rarc "
            f"FROM flat f JOIN flat_words w ON w.text = f.{column} AND len(w.remarks) > 0"
            for n, column in enumerate(beside)
        ]
    )
    flat.intake.insert(
        "remarks",
        f"""
        SELECT k.claim_id, k.adj AS adjudication_number, k.line AS service_number, k.line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY k.rid ORDER BY min(r.n),
                   r.rarc) AS INTEGER) AS remark_position,
               r.rarc, k._source
        FROM ({parts}) r JOIN flat_rows k ON k.rid = r.rid WHERE k.adj IS NOT NULL
        GROUP BY k.claim_id, k.adj, k.line, k.rid, r.rarc, k._source
        """,
        unique=True,
    )
