"""What the amounts of flat rows are of: a line, or its whole claim; money that was paid, or taken back."""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.core.conform import quote
from cpticd.loaders.flat import lexicon
from cpticd.loaders.flat.rows import Flat
from cpticd.loaders.staging import UNIT

#: Amounts of a row, as far as the flat form knows them.
AMOUNTS: Final = (
    "charge_amount", "claim_charge_amount", "allowed_amount", "paid_amount", "claim_paid_amount",
    "patient_responsibility_amount", "deductible_amount", "coinsurance_amount", "copay_amount",
)  # fmt: skip
#: What says that a row cancels an earlier one, where a column of types of adjustments does: CMS has 0 original,
#: 1 cancellation, 2 adjustment.
_CANCELS: Final = r"^0?1([.]0)?$|cancel|void|revers|recoup|take ?-?back|negat"
#: As many claims of several lines repeat an amount, and none contradicts, before it is read as the claim's.
_CLAIMS: Final = {"paid_amount": 3, "charge_amount": 5}


def carry(flat: Flat) -> None:
    """Rows of reasons alone, without dollars, get what the row of their line and decision has: they are parts of it."""
    reasons = [c for family in ("carc", "adjustment", "rarc") for c in flat.family(family)]
    if not reasons or not flat.has("charge_amount"):
        return
    flat.intake.execute(
        sql.text("flat/carried").format(reasons=", ".join([*(f"f.{column}" for column in reasons), "NULL"]))
    )
    if flat.intake.holds("flat_carried"):
        apart = ("group_code", "carc", "adjustment", "adjustment_amount", "rarc")
        carried = [c for c in flat.columns if c != "claim_id" and c.rpartition("_")[0] not in apart]
        values = ", ".join(
            f"{quote(c)} = "
            + (f"w.{quote(c)}" if c in AMOUNTS else f"coalesce(flat.{quote(c)}, w.{quote(c)})")
            for c in carried
        )
        flat.tally(
            "a reason in a row without dollars: it is of the row of its line that has them",
            "SELECT f._source, f._place, f.claim_id AS content FROM flat_carried c JOIN flat f ON f.rowid = c.rid",
            action="repaired", table=UNIT,
        )  # fmt: skip
        flat.intake.execute(
            f"UPDATE flat SET {values}, _modifiers = w._modifiers, _carried = true "
            "FROM flat_carried c JOIN flat w ON w.rowid = c.whole WHERE flat.rowid = c.rid"
        )
    flat.intake.execute("DROP TABLE flat_carried")


def cancel(flat: Flat) -> None:
    """Set ``flat._cancels``, and give cancellations the signs that they lack.

    A cancellation whose amounts are positive takes back what another row of its line paid. Where no row did, nothing
    of it was paid in this file: its payment becomes 0.
    """
    says = [f"status IN (SELECT text FROM flat_status WHERE code = '{lexicon.REVERSED}')"]
    if flat.has("adjustment_type"):
        says.append(f"regexp_matches(adjustment_type, '{_CANCELS}', 'i')")
    if flat.has("paid_amount"):
        says.append("paid_amount < 0 AND charge_amount >= 0")
    found = " OR ".join(f"coalesce({each}, false)" for each in says)
    if not flat.intake.holds(f"flat WHERE {found}"):
        return
    flat.intake.execute(f"UPDATE flat SET _cancels = true WHERE {found}")
    flat.intake.execute(sql.text("flat/cancellations"))
    given = [column for column in (*AMOUNTS, *flat.family("adjustment_amount")) if column in flat.columns]
    for kind in ("taken back", "alone"):
        columns = (
            given if kind == "taken back" else [c for c in given if "paid" in c or c == "allowed_amount"]
        )
        values = ", ".join(f"{c} = {f'-abs({c})' if kind == 'taken back' else '0'}" for c in columns)
        if values:
            flat.intake.execute(
                f"UPDATE flat SET {values} FROM flat_cancelled c "
                f"WHERE c.kind = '{kind}' AND coalesce(flat._head, flat.rowid) = c.rid"
            )
    shown = "SELECT f._source, f._place, c.content FROM flat_cancelled c JOIN flat f ON f.rowid = c.rid WHERE"
    flat.tally(
        "a cancellation with positive amounts takes back what its line was paid: read as negative",
        f"{shown} c.kind = 'taken back' AND c.is_positive", action="repaired", table=UNIT,
    )  # fmt: skip
    flat.tally(
        "cancelled, and no row of the line says what was: nothing was loaded as paid",
        f"{shown} c.kind = 'alone' AND c.is_positive", action="repaired", table=UNIT, tell=True,
    )  # fmt: skip
    # A negative payment that no other row repeats is what it says, and no cancellation.
    flat.intake.execute(
        "UPDATE flat SET _cancels = NULL FROM flat_cancelled c "
        "WHERE c.kind = 'payment' AND coalesce(flat._head, flat.rowid) = c.rid; DROP TABLE flat_cancelled"
    )


