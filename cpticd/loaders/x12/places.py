"""Where every segment stands (which loop of which transaction set), and whether it may stand there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from cpticd.loaders.x12.cells import Notes
from cpticd.loaders.x12.segments import Mask, Rows, Segments, pack
from cpticd.loaders.x12.splitter import END, MISFIT, SEP


class Kind(IntEnum):
    """What a transaction set is."""

    NONE = 0
    CLAIMS = 1
    REMITTANCE = 2
    FOREIGN = 3


class Zone(IntEnum):
    """The part of a transaction set that a segment stands in."""

    OUTSIDE = 0
    HEAD = 1
    LEVEL = 2
    CLAIM = 3
    OTHER_PAYER = 4
    LINE = 5
    REMIT_HEAD = 6
    REMIT_GROUP = 7
    REMIT = 8
    SERVICE = 9
    PROVIDER = 10
    FOREIGN = 11


_WORDS = {
    Zone.OUTSIDE: "outside of a transaction set",
    Zone.HEAD: "before the first level (HL) of an 837",
    Zone.LEVEL: "before the first claim (CLM) of its level",
    Zone.CLAIM: "in a claim, before its lines and other payers",
    Zone.OTHER_PAYER: "among a claim's other payers",
    Zone.LINE: "in a service line of a claim",
    Zone.REMIT_HEAD: "before the first claim (CLP) of an 835",
    Zone.REMIT_GROUP: "between the claims (CLP) of an 835",
    Zone.REMIT: "in a claim of an 835, before its service lines",
    Zone.SERVICE: "in a service line of an 835",
    Zone.PROVIDER: "after the provider adjustments (PLB) of an 835",
}
_PARTY = "NM1 N2 N3 N4 PER REF PRV"
_CONTROL: Final = ("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1", "ISB", "ISE")
#: Segments of the 837 (professional, institutional, dental; 4010 and 5010) and the 835, by where they may
#: stand.
_ALLOWED: Final = {
    Zone.OUTSIDE: "",
    Zone.HEAD: f"BHT CUR {_PARTY}",
    Zone.LEVEL: f"HL SBR PAT DMG CUR DTP K3 NTE CRC {_PARTY}",
    Zone.CLAIM: "CLM DTP CL1 DN1 DN2 PWK CN1 DSB UR AMT K3 NTE CR1 CR2 CR3 CR4 CR5 CR6 CR7 CR8 CRC HI QTY "
    f"HCP HSD PS1 {_PARTY}",
    Zone.OTHER_PAYER: f"SBR CAS AMT DMG OI MIA MOA DTP HI {_PARTY}",
    Zone.LINE: "LX SV1 SV2 SV3 SV4 SV5 SV6 SV7 TOO PWK CR1 CR3 CR5 CRC DTP QTY MEA CN1 AMT K3 NTE PS1 IMM "
    f"HSD HCP HI DSB LIN CTP SVD CAS LQ FRM {_PARTY}",
    Zone.REMIT_HEAD: "BPR NTE TRN CUR REF DTM N1 N2 N3 N4 PER RDM",
    Zone.REMIT_GROUP: "LX TS3 TS2",
    Zone.REMIT: "CLP CAS NM1 MIA MOA REF DTM PER AMT QTY",
    Zone.SERVICE: "SVC DTM CAS REF AMT QTY LQ PER",
    Zone.PROVIDER: "PLB",
    Zone.FOREIGN: "",
}
_TAGS = np.array(sorted({pack(tag) for tags in _ALLOWED.values() for tag in tags.split()} | {0}), np.int32)
_TABLE = np.zeros((len(_TAGS), len(Zone)), np.bool_)
for _zone, _tags in _ALLOWED.items():
    _TABLE[np.searchsorted(_TAGS, [pack(tag) for tag in _tags.split()]), _zone] = True

_OPENERS = {pack("BHT"): Kind.CLAIMS, pack("HL"): Kind.CLAIMS, pack("CLM"): Kind.CLAIMS}
_OPENERS |= {pack("BPR"): Kind.REMITTANCE, pack("CLP"): Kind.REMITTANCE}
_ISA, _GS, _ST, _SE, _GE, _IEA = (pack(tag) for tag in ("ISA", "GS", "ST", "SE", "GE", "IEA"))
_SETS = {"837": Kind.CLAIMS, "835": Kind.REMITTANCE}


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


@dataclass
class Place:
    """One value per segment of a batch."""

    zone: npt.NDArray[np.uint8]
    start: Rows  # row of the segment that opens the transaction set; -1 outside
    claim: Rows  # row of the CLM or CLP that the segment belongs to; -1 outside
    line: Rows  # row that opens the service line (LX, SV1, SV2, SV3 or SVC); -1 outside
    accepted: Mask
    sets: list[tuple[int, int, Kind]] = field(default_factory=list)

    def rows(self, mask: Mask) -> Rows:
        """Accepted segments where ``mask`` holds."""
        return np.flatnonzero(mask & self.accepted)


class _Reader:
    """Finds the transaction sets of a batch and checks the counts and control numbers of their trailers."""

    def __init__(self, segments: Segments, envelopes: dict[int, Envelope], notes: Notes) -> None:
        self.segments, self.envelopes, self.notes = segments, envelopes, notes
        self.sets: list[tuple[int, int, Kind]] = []
        self.foreign: list[tuple[int, int, str]] = []
        self.state = Envelope()
        self.open: int | None = None  # row where the open set begins in this batch

    def read(self) -> None:
        segments = self.segments
        events = np.flatnonzero(tagged(segments, *_CONTROL)).tolist()
        openers = np.flatnonzero(tagged(segments, "BHT", "HL", "CLM", "BPR", "CLP"))
        stops = np.cumsum(segments.sizes.sum(axis=1)).tolist()
        position = begin = 0
        for part, stop in zip(segments.parts, stops, strict=True):
            self.state = self.envelopes.setdefault(part.source, Envelope())
            self.open = None
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
                self._source_ends(stop - 1)
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
                self.notes.add([row], "an interchange begins before the last one ended (no IEA)")
            state.interchange, state.groups = fields[13], 0
        elif tag == _GS:
            self._close_set(row)
            self._close_group(row)
            state.group, state.sets = fields[6], 0
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
        state.kind = _SETS.get(fields[1], Kind.FOREIGN)
        if not fields[1].isalnum():  # ST01 is missing: the first segment that tells decides
            later = np.flatnonzero(tagged(self.segments, "BHT", "HL", "CLM", "BPR", "CLP")[row:])
            state.kind = _OPENERS[int(self.segments.tag[row + later[0]])] if len(later) else Kind.FOREIGN
        self.open = row

    def _open_without_st(self, row: int, kind: Kind) -> None:
        state = self.state
        if not (state.kind and state.control is None):
            self.notes.add(
                [row], "a transaction set without a header (ST): what it is was told by its content"
            )
        state.kind, state.control, state.number = kind, None, int(self.segments.number[row])
        self.open = row

    def _end(self, stop: int) -> None:
        assert self.open is not None
        self.sets.append((self.open, stop, self.state.kind))
        if self.state.kind == Kind.FOREIGN:
            self.foreign.append((self.open, stop, self.state.name))
        self.open = None

    def _close_set(self, row: int) -> None:
        """The open set ends before ``row`` without a trailer."""
        if self.open is None:
            return
        self._end(row)
        if self.state.control is not None:
            self.notes.add([row], f"transaction set {self.state.control} has no trailer (SE)")
        self.state.kind, self.state.control = Kind.NONE, None

    def _close_group(self, row: int) -> None:
        if self.state.group is not None:
            self.notes.add([row], f"functional group {self.state.group} has no trailer (GE)")
        self.state.group = None

    def _se(self, row: int, fields: list[str]) -> None:
        state = self.state
        if self.open is None:
            self.notes.add([row], "SE closes a transaction set that was never opened", action="rejected")
            return
        if state.control is not None:
            size = int(self.segments.number[row]) - state.number + 1
            self._trailer(row, "SE ST", size, fields, state.control)
        self._end(row + 1)
        state.kind, state.control = Kind.NONE, None

    def _trailer(self, row: int, names: str, found: int, fields: list[str], control: str | None) -> None:
        tag, opener = names.split()
        if control is None:
            self.notes.add([row], f"{tag} closes a {opener} that was never opened", action="rejected")
            return
        said = fields[1].strip()
        if not (said.isascii() and said.isdigit() and int(said[:12]) == found):
            self.notes.add([row], f"{tag}01 says {said[:20] or 'nothing'}, {found} were found")
        if fields[2].strip() != control.strip():
            self.notes.add([row], f"{tag}02 is not the control number of its {opener}: {control[:20]}")

    def _source_ends(self, row: int) -> None:
        state = self.state
        if row < 0:
            return
        if state.kind and state.control is not None:
            self.notes.add([row], f"the source ends inside of transaction set {state.control}: no SE")
        elif state.group is not None:
            self.notes.add([row], f"the source ends inside of functional group {state.group}: no GE")
        elif state.interchange is not None:
            self.notes.add([row], f"the source ends inside of interchange {state.interchange}: no IEA")


def place(segments: Segments, envelopes: dict[int, Envelope], notes: Notes) -> Place:
    """Where every segment of a batch stands; those that cannot stand there are rejected in ``notes``."""
    reader = _Reader(segments, envelopes, notes)
    reader.read()
    start = np.full(segments.size, -1)
    kind = np.zeros(segments.size, np.uint8)
    for first, stop, what in reader.sets:
        start[first:stop] = first
        kind[first:stop] = what
    trailer = segments.tag == _SE
    zone = np.where(kind == Kind.FOREIGN, Zone.FOREIGN, Zone.OUTSIDE).astype(np.uint8)
    found = Place(zone, start, np.full(segments.size, -1), np.full(segments.size, -1), zone == 0, reader.sets)
    _zones_of_claims(segments, found, (kind == Kind.CLAIMS) & ~trailer)
    _zones_of_remittances(segments, found, (kind == Kind.REMITTANCE) & ~trailer)
    _judge(segments, found, notes, reader.foreign)
    return found


def _zones_of_claims(segments: Segments, found: Place, inside: Mask) -> None:
    if not inside.any():
        return
    tag, last, start = segments.tag, segments.last, found.start
    level = last(inside & (tag == pack("HL")))
    claim = last(inside & (tag == pack("CLM")))
    in_claim = inside & (claim >= start) & (claim > level)
    service = in_claim & tagged(segments, "SV1", "SV2", "SV3")
    counter = in_claim & (tag == pack("LX"))
    # A service segment belongs to the LX before it, unless another one has taken that; then it opens a line
    # itself.
    before = np.concatenate([[-1], last(service)[:-1]])
    led = service & (last(counter) > np.maximum(claim, before))
    line = last(counter | (service & ~led))
    other = last(in_claim & (tag == pack("SBR")))
    in_other = in_claim & (other > np.maximum(claim, line))
    in_line = in_claim & (line > np.maximum(claim, other))
    zone = found.zone
    zone[inside] = np.where(level >= start, Zone.LEVEL, Zone.HEAD)[inside]
    zone[in_claim], zone[in_other], zone[in_line] = Zone.CLAIM, Zone.OTHER_PAYER, Zone.LINE
    found.claim[in_claim] = claim[in_claim]
    found.line[in_line] = line[in_line]


def _zones_of_remittances(segments: Segments, found: Place, inside: Mask) -> None:
    if not inside.any():
        return
    tag, last, start = segments.tag, segments.last, found.start
    claim = last(inside & (tag == pack("CLP")))
    group = last(inside & (tag == pack("LX")))
    provider = last(inside & (tag == pack("PLB")))
    in_claim = inside & (claim >= start) & (claim > np.maximum(group, provider))
    service = last(in_claim & (tag == pack("SVC")))
    in_service = in_claim & (service > claim)
    zone = found.zone
    zone[inside] = Zone.REMIT_HEAD
    zone[inside & (group >= start)] = Zone.REMIT_GROUP
    zone[inside & (provider >= start) & (provider > np.maximum(group, claim))] = Zone.PROVIDER
    zone[in_claim], zone[in_service] = Zone.REMIT, Zone.SERVICE
    found.claim[in_claim] = claim[in_claim]
    found.line[in_service] = service[in_service]


def _judge(segments: Segments, found: Place, notes: Notes, foreign: list[tuple[int, int, str]]) -> None:
    """Accept what may stand where it stands, and say of the rest why not."""
    position = np.minimum(np.searchsorted(_TAGS, segments.tag), len(_TAGS) - 1)
    known = (_TAGS[position] == segments.tag) & (segments.tag != 0)
    control = tagged(segments, *_CONTROL) & (found.zone != Zone.FOREIGN)
    found.accepted = (known & _TABLE[position, found.zone]) | control | segments.carried
    if notes.rows:
        found.accepted[[r for r, a in zip(notes.rows, notes.actions, strict=True) if a == "rejected"]] = False
    names = {first: name for first, _, name in foreign}
    said = {row for row, action in zip(notes.rows, notes.actions, strict=True) if action == "rejected"}
    for row in np.flatnonzero(~found.accepted).tolist():
        if row not in said:
            notes.add([row], _why(segments, found, row, names, bool(known[row])), action="rejected")


def _why(segments: Segments, found: Place, row: int, names: dict[int, str], known: bool) -> str:
    raw = segments.raw(row)
    if raw.startswith(MISFIT):
        return raw.split(SEP, 2)[1].decode("utf-8", "replace")
    zone = Zone(int(found.zone[row]))
    if zone == Zone.FOREIGN:
        name = names.get(int(found.start[row]), "")
        return f"transaction set {name or 'without a type'} is neither a claim (837) nor a remittance (835)"
    tag = raw.rstrip(END).split(SEP, 1)[0].decode("utf-8", "replace")[:10]
    if not known:
        return f"{tag or 'an empty identifier'}: not a segment of an 837 or 835"
    return f"{tag} cannot stand {_WORDS[zone]}"
