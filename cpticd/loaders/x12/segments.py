"""A batch of canonical segments as columns: element k of many segments at once, without a loop over segments.

All elements of a batch are one Arrow string array, of which every segment is a slice; whatever is asked of
a segment (its identifier, its place, element 3) is then an array over all of them. This is what makes plain
Python fast enough: no statement here runs once per segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12.splitter import MISFIT, SEP, readable

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]

SOURCE_SHIFT = 32  # a key is the source's number and the segment's number in it, side by side


def pack(identifier: str) -> int:
    """An identifier of at most three characters as an integer."""
    raw = identifier.encode().ljust(3, b"\0")
    return raw[0] << 16 | raw[1] << 8 | raw[2]


def unpack(packed: int) -> str:
    """The identifier that an integer stands for."""
    return packed.to_bytes(3, "big").rstrip(b"\0").decode("utf-8", "replace")


@dataclass(frozen=True)
class Part:
    """Consecutive segments of one source, with those before them that still matter (the open loops)."""

    source: int
    text: bytes
    first_number: int  # of the first segment of ``text`` in its source
    closes: bool = True  # nothing of the source comes after
    carried: bytes = b""
    carried_numbers: tuple[int, ...] = ()


class Strings:
    """Rows of strings of varying number (elements of segments, components of elements) as one flat array."""

    def __init__(
        self, flat: pa.Array, first: npt.NDArray[np.integer], count: npt.NDArray[np.integer]
    ) -> None:
        size = len(flat)
        offsets = np.zeros(size + 2, np.int32)
        if size:
            offsets[:-1] = np.frombuffer(flat.buffers()[1], np.int32)[flat.offset : flat.offset + size + 1]
            offsets[-1] = offsets[-2]
        lengths = np.diff(offsets)
        # What is empty is null, and one more that is: the place of what is absent, so that one array serves all.
        filled = pa.py_buffer(np.packbits(lengths > 0, bitorder="little"))
        data = flat.buffers()[2] if size else None
        buffers = [filled, pa.py_buffer(offsets), pa.py_buffer(b"") if data is None else data]
        held = pa.Array.from_buffers(pa.string(), size + 1, buffers)
        self._set(flat, first, count, (held, lengths))

    def _set(
        self,
        flat: pa.Array,
        first: npt.NDArray[np.integer],
        count: npt.NDArray[np.integer],
        held: tuple[pa.Array, Ints],
    ) -> None:
        self.flat, self.first, self.count = flat, first, count
        self._held, self._lengths = held
        self._short = first.astype(np.int32), count.astype(np.int32)

    def of(self, rows: Rows) -> Strings:
        """Some rows alone."""
        some = Strings.__new__(Strings)
        some._set(self.flat, self.first[rows], self.count[rows], (self._held, self._lengths))
        return some

    def get(self, rows: Rows | slice, k: int | Ints, *, absent: Mask | None = None) -> pa.Array:
        """String ``k`` (0 is the first) of each of ``rows``; null where it is absent or empty.

        ``absent``: where nothing is asked for.
        """
        first, count = self._short
        wanted = np.int32(k) if isinstance(k, int) else k.astype(np.int32)
        there = count[rows] > wanted
        if absent is not None:
            there &= ~absent
        index = np.where(there, first[rows] + wanted, np.int32(len(self._held) - 1))
        return self._held.take(pa.array(index))

    def filled(self, rows: Rows, k: int | Ints) -> Mask:
        """Whether string ``k`` of each of ``rows`` is there and not empty."""
        inside = self.count[rows] > k
        index = np.where(inside, self.first[rows] + k, len(self._held) - 1)
        return inside & (self._lengths[index] > 0)


class Segments(Strings):
    """The segments of one batch in order; ``tag`` and ``first_value`` are packed, as by ``pack("CLM")``."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self.parts = list(parts)
        pieces = [piece for part in self.parts for piece in (part.carried, part.text)]
        self.text = b"".join(pieces)
        self._cut()
        stops = np.searchsorted(self.stop, np.cumsum([len(piece) for piece in pieces]), side="right")
        #: Rows of each part: those carried, then its own.
        self.sizes = np.diff(stops, prepend=0).reshape(-1, 2)
        if self._padded():
            # Blanks around elements, as in fixed-width exports: they are not part of the values.
            self.text = re.sub(rb" *([\x1d-\x1f]) *", rb"\1", self.text)
            self._cut()
        super().__init__(self._flat, self._first, self._count)
        self.size = len(self._first)
        self.index = np.arange(self.size)
        numbers, sources = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for part, (before, own) in zip(self.parts, self.sizes, strict=True):
            numbers += [np.array(part.carried_numbers, np.int64), part.first_number + np.arange(own)]
            sources.append(np.full(before + own, part.source, np.int64))
        self.number, self.source = np.concatenate(numbers), np.concatenate(sources)
        self.carried = np.repeat(np.tile([True, False], len(self.parts)), self.sizes.ravel())
        self.key = self.source << SOURCE_SHIFT | self.number

    def _cut(self) -> None:
        raw = np.frombuffer(self.text + b"\0\0\0", np.uint8)
        ends = np.flatnonzero((raw - np.uint8(0x1D)) < 2)
        offsets = np.zeros(len(ends) + 1, np.int32)
        offsets[1:] = ends - np.arange(len(ends))
        data = self.text.translate(None, b"\x1d\x1e")
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        self._flat = pa.Array.from_buffers(pa.string(), len(ends), buffers)
        last = np.flatnonzero(raw[ends] == 0x1E)
        first = np.zeros(len(last), np.int64)
        first[1:] = last[:-1] + 1
        self._first = first
        self._count = last - first + 1
        begins = np.zeros(len(ends), np.int64)
        begins[1:] = ends[:-1] + 1
        self.start = begins[first]
        self.stop = ends[last] + 1
        self.tag = _packed(raw, self.start, ends[first])
        second = np.minimum(first + 1, last)
        self.first_value = np.where(second > first, _packed(raw, begins[second], ends[second]), 0)
        self._raw = raw

    def _padded(self) -> bool:
        """Whether blanks stand beside separators elsewhere than in headers, where the standard has them."""
        raw = self._raw
        blanks = np.flatnonzero(raw == 0x20)
        beside = ((raw[blanks - 1] - np.uint8(0x1D)) < 3) | ((raw[blanks + 1] - np.uint8(0x1D)) < 3)
        segment = np.searchsorted(self.stop, blanks[beside], side="right")
        return bool(np.any(self.tag[segment[segment < len(self.tag)]] != pack("ISA")))

    def content(self, row: int) -> str:
        """Segment ``row`` for a person to read, cut at 500 characters."""
        text = self.text[self.start[row] : min(self.stop[row] - 1, self.start[row] + 800)]
        if text.startswith(MISFIT):
            text = text.split(SEP, 2)[2]
        return readable(text)[:500]

    def raw(self, row: int) -> bytes:
        """Segment ``row`` in canonical form, its end included."""
        return self.text[self.start[row] : self.stop[row]]

    def before(self, mask: Mask, rows: Rows) -> Rows:
        """For each of ``rows`` the last segment, itself included, where ``mask`` holds; -1 where there is none."""
        held = np.concatenate([[-1], np.flatnonzero(mask)])
        return held[np.searchsorted(held, rows, side="right") - 1]

    def last(self, mask: Mask) -> Rows:
        """For each segment the last one, itself included, where ``mask`` holds; -1 where there is none."""
        return np.maximum.accumulate(np.where(mask, self.index, -1)) if self.size else self.index


