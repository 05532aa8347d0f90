"""835 transaction sets of adjudications: one per payer and day."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cpticd.simulation.elements import (
    ADDRESS,
    NO_DAY,
    Extract,
    Follower,
    Row,
    adjustment_segments,
    claim_number,
    clean,
    composite,
    filing,
    patient,
    segment,
    service,
    service_number,
)
from cpticd.simulation.remittance import PAYEE

Key = tuple[str, str, str]  # day, payer, number of the payment
_PER_LOOP = 5  # remark codes in an MOA or MIA


def remittance_sets(extract: Extract) -> Iterator[tuple[str, list[str]]]:
    """(day, segments) of every transaction set, in the order of days."""
    sets: dict[Key, list[tuple[Decimal, list[str]]]] = {}
    payer_ids: dict[str, str] = {}
    names = ("adjudications", "line_payments", "adjustments", "remarks", "lines")
    tables = {name: Follower(extract.by_claim(name)) for name in names}
    for claim, rows in extract.by_claim("claims"):
        found = {name: table(claim) for name, table in tables.items()}
        units = {row["claim_line_number"]: row["service_unit_quantity"] for row in found["lines"]}
        for row in found["adjudications"]:
            if row["is_reported"] == "true":  # by the claim, and by no remittance
                continue
            own = {
                name: [
                    item for item in found[name] if item["adjudication_number"] == row["adjudication_number"]
                ]
                for name in ("line_payments", "adjustments", "remarks")
            }
            key = (row["paid_date"] or NO_DAY, row["payer"] or rows[0]["payer"], row["payment_id"])
            payer_ids.setdefault(key[1], row["payer_id"])
            paid = Decimal(row["paid_amount"] or 0)
            sets.setdefault(key, []).append((paid, _remittance(row, rows[0], own, units)))
    others: dict[Key, list[Row]] = {}
    for row in extract.rows("provider_adjustments"):
        others.setdefault((row["paid_date"] or NO_DAY, row["payer"], row["payment_id"]), []).append(row)
    payments = {row["payment_id"]: row for row in extract.rows("payments")}
    for number, key in enumerate(sorted({*sets, *others}), start=1):
        unnamed = {"trace_number": f"{number:09d}", "method_code": "", "payer_id": payer_ids.get(key[1], "")}
        payment = payments.get(key[2], unnamed)
        yield key[0], _set(payment, key, sets.get(key, []), others.get(key, []))


def _set(payment: Row, key: Key, claims: list[tuple[Decimal, list[str]]], others: list[Row]) -> list[str]:
    day, payer, _ = key
    total = sum((paid for paid, _ in claims), Decimal(0))
    total -= sum((Decimal(row["amount"] or 0) for row in others), Decimal(0))
    # More taken back than paid, and not carried forward, is a debit: a payment is never negative.
    sign, amount = ("D", -total) if total < 0 else ("C", total)
    method = payment["method_code"] or "ACH"
    handling, form = ("H", "") if method == "NON" else ("I", "CCP")
    bank = ("01", "999999992", "DA", "0000000000")
    name = segment("N1", "PR", clean(payer) or "UNKNOWN")
    segments = [
        segment("BPR", handling, f"{amount:f}", sign, method, form, *bank, "1999999999", "", *bank, day),
        f"TRN*1*{clean(payment['trace_number'])}*1999999999",
        f"DTM*405*{day}",
        segment(name, "XV", clean(payment["payer_id"])) if payment["payer_id"] else name,
        *ADDRESS,
        "PER*BL*SIMULATION*TE*5555550100",
        f"N1*PE*SIMULATED PAYEE*FI*{PAYEE}",
        "LX*1",
    ]
    for _, body in claims:
        segments += body
    for row in others:
        reason = composite(row["adjustment_reason_code"], clean(row["reference_id"]))
        provider = clean(row["provider_id"]) or PAYEE
        segments.append(segment("PLB", provider, row["fiscal_period_date"] or day, reason, row["amount"]))
    return segments


def _remittance(row: Row, head: Row, own: dict[str, list[Row]], units: dict[str, str]) -> list[str]:
    """CLP and what belongs to it."""
    institutional = head["claim_type"] == "institutional"
    place = head["bill_type_code"][:2] if institutional else head["place_of_service_code"]
    segments = [
        segment(
            "CLP",
            claim_number(head),
            row["claim_status_code"] or "1",
            row["charge_amount"],
            row["paid_amount"],
            row["patient_responsibility_amount"],
            filing(row["payer_kind"] or head["payer_kind"], institutional),
            clean(row["payer_claim_id"]),
            place,
            row["frequency_code"] or head["frequency_code"] or "1",
        )
    ]
    segments += adjustment_segments([item for item in own["adjustments"] if not service_number(item)])
    segments.append(patient(head["person_id"], "QC"))
    remarks = [item["rarc"] for item in own["remarks"] if not service_number(item)]
    if len(remarks) > _PER_LOOP:  # the second five: what an MIA lists before its own last four
        segments.append(segment("MIA", "0", "", "", "", remarks[0], *[""] * 14, *remarks[1:_PER_LOOP]))
        remarks = remarks[_PER_LOOP:]
    if remarks:
        segments.append(segment("MOA", "", "", *remarks[:_PER_LOOP]))
    for qualifier, day in (
        ("232", head["claim_start_date"]),
        ("233", head["claim_end_date"]),
        ("050", head["received_date"]),
    ):
        if day:
            segments.append(f"DTM*{qualifier}*{day}")
    for line in own["line_payments"]:
        segments += _line(line, own, units.get(line["claim_line_number"], ""))
    return segments


def _line(line: Row, own: dict[str, list[Row]], submitted_units: str) -> list[str]:
    """SVC and what belongs to it."""
    number = service_number(line)
    segments = [_service(line, submitted_units)]
    if line["service_date"]:
        segments.append(f"DTM*472*{line['service_date']}")
    segments += adjustment_segments([item for item in own["adjustments"] if service_number(item) == number])
    if line["claim_line_number"]:
        segments.append(f"REF*6R*{line['claim_line_number']}")
    if line["allowed_amount"]:
        segments.append(f"AMT*B6*{line['allowed_amount']}")
    remarks = [item["rarc"] for item in own["remarks"] if service_number(item) == number]
    return segments + [f"LQ*HE*{rarc}" for rarc in remarks]


def _service(line: Row, submitted_units: str) -> str:
    """SVC: as adjudicated; as submitted only where code or units differ."""
    done = service(line, line["hcpcs_code"])
    revenue = line["revenue_center_code"]
    if not done and revenue:
        done, revenue = f"NU:{revenue}", ""
    submitted = service(line, line["submitted_hcpcs_code"])
    changed = submitted_units if submitted_units != line["service_unit_quantity"] else ""
    return segment(
        "SVC",
        done or "HC",
        line["charge_amount"],
        line["paid_amount"],
        revenue,
        line["service_unit_quantity"],
        submitted,
        changed,
    )
