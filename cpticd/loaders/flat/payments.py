"""Flat rows to adjudications, line payments and payments: what a payer decided, on which day, in which remittance."""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.loaders.flat.rows import Flat

_PATIENT: Final = (
    "coalesce(f.patient_responsibility_amount, CASE WHEN coalesce(f.deductible_amount, f.coinsurance_amount, "
    "f.copay_amount) IS NOT NULL THEN coalesce(f.deductible_amount, 0) + coalesce(f.coinsurance_amount, 0) "
    "+ coalesce(f.copay_amount, 0) END)"
)
#: A reason that denies, or words that name none, where no dollars say how much: the whole line is denied.
_DENIED: Final = (
    "c.rid IS NOT NULL AND (c.denies OR NOT c.explains) AND NOT c.returns AND coalesce(f.paid_amount, 0) <= 0 "
    "AND f.charge_amount IS NULL AND coalesce(f.allowed_amount, 0) <= 0"
)


def load(flat: Flat) -> None:
    """Fill adjudications, line_payments and payments; needs ``flat_rows`` and ``flat_cells``."""
    columns = ("payer", "payer_sequence", "payer_kind", "payment_id", "payer_claim_id")
    flat.intake.insert(
        "adjudications",
        sql.text("flat/adjudications").format(
            given="".join(f"min(f.{column}) AS {column}, " for column in columns if flat.has(column)),
            source=flat.source_name("d."), patient=_PATIENT, denied=_DENIED,
        ),
        unique=True,
    )  # fmt: skip
    flat.intake.insert("line_payments", sql.text("flat/line_payments"), unique=True)
    if flat.has("claim_paid_amount"):
        flat.intake.insert("line_payments", sql.text("flat/claim_payments"))
    if flat.has("payment_id"):
        flat.intake.insert("payments", sql.text("flat/payments").format(source=flat.source_name("f.")))
