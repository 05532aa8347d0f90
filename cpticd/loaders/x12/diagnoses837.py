"""What HI holds: diagnoses, ICD procedures and the diagnosis related group of the claims of a batch."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12 import qualifiers
from cpticd.loaders.x12.cells import code, dates, pick
from cpticd.loaders.x12.loops import explode
from cpticd.loaders.x12.loops837 import Loops837
from cpticd.loaders.x12.segments import Ints, Mask, Rows, Strings, components, pack, places
from cpticd.loaders.x12.splitter import SUB, readable

_DIAGNOSES = tuple(code for codes in qualifiers.DIAGNOSES.values() for code in codes)
#: What may begin a composite of HI whose code is read.
_READ = pa.array([*_DIAGNOSES, *qualifiers.PROCEDURES])
_KNOWN = pa.array([*_DIAGNOSES, *qualifiers.PROCEDURES, *qualifiers.OTHER_LISTS])
#: Kinds of diagnosis that a service line's pointers count.
_POINTED = pa.array([*qualifiers.DIAGNOSES["principal"], *qualifiers.DIAGNOSES["other"]])
_OTHER = pa.array([name for name in qualifiers.OTHER_LISTS if name != "DR"])
_SUB = SUB.decode()
#: How many composites of a batch are noted one by one.
_MANY = 50


class Diagnoses837:
    """Reads the composites of every HI of the claims of one batch, in order.

    Pointers count the principal and the other diagnoses as they were sent, one that cannot be read among them.
    Admitting diagnoses, reasons for a visit and external causes stand behind these.
    """

    def __init__(self, loops: Loops837) -> None:
        self.loops, self.s, self.w, self.notes = loops, loops.s, loops.w, loops.notes
        s, w = self.s, self.w
        rows = w.rows((s.tag == pack("HI")) & loops.is_claim)
        rows = rows[loops.first.of_owner[w.claim[rows]] >= 0]
        which, k, values = explode(s.of(rows), empty=True)
        keep = k > 0
        which, values = which[keep], values.filter(pa.array(keep))
        which, values = self._apart(rows, which, values)
        self.rows = rows[which]  # the segment of each composite
        self.parts = components(values)
        self.qualifier = self.parts.get(slice(None), 0)
        self.value = code(self.parts.get(slice(None), 1))
        self._leave_out(rows)

    def _leave_out(self, rows: Rows) -> None:
        """Composites of other lists are not kept, and a segment that holds nothing else is left out."""
        other = np.asarray(pc.is_in(self.qualifier, value_set=_OTHER))
        if not other.any():
            return
        reason = "HI: codes of other lists (conditions, occurrences, values, treatments) are left out"
        self.notes.tally(self.rows[other], reason, "segments")
        self.w.left_out[np.setdiff1d(rows, self.rows[~other])] = True

    def _apart(self, rows: Rows, which: Rows, values: pa.Array) -> tuple[Rows, pa.Array]:
        """The composites, those apart that a sender has joined into one (``ABK:E119:ABF:I10``)."""
        parts = components(values)
        begins = np.asarray(pc.is_in(parts.flat, value_set=_READ))
        if not begins.size:
            return which, values
        index = np.arange(len(parts.flat)) - np.repeat(parts.first, parts.count) if _dense(parts) else None
        if index is None or not (begins & (index >= 2)).any():
            return which, values
        joined = np.unique(np.repeat(np.arange(len(which)), parts.count)[begins & (index >= 2)])
        reason = "HI: several codes in one composite, read one by one"
        self.notes.add(np.unique(rows[which[joined]]), reason, "diagnoses", "repaired")
        texts = values.to_pylist()
        owners: list[int] = []
        pieces: list[str | None] = []
        marked = set(joined.tolist())
        for place, text in enumerate(texts):
            split = _split(text) if place in marked else [text]
            owners += [int(which[place])] * len(split)
            pieces += split
        return np.array(owners, np.int64), pa.array(pieces, pa.string())

    # -- diagnoses ------------------------------------------------------------------------------------------

    def diagnoses(self) -> tuple[pa.Table, Rows]:
        """The diagnoses, and how many of each claim pointers may count."""
        held = np.asarray(pc.is_in(self.qualifier, value_set=pa.array(_DIAGNOSES)))
        pointed = np.asarray(pc.is_in(self.qualifier, value_set=_POINTED)) | self._unread()
        there = np.asarray(pc.is_valid(self.value))
        self._note(pointed, held & ~there, pointed & ~held)
        chosen = np.flatnonzero(pointed | (held & there))
        order = chosen[self._order(chosen, ~pointed[chosen])]
        owner = self.w.claim[self.rows[order]]
        position = places(owner)
        read = there[order] & held[order]
        order, owner, position = order[read], owner[read], position[read]
        qualifier = self.qualifier.take(pa.array(order))
        new = pc.equal(pc.utf8_slice_codeunits(qualifier, 0, 1), "A")
        table = pa.table(
            {
                "key": self.s.key[owner],
                "diagnosis_position": position,
                "diagnosis_code": self.value.take(pa.array(order)),
                "diagnosis_code_type": pc.if_else(new, "icd-10-cm", "icd-9-cm"),
                "diagnosis_kind": qualifiers.diagnosis_kinds(qualifier),
                "present_on_admission_code": code(self.parts.get(order, 8)),
            }
        )
        mine = self.loops.first.of_owner[self.w.claim[self.rows[pointed]]]
        return table, np.bincount(mine, minlength=len(self.loops.claims))

    def _unread(self) -> Mask:
        """Composites that are no known one, in a segment of diagnoses: they keep the place of a diagnosis."""
        known = np.asarray(pc.is_in(self.qualifier, value_set=_KNOWN))
        if known.all():
            return ~known
        first = np.searchsorted(self.rows, self.rows)  # the first composite of the same segment
        listed = np.asarray(pc.is_in(self.qualifier, value_set=_POINTED))
        other = known & ~listed
        led = np.zeros(
            len(known), np.bool_
        )  # whether the segment holds diagnoses that are pointed to, or nothing known
        np.logical_or.at(led, first, listed)
        lists = np.zeros(len(known), np.bool_)
        np.logical_or.at(lists, first, other)
        # Blank elements at the end of a segment are none.
        filled = np.asarray(pc.is_valid(self.parts.get(slice(None), 0))) | (self.parts.count > 1)
        last = np.zeros(len(known), np.int64)
        np.maximum.at(last, first, np.where(filled, np.arange(len(known)), -1))
        inside = np.arange(len(known)) <= last[first]
        return ~known & inside & (led[first] | ~lists[first])

    def _note(self, pointed: Mask, blank: Mask, unread: Mask) -> None:
        """Say which composites were not read."""
        reason = "HI: a diagnosis qualifier without a code"
        kept = f"{reason}; it keeps its place"
        self.notes.add(self.rows[blank & ~pointed], reason, "diagnoses", severity="warning")
        self.notes.add(self.rows[blank & pointed], kept, "diagnoses", severity="warning")
        unreadable = np.flatnonzero(unread)
        reason = "HI: more composites that cannot be read, and keep their places"
        self.notes.tally(self.rows[unreadable[_MANY:]], reason, "diagnoses", "warning")
        for place in unreadable[:_MANY].tolist():
            first, count = int(self.parts.first[place]), int(self.parts.count[place])
            text = _SUB.join(part or "" for part in self.parts.flat.slice(first, count).to_pylist())
            shown = readable(text.encode())[:60] or "an empty one"
            reason = f"HI: a composite that cannot be read keeps its place: {shown}"
            self.notes.add([int(self.rows[place])], reason, "diagnoses", severity="warning")

    def _order(self, chosen: Rows, behind: Mask) -> Rows:
        """As sent; on institutional claims principal first, then others; those that no pointer counts ``behind``."""
        principal = self._leads(chosen, qualifiers.DIAGNOSES["principal"])
        claim = self.loops.first.of_owner[self.w.claim[self.rows[chosen]]]
        rank = np.where(behind, 2, np.where(self.loops.institutional[claim] & ~principal, 1, 0))
        return np.lexsort((np.arange(len(chosen)), rank, claim))

    def _leads(self, chosen: Rows, names: tuple[str, ...]) -> Mask:
        return np.asarray(pc.is_in(self.qualifier.take(pa.array(chosen)), value_set=pa.array(names)))

    # -- procedures and groups ------------------------------------------------------------------------------

    def procedures(self) -> pa.Table:
        there = pc.is_in(self.qualifier, value_set=pa.array(qualifiers.PROCEDURES))
        chosen = np.flatnonzero(np.asarray(pc.and_(there, pc.is_valid(self.value))))
        principal = self._leads(chosen, qualifiers.PRINCIPAL_PROCEDURES)
        claim = self.loops.first.of_owner[self.w.claim[self.rows[chosen]]]
        rank = np.where(self.loops.institutional[claim] & ~principal, 1, 0)
        order = chosen[np.lexsort((np.arange(len(chosen)), rank, claim))]
        rows = self.rows[order]
        owner = self.w.claim[rows]
        done, _ = dates(self.parts.get(order, 3), rows, self.notes, "HI: procedure date", "procedures")
        new = pc.equal(pc.utf8_slice_codeunits(self.qualifier.take(pa.array(order)), 0, 2), "BB")
        return pa.table(
            {
                "key": self.s.key[owner],
                "procedure_position": places(owner),
                "procedure_code": self.value.take(pa.array(order)),
                "procedure_code_type": pc.if_else(new, "icd-10-pcs", "icd-9-pcs"),
                "procedure_date": done,
            }
        )

    def drg(self) -> pa.Array:
        """The diagnosis related group of each claim, three digits or more; null where none was sent."""
        found = np.full(len(self.loops.claims), -1)
        chosen = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(self.qualifier, "DR"), False)))[::-1]
        found[self.loops.first.of_owner[self.w.claim[self.rows[chosen]]]] = chosen
        return pc.utf8_lpad(pick(self.value, found), 3, "0")


def _dense(parts: Strings) -> bool:
    """Whether the parts of all strings stand one after the other in the flat array, from its beginning."""
    stops: Ints | Rows = np.cumsum(parts.count)
    return len(parts.flat) == (int(stops[-1]) if len(stops) else 0)


def _split(text: str) -> list[str | None]:
    """The composites that were joined into one: each begins with a qualifier whose code is read."""
    names = set(_READ.to_pylist())
    pieces: list[list[str]] = []
    for place, part in enumerate(text.split(_SUB)):
        if not pieces or (part in names and place >= 2):
            pieces.append([])
        pieces[-1].append(part)
    return [_SUB.join(piece) for piece in pieces]
