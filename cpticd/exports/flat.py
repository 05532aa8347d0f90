"""The corrected flat form: one row per line and decision, codes mended, with what came of it and why."""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.core.session import Session
from cpticd.exports import families

#: Columns of the flat form that no table has, whose names a user's own column may have.
_TAKEN: Final = {
    "modifiers", "diagnosis_codes", "diagnosis_pointers", "status", "denial_flag", "deductible_amount",
    "coinsurance_amount", "copay_amount", "claim_charge_amount", "paid_hcpcs_code", "line_decision", "line_outcome",
    "line_state", "denial_cause",
}  # fmt: skip
#: Remarks of the line; where they send it back, those of the claim too.
_REMARKS: Final = (
    "CASE WHEN d.decision = 'returned' "
    "THEN list_sort(list_distinct(string_split(d.rarcs, ' ') || coalesce(y.rarcs, []))) "
    "ELSE string_split(d.rarcs, ' ') END"
)


def select(s: Session) -> str:
    """Make what the rows are read from in a session; returns the SELECT that reads them in order."""
    s.create("submitted_rows", sql.text("submitted_lines"))
    s.create("reasons", sql.text("exports/reasons"))
    diagnoses, procedures = families.diagnoses(s), families.procedures(s)
    reasons, own = families.reasons(s, "d"), families.attributes(s, taken=_TAKEN)
    s.create(
        "flat_rows",
        sql.text("exports/flat_rows"),
        diagnoses=diagnoses.columns,
        procedures=procedures.columns,
        reasons=reasons.columns,
        remarks=families.remarks(s, _REMARKS),
        own=own.columns,
        joins="".join(each.join for each in (diagnoses, procedures, reasons, own)),
    )
    return "SELECT * EXCLUDE (_line, _decision) FROM flat_rows ORDER BY claim_id, _line, _decision"
