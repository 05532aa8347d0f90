"""Columns of canonical Arrow tables from numbers, typed as the schema declares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.schema import TABLES
from cpticd.simulation.vectors import Bools, Ints

#: What every table names as its source.
SOURCE = "simulation"


def _masked(values: Ints, valid: Bools | None) -> pa.Array:
    return pa.array(values, mask=None if valid is None else ~valid)


def text(values: Sequence[str], index: Ints, valid: Bools | None = None) -> pa.Array:
    """Texts by number; blank texts and invalid rows are null."""
    index = index if valid is None else np.where(valid, index, 0)
    return pa.array([value or None for value in values], pa.string()).take(_masked(index, valid))


def money(cents: Ints) -> pa.Array:
    """Cents as DECIMAL(18, 2), without a float in between."""
    return _decimal(cents, 2)


def number(values: Ints) -> pa.Array:
    """Whole numbers as DECIMAL(18, 3)."""
    return _decimal(values * 1000, 3)


def thousandths(values: Ints) -> pa.Array:
    """Thousandths as DECIMAL(18, 3)."""
    return _decimal(values, 3)


def _decimal(unscaled: Ints, scale: int) -> pa.Array:
    words = np.empty((unscaled.size, 2), dtype="<i8")
    words[:, 0] = unscaled
    words[:, 1] = np.where(unscaled < 0, -1, 0)
    buffer = pa.py_buffer(words.tobytes())
    return pa.Array.from_buffers(pa.decimal128(18, scale), unscaled.size, [None, buffer])


def date(days: Ints, valid: Bools | None = None) -> pa.Array:
    """Days from 1970-01-01 as dates."""
    return _masked(days.astype(np.int32), valid).cast(pa.date32())


def named(prefix: str, values: Ints, width: int, valid: Bools | None = None) -> pa.Array:
    """``prefix`` and the number, padded with zeros."""
    digits = pc.utf8_lpad(_masked(values, valid).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def claim_ids(claims: Ints) -> pa.Array:
    return named("C", claims + 1, 8)


def person_ids(persons: Ints) -> pa.Array:
    return named("P", persons + 1, 6)


def payer_numbers(payer: Ints, claim: Ints, version: Ints | int = 0, valid: Bools | None = None) -> pa.Array:
    """The payer's own claim number: payer, claim, and version."""
    return named("N", (payer + 1) * 1_000_000_000 + claim * 10 + version, 11, valid)


def typed_table(name: str, size: int, columns: dict[str, Any]) -> pa.Table:
    """A canonical table; columns that are not given are null, a text stands in every row."""
    schema = TABLES[name].arrow_schema
    arrays = []
    for field in schema:
        value = columns.pop(field.name, None)
        if value is None:
            value = pa.nulls(size, field.type)
        elif isinstance(value, str):
            value = pa.repeat(pa.scalar(value, field.type), size)
        elif isinstance(value, np.ndarray):
            value = pa.array(value).cast(field.type)
        arrays.append(value)
    if columns:
        raise KeyError(f"{name}: {sorted(columns)}")
    return pa.Table.from_arrays(arrays, schema=schema)
