"""Rows of a SELECT as files: CSV that spreadsheets open, a workbook, Parquet; each whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from cpticd.core.errors import ArgumentError
from cpticd.core.spreadsheets import EXCEL_CHARACTERS, EXCEL_ROWS, FORMULA_STARTS, harmless

#: Rows in pieces, asked for when they are written.
Batches = Callable[[], Iterator[pa.RecordBatch]]
_FORMULA: Final = "^[" + "".join(f"\\{c}" if c in "-+" else c for c in FORMULA_STARTS) + "]"


def csv(batches: Iterator[pa.RecordBatch], path: Path) -> int:
    """Write rows as CSV in UTF-8 with its mark, which Excel needs, no cell a formula; how many."""
    rows, writer = 0, None
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        for batch in batches:
            rows += batch.num_rows
            plain = _plain(pa.Table.from_batches([batch]))
            if writer is None:
                options = pyarrow.csv.WriteOptions(quoting_style="needed")
                writer = pyarrow.csv.CSVWriter(file, plain.schema, write_options=options)
            writer.write_table(plain)
        if writer is not None:
            writer.close()
    return rows


def _plain(table: pa.Table) -> pa.Table:
    """Every cell as text, harmless where it was text before."""
    columns = []
    for column in table.columns:
        if pa.types.is_string(column.type):
            found = pc.match_substring_regex(column, _FORMULA)
            columns.append(pc.if_else(found, pc.binary_join_element_wise("'", column, ""), column))
        else:
            columns.append(column.cast(pa.string()))
    return pa.table(columns, names=table.column_names)


def parquet(batches: Iterator[pa.RecordBatch], path: Path) -> int:
    """Write rows as Parquet; how many."""
    rows, writer = 0, None
    for batch in batches:
        rows += batch.num_rows
        writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd")
        writer.write_batch(batch)
    if writer is not None:
        writer.close()
    return rows


def workbook(sheets: Mapping[str, Batches], path: Path) -> None:
    """Write each as a sheet: codes as text, money and dates as what they are, the heading kept in sight."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise ArgumentError(
            f"export: Excel needs the extra 'excel' ({error}); install it with: pip install 'cpticd[excel]', "
            "or write a .csv file"
        ) from error
    options = {
        "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "constant_memory": True
    }  # fmt: skip
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        formats = {
            "heading": book.add_format({"bold": True, "bottom": 1}),
            "text": book.add_format({"num_format": "@"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "amount": book.add_format({"num_format": "#,##0.00"}),
        }
        for name, batches in sheets.items():
            _sheet(book.add_worksheet(name), batches(), formats)


def _sheet(sheet: Any, batches: Iterator[pa.RecordBatch], formats: Mapping[str, Any]) -> None:
    number = 0
    for batch in batches:
        if not number:
            sheet.freeze_panes(1, 0)
            for column, name in enumerate(batch.schema.names):
                sheet.set_column(column, column, min(max(len(name) + 2, 10), 40))
                sheet.write_string(0, column, harmless(name), formats["heading"])
        if number + batch.num_rows >= EXCEL_ROWS:
            raise ArgumentError(f"export: an Excel sheet holds {EXCEL_ROWS - 1:,} rows; write a .csv file")
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            number += 1
            for column, cell in enumerate(row):
                _cell(sheet, number, column, cell, formats)


def _cell(sheet: Any, row: int, column: int, cell: Any, formats: Mapping[str, Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, str):
        sheet.write_string(row, column, harmless(cell)[:EXCEL_CHARACTERS], formats["text"])
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, dt.date):
        sheet.write_datetime(row, column, cell, formats["date"])
    elif isinstance(cell, Decimal):
        sheet.write_number(row, column, float(cell), formats["amount"])
    else:
        sheet.write_number(row, column, cell)
