"""Tuva's input layer: medical_claim, one row per line that stands, with eligibility, pharmacy_claim and observation."""

from __future__ import annotations

from cpticd import sql
from cpticd.core.session import Session
from cpticd.exports import families


def selects(s: Session) -> dict[str, str]:
    """The SELECT of each of Tuva's tables that has rows; medical_claim always."""
    found = {"medical_claim": _medical_claim(s)}
    for name, table in (
        ("eligibility", "members"),
        ("pharmacy_claim", "drugs"),
        ("observation", "observations"),
    ):
        if s.value(f"SELECT count(*) AS n FROM {table}"):
            found[name] = sql.text(f"exports/{name}")
    return found


def _medical_claim(s: Session) -> str:
    s.create("reasons", sql.text("exports/reasons"))
    s.create("standing", sql.text("exports/standing"))
    diagnoses, procedures = families.diagnoses(s, families.LIMIT), families.procedures(s, families.LIMIT)
    reasons = families.reasons(s, "s", "x_", "AND s.has_reasons ")
    own = families.attributes(s, "x_")
    return sql.text("exports/medical_claim").format(
        diagnoses=diagnoses.columns,
        procedures=procedures.columns,
        reasons=reasons.columns + families.remarks(s, "string_split(s.rarcs, ' ')", "x_"),
        own=own.columns,
        joins="".join(each.join for each in (diagnoses, procedures, reasons, own)),
    )
