"""The normal form of a code: upper case, without dots and blanks."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

#: The day from which US claims carry ICD-10-CM and ICD-10-PCS by date of service (45 CFR 162.1002).
ICD10_START: Final = date(2015, 10, 1)
_BLANKS: Final = re.compile(r"\s+")

Codes = str | Iterable[Any]


def normal(codes: Codes) -> pd.Series:
    """One row per code given: its normal form, upper case without dots and blanks; missing stays missing.

    ``codes`` is a text, a list, an array or a Series, whose index is kept. Whole numbers are written without
    decimals; leading zeros that a spreadsheet took away are not put back.
    """
    place, unique, index = factorized(codes)
    return as_series([normal_text(text) or None for text in unique], place, index, "code")


def factorized(codes: Codes) -> tuple[np.ndarray, list[str], pd.Index]:
    """Which distinct text each code is (-1: missing), the distinct texts, and the index of the result."""
    if not isinstance(codes, pd.Series | pd.Index):
        scalar = codes is None or isinstance(codes, str) or not isinstance(codes, Iterable)
        # Object arrays, so that a list of numbers and gaps is not turned into floats or text.
        values = np.empty(1 if scalar else len(list_ := list(codes)), dtype=object)
        values[:] = [codes] if scalar else list_
        codes = pd.Series(values)
    index = codes.index if isinstance(codes, pd.Series) else pd.RangeIndex(len(codes))
    try:
        place, unique = pd.factorize(codes)
    except TypeError:  # lists or dicts among the codes
        place, unique = pd.factorize(
            codes.map(lambda value: value if isinstance(value, Hashable) else str(value))
        )
    return place, [as_text(value) or "" for value in unique], index


def as_series(values: Sequence[str | None], place: np.ndarray, index: pd.Index, name: str) -> pd.Series:
    """Each row's value as text; place -1 is missing."""
    found = pa.array(list(values), pa.string()).take(pa.array(place, mask=place < 0))
    return pd.Series(found.to_pandas().array, index=index, name=name)


def as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def normal_text(text: str) -> str:
    return _BLANKS.sub("", text).replace(".", "").upper()
