"""Where every segment stands (which loop of which transaction set), and whether it may stand there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cpticd.loaders.x12.cells import Notes
from cpticd.loaders.x12.envelopes import CONTROL, Closed, Envelope, Kind, SetReader, tagged
from cpticd.loaders.x12.segments import Mask, Rows, Segments, pack, unpack
from cpticd.loaders.x12.splitter import END, MISFIT, SEP

__all__ = ["Kind", "Place", "Zone", "place", "tagged"]


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
    ANSWER_HEAD = 12
    ANSWER = 13
    ENROL_HEAD = 14
    MEMBER = 15
    COVERAGE = 16
    BESIDE_MEMBER = 17


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
    Zone.ANSWER_HEAD: "in an acknowledgement, before the first claim",
    Zone.ANSWER: "in an acknowledgement",
    Zone.ENROL_HEAD: "before the first member (INS) of an 834",
    Zone.MEMBER: "in a member of an 834, before the coverages",
    Zone.COVERAGE: "in a coverage (HD) of an 834",
    Zone.BESIDE_MEMBER: "among the others whom a member of an 834 names",
}
_PARTY = "NM1 N2 N3 N4 PER REF PRV"
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
    Zone.ANSWER_HEAD: f"BHT HL TRN STC QTY AMT DTP {_PARTY}",
    Zone.ANSWER: f"HL TRN STC SVC QTY AMT DTP AK1 AK2 AK3 AK4 AK5 AK9 IK3 IK4 IK5 CTX {_PARTY}",
    Zone.ENROL_HEAD: "BGN REF DTP QTY N1 N2 N3 N4 PER ACT",
    Zone.MEMBER: "INS REF DTP NM1 PER N3 N4 DMG PM EC ICM AMT HLH LUI",
    Zone.COVERAGE: "HD DTP AMT REF IDC",
    Zone.BESIDE_MEMBER: "NM1 N1 N2 N3 N4 PER DMG DSB DTP AD1 LX PLA COB REF LS LE LUI",
}
#: Of these, what tables hold: of all of a kind, or of those with one of some qualifiers. What else may stand there is
#: understood, and left out.
_HELD: Final = {
    Zone.HEAD: "BHT",
    Zone.LEVEL: "HL SBR DMG NM1:85,IL,QC,PR PRV:BI",
    Zone.CLAIM: "CLM CL1 HI DTP:434,472 REF:F8 NM1:77,82 PRV:PE PWK:09",
    Zone.OTHER_PAYER: "SBR CAS HI AMT:D DTP:573 NM1:PR",
    Zone.LINE: "LX SV1 SV2 SV3 HI LIN SVD CAS DTP:472,573 REF:6R NM1:82 PRV:PE",
    Zone.REMIT_HEAD: "BPR TRN DTM:405 N1:PR,PE REF:2U",
    Zone.REMIT_GROUP: "LX",
    Zone.REMIT: "CLP CAS MIA MOA NM1:QC,IL,82 DTM:232,233,050",
    Zone.SERVICE: "SVC CAS DTM:472,150,151 REF:6R AMT:B6 LQ:HE",
    Zone.PROVIDER: "PLB",
    Zone.ANSWER_HEAD: "BHT HL NM1:PR,AY",
    Zone.ANSWER: "HL TRN STC NM1:QC AK1 AK2 AK5 AK9 IK5",
    Zone.ENROL_HEAD: "BGN N1:P5,IN REF:38 DTP:007",
    Zone.MEMBER: "INS DMG N4 NM1:IL,74 REF:0F,F6,23 DTP:356,348,357,349,303,338,339",
    Zone.COVERAGE: "HD DTP:348,349,303 REF:CE",
}
_TAGS = np.array(sorted({pack(tag) for tags in _ALLOWED.values() for tag in tags.split()} | {0}), np.int32)
#: 1 where a segment may stand, 2 where it is held too, 3 where its qualifier decides that.
_TABLE = np.zeros((len(_TAGS), len(Zone)), np.uint8)
_QUALIFIED: set[int] = set()


def _fill() -> None:
    for zone, tags in _ALLOWED.items():
        _TABLE[np.searchsorted(_TAGS, [pack(tag) for tag in tags.split()]), zone] = 1
    for zone, held in _HELD.items():
        for item in held.split():
            tag, _, qualifiers = item.partition(":")
            _TABLE[np.searchsorted(_TAGS, pack(tag)), zone] = 3 if qualifiers else 2
            _QUALIFIED.update(_qualified(zone, pack(tag), pack(q)) for q in qualifiers.split(",") if q)


def _qualified(zone: int, tag: int, qualifier: int) -> int:
    return zone << 48 | tag << 24 | qualifier


_fill()
_QUALIFIED_KEYS = np.array(sorted(_QUALIFIED), np.int64)
_SE = pack("SE")


@dataclass
class Place:
    """One value per segment of a batch."""

    zone: npt.NDArray[np.uint8]
    start: Rows  # row of the segment that opens the transaction set; -1 outside
    claim: Rows  # row of the CLM, CLP or INS that the segment belongs to; -1 outside
    line: Rows  # row that opens the service line (LX, SV1, SV2, SV3 or SVC) or the coverage (HD); -1 outside
    accepted: Mask
    sets: list[tuple[int, int, Kind]] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    #: Accepted segments that no table holds.
    left_out: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))

    def left(self, segments: Segments) -> pa.Table:
        """How many segments are left out, by the key of their transaction set and their identifier, as staged rows."""
        rows = np.flatnonzero(self.left_out & ~segments.carried)
        found, counts = np.unique(self.start[rows] << 24 | segments.tag[rows], return_counts=True)
        return pa.table(
            {
                "key": segments.key[found >> 24],
                "tag": pa.array([unpack(tag) for tag in (found & 0xFFFFFF).tolist()], pa.string()),
                "segments": pa.array(counts, pa.int32()),
            }
        )

    def rows(self, mask: Mask) -> Rows:
        """Accepted segments where ``mask`` holds."""
        return np.flatnonzero(mask & self.accepted)


def place(segments: Segments, envelopes: dict[int, Envelope], notes: Notes) -> Place:
    """Where every segment of a batch stands; those that cannot stand there are rejected in ``notes``."""
    reader = SetReader(segments, envelopes, notes)
    reader.read()
    start = np.full(segments.size, -1)
    kind = np.zeros(segments.size, np.uint8)
    for first, stop, what in reader.sets:
        start[first:stop] = first
        kind[first:stop] = what
    trailer = segments.tag == _SE
    zone = np.where(kind == Kind.FOREIGN, Zone.FOREIGN, Zone.OUTSIDE).astype(np.uint8)
    none = np.full(segments.size, -1)
    found = Place(zone, start, none, none.copy(), zone == 0, reader.sets, reader.closed)
    _zones_of_claims(segments, found, (kind == Kind.CLAIMS) & ~trailer)
    _zones_of_remittances(segments, found, (kind == Kind.REMITTANCE) & ~trailer)
    _zones_of_answers(segments, found, (kind == Kind.ANSWER) & ~trailer)
    _zones_of_enrolments(segments, found, (kind == Kind.ENROLMENT) & ~trailer)
    _judge(segments, found, notes)
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


def _zones_of_answers(segments: Segments, found: Place, inside: Mask) -> None:
    """The head of a 277CA ends where the first patient's level begins; a 999 has none."""
    if not inside.any():
        return
    levels = np.flatnonzero(inside & (segments.tag == pack("HL")))
    patients = np.zeros(segments.size, np.bool_)
    patients[levels[np.asarray(segments.get(levels, 3)) == "PT"]] = True
    claim = segments.last(patients)
    functional = segments.last(inside & tagged(segments, "AK1")) >= found.start
    begun = (claim >= found.start) | functional
    found.zone[inside] = np.where(begun, Zone.ANSWER, Zone.ANSWER_HEAD)[inside]
    found.claim[inside & (claim >= found.start)] = claim[inside & (claim >= found.start)]


