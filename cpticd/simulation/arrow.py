"""Simulated claims as canonical Arrow tables, typed as the schema declares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.schema import TABLES
from cpticd.simulation.assembly import BILLS, MODIFIERS, Book, npi
from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.denial import Causes
from cpticd.simulation.draws import Bools, Draws, Ints, group_starts, within
from cpticd.simulation.remittance import CORRECTED, DENIAL, REVERSAL, SLOTS, Outcome

#: ICD-10-PCS procedures of inpatient stays by condition of the reason, with the chance of each.
STAY_PROCEDURES = {
    "heart_attack": (("027034Z", 0.55), ("4A023N7", 0.5), ("B2111ZZ", 0.4)),
    "chf": (("4A023N7", 0.06),),
    "esrd": (("5A1D70Z", 0.8),),
    "respiratory_failure": (("5A1955Z", 0.25),),
    "sepsis": (("02HV33Z", 0.35), ("30233N1", 0.2), ("5A1955Z", 0.12)),
    "stroke": (("3E03317", 0.2),),
    "colorectal_cancer": (("30233N1", 0.25),),
    "cirrhosis": (("30233N1", 0.3),),
}


def text(values: Sequence[str], index: Ints, valid: Bools | None = None) -> pa.Array:
    """Texts by number; blank texts and invalid rows are null."""
    vocabulary = pa.array([value or None for value in values], pa.string())
    mask = None if valid is None else ~valid
    taken = vocabulary.take(pa.array(np.where(mask, 0, index) if mask is not None else index, mask=mask))
    return taken


def money(cents: Ints, valid: Bools | None = None) -> pa.Array:
    """Cents as DECIMAL(18, 2), without a float in between."""
    return _decimal(cents, 2, valid)


def _decimal(unscaled: Ints, scale: int, valid: Bools | None = None) -> pa.Array:
    words = np.empty((unscaled.size, 2), dtype="<i8")
    words[:, 0] = unscaled
    words[:, 1] = np.where(unscaled < 0, -1, 0)
    plain = pa.Array.from_buffers(
        pa.decimal128(18, scale), unscaled.size, [None, pa.py_buffer(words.tobytes())]
    )
    if valid is None:
        return plain
    return pc.if_else(pa.array(valid), plain, pa.scalar(None, plain.type))


def number(values: Ints) -> pa.Array:
    """Whole numbers as DECIMAL(18, 3)."""
    return _decimal(values * 1000, 3)


def date(days: Ints, valid: Bools | None = None) -> pa.Array:
    """Days from 1970-01-01 as dates."""
    return pa.array(days.astype(np.int32), pa.int32(), mask=None if valid is None else ~valid).cast(
        pa.date32()
    )


def named(prefix: str, values: Ints, width: int, valid: Bools | None = None) -> pa.Array:
    """``prefix`` and the number, padded with zeros."""
    digits = pc.utf8_lpad(
        pa.array(values, mask=None if valid is None else ~valid).cast(pa.string()), width, "0"
    )
    return pc.binary_join_element_wise(prefix, digits, "")


def claim_ids(claims: Ints) -> pa.Array:
    return named("C", claims + 1, 8)


def person_ids(persons: Ints) -> pa.Array:
    return named("P", persons + 1, 6)


def typed_table(name: str, size: int, columns: dict[str, Any]) -> pa.Table:
    """A canonical table; columns that are not given are null, a text stands in every row."""
    schema = TABLES[name].arrow_schema
    arrays = []
    for field in schema:
        value = columns.pop(field.name, None)
        if value is None:
            value = pa.nulls(size, field.type)
        elif isinstance(value, str):
            value = pa.repeat(pa.scalar(value, field.type), size)
        elif isinstance(value, np.ndarray):
            value = pa.array(value).cast(field.type)
        arrays.append(value)
    if columns:
        raise KeyError(f"{name}: {sorted(columns)}")
    return pa.Table.from_arrays(arrays, schema=schema)


SOURCE = "simulation"
PAYEE = "999999999"  # whom the payers pay


def claim_tables(catalogue: Catalogue, book: Book, voids: Ints) -> dict[str, pa.Table]:
    """claims, lines, diagnoses, pointers; ``voids`` is the payer's number of every claim."""
    claims, lines, rows = book.claims, book.lines, book.diagnoses
    size = claims.person.size
    ids = claim_ids(np.arange(size))
    institutional = claims.institutional
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, lines.claim, lines.charge)
    providers = [
        npi(i) for i in range(int(max(claims.billing.max(initial=0), lines.rendering.max(initial=0))) + 1)
    ]
    again = claims.replaces >= 0
    kinds = ["professional", "institutional"]
    claim_table = typed_table(
        "claims",
        size,
        {
            "claim_id": ids,
            "source_claim_id": ids,
            "claim_type": text(kinds, institutional.astype(np.int64)),
            "person_id": person_ids(claims.person),
            "payer": text(catalogue.payers, claims.payer),
            "billing_npi": text(providers, claims.billing),
            "place_of_service_code": text(book.places, claims.place, ~institutional),
            "bill_type_code": _bill_types(book, again),
            "claim_frequency_code": text(["1", "7"], again.astype(np.int64)),
            "original_reference_number": payer_numbers(
                claims.payer, np.maximum(claims.replaces, 0), voids, again
            ),
            "claim_start_date": date(claims.start),
            "claim_end_date": date(claims.end),
            "received_date": date(claims.received),
            "charge_amount": money(total),
            "data_source": SOURCE,
        },
    )
    line_ids = ids.take(pa.array(lines.claim))
    modifiers = {f"hcpcs_modifier_{i + 1}": text(MODIFIERS, lines.modifiers[:, i]) for i in range(2)}
    revenue = [row["revenue"] for row in catalogue.procedure_rows]
    facility = institutional[lines.claim]
    line_table = typed_table(
        "lines",
        lines.claim.size,
        {
            "claim_id": line_ids,
            "claim_line_number": lines.number,
            "claim_line_start_date": date(lines.start),
            "claim_line_end_date": date(lines.end),
            "hcpcs_code": text(book.hcpcs, lines.procedure),
            **modifiers,
            "revenue_center_code": text(revenue, lines.procedure, facility),
            "service_unit_quantity": number(lines.units),
            "place_of_service_code": text(book.places, claims.place[lines.claim], ~facility),
            "rendering_npi": text(providers, lines.rendering, lines.rendering >= 0),
            "charge_amount": money(lines.charge),
        },
    )
    diagnosis_table = typed_table(
        "diagnoses",
        rows.claim.size,
        {
            "claim_id": ids.take(pa.array(rows.claim)),
            "diagnosis_position": rows.position,
            "diagnosis_code": text(book.codes, rows.code),
            "diagnosis_code_type": "icd-10-cm",
            "present_on_admission_code": text(["", "Y", "N", "U", "W"], rows.present),
        },
    )
    line, column = np.nonzero(lines.pointers > 0)
    pointer_table = typed_table(
        "pointers",
        line.size,
        {
            "claim_id": line_ids.take(pa.array(line)),
            "claim_line_number": lines.number[line],
            "pointer_position": column + 1,
            "diagnosis_position": lines.pointers[line, column],
        },
    )
    return {
        "claims": claim_table,
        "lines": line_table,
        "diagnoses": diagnosis_table,
        "pointers": pointer_table,
    }


