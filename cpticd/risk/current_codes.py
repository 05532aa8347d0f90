"""Diagnosis codes of other years, as they are coded in one: a code that has ended, by what came in its place."""

from __future__ import annotations

from datetime import date
from functools import cache

import pandas as pd

from cpticd.reference import icd10cm


def current(codes: pd.Series, year: int) -> pd.Series:
    """Each code as it can be billed at the end of ``year``: itself, or what came in its place; empty where nothing did.

    Of several successors it is the unspecified one, since the code that ended said no more; else the last.
    """
    return codes.map({code: _current(code, year) for code in codes.dropna().unique()})


@cache
def _current(code: str, year: int) -> str:
    last = date(year, 12, 31)
    if code == "" or _billable(code, last):
        return code
    if icd10cm.valid(code)["reason"].iloc[0] == icd10cm.UNKNOWN:
        return ""
    came = icd10cm.successors(code)
    came = came[[_billable(each, last) for each in came["code"]]]
    if came.empty:
        return ""
    unspecified = came[came["title"].str.contains("unspecified", case=False, na=False)]
    return str((unspecified if len(unspecified) else came)["code"].iloc[-1])


def ended(codes: pd.Series, year: int) -> pd.Series:
    """Whether each code could be billed on no day of ``year``."""
    first, last = (
        icd10cm.valid(codes, day)["valid"].fillna(False).to_numpy(bool)
        for day in (date(year, 1, 1), date(year, 12, 31))
    )
    return pd.Series(~(first | last), index=codes.index)


def _billable(code: str, day: date) -> bool:
    found = icd10cm.valid(code, day)["valid"].iloc[0]
    return bool(found) if pd.notna(found) else True
