"""Service lines of the 837s of a batch, and the diagnoses that they point to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12.cells import Service, code, dates, decimals, integers, pick, service
from cpticd.loaders.x12.loops import element, explode, identified
from cpticd.loaders.x12.loops837 import Loops837
from cpticd.loaders.x12.places import Zone
from cpticd.loaders.x12.qualifiers import COUNTED
from cpticd.loaders.x12.segments import Mask, Rows, components, pack, places

_LETTERS = pa.array(list("ABCDEFGHIJKL"))
_NOTHING = pa.scalar(None, pa.string())
#: A drug code with hyphens: labeler, product and package, of which one lacks its leading zero.
_HYPHENS = r"^(?P<a>[0-9]{4,5})-(?P<b>[0-9]{3,4})-(?P<c>[0-9]{1,2})$"


class Lines837:
    """Reads the service lines of the claims of one batch."""

    def __init__(self, loops: Loops837) -> None:
        self.loops, self.s, self.w, self.notes = loops, loops.s, loops.w, loops.notes
        self.kind = self.s.tag[loops.lines]

    def lines(self) -> pa.Table:
        s, w, lines, notes = self.s, self.w, self.loops.lines, self.notes
        hospital, dental = self.kind == pack("SV2"), self.kind == pack("SV3")
        done = service(s.get(lines, np.where(hospital, 2, 1)))
        served, numbered = self._first("DTP", "472"), self._first("REF", "6R")
        owner = w.claim[lines]
        npi, taxonomy = self._rendering(owner)
        start, end = dates(element(s, served, 3), served, notes, "DTP03", "lines")
        counter = np.where(self.loops.opens != lines, self.loops.opens, -1)
        place_of_service = s.get(lines, np.where(dental, 3, 5))
        empty = np.setdiff1d(np.flatnonzero(self.loops.in_line & (s.tag == pack("LX"))), self.loops.opens)
        reason = "a service line (LX) without a service (SV1, SV2, SV3)"
        notes.add(empty, reason, "lines", severity="warning")
        columns = {
            "key": s.key[owner],
            "line": places(owner),
            "start_date": start,
            "end_date": end,
            "hcpcs_code": done.code,
            **{f"hcpcs_modifier_{k + 1}": values for k, values in enumerate(done.modifiers)},
            "revenue_center_code": pc.if_else(pa.array(hospital), code(s.get(lines, 1)), _NOTHING),
            **self._quantity(hospital, dental),
            "ndc_code": self._drugs(done),
            "place_of_service_code": pc.if_else(pa.array(hospital), _NOTHING, code(place_of_service)),
            "rendering_npi": npi,
            "rendering_taxonomy": taxonomy,
            "charge_amount": decimals(
                s.get(lines, np.where(hospital, 3, 2)), 2, lines, notes, ("lines", "charge")
            ),
            "control": element(s, numbered, 2),
            "counter": element(s, counter, 1),
        }
        return pa.table(columns)

    def _first(self, tag: str, which: str) -> Rows:
        """The first segment of a kind in each line; -1 where there is none."""
        mask = self.loops.in_line & (self.s.tag == pack(tag)) & (self.s.first_value == pack(which))
        return self.loops.first_of_line(np.flatnonzero(mask), self.w.line)

    def _quantity(self, hospital: Mask, dental: Mask) -> dict[str, pa.Array]:
        """Unit of measure, and the quantity where it counts services; minutes and doses are no units of service."""
        s, lines = self.s, self.loops.lines
        at = np.where(hospital, 5, np.where(dental, 6, 4))
        quantity = decimals(s.get(lines, at), 3, lines, self.notes, ("lines", "units"))
        # SV306 counts procedures; SV305 is no unit.
        unit = code(pc.if_else(pa.array(dental), _NOTHING, s.get(lines, at - 1)))
        counts = pc.or_(pc.is_in(unit, value_set=pa.array(COUNTED)), pc.is_null(unit))
        if not pc.all(counts).as_py():
            reason = "a quantity of minutes or doses counts no units of service and is left empty: see unit_of_measure"
            dropped = pc.and_(pc.invert(counts), pc.is_valid(quantity))
            self.notes.tally(lines[np.asarray(dropped)], reason, "lines")
            quantity = pc.if_else(counts, quantity, pa.scalar(None, quantity.type))
        return {"service_unit_quantity": quantity, "unit_of_measure": unit}

    def _drugs(self, done: Service) -> pa.Array:
        """National Drug Code of each line in eleven digits: LIN03, else the service's own where it is one (N4)."""
        s, lines = self.s, self.loops.lines
        is_drug = pc.fill_null(pc.equal(done.qualifier, "N4"), False)
        other = done.foreign & ~np.asarray(is_drug)
        reason = "a service that is no CPT or HCPCS code, by its qualifier; hcpcs_code is empty"
        self.notes.tally(lines[other], reason, "lines")
        rows = np.flatnonzero(self.loops.in_line & (s.tag == pack("LIN")))
        if not len(rows) and not pc.any(is_drug).as_py():
            return pa.nulls(len(lines), pa.string())
        national = np.asarray(pc.fill_null(pc.equal(s.get(rows, 2), "N4"), False))
        self.w.left_out[rows[~national]] = True
        rows = rows[national]
        given = self.loops.first_of_line(rows, self.w.line)
        raw = pc.coalesce(element(s, given, 3), pc.if_else(is_drug, done.value, _NOTHING))
        found = drug_codes(raw)
        lost = np.asarray(pc.and_(pc.is_valid(raw), pc.is_null(found)))
        reason = "a drug code that has not eleven digits; ndc_code is empty"
        self.notes.tally(np.where(given >= 0, given, lines)[lost], reason, "lines", "warning")
        return found

    def _rendering(self, owner: Rows) -> tuple[pa.Array, pa.Array]:
        """NPI and taxonomy of each line's rendering provider: its own, else the claim's."""
        s, w = self.s, self.w
        found = []
        for tag, which in (("NM1", "82"), ("PRV", "PE")):
            mask = (s.tag == pack(tag)) & (s.first_value == pack(which))
            of_line = self.loops.first_of_line(np.flatnonzero(self.loops.in_line & mask), w.line)
            of_claim = self.loops.first(w.rows((w.zone == Zone.CLAIM) & mask), w.claim)
            read = (lambda rows: identified(s, rows)) if tag == "NM1" else (lambda rows: element(s, rows, 3))
            found.append(pc.coalesce(read(of_line), pick(read(of_claim), self.loops.first.of_owner[owner])))
        return found[0], code(found[1])

    def pointers(self, diagnoses: Rows) -> pa.Table:
        """Pointers of professional lines; those past the claim's ``diagnoses`` (how many) are kept and noted."""
        s, w, loops = self.s, self.w, self.loops
        own = self.kind == pack("SV1")
        lines = loops.lines[own]
        number = places(w.claim[loops.lines])[own]
        which, k, values = explode(components(s.get(lines, 7)))
        position, good = integers(values)
        if not good.all():  # the paper form's letters, A for 1
            letters = np.asarray(pc.fill_null(pc.index_in(pc.utf8_upper(values), value_set=_LETTERS), -1))
            position, good = np.where(good, position, letters + 1), good | (letters >= 0)
        reason = "SV107: a diagnosis pointer that is no number"
        self.notes.add(lines[which[~good]], reason, "pointers", severity="warning")
        which, k, position = which[good], k[good], position[good]
        owner = w.claim[lines[which]]
        past = (position > diagnoses[loops.first.of_owner[owner]]) | (position < 1)
        reason = "SV107: points to a diagnosis that the claim does not have; kept"
        self.notes.add(np.unique(lines[which[past]]), reason, "pointers", severity="warning")
        keys = owner.astype(np.int64) << 20 | number[which]
        return pa.table(
            {
                "key": s.key[owner],
                "line": number[which],
                "pointer_position": places(keys),
                "diagnosis_position": position.astype(np.int32),
            }
        )


def drug_codes(raw: pa.Array) -> pa.Array:
    """National Drug Codes in eleven digits (5-4-2); null for what is none."""
    split = pc.extract_regex(raw, _HYPHENS)
    parts = [
        pc.utf8_lpad(pc.struct_field(split, name), width, "0")
        for name, width in (("a", 5), ("b", 4), ("c", 2))
    ]
    plain = pc.coalesce(pc.binary_join_element_wise(*parts, ""), raw)
    return pc.if_else(pc.match_substring_regex(plain, "^[0-9]{11}$"), plain, _NOTHING)
