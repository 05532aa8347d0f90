"""Flat rows to claims, lines and adjudications: which are the same line, and which decision came first."""

from __future__ import annotations

import pyarrow as pa

from cpticd import sql
from cpticd.core.conform import quote
from cpticd.core.repeats import differences
from cpticd.loaders.flat import adjustments, denied, lexicon, payments, shape, shape_amounts
from cpticd.loaders.flat.rows import Flat

#: What makes two rows without line numbers the same service of a claim.
_SERVICE = (
    "claim_line_start_date", "revenue_center_code", "hcpcs_code", "_modifiers", "claim_line_end_date",
    "charge", "units", "rendering_npi", "place_of_service_code", "diagnosis_pointers", "diagnosis_codes",
)  # fmt: skip
_LINE = (
    "claim_line_start_date", "claim_line_end_date", "hcpcs_code", "revenue_center_code", "service_unit_quantity",
    "unit_of_measure", "ndc_code", "place_of_service_code", "rendering_npi", "rendering_taxonomy", "charge_amount",
)  # fmt: skip


def load(flat: Flat) -> None:
    """Fill lines, claims, adjudications, line_payments and attributes; leaves ``flat_rows``, the head rows of flat.

    ``flat_rows`` has beside their columns rid (rowid in flat), line, adj (null where the row is no adjudication),
    state, reversal, is_base (the row that describes the line), nth_of_line, n (rows of the line).
    """
    _statuses(flat)
    denied.words(flat)
    shape_amounts.carry(flat)
    shape.settle(flat)
    shape_amounts.cancel(flat)
    _number_lines(flat)
    shape_amounts.of_claims(flat)
    _number_adjudications(flat)
    flat.release()
    denied.settle(flat)
    _lines(flat)
    _attributes(flat)
    _claims(flat)
    payments.load(flat)


def _statuses(flat: Flat) -> None:
    texts = flat.distinct("status")
    codes = {text: lexicon.status(text) for text in texts}
    flat.intake.engine.load(
        "flat_status",
        pa.table(
            {
                "text": pa.array(texts, pa.string()),
                "code": pa.array(codes.values(), pa.string()),
                "is_partly": pa.array(map(lexicon.is_partly_denied, texts), pa.bool_()),
            }
        ),
    )
    for number in flat.names if texts else ():
        said = ", ".join(
            f"{text!r} as {code or 'nothing known: the status was not used'}" for text, code in codes.items()
        )
        flat.intake.reject(
            source=flat.names[number], location="", table_name="adjudications", action="noted",
            reason="status was read as a claim status code (4 denied, 22 reversal, 1 processed)",
            content=said,
        )  # fmt: skip
    flags = [text for text in flat.distinct("denial_flag") if lexicon.flag(text)]
    flat.intake.engine.load("flat_flag", pa.table({"text": pa.array(flags, pa.string())}))


