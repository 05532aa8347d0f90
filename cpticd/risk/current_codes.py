"""Diagnosis codes of other years, as they are coded in one: a code that has ended, by what came in its place."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from cpticd.reference import icd10cm


def current(codes: pd.Series, year: int) -> pd.Series:
    """Each code as it can be billed at the end of ``year``: itself, or what came in its place; empty where nothing did.

    Of several successors it is the unspecified one, since the code that ended said no more; else the last.
    """
    given = pd.Series(codes.dropna().unique(), dtype="str")
    billable = given.eq("").to_numpy() | _billable(given, date(year, 12, 31), unknown=True)
    named = {
        code: code if good else _successor(code, year) for code, good in zip(given, billable, strict=True)
    }
    return codes.map(named)


@cache
def _successor(code: str, year: int) -> str:
    """What came in place of a code that cannot be billed at the end of a year; empty where nothing did."""
    if icd10cm.valid(code)["reason"].iloc[0] == icd10cm.UNKNOWN:
        return ""
    came = icd10cm.successors(code)
    came = came[_billable(came["code"], date(year, 12, 31), unknown=True)]
    if came.empty:
        return ""
    unspecified = came[came["title"].str.contains("unspecified", case=False, na=False)]
    return str((unspecified if len(unspecified) else came)["code"].iloc[-1])


def ended(codes: pd.Series, year: int) -> pd.Series:
    """Whether each code could be billed on no day of ``year``."""
    first, last = (_billable(codes, day, unknown=False) for day in (date(year, 1, 1), date(year, 12, 31)))
    return pd.Series(~(first | last), index=codes.index)


def _billable(codes: pd.Series, day: date, *, unknown: bool) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each code can be billed on a day; ``unknown``: what is taken where no release says."""
    return icd10cm.valid(codes, day)["valid"].fillna(unknown).to_numpy(bool)
