"""Flat rows to diagnoses, pointers, procedures and members."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from cpticd import sql
from cpticd.core.enrollment import sex
from cpticd.loaders import repair
from cpticd.loaders.flat import adjustments, lexicon
from cpticd.loaders.flat.rows import Flat

_ICD10_FROM = "DATE '2015-10-01'"


def load(flat: Flat) -> None:
    """Fill what hangs on claims and lines; needs ``flat_rows`` of :mod:`lines`, and drops it."""
    if flat.has("diagnosis_codes", *flat.family("diagnosis_code")):
        lists = _lists(flat)
        _sets(flat, lists)
        _diagnoses(flat)
        _pointers(flat, lists)
        for table in ("flat_sets", "flat_map"):
            flat.intake.execute(f"DROP TABLE {table}")
    if flat.family("procedure_code"):
        _procedures(flat)
    adjustments.load(flat)
    if flat.has("birth_date", "sex"):
        _members(flat)
    flat.intake.execute("DROP VIEW flat_rows")
    for table in ("flat_claims", "flat_status", "flat_flag", "flat_type"):
        flat.intake.execute(f"DROP TABLE {table}")


class _Lists(NamedTuple):
    """SQL of the diagnoses of a row of ``flat`` as ``f``."""

    codes: str  # a list
    present: str  # marks of presence on admission, a list
    key: str  # a number: rows that list the same have the same
    lacks: (
        str  # whether the row lists none at position ``p.pos``; true where that cannot be seen at little cost
    )


def _lists(flat: Flat) -> _Lists:
    """How the diagnoses of a row are put together; columns without any cell have none."""
    codes, poa = (
        {n: c for n, c in flat.numbered(prefix).items() if c not in flat.empty}
        for prefix in ("diagnosis_code", "diagnosis_poa")
    )
    span = range(1, max([*codes, *poa, 0]) + 1)
    listed = "[" + ", ".join(f"f.{codes[n]}" if n in codes else "NULL" for n in span) + "]"
    several = repair.diagnosis_list("f.diagnosis_codes")
    # A column of its own that names one or several diagnoses stands for the first ones where no dx1 does.
    both = f"{several} || CAST({listed} AS VARCHAR[])[2:]" if 1 not in codes else f"{listed} || {several}"
    has_several = flat.has("diagnosis_codes")
    admitted = "[" + ", ".join(f"f.{poa[n]}" if n in poa else "NULL" for n in span) + "]"
    cells = [f"f.{column}" for column in [*codes.values(), *poa.values()]]
    there = " ".join(f"WHEN {n} THEN f.{column} IS NULL" for n, column in codes.items())
    return _Lists(
        codes=f"CAST({both if has_several else listed} AS VARCHAR[])",
        present=f"CAST({admitted if poa else '[]'} AS VARCHAR[])",
        key=f"hash({', '.join([*cells, 'f.diagnosis_codes'] if has_several else cells) or 'NULL'})",
        lacks=f"(CASE p.pos {there} ELSE true END)" if codes and not has_several else "true",
    )


def _sets(flat: Flat, lists: _Lists) -> None:
    """``flat_sets``: the different lists of diagnoses of each claim."""
    types = {text: kind for text in flat.distinct("diagnosis_code_type") if (kind := lexicon.code_type(text))}
    flat.intake.engine.load(
        "flat_dxtype",
        pa.table({"text": pa.array(types, pa.string()), "kind": pa.array(types.values(), pa.string())}),
    )
    flat.intake.execute(
        sql.text("flat/diagnosis_sets").format(
            key=lists.key, codes=lists.codes, present=lists.present,
            kind="min(t.kind)" if types else "CAST(NULL AS VARCHAR)",
            types="LEFT JOIN flat_dxtype t ON t.text = f.diagnosis_code_type" if types else "",
        )
    )  # fmt: skip
    flat.intake.execute("DROP TABLE flat_dxtype")


def _diagnoses(flat: Flat) -> None:
    """``flat_map``: where the diagnoses of claims whose rows differ went; every other keeps its position."""
    flat.intake.execute(
        """
        CREATE OR REPLACE TABLE flat_map AS
        WITH differing AS (
            SELECT DISTINCT claim_id FROM (
                SELECT claim_id,
                    min(code) <> max(code) OR count(*) < max(count(*)) OVER (PARTITION BY claim_id) AS differs
                FROM flat_sets GROUP BY claim_id, pos)
            WHERE differs
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
        unique=True,
    )
    flat.note(
        "rows of one claim list different diagnoses: the claim has them all, each line points to its own",
        "SELECT _source, min(_place) AS _place, claim_id AS content FROM flat_sets s SEMI JOIN flat_map m "
        "ON m.claim_id = s.claim_id GROUP BY _source, claim_id",
    )


