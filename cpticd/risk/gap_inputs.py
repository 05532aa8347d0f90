"""What every kind of gap is looked for in: persons, counted diagnoses with their HCCs, services of the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.engine import Engine
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.risk import tables
from cpticd.risk.conditions import list_years, load_encounters

#: Relations on the engine while gaps are looked for, dropped afterwards.
SCRATCH: Final = (
    "risk_gap_settings", "risk_gap_map", "risk_gap_parents", "risk_gap_courses", "risk_gap_encounters",
    "risk_gap_persons", "risk_gap_hits", "risk_gap_codes", "risk_gap_seen", "risk_gap_services",
    "risk_gap_states", "risk_gap_data_codes",
)  # fmt: skip
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
    if isinstance(year, bool) or not isinstance(year, int):
        raise ArgumentError(f"year: a whole service year such as 2025 is needed; found {year!r}")
    if isinstance(lookback_years, bool) or not isinstance(lookback_years, int) or lookback_years < 1:
        raise ArgumentError(f"lookback_years: a whole number from 1 on is needed; found {lookback_years!r}")
    payment = year + 1 if payment_year is None else payment_year
    tables.check_model(model, payment)
    first = list_years()[0]
    if year < first:
        raise ArgumentError(f"year={year}: no list of eligible procedures before service year {first}")
    return Scope(year, model, payment, tuple(range(max(first, year - lookback_years), year + 1)))


def courses(model: str, payment_year: int) -> pd.DataFrame:
    """One row per diagnosis code and HCC of the model: diagnosis_code, hcc, course.

    The longest prefix in the reference table ``condition_courses`` decides, else CMS's flag for the HCC:
    lasting where it is chronic, acute where it is not, lasting where CMS publishes none.
    """
    codes = to_frame(tables.mapping(model, payment_year).select(["diagnosis_code", "hcc"])).drop_duplicates()
    labels = tables.labels(model).to_pylist()
    flags = {row["hcc"]: ACUTE if row["chronic"] is False else LASTING for row in labels}
    known = {row["code_prefix"]: row["course"] for row in reference.table("condition_courses").to_pylist()}
    found = pd.Series(None, index=codes.index, dtype=object)
    for length in range(_LONGEST_CODE, 0, -1):
        found = found.fillna(codes["diagnosis_code"].str[:length].map(known))
    codes["course"] = found.fillna(codes["hcc"].map(flags)).fillna(LASTING).astype(str)
    return codes.reset_index(drop=True)


def prepare(engine: Engine, asked: Scope) -> None:
    """Create the relations of :data:`SCRATCH` on the engine."""
    model = asked.model
    engine.load(
        "risk_gap_settings",
        pa.table(
            {
                "year": pa.array([asked.year], pa.int32()),
                "base_year": pa.array([asked.base_year], pa.int32()),
                "payment_year": pa.array([asked.payment_year], pa.int32()),
            }
        ),
    )
    engine.load("risk_gap_map", tables.mapping(model, asked.payment_year))
    engine.load("risk_gap_parents", tables.hierarchy(model))
    engine.load("risk_gap_courses", pa.Table.from_pandas(courses(model, asked.payment_year)))
    load_encounters(engine, asked.years, name="risk_gap_encounters")
    for name in ("persons", "hits", "codes", "seen", "services", "states", "data_codes"):
        engine.create(f"risk_gap_{name}", sql.text(f"gap_{name}"), materialize=True)


def drop(engine: Engine, *names: str) -> None:
    """Forget the relations of :data:`SCRATCH`, and ``names``."""
    for name in (*names, *SCRATCH):
        engine.drop(name)