def _zones_of_enrolments(segments: Segments, found: Place, inside: Mask) -> None:
    """Others than the member (his employer, school, guardian, doctor, other insurer) have loops of their own."""
    if not inside.any():
        return
    tag, last, start = segments.tag, segments.last, found.start
    member = last(inside & (tag == pack("INS")))
    in_member = inside & (member >= start)
    coverage = last(in_member & (tag == pack("HD")))
    in_coverage = in_member & (coverage > member)
    himself = (tag == pack("NM1")) & np.isin(segments.first_value, (pack("IL"), pack("74")))
    others = last(in_member & ~himself & tagged(segments, "NM1", "DSB", "LX", "COB", "LS"))
    beside = in_member & (others > np.maximum(np.maximum(member, coverage), last(in_member & himself)))
    zone = found.zone
    zone[inside] = Zone.ENROL_HEAD
    zone[in_member], zone[in_coverage], zone[beside] = Zone.MEMBER, Zone.COVERAGE, Zone.BESIDE_MEMBER
    found.claim[in_member] = member[in_member]
    found.line[in_coverage] = coverage[in_coverage]


def _judge(segments: Segments, found: Place, notes: Notes) -> None:
    """Accept what may stand where it stands, and say of the rest why not; a foreign set is told as one."""
    position = np.minimum(np.searchsorted(_TAGS, segments.tag), len(_TAGS) - 1)
    known = (_TAGS[position] == segments.tag) & (segments.tag != 0)
    foreign = found.zone == Zone.FOREIGN
    control = tagged(segments, *CONTROL) & ~foreign
    rank = np.where(known, _TABLE[position, found.zone], 0)
    found.accepted = (rank > 0) | control | segments.carried
    found.left_out = (rank == 1) & ~control
    asked = np.flatnonzero(rank == 3)
    zones, tags = found.zone[asked].astype(np.int64), segments.tag[asked].astype(np.int64)
    keys = zones << 48 | tags << 24 | segments.first_value[asked]
    place = np.minimum(np.searchsorted(_QUALIFIED_KEYS, keys), len(_QUALIFIED_KEYS) - 1)
    found.left_out[asked] = _QUALIFIED_KEYS[place] != keys
    said = {row for row, action in zip(notes.rows, notes.actions, strict=True) if action == "rejected"}
    if said:
        found.accepted[list(said)] = False
        found.left_out[list(said)] = False
    for row in np.flatnonzero(~found.accepted & ~foreign).tolist():
        if row not in said:
            lost = int(segments.tag[row]) in _OF_DOLLARS
            reason = _why(segments, found, row, bool(known[row]))
            notes.add([row], reason, action="rejected", severity="grave" if lost else "warning")


#: Segments that carry claims or dollars; text that is no segment may be one of them.
_OF_DOLLARS: Final = {
    0,
    pack(MISFIT.decode()),
    *(pack(tag) for tag in ["CLM", "SV1", "SV2", "SV3", "CLP", "SVC", "CAS", "PLB", "AMT", "BPR", "SVD"]),
}


def _why(segments: Segments, found: Place, row: int, known: bool) -> str:
    raw = segments.raw(row)
    if raw.startswith(MISFIT):
        return raw.split(SEP, 2)[1].decode("utf-8", "replace")
    zone = Zone(int(found.zone[row]))
    tag = raw.rstrip(END).split(SEP, 1)[0].decode("utf-8", "replace")[:10]
    if not known:
        guides = "834" if zone >= Zone.ENROL_HEAD else "837 or 835"
        return f"{tag or 'an empty identifier'}: not a segment of an {guides}"
    return f"{tag} cannot stand {_WORDS[zone]}"
