"""Worklists as files for people who work in spreadsheets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cpticd import disclosure, sheets


def export(
    frame: pd.DataFrame, path: str | Path, *, identifiers: bool = False, overwrite: bool = False
) -> Path:
    """Write a worklist or findings as ``.csv`` (UTF-8 with its mark, which Excel needs) or ``.xlsx``; the path.

    identifiers: persons and claims under their own names, for whoever corrects the claims; else they are numbered, in
        the evidence as well. Frames of counts, such as a scorecard, are refused while disclosure control is on: a
        ``disclosure.Release`` says which of their cells may leave.

    Text that begins with = + - @, a tab or a line break gets an apostrophe in front, in headings too, so that no
    spreadsheet runs it; numbers stay numbers, negative ones too, dates are dates, missing cells are empty. In
    Excel the heading stays in sight, columns fit what they hold, and a second sheet has the contract of the frame
    (``cx.contract``). Cells that hold lists are written with blanks between.

    Raises OutputExistsError where the file exists, unless ``overwrite``; ArgumentError for another suffix, for more
    than an Excel sheet holds, where the extra ``excel`` is not installed, or where the path cannot be written.
    """
    if isinstance(frame, pd.DataFrame):
        frame = disclosure.Release().records("data", frame).marked("data", identifiers=identifiers)
    return sheets.write(frame, path, overwrite=overwrite, what="export")
