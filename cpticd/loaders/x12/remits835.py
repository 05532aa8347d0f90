"""Adjudications, service lines, adjustments, remarks and provider adjustments of the 835s of a batch.

Mapping (implementation guide 005010X221 and its 4010 forerunner; our own words). The allowed amount is what
the payer states (AMT*B6); where he does not, it is left empty: what was paid plus the patient's share
follows from the adjustments, and which of those are a share and which a denial is not for a loader to say.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12 import qualifiers
from cpticd.loaders.x12.cells import Notes, code, dates, decimals, service
from cpticd.loaders.x12.loops import (
    First,
    element,
    identified,
    in_order,
    person_hash,
    positions,
    repeated,
    triplets,
)
from cpticd.loaders.x12.places import Kind, Place, Zone
from cpticd.loaders.x12.segments import Rows, Segments, components, pack, places

# Elements that hold remark codes.
_LQ_REMARKS: tuple[int, ...] = (2,)
_MIA_REMARKS: tuple[int, ...] = (5, 20, 21, 22, 23)
_MOA_REMARKS: tuple[int, ...] = (3, 4, 5, 6, 7)


class Remits835:
    """Reads the 835s of one batch; ``tables()`` gives the staged tables by name."""

    def __init__(self, segments: Segments, where: Place, notes: Notes) -> None:
        self.s, self.w, self.notes = segments, where, notes
        zone, tag = where.zone, segments.tag
        self.remits = where.rows((zone == Zone.REMIT) & (tag == pack("CLP")))
        self.services = where.rows((zone == Zone.SERVICE) & (tag == pack("SVC")))
        self.first = First(self.remits, segments.size)
        self.first_of_line = First(self.services, segments.size)
        self.ordinal = np.zeros(
            segments.size, np.int32
        )  # of a service line in its claim; 0: the claim as a whole
        self.ordinal[self.services] = places(where.claim[self.services])
        sets = [(start, stop - 1) for start, stop, kind in where.sets if kind == Kind.REMITTANCE]
        self.starts, self.stops = np.array(sets, np.int64).reshape(-1, 2).T  # first and last row of each 835
        self.in_head = where.accepted & (zone == Zone.REMIT_HEAD)

    def tables(self) -> dict[str, pa.Table]:
        if not len(self.starts):
            return {}
        self.payments = self._payments()
        tables = {"payments": self.payments.filter(pa.array(~self.s.carried[self.starts]))}
        if len(self.remits):
            tables |= {
                "remits": self._remits(),
                "services": self._services(),
                "adjustments": self._adjustments(),
                "remarks": self._remarks(),
            }
        provider = self._provider_adjustments()
        if provider.num_rows:
            tables["provider_adjustments"] = provider
        return tables

    def _head(self, tag: str, which: str = "") -> Rows:
        """The last header segment of a kind in each 835; -1 where there is none."""
        mask = self.in_head & (self.s.tag == pack(tag))
        if which:
            mask &= self.s.first_value == pack(which)
        found = self.s.before(mask, self.stops)
        return np.where(found >= self.starts, found, -1)

    def _payments(self) -> pa.Table:
        """One row per 835, begun in this batch or before: payer, day, and what its check or transfer says."""
        s, notes = self.s, self.notes
        payer, further = self._head("N1", "PR"), self._head("REF", "2U")
        produced, transfer, trace = self._head("DTM", "405"), self._head("BPR"), self._head("TRN")
        day, _ = dates(element(s, produced, 2), produced, notes, "DTM02", "adjudications")
        effective, _ = dates(element(s, transfer, 16), transfer, notes, "BPR16", "adjudications")
        named = pc.is_in(element(s, payer, 3), value_set=pa.array(["XV", "PI"]))
        own = pc.if_else(named, element(s, payer, 4), pa.scalar(None, pa.string()))
        amount = decimals(element(s, transfer, 2), 2, transfer, notes, ("payments", "BPR02"))
        taken = pc.fill_null(pc.equal(element(s, transfer, 3), "D"), False)
        return pa.table(
            {
                "key": s.key[self.starts],
                "payer": pc.coalesce(element(s, payer, 2), element(s, payer, 4)),
                "payer_id": pc.coalesce(own, element(s, further, 2)),
                "paid_date": pc.coalesce(day, effective),
                "trace_number": element(s, trace, 2),
                "method_code": code(element(s, transfer, 4)),
                "amount": pc.if_else(taken, pc.negate(amount), amount),
            }
        )

    def _of_payment(self, rows: Rows, *names: str) -> dict[str, pa.Array]:
        """Columns of the remittance that each of ``rows`` stands in."""
        which = pa.array(np.searchsorted(self.starts, self.w.start[rows]))
        return {name: self.payments.column(name).combine_chunks().take(which) for name in names}

    def _remits(self) -> pa.Table:
        s, w, remits, notes, which = self.s, self.w, self.remits, self.notes, self.s.first_value
        status = code(s.get(remits, 2))
        payee = self._head("N1", "PE")[np.searchsorted(self.starts, w.start[remits])]
        is_npi = pc.fill_null(pc.equal(element(s, payee, 3), "XX"), False)
        own = w.zone == Zone.REMIT
        nm1, dtm = own & (s.tag == pack("NM1")), own & (s.tag == pack("DTM"))
        patient = self.first(w.rows(nm1 & (which == pack("QC"))), w.claim)
        insured = self.first(w.rows(nm1 & (which == pack("IL"))), w.claim)
        rendering = self.first(w.rows(nm1 & (which == pack("82"))), w.claim)
        days = {}
        for name, qualifier in (("start", "232"), ("end", "233"), ("received", "050")):
            row = self.first(w.rows(dtm & (which == pack(qualifier))), w.claim)
            days[name] = dates(element(s, row, 2), row, notes, "DTM02", "adjudications")
        return pa.table(
            {
                "key": s.key[remits],
                "set_key": s.key[w.start[remits]],
                "source_claim_id": s.get(remits, 1),
                **self._of_payment(remits, "payer", "payer_id", "paid_date"),
                "payer_kind": qualifiers.payer_kinds(s.get(remits, 6)),
                "payer_sequence": qualifiers.deciding_orders(status),
                "claim_status_code": status,
                "charge_amount": decimals(s.get(remits, 3), 2, remits, notes, ("adjudications", "CLP03")),
                "paid_amount": decimals(s.get(remits, 4), 2, remits, notes, ("adjudications", "CLP04")),
                "patient_responsibility_amount": decimals(
                    s.get(remits, 5), 2, remits, notes, ("adjudications", "CLP05")
                ),
                "payer_claim_id": s.get(remits, 7),
                "facility_code": code(s.get(remits, 8)),
                "frequency_code": code(s.get(remits, 9)),
                "person_id": self._persons(patient, insured),
                "member_id": pc.coalesce(element(s, insured, 9), element(s, patient, 9)),
                "billing_npi": pc.if_else(is_npi, element(s, payee, 4), pa.scalar(None, pa.string())),
                "rendering_npi": identified(s, rendering),
                "start_date": days["start"][0],
                "end_date": pc.coalesce(days["end"][0], days["start"][1]),
                "received_date": days["received"][0],
            }
        )

    def _persons(self, patient: Rows, insured: Rows) -> pa.Array:
        """Identifier of each claim's patient: his number, else the insured's, else a hash of his name."""
        s = self.s
        known = pc.coalesce(element(s, patient, 9), element(s, insured, 9))
        if not known.null_count:
            return known
        last, first = element(s, patient, 3).to_pylist(), element(s, patient, 4).to_pylist()
        result = known.to_pylist()
        for i in np.flatnonzero(np.asarray(pc.is_null(known))).tolist():
            result[i] = person_hash(last[i], first[i]) if last[i] or first[i] else None
        return pa.array(result, pa.string())

    def _services(self) -> pa.Table:
        s, w, rows, notes, which = self.s, self.w, self.services, self.notes, self.s.first_value
        done, sent = service(s.get(rows, 1)), service(s.get(rows, 6))
        is_revenue = pc.fill_null(pc.equal(done.qualifier, "NU"), False)
        reason = "a service that is no CPT or HCPCS code, by its qualifier; hcpcs_code is empty"
        notes.tally(rows[done.foreign & ~np.asarray(is_revenue)], reason, "line_payments")
        own = w.zone == Zone.SERVICE

        def first(tag: str, qualifier: str) -> Rows:
            return self.first_of_line(w.rows(own & (s.tag == pack(tag)) & (which == pack(qualifier))), w.line)

        single, begin, end = first("DTM", "472"), first("DTM", "150"), first("DTM", "151")
        start_row, end_row = np.where(single >= 0, single, begin), np.where(single >= 0, single, end)
        start, range_end = dates(element(s, start_row, 2), start_row, notes, "DTM02", "line_payments")
        last, _ = dates(element(s, end_row, 2), end_row, notes, "DTM02", "line_payments")
        control, allowed = first("REF", "6R"), first("AMT", "B6")
        revenue = pc.if_else(is_revenue, done.value, pa.scalar(None, pa.string()))

        def amount(k: int, scale: int, what: str) -> pa.Array:
            return decimals(s.get(rows, k), scale, rows, notes, ("line_payments", what))

        return pa.table(
            {
                "key": s.key[w.claim[rows]],
                "ordinal": self.ordinal[rows],
                "hcpcs_code": done.code,
                **{f"hcpcs_modifier_{k + 1}": values for k, values in enumerate(done.modifiers)},
                "submitted_hcpcs_code": sent.code,
                **{f"submitted_modifier_{k + 1}": values for k, values in enumerate(sent.modifiers)},
                "revenue_center_code": code(pc.coalesce(s.get(rows, 4), revenue)),
                "charge_amount": amount(2, 2, "SVC02"),
                "paid_amount": amount(3, 2, "SVC03"),
                "service_unit_quantity": amount(5, 3, "SVC05"),
                "submitted_unit_quantity": amount(7, 3, "SVC07"),
                "allowed_amount": decimals(
                    element(s, allowed, 2), 2, allowed, notes, ("line_payments", "AMT02")
                ),
                "start_date": start,
                "end_date": pc.coalesce(last, range_end),
                "control": element(s, control, 2),
            }
        )

    def _adjustments(self) -> pa.Table:
        """Every triplet of every CAS, of the claim as a whole (ordinal 0) or of a service line."""
        s, w = self.s, self.w
        rows = w.rows((s.tag == pack("CAS")) & ((w.zone == Zone.REMIT) | (w.zone == Zone.SERVICE)))
        rows = rows[self.first.of_owner[w.claim[rows]] >= 0]
        found, columns = triplets(s, rows, self.notes)
        owner = np.where(w.line[found] >= 0, w.line[found], w.claim[found])
        return pa.table(
            {
                "key": s.key[w.claim[found]],
                "ordinal": self.ordinal[owner],
                "adjustment_position": positions(owner),
                **columns,
            }
        )

    def _remarks(self) -> pa.Table:
        """Remark codes of lines (LQ*HE) and of claims as a whole (MIA, MOA)."""
        s, w = self.s, self.w
        found, at = [], []
        lines = w.rows((w.zone == Zone.SERVICE) & (s.tag == pack("LQ")) & (s.first_value == pack("HE")))
        claims = w.zone == Zone.REMIT
        for rows, elements in (
            (lines, _LQ_REMARKS),
            (w.rows(claims & (s.tag == pack("MIA"))), _MIA_REMARKS),
            (w.rows(claims & (s.tag == pack("MOA"))), _MOA_REMARKS),
        ):
            for k in elements:
                filled = rows[s.filled(rows, k)]
                found.append(filled)
                at.append(np.full(len(filled), k))
        rows, number = in_order(found, at)
        value = code(s.get(rows, number))
        there = np.asarray(pc.is_valid(value))
        rows, value = rows[there], value.filter(pa.array(there))
        owner = np.where(w.line[rows] >= 0, w.line[rows], w.claim[rows])
        return pa.table(
            {
                "key": s.key[w.claim[rows]],
                "ordinal": self.ordinal[owner],
                "remark_position": positions(owner),
                "rarc": value,
            }
        )

    def _provider_adjustments(self) -> pa.Table:
        s, notes = self.s, self.notes
        rows = self.w.rows((s.tag == pack("PLB")) & (self.w.zone == Zone.PROVIDER))
        found, at = repeated(s, rows, 3, 2)
        fiscal, _ = dates(s.get(found, 2), found, notes, "PLB02", "provider_adjustments")
        reason = components(s.get(found, at))
        return pa.table(
            {
                "key": s.key[found],
                "set_key": s.key[self.w.start[found]],
                "place": at,
                **self._of_payment(found, "payer", "paid_date"),
                "provider_id": s.get(found, 1),
                "fiscal_period_date": fiscal,
                "adjustment_reason_code": code(reason.get(slice(None), 0)),
                "reference_id": reason.get(slice(None), 1),
                "amount": decimals(
                    s.get(found, at + 1), 2, found, notes, ("provider_adjustments", "PLB amount")
                ),
            }
        )