def _bill_types(book: Book, again: Bools) -> pa.Array:
    """Bill type with its frequency digit: 7 on replacements."""
    places = [code[:2] if code in BILLS else "" for code in book.places]
    first = text(places, book.claims.place, book.claims.institutional)
    return pc.binary_join_element_wise(first, text(["1", "7"], again.astype(np.int64)), "")


def payer_numbers(payer: Ints, claim: Ints, version: Ints, valid: Bools | None = None) -> pa.Array:
    """The payer's own claim number: payer, claim, and version."""
    value = (payer + 1) * 1_000_000_000 + claim * 10 + version
    return named("N", value, 11, valid)


def stay_procedures(catalogue: Catalogue, draws: Draws, book: Book, condition: Ints) -> pa.Table:
    """Inpatient procedures; ``condition`` is the reason of every claim's encounter."""
    claims = book.claims
    stays = np.flatnonzero(
        claims.institutional & (claims.place == book.places.index("111")) & (claims.replaces < 0)
    )
    found: list[tuple[Ints, list[str]]] = []
    for name, items in STAY_PROCEDURES.items():
        mine = stays[condition[stays] == catalogue.conditions[name]]
        for code, chance in items:
            hit = mine[draws("stay procedures", mine.size) < chance]
            found.append((hit, [code] * hit.size))
    claim = np.concatenate([item[0] for item in found])
    codes = np.array([code for item in found for code in item[1]], dtype=str)
    order = np.lexsort((np.arange(claim.size), claim))
    claim = claim[order]
    return typed_table(
        "procedures",
        claim.size,
        {
            "claim_id": claim_ids(claim),
            "procedure_position": within(group_starts(claim)) + 1,
            "procedure_code": pa.array(codes[order].tolist(), pa.string()),
            "procedure_code_type": "icd-10-pcs",
            "procedure_date": date(claims.start[claim]),
        },
    )


