"""Tuva's ``pharmacy_claim``, one row per line of a pharmacy's claim, into ``drugs``, one row per fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cpticd import sql
from cpticd.loaders import repair
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged
from cpticd.loaders.tuva.names import EXTENSION, PERSON
from cpticd.loaders.tuva.rows import Reader, Rows, located

#: What accounting calls a row of the table.
UNIT: Final = "pharmacy claim rows"
#: Their column → ours.
_NAMES: Final = {
    **{
        name: name
        for name in ("claim_id", "claim_line_number", "ndc_code", "days_supply", "payer", "paid_date")
    },
    **dict.fromkeys(PERSON, "person_id"),
    "dispensing_date": "fill_date",
    "quantity": "dispensed_quantity",
    "prescribing_provider_npi": "prescribing_npi",
    "prescribing_provider_id": "prescribing_npi",
    "dispensing_provider_npi": "dispensing_npi",
    "dispensing_provider_id": "dispensing_npi",
    "charge_amount": "charge_amount",
    "allowed_amount": "allowed_amount",
    "coinsurance_amount": "coinsurance",
    "copayment_amount": "copay",
    "deductible_amount": "deductible",
    f"{EXTENSION}patient_responsibility_amount": "patient",
    f"{EXTENSION}rxnorm_code": "rxnorm_code",
}
_READERS: Final[dict[str, Reader]] = {
    "claim_id": repair.identifier,
    "claim_line_number": repair.whole,
    "person_id": repair.identifier,
    "fill_date": repair.date,
    "ndc_code": lambda x: repair.padded(x, 11, 7),
    "dispensed_quantity": repair.number,
    "days_supply": repair.whole,
    "rxnorm_code": repair.identifier,
    "prescribing_npi": repair.identifier,
    "dispensing_npi": repair.identifier,
    "payer": repair.text,
    "paid_date": repair.date,
    **dict.fromkeys(
        ("charge_amount", "allowed_amount", "coinsurance", "copay", "deductible", "patient"), repair.money
    ),
}
_CHARGE: Final = "coalesce(charge_amount, allowed_amount)"
#: What the patient owes, where any of its parts is known.
_PATIENT: Final = (
    "coalesce(patient, CASE WHEN coalesce(coinsurance, copay, deductible) IS NOT NULL "
    "THEN coalesce(coinsurance, 0) + coalesce(copay, 0) + coalesce(deductible, 0) END)"
)


def fill(intake: Intake, staged: Sequence[Staged], rename: Mapping[str, str]) -> None:
    """Fill ``drugs``: a fill is a claim, or a line of one, where it has several.

    What a fill costs is its charge, else what was allowed; what was paid of it has no column.
    """
    found = located(intake, staged, _NAMES, rename, UNIT)
    wrong = {"claim_id IS NULL": "no claim id", "person_id IS NULL": "no person"}
    rows = Rows(intake, "tuva_fills", found, _READERS, wrong, unit=UNIT, amount=_CHARGE)
    rows.note(
        "no charge: what was allowed is the cost of the fill",
        "SELECT _source, claim_id AS content FROM tuva_fills "
        "WHERE charge_amount IS NULL AND allowed_amount IS NOT NULL",
    )
    rows.note(
        "no day of dispensing", "SELECT _source, claim_id AS content FROM tuva_fills WHERE fill_date IS NULL"
    )
    names = " ".join(
        f"WHEN {number} THEN '{name.replace(chr(39), chr(39) * 2)}'" for number, name in rows.names.items()
    )
    text = sql.text("tuva/drugs").format(charge=_CHARGE, patient=_PATIENT, names=names)
    intake.insert("drugs", text)
    rows.finish(priced=any("charge_amount" in place or "allowed_amount" in place for _, place in found))
