"""What hierarchies make of every set of HCCs, worked out once per model instead of once per person.

HCCs that remove or need each other stand in one block of at most a few, so that a person's HCCs of a block are one
small bit mask. What stays of each mask, what it weighs in each segment and which interactions it opens are tables;
scoring a million persons is then two joins and two aggregations, exact in decimals and the same on every engine.

An HCC is removed by those that the person has, whether these are paid or not, as in CMS's current (Python) software.
The older SAS macros went from HCC to HCC: where a hierarchy is not transitive (V28: 62 removes 63, 63 removes 202, 62
not 202; RxHCC: 81 to 83, 84, 317) they kept the last beside the first two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa

from cpticd.risk import hcc_tables

#: Bits of a block: 2^9 sets are looked up in no time, and the largest hierarchies have nine HCCs.
WIDTH: Final = 9
#: Keys are segment * SEGMENT + block * BLOCK + mask.
BLOCK: Final = 1 << WIDTH
SEGMENT: Final = BLOCK * 64
MONEY: Final = pa.decimal128(12, 3)  # coefficients have three decimals


@dataclass(frozen=True)
class Blocks:
    """The tables of one model."""

    segments: tuple[str, ...]
    bits: pa.Table  # diagnosis-free: hcc, block, bit
    sets: pa.Table  # key of (segment, block, mask): value, hccs (how many), factors (bits)
    members: pa.Table  # key of (block, mask): hcc, kept, removed_by
    terms: pa.Table  # segment, term, need (bits), value of interactions
    counts: pa.Table  # segment, hccs, term, value of payment HCC counts
    flags: dict[str, int]  # bit of DISABLED and NONAGED among the factors

    @property
    def numbers(self) -> dict[str, int]:
        """Number of every segment, as it stands in the keys."""
        return {segment: number for number, segment in enumerate(self.segments)}


@cache
def blocks(model: str) -> Blocks:
    """The tables of ``model``; kept once made."""
    found = [row["hcc"] for row in hcc_tables.labels(model).to_pylist()]
    parents = _parents(model)
    beside = _beside(model)
    places = _places(found, parents, beside)
    segments = tuple(sorted({row["segment"] for row in hcc_tables.coefficients(model).to_pylist()}))
    opens, flags, wanted = _factors(model)
    weights = {
        (row["segment"], row["term"]): Decimal(str(row["value"]))
        for row in hcc_tables.coefficients(model).to_pylist()
    }
    prefix = hcc_tables.prefix(model)
    members: list[tuple[int, str, bool, str]] = []
    sets: list[pa.Table] = []
    for block, hccs in enumerate(_by_block(places)):
        masks = np.arange(1, 1 << len(hccs))
        stays = np.zeros((len(masks), len(hccs)), np.int64)
        for row, mask in enumerate(masks.tolist()):
            present = {hcc: bit for bit, hcc in enumerate(hccs) if mask >> bit & 1}
            why = dict(_removed([*present], parents, beside))
            members += [(block * BLOCK + mask, hcc, hcc not in why, why.get(hcc, "")) for hcc in present]
            stays[row, [bit for hcc, bit in present.items() if hcc not in why]] = 1
        weigh = [[weights.get((each, f"{prefix}{hcc}"), Decimal(0)) for each in segments] for hcc in hccs]
        factors = np.bitwise_or.reduce(stays * [opens.get(hcc, 0) for hcc in hccs], axis=1)
        sets.append(_sets(block * BLOCK + masks, stays, weigh, factors))
    terms = [
        (segment, term, need, weights[segment, term])
        for segment in segments
        for term, need in wanted.items()
        if (segment, term) in weights
    ]
    return Blocks(
        segments,
        _table(_bits(places), hcc=pa.string(), block=pa.int32(), bit=pa.int32()),
        pa.concat_tables(sets),
        _table(
            members,
            key=pa.int32(),
            hcc=pa.string(),
            kept=pa.bool_(),
            removed_by=pa.string(),
        ),
        _table(terms, segment=pa.string(), term=pa.string(), need=pa.int64(), value=MONEY),
        _table(
            _counts(segments, weights, len(found)),
            segment=pa.string(),
            hccs=pa.int32(),
            term=pa.string(),
            value=MONEY,
        ),
        flags,
    )


def _sets(
    keys: np.ndarray, stays: np.ndarray, weigh: Sequence[Sequence[Decimal]], factors: np.ndarray
) -> pa.Table:
    """What each set of a block's HCCs (a row of ``stays``) weighs in each segment (a column of ``weigh``)."""
    thousandths = np.array([[int(each * 1000) for each in row] for row in weigh], np.int64)
    segments = thousandths.shape[1]
    number = np.arange(segments) * SEGMENT
    return pa.table(
        {
            "key": pa.array((keys[:, None] + number).ravel(), pa.int32()),
            "value": _money((stays @ thousandths).ravel()),
            "hccs": pa.array(np.repeat(stays.sum(axis=1), segments), pa.int32()),
            "factors": pa.array(np.repeat(factors, segments), pa.int64()),
        }
    )


