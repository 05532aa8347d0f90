"""Flat rows to diagnoses, pointers, procedures, adjustments, remarks and members."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cpticd.loaders import wording
from cpticd.loaders.flat import Flat
from cpticd.loaders.flat_lines import distinct

_ICD10_FROM = "DATE '2015-10-01'"
_SPLIT = r"'[,;|/\s]+'"
_SHARES = {"deductible_amount": "1", "coinsurance_amount": "2", "copay_amount": "3"}  # CARCs of group PR


def load(flat: Flat) -> None:
    """Fill what hangs on claims and lines; needs ``flat_keys`` of :mod:`flat_lines`, and drops it."""
    if flat.has("diagnosis_codes", *flat.family("diagnosis_code")):
        _diagnosis_lists(flat)
        _diagnoses(flat)
        _pointers(flat)
        for table in ("flat_dx", "flat_sets", "flat_map"):
            flat.intake.execute(f"DROP TABLE {table}")
    if flat.family("procedure_code"):
        _procedures(flat)
    _adjustments(flat)
    _remarks(flat)
    if flat.has("birth_date", "sex"):
        _members(flat)
    for table in ("flat_keys", "flat_claims", "flat_status", "flat_flag", "flat_type"):
        flat.intake.execute(f"DROP TABLE {table}")


def _diagnosis_lists(flat: Flat) -> None:
    """``flat_dx``: each row's diagnoses as a list; ``flat_sets``: the different lists of each claim."""
    codes, poa = flat.numbered("diagnosis_code"), flat.numbered("diagnosis_poa")
    span = range(1, max([*codes, *poa, 0]) + 1)
    listed = "[" + ", ".join(f"f.{codes[n]}" if n in codes else "NULL" for n in span) + "]"
    several = f"list_filter(regexp_split_to_array(coalesce(upper(replace(f.diagnosis_codes, '.', '')), ''), {_SPLIT}), lambda c: c <> '')"  # noqa: E501
    # A column of its own that names one or several diagnoses stands for the first ones where no dx1 does.
    both = f"{several} || CAST({listed} AS VARCHAR[])[2:]" if 1 not in codes else f"{listed} || {several}"
    dx = both if flat.has("diagnosis_codes") else listed
    admitted = "[" + ", ".join(f"f.{poa[n]}" if n in poa else "NULL" for n in span) + "]"
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_dx AS
        SELECT *, hash(dx, poa) AS dxkey FROM (
            SELECT f.rowid AS rid, f.claim_id, CAST({dx} AS VARCHAR[]) AS dx,
                   {f"CAST({admitted} AS VARCHAR[])" if poa else "CAST([] AS VARCHAR[])"} AS poa,
                   coalesce(f.claim_line_start_date, f.claim_start_date, f.claim_end_date) AS day
            FROM flat f
        )
        """
    )
    types = {
        text: kind for text in distinct(flat, "diagnosis_code_type") if (kind := wording.code_type(text))
    }
    flat.intake.engine.load(
        "flat_dxtype",
        pa.table({"text": pa.array(types, pa.string()), "kind": pa.array(types.values(), pa.string())}),
    )
    flat.intake.execute(
        """
        CREATE OR REPLACE TABLE flat_sets AS
        WITH lists AS (
            SELECT d.claim_id, d.dxkey, min(d.dx) AS dx, min(d.poa) AS poa, min(t.kind) AS kind, min(d.day) AS day,
                   min(f._source) AS _source, min(f._place) AS _place
            FROM flat_dx d JOIN flat f ON f.rowid = d.rid LEFT JOIN flat_dxtype t ON t.text = f.diagnosis_code_type
            GROUP BY d.claim_id, d.dxkey
        ),
        numbered AS (SELECT *, unnest(range(1, len(dx) + 1)) AS pos FROM lists)
        SELECT claim_id, dxkey, CAST(pos AS INTEGER) AS pos, dx[pos] AS code, poa[pos] AS poa, kind, day, _source, _place
        FROM numbered WHERE dx[pos] IS NOT NULL
        """
    )
    flat.intake.execute("DROP TABLE flat_dxtype")


def _diagnoses(flat: Flat) -> None:
    """``flat_map``: where the diagnoses of claims whose rows differ went; every other keeps its position."""
    flat.intake.execute(
        """
        CREATE OR REPLACE TABLE flat_map AS
        WITH differing AS (
            SELECT DISTINCT claim_id FROM (
                SELECT claim_id FROM flat_sets GROUP BY claim_id, pos HAVING min(code) <> max(code))
        ),
        codes AS (
            SELECT claim_id, code, row_number() OVER (PARTITION BY claim_id ORDER BY min(pos), code) AS place
            FROM flat_sets SEMI JOIN differing USING (claim_id) GROUP BY claim_id, code
        )
        SELECT s.claim_id, s.dxkey, s.pos, CAST(c.place AS INTEGER) AS place
        FROM flat_sets s JOIN codes c ON c.claim_id = s.claim_id AND c.code = s.code
        """
    )
    flat.intake.insert(
        "diagnoses",
        f"""
        WITH placed AS (
            SELECT s.claim_id, coalesce(m.place, s.pos) AS place, s.code, s.poa, s.kind, s.day, s._source
            FROM flat_sets s
            LEFT JOIN flat_map m ON m.claim_id = s.claim_id AND m.dxkey = s.dxkey AND m.pos = s.pos
        )
        SELECT claim_id, place AS diagnosis_position, code AS diagnosis_code,
               CASE WHEN min(kind) IS NOT NULL THEN min(kind)
                    WHEN code SIMILAR TO '[0-9].*' THEN 'icd-9-cm'
                    WHEN left(code, 1) IN ('E', 'V') AND min(day) < {_ICD10_FROM} THEN 'icd-9-cm'
                    ELSE 'icd-10-cm' END AS diagnosis_code_type,
               min(poa) AS present_on_admission_code, min(_source) AS _source
        FROM placed GROUP BY claim_id, place, code
        """,
    )
    flat.note(
        "rows of one claim list different diagnoses: the claim has them all, each line points to its own",
        "SELECT _source, min(_place) AS _place, claim_id AS content FROM flat_sets s SEMI JOIN flat_map m "
        "ON m.claim_id = s.claim_id GROUP BY _source, claim_id",
    )
    flat.note(
        "a diagnosis code looks like a number in scientific notation: check that no spreadsheet changed it",
        "SELECT _source, _place, code AS content FROM flat_sets WHERE code SIMILAR TO '[0-9]+E[0-9]+'",
    )
    flat.note(
        "a diagnosis code has no shape of ICD-10-CM or ICD-9-CM; it was loaded as it is",
        "SELECT _source, _place, code AS content FROM flat_sets WHERE NOT regexp_full_match(code, "
        "'[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}|[0-9]{3,5}|V[0-9]{2,4}|E[0-9]{3,4}') "
        "AND NOT regexp_full_match(code, '[0-9]+E[0-9]+')",
    )


def _pointers(flat: Flat) -> None:
    columns = flat.family("diagnosis_pointer")
    single = flat.has("diagnosis_pointers")
    if not columns and not single:
        if flat.intake.query("SELECT 1 AS found FROM flat_map LIMIT 1").num_rows:
            _point_to_own(flat)
        return
    # Where each pointer has its own column the comma between them says so.
    texts = [*(["diagnosis_pointers"] if single else []), *columns]
    raw = texts[0] if len(texts) == 1 else f"nullif(concat_ws(',', {', '.join(texts)}), '')"
    distinct_raw = distinct(flat, raw)
    read = {text: wording.pointers(text, alone=len(texts) == 1) for text in distinct_raw}
    flat.intake.engine.load(
        "flat_pointers",
        pa.table(
            {
                "text": pa.array(distinct_raw, pa.string()),
                "positions": pa.array([read[text] or [] for text in distinct_raw], pa.list_(pa.int32())),
                "unread": pa.array([read[text] is None for text in distinct_raw], pa.bool_()),
            }
        ),
    )
    flat.intake.insert(
        "pointers",
        f"""
        WITH pointed AS (
            SELECT k.claim_id, k.line, d.dxkey, p.positions, k._source,
                   unnest(range(1, len(p.positions) + 1)) AS nth
            FROM flat_keys k JOIN flat f ON f.rowid = k.rid JOIN flat_pointers p ON p.text = {_prefixed(raw, texts)}
            JOIN flat_dx d ON d.rid = k.rid
            QUALIFY dense_rank() OVER (PARTITION BY k.claim_id, k.line ORDER BY k.nth_of_line) = 1
        ),
        first AS (
            SELECT claim_id, line, dxkey, positions[nth] AS pos, min(nth) AS nth, min(_source) AS _source
            FROM pointed GROUP BY ALL
        ),
        placed AS (
            SELECT t.*, coalesce(m.place, CASE WHEN c.last IS NULL THEN t.pos ELSE c.last + t.pos END) AS place
            FROM first t
            LEFT JOIN flat_map m ON m.claim_id = t.claim_id AND m.dxkey = t.dxkey AND m.pos = t.pos
            LEFT JOIN (SELECT claim_id, max(place) AS last FROM flat_map GROUP BY claim_id) c ON c.claim_id = t.claim_id
        )
        SELECT claim_id, line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY claim_id, line ORDER BY nth) AS INTEGER) AS pointer_position,
               CAST(place AS INTEGER) AS diagnosis_position, _source
        FROM placed
        """,
    )
    shown = f"SELECT f._source, f._place, {_prefixed(raw, texts)} AS content FROM flat f " \
        f"JOIN flat_pointers p ON p.text = {_prefixed(raw, texts)} WHERE"  # fmt: skip
    flat.note("diagnosis pointer not understood: the line was loaded without", f"{shown} p.unread")
    flat.note(
        "a diagnosis pointer stands twice on the line; it was kept once",
        f"{shown} len(p.positions) <> len(list_distinct(p.positions))",
        action="repaired",
    )
    if len(texts) == 1:
        flat.note(
            "pointer 12 was read as 1 and 2; the twelfth diagnosis, which the claim has, is written L",
            f"SELECT f._source, f._place, '12' AS content FROM flat f JOIN flat_dx d ON d.rid = f.rowid "
            f"WHERE {_prefixed(raw, texts)} = '12' AND d.dx[12] IS NOT NULL",
        )
    flat.intake.execute("DROP TABLE flat_pointers")


def _prefixed(raw: str, columns: list[str]) -> str:
    for column in columns:
        raw = raw.replace(column, f"f.{column}")
    return raw


def _point_to_own(flat: Flat) -> None:
    """Without pointers, rows whose diagnoses differ within a claim list the line's own: each points to all of its own."""
    flat.intake.insert(
        "pointers",
        """
        WITH own AS (
            SELECT k.claim_id, k.line, s.pos, coalesce(m.place, s.pos) AS place, k._source
            FROM flat_keys k JOIN flat_dx d ON d.rid = k.rid
            JOIN flat_sets s ON s.claim_id = d.claim_id AND s.dxkey = d.dxkey
            LEFT JOIN flat_map m ON m.claim_id = s.claim_id AND m.dxkey = s.dxkey AND m.pos = s.pos
            QUALIFY dense_rank() OVER (PARTITION BY k.claim_id, k.line ORDER BY k.nth_of_line) = 1
        )
        SELECT claim_id, line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY claim_id, line ORDER BY min(pos), place) AS INTEGER) AS pointer_position,
               place AS diagnosis_position, min(_source) AS _source
        FROM own GROUP BY claim_id, line, place
        """,
    )


