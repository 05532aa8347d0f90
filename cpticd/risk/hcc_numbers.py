"""HCCs as the tables have them: numbers, as text."""

from __future__ import annotations

from typing import Final

import pandas as pd

_AROUND: Final = r"^(?:RX)?HCC[_ ]*0*|^0+|\.0+$"


def hcc_numbers(column: pd.Series) -> pd.Series:
    """The HCCs of a column as the tables have them: 37 for HCC37, HCC 037, RXHCC_37 and a spreadsheet's 37.0."""
    return column.astype("str").str.strip().str.upper().str.replace(_AROUND, "", regex=True)
