"""Advice: the answers of payers as canonical tables, and the remittances that bring them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.simulation.book import MODIFIERS, Book
from cpticd.simulation.columns import SOURCE, claim_ids, date, money, number, text, typed_table
from cpticd.simulation.correspondence import REPORTED, Answer, Row, Tale
from cpticd.simulation.insurers import Insurers, called
from cpticd.simulation.remittance import balances, carried_forward

Key = tuple[int, int]


def advise(book: Book, insurers: Insurers, tales: Sequence[Tale]) -> dict[str, pa.Table]:
    """The tables adjudications, line_payments, adjustments, remarks, payments and provider_adjustments."""
    numbered = list(_numbered(tales))
    sent = sorted(
        {(a.day, a.payer) for a, _ in numbered if a.kind != REPORTED},
        key=lambda k: (k[0], insurers.names[k[1]]),
    )
    payments = {key: i + 1 for i, key in enumerate(sent)}
    rows = [(a, n, k, row) for a, n in numbered for k, row in enumerate(a.rows, start=1)]
    return {
        "adjudications": _adjudications(numbered, payments),
        "line_payments": _line_payments(book, rows),
        "adjustments": _adjustments(numbered),
        "remarks": _remarks(numbered),
        **_payments(insurers, numbered, sent, payments),
    }


def _numbered(tales: Iterable[Tale]) -> Iterable[tuple[Answer, int]]:
    """Answers of each claim with their numbers: by day, those of one day in their order, then what is reported."""
    by_claim: dict[int, list[Answer]] = {}
    for tale in tales:
        for answer in tale.answers:
            by_claim.setdefault(answer.sending.claim, []).append(answer)
    for claim in sorted(by_claim):
        for i, answer in enumerate(
            sorted(by_claim[claim], key=lambda item: (item.kind == REPORTED, item.day)), start=1
        ):
            yield answer, i


def _ints(values: Iterable[int]) -> np.ndarray[Any, Any]:
    return np.fromiter(values, dtype=np.int64)


def _claim(answers: Iterable[Answer]) -> pa.Array:
    return claim_ids(_ints(answer.sending.claim for answer in answers))


def _unless(reported: np.ndarray[Any, Any], values: pa.Array) -> pa.Array:
    """Values, but for what a claim reports of another payer without them."""
    return pc.if_else(pa.array(~reported), values, pa.scalar(None, values.type))


def payment_names(numbers: Iterable[int]) -> list[str]:
    """Number of each payment, which is its trace number too; blank for none."""
    return [f"{value:09d}" if value else "" for value in numbers]


def _or_none(values: Iterable[str]) -> pa.Array:
    return pa.array([value or None for value in values], pa.string())


def _adjudications(numbered: list[tuple[Answer, int]], payments: dict[Key, int]) -> pa.Table:
    answers = [answer for answer, _ in numbered]
    payer = _ints(answer.payer for answer in answers)
    reported = np.array([answer.kind == REPORTED for answer in answers], dtype=bool)
    there = ~reported
    paid_in = (payments.get((a.day, a.payer), 0) if a.kind != REPORTED else 0 for a in answers)
    return typed_table(
        "adjudications",
        len(answers),
        {
            "claim_id": _claim(answers),
            "adjudication_number": _ints(i for _, i in numbered),
            **called(payer),
            "payer_sequence": _ints(answer.sequence for answer in answers),
            "payment_id": _or_none(payment_names(paid_in)),
            "paid_date": date(_ints(answer.day for answer in answers)),
            "claim_status_code": _or_none(answer.status for answer in answers),
            "is_reported": pa.array(reported, mask=there),
            "frequency_code": _or_none("" if a.kind == REPORTED else a.sending.frequency for a in answers),
            "charge_amount": money(_ints(answer.charge for answer in answers)),
            "paid_amount": money(_ints(answer.paid for answer in answers)),
            "patient_responsibility_amount": _unless(reported, money(_ints(a.patient for a in answers))),
            "payer_claim_id": _or_none(answer.number for answer in answers),
            "data_source": SOURCE,
        },
    )


def _line_payments(book: Book, rows: list[tuple[Answer, int, int, Row]]) -> pa.Table:
    catalogue, line = book.catalogue, _ints(row.line for *_, row in rows)
    lines = book.lines.take(line)
    answers = [answer for answer, *_ in rows]
    done = _ints(row.procedure for *_, row in rows)
    changed = np.array([row.changed for *_, row in rows], dtype=bool)
    reported = np.array([answer.kind == REPORTED for answer in answers], dtype=bool)
    facility = book.claims.institutional[lines.claim]
    return typed_table(
        "line_payments",
        len(rows),
        {
            "claim_id": _claim(answers),
            "adjudication_number": _ints(i for _, i, *_ in rows),
            "service_number": _ints(k for _, _, k, _ in rows),
            "claim_line_number": _ints(_place(answer, row) for answer, *_, row in rows),
            "hcpcs_code": text(catalogue.hcpcs, done),
            "submitted_hcpcs_code": text(catalogue.hcpcs, lines.procedure, changed),
            "hcpcs_modifier_1": text(MODIFIERS, lines.modifiers[:, 0]),
            "hcpcs_modifier_2": text(MODIFIERS, lines.modifiers[:, 1]),
            "revenue_center_code": text(catalogue.revenue, lines.procedure, facility),
            "charge_amount": money(_ints(row.charge for *_, row in rows)),
            "allowed_amount": _unless(reported, money(_ints(row.allowed for *_, row in rows))),
            "paid_amount": money(_ints(row.paid for *_, row in rows)),
            "service_unit_quantity": number(_ints(row.units for *_, row in rows)),
            "service_date": date(lines.start),
        },
    )


def _place(answer: Answer, row: Row) -> int:
    """Number of a row's line on the claim that is answered."""
    return answer.sending.lines.index(row.line) + 1


