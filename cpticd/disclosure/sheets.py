"""Frames as files for people who work in spreadsheets, with no cell that a spreadsheet would run; text for HTML."""

from __future__ import annotations

import csv
import datetime as dt
import html
import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from cpticd.core.contract import terms_of
from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.spreadsheets import EXCEL_CHARACTERS, EXCEL_COLUMNS, EXCEL_ROWS, harmless
from cpticd.core.whole_files import whole

#: Characters of the name of a sheet, and the name of the only one.
SHEET_NAME, DATA = 31, "data"
#: Widest column, in characters; longer cells wrap.
WIDEST: Final = 60
#: Decimals of what people read: dollars to the cent, chances, shares and ratios to four digits.
_ROUNDED: Final = (
    (re.compile(r"(^|_)(amount|dollars|charge|paid|allowed)$"), 2),
    (re.compile(r"(^|_)(probability|chance|rate|share|precision|recall|lift|low|high|odds_ratio)$"), 4),
)
#: Rows by which a column's width is set.
MEASURED_ROWS: Final = 200


def write(
    frames: pd.DataFrame | Mapping[str, pd.DataFrame],
    path: str | Path,
    *,
    overwrite: bool = False,
    what: str = "export",
) -> Path:
    """Write a frame as ``.csv`` (UTF-8 with its mark, which Excel needs), or frames by sheet as ``.xlsx``; the path.

    Text that begins with = + - @, a tab or a line break gets an apostrophe in front, in headings too, so that no
    spreadsheet runs it; numbers stay numbers, negative ones too, dates are dates, missing cells are empty. Dollars are
    rounded to the cent, chances, shares and ratios to four decimals: the frame has every digit. In
    Excel the heading stays in sight, columns fit what they hold, and of a single frame a second sheet has the contract
    (``cx.contract``). Cells that hold lists are written with blanks between.

    Raises OutputExistsError where the file exists, unless ``overwrite``; ArgumentError for another suffix, for more
    than an Excel sheet holds, where the extra ``excel`` is not installed, or where the path cannot be written.
    ``what`` is who writes, for errors.
    """
    target = Path(path)
    sheets = dict(frames) if isinstance(frames, Mapping) else {DATA: frames}
    for frame in sheets.values():
        if not isinstance(frame, pd.DataFrame):
            raise ArgumentError(f"{what}: found {type(frame).__name__}; give the DataFrame of an analysis")
    suffix = target.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise ArgumentError(f"{what}: {target.name!r} ends with {target.suffix!r}; name a .csv or .xlsx file")
    if suffix == ".csv" and len(sheets) != 1:
        raise ArgumentError(
            f"{what}: a .csv file holds one table, here are {list(sheets)}; name an .xlsx file"
        )
    if target.exists() and not overwrite:
        raise OutputExistsError(f"{target} exists; pass overwrite=True to replace it")
    with whole(target) as working:
        if suffix == ".csv":
            _csv(next(iter(sheets.values())), working)
        else:
            _excel(sheets, working, what)
    return target


