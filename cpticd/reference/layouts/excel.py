"""The first sheet of an Excel workbook as rows of text, read as it streams by.

Layout: Office Open XML (ECMA-376): ``xl/worksheets/sheet1.xml`` holds rows and cells, ``xl/sharedStrings.xml`` texts.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from typing import Final

from cpticd.errors import InputError

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rows(data: bytes, *, name: str) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of each row that is not empty. Raises InputError for what is no workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            shared = _shared(book)
            sheets = sorted(
                (n for n in book.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n)),
                key=lambda n: int(re.sub(r"\D", "", n)),
            )
            with book.open(sheets[0]) as sheet:
                for _, element in ET.iterparse(sheet):
                    if element.tag == f"{_MAIN}row":
                        cells = _cells(element, shared)
                        if any(cells):
                            yield int(element.get("r", "0")), cells
                        element.clear()
    except (zipfile.BadZipFile, ET.ParseError, IndexError, KeyError, ValueError) as error:
        raise InputError(f"{name}: not an Excel workbook (.xlsx): {error}; take the text file") from error


def _shared(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    root = ET.fromstring(book.read("xl/sharedStrings.xml"))
    return ["".join(text.text or "" for text in item.iter(f"{_MAIN}t")) for item in root]


def _cells(row: ET.Element, shared: list[str]) -> list[str]:
    found: list[str] = []
    for cell in row.iter(f"{_MAIN}c"):
        letters = re.sub(r"\d", "", cell.get("r", ""))
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        found += [""] * (column - 1 - len(found))
        kind, value = cell.get("t"), cell.findtext(f"{_MAIN}v") or ""
        if kind == "s":
            value = shared[int(value)]
        elif kind == "inlineStr":
            value = "".join(text.text or "" for text in cell.iter(f"{_MAIN}t"))
        found.append(value.strip())
    return found