def of_claims(flat: Flat) -> None:
    """Amounts that repeat on every line of a claim become the claim's; a claim of one line has its line's amounts."""
    for column in _some_repeated(flat):
        _repeated(flat, column)
    if not flat.has("claim_charge_amount", "claim_paid_amount"):
        return
    flat.intake.execute(
        "CREATE OR REPLACE TABLE flat_single AS SELECT claim_id, max(rid) AS rid FROM flat_rows GROUP BY claim_id "
        "HAVING max(line) = min(line)"
    )
    if flat.has("claim_charge_amount"):
        flat.intake.execute(
            "UPDATE flat SET charge_amount = claim_charge_amount WHERE charge_amount IS NULL AND "
            "claim_charge_amount IS NOT NULL AND claim_id IN (SELECT claim_id FROM flat_single)"
        )
        flat.tally(
            "no column has the charge of a line, and the claim has several: their charges are not known",
            "SELECT _source, min(_place) AS _place, claim_id AS content FROM flat WHERE charge_amount IS NULL AND "
            "claim_charge_amount IS NOT NULL GROUP BY _source, claim_id",
            table=UNIT,
        )
    if flat.has("claim_paid_amount"):
        flat.intake.execute(
            "UPDATE flat SET paid_amount = claim_paid_amount WHERE paid_amount IS NULL AND "
            "claim_paid_amount IS NOT NULL AND claim_id IN (SELECT claim_id FROM flat_single)"
        )
    flat.intake.execute("DROP TABLE flat_single")


def _some_repeated(flat: Flat) -> list[str]:
    """Columns that may be the claim's: rows of some decision all have one amount. Of many rows it is not asked."""
    columns = [column for column in _CLAIMS if flat.has(column) and not flat.has(f"claim_{column}")]
    if flat.is_large or not columns:
        return columns
    same = ", ".join(
        f"min({c}) = max({c}) AND count({c}) = count(*) AND min({c}) <> 0 AS {c}" for c in columns
    )
    found = flat.intake.records(
        f"SELECT {', '.join(f'bool_or({c}) AS {c}' for c in columns)} FROM (SELECT {same} FROM flat_rows "
        "GROUP BY _source, claim_id, paid_date, payer HAVING count(*) > 1)"
    )[0]
    return [column for column in columns if found[column]]


def _repeated(flat: Flat, column: str) -> None:
    """Read a column as the claim's where all lines of every claim of several lines repeat it, and could not by chance.

    They could not where a line would have been paid more than it was charged, or where lines of many claims do,
    though they charge different amounts, or are of different procedures.
    """
    target = f"claim_{column}"
    statement = sql.text("flat/repeated")
    # Of many claims one in sixty-four contradicts, as a rule, and no more is asked.
    if flat.is_large:
        some = flat.intake.records(statement.format(column=column, some="hash(f.claim_id) % 64 = 0"))
        if some and all(row["contrary"] for row in some) and len(some) == len(flat.names):
            return
    found = flat.intake.query(statement.format(column=column, some="true"))
    for row in found.to_pylist():
        enough = row["distinct_claims"] >= _CLAIMS[column] or (column == "paid_amount" and row["beyond"] > 0)
        # Zero is repeated by chance.
        if row["contrary"] or not row["repeated"] or not enough:
            continue
        number = row["_source"]
        flat.intake.execute(f"UPDATE flat SET {target} = {column}, {column} = NULL WHERE _source = {number}")
        flat.made.add(target)
        words = (
            f"{column}: every line of a claim repeats it, so it is the claim's, and counts once a decision: "
            f"{row['repeated']:,} {'claim' if row['repeated'] == 1 else 'claims'} of several lines"
        )
        flat.intake.reject(
            source=flat.names[number], location="", table_name=UNIT, action="repaired", reason=words
        )  # fmt: skip
        flat.told.append(f"{flat.names[number]}: {words}")
