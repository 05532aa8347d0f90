"""Claims, lines, diagnoses, pointers and procedures of the 837s of a batch, as columns keyed by segment.

Mapping (implementation guides 005010X222, X223, X291, X292 and their 4010 forerunners; our own words):
other payers' loops (SBR after CLM) and a prior payer's line adjudication (SVD, CAS) are understood but not
loaded: they tell what another payer did, which an analysis of this payer's denials must not count.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12.cells import Notes, code, dates, decimals, integers, pick, service
from cpticd.loaders.x12.places import Place, Zone, tagged
from cpticd.loaders.x12.segments import Mask, Rows, Segments, Strings, components, pack, places

_DIAGNOSES = ("ABK", "ABF", "ABJ", "ABN", "APR", "BK", "BF", "BJ", "BN", "PR")
_PROCEDURES = ("BBR", "BBQ", "BR", "BQ")
_PRINCIPAL = ("ABK", "BK", "BBR", "BR")
_OTHER = ("ABF", "BF", "BBQ", "BQ")
_LETTERS = pa.array(list("ABCDEFGHIJKL"))
#: Claim filing indicators (SBR09) by the kind of payer that they stand for; of others nothing is known.
_FILED = {
    "medicare": ("MA", "MB"), "medicare advantage": ("16",), "medicaid": ("MC",),
    "commercial": ("12", "13", "14", "15", "17", "BL", "CI", "FI", "HM"), "tricare or va": ("CH", "VA"),
    "workers compensation": ("WC",), "self pay": ("09",), "other": ("11", "AM", "LI", "LM", "OF", "TV"),
}  # fmt: skip
_FILING_CODES = pa.array([code for codes in _FILED.values() for code in codes])
_FILING_KINDS = pa.array([kind for kind, codes in _FILED.items() for _ in codes])


def person_hash(*facts: str | None) -> str:
    """A short stable stand-in for a person without an identifier; the facts themselves are not kept."""
    text = "|".join((fact or "").strip().upper() for fact in facts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class First:
    """For each claim (or line) the first segment of a kind, by the row that opens the claim (or line)."""

    def __init__(self, owners: Rows, size: int) -> None:
        self.count = len(owners)
        self.of_owner = np.full(size + 1, -1)  # the last entry serves -1: belongs to none
        self.of_owner[owners] = np.arange(len(owners))

    def __call__(self, rows: Rows, owner: Rows) -> Rows:
        """Row of the first of ``rows`` for each owner; -1 where there is none."""
        found = np.full(self.count, -1)
        mine = self.of_owner[owner[rows]]
        keep = mine >= 0
        found[mine[keep][::-1]] = rows[keep][::-1]
        return found


def element(segments: Segments, rows: Rows, k: int) -> pa.Array:
    """Element k of segments ``rows``; null where the row is -1."""
    values = segments.get(np.maximum(rows, 0), k) if segments.size else pa.nulls(len(rows), pa.string())
    return pc.if_else(pa.array(rows >= 0), values, pa.scalar(None, pa.string()))


def identified(segments: Segments, rows: Rows) -> pa.Array:
    """NPI of each NM1 in ``rows``; null where it carries another identifier."""
    is_npi = pc.fill_null(pc.equal(element(segments, rows, 8), "XX"), False)
    return pc.if_else(is_npi, element(segments, rows, 9), pa.scalar(None, pa.string()))


class Claims837:
    """Reads the 837s of one batch; ``tables()`` gives the staged tables by name."""

    def __init__(self, segments: Segments, where: Place, notes: Notes) -> None:
        self.s, self.w, self.notes = segments, where, notes
        zone, tag = where.zone, segments.tag
        self.is_claim = (zone == Zone.CLAIM) | (zone == Zone.OTHER_PAYER) | (zone == Zone.LINE)
        self.claims = where.rows((zone == Zone.CLAIM) & (tag == pack("CLM")))
        self.first = First(self.claims, segments.size)
        in_line = where.accepted & (zone == Zone.LINE)
        self.lines = np.flatnonzero(in_line & tagged(segments, "SV1", "SV2", "SV3"))
        self.opens = where.line[self.lines]  # the LX, or the service segment itself
        self.first_of_line = First(self.opens, segments.size)
        self.in_line = in_line
        self.institutional = self._institutional()

    def tables(self) -> dict[str, pa.Table]:
        if not len(self.claims):
            return {}
        diagnoses, counts = self._diagnoses()
        return {
            "claims": self._claims(),
            "lines": self._lines(),
            "diagnoses": diagnoses,
            "pointers": self._pointers(counts),
            "procedures": self._procedures(),
        }

    # -- claims ---------------------------------------------------------------------------------------------

    def _institutional(self) -> Mask:
        """Whether each claim is institutional: by its lines, else CLM05-2, else the guide that it names."""
        s, w = self.s, self.w
        kinds = s.tag[self.lines]
        mine = self.first.of_owner[w.claim[self.lines]]
        size = len(self.claims)
        hospital = np.bincount(mine[kinds == pack("SV2")], minlength=size)
        other = np.bincount(mine[kinds != pack("SV2")], minlength=size)
        qualifier = np.asarray(pc.fill_null(components(s.get(self.claims, 5)).get(slice(None), 1), ""))
        start = w.start[self.claims]
        guide = pc.coalesce(s.get(start, 3), element(s, s.last(s.tag == pack("GS"))[self.claims], 8))
        by_guide = np.asarray(pc.fill_null(pc.match_substring_regex(guide, "X(223|292|096)"), False))
        by_content = np.where(hospital != other, hospital > other, np.where(qualifier == "A", True, by_guide))
        return by_content & ~((hospital == other) & (qualifier == "B"))

    def _context(self, mask: Mask, since: Rows) -> Rows:
        """The last segment of a kind before each claim, not older than ``since``; -1 where there is none."""
        found = self.s.last(mask & self.w.accepted & ~self.is_claim)[self.claims]
        return np.where(found >= np.maximum(since, 0), found, -1)

    def _levels(self) -> tuple[Rows, Rows, Rows]:
        """Where the billing provider's, the subscriber's and the patient's level of each claim begin."""
        s, w, claims = self.s, self.w, self.claims
        rows = w.rows((s.tag == pack("HL")) & (w.zone == Zone.LEVEL))
        level = s.get(rows, 3)
        start = w.start[claims]
        found = []
        for name in ("20", "22", "23"):
            mask = np.zeros(s.size, np.bool_)
            mask[rows[np.asarray(pc.fill_null(pc.equal(level, name), False))]] = True
            found.append(np.maximum(s.last(mask)[claims], start))
        provider, subscriber, patient = found
        return (
            provider,
            np.maximum(provider, subscriber),
            np.maximum(np.maximum(provider, subscriber), patient),
        )

    def _claims(self) -> pa.Table:
        s, w, claims, notes = self.s, self.w, self.claims, self.notes
        nm1, which = s.tag == pack("NM1"), s.first_value
        provider, subscriber_level, patient_level = self._levels()
        billing = self._context(nm1 & (which == pack("85")), provider)
        subscriber = self._context(nm1 & (which == pack("IL")), subscriber_level)
        patient = self._context(nm1 & (which == pack("QC")), np.maximum(subscriber, patient_level))
        payer = self._context(nm1 & (which == pack("PR")), subscriber_level)
        filed = self._context(s.tag == pack("SBR"), subscriber_level)
        specialty = self._context((s.tag == pack("PRV")) & (which == pack("BI")), provider)
        person = np.where(patient >= 0, patient, subscriber)
        facts = self._context(s.tag == pack("DMG"), np.where(person >= 0, person, s.size))
        begun = self._context(s.tag == pack("BHT"), w.start[claims])
        own = w.zone == Zone.CLAIM
        birth = element(s, facts, 2)
        dtp, ref = s.tag == pack("DTP"), s.tag == pack("REF")
        statement = self.first(w.rows(own & dtp & (which == pack("434"))), w.claim)
        served = self.first(w.rows(own & dtp & (which == pack("472"))), w.claim)
        when = np.where(statement >= 0, statement, served)
        original = self.first(w.rows(own & ref & (which == pack("F8"))), w.claim)
        facility = self.first(w.rows(own & nm1 & (which == pack("77"))), w.claim)
        start, end = dates(element(s, when, 3), when, notes, "DTP03", "claims")
        day, _ = dates(element(s, begun, 4), begun, notes, "BHT04", "claims")
        birth_date, _ = dates(birth, facts, notes, "DMG02", "members")
        place_of_service, bill_type, frequency = self._facility()
        return pa.table(
            {
                "key": s.key[claims],
                "source_claim_id": s.get(claims, 1),
                "claim_type": pc.if_else(pa.array(self.institutional), "institutional", "professional"),
                "person_id": self._persons(subscriber, patient, birth),
                "member_id": pc.coalesce(element(s, patient, 9), element(s, subscriber, 9)),
                "payer": pc.coalesce(element(s, payer, 3), element(s, payer, 9)),
                "payer_kind": _FILING_KINDS.take(pc.index_in(element(s, filed, 9), value_set=_FILING_CODES)),
                "billing_npi": identified(s, billing),
                "billing_taxonomy": code(element(s, specialty, 3)),
                "facility_npi": identified(s, facility),
                "place_of_service_code": place_of_service,
                "bill_type_code": bill_type,
                "frequency_code": frequency,
                "original_payer_claim_id": element(s, original, 2),
                "start_date": start,
                "end_date": end,
                "sent_date": day,
                "charge_amount": decimals(s.get(claims, 2), 2, claims, notes, ("claims", "CLM02")),
                "birth_date": birth_date,
                "sex": element(s, facts, 3),
            }
        )

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

    def _facility(self) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Place of service or type of bill from CLM05, by its qualifier or the kind of claim; frequency."""
        parts = components(self.s.get(self.claims, 5))
        rows = slice(None)
        value, qualifier, frequency = (code(parts.get(rows, k)) for k in range(3))
        told = np.asarray(pc.fill_null(qualifier, ""))
        is_bill = np.where(told == "A", True, np.where(told == "B", False, self.institutional))
        nothing = pa.scalar(None, pa.string())
        short = pc.utf8_ltrim(value, "0")
        bill = pc.if_else(pc.equal(pc.utf8_length(value), 3), short, value)
        bill = pc.binary_join_element_wise(bill, pc.fill_null(frequency, ""), "")
        return (
            pc.if_else(pa.array(is_bill), nothing, value),
            pc.if_else(pa.array(is_bill), bill, nothing),
            frequency,
        )

    # -- lines ----------------------------------------------------------------------------------------------

    def _lines(self) -> pa.Table:
        s, w, lines, notes = self.s, self.w, self.lines, self.notes
        kind, which = s.tag[lines], s.first_value
        hospital, dental = kind == pack("SV2"), kind == pack("SV3")
        done = service(s.get(lines, np.where(hospital, 2, 1)))
        own = self.in_line
        served = self.first_of_line(
            np.flatnonzero(own & (s.tag == pack("DTP")) & (which == pack("472"))), w.line
        )
        numbered = self.first_of_line(
            np.flatnonzero(own & (s.tag == pack("REF")) & (which == pack("6R"))), w.line
        )
        owner = w.claim[lines]
        npi, taxonomy = self._rendering(owner)
        start, end = dates(element(s, served, 3), served, notes, "DTP03", "lines")
        counter = np.where(self.opens != lines, self.opens, -1)
        place_of_service = s.get(lines, np.where(dental, 3, 5))
        empty = np.setdiff1d(np.flatnonzero(own & (s.tag == pack("LX"))), self.opens)
        notes.add(empty, "a service line (LX) without a service (SV1, SV2, SV3)", "lines")
        nothing = pa.scalar(None, pa.string())
        columns = {
            "key": s.key[owner],
            "line": places(owner),
            "start_date": start,
            "end_date": end,
            "hcpcs_code": done.code,
            **{f"hcpcs_modifier_{k + 1}": values for k, values in enumerate(done.modifiers)},
            "revenue_center_code": pc.if_else(pa.array(hospital), code(s.get(lines, 1)), nothing),
            "service_unit_quantity": decimals(
                s.get(lines, np.where(hospital, 5, np.where(dental, 6, 4))),
                3,
                lines,
                notes,
                ("lines", "units"),
            ),
            "place_of_service_code": pc.if_else(pa.array(hospital), nothing, code(place_of_service)),
            "rendering_npi": npi,
            "rendering_taxonomy": taxonomy,
            "charge_amount": decimals(
                s.get(lines, np.where(hospital, 3, 2)), 2, lines, notes, ("lines", "charge")
            ),
            "control": element(s, numbered, 2),
            "counter": element(s, counter, 1),
        }
        return pa.table(columns)

    def _rendering(self, owner: Rows) -> tuple[pa.Array, pa.Array]:
        """NPI and taxonomy of each line's rendering provider: its own, else the claim's."""
        s, w = self.s, self.w
        found = []
        for tag, which in (("NM1", "82"), ("PRV", "PE")):
            mask = (s.tag == pack(tag)) & (s.first_value == pack(which))
            of_line = self.first_of_line(np.flatnonzero(self.in_line & mask), w.line)
            of_claim = self.first(w.rows((w.zone == Zone.CLAIM) & mask), w.claim)
            read = (lambda rows: identified(s, rows)) if tag == "NM1" else (lambda rows: element(s, rows, 3))
            found.append(pc.coalesce(read(of_line), pick(read(of_claim), self.first.of_owner[owner])))
        return found[0], code(found[1])

    def _pointers(self, diagnoses: Rows) -> pa.Table:
        """Pointers of professional lines; those past the claim's diagnoses are kept and noted."""
        s, w = self.s, self.w
        lines = self.lines[s.tag[self.lines] == pack("SV1")]
        number = places(w.claim[self.lines])[s.tag[self.lines] == pack("SV1")]
        parts = components(s.get(lines, 7))
        which, k, values = explode(parts)
        position, good = integers(values)
        if not good.all():  # the paper form's letters, A for 1
            letters = np.asarray(pc.fill_null(pc.index_in(pc.utf8_upper(values), value_set=_LETTERS), -1))
            position, good = np.where(good, position, letters + 1), good | (letters >= 0)
        self.notes.add(
            lines[which[~good]], "SV107: a diagnosis pointer that is no number", "pointers", "noted"
        )
        which, k, position = which[good], k[good], position[good]
        owner = w.claim[lines[which]]
        past = (position > diagnoses[self.first.of_owner[owner]]) | (position < 1)
        reason = "SV107: points to a diagnosis that the claim does not have; kept"
        self.notes.add(np.unique(lines[which[past]]), reason, "pointers", "noted")
        keys = owner.astype(np.int64) << 20 | number[which]
        return pa.table(
            {
                "key": s.key[owner],
                "line": number[which],
                "pointer_position": places(keys),
                "diagnosis_position": position.astype(np.int32),
            }
        )

    # -- diagnoses and procedures ---------------------------------------------------------------------------

    def _composites(self, qualifiers: tuple[str, ...]) -> tuple[Rows, Strings, Rows]:
        """Composites of HI with one of ``qualifiers``: the segment of each, its parts, and which they are."""
        s, w = self.s, self.w
        rows = w.rows((s.tag == pack("HI")) & self.is_claim)
        rows = rows[self.first.of_owner[w.claim[rows]] >= 0]
        which, k, values = explode(Strings(s.flat, s.first[rows], s.count[rows]))
        keep = k > 0
        which, values = rows[which[keep]], values.filter(pa.array(keep))
        parts = components(values)
        wanted = pc.is_in(parts.get(slice(None), 0), value_set=pa.array(qualifiers))
        return which, parts, np.flatnonzero(np.asarray(wanted))

    def _sorted(self, rows: Rows, qualifier: pa.Array) -> Rows:
        """Order of composites: as sent; on institutional claims principal first, others, then the rest."""
        principal = np.asarray(pc.is_in(qualifier, value_set=pa.array(_PRINCIPAL)))
        other = np.asarray(pc.is_in(qualifier, value_set=pa.array(_OTHER)))
        claim = self.first.of_owner[self.w.claim[rows]]
        rank = np.where(self.institutional[claim], np.where(principal, 0, np.where(other, 1, 2)), 0)
        return np.lexsort((np.arange(len(rows)), rank, claim))

    def _diagnoses(self) -> tuple[pa.Table, Rows]:
        which, parts, chosen = self._composites(_DIAGNOSES)
        rows, value, qualifier = which[chosen], code(parts.get(chosen, 1)), parts.get(chosen, 0)
        there = np.asarray(pc.is_valid(value))
        self.notes.add(rows[~there], "HI: a diagnosis qualifier without a code", "diagnoses", "noted")
        chosen, rows = chosen[there], rows[there]
        value, qualifier = value.filter(pa.array(there)), qualifier.filter(pa.array(there))
        order = self._sorted(rows, qualifier)
        owner = self.w.claim[rows][order]
        new = pc.equal(pc.utf8_slice_codeunits(qualifier, 0, 1), "A")
        table = pa.table(
            {
                "key": self.s.key[owner],
                "diagnosis_position": places(owner),
                "diagnosis_code": value.take(pa.array(order)),
                "diagnosis_code_type": pc.if_else(new, "icd-10-cm", "icd-9-cm").take(pa.array(order)),
                "present_on_admission_code": code(parts.get(chosen, 8)).take(pa.array(order)),
            }
        )
        return table, np.bincount(self.first.of_owner[owner], minlength=len(self.claims))

    def _procedures(self) -> pa.Table:
        which, parts, chosen = self._composites(_PROCEDURES)
        value = code(parts.get(chosen, 1))
        there = np.asarray(pc.is_valid(value))
        chosen, value = chosen[there], value.filter(pa.array(there))
        rows, qualifier = which[chosen], parts.get(chosen, 0)
        order = pa.array(self._sorted(rows, qualifier))
        owner = self.w.claim[rows][np.asarray(order)]
        done, _ = dates(parts.get(chosen, 3), rows, self.notes, "HI: procedure date", "procedures")
        new = pc.equal(pc.utf8_slice_codeunits(qualifier, 0, 2), "BB")
        return pa.table(
            {
                "key": self.s.key[owner],
                "procedure_position": places(owner),
                "procedure_code": value.take(order),
                "procedure_code_type": pc.if_else(new, "icd-10-pcs", "icd-9-pcs").take(order),
                "procedure_date": done.take(order),
            }
        )


def explode(strings: Strings) -> tuple[Rows, Rows, pa.Array]:
    """Every filled string of every row: the row, its place in it (0 is the first), its value."""
    which = np.repeat(np.arange(len(strings.count)), strings.count)
    k = np.arange(len(which)) - np.repeat(np.cumsum(strings.count) - strings.count, strings.count)
    keep = strings.filled(which, k) if len(which) else np.zeros(0, np.bool_)
    which, k = which[keep], k[keep]
    return which, k, strings.get(which, k) if len(which) else pa.nulls(0, pa.string())
