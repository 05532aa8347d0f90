"""Persons by number: where identifiers, text or whole numbers, stand among those of the members."""

from __future__ import annotations

from math import prod
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Identifiers that are looked at together: what is worked out of their bytes is kept small.
_TOGETHER: Final = 1 << 20
#: Whole numbers are looked up in an array where it has at most this many times as many places as there are persons.
_SPREAD: Final = 16
#: Numbers that stand for texts of one length stay below this.
_ROOM: Final = 1 << 62
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def unique(ids: pa.Array) -> bool:
    """Whether no text stands twice, nor none at all."""
    if not ids.null_count and len(ids) > 1:
        if pc.all(pc.less(ids[:-1], ids[1:])).as_py():
            return True  # in order, and none like the one before
        if (width := _one_width(ids)) is not None:
            text = _bytes(ids, width)
            digits = _digits(text)
            if prod(map(len, digits)) <= _SPREAD * len(ids):
                return int(np.bincount(_as_numbers(text, digits)[0]).max()) == 1
    return bool(pc.count_distinct(ids, mode="all").as_py() == len(ids))


def numbered(given: pa.Array, ids: pa.Array) -> Ints:
    """Position of each of ``given``, text or whole numbers, among the distinct texts ``ids``; -1 where it is none."""
    if pa.types.is_integer(given.type):
        numbers = _whole_numbers(ids)
        if numbers is not None:
            return _by_number(given, numbers)
        given = given.dictionary_encode()
        place = numbered(given.dictionary.cast(pa.string()), ids)
        return _taken(place, given.indices)
    ids = ids.cast(given.type)
    if len(given) < 2:
        return _found(given, ids)
    # Where a person's diagnoses follow each other he is looked up once.
    again = pc.fill_null(pc.equal(given[1:], given[:-1]), False).to_numpy(zero_copy_only=False)
    new = np.r_[True, ~again]
    first = np.flatnonzero(new)
    if len(first) > len(given) // 2:
        alike = _of_one_width(given, ids)
        return _found(given, ids) if alike is None else alike
    return np.repeat(_found(given.take(pa.array(first)), ids), np.diff(np.r_[first, len(given)]))


def _found(given: pa.Array, ids: pa.Array) -> Ints:
    """As :func:`numbered`; what is not found as it stands is looked for without the spaces around it."""
    place = pc.fill_null(pc.index_in(given, value_set=ids, skip_nulls=True), -1).to_numpy()
    strange = np.flatnonzero(place < 0)
    if len(strange):
        bare = pc.utf8_trim_whitespace(given.take(pa.array(strange)))
        place = place.copy()
        place[strange] = pc.fill_null(pc.index_in(bare, value_set=ids, skip_nulls=True), -1).to_numpy()
    return place


def _of_one_width(given: pa.Array, ids: pa.Array) -> Ints | None:
    """As :func:`numbered` where all texts have one length, as identifiers mostly do; else None.

    Each place of the text is a digit, of as many values as it has among ``ids``: a number stands for the text.
    """
    width = _one_width(ids)
    if width is None or width != _one_width(given):
        return None
    known, text = _bytes(ids, width), _bytes(given, width)
    digits = _digits(known)
    if prod(map(len, digits)) > _ROOM:
        return None
    mine, _ = _as_numbers(known, digits)
    parts = [_as_numbers(text[start : start + _TOGETHER], digits) for start in range(0, len(text), _TOGETHER)]
    number = np.concatenate([np.where(strange, -1, part) for part, strange in parts])
    return _by_number(pa.array(number), pa.array(mine))


def _one_width(texts: pa.Array) -> int | None:
    """How many bytes each of the texts has; None where they differ, or one is absent."""
    lengths = pc.min_max(pc.binary_length(texts))
    least, most = lengths["min"].as_py(), lengths["max"].as_py()
    return least if least == most and not texts.null_count else None


def _digits(text: Bytes) -> list[Ints]:
    """The values that each place has."""
    return [np.flatnonzero(np.bincount(text[:, place], minlength=256)) for place in range(text.shape[1])]


def _as_numbers(text: Bytes, digits: list[Ints]) -> tuple[Ints, np.ndarray[Any, np.dtype[np.bool_]]]:
    """The number that each text stands for, and whether it has a sign that none of the identifiers has there."""
    number = np.zeros(len(text), dtype=np.int64)
    strange = np.zeros(len(text), dtype=bool)
    for place, values in enumerate(digits):
        signs = np.ascontiguousarray(text[:, place])
        if len(values) == 1:
            strange |= signs != values[0]
            continue
        digit = np.full(256, -1, dtype=np.int64)
        digit[values] = np.arange(len(values))
        one = digit[signs]
        strange |= one < 0
        number *= len(values)
        number += one
    return number, strange


def _bytes(texts: pa.Array, width: int) -> Bytes:
    """The bytes of texts that all have ``width`` of them, a row each."""
    offsets = np.frombuffer(
        texts.buffers()[1], np.int64 if pa.types.is_large_string(texts.type) else np.int32
    )
    start = int(offsets[texts.offset])
    whole = np.frombuffer(texts.buffers()[2], np.uint8, count=len(texts) * width, offset=start)
    return whole.reshape(-1, width)


def _whole_numbers(ids: pa.Array) -> pa.Array | None:
    """``ids`` as whole numbers where each is written as one, as it would be written; else None."""
    try:
        numbers = ids.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    return numbers if numbers.cast(ids.type).equals(ids) else None


def _by_number(given: pa.Array, numbers: pa.Array) -> Ints:
    low, high = (pc.min_max(numbers)[name].as_py() for name in ("min", "max"))
    if low is None or high - low > _SPREAD * len(numbers):
        found = pc.index_in(given.cast(pa.int64()), value_set=numbers, skip_nulls=True)
        return pc.fill_null(found, -1).to_numpy()
    places = np.full(high - low + 2, -1, dtype=np.int32)  # the last is for those outside
    places[numbers.to_numpy() - low] = np.arange(len(numbers), dtype=np.int32)
    inside = pc.and_(pc.greater_equal(given, low), pc.less_equal(given, high))
    wide = pc.if_else(pc.fill_null(inside, False), given.cast(pa.int64()), high + 1)
    return places[wide.to_numpy() - low]


def _taken(place: Ints, indices: pa.Array) -> Ints:
    """``place`` of each index, -1 where there is none."""
    return np.r_[place, -1][pc.fill_null(indices, len(place)).to_numpy(zero_copy_only=False)]