def _procedures(flat: Flat) -> None:
    codes, dates = flat.numbered("procedure_code"), flat.numbered("procedure_date")
    parts = " UNION ALL ".join(
        f"SELECT claim_id, {n} AS n, {column} AS code, {dates.get(n, 'CAST(NULL AS DATE)')} AS day, "
        f"procedure_code_type AS kind, _source FROM flat WHERE {column} IS NOT NULL"
        for n, column in codes.items()
    )
    flat.intake.insert(
        "procedures",
        f"""
        SELECT claim_id, CAST(row_number() OVER (PARTITION BY claim_id ORDER BY min(n), code) AS INTEGER)
                   AS procedure_position,
               code AS procedure_code, CASE
                   WHEN min(lower(kind)) LIKE '%9%' THEN 'icd-9-pcs' WHEN min(lower(kind)) LIKE '%10%' THEN 'icd-10-pcs'
                   WHEN length(code) = 7 THEN 'icd-10-pcs' ELSE 'icd-9-pcs' END AS procedure_code_type,
               min(day) AS procedure_date, min(_source) AS _source
        FROM ({parts}) GROUP BY claim_id, code
        """,
    )


def _adjustments(flat: Flat) -> None:
    _reasons(flat)
    flat.intake.insert(
        "adjustments",
        """
        SELECT k.claim_id, k.adj AS adjudication_number, k.line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY k.rid ORDER BY r.n, r.item) AS INTEGER) AS adjustment_position,
               r.group_code, r.carc, r.amount, k._source
        FROM flat_reasons r JOIN flat_keys k ON k.rid = r.rid
        """,
    )
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
            f"SELECT f.rowid AS rid, {n} AS n, {cell['group_code']} AS grp, coalesce({cell['carc']}, {cell['adjustment']}) "
            f"AS reason, CASE WHEN {cell['carc']} IS NOT NULL THEN {cell['adjustment']} END AS beside, {amount} AS amount "
            f"FROM flat f SEMI JOIN flat_keys k ON k.rid = f.rowid AND k.adj IS NOT NULL "
            f"WHERE coalesce({cell['group_code']}, {cell['carc']}, {cell['adjustment']}) IS NOT NULL"
        )
    none = "SELECT CAST(NULL AS BIGINT) AS rid, 0 AS n, CAST(NULL AS VARCHAR) AS grp, CAST(NULL AS VARCHAR) AS reason, " \
        "CAST(NULL AS VARCHAR) AS beside, CAST(NULL AS DECIMAL(18,2)) AS amount WHERE false"  # fmt: skip
    flat.intake.execute(f"CREATE OR REPLACE TABLE flat_cas AS {' UNION ALL '.join(rows or [none])}")
    _reason_words(flat)
    shares = " UNION ALL ".join(
        f"SELECT k.rid, 100 + {carc} AS n, 1 AS item, 'PR' AS group_code, '{carc}' AS carc, f.{column} AS amount "
        f"FROM flat_keys k JOIN flat f ON f.rowid = k.rid WHERE k.adj IS NOT NULL AND f.{column} <> 0"
        for column, carc in _SHARES.items()
    )
    flat.intake.execute(
        f"""
        CREATE OR REPLACE TABLE flat_reasons AS
        WITH items AS (
            SELECT c.*, w.items, unnest(range(1, len(w.items) + 1)) AS item
            FROM flat_cas c JOIN flat_words w ON w.text = c.reason
        ),
        said AS (
            SELECT i.rid, i.n, i.item, coalesce(i.items[i.item].grp, g.code) AS group_code, i.items[i.item].carc AS carc,
                   coalesce(i.items[i.item].amount, CASE WHEN i.item = 1 THEN coalesce(i.amount, b.items[1].amount) END)
                       AS amount
            FROM items i LEFT JOIN flat_groups g ON g.text = i.grp LEFT JOIN flat_words b ON b.text = i.beside
        ),
        shared AS (SELECT * FROM ({shares}) s ANTI JOIN (SELECT rid, carc FROM said WHERE group_code = 'PR') x
                   ON x.rid = s.rid AND x.carc = s.carc)
        SELECT * FROM said UNION ALL BY NAME SELECT * FROM shared
        UNION ALL BY NAME  -- a line that is said to be denied, without a reason: its charge, no code
        SELECT k.rid, 200 AS n, 1 AS item, CAST(NULL AS VARCHAR) AS group_code, CAST(NULL AS VARCHAR) AS carc,
               f.charge_amount AS amount
        FROM flat_keys k JOIN flat f ON f.rowid = k.rid ANTI JOIN (SELECT rid FROM said WHERE carc IS NOT NULL) x
        ON x.rid = k.rid WHERE k.adj IS NOT NULL AND k.status = '{wording.DENIED}' AND coalesce(f.paid_amount, 0) <= 0
        """
    )
    for table in ("flat_cas", "flat_words", "flat_groups"):
        flat.intake.execute(f"DROP TABLE {table}")
    _implied_amounts(flat)