def _number_lines(flat: Flat) -> None:
    """``flat_rows``, a view; lines without a number are numbered by what they hold."""
    flat.intake.execute(
        "CREATE OR REPLACE VIEW flat_rows AS SELECT *, rowid AS rid, coalesce(_line, claim_line_number) AS line, "
        "_adj AS adj, _state AS state, coalesce(_reversal, false) AS reversal, coalesce(_nth, 1) = 1 AS is_base, "
        "coalesce(_nth, 1) AS nth_of_line, coalesce(_n, 1) AS n FROM flat WHERE _head IS NULL"
    )
    if not flat.intake.holds("flat WHERE claim_line_number IS NULL"):
        return
    service = ", ".join([*_SERVICE, *flat.family("diagnosis_pointer")])
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_numbered AS
        WITH open AS (
            SELECT rowid AS rid, *, abs(charge_amount) AS charge, abs(service_unit_quantity) AS units,
                   coalesce(charge_amount < 0 OR _cancels, false) AS negative
            FROM flat WHERE claim_line_number IS NULL AND _head IS NULL
        ),
        services AS MATERIALIZED (
            SELECT rid, claim_id, paid_date, negative, CASE WHEN paid_date IS NOT NULL OR paid_amount IS NOT NULL
                       THEN concat_ws(chr(31), payer, payment_id) END AS payer,
                   dense_rank() OVER (PARTITION BY claim_id ORDER BY {service}) AS service
            FROM open
        ),
        again AS (
            SELECT claim_id, service, paid_date, payer, negative FROM services GROUP BY ALL HAVING count(*) > 1
        ),
        occurring AS (
            SELECT s.rid, row_number() OVER (PARTITION BY s.claim_id, s.service, s.paid_date, s.payer, s.negative
                ORDER BY {flat.order("f.")}, f._source, f._place) AS nth
            FROM services s JOIN again a ON a.claim_id = s.claim_id AND a.service = s.service
                AND a.negative = s.negative AND a.paid_date IS NOT DISTINCT FROM s.paid_date
                AND a.payer IS NOT DISTINCT FROM s.payer
            JOIN flat f ON f.rowid = s.rid
        ),
        last AS (SELECT claim_id, max(claim_line_number) AS last FROM flat GROUP BY claim_id)
        SELECT s.rid, CAST(coalesce(l.last, 0) + dense_rank() OVER (
            PARTITION BY s.claim_id ORDER BY s.service, coalesce(o.nth, 1)
        ) AS INTEGER) AS line
        FROM services s LEFT JOIN occurring o ON o.rid = s.rid LEFT JOIN last l ON l.claim_id = s.claim_id;
        UPDATE flat SET _line = l.line FROM flat_numbered l WHERE flat.rowid = l.rid;
        DROP TABLE flat_numbered
        """
    )


def _evidence(flat: Flat) -> str:
    """SQL: the row is an adjudication. Zeros alone make none, where the file could hold more."""
    families = ("group_code", "carc", "adjustment", "adjustment_amount", "rarc")
    reasons = [f"f.{c}" for family in families[:3] for c in flat.family(family)]
    reasons += [f"nullif(f.{column}, 0)" for column in flat.family("adjustment_amount")]
    # Columns of remarks hold notes of all kinds; codes alone come from a payer.
    reasons += [
        f"(CASE WHEN regexp_matches(upper(f.{column}), '{adjustments.REMARK}') THEN 1 END)"
        for column in flat.family("rarc")
    ]
    amounts = ["f.paid_amount", "f.claim_paid_amount", "f.allowed_amount", "f.patient_responsibility_amount",
               "f.deductible_amount", "f.coinsurance_amount", "f.copay_amount"]  # fmt: skip
    if flat.has("paid_date", "status", "denial_flag") or any(map(flat.family, families)):
        signs = [
            "f.paid_date",
            "(CASE WHEN f.denial_flag IN (SELECT text FROM flat_flag) THEN 1 END)",
            "s.code",
        ]
        signs += reasons + [f"nullif({amount}, 0)" for amount in amounts]
    else:
        signs = amounts
    some = " OR ".join(f"{sign} IS NOT NULL" for sign in signs)
    # What a worklist calls open has been decided where a payer gave a reason, or paid.
    given = [*(f"f.{column} IS NOT NULL" for column in flat.family("carc")), "f.paid_amount > 0"]
    given += [f"f.{column} IS NOT NULL" for column in flat.family("adjustment")]
    return (
        f"(CASE WHEN coalesce(s.code, '') <> '{lexicon.PENDING}' THEN {some} ELSE {' OR '.join(given)} END)"
    )


def _evidence_of_parts(flat: Flat) -> str:
    """SQL to add: a row that is a part of the decision is an adjudication."""
    if not flat.has_parts:
        return ""
    flat.intake.execute(
        "CREATE OR REPLACE TABLE flat_decided AS SELECT DISTINCT f._head AS rid FROM flat f "
        f"LEFT JOIN flat_status s ON s.text = f.status WHERE f._head IS NOT NULL AND {_evidence(flat)}"
    )
    return " OR f.rowid IN (SELECT rid FROM flat_decided)"


def _number_adjudications(flat: Flat) -> None:
    """Decisions of a claim in the order of their dates; on one day a reversal goes before its correction.

    A row without a date belongs to the claim's first decision: a denial often has none.
    """
    # Of the rows of one line those go first that sort first by what the reader sees of them.
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_ranks AS
        SELECT f.rid, row_number() OVER (PARTITION BY f.claim_id, f.line
            ORDER BY {flat.order("f.")}, f._source, f._place) AS rank
        FROM flat_rows f
        SEMI JOIN (SELECT claim_id, line FROM flat_rows GROUP BY ALL HAVING count(*) > 1) r
            ON r.claim_id = f.claim_id AND r.line = f.line
        """
    )
    _keys(flat)
    flat.intake.execute("DROP TABLE flat_ranks; DROP TABLE IF EXISTS flat_decided")
    _reject_twice(flat)


