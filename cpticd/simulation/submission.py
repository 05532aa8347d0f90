"""Submission: the claims as they reach payers, as canonical tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cpticd.simulation.book import MODIFIERS, Book
from cpticd.simulation.catalogue import rows
from cpticd.simulation.columns import (
    SOURCE,
    claim_ids,
    date,
    money,
    number,
    payer_numbers,
    person_ids,
    text,
    typed_table,
)
from cpticd.simulation.insurers import called
from cpticd.simulation.practices import mistyped, npi
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.vectors import Ints, Rows, group_starts, total, within
from cpticd.simulation.world import World

CLAIM_TYPES = ("professional", "institutional")
#: 1: an original, 7: a replacement, 8: a void.
FREQUENCIES = ("1", "7", "8")


@dataclass
class Sent(Rows):
    """How each claim of the book is sent, where its story says more than the book."""

    payer: Ints  # into the insurers
    sequence: Ints
    frequency: Ints  # into FREQUENCIES
    number: Ints  # claim whose number it bears
    names: NDArray[np.str_]  # payer's number of the claim that it replaces or voids


def submit(world: World, book: Book, met: Encounters, sent: Sent | None = None) -> dict[str, pa.Table]:
    """The tables claims, lines, diagnoses, pointers and procedures.

    ``sent`` — how claims are sent, and to whom, where stories are told of them.
    """
    ids = claim_ids(np.arange(book.claims.size))
    most = max(book.claims.billing.max(initial=0), book.lines.rendering.max(initial=0))
    providers = [npi(i) for i in range(int(most) + 1)]
    line_ids = ids.take(pa.array(book.lines.claim))
    claims = _claims(book, ids, providers, None if sent is None else sent.frequency)
    if sent is not None:
        claims = _to_insurers(claims, sent)
    return {
        "claims": claims,
        "lines": _lines(book, line_ids, providers),
        "diagnoses": _diagnoses(book, ids),
        "pointers": _pointers(book, line_ids),
        "procedures": _procedures(world, book, met.condition[book.claims.encounter]),
    }


def _to_insurers(claims: pa.Table, sent: Sent) -> pa.Table:
    """The table claims with whom they are sent to, and under which number."""
    columns = {
        "source_claim_id": claim_ids(sent.number),
        **called(sent.payer),
        "payer_sequence": pa.array(sent.sequence.astype(np.int32)),
        "original_payer_claim_id": pa.array([name or None for name in sent.names.tolist()], pa.string()),
    }
    for name, values in columns.items():
        claims = claims.set_column(claims.column_names.index(name), name, values)
    return claims


def _claims(book: Book, ids: pa.Array, providers: list[str], frequencies: Ints | None) -> pa.Table:
    claims, lines, places = book.claims, book.lines, book.catalogue.places
    again = claims.replaces >= 0
    frequency = text(FREQUENCIES, again.astype(np.int64) if frequencies is None else frequencies)
    bill = text([place[:2] for place in places], claims.place, claims.institutional)
    return typed_table(
        "claims",
        claims.size,
        {
            "claim_id": ids,
            "source_claim_id": ids,
            "claim_type": text(CLAIM_TYPES, claims.institutional.astype(np.int64)),
            "person_id": person_ids(claims.person),
            **called(claims.payer),
            "payer_sequence": np.ones(claims.size, dtype=np.int64),
            "billing_npi": text(
                [*providers, *map(mistyped, providers)], claims.billing + len(providers) * claims.mistyped
            ),
            "place_of_service_code": text(places, claims.place, ~claims.institutional),
            "bill_type_code": pc.binary_join_element_wise(bill, frequency, ""),
            "frequency_code": frequency,
            "original_payer_claim_id": payer_numbers(
                claims.payer, np.maximum(claims.replaces, 0), valid=again
            ),
            "claim_start_date": date(claims.start),
            "claim_end_date": date(claims.end),
            "received_date": date(claims.received),
            "charge_amount": money(total(lines.charge, lines.claim, claims.size)),
            "data_source": SOURCE,
        },
    )


def _lines(book: Book, ids: pa.Array, providers: list[str]) -> pa.Table:
    catalogue, lines, professional = book.catalogue, book.lines, book.professional
    place = book.claims.place[lines.claim]
    return typed_table(
        "lines",
        lines.size,
        {
            "claim_id": ids,
            "claim_line_number": lines.number,
            "claim_line_start_date": date(lines.start),
            "claim_line_end_date": date(lines.end),
            "hcpcs_code": text(catalogue.hcpcs, lines.procedure),
            "hcpcs_modifier_1": text(MODIFIERS, lines.modifiers[:, 0]),
            "hcpcs_modifier_2": text(MODIFIERS, lines.modifiers[:, 1]),
            "revenue_center_code": text(catalogue.revenue, lines.procedure, ~professional),
            "service_unit_quantity": number(lines.units),
            "place_of_service_code": text(catalogue.places, place, professional),
            "rendering_npi": text(providers, lines.rendering, lines.rendering >= 0),
            "charge_amount": money(lines.charge),
        },
    )


def _diagnoses(book: Book, ids: pa.Array) -> pa.Table:
    held = book.diagnoses
    return typed_table(
        "diagnoses",
        held.claim.size,
        {
            "claim_id": ids.take(pa.array(held.claim)),
            "diagnosis_position": held.position,
            "diagnosis_code": text(book.codes, held.code),
            "diagnosis_code_type": "icd-10-cm",
            "present_on_admission_code": text(["", "Y", "N", "U", "W"], held.present),
        },
    )


def _pointers(book: Book, ids: pa.Array) -> pa.Table:
    lines = book.lines
    line, column = np.nonzero(lines.pointers > 0)
    return typed_table(
        "pointers",
        line.size,
        {
            "claim_id": ids.take(pa.array(line)),
            "claim_line_number": lines.number[line],
            "pointer_position": column + 1,
            "diagnosis_position": lines.pointers[line, column],
        },
    )


def _procedures(world: World, book: Book, condition: Ints) -> pa.Table:
    """ICD-10-PCS procedures of inpatient stays (stay_procedures.csv) by the condition that is each claim's reason."""
    claims, table = book.claims, rows("stay_procedures")
    stays = np.flatnonzero(book.is_stay() & (claims.replaces < 0))
    found = []
    for row in table:
        mine = stays[condition[stays] == world.catalogue.conditions[row["condition"]]]
        found.append(mine[world.draws("stay procedures", mine.size) < float(row["share"])])
    claim, which = np.concatenate(found), np.repeat(np.arange(len(table)), [part.size for part in found])
    order = np.lexsort((which, claim))
    claim, which = claim[order], which[order]
    return typed_table(
        "procedures",
        claim.size,
        {
            "claim_id": claim_ids(claim),
            "procedure_position": within(group_starts(claim)) + 1,
            "procedure_code": text([row["code"] for row in table], which),
            "procedure_code_type": "icd-10-pcs",
            "procedure_date": date(claims.start[claim]),
        },
    )