def _pointers(flat: Flat, lists: _Lists) -> None:
    columns = flat.family("diagnosis_pointer")
    single = flat.has("diagnosis_pointers")
    if not columns and not single:
        if flat.intake.holds("flat_map"):
            _point_to_own(flat, lists)
        return
    texts = [*(["diagnosis_pointers"] if single else []), *columns]
    cells = ", ".join(f"f.{text}" for text in texts)
    raw = cells if len(texts) == 1 else f"nullif(concat_ws(chr(31), {cells}), '')"
    distinct_raw = flat.distinct(raw)
    read = {
        text: [lexicon.pointers(part, alone=len(texts) == 1) for part in text.split("\x1f")]
        for text in distinct_raw
    }
    named = [[position for part in read[text] for position in part or []] for text in distinct_raw]
    positions = [list(dict.fromkeys(each)) for each in named]
    unread = [any(part is None for part in read[text]) for text in distinct_raw]
    flat.intake.engine.load(
        "flat_pointers",
        pa.table(
            {
                "text": pa.array(distinct_raw, pa.string()),
                "positions": pa.array(positions, pa.list_(pa.int32())),
                "unread": pa.array(unread, pa.bool_()),
                "twice": pa.array([len({*each}) < len(each) for each in named], pa.bool_()),
            }
        ),
    )
    flat.intake.insert("pointers", _pointed(flat, raw, lists), unique=True)
    shown = f"SELECT f._source, f._place, {raw} AS content FROM flat f " \
        f"JOIN flat_pointers p ON p.text = {raw} WHERE"  # fmt: skip
    flat.note("diagnosis pointer not understood: the line was loaded without it", f"{shown} p.unread")
    flat.note(
        "a diagnosis pointer stands twice on the line; it was kept once",
        f"{shown} p.twice",
        action="repaired",
    )
    flat.tally(
        "a diagnosis pointer to a diagnosis that is not there: it leads to no pair",
        f"""
        SELECT f._source, f._place, min({raw}) AS content
        FROM (SELECT *, unnest(positions) AS pos FROM flat_pointers) p
        JOIN flat f ON p.text = {raw} AND {lists.lacks}
        -- rows of one claim may leave out its diagnoses, but not where they have some of their own
        LEFT JOIN flat_sets s ON s.claim_id = f.claim_id AND s.pos = p.pos AND (s.dxkey = {lists.key}
            OR s.claim_id NOT IN (SELECT claim_id FROM flat_map))
        WHERE s.pos IS NULL GROUP BY f.rowid, f._source, f._place
        """,
        table="pointers",
    )
    if len(texts) == 1:
        flat.note(
            "pointer 12 was read as 1 and 2; the twelfth diagnosis, which the claim has, is written L",
            f"SELECT f._source, f._place, '12' AS content FROM flat f "
            f"WHERE {raw} = '12' AND ({lists.codes})[12] IS NOT NULL",
        )
    flat.intake.execute("DROP TABLE flat_pointers")


def _pointed(flat: Flat, raw: str, lists: _Lists) -> str:
    """SQL of the pointers; those of claims whose rows list different diagnoses go where these went."""
    moved = flat.intake.holds("flat_map")
    return sql.text("flat/pointers").format(
        raw=raw, rows=_rows_of(flat), key=lists.key,
        is_single="false" if flat.has_parts else "n = 1",
        place="coalesce(m.place, CASE WHEN c.last IS NULL THEN t.pos ELSE c.last + t.pos END)" if moved else "t.pos",
        moved="LEFT JOIN flat_map m ON m.claim_id = t.claim_id AND m.dxkey = t.dxkey AND m.pos = t.pos "
        "LEFT JOIN (SELECT claim_id, max(place) AS last FROM flat_map GROUP BY claim_id) c ON c.claim_id = t.claim_id"
        if moved
        else "",
    )  # fmt: skip


