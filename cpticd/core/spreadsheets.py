"""What spreadsheets hold, and what they would run."""

from __future__ import annotations

from typing import Final

#: What a cell must not begin with: spreadsheets take it for a formula, or for the blank before one (OWASP, CSV
#: injection); the wide forms are read alike in East Asian versions.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: What Excel holds: rows of a sheet, columns, characters of a cell.
EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_CHARACTERS = 1_048_576, 16_384, 32_767


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
