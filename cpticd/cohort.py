"""Which lines a study is about: one filter that every pattern takes, checked once and told in the contract.

A claim that a later one replaced or voided does not stand: what was coded is what the last version says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypedDict

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.claims import Claims
from cpticd.core.engine import Engine
from cpticd.core.errors import ArgumentError


class Filters(TypedDict, total=False):
    """Which lines to look at; what is not named does not restrict.

    dates: first and last date of service, both included; either may be None.
    payer: payers by name, one or several.
    setting: practitioner (professional claims), or the bill type's inpatient, outpatient, home or hospice.
    place: place of service code, or of institutional claims the bill type's first two digits and X (``13X``).
    claim_type: ``professional`` or ``institutional``.
    person_id: persons of the cohort: list, set, array, Series, or a DataFrame with a column ``person_id``.
    """

    dates: Sequence[str | date | pd.Timestamp | None] | None
    payer: str | Sequence[str] | None
    setting: str | Sequence[str] | None
    place: str | Sequence[str] | None
    claim_type: str | Sequence[str] | None
    person_id: Any


#: Names by which lines can be divided, and the column of the relation that each is.
DIMENSIONS: Final = {
    "payer": "payer",
    "place_of_service_code": "place",
    "place": "place",
    "setting": "setting",
    "claim_type": "claim_type",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
    "hcpcs_family": "hcpcs_family",
    "billing_npi": "billing_npi",
    "rendering_npi": "rendering_npi",
}
_KEYS: Final = ("dates", "payer", "setting", "place", "claim_type", "person_id")
_VALUES: Final = ("payer", "setting", "place", "claim_type")
_BOTH: Final = 2
_SHOWN: Final = 12
_count = itertools.count(1)


@dataclass
class Cohort:
    """The lines that stand, as relation ``name`` of ``engine``, and what the contract says of them.

    Columns of the relation: claim_id, claim_line_number, claim_type, setting, payer, place, person_id,
    hcpcs_code, hcpcs_family, service_date, month, quarter, year (each its first day), billing_npi,
    rendering_npi (billing_npi where a line names none), charge_amount, initial_outcome, denied_amount,
    paid_amount, is_superseded.
    """

    engine: Engine
    name: str
    contract: dict[str, Any] = field(default_factory=dict)
    _made: list[str] = field(default_factory=list)

    def load(self, suffix: str, data: pa.Table) -> str:
        """A scratch relation of this cohort from an Arrow table; its name."""
        name = f"{self.name}_{suffix}"
        self._made.append(name)
        self.engine.load(name, data)
        return name

    def create(self, suffix: str, text: str, *, materialize: bool = True) -> str:
        """A scratch relation of this cohort from a SELECT; its name."""
        name = f"{self.name}_{suffix}" if suffix else self.name
        self._made.append(name)
        self.engine.create(name, text, materialize=materialize)
        return name

    def rows(self, text: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of one small SELECT."""
        return self.engine.fetch(text, params).to_pylist()

    def close(self) -> None:
        """Drop the relations of this cohort."""
        for name in reversed(self._made):
            self.engine.drop(name)


@contextmanager
def lines(claims: Claims, filters: Filters, *, superseded: bool = False) -> Iterator[Cohort]:
    """The lines that ``filters`` choose, as a relation that is dropped at the end.

    ``superseded=True`` keeps the lines of claims that a later claim replaced or voided (a first denial often
    stands on one). Raises ArgumentError for a filter that is unknown, empty, or names what is not there.
    """
    unknown = [name for name in filters if name not in _KEYS]
    if unknown:
        raise ArgumentError(f"filters: no {', '.join(map(repr, unknown))}; there are {', '.join(_KEYS)}")
    given = {name: value for name, value in filters.items() if value is not None}
    dates = _dates(given["dates"]) if "dates" in given else None
    cohort = Cohort(claims.engine, f"cohort_{next(_count)}")
    try:
        prefixes = reference.table("bill_types").select(["prefix", "setting"])
        kinds = cohort.load("bill_types", prefixes)
        text = sql.text("cohort_lines").format(bill_types=kinds, superseded=sql.text("superseded"))
        every = cohort.create("all", text)
        told: dict[str, Any] = {}
        chosen = ["TRUE"]
        for name in _VALUES:
            if name in given:
                chosen.append(_choose(cohort, every, name, given[name], told))
        if "person_id" in given:
            chosen.append(_choose_persons(cohort, every, given["person_id"], told))
        others = " AND ".join(chosen)
        within = _choose_dates(cohort, dates, told) if dates else "TRUE"
        stands = "TRUE" if superseded else "NOT o.is_superseded"
        cohort.create(
            "", f"SELECT * FROM {every} o WHERE {others} AND {within} AND {stands}", materialize=False
        )
        counts = cohort.rows(
            f"""
            SELECT count(*) AS lines, count(CASE WHEN {others} AND {within} AND {stands} THEN 1 END) AS chosen,
                count(CASE WHEN {others} AND {within} AND o.is_superseded THEN 1 END) AS replaced,
                count(CASE WHEN {others} AND o.service_date IS NULL THEN 1 END) AS undated
            FROM {every} o
            """
        )[0]
        cohort.contract = {
            "filters": told or "none",
            "lines_in_data": counts["lines"],
            "lines_in_cohort": counts["chosen"],
            f"replaced_lines_{'kept' if superseded else 'left_out'}": counts["replaced"],
        }
        if dates:
            cohort.contract["lines_without_date_left_out"] = counts["undated"]
        yield cohort
    finally:
        cohort.close()


