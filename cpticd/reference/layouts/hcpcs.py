"""HCPCS Level II: codes and modifiers with their descriptions and dates.

Layouts: CMS's quarterly alpha-numeric file ``HCPC<year>_<month>_ANWEB_….txt`` in the contractor record layout
(HCPC<year>_recordlayout.txt: 1-5 code, with 4-5 a modifier; 11 record: 3 and 7 first line of a code and of a
modifier, 4 and 8 a further line; 12-91 long description; 92-119 short; 269-276 added, 277-284 effective date of
the last action, 285-292 terminated), and OPPS Addendum B as CSV (HCPCSCode, ShortDescriptor, StatusIndicator,
PaymentRate). CPT codes, which the addendum lists too, are left out. HCPCS Level II is in the public domain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, day, quarter, records, table

KEY: Final = ("code",)
_COLUMNS: Final = {
    "code": pa.string(),
    "kind": pa.string(),
    "title": pa.string(),
    "short_title": pa.string(),
    "status_indicator": pa.string(),
    "effective_from": pa.date32(),
    "effective_to": pa.date32(),
}
_CODE = re.compile(r"[A-Z][0-9]{4}")
_KINDS: Final = {"3": "procedure", "7": "modifier"}


def read(files: Sequence[Source]) -> Reading:
    """One row per code: code, kind (procedure, modifier), title, short_title, status_indicator, effective_from, _to.

    ``effective_from`` is the day on which the code was added, ``effective_to`` its last day; missing where the
    file has no dates.
    """
    found = [f for f in files if f.suffix in (".txt", ".csv") and not re.search("layout|notes", f.name, re.I)]
    if len(found) != 1:
        raise InputError(f"HCPCS: found {[file.name for file in files]}; pass HCPC<year>_<month>_ANWEB_….txt")
    (file,) = found
    head = file.text()[:2000]
    if "HCPCS" in head.split("\n", 1)[0].upper() and ("," in head or "\t" in head):
        return _addendum(file)
    rows: dict[str, list[Any]] = {}
    for number, line in enumerate(file.text().splitlines(), 1):
        if line.strip():
            _record(rows, line, f"{file.name}:{number}")
    return Reading(table(list(rows.values()), _COLUMNS, name=file.name), *quarter(file.name))


def _record(rows: dict[str, list[Any]], line: str, where: str) -> None:
    code, record, text = line[:5].strip(), line[10:11], line[11:91].strip()
    if record in _KINDS and re.fullmatch(r"[A-Z0-9]{2}|[A-Z][0-9]{4}", code):
        added = day(line[268:276], where=where)
        ended = day(line[284:292], where=where)
        rows[code] = [code, _KINDS[record], text, line[91:119].strip(), "", added, ended]
    elif record in ("4", "8") and code in rows:
        rows[code][2] = f"{rows[code][2]} {text}".strip()
    else:
        raise InputError(
            f"{where}: found {line[:20]!r}; expected a code (1-5) and a record of 3, 4, 7 or 8 (11): "
            "take the ANWEB text file"
        )


def _addendum(file: Source) -> Reading:
    needed = {"code": r"^HCPCS ?Code|^HCPCS$", "short": "^Short ?Desc", "status": r"^(Status ?Indicator|SI)$"}
    found = []
    for line, cells in records(file.rows(), needed, name=file.name):
        code, short, status = cells.values()
        if _CODE.fullmatch(code):
            found.append((code, "procedure", short, short, status, None, None))
        elif not re.fullmatch(r"[0-9]{4}[0-9A-Z]", code):
            raise InputError(f"{file.name}:{line}: found {code!r} where a HCPCS code was expected")
    return Reading(table(found, _COLUMNS, name=file.name), *quarter(file.name))
