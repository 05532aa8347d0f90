"""What a row of a flat file stands for: a service line, or a part of what a payer decided on one.

Rows of one line that differ in nothing but reasons, remarks or diagnoses are one decision on one line. One of them, its
head, stands for the decision; the others are parts of it, and add their reasons, remarks and diagnoses, no dollars.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.core.conform import quote
from cpticd.loaders.flat.rows import Flat
from cpticd.loaders.staging import UNIT

_REASONS: Final = ("group_code", "carc", "adjustment", "adjustment_amount")
_DIAGNOSES: Final = ("diagnosis_code", "diagnosis_poa", "diagnosis_pointer")
_MODIFIERS: Final = ("hcpcs_modifier",)
_PROCEDURES: Final = ("procedure_code", "procedure_date")
#: What rows may differ in and still be parts of one decision, and how a row is called that they make.
GRAINS: Final = {
    "adj": "a reason of a decision on a service line",
    "remark": "a remark of a decision on a service line",
    "dx": "a diagnosis of a service line",
    "modifiers": "a modifier of a service line",
}


def settle(flat: Flat) -> None:
    """Set ``flat._head`` of rows that are parts of another row's decision, reject copies, and note the grain.

    Leaves ``flat_parts``: rid, head, part (1 is the head), is_sum (equal reasons are all meant). Needs ``flat_words``.
    """
    flat.intake.execute(_shape(flat))
    flat.intake.execute(sql.text("flat/decisions"))
    if flat.intake.holds("flat_parts"):
        _copies(flat)
        _note(flat)
        flat.intake.execute(
            "UPDATE flat SET _head = p.head FROM flat_parts p WHERE flat.rowid = p.rid AND p.part > 1 AND NOT p.is_copy"
        )
        _modifiers(flat)
        flat.intake.execute("DELETE FROM flat_parts WHERE parts = 1 OR is_copy")
    flat.has_parts = flat.intake.holds("flat_parts")
    flat.intake.execute("DROP TABLE flat_shape")


def _columns(flat: Flat, families: tuple[str, ...], *singles: str) -> list[str]:
    found = [column for family in families for column in flat.family(family)]
    return [*found, *(column for column in singles if flat.has(column))]


def _hashed(columns: list[str]) -> str:
    return ", ".join(f"f.{quote(column)}" for column in columns) or "0"


def _shape(flat: Flat) -> str:
    reasons = _columns(flat, _REASONS)
    remarks = _columns(flat, ("rarc",))
    diagnoses = _columns(flat, _DIAGNOSES, "diagnosis_codes", "diagnosis_code_type", "diagnosis_pointers")
    pointers = _columns(flat, ("diagnosis_pointer",), "diagnosis_pointers")
    modifiers = _columns(flat, _MODIFIERS, "modifiers")
    apart = {*reasons, *remarks, *diagnoses, *modifiers, *_columns(flat, _PROCEDURES, "procedure_code_type")}
    core = [column for column in flat.columns if column not in apart]
    # Without a line number modifiers and pointers make another service, and so does a list of several diagnoses.
    own = ["f._modifiers", *(f"f.{column}" for column in pointers)]
    codes = [f"f.{column}" for column in diagnoses if column not in pointers]
    if several := _several(flat):
        own.append(f"CASE WHEN f._source IN ({several}) THEN hash({', '.join(codes)}) END")
    amounts, complete, words = _amounts(flat)
    return sql.text("flat/shape").format(
        whole=flat.whole("f."),
        core=f"{_hashed(core)}, CASE WHEN f.claim_line_number IS NULL THEN hash({', '.join(own)}) END",
        adj=_hashed(reasons), remark=_hashed(remarks), dx=_hashed(diagnoses), modifiers="f._modifiers",
        amount=amounts, complete=complete, words=words, order=flat.order("f."),
        kept="".join(f"f.{quote(column)} NULLS LAST, " for column in flat.kept.values()),
    )  # fmt: skip


def _several(flat: Flat) -> str:
    """Sources of which rows list several diagnoses: there a row is no single diagnosis of a line."""
    columns = flat.family("diagnosis_code")
    counts = " + ".join(f"CAST({column} IS NOT NULL AS INTEGER)" for column in columns) or "0"
    parts = [f"{counts} > 1"]
    if flat.has("diagnosis_codes"):
        parts.append(r"regexp_matches(trim(diagnosis_codes), '[A-Za-z0-9.]+[,;|/\s]+[A-Za-z0-9]')")
    found = flat.intake.records(
        f"SELECT DISTINCT _source FROM flat WHERE claim_line_number IS NULL AND ({' OR '.join(parts)})"
    )
    return ", ".join(map(str, sorted(row["_source"] for row in found)))


def _amounts(flat: Flat) -> tuple[str, str, str]:
    """SQL of the dollars that a row's reasons take, whether each reason has some, and the joins that they need."""
    members = {prefix: flat.numbered(prefix) for prefix in _REASONS}
    amounts, stated, joins = [], [], []
    for n in sorted({n for family in members.values() for n in family}):
        cells = [f"f.{members[prefix][n]}" for prefix in ("carc", "adjustment") if n in members[prefix]]
        own = f"f.{members['adjustment_amount'][n]}" if n in members["adjustment_amount"] else "NULL"
        said = []
        for place, cell in enumerate(cells):
            word = f"w{n}_{place}"
            joins.append(f"LEFT JOIN flat_words {word} ON {word}.text = {cell}")
            said.append(f"list_sum(list_transform({word}.items, lambda i: i.amount))")
        amounts.append(f"coalesce({', '.join([own, *said, 'NULL'])})")
        named = " OR ".join(f"{cell} IS NOT NULL" for cell in cells) or "false"
        stated.append(f"(NOT ({named}) OR {amounts[-1]} IS NOT NULL)")
    if not amounts:
        return "CAST(NULL AS DECIMAL(18,2))", "false", ""
    total = f"coalesce({', '.join(amounts)})" if len(amounts) == 1 else f"list_sum([{', '.join(amounts)}])"
    return (
        f"CAST({total} AS DECIMAL(18,2))",
        f"({' AND '.join(stated)} AND {total} IS NOT NULL)",
        " ".join(joins),
    )