def dimensions(names: Sequence[str] | str | None, argument: str, *extra: str) -> list[str]:
    """The dimensions that a user named, each once; ArgumentError for one that is not in DIMENSIONS or ``extra``."""
    wanted = [names] if isinstance(names, str) else list(names or [])
    known = [*DIMENSIONS, *extra]
    if any(name not in known for name in wanted) or len({*wanted}) < len(wanted):
        raise ArgumentError(f"{argument}={names!r}: expected distinct names out of {known}")
    return wanted


def _dates(value: Any) -> list[date | None]:
    """First and last day."""
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != _BOTH:
        raise ArgumentError(f"dates={value!r}: give (first, last), such as ('2024-01-01', '2024-12-31')")
    days: list[date | None] = []
    for day in value:
        try:
            found = None if day is None else pd.Timestamp(day)
        except (ValueError, TypeError) as error:
            raise ArgumentError(f"dates: {day!r} is not a date; write it as YYYY-MM-DD") from error
        if found is pd.NaT:
            raise ArgumentError(f"dates: {day!r} is not a date; pass None where there is no bound")
        days.append(None if found is None else found.date())
    first, last = days
    if first is not None and last is not None and first > last:
        raise ArgumentError(f"dates: the first day {first} is after the last, {last}")
    return days


def _choose_dates(cohort: Cohort, dates: list[date | None], told: dict[str, Any]) -> str:
    first, last = dates
    told["dates"] = [None if day is None else day.isoformat() for day in dates]
    bounds = [first or date.min, last or date.max]
    name = cohort.load("days", pa.table({"first": pa.array(bounds[:1]), "last": pa.array(bounds[1:])}))
    return (
        f"(o.service_date IS NOT NULL AND o.service_date >= (SELECT first FROM {name}) "
        f"AND o.service_date <= (SELECT last FROM {name}))"
    )


def _choose(cohort: Cohort, every: str, name: str, value: Any, told: dict[str, Any]) -> str:
    """The condition that a column has one of the values; each must be there."""
    values = _texts(name, value)
    rows = cohort.rows(f"SELECT DISTINCT {name} AS found FROM {every} WHERE {name} IS NOT NULL")
    there = sorted(row["found"] for row in rows)
    absent = [text for text in values if text not in there]
    if absent:
        shown = ", ".join(there[:_SHOWN]) + (" …" if len(there) > _SHOWN else "")
        raise ArgumentError(
            f"{name}: no lines of {', '.join(map(repr, absent))}; there are {shown or 'none'}"
        )
    told[name] = values
    table = cohort.load(name, pa.table({"value": pa.array(values, pa.string())}))
    return f"o.{name} IN (SELECT value FROM {table})"


def _choose_persons(cohort: Cohort, every: str, value: Any, told: dict[str, Any]) -> str:
    """The condition that a line's person is of the cohort; persons that are not there are counted."""
    if isinstance(value, pd.DataFrame):
        if "person_id" not in value.columns:
            raise ArgumentError(
                f"person_id: the DataFrame has no column 'person_id'; found {list(value.columns)}"
            )
        value = value["person_id"]
    persons = _texts("person_id", value)
    table = cohort.load("persons", pa.table({"value": pa.array(persons, pa.string())}))
    condition = f"o.person_id IN (SELECT value FROM {table})"
    found = cohort.rows(f"SELECT count(DISTINCT person_id) AS n FROM {every} o WHERE {condition}")[0]["n"]
    if not found:
        raise ArgumentError(
            f"person_id: none of {len(persons)} persons, such as {persons[0]!r}, has a line in these claims; "
            "give person_id as the claims have it"
        )
    told["person_id"] = {"persons_given": len(persons), "persons_found": found}
    return condition


def _texts(name: str, value: Any) -> list[str]:
    """Distinct texts, sorted, of one value or several."""
    try:
        values = [value] if isinstance(value, str | int) else list(value)
    except TypeError as error:
        raise ArgumentError(f"{name}={value!r}: give a text or a list of texts") from error
    if not values:
        raise ArgumentError(f"{name}: found an empty list; leave {name} out to choose everything")
    wrong = [item for item in values if pd.isna(item) or isinstance(item, float | bool)]
    if wrong:
        raise ArgumentError(f"{name}: found {wrong[0]!r}; every value is a text, and none is missing")
    return sorted({str(item) for item in values})
