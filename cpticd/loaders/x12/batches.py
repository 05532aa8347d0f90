"""Sources into staged tables: blocks are cut into segments, segments gathered into batches, batches mapped.

A batch ends where a claim, a level or a transaction set begins, so memory is bounded by the batch and by
one claim, whatever the size of a file or of a transaction set. The loops that are open there (set header,
billing provider, subscriber, patient) are carried into the next batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.errors import InputError
from cpticd.loaders.x12.acknowledgements import Acknowledgements
from cpticd.loaders.x12.cells import Notes, Tallies, merge
from cpticd.loaders.x12.claims837 import Claims837
from cpticd.loaders.x12.enrolments834 import Enrolments834
from cpticd.loaders.x12.envelopes import Closed
from cpticd.loaders.x12.places import Envelope, Kind, Place, Zone, place
from cpticd.loaders.x12.remits835 import Remits835
from cpticd.loaders.x12.segments import SOURCE_SHIFT, Part, Rows, Segments, pack
from cpticd.loaders.x12.splitter import END, SEP, Splitter
from cpticd.loaders.x12.spool import STAGED, Spool

#: Bytes of canonical segments that are mapped at a time.
BATCH: Final = 2 << 20
#: Bytes after which a batch ends even in the middle of a claim.
MAX_BATCH: Final = 32 << 20

#: Bytes before the end of a batch among which its last claim commonly begins.
_NEAR: Final = 1 << 16
_BOUNDARIES = tuple(END + tag + SEP for tag in (b"CLM", b"CLP", b"HL", b"ST", b"ISA", b"INS"))


@dataclass
class Outcome:
    """What became of one source."""

    number: int
    segments: int = 0
    found_header: bool = False
    error: str = ""


class Batches:
    """Reads sources one after the other into a spool; call ``read`` for each, then ``close``."""

    def __init__(self, spool: Spool, size: int = BATCH) -> None:
        self._spool, self._batch = spool, size
        self._parts: list[Part] = []
        self._size = 0
        self._envelopes: dict[int, Envelope] = {}
        self._tallies: Tallies = {}

    def read(self, number: int, blocks: Iterable[bytes]) -> Outcome:
        """Read one source, given in blocks of bytes; an InputError while reading ends it and stands in the outcome."""
        splitter = Splitter()
        text, begun = bytearray(), _Begun(number)
        error = ""
        try:
            for block in blocks:
                text += splitter.feed(block)
                if self._size + len(text) >= self._batch:
                    text = self._cut(text, begun)
        except InputError as found:
            error = str(found)
        text += splitter.close()
        self._append(begun.part(bytes(text), closes=True))
        if self._size >= self._batch:
            self._flush()
        self._notes(number, splitter)
        return Outcome(number, splitter.count, splitter.found_header, error)

    def close(self) -> None:
        """Map what is left, say what was seen often, and close the spool."""
        self._flush()
        self._sum_up()
        self._spool.close()

    def _cut(self, text: bytearray, begun: _Begun) -> bytearray:
        """Map what stands before the last boundary in ``text``; returns the rest."""
        # Most kinds of file lack some of these marks, which are not looked for in all of the text.
        near = max(len(text) - _NEAR, 0)
        cut = max(text.rfind(mark, near) for mark in _BOUNDARIES) + 1
        if cut <= 0 and near:
            cut = max(text.rfind(mark) for mark in _BOUNDARIES) + 1
        if cut <= 0 and len(text) > MAX_BATCH:
            cut = len(text)
        if cut <= 0:
            return text
        self._append(begun.part(bytes(text[:cut]), closes=False))
        segments, where = self._flush()
        begun.first_number += int(segments.sizes[-1, 1])
        envelope = self._envelopes.get(begun.number)
        rows = _carry(segments, where, envelope.kind if envelope else Kind.NONE)
        begun.carried = b"".join(segments.raw(row) for row in rows.tolist())
        begun.carried_numbers = tuple(segments.number[rows].tolist())
        return text[cut:]

    def _append(self, part: Part) -> None:
        self._parts.append(part)
        self._size += len(part.text)

    def _flush(self) -> tuple[Segments, Place]:
        segments = Segments(self._parts)
        self._parts, self._size = [], 0
        notes = Notes(segments)
        where = place(segments, self._envelopes, notes)
        for reader in (Claims837, Remits835, Acknowledgements, Enrolments834):
            for name, table in reader(segments, where, notes).tables().items():
                self._spool.write(name, table)
        self._spool.write("rejects", notes.table())
        self._spool.write("sets", _sets(where.closed))
        self._spool.write("left_out", where.left(segments))
        merge(self._tallies, notes.tallies)
        return segments, where

    def _sum_up(self) -> None:
        """What is noted once for a source, with how often it was seen."""
        if not self._tallies:
            return
        rows = [
            (tally.key, table, "noted", severity, f"{reason}: {tally.count:,}", tally.content)
            for (_, table, reason, severity), tally in self._tallies.items()
        ]
        columns = ("key", "table_name", "action", "severity", "reason", "content")
        self._spool.write("rejects", pa.table(dict(zip(columns, zip(*rows, strict=True), strict=True))))

    def _notes(self, number: int, splitter: Splitter) -> None:
        if not splitter.notes:
            return
        at, reasons, contents = zip(*splitter.notes, strict=True)
        size = len(at)
        columns = {
            "key": pa.array([number << SOURCE_SHIFT | place for place in at], pa.int64()),
            "table_name": pa.array(["segments"] * size),
            "action": pa.array(["noted"] * size),
            "severity": pa.array(["warning"] * size),
            "reason": pa.array(reasons),
            "content": pa.array(contents),
        }
        self._spool.write("rejects", pa.table(columns))


def _sets(closed: list[Closed]) -> pa.Table:
    """Transaction sets as staged rows."""
    return pa.Table.from_pylist([asdict(each) for each in closed], STAGED["sets"])


@dataclass
class _Begun:
    """How far a source was read, and what of it is still open."""

    number: int
    first_number: int = 1
    carried: bytes = b""
    carried_numbers: tuple[int, ...] = ()

    def part(self, text: bytes, *, closes: bool) -> Part:
        return Part(self.number, text, self.first_number, closes, self.carried, self.carried_numbers)


def _carry(segments: Segments, where: Place, kind: Kind) -> Rows:
    """Segments of the last source that later ones still depend on, if a transaction set is open."""
    tag, source = segments.tag, segments.source
    last = np.flatnonzero(source == source[-1]) if segments.size else segments.index
    if not kind or not len(last) or not where.sets or where.sets[-1][1] != segments.size:
        return np.zeros(0, np.int64)
    start = where.sets[-1][0]
    group = last[(tag[last] == pack("GS")) & (last < start)][-1:]
    if kind == Kind.FOREIGN:
        return np.concatenate([group, [start]])
    in_set = last[last >= start]
    zone = where.zone[in_set]
    heads = np.isin(zone, (Zone.HEAD, Zone.REMIT_HEAD, Zone.ANSWER_HEAD, Zone.ENROL_HEAD))
    head = in_set[heads & where.accepted[in_set]]
    level = in_set[(zone == Zone.LEVEL) & where.accepted[in_set]]
    return np.unique(
        np.concatenate([group, [start], head, level[_open_levels(segments, level)]]).astype(np.int64)
    )


def _open_levels(segments: Segments, rows: Rows) -> Rows:
    """Which of ``rows`` (segments of levels, in order) belong to a level that no later one has ended."""
    headers = np.flatnonzero(segments.tag[rows] == pack("HL"))
    if not len(headers):
        return np.arange(len(rows))
    codes = segments.get(rows[headers], 3)
    ranks = pc.fill_null(pc.index_in(codes, value_set=pa.array(["20", "22", "23"])), 3)
    rank = np.asarray(ranks)
    later = np.append(
        np.minimum.accumulate(rank[::-1])[::-1][1:], rank.max() + 1
    )  # the least of those behind each
    still = np.flatnonzero(rank < later)
    open_headers = headers[still]
    mine = np.searchsorted(headers, np.arange(len(rows)), side="right") - 1
    return np.flatnonzero((mine >= 0) & np.isin(headers[np.maximum(mine, 0)], open_headers))
