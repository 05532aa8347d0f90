"""Elements of segments as dates, amounts and codes; what cannot be read becomes null and is noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.schema import SEVERITY, Severity
from cpticd.loaders.x12.qualifiers import NOT_HCPCS
from cpticd.loaders.x12.segments import Mask, Rows, Segments, components

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_TYPES = {2: pa.decimal128(18, 2), 3: pa.decimal128(18, 3)}
_EPOCH_MONTH = 1970 * 12
FIRST_YEAR, LAST_YEAR = 1850, 2200


@dataclass
class Tally:
    """How often one thing was seen in a source, and where first."""

    count: int = 0
    key: int = 0  # of the first segment
    content: str = ""


#: Tallies by source, table, reason and severity.
Tallies = dict[tuple[int, str, str, Severity], Tally]


@dataclass
class Notes:
    """What is rejected or noted about segments of a batch; one entry per segment, table and reason.

    Severity: grave where dollars or claims are lost, warning where something was changed or contradicts itself, note
    for the rest.
    """

    segments: Segments
    rows: list[int] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    severities: list[Severity] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    tallies: Tallies = field(default_factory=dict)

    def add(
        self,
        rows: Rows | list[int],
        reason: str,
        table: str = "segments",
        action: str = "noted",
        severity: Severity | None = None,
    ) -> None:
        """Note ``reason`` for each of ``rows``."""
        size = len(rows)
        self.rows += [int(row) for row in rows]
        self.tables += [table] * size
        self.actions += [action] * size
        self.severities += [severity or SEVERITY[action]] * size
        self.reasons += [reason] * size

    def tally(self, rows: Rows, reason: str, table: str, severity: Severity = "note") -> None:
        """Note ``reason`` once for the source of each of ``rows``, with how often it holds."""
        if not len(rows):
            return
        sources, first, counts = np.unique(self.segments.source[rows], return_index=True, return_counts=True)
        for source, place, count in zip(sources.tolist(), first.tolist(), counts.tolist(), strict=True):
            row = int(rows[place])
            entry = Tally(count, int(self.segments.key[row]), self.segments.content(row))
            merge(self.tallies, {(source, table, reason, severity): entry})

    def table(self) -> pa.Table:
        """The entries by key of their segment, in the order of the segments, each once."""
        segments = self.segments
        columns = (self.rows, self.tables, self.actions, self.severities, self.reasons)
        # What is carried from an earlier batch was noted there.
        entries = sorted(each for each in {*zip(*columns, strict=True)} if not segments.carried[each[0]])
        rows = np.array([entry[0] for entry in entries], np.int64)
        return pa.table(
            {
                "key": segments.key[rows],
                "table_name": pa.array([entry[1] for entry in entries], pa.string()),
                "action": pa.array([entry[2] for entry in entries], pa.string()),
                "severity": pa.array([entry[3] for entry in entries], pa.string()),
                "reason": pa.array([entry[4] for entry in entries], pa.string()),
                "content": pa.array([segments.content(row) for row in rows], pa.string()),
            }
        )


def merge(tallies: Tallies, more: Tallies) -> None:
    """Add the tallies of a batch to those before it."""
    for key, entry in more.items():
        before = tallies.setdefault(key, Tally(0, entry.key, entry.content))
        before.count += entry.count


def code(strings: pa.Array) -> pa.Array:
    """Codes in normal form: upper case, no dot, no blanks; null where nothing is left."""
    data = strings.buffers()[2]
    letters = bytes(data) if data and strings.null_count < len(strings) else b""
    if b"." not in letters and b" " not in letters and letters == letters.upper() and letters.isascii():
        return strings
    plain = pc.utf8_upper(pc.replace_substring(pc.replace_substring(strings, ".", ""), " ", ""))
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain)


def decimals(strings: pa.Array, scale: int, rows: Rows, notes: Notes, about: tuple[str, str]) -> pa.Array:
    """Amounts with ``scale`` decimals.

    ``rows`` are the segments that they stand in, ``about`` the table and the element, for notes.
    """
    table, what = about
    kind = _TYPES[scale]
    if strings.null_count == len(strings):
        return pa.nulls(len(strings), kind)
    try:
        return pc.cast(strings, kind)
    except pa.ArrowInvalid:
        pass
    values: list[Decimal | None] = []
    step = Decimal(1).scaleb(-scale)
    for place, text in enumerate(strings.to_pylist()):
        value, problem = _decimal(text, step)
        values.append(value)
        if problem:
            lost = value is None and scale == 2
            reason = f"{what}: {problem}: {(text or '')[:60]}"
            notes.add([int(rows[place])], reason, table, severity="grave" if lost else "warning")
    return pa.array(values, kind)


def _decimal(text: str | None, step: Decimal) -> tuple[Decimal | None, str]:
    if text is None:
        return None, ""
    if not _NUMBER.fullmatch(text.strip()):
        return None, "not a number, left empty"
    try:
        exact = Decimal(text.strip())
        rounded = exact.quantize(step, ROUND_HALF_UP)
    except InvalidOperation:
        return None, "too large, left empty"
    if abs(rounded) * (1 / step) >= 10**18:
        return None, "too large, left empty"
    return rounded, "" if rounded == exact else f"rounded to {rounded}"


def integers(strings: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Whole numbers of up to nine digits, and where they could be read."""
    good = pc.and_kleene(pc.string_is_ascii(strings), pc.utf8_is_digit(strings))
    good = pc.fill_null(pc.and_kleene(good, pc.less_equal(pc.utf8_length(strings), 9)), False)
    numbers = pc.cast(pc.if_else(good, strings, "0"), pa.int64())
    return np.asarray(numbers), np.asarray(good)