def _keys(flat: Flat) -> None:
    """Set in ``flat`` which decision each head row is, and its state."""
    flat.intake.execute(
        f"UPDATE flat AS f SET _adj = CASE WHEN {_evidence(flat)}{_evidence_of_parts(flat)} THEN 1 END, "
        f"_state = CASE WHEN f.denial_flag IN (SELECT text FROM flat_flag) THEN '{lexicon.DENIED}' "
        f"ELSE nullif(s.code, '{lexicon.PENDING}') END "
        "FROM (SELECT text, code FROM flat_status UNION ALL SELECT NULL, NULL) s "
        "WHERE s.text IS NOT DISTINCT FROM f.status AND f._head IS NULL"
    )
    flat.intake.execute(sql.text("flat/several"))
    if flat.intake.holds("flat_several"):
        flat.intake.execute(sql.text("flat/keys").format(reversed=lexicon.REVERSED))
        flat.intake.execute(
            "UPDATE flat SET _adj = k.adj, _state = k.state, _reversal = k.reversal, _nth = k.nth_of_line, _n = k.n "
            "FROM flat_keyed k WHERE flat.rowid = k.rid; DROP TABLE flat_keyed"
        )
    flat.intake.execute("DROP TABLE flat_several")


def _reject_twice(flat: Flat) -> None:
    """Reject rows of a line that stands twice, though no payment makes another adjudication of it, with their parts."""
    twice = "flat_rows k WHERE NOT k.is_base AND k.adj IS NULL"
    if not flat.intake.holds(f"{twice}"):
        return
    unlike = differences(flat.columns, "b", "f")
    flat.reject(
        "SELECT p._source, p._place, 'claim and line number stand twice, and no payment makes it another "
        f"adjudication' || coalesce(': ' || {unlike}, '') AS reason FROM flat_rows k JOIN flat f ON f.rowid = k.rid "
        "JOIN flat_rows kept ON kept.claim_id = k.claim_id AND kept.line = k.line AND kept.is_base "
        "JOIN flat b ON b.rowid = kept.rid JOIN flat p ON coalesce(p._head, p.rowid) = k.rid "
        "WHERE NOT k.is_base AND k.adj IS NULL"
    )


def _lines(flat: Flat) -> None:
    modifiers = [f"f._modifiers[{i}] AS hcpcs_modifier_{i}" for i in range(1, 5)]
    once = ", ".join([*(f"f.{column}" for column in _LINE), *modifiers])
    merged = ", ".join(
        [f"arg_min(f.{column}, f.nth_of_line) AS {column}" for column in _LINE]
        + [f"arg_min(f._modifiers, f.nth_of_line)[{i}] AS hcpcs_modifier_{i}" for i in range(1, 5)]
    )
    flat.intake.insert(
        "lines",
        f"""
        SELECT f.claim_id, f.line AS claim_line_number, {once}, f._source FROM flat_rows f WHERE f.n = 1
        UNION ALL BY NAME
        SELECT f.claim_id, f.line AS claim_line_number, {merged}, arg_min(f._source, f.nth_of_line) AS _source
        FROM flat_rows f WHERE f.n > 1 GROUP BY ALL
        """,
        unique=True,
    )
    flat.note(
        "more than four modifiers: the first four were kept",
        "SELECT _source, _place, array_to_string(_modifiers, ' ') AS content FROM flat WHERE "
        "len(_modifiers) > 4",
    )