def _copies(flat: Flat) -> None:
    """Reject equal rows of one line number."""
    flat.reject(
        "SELECT p._source, p._place, 'the whole row repeats ' || "
        f"{flat.location('h.')} || CASE WHEN h._source <> p._source THEN ' of ' || {flat.source_name('h.')} "
        "ELSE '' END AS reason FROM flat_parts p JOIN flat_shape s ON s.rid = p.rid "
        "JOIN flat_shape h ON h.core = s.core AND h.whole = s.whole AND h.nth = 1 WHERE p.is_copy"
    )
    flat.note(
        "equal rows without a line number: kept as one service each",
        "SELECT p._source, max(p._place) AS _place, f.claim_id || ': ' || count(*) || ' equal rows' AS content "
        "FROM flat_parts p JOIN flat f ON f.rowid = p.rid WHERE p.is_alike AND p.parts = 1 "
        "GROUP BY p._source, p.core, f.claim_id HAVING count(*) > 1",
    )


def _note(flat: Flat) -> None:
    """Note what a row of each file is, where rows are parts of decisions, in plain words and with numbers."""
    differs = ", ".join(f"count(DISTINCT s.{name}) > 1 AS {name}" for name in GRAINS)
    found = flat.intake.query(
        f"""
        WITH made AS (
            SELECT p.head, min(p._source) AS _source, min(p._place) AS _place, count(*) AS n, {differs}
            FROM flat_parts p JOIN flat_shape s USING (rid) WHERE p.parts > 1 AND NOT p.is_copy GROUP BY p.head
        )
        SELECT _source, count(*) AS decisions, sum(n) AS rows, min(_place) AS first,
            {", ".join(f"bool_or({name}) AS {name}" for name in GRAINS)}
        FROM made GROUP BY _source ORDER BY _source
        """
    )
    for row in found.to_pylist():
        kinds = [words for name, words in GRAINS.items() if row[name]] or [GRAINS["adj"]]
        words = (
            f"a row is {' or '.join(kinds)}: {int(row['rows']):,} rows that differ in nothing else are "
            f"{row['decisions']:,} {'decision' if row['decisions'] == 1 else 'decisions'}, whose dollars count once"
        )
        number = row["_source"]
        flat.grains[number] = words
        flat.intake.reject(
            source=flat.names[number], location=f"{flat.words[number]} {row['first']}", table_name=UNIT,
            action="noted", reason=words,
        )  # fmt: skip
        flat.told.append(f"{flat.names[number]}: {words}")


def _modifiers(flat: Flat) -> None:
    """A line whose rows name other modifiers has them all."""
    flat.intake.execute(
        """
        UPDATE flat SET _modifiers = m.modifiers FROM (
            WITH parts AS (
                SELECT p.head, p.part, f._modifiers AS own FROM flat_parts p JOIN flat f ON f.rowid = p.rid
                WHERE p.parts > 1 AND NOT p.is_copy
            ),
            each AS (SELECT head, part, unnest(own) AS modifier, generate_subscripts(own, 1) AS n FROM parts),
            once AS (SELECT head, modifier, min(1000 * part + n) AS place FROM each GROUP BY head, modifier)
            SELECT head, list(modifier ORDER BY place) AS modifiers FROM once
            WHERE head IN (SELECT head FROM parts GROUP BY head HAVING count(DISTINCT own) > 1)
            GROUP BY head
        ) m WHERE flat.rowid = m.head
        """
    )
