"""Cells of small tables that need no SQL: written as a machine writes them, they mean the same to every reader.

To plan a statement for a dozen columns takes DuckDB longer than to read thousands of rows. So a column of a small table
whose every cell is in plain form (ISO dates, amounts of digits and a point, …) is read here; ``conform`` gives
every other column to DuckDB, and a test that both read the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.tables import Column

#: Rows up to which a table is small: beyond, DuckDB is faster.
ROWS: Final = 5_000
_BLANKS: Final = " \t\r\n"
_LATEST, _EARLIEST = 2200, 1850
#: Amounts that are whole cents in binary, too: whoever rounds them, they stay what they are.
_EXACT, _LARGE = 1e-7, 1e9
_WHOLE_FLOATS: Final = 1e15
_YES, _NO = ("y", "yes", "true", "t", "1"), ("n", "no", "false", "f", "0")


def plain(column: Column, cells: pa.Array) -> pa.Array | None:
    """The cells in the column's type, or None where one of them is not in plain form, or missing though required."""
    kind = cells.type
    if pa.types.is_null(kind):
        found = pa.nulls(len(cells), column.arrow)
    else:
        try:
            found = _READERS[column.kind](column, _text(cells))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
    return None if found is None or (column.required and found.null_count) else found


def _text(cells: pa.Array) -> pa.Array:
    """Text trimmed, and absent where nothing is left; other cells as they are."""
    kind = cells.type
    if pa.types.is_dictionary(kind):
        cells = cells.cast(kind.value_type)
    if pa.types.is_large_string(cells.type):
        cells = cells.cast(pa.string())
    if not pa.types.is_string(cells.type):
        return cells
    return _filled(pc.utf8_trim(cells, characters=_BLANKS))


def _filled(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)


def _all(test: pa.Array) -> bool:
    """Whether a test holds for every cell that is there."""
    return pc.all(test, min_count=0).as_py() is not False


def _read_text(column: Column, cells: pa.Array) -> pa.Array | None:
    kind = cells.type
    if pa.types.is_string(kind):
        return cells
    if pa.types.is_floating(kind):  # 99213.0 is a code that has passed through a spreadsheet
        if not _all(pc.less(pc.abs(cells), _WHOLE_FLOATS)):
            return None
        return cells.cast(pa.int64()).cast(pa.string())
    return cells.cast(pa.string()) if pa.types.is_integer(kind) else None


def _read_code(column: Column, cells: pa.Array) -> pa.Array | None:
    text = _read_text(column, cells)
    if text is None or not _all(pc.string_is_ascii(text)):
        return None
    bare = pc.replace_substring(pc.replace_substring(text, ".", ""), " ", "")
    return _filled(pc.ascii_upper(bare))


def _read_date(column: Column, cells: pa.Array) -> pa.Array | None:
    kind = cells.type
    if pa.types.is_string(kind):
        if _all(pc.match_substring_regex(cells, r"^\d{8}$")):
            parts = [pc.utf8_slice_codeunits(cells, *ends) for ends in ((0, 4), (4, 6), (6, 8))]
            cells = pc.binary_join_element_wise(*parts, "-")
        elif not _all(pc.match_substring_regex(cells, r"^\d{4}-\d\d-\d\d$")):
            return None
        days = cells.cast(pa.date32())
    elif pa.types.is_date32(kind):
        days = cells
    elif pa.types.is_timestamp(kind) and kind.tz is None:
        days = pc.floor_temporal(cells, unit="day").cast(pa.date32())
    else:
        return None
    year = pc.year(days)
    return days if _all(pc.and_(pc.greater_equal(year, _EARLIEST), pc.less_equal(year, _LATEST))) else None


def _read_amount(column: Column, cells: pa.Array) -> pa.Array | None:
    kind, target = cells.type, column.arrow
    if kind == target:
        return cells
    if pa.types.is_string(kind):
        if not _all(pc.match_substring_regex(cells, rf"^-?\d{{1,15}}(\.\d{{1,{target.scale}}})?$")):
            return None
        return cells.cast(target)
    if pa.types.is_integer(kind):
        return cells.cast(pa.int64()).cast(pa.decimal128(19 + target.scale, target.scale)).cast(target)
    if not pa.types.is_float64(kind):
        return None
    scaled = pc.multiply(cells, 10.0**target.scale)
    off = pc.abs(pc.subtract(scaled, pc.round(scaled)))
    exact = pc.and_(pc.less(off, _EXACT), pc.less(pc.abs(cells), _LARGE))
    return cells.cast(target) if _all(exact) else None


def _read_integer(column: Column, cells: pa.Array) -> pa.Array | None:
    kind = cells.type
    if pa.types.is_string(kind):
        return cells.cast(pa.int32()) if _all(pc.match_substring_regex(cells, r"^-?\d{1,9}$")) else None
    return cells.cast(pa.int32()) if pa.types.is_integer(kind) or pa.types.is_floating(kind) else None


def _read_flag(column: Column, cells: pa.Array) -> pa.Array | None:
    kind = cells.type
    if pa.types.is_boolean(kind):
        return cells
    if not pa.types.is_string(kind):
        return None
    word = pc.ascii_lower(cells)
    yes, no = (pc.is_in(word, value_set=pa.array(words)) for words in (_YES, _NO))
    if not pc.all(pc.or_(pc.or_(yes, no), pc.is_null(cells)), min_count=0).as_py():
        return None
    return pc.if_else(pc.is_null(cells), pa.scalar(None, pa.bool_()), yes)


_READERS: Final[dict[str, Callable[[Column, pa.Array], pa.Array | None]]] = {
    "text": _read_text,
    "code": _read_code,
    "date": _read_date,
    "money": _read_amount,
    "number": _read_amount,
    "integer": _read_integer,
    "flag": _read_flag,
}
