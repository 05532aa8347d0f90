"""The envelopes of a source: interchanges, groups and transaction sets, and whether their trailers agree with them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np

from cpticd.loaders.x12.cells import Notes
from cpticd.loaders.x12.segments import SOURCE_SHIFT, Mask, Rows, Segments, pack
from cpticd.loaders.x12.splitter import END, SEP

#: Segments that hold no data of a transaction set.
CONTROL: Final = ("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1", "ISB", "ISE")


class Kind(IntEnum):
    """What a transaction set is."""

    NONE = 0
    CLAIMS = 1
    REMITTANCE = 2
    FOREIGN = 3
    ANSWER = 4  # to claims or sets that were sent: 277CA, 999, 997
    ENROLMENT = 5


_OPENERS = {pack("BHT"): Kind.CLAIMS, pack("HL"): Kind.CLAIMS, pack("CLM"): Kind.CLAIMS}
_OPENERS |= {pack("BPR"): Kind.REMITTANCE, pack("CLP"): Kind.REMITTANCE, pack("BGN"): Kind.ENROLMENT}
_OPENING = ("BHT", "HL", "CLM", "BPR", "CLP", "BGN")
_ISA, _GS, _ST, _SE, _GE, _IEA = (pack(tag) for tag in ("ISA", "GS", "ST", "SE", "GE", "IEA"))
_SETS = {
    "837": Kind.CLAIMS,
    "835": Kind.REMITTANCE,
    "999": Kind.ANSWER,
    "997": Kind.ANSWER,
    "834": Kind.ENROLMENT,
}
_NAMES = {Kind.CLAIMS: "837", Kind.REMITTANCE: "835", Kind.ENROLMENT: "834"}
#: Guides of the 277 that acknowledges claims; other 277s answer questions about their status.
_ACKNOWLEDGES = re.compile("X(214|167)")


def tagged(segments: Segments, *identifiers: str) -> Mask:
    """Which segments have one of ``identifiers``."""
    mask = np.zeros(segments.size, np.bool_)
    for identifier in identifiers:
        mask |= segments.tag == pack(identifier)
    return mask


@dataclass
class Envelope:
    """What is open at some point of a source: interchange, group, transaction set; kept between batches."""

    interchange: str | None = None  # control number
    groups: int = 0
    group: str | None = None
    sets: int = 0
    kind: Kind = Kind.NONE
    control: str | None = None  # of the open set; None where it began without an ST
    number: int = 0  # of the ST segment
    name: str = ""  # ST01
    version: str = ""  # GS08
    segments: int = 0  # of the open set, so far
    digest: Any = None  # hash of what stands between its ST and SE, so far


@dataclass(frozen=True)
class Closed:
    """One transaction set that has ended."""

    key: int
    kind: str  # 837, 835, 277CA, 999; what ST01 says of others
    what: Kind
    interchange: str | None  # ISA13
    group_control: str | None  # GS06
    set_control: str | None  # ST02
    digest: str
    segments: int  # ST and SE among them


class SetReader:
    """Finds the transaction sets of a batch and checks the counts and control numbers of their trailers."""

    def __init__(self, segments: Segments, envelopes: dict[int, Envelope], notes: Notes) -> None:
        self.segments, self.envelopes, self.notes = segments, envelopes, notes
        self.sets: list[tuple[int, int, Kind]] = []
        self.closed: list[Closed] = []
        self.state = Envelope()
        self.open: int | None = None  # row where the open set begins in this batch
        self.own = 0  # row where what was not carried begins, of the source that is read

    def read(self) -> None:
        segments = self.segments
        events = np.flatnonzero(tagged(segments, *CONTROL)).tolist()
        openers = np.flatnonzero(tagged(segments, *_OPENING))
        stops = np.cumsum(segments.sizes.sum(axis=1)).tolist()
        position = begin = 0
        carried = segments.sizes[:, 0].tolist()
        for part, stop, before in zip(segments.parts, stops, carried, strict=True):
            self.state = self.envelopes.setdefault(part.source, Envelope())
            self.open, self.own = None, begin + before
            while position < len(events) and events[position] < stop:
                self._gap(openers, begin, events[position])
                self._event(events[position])
                begin = events[position] + 1
                position += 1
            self._gap(openers, begin, stop)
            begin = stop
            if self.open is not None:
                self._end(stop)
            if part.closes:
                self._source_ends(part.source, stop - 1)
                self.envelopes.pop(part.source, None)

    def _gap(self, openers: Rows, begin: int, stop: int) -> None:
        """Where no set is open between two control segments, a segment that shows its kind opens one."""
        if self.open is not None:
            return
        at = int(np.searchsorted(openers, begin))
        if at < len(openers) and openers[at] < stop:
            row = int(openers[at])
            if self.segments.carried[row]:
                self.open = row if self.state.kind else None
            else:
                self._open_without_st(row, _OPENERS[int(self.segments.tag[row])])

    def _event(self, row: int) -> None:
        tag = int(self.segments.tag[row])
        if self.segments.carried[row]:
            if tag == _ST:
                self.open = row
            return
        fields = self.segments.raw(row).rstrip(END).decode("utf-8", "replace").split(SEP.decode())
        fields += [""] * (17 - len(fields))
        state = self.state
        if tag == _ISA:
            self._close_set(row)
            self._close_group(row)
            if state.interchange is not None:
                reason = "an interchange begins before the last one ended (no IEA)"
                self.notes.add([row], reason, severity="warning")
            state.interchange, state.groups = fields[13], 0
        elif tag == _GS:
            self._close_set(row)
            self._close_group(row)
            state.group, state.sets, state.version = fields[6], 0, fields[8]
            state.groups += 1
        elif tag == _ST:
            self._close_set(row)
            self._open(row, fields)
        elif tag == _SE:
            self._se(row, fields)
        elif tag == _GE:
            self._close_set(row)
            self._trailer(row, "GE GS", state.sets, fields, state.group)
            state.group = None
        elif tag == _IEA:
            self._close_set(row)
            self._close_group(row)
            self._trailer(row, "IEA ISA", state.groups, fields, state.interchange)
            state.interchange = None

    def _open(self, row: int, fields: list[str]) -> None:
        state = self.state
        state.sets += 1
        state.control, state.number, state.name = fields[2], int(self.segments.number[row]), fields[1]
        state.segments, state.digest = 0, None
        state.kind = _SETS.get(fields[1], Kind.FOREIGN)
        if fields[1] == "277" and self._acknowledges(row, fields[3]):
            state.kind, state.name = Kind.ANSWER, "277CA"
        if not fields[1].isalnum():  # ST01 is missing: the first segment that tells decides
            later = np.flatnonzero(tagged(self.segments, *_OPENING)[row:])
            state.kind = _OPENERS[int(self.segments.tag[row + later[0]])] if len(later) else Kind.FOREIGN
        self.open = row

    def _acknowledges(self, row: int, guide: str) -> bool:
        """Whether a 277 acknowledges claims: by the guide that it names, else by the purpose in its BHT."""
        if guide := guide or (self.state.version if "X" in self.state.version else ""):
            return bool(_ACKNOWLEDGES.search(guide))
        begun = np.flatnonzero(self.segments.tag[row : row + 5] == pack("BHT"))
        return bool(len(begun)) and self.segments.get(begun[:1] + row, 6).to_pylist() == ["TH"]

    def _open_without_st(self, row: int, kind: Kind) -> None:
        state = self.state
        if not (state.kind and state.control is None):
            self.notes.add(
                [row], "a transaction set without a header (ST): what it is was told by its content"
            )
        else:
            self._finish(row)  # another kind of segment after the end of a set that had no header
        state.kind, state.control, state.number = kind, None, int(self.segments.number[row])
        state.name, state.segments, state.digest = "", 0, None
        self.open = row

    def _end(self, stop: int, *, trailer: int = 0) -> None:
        """The open set goes on to row ``stop`` in this batch, the last ``trailer`` of its rows being its SE."""
        assert self.open is not None
        state, segments = self.state, self.segments
        self.sets.append((self.open, stop, state.kind))
        first = max(self.open, self.own)
        state.segments += stop - first
        if state.control is not None and first == self.open:
            first += 1  # the ST, whose number differs from copy to copy
        if first < stop - trailer:
            state.digest = state.digest or hashlib.sha256()
            begin, end = int(segments.start[first]), int(segments.stop[stop - trailer - 1])
            state.digest.update(memoryview(segments.text)[begin:end])
        self.open = None

    def _finish(self, row: int) -> None:
        """The set that was open has ended."""
        state = self.state
        if state.kind:
            source = int(self.segments.source[row]) if self.segments.size else 0
            name = _NAMES.get(state.kind, state.name)
            digest = (state.digest or hashlib.sha256()).hexdigest()[:32]
            key = source << SOURCE_SHIFT | state.number
            self.closed.append(
                Closed(
                    key,
                    name,
                    state.kind,
                    state.interchange,
                    state.group,
                    state.control,
                    digest,
                    state.segments,
                )
            )
        state.kind, state.control = Kind.NONE, None

    def _close_set(self, row: int) -> None:
        """The open set ends before ``row`` without a trailer."""
        if self.open is None:
            return
        self._end(row)
        if self.state.control is not None:
            reason = f"transaction set {self.state.control} has no trailer (SE)"
            self.notes.add([row], reason, severity="warning")
        self._finish(row)

    def _close_group(self, row: int) -> None:
        if self.state.group is not None:
            reason = f"functional group {self.state.group} has no trailer (GE)"
            self.notes.add([row], reason, severity="warning")
        self.state.group = None

    def _se(self, row: int, fields: list[str]) -> None:
        state = self.state
        if self.open is None:
            self.notes.add(
                [row],
                "SE closes a transaction set that was never opened",
                action="rejected",
                severity="warning",
            )
            return
        if state.control is not None:
            size = int(self.segments.number[row]) - state.number + 1
            self._trailer(row, "SE ST", size, fields, state.control)
        self._end(row + 1, trailer=1)
        self._finish(row)

    def _trailer(self, row: int, names: str, found: int, fields: list[str], control: str | None) -> None:
        tag, opener = names.split()
        if control is None:
            self.notes.add(
                [row], f"{tag} closes a {opener} that was never opened", action="rejected", severity="warning"
            )
            return
        said = fields[1].strip()
        if not (said.isascii() and said.isdigit() and int(said[:12]) == found):
            reason = f"{tag}01 says {said[:20] or 'nothing'}, {found} were found"
            self.notes.add([row], reason, severity="warning")
        if fields[2].strip() != control.strip():
            reason = f"{tag}02 is not the control number of its {opener}: {control[:20]}"
            self.notes.add([row], reason, severity="warning")

    def _source_ends(self, source: int, row: int) -> None:
        state = self.state
        if row < 0 or self.segments.source[row] != source:
            return
        if state.kind and state.control is not None:
            reason = f"the source ends inside of transaction set {state.control}: no SE"
            self.notes.add([row], reason, severity="grave")
        elif state.group is not None:
            reason = f"the source ends inside of functional group {state.group}: no GE"
            self.notes.add([row], reason, severity="warning")
        elif state.interchange is not None:
            reason = f"the source ends inside of interchange {state.interchange}: no IEA"
            self.notes.add([row], reason, severity="warning")
        self._finish(row)
