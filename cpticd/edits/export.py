"""Worklists and scorecards as files for people who work in spreadsheets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cpticd import sheets


def export(frame: pd.DataFrame, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a frame as ``.csv`` (UTF-8 with its mark, which Excel needs) or ``.xlsx``; returns the path.

    Text that begins with = + - @, a tab or a line break gets an apostrophe in front, in headings too, so that no
    spreadsheet runs it; numbers stay numbers, negative ones too, dates are dates, missing cells are empty. In
    Excel the heading stays in sight, columns fit what they hold, and a second sheet has the contract of the frame
    (``attrs["contract"]``). Cells that hold lists are written with blanks between. A worklist names claims: keep
    it where they are kept.

    Raises OutputExistsError where the file exists, unless ``overwrite``; ArgumentError for another suffix, for more
    than an Excel sheet holds, where the extra ``excel`` is not installed, or where the path cannot be written.
    """
    return sheets.write(frame, path, overwrite=overwrite, what="export")