def _days(text: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Days since 1970 of texts CCYYMMDD, and where they are real dates."""
    number, good = integers(text)
    good = good & np.asarray(pc.fill_null(pc.equal(pc.utf8_length(text), 8), False))
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    good &= (
        (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    )
    months = np.where(good, year * 12 + month - 1 - _EPOCH_MONTH, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(good, day - 1, 0).astype("timedelta64[D]")
    good &= days.astype("datetime64[M]") == months
    return days.astype(np.int64), good


def dates(strings: pa.Array, rows: Rows, notes: Notes, what: str, table: str) -> tuple[pa.Array, pa.Array]:
    """First and last day of each text: CCYYMMDD, a range of two, with a time behind, or YYMMDD.

    The qualifier beside it (D8, RD8, DT) is not asked: files contradict it.
    """
    if strings.null_count == len(strings):
        return pa.nulls(len(strings), pa.date32()), pa.nulls(len(strings), pa.date32())
    encoded = strings.dictionary_encode()  # few days, and many segments that name them
    texts, index = encoded.dictionary, encoded.indices
    long = _with_century(texts)
    start, start_good = _days(pc.utf8_slice_codeunits(long, 0, 8))
    is_range = np.asarray(pc.fill_null(pc.match_substring_regex(long, r"^[0-9]{8,}\s*-\s*[0-9]{8}"), False))
    end, end_good = start, start_good
    if is_range.any():
        behind = pc.utf8_slice_codeunits(pc.replace_substring_regex(long, r"^[0-9]{8,}\s*-\s*", ""), 0, 8)
        end, end_good = _days(behind)
        end, end_good = np.where(is_range, end, start), np.where(is_range, end_good, start_good)
    bad = ~(start_good & end_good)
    if bad.any():
        for place in np.flatnonzero(np.asarray(pc.fill_null(pa.array(bad).take(index), False))):
            reason = f"{what}: not a date, left empty: {str(strings[place])[:60]}"
            notes.add([int(rows[place])], reason, table, severity="warning")
    return _as_dates(start, start_good).take(index), _as_dates(end, end_good).take(index)


def _with_century(strings: pa.Array) -> pa.Array:
    short = pc.fill_null(pc.equal(pc.utf8_length(strings), 6), False)
    if not pc.any(short).as_py():
        return strings
    century = pc.if_else(pc.less(pc.utf8_slice_codeunits(strings, 0, 2), "50"), "20", "19")
    return pc.if_else(short, pc.binary_join_element_wise(century, strings, ""), strings)


def _as_dates(days: npt.NDArray[np.int64], good: Mask) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32(), mask=~good).cast(pa.date32())


def pick(values: pa.Array, index: npt.NDArray[np.integer]) -> pa.Array:
    """``values`` at ``index``; null where that is negative."""
    if not len(values):
        return pa.nulls(len(index), values.type)
    return values.take(pa.array(np.maximum(index, 0), mask=index < 0))


@dataclass
class Service:
    """A composite of a service: qualifier, value, the value where it is a CPT or HCPCS code, and four modifiers."""

    qualifier: pa.Array
    value: pa.Array
    code: pa.Array
    modifiers: list[pa.Array]

    @property
    def foreign(self) -> Mask:
        """Where the value is a code of another list."""
        return np.asarray(pc.and_(pc.is_null(self.code), pc.is_valid(self.value)))


def service(elements: pa.Array) -> Service:
    """The parts of a procedure composite; a code is kept only if it is a CPT or HCPCS code."""
    parts = components(elements)
    rows = slice(None)
    qualifier, value = parts.get(rows, 0), parts.get(rows, 1)
    if (parts.count == 1).any():  # some senders leave the qualifier out
        alone = parts.count == 1
        bare = pa.array(alone & np.asarray(pc.fill_null(pc.equal(pc.utf8_length(qualifier), 5), False)))
        value = pc.if_else(bare, qualifier, value)
        qualifier = pc.if_else(bare, pa.scalar(None, pa.string()), qualifier)
    other = pc.is_in(qualifier, value_set=pa.array(NOT_HCPCS))
    procedure = code(pc.if_else(other, pa.scalar(None, pa.string()), value))
    return Service(qualifier, value, procedure, [code(parts.get(rows, k)) for k in range(2, 6)])
