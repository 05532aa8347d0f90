"""Files in the form in which they are published, and what is told of them when they are added."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook

from cpticd import reference

#: The headings of NCCI's pairs, over several rows, and rows of each part.
PTP_HEAD = (
    "CPT only copyright 2025 American Medical Association.  All rights reserved.\t\t\t\t\t\t\n"
    "Column1/Column2 Edits\t\t\t\t\t\t\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n\t\t\t\t*=no data\t1=allowed\t\n\t\t\t\t\t9=not applicable\t\n"
)
PARTS = {f"f{n}": f"G000{n}\tG0009\t\t20200101\t*\t1\tours\n" for n in range(1, 5)}


def sheet(rows: list[list[object]], *, cover: bool = False) -> bytes:
    """A workbook, its table on the first sheet or under a sheet with a notice alone."""
    book = Workbook()
    if cover:
        book.active.append(["Read me: this workbook has two sheets"])
        book.create_sheet("Table")
    for row in rows:
        book.worksheets[-1].append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def add(
    folder: Path, name: str, data: str | bytes, kind: str | None = None, **options: object
) -> dict[str, object]:
    """Adds a file, by its content where no kind is given, and returns what was told of it."""
    file = folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    found = reference.add(file, **options) if kind is None else reference.add(kind, file, **options)
    return dict(found.attrs)
