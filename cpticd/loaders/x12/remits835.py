"""Adjudications, service lines, adjustments, remarks and provider adjustments of the 835s of a batch.

Mapping (implementation guide 005010X221 and its 4010 forerunner; our own words). The allowed amount is what
the payer states (AMT*B6); where he does not, it is left empty: what was paid plus the patient's share
follows from the adjustments, and which of those are a share and which a denial is not for a loader to say.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12.cells import Notes, code, dates, decimals, service
from cpticd.loaders.x12.claims837 import First, element, identified, person_hash
from cpticd.loaders.x12.places import Place, Zone
from cpticd.loaders.x12.segments import Ints, Mask, Rows, Segments, components, pack, places

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
        self.in_head = where.accepted & (zone == Zone.REMIT_HEAD)

    def tables(self) -> dict[str, pa.Table]:
        tables = {}
        if len(self.remits):
            tables = {
                "remits": self._remits(),
                "services": self._services(),
                "adjustments": self._adjustments(),
                "remarks": self._remarks(),
            }
        provider = self._provider_adjustments()
        if provider.num_rows:
            tables["provider_adjustments"] = provider
        return tables

    def _head(self, mask: Mask, rows: Rows) -> Rows:
        """The last header segment of a kind in the set of each of ``rows``; -1 where there is none."""
        found = self.s.last(mask & self.in_head)[rows]
        return np.where(found >= np.maximum(self.w.start[rows], 0), found, -1)

    def _payer_and_date(self, rows: Rows) -> tuple[pa.Array, pa.Array]:
        s, which = self.s, self.s.first_value
        payer = self._head((s.tag == pack("N1")) & (which == pack("PR")), rows)
        produced = self._head((s.tag == pack("DTM")) & (which == pack("405")), rows)
        payment = self._head(s.tag == pack("BPR"), rows)
        day, _ = dates(element(s, produced, 2), produced, self.notes, "DTM02", "adjudications")
        effective, _ = dates(element(s, payment, 16), payment, self.notes, "BPR16", "adjudications")
        return pc.coalesce(element(s, payer, 2), element(s, payer, 4)), pc.coalesce(day, effective)

    def _remits(self) -> pa.Table:
        s, w, remits, notes, which = self.s, self.w, self.remits, self.notes, self.s.first_value
        payer, paid_date = self._payer_and_date(remits)
        payee = self._head((s.tag == pack("N1")) & (which == pack("PE")), remits)
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
                "payer": payer,
                "paid_date": paid_date,
                "claim_status_code": code(s.get(remits, 2)),
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
        own = w.zone == Zone.SERVICE

        def first(tag: str, qualifier: str) -> Rows:
            return self.first_of_line(w.rows(own & (s.tag == pack(tag)) & (which == pack(qualifier))), w.line)

        single, begin, end = first("DTM", "472"), first("DTM", "150"), first("DTM", "151")
        start_row, end_row = np.where(single >= 0, single, begin), np.where(single >= 0, single, end)
        start, range_end = dates(element(s, start_row, 2), start_row, notes, "DTM02", "line_payments")
        last, _ = dates(element(s, end_row, 2), end_row, notes, "DTM02", "line_payments")
        control, allowed = first("REF", "6R"), first("AMT", "B6")
        is_revenue = pc.fill_null(pc.equal(done.qualifier, "NU"), False)
        revenue = pc.if_else(
            is_revenue, components(s.get(rows, 1)).get(slice(None), 1), pa.scalar(None, pa.string())
        )

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
        """Every triplet of every CAS; empty quantities and groups are kept, an empty triplet is none."""
        s, w = self.s, self.w
        rows = w.rows((s.tag == pack("CAS")) & ((w.zone == Zone.REMIT) | (w.zone == Zone.SERVICE)))
        rows = rows[self.first.of_owner[w.claim[rows]] >= 0]
        found, at = self._repeated(rows, 2, 3)
        owner = np.where(w.line[found] >= 0, w.line[found], w.claim[found])
        self.notes.add(found[~s.filled(found, at)], "CAS: an amount without a reason code", "adjustments")
        return pa.table(
            {
                "key": s.key[w.claim[found]],
                "ordinal": self.ordinal[owner],
                "adjustment_position": self._positions(owner),
                "group_code": code(s.get(found, 1)),
                "carc": code(s.get(found, at)),
                "amount": decimals(s.get(found, at + 1), 2, found, self.notes, ("adjustments", "CAS amount")),
                "quantity": decimals(
                    s.get(found, at + 2), 3, found, self.notes, ("adjustments", "CAS quantity")
                ),
            }
        )

    def _repeated(self, rows: Rows, first: int, step: int) -> tuple[Rows, Ints]:
        """Groups of elements that repeat from element ``first`` on: segment and first element of each.

        A group of which the first two elements are empty is none.
        """
        s = self.s
        most = int(s.count[rows].max()) if len(rows) else 0
        which, at = [], []
        for k in range(first, most, step):
            filled = rows[s.filled(rows, k) | s.filled(rows, k + 1)]
            which.append(filled)
            at.append(np.full(len(filled), k))
        return _in_order(which, at)

    @staticmethod
    def _positions(owner: Rows) -> Ints:
        """1, 2, 3… within each claim or line, whether or not its segments stand together."""
        order = np.argsort(owner, kind="stable")
        position = np.zeros(len(owner), np.int32)
        position[order] = places(owner[order])
        return position

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
        rows, number = _in_order(found, at)
        value = code(s.get(rows, number))
        there = np.asarray(pc.is_valid(value))
        rows, value = rows[there], value.filter(pa.array(there))
        owner = np.where(w.line[rows] >= 0, w.line[rows], w.claim[rows])
        return pa.table(
            {
                "key": s.key[w.claim[rows]],
                "ordinal": self.ordinal[owner],
                "remark_position": self._positions(owner),
                "rarc": value,
            }
        )

    def _provider_adjustments(self) -> pa.Table:
        s, notes = self.s, self.notes
        rows = self.w.rows((s.tag == pack("PLB")) & (self.w.zone == Zone.PROVIDER))
        found, at = self._repeated(rows, 3, 2)
        payer, paid_date = self._payer_and_date(found)
        fiscal, _ = dates(s.get(found, 2), found, notes, "PLB02", "provider_adjustments")
        reason = components(s.get(found, at))
        return pa.table(
            {
                "key": s.key[found],
                "place": at,
                "payer": payer,
                "paid_date": paid_date,
                "provider_id": s.get(found, 1),
                "fiscal_period_date": fiscal,
                "adjustment_reason_code": code(reason.get(slice(None), 0)),
                "reference_id": reason.get(slice(None), 1),
                "amount": decimals(
                    s.get(found, at + 1), 2, found, notes, ("provider_adjustments", "PLB amount")
                ),
            }
        )


def _in_order(rows: list[Rows], elements: list[Rows]) -> tuple[Rows, Ints]:
    """Segments and the elements meant in them, in the order in which they stand in the file."""
    which = np.concatenate([np.zeros(0, np.int64), *rows])
    element_number = np.concatenate([np.zeros(0, np.int64), *elements])
    order = np.lexsort((element_number, which))
    return which[order], element_number[order].astype(np.int32)
