"""Dollars of a point of score: base rates and member months, one for all, by person, or by county."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError

#: US dollars per member and month at score 1: one for all, by person_id, or a frame with person_id or county_code.
Rates = float | Mapping[str, float] | pd.Series | pd.DataFrame | None
Months = float | Mapping[str, float] | pd.Series | None
_KEYS: Final = ("person_id", "county_code")
_FORMS: Final = (
    "give a number, a mapping of person_id to a number, or a frame with person_id or county_code and {}"
)


def base_rates(claims: Claims, given: Rates, ids: pd.Series) -> pd.Series:
    """The base rate of each person of ``ids``, NaN where none is given; ArgumentError for what is no rate."""
    if isinstance(given, pd.DataFrame) and "county_code" in given and "person_id" not in given:
        by_county = _numbers("base_rate", given.set_index("county_code")[_column(given)])
        return _counties(claims, ids).map(by_county).astype(float)
    if isinstance(given, pd.DataFrame):
        if "person_id" not in given:
            raise ArgumentError(
                f"base_rate: a frame with columns {list(given.columns)}; {_FORMS.format('base_rate')}"
            )
        given = given.set_index("person_id")[_column(given)]
    return per_person("base_rate", given, ids)


def member_months(given: Months, ids: pd.Series) -> pd.Series:
    """Member months of each person, 12 unless given; NaN where a mapping does not say."""
    return per_person("member_months", 12.0 if given is None else given, ids)


def per_person(name: str, given: float | Mapping[str, float] | pd.Series | None, ids: pd.Series) -> pd.Series:
    """One number for all persons, or each person's own; ArgumentError for what is no number above 0."""
    if isinstance(given, Mapping | pd.Series):
        return ids.map(_numbers(name, pd.Series(given))).astype(float)
    if isinstance(given, bool) or not isinstance(given, int | float | np.integer | np.floating):
        raise ArgumentError(f"{name}: found {given!r}; {_FORMS.format(name)}")
    value = float(given)
    if not np.isfinite(value) or value < 0:
        raise ArgumentError(f"{name}: found {given!r}; a number of 0 or more is needed")
    return pd.Series(value, index=ids.index)


def _numbers(name: str, given: pd.Series) -> dict[str, float]:
    numbers = pd.to_numeric(given, errors="coerce")
    bad = numbers.isna() | (numbers < 0) | ~np.isfinite(numbers.astype(float))
    if bad.any():
        key = given.index[int(bad.to_numpy().argmax())]
        raise ArgumentError(f"{name}: {key!r} has {given[key]!r}; numbers of 0 or more are needed")
    if given.index.has_duplicates:
        twice = given.index[given.index.duplicated()][0]
        raise ArgumentError(f"{name}: {twice!r} stands twice; keep one")
    return {str(key): float(value) for key, value in numbers.items()}


def _column(given: pd.DataFrame) -> str:
    named = [str(column) for column in given.columns if column not in _KEYS]
    if "base_rate" in named:
        return "base_rate"
    if len(named) != 1:
        raise ArgumentError(
            f"base_rate: a frame with columns {list(given.columns)}; {_FORMS.format('base_rate')}"
        )
    return named[0]


def _counties(claims: Claims, ids: pd.Series) -> pd.Series:
    """The county of each person by the latest of his rows of members."""
    with claims.session() as s:
        found = s.frame(
            "SELECT person_id, county_code FROM members WHERE county_code IS NOT NULL ORDER BY person_id, year"
        )
    if found.empty:
        raise ArgumentError(
            "base_rate: by county, but no row of members has a county_code; give rates by person_id, or load members "
            "with county_code"
        )
    return ids.map(found.drop_duplicates("person_id", keep="last").set_index("person_id")["county_code"])
