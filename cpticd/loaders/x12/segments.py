"""A batch of canonical segments as columns: element k of many segments at once, without a loop over segments.

All elements of a batch are one Arrow string array, of which every segment is a slice; whatever is asked of a
segment (its identifier, its place, element 3) is then an array over all of them. This is what makes plain Python
fast enough: no statement here runs once per segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12.splitter import END, MISFIT, SEP, readable

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]

_SOURCE_SHIFT = 32  # a key is the source's number and the segment's number in it, side by side


def pack(identifier: str) -> int:
    """An identifier of at most three characters as an integer."""
    raw = identifier.encode().ljust(3, b"\0")
    return raw[0] << 16 | raw[1] << 8 | raw[2]


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
        self.flat, self.first, self.count = flat, first, count
        offsets = np.frombuffer(flat.buffers()[1], np.int32) if len(flat) else np.zeros(1, np.int32)
        self._lengths = np.diff(offsets[flat.offset : flat.offset + len(flat) + 1])

    def get(self, rows: Rows | slice, k: int | Ints) -> pa.Array:
        """String ``k`` (0 is the first) of each of ``rows``; null where it is absent or empty."""
        index = self.first[rows] + k
        inside = self.count[rows] > k
        return self.flat.take(self._index(index, inside))

    def filled(self, rows: Rows, k: int | Ints) -> Mask:
        """Whether string ``k`` of each of ``rows`` is there and not empty."""
        inside = self.count[rows] > k
        index = np.where(inside, self.first[rows] + k, 0)
        return inside & (self._lengths[index] > 0) if len(self._lengths) else inside

    def _index(self, index: npt.NDArray[np.integer], inside: Mask) -> pa.Array:
        if not len(self._lengths):
            return pa.nulls(len(index), pa.int32())
        safe = np.where(inside, index, 0)
        return pa.array(safe.astype(np.int32), mask=~(inside & (self._lengths[safe] > 0)))


class Segments(Strings):
    """The segments of one batch in order. ``tag`` and ``first_value`` are packed: compare with ``pack("CLM")``."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self.parts = list(parts)
        self.text = b"".join(part.carried + part.text for part in self.parts)
        self._cut()
        if self._padded():
            # Blanks around elements, as in fixed-width exports: they are not part of the values.
            self.text = re.sub(rb" *([\x1d-\x1f]) *", rb"\1", self.text)
            self._cut()
        super().__init__(self._flat, self._first, self._count)
        numbers, sources, carried = [], [], []
        for part in self.parts:
            size = part.text.count(END)
            numbers += [np.array(part.carried_numbers, np.int64), part.first_number + np.arange(size)]
            sources.append(np.full(len(part.carried_numbers) + size, part.source, np.int64))
            carried += [np.ones(len(part.carried_numbers), np.bool_), np.zeros(size, np.bool_)]
        self.number = np.concatenate([np.zeros(0, np.int64), *numbers])
        self.source = np.concatenate([np.zeros(0, np.int64), *sources])
        self.carried = np.concatenate([np.zeros(0, np.bool_), *carried])
        self.key = self.source << _SOURCE_SHIFT | self.number
        self.size = len(self.number)
        self.index = np.arange(self.size)

    def _cut(self) -> None:
        raw = np.frombuffer(self.text, np.uint8)
        ends = np.flatnonzero((raw == 0x1D) | (raw == 0x1E))
        offsets = np.zeros(len(ends) + 1, np.int32)
        offsets[1:] = ends - np.arange(len(ends))
        data = self.text.translate(None, b"\x1d\x1e")
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        self._flat = pa.Array.from_buffers(pa.string(), len(ends), buffers)
        last = np.flatnonzero(raw[ends] == 0x1E)
        first = np.zeros(len(last), np.int64)
        first[1:] = last[:-1] + 1
        self._first = first
        self._count = (last - first + 1).astype(np.int64)
        begins = np.zeros(len(ends), np.int64)
        begins[1:] = ends[:-1] + 1
        self._ends, self._raw = ends, raw
        self.start = begins[first] if len(first) else first
        self.stop = ends[last] + 1
        self.tag = self._packed(begins, ends, first, np.ones(len(first), np.bool_))
        self.first_value = self._packed(begins, ends, first + 1, self._count > 1)

    def _packed(
        self,
        begins: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
        index: npt.NDArray[np.int64],
        there: Mask,
    ) -> Ints:
        """Strings ``index`` as integers; 0 where empty or longer than three bytes."""
        if not len(ends):
            return np.zeros(len(index), np.int32)
        index = np.where(there, index, 0)
        start = begins[index]
        size = np.where(there, ends[index] - start, 0)
        top = len(self._raw) - 1
        packed = np.zeros(len(index), np.int32)
        for place in range(3):
            value = self._raw[np.minimum(start + place, top)].astype(np.int32)
            packed |= np.where(size > place, value, 0) << (16 - 8 * place)
        return np.where(size <= 3, packed, 0).astype(np.int32)

    def _padded(self) -> bool:
        """Whether blanks stand beside separators outside of interchange headers, where the standard has them."""
        raw, ends = self._raw, self._ends
        if not len(ends):
            return False
        beside = (raw[ends - 1] == 0x20) | (raw[np.minimum(ends + 1, len(raw) - 1)] == 0x20)
        beside[0] &= ends[0] > 0
        segment = np.searchsorted(self.stop, ends[beside], side="right")
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

    def last(self, mask: Mask) -> Rows:
        """For each segment the last one, itself included, where ``mask`` holds; -1 where there is none."""
        return np.maximum.accumulate(np.where(mask, self.index, -1)) if self.size else self.index


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
