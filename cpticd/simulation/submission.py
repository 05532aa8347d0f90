"""Submission: the claims as they reach payers, as canonical tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
from cpticd.simulation.practices import npi
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.vectors import Ints, group_starts, total, within
from cpticd.simulation.world import World

CLAIM_TYPES = ("professional", "institutional")
#: 1: an original, 7: a replacement.
FREQUENCIES = ("1", "7")


def submit(world: World, book: Book, met: Encounters) -> dict[str, pa.Table]:
    """The tables claims, lines, diagnoses, pointers and procedures."""
    ids = claim_ids(np.arange(book.claims.size))
    most = max(book.claims.billing.max(initial=0), book.lines.rendering.max(initial=0))
    providers = [npi(i) for i in range(int(most) + 1)]
    line_ids = ids.take(pa.array(book.lines.claim))
    return {
        "claims": _claims(book, ids, providers),
        "lines": _lines(book, line_ids, providers),
        "diagnoses": _diagnoses(book, ids),
        "pointers": _pointers(book, line_ids),
        "procedures": _procedures(world, book, met.condition[book.claims.encounter]),
    }


def _claims(book: Book, ids: pa.Array, providers: list[str]) -> pa.Table:
    claims, lines, places = book.claims, book.lines, book.catalogue.places
    again = claims.replaces >= 0
    frequency = text(FREQUENCIES, again.astype(np.int64))
    bill = text([place[:2] for place in places], claims.place, claims.institutional)
    return typed_table(
        "claims",
        claims.size,
        {
            "claim_id": ids,
            "source_claim_id": ids,
            "claim_type": text(CLAIM_TYPES, claims.institutional.astype(np.int64)),
            "person_id": person_ids(claims.person),
            "payer": text(book.catalogue.payers, claims.payer),
            "billing_npi": text(providers, claims.billing),
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