def _reason_words(flat: Flat) -> None:
    """``flat_words`` and ``flat_groups``: what each distinct adjustment and group cell says."""
    cells = "SELECT reason AS x FROM flat_cas UNION SELECT beside FROM flat_cas"
    texts = (
        flat.intake.query(f"SELECT x FROM ({cells}) WHERE x IS NOT NULL ORDER BY x").column("x").to_pylist()
    )
    read: dict[str, Any] = {text: wording.adjustments(text) for text in texts}
    item = pa.struct([("grp", pa.string()), ("carc", pa.string()), ("amount", pa.decimal128(18, 2))])
    items = [
        [dict(zip(("grp", "carc", "amount"), i, strict=True)) for i in read[text] or []] for text in texts
    ]
    flat.intake.engine.load(
        "flat_words",
        pa.table({"text": pa.array(texts, pa.string()), "items": pa.array(items, pa.list_(item))}),
    )
    groups = flat.intake.query("SELECT DISTINCT grp FROM flat_cas WHERE grp IS NOT NULL ORDER BY grp").column(
        "grp"
    )
    codes = [wording.group(text) for text in groups.to_pylist()]
    flat.intake.engine.load("flat_groups", pa.table({"text": groups, "code": pa.array(codes, pa.string())}))
    flat.note(
        "adjustment reason not understood: it was not loaded",
        "SELECT f._source, f._place, c.reason AS content FROM flat_cas c JOIN flat f ON f.rowid = c.rid "
        "JOIN flat_words w ON w.text = c.reason WHERE len(w.items) = 0",
    )