def _point_to_own(flat: Flat, lists: _Lists) -> None:
    """Without pointers, rows whose diagnoses differ within a claim list their line's own, and point to all of them."""
    flat.intake.insert(
        "pointers",
        f"""
        WITH own AS (
            SELECT f.claim_id, f.line, s.pos, coalesce(m.place, s.pos) AS place, f._source
            FROM {_rows_of(flat)} f
            JOIN flat_sets s ON s.claim_id = f.claim_id AND s.dxkey = {lists.key}
            LEFT JOIN flat_map m ON m.claim_id = s.claim_id AND m.dxkey = s.dxkey AND m.pos = s.pos
            QUALIFY dense_rank() OVER (PARTITION BY f.claim_id, f.line ORDER BY f.nth_of_line) = 1
        )
        SELECT claim_id, line AS claim_line_number,
               CAST(row_number() OVER (PARTITION BY claim_id, line ORDER BY min(pos),
                   place) AS INTEGER) AS pointer_position,
               place AS diagnosis_position, min(_source) AS _source
        FROM own GROUP BY claim_id, line, place
        """,
    )


def _rows_of(flat: Flat) -> str:
    """SQL of the rows of all decisions, each with what is of its head."""
    if not flat.has_parts:
        return "flat_rows"
    return (
        "(SELECT f.* REPLACE (k._source AS _source), k.line, k.nth_of_line, k.n FROM flat f "
        "JOIN flat_rows k ON k.rid = coalesce(f._head, f.rowid))"
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
                   WHEN min(lower(kind)) LIKE '%9%' THEN 'icd-9-pcs' WHEN min(lower(kind)) LIKE '%10%'
                       THEN 'icd-10-pcs'
                   WHEN length(code) = 7 THEN 'icd-10-pcs' ELSE 'icd-9-pcs' END AS procedure_code_type,
               min(day) AS procedure_date, min(_source) AS _source
        FROM ({parts}) GROUP BY claim_id, code
        """,
    )


def _members(flat: Flat) -> None:
    texts = flat.distinct("sex")
    flat.intake.engine.load(
        "flat_sex",
        pa.table({"text": pa.array(texts, pa.string()), "sex": pa.array(map(sex, texts), pa.string())}),
    )
    flat.intake.insert(
        "members",
        f"""
        SELECT f.person_id, CAST(year(coalesce(f.claim_line_start_date,
            f.claim_start_date)) AS INTEGER) AS year,
               -- two digits of a year mean the century in which the person was born before the service
               min(CASE WHEN f.birth_date > coalesce(f.claim_line_start_date, f.claim_start_date)
                        THEN CAST(f.birth_date - INTERVAL 100 YEAR AS DATE)
                            ELSE f.birth_date END) AS birth_date,
               min(s.sex) AS sex, min(f._source) AS _source
        FROM flat f LEFT JOIN flat_sex s ON s.text = f.sex
        ANTI JOIN {flat.intake.every("members")} m ON m.person_id = f.person_id
            AND m.year = year(coalesce(f.claim_line_start_date, f.claim_start_date))
        WHERE f.person_id IS NOT NULL AND coalesce(f.claim_line_start_date, f.claim_start_date) IS NOT NULL
        GROUP BY 1, 2
        """,
    )
    flat.note(
        "one person with several birth dates or sexes: the smaller one was kept",
        "SELECT _source, min(_place) AS _place, person_id AS content FROM flat WHERE person_id IS NOT NULL "
        "GROUP BY _source, person_id HAVING min(birth_date) <> max(birth_date) OR min(upper(sex)) <> "
        "max(upper(sex))",
    )
    flat.intake.execute("DROP TABLE flat_sex")
