"""Text cut into records: the sound ones go on to the parser, each of the others is rejected on its own."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

SHOWN = 500  # characters of a rejected line that are kept
_QUOTED_LINES = 1000  # lines that one quoted cell may span
_QUOTED_BYTES = 1 << 20
# The two halves of an amount such as 1,100.00.
_HEAD = re.compile(r"\s*[(-]?\$?\s*-?[1-9]\d{0,2}")
_TAIL = re.compile(r"\d{3}(\.\d{1,2})?\)?-?\s*")


@dataclass(frozen=True)
class Reject:
    """A line that is no row, or a row with something to note about it."""

    location: str
    reason: str
    content: str = ""
    action: str = "rejected"


class Places(Sequence[str]):
    """Locations of rows, written out only where one is asked for."""

    def __init__(self, word: str, numbers: Sequence[int] | np.ndarray) -> None:
        self._word, self._numbers = word, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Places: ...
    def __getitem__(self, index: int | slice) -> str | Places:
        if isinstance(index, slice):
            return Places(self._word, self._numbers[index])
        return f"{self._word} {self._numbers[index]}"


class Records:
    """A block of text cut into records: the sound ones as CSV, the others as rejects."""

    def __init__(
        self, text: bytes, delimiter: str, columns: int, first_line: int, *, last: bool, surplus: bool = False
    ) -> None:
        """``last``: nothing follows; ``surplus``: the last column is one that rows end in without a name."""
        self._surplus = surplus
        self._text, self._delimiter, self._columns, self._first = text, delimiter, columns, first_line
        self.rejects: list[Reject] = []
        data = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero(data == 10)
        self._starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        self._ends = ends
        fields, odd, messy = self._structure(data)
        blank = self._blank(data)
        keep = (fields == columns) & ~blank
        use = len(ends)
        recovered: dict[int, bytes] = {}
        if odd.any():
            use = self._join(np.flatnonzero(odd), keep, blank, recovered, last)
        for index in np.flatnonzero(messy[:use] & ~odd[:use] & ~blank[:use]):
            self._reread(int(index), keep, recovered)
        keep, blank = keep[:use], blank[:use]
        if b"\0" in text or b"\xef\xbf\xbd" in text:
            self._unreadable(keep, recovered)
        for index in np.flatnonzero(~keep & ~blank):
            self._ragged(int(index), int(fields[index]), keep, recovered)
        self.rows = np.flatnonzero(keep) + first_line
        self.lines_used = use
        self.bytes_used = int(ends[use - 1]) + 1 if use else 0
        self.sound = self._sound(data, keep, recovered)

    def _structure(self, data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per line: fields, whether its quotes are odd in number, whether one stands where none should."""
        count = len(self._ends)
        none = np.zeros(count, bool)
        delimiters = np.flatnonzero(data == ord(self._delimiter))
        if b'"' not in self._text:
            return np.diff(np.searchsorted(delimiters, self._ends), prepend=0) + 1, none, none
        # A quote opens or closes by its place among those of its line: one with an odd number is looked at on its own.
        quotes = np.flatnonzero(data == 34)
        upto = np.searchsorted(quotes, self._ends)
        odd = (np.diff(upto, prepend=0) & 1).astype(bool)
        line_of = np.searchsorted(self._ends, quotes)
        opens = (np.arange(len(quotes)) - np.concatenate([[0], upto])[line_of]) % 2 == 0
        allowed = np.zeros(256, bool)
        allowed[[ord(self._delimiter), 10, 34]] = True
        before = np.where(quotes > 0, data[quotes - 1], 10)
        fine = np.where(opens, allowed[before], allowed[data[quotes + 1]])
        messy = none.copy()
        messy[line_of[~fine]] = True
        # What stands between a quote that opens and the next one of its line, or its end, parts no fields.
        following = np.minimum(np.append(quotes[1:], len(data)), self._ends[line_of])
        bounds = np.searchsorted(delimiters, [quotes[opens], following[opens]])
        quoted = np.bincount(line_of[opens], weights=bounds[1] - bounds[0], minlength=count).astype(np.int64)
        fields = np.diff(np.searchsorted(delimiters, self._ends), prepend=0) + 1 - quoted
        return fields, odd, messy

    def _blank(self, data: np.ndarray) -> np.ndarray:
        blank = self._ends == self._starts
        short = np.flatnonzero((self._ends - self._starts <= 8) & ~blank)
        first = data[self._starts[short]]
        for index in short[(first == 32) | (first == 9) | (first == 26)]:
            stripped = self._line(int(index)).strip(b" \x1a" if self._delimiter == "\t" else b" \t\x1a")
            blank[index] = not stripped
        return blank

    def _line(self, index: int, to: int | None = None) -> bytes:
        return self._text[self._starts[index] : self._ends[index if to is None else to]]

    def _join(
        self, odd: np.ndarray, keep: np.ndarray, blank: np.ndarray, recovered: dict[int, bytes], last: bool
    ) -> int:
        """Lines with an odd number of quotes: a stray one, a cell over several lines, or an open quote.

        Returns how many lines of the block are dealt with: the last cell may go on in the next block.
        """
        place = 0
        while place < len(odd):
            index = int(odd[place])
            partner = int(odd[place + 1]) if place + 1 < len(odd) else None
            place += 1
            if row := self._one_record(self._line(index)):
                keep[index], recovered[index] = True, row
                continue
            if (
                partner is not None
                and self._near(index, partner)
                and not self._swallows(index, partner, keep)
            ):
                joined = self._line(index, partner)
                if cells := self._cells(joined):
                    row = self._fitted(cells)
                    keep[index : partner + 1] = False
                    blank[index : partner + 1] = True
                    if row is None:
                        lines = partner - index + 1
                        self._reject(
                            index,
                            f"{len(cells)} cells over {lines} lines, but the header has {self._columns}",
                        )
                    else:
                        keep[index], blank[index], recovered[index] = True, False, row
                    place += 1
                    continue
            if partner is None and not last and self._near(index, len(self._ends) - 1):
                return index
            keep[index], blank[index] = False, True
            self._reject(index, "a quote opens here that is not closed")
        return len(self._ends)

    def _near(self, index: int, other: int) -> bool:
        return other - index < _QUOTED_LINES and self._ends[other] - self._starts[index] < _QUOTED_BYTES

    def _swallows(self, index: int, partner: int, keep: np.ndarray) -> bool:
        """Whether a cell from one line to the other would take in rows that are sound by themselves."""
        inside = keep[index + 1 : partner]
        return self._columns > 2 and len(inside) > 2 and bool(inside.mean() > 0.5)

    def _cells(self, line: bytes, *, strict: bool = True, skip: bool = False) -> list[str] | None:
        """The cells of a line, or of several lines, that are exactly one record."""
        stream = io.StringIO(line.decode("utf-8", errors="replace"), newline="")
        try:
            reader = csv.reader(stream, delimiter=self._delimiter, strict=strict, skipinitialspace=skip)
            records = list(reader)
        except csv.Error:
            return None
        return records[0] if len(records) == 1 else None

    def _one_record(self, line: bytes, *, strict: bool = True, skip: bool = False) -> bytes | None:
        """The line written plainly, if it is exactly one record with the right number of cells."""
        cells = self._cells(line, strict=strict, skip=skip)
        return self._fitted(cells) if cells else None

    def _fitted(self, cells: list[str]) -> bytes | None:
        """The cells written plainly, if they are as many as there are columns but for blank ones at the end."""
        surplus = cells[self._columns :]
        if surplus and not any(cell.strip() for cell in surplus) and not self._cut_amount(cells):
            cells = cells[: self._columns]
        if self._surplus and len(cells) == self._columns - 1:
            cells = [*cells, ""]
        return _written(cells, self._delimiter) if len(cells) == self._columns else None

    def _cut_amount(self, cells: list[str]) -> str:
        """An amount that a comma in no quotes seems to have cut in two, so that cells stand in the wrong columns."""
        if self._delimiter != ",":
            return ""
        pairs = itertools.pairwise(cells)
        return next((f"{a},{b}" for a, b in pairs if _HEAD.fullmatch(a) and _TAIL.fullmatch(b)), "")

    def _reread(self, index: int, keep: np.ndarray, recovered: dict[int, bytes]) -> None:
        line = self._line(index)
        strict = self._one_record(line) or self._one_record(line, skip=True)
        row = strict or self._one_record(line, strict=False)
        keep[index] = row is not None
        if row is not None:
            recovered[index] = row
            if strict is None:
                self._reject(index, "a quote stands inside a quoted cell; it was left out", "repaired")

    def _unreadable(self, keep: np.ndarray, recovered: dict[int, bytes]) -> None:
        for index in np.flatnonzero(keep):
            line = recovered.get(int(index)) or self._line(int(index))
            if b"\0" in line or b"\xef\xbf\xbd" in line:
                keep[index] = False

    def _ragged(self, index: int, fields: int, keep: np.ndarray, recovered: dict[int, bytes]) -> None:
        line = self._line(index)
        if b"\0" in line or b"\xef\xbf\xbd" in line:
            self._reject(index, "bytes that are no text in the file's encoding")
            return
        try:
            cells = next(csv.reader([line.decode()], delimiter=self._delimiter), [])
        except csv.Error:
            cells = []
        if row := self._fitted(cells):
            keep[index], recovered[index] = True, row
            return
        found = len(cells) or fields
        cut = self._cut_amount(cells) if found > self._columns else ""
        why = f"; a comma that stands in no quotes cuts {cut!r} in two" if cut else ""
        self._reject(index, f"{found} cells, but the header has {self._columns}{why}")

    def _reject(self, index: int, reason: str, action: str = "rejected") -> None:
        content = self._line(index)[: SHOWN * 4].replace(b"\0", b"").decode("utf-8", errors="replace")
        self.rejects.append(Reject(f"line {self._first + index}", reason, content[:SHOWN], action))

    def _sound(self, data: np.ndarray, keep: np.ndarray, recovered: dict[int, bytes]) -> bytes:
        """The kept lines as CSV text, those that were recovered in their place."""
        used = self._text[: self.bytes_used]
        if keep.all() and not recovered:
            return used
        lengths = (self._ends - self._starts + 1)[: len(keep)]
        plain = keep.copy()
        plain[list(recovered)] = False
        if not recovered:
            return data[: self.bytes_used][np.repeat(keep, lengths)].tobytes()
        parts, at = [], 0
        mask = np.repeat(plain, lengths)
        for index in sorted(i for i in recovered if i < len(keep) and keep[i]):
            stop = int(self._starts[index])
            parts += [data[at:stop][mask[at:stop]].tobytes(), recovered[index]]
            at = int(self._ends[index]) + 1
        parts.append(data[at : self.bytes_used][mask[at:]].tobytes())
        return b"".join(parts)


def _written(cells: list[str], delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue().encode()