def _implied_amounts(flat: Flat) -> None:
    """What charge and payment leave goes to a reason without an amount: the patient's part to PR, the rest to the first.

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
                   row_number() OVER (PARTITION BY r.rid, r.amount IS NULL, coalesce(r.group_code = 'PR', false)
                       ORDER BY r.n, r.item) AS nth,
                   coalesce(sum(r.amount) OVER (PARTITION BY r.rid), 0) AS known,
                   bool_and(coalesce(r.group_code = 'PR', false)) OVER (PARTITION BY r.rid) AS only_patient,
                   bool_or(coalesce(r.group_code = 'PR', false)) OVER (PARTITION BY r.rid) AS any_patient
            FROM flat_reasons r
        ),
        balance AS (
            SELECT o.*, f.patient_responsibility_amount AS patient,
                   f.charge_amount - CASE
                       WHEN f.paid_amount IS NOT NULL THEN f.paid_amount
                       WHEN f.allowed_amount IS NOT NULL THEN f.allowed_amount - coalesce(f.patient_responsibility_amount, 0)
                       WHEN k.status = '4' THEN 0 END - o.known AS left_over
            FROM open o JOIN flat f ON f.rowid = o.rid JOIN flat_keys k ON k.rid = o.rid
        )
        SELECT rid, n, item, CAST(CASE
            WHEN is_patient AND NOT only_patient THEN patient
            WHEN is_patient THEN left_over
            ELSE left_over - CASE WHEN any_patient AND known = 0 OR NOT any_patient THEN coalesce(patient, 0) ELSE 0 END
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
    if not members:
        return
    parts = " UNION ALL ".join(
        f"SELECT f.rowid AS rid, {n} AS n, "
        f"unnest(regexp_extract_all(upper({column}), '\\b(MA|N|M)[0-9]{{1,4}}\\b')) AS rarc "
        f"FROM flat f WHERE {column} IS NOT NULL"
        for n, column in members.items()
    )
    flat.intake.insert(
        "remarks",
        f"""
        SELECT k.claim_id, k.adj AS adjudication_number, k.line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY k.rid ORDER BY min(r.n), r.rarc) AS INTEGER) AS remark_position,
               r.rarc, k._source
        FROM ({parts}) r JOIN flat_keys k ON k.rid = r.rid WHERE k.adj IS NOT NULL
        GROUP BY k.claim_id, k.adj, k.line, k.rid, r.rarc, k._source
        """,
    )


def _members(flat: Flat) -> None:
    texts = distinct(flat, "sex")
    flat.intake.engine.load(
        "flat_sex",
        pa.table(
            {"text": pa.array(texts, pa.string()), "sex": pa.array(map(wording.sex, texts), pa.string())}
        ),
    )
    flat.intake.insert(
        "members",
        """
        SELECT f.person_id, CAST(year(coalesce(f.claim_line_start_date, f.claim_start_date)) AS INTEGER) AS year,
               min(f.birth_date) AS birth_date, min(s.sex) AS sex, min(f._source) AS _source
        FROM flat f LEFT JOIN flat_sex s ON s.text = f.sex
        WHERE f.person_id IS NOT NULL AND coalesce(f.claim_line_start_date, f.claim_start_date) IS NOT NULL
        GROUP BY 1, 2
        """,
    )
    flat.note(
        "one person with several birth dates or sexes: the smaller one was kept",
        "SELECT _source, min(_place) AS _place, person_id AS content FROM flat WHERE person_id IS NOT NULL "
        "GROUP BY _source, person_id HAVING min(birth_date) <> max(birth_date) OR min(upper(sex)) <> max(upper(sex))",
    )
    flat.intake.execute("DROP TABLE flat_sex")
