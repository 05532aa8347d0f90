"""The first sheet with a table of an Excel workbook as rows of text, read by openpyxl as it streams by."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any

from cpticd.core.errors import InputError


def rows(data: bytes, *, name: str) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of each row that is not empty; dates as YYYYMMDD, as the official text files have them.

    Raises InputError for what is no workbook, and where the extra ``excel`` is not installed.
    """
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        raise InputError(
            f"{name}: Excel files need the extra 'excel': pip install 'cpticd[excel]'; or take the text file"
        ) from error
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for number, row in enumerate(_sheet(book).iter_rows(values_only=True), start=1):
            cells = [_text(value) for value in row]
            if any(cells):
                yield number, cells
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, IndexError, KeyError, ValueError, SyntaxError) as error:
        raise InputError(f"{name}: not an Excel workbook (.xlsx): {error}; take the text file") from error


def _sheet(book: Any) -> Any:
    """The first sheet that has a table, a row of two cells or more among its first; a notice may have its own."""
    for sheet in book.worksheets:
        head = sheet.iter_rows(max_row=60, values_only=True)
        if any(sum(value not in (None, "") for value in row) > 1 for row in head):
            return sheet
    return book.worksheets[0]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