def _money(thousandths: np.ndarray) -> pa.Array:
    """Whole thousandths as decimals: a decimal is stored as the whole number of its last digits, in 128 bits."""
    wide = np.stack([thousandths, thousandths >> 63], axis=1)
    return pa.Array.from_buffers(MONEY, len(thousandths), [None, pa.py_buffer(np.ascontiguousarray(wide))])


def _table(rows: Sequence[tuple[object, ...]], **kinds: pa.DataType) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    return pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    )


def _parents(model: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in hcc_tables.hierarchy(model).to_pylist():
        found.setdefault(row["child"], set()).add(row["parent"])
    return found


def _beside(model: str) -> dict[str, set[str]]:
    """HCCs that count only beside one of others; an empty set: never."""
    found: dict[str, set[str]] = {}
    for row in hcc_tables.requirements(model).to_pylist():
        found.setdefault(row["hcc"], set()).update([row["beside"]] if row["beside"] else [])
    return found


def _removed(
    present: list[str], parents: dict[str, set[str]], beside: dict[str, set[str]]
) -> Iterator[tuple[str, str]]:
    """(HCC, why it does not count). What lacks its companion goes first, and removes nothing itself."""
    here = set(present)
    for hcc in present:
        if hcc in beside and not beside[hcc] & here:
            here = here - {hcc}
            yield hcc, _alone(beside[hcc])
    for hcc in present:
        above = sorted(parents.get(hcc, set()) & here, key=int)
        if hcc in here and above:
            yield hcc, " ".join(above)


def _alone(beside: set[str]) -> str:
    return f"needs one of {' '.join(sorted(beside, key=int))}" if beside else "not counted in this model"


def _places(
    found: list[str], parents: dict[str, set[str]], beside: dict[str, set[str]]
) -> dict[str, tuple[int, int]]:
    """Block and bit of every HCC: those that bear on each other together, the rest packed."""
    together = {hcc: {hcc} for hcc in found}
    for hcc in found:
        for other in (parents.get(hcc, set()) | beside.get(hcc, set())) & set(found):
            union = together[hcc] | together[other]
            for one in union:
                together[one] = union
    groups = sorted(
        {tuple(sorted(group, key=int)) for group in together.values()}, key=lambda g: (-len(g), int(g[0]))
    )
    filled: list[list[str]] = []
    for group in groups:
        room = next((block for block in filled if len(block) + len(group) <= WIDTH), None)
        if room is None:
            filled.append(room := [])
        room.extend(group)
        if len(room) > WIDTH:
            raise ValueError(f"{len(room)} HCCs bear on each other; cpticd.risk.hierarchies.WIDTH is {WIDTH}")
    return {hcc: (block, bit) for block, hccs in enumerate(filled) for bit, hcc in enumerate(hccs)}


def _by_block(places: dict[str, tuple[int, int]]) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(1 + max(block for block, _ in places.values()))]
    for hcc, (block, _) in sorted(places.items(), key=lambda item: item[1]):
        found[block].append(hcc)
    return found


def _bits(places: dict[str, tuple[int, int]]) -> list[tuple[str, int, int]]:
    return [(hcc, block, 1 << bit) for hcc, (block, bit) in places.items()]


def _factors(model: str) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Bits of the factors that each HCC opens, bits of the flags, and the bits that each interaction needs."""
    rows = hcc_tables.interactions(model).to_pylist()
    bit = {factor: 1 << i for i, factor in enumerate(dict.fromkeys(row["factor"] for row in rows))}
    opens: dict[str, int] = {}
    wanted: dict[str, int] = {}
    for row in rows:
        wanted[row["term"]] = wanted.get(row["term"], 0) | bit[row["factor"]]
        if row["hcc"]:
            opens[row["hcc"]] = opens.get(row["hcc"], 0) | bit[row["factor"]]
    return opens, {row["flag"]: bit[row["factor"]] for row in rows if row["flag"]}, wanted


def _counts(
    segments: tuple[str, ...], weights: dict[tuple[str, str], Decimal], most: int
) -> list[tuple[str, int, str, Decimal]]:
    """(segment, number of payment HCCs, term, value): D1 to D9 and D10P."""
    return [
        (segment, n, term, weights[segment, term])
        for segment in segments
        for n in range(1, most + 1)
        if (segment, term := f"D{n}" if n < 10 else "D10P") in weights
    ]