def escape(value: Any) -> str:
    """Any text as text in HTML: no tag, no entity, no end of an attribute in it; a missing one is empty."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    return html.escape(str(value), quote=True)


def _plain(value: Any) -> Any:
    """A cell as a number, flag, date or harmless text; None where it is missing."""
    if isinstance(value, list | tuple | set) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1):
        return harmless(" ".join(str(item) for item in value))
    if value is None or pd.isna(value):
        return None
    if isinstance(value, dt.datetime):  # pandas' timestamps too
        stamp = pd.Timestamp(value).tz_localize(None)
        return stamp.date() if stamp == stamp.normalize() else stamp.to_pydatetime()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    return value if isinstance(value, int | dt.date) else harmless(str(value))


def _decimals(name: Any) -> int | None:
    """To how many decimals people read a column, by its name; None: as it is."""
    return next((places for pattern, places in _ROUNDED if pattern.search(str(name))), None)


def _rows(frame: pd.DataFrame) -> Iterator[list[Any]]:
    places = [_decimals(name) for name in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        cells = (_plain(value) for value in row)
        yield [
            round(cell, n) if n is not None and isinstance(cell, float) else cell
            for cell, n in zip(cells, places, strict=True)
        ]


def _headings(frame: pd.DataFrame) -> list[str]:
    return [harmless(str(name)) for name in frame.columns]


def _csv(frame: pd.DataFrame, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(_headings(frame))
        for row in _rows(frame):
            writer.writerow(["" if cell is None else cell for cell in row])


def _excel(sheets: Mapping[str, pd.DataFrame], path: Path, what: str) -> None:
    try:
        import xlsxwriter
    except ImportError as error:
        raise ArgumentError(
            f"{what}: Excel needs the extra 'excel' ({error}); install it with: pip install 'cpticd[excel]', "
            "or write a .csv file"
        ) from error
    # No text becomes a formula, a number or a link; a fixed date of creation gives the same file from the same frame.
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"}),
            "amount": book.add_format({"num_format": "#,##0.00", "valign": "top"}),
            "share": book.add_format({"num_format": "0.0%", "valign": "top"}),
            "number": book.add_format({"valign": "top"}),
        }
        used: set[str] = set()
        for name, frame in _with_contract(sheets).items():
            if len(frame) >= EXCEL_ROWS or len(frame.columns) > EXCEL_COLUMNS:
                raise ArgumentError(
                    f"{what}: {len(frame):,} rows and {len(frame.columns):,} columns; an Excel sheet holds "
                    f"{EXCEL_ROWS - 1:,} and {EXCEL_COLUMNS:,}: write a .csv file, or fewer"
                )
            _sheet(book.add_worksheet(_sheet_name(name, used)), frame, heading, formats, what)


def _with_contract(sheets: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The sheets, and of a single frame its contract."""
    terms = terms_of(next(iter(sheets.values()))) if len(sheets) == 1 else {}
    if not terms:
        return dict(sheets)
    written = pd.DataFrame({"term": list(map(str, terms)), "meaning": [_words(v) for v in terms.values()]})
    return {**sheets, "contract": written}


def _sheet_name(name: str, used: set[str]) -> str:
    """A name that Excel takes: without []:*?/\\, of 31 characters at most, once whatever its case."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", name).strip().strip("'")[:SHEET_NAME] or "table"
    chosen, number = plain, 1
    while chosen.lower() in used or chosen.lower() == "history":
        number += 1
        chosen = f"{plain[: SHEET_NAME - len(str(number)) - 1]} {number}"
    used.add(chosen.lower())
    return chosen


def _words(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _sheet(sheet: Any, frame: pd.DataFrame, heading: Any, formats: dict[str, Any], what: str) -> None:
    """Heading, rows, widths, a filter, and the heading kept in sight."""
    names = _headings(frame)
    widths = [min(max(len(word) for word in name.split("_")) + 4, WIDEST) for name in names]
    sheet.write_row(0, 0, names, heading)
    for number, row in enumerate(_rows(frame), start=1):
        for column, cell in enumerate(row):
            if cell is None:
                continue
            if isinstance(cell, str):
                if len(cell) > EXCEL_CHARACTERS:
                    raise ArgumentError(
                        f"{what}: column {names[column]!r}, row {number} has {len(cell):,} characters; an Excel cell "
                        f"holds {EXCEL_CHARACTERS:,}: write a .csv file"
                    )
                sheet.write_string(number, column, cell, formats["text"])
            elif isinstance(cell, bool):
                sheet.write_boolean(number, column, cell, formats["number"])
            elif isinstance(cell, dt.date):
                sheet.write_datetime(number, column, cell, formats["date"])
            else:
                sheet.write_number(number, column, cell, formats[_kind(names[column])])
            if number <= MEASURED_ROWS:
                widths[column] = min(max(widths[column], len(_shown(cell)) + 2), WIDEST)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    if names and len(frame):
        sheet.autofilter(0, 0, len(frame), len(names) - 1)


def _shown(cell: Any) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)


#: How numbers of a column are shown, by what its name ends with.
_KINDS: Final = {
    "amount": ("amount", "dollars"),
    "share": ("_rate", "rate", "probability", "_low", "_high", "precision", "recall", "share"),
}


def _kind(name: str) -> str:
    return next((kind for kind, endings in _KINDS.items() if name.endswith(endings)), "number")
