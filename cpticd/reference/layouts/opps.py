"""Medicare's outpatient prospective payment system: of each code its status indicator.

Layout: CMS's quarterly OPPS Addendum B (.xlsx or .csv, plain or in its zip): titles and a notice, a row of headings
that begins with the code (HCPCS Code or HCPCSCode) and has the status indicator (SI, Status Indicator), then a row per
CPT or HCPCS code. Descriptors, which are the AMA's for CPT codes, and rates are not kept. What each status means
stands in Addendum D1: C is paid for inpatients alone, N is packaged, E1 is not covered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, quarter, table

KEY: Final = ("code",)
_COLUMNS: Final = {"code": pa.string(), "status_indicator": pa.string()}
_CODE_HEADING: Final = re.compile(r"(HCPCS|CPT)[ /]*(HCPCS)?[ _]*CODE|HCPCS", re.IGNORECASE)
_STATUS_HEADING: Final = re.compile(r"SI|STATUS ?INDICATOR", re.IGNORECASE)
#: How many rows may stand above the headings.
_ABOVE: Final = 30


def read(files: Sequence[Source]) -> Reading:
    """One row per code: code, status_indicator."""
    found = [file for file in files if file.suffix in (".csv", ".xlsx", ".txt")]
    named = [file for file in found if re.search("addendum.?b|addb", file.name, re.IGNORECASE)] or found
    if len(named) != 1:
        raise InputError(
            f"OPPS: found {[file.name for file in named or files]}; pass Addendum B of one quarter, or its zip"
        )
    file = named[0]
    places: tuple[int, int] | None = None
    rows = []
    for line, cells in file.rows():
        if places is None:
            places = _places(cells)
            if places is None and line > _ABOVE:
                break
            continue
        code, status = (cells[i].strip() if i < len(cells) else "" for i in places)
        if re.fullmatch(r"[0-9A-Z]{5}", code) and status:
            rows.append((code, status))
    if not rows:
        raise InputError(
            f"{file.name}: no row of headings with HCPCS Code and SI, or no code below; take Addendum B as published"
        )
    return Reading(table(rows, _COLUMNS, name=file.name), *quarter(file.name))


def _places(cells: Sequence[str]) -> tuple[int, int] | None:
    """Where the code and its status stand, where these are the headings."""
    heads = [re.sub(r"\s+", " ", cell).strip() for cell in cells]
    code = [i for i, head in enumerate(heads) if _CODE_HEADING.fullmatch(head)]
    status = [i for i, head in enumerate(heads) if _STATUS_HEADING.fullmatch(head)]
    return (code[0], status[0]) if code and status else None