def remittance_tables(
    catalogue: Catalogue, book: Book, outcome: Outcome, reasons: Causes
) -> dict[str, pa.Table]:
    """adjudications, line_payments, adjustments, remarks."""
    records, payments = outcome.records, outcome.payments
    lines, claims = book.lines, book.claims
    ids = claim_ids(records.claim)
    payer = claims.payer[records.claim]
    status = np.select([records.kind == REVERSAL, records.denied], [1, 2], 0)
    adjudications = typed_table(
        "adjudications",
        records.claim.size,
        {
            "claim_id": ids,
            "adjudication_number": records.number,
            "payer": text(catalogue.payers, payer),
            "paid_date": date(records.day),
            "claim_status_code": text(["1", "22", "4"], status),
            "charge_amount": money(records.charge),
            "paid_amount": money(records.paid),
            "patient_responsibility_amount": money(records.patient),
            "payer_claim_id": payer_numbers(
                payer, records.claim, (records.kind == CORRECTED).astype(np.int64)
            ),
            "data_source": SOURCE,
        },
    )
    line_ids = ids.take(pa.array(payments.record))
    line_number, record_number = lines.number[payments.line], records.number[payments.record]
    changed = payments.adjudicated != lines.procedure[payments.line]
    sign = np.where(records.kind == REVERSAL, -1, 1)[payments.record]
    revenue = [row["revenue"] for row in catalogue.procedure_rows]
    facility = claims.institutional[payments.claim]
    modifiers = {
        f"hcpcs_modifier_{i + 1}": text(MODIFIERS, lines.modifiers[payments.line, i]) for i in range(2)
    }
    line_payments = typed_table(
        "line_payments",
        payments.line.size,
        {
            "claim_id": line_ids,
            "adjudication_number": record_number,
            "claim_line_number": line_number,
            "hcpcs_code": text(book.hcpcs, payments.adjudicated),
            "submitted_hcpcs_code": text(book.hcpcs, lines.procedure[payments.line], changed),
            **modifiers,
            "revenue_center_code": text(revenue, lines.procedure[payments.line], facility),
            "charge_amount": money(lines.charge[payments.line] * sign),
            "allowed_amount": money(payments.allowed),
            "paid_amount": money(payments.paid),
            "service_unit_quantity": number(payments.units),
            "service_date": date(lines.start[payments.line]),
        },
    )
    row, slot = np.nonzero(payments.amounts)
    cause = payments.cause[row]
    own = slot == DENIAL
    carcs = [carc for _, carc in SLOTS] + reasons.carc
    groups = [group for group, _ in SLOTS] + reasons.group
    which = np.where(own, len(SLOTS) + np.maximum(cause, 0), slot)
    claim_level = np.flatnonzero(records.deductible)
    ids_of = pa.concat_arrays([ids.take(pa.array(payments.record[row])), ids.take(pa.array(claim_level))])
    number_of = np.concatenate([record_number[row], records.number[claim_level]])
    position = np.concatenate([within(group_starts(row)) + 1, np.ones(claim_level.size, dtype=np.int64)])
    which = np.concatenate([which, np.full(claim_level.size, carcs.index("1"))])
    line_of = np.concatenate([line_number[row], np.zeros(claim_level.size, dtype=np.int64)])
    adjustments = typed_table(
        "adjustments",
        which.size,
        {
            "claim_id": ids_of,
            "adjudication_number": number_of,
            "claim_line_number": pa.array(line_of, mask=line_of == 0).cast(pa.int32()),
            "adjustment_position": position,
            "group_code": text(groups, which),
            "carc": text(carcs, which),
            "amount": money(np.concatenate([payments.amounts[row, slot], records.deductible[claim_level]])),
        },
    )
    said = np.flatnonzero(
        (payments.amounts[:, DENIAL] != 0) & np.array([bool(rarc) for rarc in reasons.rarc])[payments.cause]
    )
    remarks = typed_table(
        "remarks",
        said.size,
        {
            "claim_id": line_ids.take(pa.array(said)),
            "adjudication_number": record_number[said],
            "claim_line_number": line_number[said],
            "remark_position": np.ones(said.size, dtype=np.int64),
            "rarc": text(reasons.rarc, payments.cause[said]),
        },
    )
    return {
        "adjudications": adjudications,
        "line_payments": line_payments,
        "adjustments": adjustments,
        "remarks": remarks,
    }


def carried_forward(catalogue: Catalogue, outcome: Outcome, book: Book) -> pa.Table:
    """Balances of remittances that take back more than they pay, until later ones have made up for them.

    A remittance pays zero at least: what it lacks is carried forward (FB, negative), and taken off the
    payer's next remittances (FB, positive).
    """
    records = outcome.records
    totals: dict[tuple[int, int], int] = {}
    payers = book.claims.payer[records.claim]
    for who, when, paid in zip(payers.tolist(), records.day.tolist(), records.paid.tolist(), strict=True):
        totals[when, who] = totals.get((when, who), 0) + paid
    owed = [0] * len(catalogue.payers)
    found: list[tuple[int, int, int]] = []
    for when, who in sorted(totals, key=lambda key: (key[0], catalogue.payers[key[1]])):
        total = totals[when, who]
        taken = total if total < 0 else min(owed[who], total)
        owed[who] -= taken
        if taken:
            found.append((when, who, taken))
    day, payer, amount = np.array(found, dtype=np.int64).reshape(-1, 3).T
    year = day.astype("datetime64[D]").astype("datetime64[Y]")
    return typed_table(
        "provider_adjustments",
        day.size,
        {
            "data_source": SOURCE,
            "adjustment_number": np.arange(day.size) + 1,
            "payer": text(catalogue.payers, payer),
            "paid_date": date(day),
            "provider_id": PAYEE,
            "fiscal_period_date": date(
                (year + np.timedelta64(1, "Y")).astype("datetime64[D]").astype(np.int64) - 1
            ),
            "adjustment_reason_code": "FB",
            "reference_id": named("F", payer + 1, 3),
            "amount": money(amount),
        },
    )
