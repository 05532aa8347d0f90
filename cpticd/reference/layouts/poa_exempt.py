"""Diagnosis codes exempt from reporting whether they were present on admission.

Layout: CMS's yearly list ``POAexemptCodesFY<year>`` as text (tabs), CSV or Excel: order, code, perhaps a description.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, fiscal, only, table

KEY: Final = ("code",)
_CODE = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?")


def read(files: Sequence[Source]) -> Reading:
    """One row per exempt code: code."""
    file = only(files, (".csv", ".txt", ".xlsx"), "the POA-exempt list")
    rows = file.rows()
    line, heading = next(rows, (1, [""]))
    column = next((i for i, cell in enumerate(heading) if "code" in cell.lower()), None)
    if column is None:
        raise InputError(
            f"{file.name}:{line}: no heading with 'code'; found {heading}; take POAexemptCodesFY<year>"
        )
    found = []
    for number, cells in rows:
        code = cells[column] if column < len(cells) else ""
        if not code and number > 1:
            continue
        if not _CODE.fullmatch(code):
            raise InputError(f"{file.name}:{number}: found {code!r} where a diagnosis code was expected")
        found.append((code.replace(".", ""),))
    name, start = fiscal(f"{file.name} {' '.join(heading)}")
    return Reading(table(found, {"code": pa.string()}, name=file.name), name, start)
