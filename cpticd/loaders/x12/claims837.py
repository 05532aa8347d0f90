"""Claims, lines, diagnoses, pointers and procedures of the 837s of a batch, as columns keyed by segment.

Mapping (implementation guides 005010X222, X223, X291, X292 and their 4010 forerunners; our own words). What other
payers decided (SBR after CLM, SVD) is staged apart, in ``others837``: it is no decision of this claim's payer.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12 import qualifiers
from cpticd.loaders.x12.cells import Notes, code, dates, decimals
from cpticd.loaders.x12.diagnoses837 import Diagnoses837
from cpticd.loaders.x12.lines837 import Lines837
from cpticd.loaders.x12.loops import element, identified, person_hash
from cpticd.loaders.x12.loops837 import Loops837
from cpticd.loaders.x12.others837 import Others837
from cpticd.loaders.x12.places import Place, Zone
from cpticd.loaders.x12.segments import Rows, Segments, components, pack

_NOTHING = pa.scalar(None, pa.string())
#: CMS's guide for encounter data (OMB 0938-1152) was not at hand when this sign was written down.
_DELETES = "chart reviews that delete diagnoses, by PWK*09*AA and REF*EA*8 (not verified in CMS's guide)"


class Claims837:
    """Reads the 837s of one batch; ``tables()`` gives the staged tables by name."""

    def __init__(self, segments: Segments, where: Place, notes: Notes) -> None:
        self.loops = Loops837(segments, where, notes)
        self.s, self.w, self.notes, self.claims = segments, where, notes, self.loops.claims

    def tables(self) -> dict[str, pa.Table]:
        if not len(self.claims):
            return {}
        lines, held = Lines837(self.loops), Diagnoses837(self.loops)
        diagnoses, counts = held.diagnoses()
        return {
            "claims": self._claims(held.drg()),
            "lines": lines.lines(),
            "diagnoses": diagnoses,
            "pointers": lines.pointers(counts),
            "procedures": held.procedures(),
            **Others837(self.loops).tables(),
        }

    def _claims(self, drg: pa.Array) -> pa.Table:
        s, w, claims, notes, loops = self.s, self.w, self.claims, self.notes, self.loops
        nm1, which, context = s.tag == pack("NM1"), s.first_value, loops.context
        provider, subscriber_level, patient_level = loops.levels()
        billing = context(nm1 & (which == pack("85")), provider)
        subscriber = context(nm1 & (which == pack("IL")), subscriber_level)
        patient = context(nm1 & (which == pack("QC")), np.maximum(subscriber, patient_level))
        payer = context(nm1 & (which == pack("PR")), subscriber_level)
        filed = context(s.tag == pack("SBR"), subscriber_level)
        specialty = context((s.tag == pack("PRV")) & (which == pack("BI")), provider)
        person = np.where(patient >= 0, patient, subscriber)
        facts = context(s.tag == pack("DMG"), np.where(person >= 0, person, s.size))
        begun = context(s.tag == pack("BHT"), w.start[claims])
        birth = element(s, facts, 2)
        facility = loops.first(w.rows((w.zone == Zone.CLAIM) & nm1 & (which == pack("77"))), w.claim)
        day, _ = dates(element(s, begun, 4), begun, notes, "BHT04", "claims")
        birth_date, _ = dates(birth, facts, notes, "DMG02", "members")
        return pa.table(
            {
                "key": s.key[claims],
                "set_key": s.key[w.start[claims]],
                "source_claim_id": s.get(claims, 1),
                "claim_type": pc.if_else(pa.array(loops.institutional), "institutional", "professional"),
                "person_id": self._persons(subscriber, patient, birth),
                "member_id": pc.coalesce(element(s, patient, 9), element(s, subscriber, 9)),
                "payer": pc.coalesce(element(s, payer, 3), element(s, payer, 9)),
                "payer_id": element(s, payer, 9),
                "payer_kind": qualifiers.payer_kinds(element(s, filed, 9)),
                "payer_sequence": qualifiers.payer_orders(element(s, filed, 1)),
                "drg_code": drg,
                "is_encounter": pc.equal(element(s, begun, 6), "RP"),
                "billing_npi": identified(s, billing),
                "billing_taxonomy": code(element(s, specialty, 3)),
                "facility_npi": identified(s, facility),
                "sent_date": day,
                "charge_amount": decimals(s.get(claims, 2), 2, claims, notes, ("claims", "CLM02")),
                "birth_date": birth_date,
                "sex": element(s, facts, 3),
                **self._facility(),
                **self._of_the_claim(),
            }
        )

    def _of_the_claim(self) -> dict[str, pa.Array]:
        """Days, the original's number, discharge status, whether it is a chart review: of the claim's own loop."""
        s, w, which, first = self.s, self.w, self.s.first_value, self.loops.first
        own = w.zone == Zone.CLAIM
        dtp = own & (s.tag == pack("DTP"))
        statement = first(w.rows(dtp & (which == pack("434"))), w.claim)
        served = first(w.rows(dtp & (which == pack("472"))), w.claim)
        when = np.where(statement >= 0, statement, served)
        start, end = dates(element(s, when, 3), when, self.notes, "DTP03", "claims")
        original = first(w.rows(own & (s.tag == pack("REF")) & (which == pack("F8"))), w.claim)
        stay = first(w.rows(own & (s.tag == pack("CL1"))), w.claim)
        # Medicare Advantage sends diagnoses that a review of the chart added or took away with PWK*09*AA.
        papers = w.rows(own & (s.tag == pack("PWK")) & (which == pack("09")))
        papers = papers[np.asarray(pc.fill_null(pc.equal(s.get(papers, 2), "AA"), False))]
        reviewed = first(papers, w.claim) >= 0
        # REF*EA*8 of such a review: its diagnoses are taken away from the record that it is linked to.
        marks = w.rows(own & (s.tag == pack("REF")) & (which == pack("EA")))
        marks = marks[np.asarray(pc.fill_null(pc.equal(s.get(marks, 2), "8"), False))]
        deletes = reviewed & (first(marks, w.claim) >= 0)
        self.notes.tally(self.claims[deletes], _DELETES, "claims")
        return {
            "start_date": start,
            "end_date": end,
            "original_payer_claim_id": element(s, original, 2),
            "discharge_status_code": padded(code(element(s, stay, 3)), 2),
            "is_chart_review": pa.array(reviewed),
            "deletes_diagnoses": pa.array(deletes),
        }

    def _persons(self, subscriber: Rows, patient: Rows, birth: pa.Array) -> pa.Array:
        """Identifier of each claim's patient.

        His own member number; a dependent without one is told from the subscriber by a hash of name and birth
        date behind the subscriber's number; without any number the hash stands alone. Names are not kept.
        """
        s = self.s
        member = element(s, subscriber, 9)
        own = element(s, np.where(patient >= 0, patient, subscriber), 9)
        known = pa.array(np.asarray(pc.is_valid(own)))
        if pc.all(known).as_py():
            return own
        person = np.where(patient >= 0, patient, subscriber)
        last, first = element(s, person, 3).to_pylist(), element(s, person, 4).to_pylist()
        born, members, result = birth.to_pylist(), member.to_pylist(), own.to_pylist()
        for i in np.flatnonzero(~np.asarray(known)).tolist():
            if last[i] or first[i] or born[i]:
                hashed = person_hash(last[i], first[i], born[i])
                result[i] = f"{members[i]}-{hashed[:8]}" if members[i] else hashed
            else:
                result[i] = members[i]
        return pa.array(result, pa.string())

    def _facility(self) -> dict[str, pa.Array]:
        """Place of service or type of bill from CLM05, by its qualifier or the kind of claim; frequency."""
        parts = components(self.s.get(self.claims, 5))
        rows = slice(None)
        value, qualifier, frequency = (code(parts.get(rows, k)) for k in range(3))
        told = np.asarray(pc.fill_null(qualifier, ""))
        is_bill = pa.array(
            np.where(told == "A", True, np.where(told == "B", False, self.loops.institutional))
        )
        # Paper forms write a type of bill with a leading zero, and its third character is the frequency.
        short = pc.utf8_ltrim(value, "0")
        third = pc.if_else(
            pc.and_(is_bill, pc.equal(pc.utf8_length(short), 3)),
            pc.utf8_slice_codeunits(short, 2, 3),
            _NOTHING,
        )
        frequency = pc.coalesce(frequency, third)
        kind = pc.if_else(
            pc.less_equal(pc.utf8_length(short), 3), pc.utf8_slice_codeunits(short, 0, 2), short
        )
        bill = pc.binary_join_element_wise(kind, pc.fill_null(frequency, ""), "")
        return {
            "place_of_service_code": pc.if_else(is_bill, _NOTHING, value),
            "bill_type_code": pc.if_else(is_bill, bill, _NOTHING),
            "frequency_code": frequency,
        }


def padded(codes: pa.Array, width: int) -> pa.Array:
    """Codes of digits with the leading zeros that senders leave out."""
    return pc.utf8_lpad(codes, width, "0")
