"""The ICD-10-CM conversion table: new codes, from when they hold, and what was coded before.

Layout: the workbook or CSV of the CDC/NCHS conversion table (FY2025): current code, effective, previous codes. A year
alone is October 1 of it, as the table's own head says; other days are written out (04/01/23). Several previous
codes are parted by commas, semicolons, & or "and"; some are ranges (H35.20-H35.23, I63.-).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, fiscal, only, published_day, records, table

KEY: Final = ("code", "previous_code")
_COLUMNS: Final = {"code": pa.string(), "previous_code": pa.string(), "effective_from": pa.date32()}
_CODE = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?")
_PREVIOUS = re.compile(rf"{_CODE.pattern}(-{_CODE.pattern}|\.-)?(?![0-9A-Za-z])")


def read(files: Sequence[Source]) -> Reading:
    """One row per code and previous code: code, previous_code ('' for none), effective_from.

    A previous code may be a range, such as H3520-H3523.
    """
    file = only(files, (".csv", ".xlsx", ".txt"), "the conversion table")
    needed = {"code": "^current", "effective": "^effective", "previous": "^previous"}
    found = []
    for line, cells in records(file.rows(), needed, name=file.name):
        code, effective, previous = cells.values()
        if not code:
            continue
        where = f"{file.name}:{line}"
        if not _CODE.fullmatch(code):
            raise InputError(
                f"{where}: found {code!r} where a code was expected; take the table as published"
            )
        first = _effective(effective, where)
        before = [_previous(match[0]) for match in _PREVIOUS.finditer(previous)]
        if not before and previous not in ("", "None"):
            raise InputError(f"{where}: found {previous!r} where previous codes, or None, were expected")
        found += [(code.replace(".", ""), text, first) for text in before or [""]]
    name, start = fiscal(file.name)
    return Reading(table(list(dict.fromkeys(found)), _COLUMNS, name=file.name), name, start)


def _previous(text: str) -> str:
    plain = text.replace(".-", "-").replace(".", "")
    return f"{plain}{plain[:-1]}" if plain.endswith("-") else plain


def _effective(text: str, where: str) -> date | None:
    if re.fullmatch(r"(19|20)\d\d(\.0)?", text):
        return date(int(text[:4]), 10, 1)
    return published_day(text, where=where)
