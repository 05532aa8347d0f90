"""A user's own licensed CPT file: code and descriptor. Nothing of it is ever part of cpticd.

Layout: the AMA's text files (LONGULT.txt and the like): notices, then code, a tab and the descriptor; or a CSV
with code and descriptor first. CPT is the AMA's property: the file stays in the user's folder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, table

KEY: Final = ("code",)
_CODE = re.compile(r"[0-9]{4}[0-9AFMTU]")


def read(files: Sequence[Source]) -> Reading:
    """One row per code: code, title. Lines before the first code are a notice, lines after it must be codes."""
    found: dict[str, tuple[str, str]] = {}
    for file in files:
        own = 0
        for line, cells in file.rows():
            if len(cells) > 1 and _CODE.fullmatch(cells[0]) and cells[1]:
                found[cells[0]] = (cells[0], cells[1])
                own += 1
            elif own:
                raise InputError(
                    f"{file.name}:{line}: found {cells[:1]} where a CPT code and its text were expected"
                )
        if not own:
            raise InputError(
                f"{file.name}: no line of a CPT code and its text; take the text file of your licence"
            )
    year = re.search(r"20\d\d", files[0].name)
    first = date(int(year[0]), 1, 1) if year else None
    columns = {"code": pa.string(), "title": pa.string()}
    rows = list(found.values())
    return Reading(table(rows, columns, name=files[0].name), year[0] if year else "", first)