def _at(found: list[tuple[Any, ...]]) -> dict[str, Any]:
    """The columns that say what adjustments or remarks are of: (answer, its number, service row, line, …); 0: none."""
    whole = _ints(item[2] for item in found) == 0
    return {
        "claim_id": _claim(item[0] for item in found),
        "adjudication_number": _ints(item[1] for item in found),
        "service_number": pa.array(_ints(item[2] for item in found), mask=whole).cast(pa.int32()),
        "claim_line_number": pa.array(_ints(item[3] for item in found), mask=whole).cast(pa.int32()),
    }


def _adjustments(numbered: list[tuple[Answer, int]]) -> pa.Table:
    """Those of service rows, and those of claims as a whole."""
    found = []
    for answer, i in numbered:
        for k, row in enumerate(answer.rows, start=1):
            line = _place(answer, row)
            found += [(answer, i, k, line, n, *item) for n, item in enumerate(row.taken, start=1)]
        found += [(answer, i, 0, 0, n, *item) for n, item in enumerate(answer.whole, start=1)]
    return typed_table(
        "adjustments",
        len(found),
        {
            **_at(found),
            "adjustment_position": _ints(item[4] for item in found),
            "group_code": _or_none(item[5] for item in found),
            "carc": _or_none(item[6] for item in found),
            "amount": money(_ints(item[7] for item in found)),
        },
    )


def _remarks(numbered: list[tuple[Answer, int]]) -> pa.Table:
    found = []
    for answer, i in numbered:
        found += [(answer, i, 0, 0, n, rarc) for n, rarc in enumerate(answer.remarks, start=1)]
        for k, row in enumerate(answer.rows, start=1):
            line = _place(answer, row)
            found += [(answer, i, k, line, n, rarc) for n, rarc in enumerate(row.remarks, start=1)]
    return typed_table(
        "remarks",
        len(found),
        {
            **_at(found),
            "remark_position": _ints(item[4] for item in found),
            "rarc": _or_none(item[5] for item in found),
        },
    )


def _payments(
    insurers: Insurers, numbered: list[tuple[Answer, int]], sent: list[Key], payments: dict[Key, int]
) -> dict[str, pa.Table]:
    """One remittance per payer and day, and the balances that are carried from one to the next."""
    totals = dict.fromkeys(sent, 0)
    for answer, _ in numbered:
        if answer.kind != REPORTED:
            totals[answer.day, answer.payer] += answer.paid
    carried = balances(totals, insurers.names)
    taken = {(day, payer): amount for day, payer, amount in carried}
    amounts = [totals[key] - taken.get(key, 0) for key in sent]
    payer = _ints(key[1] for key in sent)
    numbers = [payments[key] for key in sent]
    found = carried_forward(carried, insurers.names)
    paid_in = _or_none(payment_names(payments[day, who] for day, who, _ in carried))
    place = found.column_names.index("payment_id")
    return {
        "payments": typed_table(
            "payments",
            len(sent),
            {
                "payment_id": _or_none(payment_names(numbers)),
                **{name: column for name, column in called(payer).items() if name != "payer_kind"},
                "trace_number": _or_none(payment_names(numbers)),
                "method_code": _or_none("ACH" if amount else "NON" for amount in amounts),
                "paid_date": date(_ints(key[0] for key in sent)),
                "amount": money(_ints(amounts)),
                "imbalance_amount": money(np.zeros(len(sent), dtype=np.int64)),
                "data_source": SOURCE,
            },
        ),
        "provider_adjustments": found.set_column(place, "payment_id", paid_in),
    }