def _claims(flat: Flat) -> None:
    types = {text: kind for text in flat.distinct("claim_type") if (kind := lexicon.claim_type(text))}
    flat.intake.engine.load(
        "flat_type",
        pa.table({"text": pa.array(types, pa.string()), "kind": pa.array(types.values(), pa.string())}),
    )
    _payer_kinds(flat)
    same = ["payer", "payer_kind", "billing_npi", "billing_taxonomy", "facility_npi", "bill_type_code",
            "frequency_code", "original_payer_claim_id", "received_date", "claim_charge_amount",
            "claim_type"]  # fmt: skip
    # Columns that no file has are null, and cost nothing.
    same = [column for column in same if flat.has(column)]
    least = [c for c in ("person_id", "drg_code", "discharge_status_code", "billing_npi", "billing_taxonomy",
                         "facility_npi", "bill_type_code", "frequency_code", "original_payer_claim_id",
                         "received_date") if flat.has(c)]  # fmt: skip
    first = [column for column in ("payer", "payer_kind", "payer_sequence") if flat.has(column)]
    flat.intake.execute(
        sql.text("flat/claims").format(
            least="".join(f"min(f.{column}) AS {column}, " for column in least),
            first="".join(f"coalesce(arg_min(f.{c}, f.adj), min(f.{c})) AS {c}, " for c in first),
            place="arg_min(f.place_of_service_code, f.line) FILTER (f.is_base) AS place_of_service_code,"
            if flat.has("place_of_service_code")
            else "",
            differs="".join(f", coalesce(min(f.{c}) <> max(f.{c}), false) AS differs_{c}" for c in same),
        )
    )
    for column in same:
        flat.note(
            f"{column}: rows of one claim differ; "
            + (
                "the first decision's was kept"
                if column in ("payer", "payer_kind")
                else "one was kept for the claim"
            ),
            f"SELECT _source, _place, claim_id AS content FROM flat_claims WHERE differs_{column}",
        )
    lines = "(SELECT claim_id, sum(charge_amount) AS total FROM lines GROUP BY claim_id)"
    flat.intake.insert(
        "claims",
        f"""
        SELECT c.* EXCLUDE (claim_charge_amount, _place{"".join(f", differs_{c}" for c in same)}),
               coalesce(c.claim_charge_amount, l.total) AS charge_amount,
                   {flat.source_name("c.")} AS data_source
        FROM flat_claims c LEFT JOIN {lines} l ON l.claim_id = c.claim_id
        """,
        unique=True,
    )
    flat.note(
        "the claim's stated charge is not the sum of its lines",
        f"SELECT c._source, c._place, c.claim_id || ': ' || c.claim_charge_amount || ', lines ' || l.total "
        f"AS content "
        f"FROM flat_claims c JOIN {lines} l ON l.claim_id = c.claim_id WHERE c.claim_charge_amount <> "
        f"l.total",
    )


def _payer_kinds(flat: Flat) -> None:
    """Kinds of payers in the words of the schema; a cell that names none is emptied, and noted."""
    if not flat.has("payer_kind"):
        return
    texts = flat.distinct("payer_kind")
    kinds = pa.array(map(lexicon.payer_kind, texts), pa.string())
    flat.intake.engine.load("flat_kinds", pa.table({"text": pa.array(texts, pa.string()), "kind": kinds}))
    flat.tally(
        "payer_kind: not the name of a kind of payer, not loaded",
        "SELECT f._source, f._place, f.payer_kind AS content FROM flat f "
        "JOIN flat_kinds q ON q.text = f.payer_kind AND q.kind IS NULL",
        table="claims",
    )
    flat.intake.execute("UPDATE flat SET payer_kind = kind FROM flat_kinds WHERE payer_kind = text")
    flat.intake.execute("DROP TABLE flat_kinds")


def _attributes(flat: Flat) -> None:
    """Columns of the user's own: one row per line and column, null where the cells are empty."""
    for name, column in flat.kept.items():
        cell = f"f.{quote(column)}"
        head = f"SELECT f.claim_id, f.line AS claim_line_number, '{name}' AS name"
        rows = "FROM flat_rows f"
        flat.intake.insert(
            "attributes",
            f"{head}, {cell} AS value, f._source {rows} WHERE f.n = 1 UNION ALL BY NAME "
            f"{head}, arg_min({cell}, f.nth_of_line) AS value, arg_min(f._source, f.nth_of_line) AS _source "
            f"{rows} WHERE f.n > 1 GROUP BY f.claim_id, f.line",
        )
        flat.tally(
            f"{name}: rows of one line differ; the first one's was kept",
            f"SELECT min(f._source) AS _source, min(f._place) AS _place, "
            f"min({cell}) || ' | ' || max({cell}) AS content {rows} WHERE f.n > 1 "
            f"GROUP BY f.claim_id, f.line HAVING min({cell}) <> max({cell})",
            table="attributes",
        )
