"""Remittance: what payers send back, as canonical tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import MODIFIERS, Book
from cpticd.simulation.columns import (
    SOURCE,
    claim_ids,
    date,
    money,
    named,
    number,
    payer_numbers,
    text,
    typed_table,
)
from cpticd.simulation.dates import calendar_years
from cpticd.simulation.insurers import called
from cpticd.simulation.settlement import CORRECTED, DEDUCTIBLE, DENIAL, REVERSAL, SLOTS, Outcome
from cpticd.simulation.vectors import group_starts, within

PAYEE = "999999999"  # whom the payers pay


def remit(book: Book, outcome: Outcome, reasons: Reasons) -> dict[str, pa.Table]:
    """The tables adjudications, line_payments, adjustments, remarks and provider_adjustments."""
    ids = claim_ids(outcome.records.claim)
    return {
        "adjudications": _adjudications(book, outcome, ids),
        "line_payments": _line_payments(book, outcome, ids),
        "adjustments": _adjustments(book, outcome, reasons, ids),
        "remarks": _remarks(book, outcome, reasons, ids),
        "provider_adjustments": _carried_forward(book, outcome),
    }


def _adjudications(book: Book, outcome: Outcome, ids: pa.Array) -> pa.Table:
    records = outcome.records
    status = np.select([records.kind == REVERSAL, records.denied], [1, 2], 0)
    corrected = (records.kind == CORRECTED).astype(np.int64)
    return typed_table(
        "adjudications",
        records.claim.size,
        {
            "claim_id": ids,
            "adjudication_number": records.number,
            **called(records.payer),
            "payer_sequence": np.ones(records.claim.size, dtype=np.int64),
            "paid_date": date(records.day),
            "claim_status_code": text(["1", "22", "4"], status),
            "charge_amount": money(records.charge),
            "paid_amount": money(records.paid),
            "patient_responsibility_amount": money(records.patient),
            "payer_claim_id": payer_numbers(records.payer, records.claim, corrected),
            "data_source": SOURCE,
        },
    )


def _line_payments(book: Book, outcome: Outcome, ids: pa.Array) -> pa.Table:
    catalogue, records, payments = book.catalogue, outcome.records, outcome.payments
    lines = book.lines.take(payments.line)
    changed = payments.adjudicated != lines.procedure
    sign = np.where(records.kind == REVERSAL, -1, 1)[payments.record]
    facility = book.claims.institutional[lines.claim]
    return typed_table(
        "line_payments",
        lines.size,
        {
            "claim_id": ids.take(pa.array(payments.record)),
            "adjudication_number": records.number[payments.record],
            "claim_line_number": lines.number,
            "hcpcs_code": text(catalogue.hcpcs, payments.adjudicated),
            "submitted_hcpcs_code": text(catalogue.hcpcs, lines.procedure, changed),
            "hcpcs_modifier_1": text(MODIFIERS, lines.modifiers[:, 0]),
            "hcpcs_modifier_2": text(MODIFIERS, lines.modifiers[:, 1]),
            "revenue_center_code": text(catalogue.revenue, lines.procedure, facility),
            "charge_amount": money(lines.charge * sign),
            "allowed_amount": money(payments.allowed),
            "paid_amount": money(payments.paid),
            "service_unit_quantity": number(payments.units),
            "service_date": date(lines.start),
        },
    )


def _adjustments(book: Book, outcome: Outcome, reasons: Reasons, ids: pa.Array) -> pa.Table:
    """Those of lines, then the deductibles of whole claims."""
    records, payments = outcome.records, outcome.payments
    row, slot = np.nonzero(payments.amounts)
    whole = np.flatnonzero(records.deductible)
    record = np.concatenate([payments.record[row], whole])
    line = np.concatenate([book.lines.number[payments.line[row]], np.zeros_like(whole)])
    position = np.concatenate([within(group_starts(row)) + 1, np.ones_like(whole)])
    groups, carcs = ([*column] for column in zip(*SLOTS, strict=True))
    which = np.where(slot == DENIAL, len(SLOTS) + payments.reason[row], slot)
    which = np.concatenate([which, np.full(whole.size, DEDUCTIBLE)])
    return typed_table(
        "adjustments",
        which.size,
        {
            "claim_id": ids.take(pa.array(record)),
            "adjudication_number": records.number[record],
            "claim_line_number": pa.array(line, mask=line == 0).cast(pa.int32()),
            "adjustment_position": position,
            "group_code": text([*groups, *reasons.group], which),
            "carc": text([*carcs, *reasons.carc], which),
            "amount": money(np.concatenate([payments.amounts[row, slot], records.deductible[whole]])),
        },
    )


def _remarks(book: Book, outcome: Outcome, reasons: Reasons, ids: pa.Array) -> pa.Table:
    remarked = np.array([bool(rarc) for rarc in reasons.rarc])[outcome.payments.reason]
    payments = outcome.payments.take((outcome.payments.amounts[:, DENIAL] != 0) & remarked)
    return typed_table(
        "remarks",
        payments.line.size,
        {
            "claim_id": ids.take(pa.array(payments.record)),
            "adjudication_number": outcome.records.number[payments.record],
            "claim_line_number": book.lines.number[payments.line],
            "remark_position": np.ones(payments.line.size, dtype=np.int64),
            "rarc": text(reasons.rarc, payments.reason),
        },
    )


def _carried_forward(book: Book, outcome: Outcome) -> pa.Table:
    """Balances of the remittances."""
    records, payers = outcome.records, book.catalogue.payers
    totals: dict[tuple[int, int], int] = {}
    for key, paid in zip(
        zip(records.day.tolist(), records.payer.tolist(), strict=True), records.paid.tolist(), strict=True
    ):
        totals[key] = totals.get(key, 0) + paid
    return carried_forward(balances(totals, payers), payers)


def balances(totals: Mapping[tuple[int, int], int], payers: Sequence[str]) -> list[tuple[int, int, int]]:
    """(day, payer, cents) of what remittances carry forward and take off, from what each would pay.

    A remittance pays zero at least: what it lacks is carried forward (negative), and taken off the payer's next
    remittances (positive).
    """
    owed = [0] * len(payers)
    found: list[tuple[int, int, int]] = []
    for when, who in sorted(totals, key=lambda key: (key[0], payers[key[1]])):
        balance = totals[when, who]
        taken = balance if balance < 0 else min(owed[who], balance)
        owed[who] -= taken
        if taken:
            found.append((when, who, taken))
    return found


def carried_forward(found: Sequence[tuple[int, int, int]], payers: Sequence[str]) -> pa.Table:
    """The table provider_adjustments of such balances (FB)."""
    day, payer, amount = np.array(found, dtype=np.int64).reshape(-1, 3).T
    new_year = (calendar_years(day) - 1969).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return typed_table(
        "provider_adjustments",
        day.size,
        {
            "data_source": SOURCE,
            "adjustment_number": np.arange(day.size) + 1,
            "payer": text(payers, payer),
            "paid_date": date(day),
            "provider_id": PAYEE,
            "fiscal_period_date": date(new_year - 1),
            "adjustment_reason_code": "FB",
            "reference_id": named("F", payer + 1, 3),
            "amount": money(amount),
        },
    )
