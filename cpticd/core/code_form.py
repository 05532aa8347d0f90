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
#: Five digits as a spreadsheet writes a number: no code system has a dot after five digits.
_DECIMAL: Final = re.compile(r"([0-9]{5})\.0+")
#: A procedure code with its modifiers: 99213-25, J1100:JW, HC:99213:25:59.
_MODIFIED: Final = re.compile(r"(?:HC:)?([0-9A-Z]{4}[0-9AFMTU])((?:(?:[-:,/]|\s)\s*[0-9A-Z]{2}){1,4})")
#: Digits of labeler, product and package of an NDC as it is printed; with 11 digits each is filled up to 5-4-2.
_NDC: Final = re.compile(r"([0-9]{4,5})-([0-9]{3,4})-([0-9]{1,2})")
_NDC_LENGTHS: Final = ((4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2))

Codes = str | Iterable[Any]


def normal(codes: Codes) -> pd.Series:
    """One row per code given: its normal form, upper case without dots and blanks; missing stays missing.

    ``codes`` is a text, a list, an array or a Series, whose index is kept. Whole numbers are written without
    decimals; leading zeros that a spreadsheet took away are not put back.
    """
    place, unique, index = factorized(codes)
    return as_series([normal_text(text) or None for text in unique], place, index, "code")


def dotted(codes: Codes) -> pd.Series:
    """One row per code given: a diagnosis code of normal form as it is written, with its dot; missing stays missing.

    The dot stands after the third character, as in ICD-10-CM; a code of three has none.

    >>> import cpticd as cx
    >>> cx.codes.dotted(["E1122", "I10"]).tolist()
    ['E11.22', 'I10']
    """
    place, unique, index = factorized(codes)
    return as_series(
        [f"{code[:3]}.{code[3:]}" if len(code) > 3 else code for code in unique], place, index, "code"
    )


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
    bare = _BLANKS.sub("", text)
    if decimal := _DECIMAL.fullmatch(bare):
        return decimal[1]
    return bare.replace(".", "").upper()


def modified(text: str) -> tuple[str, str]:
    """A procedure code and its modifiers, parted by a blank; the text itself and '' where it holds no modifiers."""
    found = _MODIFIED.fullmatch(text.strip().upper())
    return (found[1], " ".join(re.findall(r"[0-9A-Z]{2}", found[2]))) if found else (text, "")


def ndc(text: str) -> str | None:
    """A National Drug Code as 11 digits; None for what is none, and for ten digits, whose short part is not known."""
    bare = _BLANKS.sub("", text)
    if re.fullmatch(r"[0-9]{11}", bare):
        return bare
    found = _NDC.fullmatch(bare)
    if not found or tuple(len(part) for part in found.groups()) not in _NDC_LENGTHS:
        return None
    return "".join(part.zfill(width) for part, width in zip(found.groups(), (5, 4, 2), strict=True))


def few_digits(text: str, most: int) -> str | None:
    """A number of up to ``most`` digits, filled up with zeros; a decimal zero is a spreadsheet's."""
    bare = re.sub(r"\.0+$", "", _BLANKS.sub("", text))
    return bare.zfill(most) if re.fullmatch(rf"[0-9]{{1,{most}}}", bare) and int(bare) else None
