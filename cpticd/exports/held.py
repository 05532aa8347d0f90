"""What of each table a form holds, as SQL over its rows ``t``, and what is to be known of the rest."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pandas as pd

from cpticd.core.schema import TABLES
from cpticd.core.session import Session
from cpticd.exports.families import LIMIT

#: Columns of the report.
COLUMNS: Final = ["table_name", "rows", "written", "left_out", "amount", "amount_left_out", "file", "note"]


class Held(NamedTuple):
    """Which rows of a table a form holds, and in words what becomes of them and of the others."""

    where: str
    note: str = ""
    without: tuple[str, ...] = ()  # columns that have no place, or SQL of what has none


_OWN: Final = "FROM ledger WHERE NOT coalesce(is_reported, false)"
_DECIDED: Final = f"(t.claim_id, t.adjudication_number) IN (SELECT (claim_id, adjudication_number) {_OWN})"
_ANSWERED: Final = (
    "CASE WHEN coalesce(t.claim_line_number, 0) = 0 THEN " + _DECIDED + " ELSE (t.claim_id, "
    "t.adjudication_number, t.claim_line_number) IN "
    f"(SELECT (claim_id, adjudication_number, claim_line_number) {_OWN}) END"
)  # fmt: skip
_LINED: Final = "(t.claim_id, t.claim_line_number) IN (SELECT (claim_id, claim_line_number) FROM {})"
_OF_CLAIMS: Final = (
    "source_claim_id",
    "payer_id",
    "is_encounter",
    "is_chart_review",
    "deletes_diagnoses",
    "rejected_date",
    "rejection_code",
)
#: Of the flat form, as CSV and as a workbook; tables that are not here are held by no column.
FLAT: Final[dict[str, Held]] = {
    "claims": Held("true", "a claim without lines is one row, without a procedure", _OF_CLAIMS),
    "lines": Held(
        "true", "a line is as many rows as there are decisions on it", ("processing_indicator_code",)
    ),
    "diagnoses": Held(f"t.diagnosis_position BETWEEN 1 AND {LIMIT}", "", ("diagnosis_kind",)),
    "pointers": Held(f"t.diagnosis_position BETWEEN 1 AND {LIMIT} AND " + _LINED.format("lines")),
    "procedures": Held(f"t.procedure_position BETWEEN 1 AND {LIMIT}"),
    "adjudications": Held(
        _DECIDED,
        "what was paid of a claim as a whole is spread over its lines; what a claim reports of another payer's "
        "decision is left out",
        ("payer_id", "payment_id", "frequency_code"),
    ),
    "line_payments": Held(_ANSWERED, "service rows that answer one line are added up"),
    "adjustments": Held(
        _ANSWERED, "those of a claim as a whole are spread over its lines by charge", ("quantity",)
    ),
    "remarks": Held(_ANSWERED, "those of a claim as a whole stand on its lines"),
    "attributes": Held(
        f"t.claim_line_number IS NULL OR {_LINED.format('lines')}", "those of a claim stand on its lines"
    ),
    "members": Held("false", "birth date and sex stand beside the person's claims"),
}
_LAST: Final = "(t.claim_id, t.adjudication_number) IN (SELECT (claim_id, adjudication_number) FROM standing)"
_LAST_LINE: Final = (
    "(t.claim_id, t.adjudication_number, coalesce(t.claim_line_number, 0)) IN "
    "(SELECT (claim_id, adjudication_number, unnest([line, 0])) FROM standing {0})"
)
_STANDING: Final = "t.claim_id IN (SELECT claim_id FROM standing)"
_STANDING_LINE: Final = "(t.claim_id, t.claim_line_number) IN (SELECT (claim_id, line) FROM standing)"
_FINAL: Final = "claims that were replaced or voided are not in it"
#: Of Tuva's input layer.
TUVA: Final[dict[str, Held]] = {
    "claims": Held(_STANDING, _FINAL, _OF_CLAIMS),
    "lines": Held(_STANDING_LINE, _FINAL, ("processing_indicator_code",)),
    "diagnoses": Held(f"t.diagnosis_position BETWEEN 1 AND {LIMIT} AND {_STANDING}", "", ("diagnosis_kind",)),
    "pointers": Held(
        f"t.diagnosis_position BETWEEN 1 AND {LIMIT} AND {_STANDING_LINE}", "in x_diagnosis_pointers"
    ),
    "procedures": Held(f"t.procedure_position BETWEEN 1 AND {LIMIT} AND {_STANDING}"),
    "adjudications": Held(
        _LAST,
        "a line has what was paid of its service at last, over all payers, and no earlier decision",
        ("payer_id", "payment_id", "frequency_code"),
    ),
    "line_payments": Held(_LAST_LINE.format("")),
    "adjustments": Held(
        _LAST_LINE.format("WHERE has_reasons"), "in x_group_code_1, x_carc_1, x_adjustment_amount_1, …"
    ),
    "remarks": Held(_LAST_LINE.format(""), "in x_rarc_1, …"),
    "attributes": Held(
        f"{_STANDING} AND (t.claim_line_number IS NULL OR {_STANDING_LINE})", "in columns that begin with x_"
    ),
    "members": Held(
        "t.year >= 1990", "months of coverage are a span from January on: which months they are is not known"
    ),
    "drugs": Held("true"),
    "observations": Held("true"),
}


#: A sender's number that is ours is held by claim_id.
_DIFFERING: Final = {"source_claim_id": "CASE WHEN t.source_claim_id <> t.claim_id THEN 1 END"}


def report(s: Session, held: dict[str, Held] | None, files: dict[str, str]) -> pd.DataFrame:
    """One row per table that the data set fills; ``held`` None: all of it. ``files`` says in which file a table is."""
    rows: list[dict[str, Any]] = []
    for name, table in TABLES.items():
        kept = (
            Held("true") if held is None else held.get(name, Held("false", "this form has no place for it"))
        )
        columns = "".join(
            f", count({_DIFFERING.get(column, f't.{column}')}) AS {column}" for column in kept.without
        )
        amount = f"t.{table.amount}" if table.amount else "CAST(NULL AS DECIMAL(18,2))"
        (row,) = s.rows(
            f"SELECT count(*) AS n, count(CASE WHEN {kept.where} THEN 1 END) AS written, sum({amount}) AS amount, "
            f"sum(CASE WHEN {kept.where} THEN {amount} END) AS held{columns} FROM {name} t"
        )
        if not row["n"]:
            continue
        money, written = row["amount"], row["held"] or 0
        placeless = ", ".join(f"{column} ({row[column]:,})" for column in kept.without if row[column])
        note = "; ".join(filter(None, [kept.note, placeless and f"no column for {placeless}"]))
        rows.append(
            {
                "table_name": name, "rows": row["n"], "written": row["written"],
                "left_out": row["n"] - row["written"],
                "amount": None if money is None else float(money),
                "amount_left_out": None if money is None else float(money - written),
                "file": files.get(name, files.get("", "")) if row["written"] else "", "note": note,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)
