"""What every kind of gap is looked for in: persons, counted diagnoses with their HCCs, services of the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.core.session import Session
from cpticd.risk import hcc_tables
from cpticd.risk.conditions import list_years, load_encounters
from cpticd.risk.entitlement import load_outsiders, load_unpaid

#: Courses of a condition, by code: does it last, may it end, or is it over within the year?
LASTING, MAY_END, ACUTE = "lasting", "may_end", "acute"
_LONGEST_CODE: Final = 7


@dataclass(frozen=True)
class Scope:
    """What is asked: the measurement year, the model whose HCCs are meant, the years looked back on."""

    year: int
    model: str
    payment_year: int
    years: tuple[int, ...]

    @property
    def base_year(self) -> int:
        return self.year - 1


def scope(year: int, model: str, payment_year: int | None, lookback_years: int) -> Scope:
    """The checked arguments; ArgumentError says which one is out of range, and what there is."""
    if isinstance(lookback_years, bool) or not isinstance(lookback_years, int) or lookback_years < 1:
        raise ArgumentError(f"lookback_years: a whole number from 1 on is needed; found {lookback_years!r}")
    payment = hcc_tables.paid_year(model, year, payment_year)
    first = list_years()[0]
    if year < first:
        raise ArgumentError(f"year={year}: no list of eligible procedures before service year {first}")
    return Scope(year, model, payment, tuple(range(max(first, year - lookback_years), year + 1)))


def courses(model: str, payment_year: int) -> pd.DataFrame:
    """One row per diagnosis code and HCC of the model: diagnosis_code, hcc, course.

    The longest prefix in the reference table ``condition_courses`` decides, else CMS's flag for the HCC:
    lasting where it is chronic, acute where it is not, lasting where CMS publishes none.
    """
    codes = to_frame(
        hcc_tables.remembered(model, payment_year).select(["diagnosis_code", "hcc"])
    ).drop_duplicates()
    labels = hcc_tables.labels(model).to_pylist()
    flags = {row["hcc"]: ACUTE if row["chronic"] is False else LASTING for row in labels}
    known = {row["code_prefix"]: row["course"] for row in reference.table("condition_courses").to_pylist()}
    found = pd.Series(None, index=codes.index, dtype=object)
    for length in range(_LONGEST_CODE, 0, -1):
        found = found.fillna(codes["diagnosis_code"].str[:length].map(known))
    codes["course"] = found.fillna(codes["hcc"].map(flags)).fillna(LASTING).astype(str)
    return codes.reset_index(drop=True)


def prepare(s: Session, asked: Scope) -> None:
    """Make the relations that every kind of gap is looked for in: ``asked``, ``encounters``, ``gap_persons``, …"""
    years = {
        "year": pa.array([asked.year], pa.int32()),
        "base_year": pa.array([asked.base_year], pa.int32()),
        "payment_year": pa.array([asked.payment_year], pa.int32()),
        "age_on": pa.array([hcc_tables.age_day(asked.model, asked.payment_year)], pa.date32()),
    }
    s.load("asked", years)
    s.load("hcc_map", hcc_tables.remembered(asked.model, asked.payment_year))
    s.load("hcc_parents", hcc_tables.hierarchy(asked.model))
    s.load("courses", courses(asked.model, asked.payment_year))
    load_encounters(s, asked.years, model=asked.model)
    load_outsiders(s, asked.model)
    load_unpaid(s, asked.model, asked.payment_year)
    for name in ("persons", "hits", "codes", "seen", "services", "states", "data_codes"):
        s.create(f"gap_{name}", sql.text(f"risk/gap_{name}"))