def _packed(raw: npt.NDArray[np.uint8], start: Rows, stop: Rows) -> Ints:
    """The bytes between each ``start`` and ``stop`` as an integer; 0 for none and for more than three."""
    size = stop - start
    packed = np.zeros(len(start), np.int32)
    for place in range(3):
        value = raw[start + place].astype(np.int32) << (16 - 8 * place)
        packed |= np.where(size > place, value, 0)
    return np.where(size <= 3, packed, 0).astype(np.int32)


def components(elements: pa.Array) -> Strings:
    """The components of each element; a null element has none."""
    lists = pc.split_pattern(elements, "\x1f")
    offsets = np.frombuffer(lists.buffers()[1], np.int32)[lists.offset : lists.offset + len(lists) + 1]
    count = np.diff(offsets).astype(np.int64)
    if elements.null_count:
        count[~np.asarray(pc.is_valid(elements))] = 0
    return Strings(lists.values, offsets[:-1].astype(np.int64), count)


def places(groups: npt.NDArray[np.integer]) -> Ints:
    """1, 2, 3… within each run of equal values."""
    if not len(groups):
        return np.zeros(0, np.int32)
    starts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    sizes = np.diff(np.append(starts, len(groups)))
    return (np.arange(len(groups)) - np.repeat(starts, sizes) + 1).astype(np.int32)
