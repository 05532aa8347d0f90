"""Who sees a person for a condition, when he saw him last, and when the next visit is to be expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import amend, carry
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.measure import Part, Records, measure
from cpticd.core.session import Session
from cpticd.risk import entitlement, hcc_tables
from cpticd.risk.conditions import list_years, load_encounters

#: Columns that the worklist adds, in order.
COLUMNS: Final = (
    "rendering_npi", "taxonomy", "seen_for", "visits", "last_visit", "usual_days", "next_visit", "next_visit_by",
)  # fmt: skip
_KEY: Final = ["person_id", "hcc"]
#: Intervals that a usual one is the median of, at least.
_INTERVALS: Final = 2
#: Longer than that apart, visits follow no rhythm of their own.
_LONGEST_DAYS: Final = 400


@dataclass(frozen=True)
class Visits:
    """Visits up to a day: of persons, and of persons for a condition; and the taxonomy of clinicians."""

    persons: pd.DataFrame  # person_id, claim_date, provider
    conditions: pd.DataFrame  # person_id, hcc, claim_date, provider
    taxonomy: pd.Series  # by provider


@measure(
    heading="Worklist by clinician and next visit",
    leaves=Records(),
    report=[
        Part(
            "risk_worklist", "risk", "Worklist by clinician and next visit",
            lambda given: {
                "gaps": given.part("risk_gaps"), "year": given["year"], "as_of": f"{given['year']}-12-31",
                "payment_year": given["payment_year"], "model": given["model"], "quiet": True,
            },
            detail="full",
        )
    ],
)  # fmt: skip
def worklist(
    claims: Claims,
    gaps: pd.DataFrame,
    *,
    year: int,
    as_of: str | date,
    payment_year: int | None = None,
    model: str = "V28",
    appointments: pd.DataFrame | None = None,
    lookback_years: int = 1,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per row of ``gaps``: with the clinician who sees the person for the condition, and the next visit.

    Parameters
    ----------
    gaps: person_id and hcc, as :func:`cpticd.risk.gaps`, :func:`cpticd.risk.unsupported` and
        :func:`cpticd.risk.impact` return them; their columns are kept, and their rows but those of persons who died
        before the payment year or are in hospice all of it (counted in the contract, ``not_paid``, and printed).
    year: service year of the gaps. Visits of it and of ``lookback_years`` before are looked at.
    as_of: the day on which the list is made; visits after it are not known yet.
    payment_year, model: whose mapping says which codes are of a condition; unless given ``year + 1``.
    appointments: person_id, appointment_date, and npi where it is known: what is booked goes before what is expected.
    quiet: do not print how many persons of ``gaps`` were left out.

    Columns added
    -------------
    rendering_npi: the clinician with most days of face-to-face visits that count (of an institution's claim: the
        biller), then the latest; of those for the condition (a code of it or of its hierarchy on the claim, or the
        claim is evidence of the gap), else of all: seen_for is condition, person, or empty where nobody saw him.
    taxonomy: of that clinician, where claims have one. visits: days with him. last_visit: the latest.
    usual_days: median of the days between his visits with this clinician, of the person's with anybody where there
        are fewer than three; not beyond 400 days.
    next_visit: the first appointment from ``as_of`` on, with this clinician if one is; else last_visit and usual_days,
        which may have passed already: he is overdue. Empty for who died by ``as_of``. next_visit_by: appointment,
        usual interval, overdue, or empty.

    Rows are in order of what can be done when: appointments and expected visits by day, then those overdue, then those
    of whom no visit can be expected; in each by what the row is worth (expected_dollars, expected_score or confidence,
    the first there is). Raises ArgumentError and SchemaError for what cannot be read.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> gaps = cx.risk.gaps(claims, year=2025, kinds=["lapsed"], quiet=True)
    >>> todo = cx.risk.worklist(claims, gaps, year=2025, as_of="2025-10-01", quiet=True)
    >>> bool((todo["last_visit"].dropna() <= "2025-10-01").all())
    True
    """
    check_columns(gaps, _KEY, "gaps")
    day = _day(as_of)
    paid = hcc_tables.paid_year(model, year, payment_year)
    booked = _booked(appointments, day)
    frame = gaps.drop(columns=[name for name in COLUMNS if name in gaps]).reset_index(drop=True)
    frame = frame.astype(dict.fromkeys(_KEY, "str"))
    first = list_years()[0]
    years = [one for one in range(year - lookback_years, max(year, day.year) + 1) if one >= first]
    with claims.session() as s:
        load_encounters(s, years, model=model)
        frame, unpaid = _paid(s, frame, model, paid)
        dead = _dead(s, day)
        visits = visits_of(s, frame, model=model, payment_year=paid, as_of=day)
    if unpaid and not quiet:
        print(entitlement.sentence(unpaid, "rows to review"))
    added = _next(_seen(frame[_KEY], visits), visits, booked, day)
    gone = added["person_id"].isin(dead)
    added = added.assign(
        next_visit=added["next_visit"].mask(gone), next_visit_by=added["next_visit_by"].mask(gone, "")
    )
    result = frame.join(added[list(COLUMNS)])
    result = result.iloc[_order(result)].reset_index(drop=True)
    return amend(
        carry(gaps, result),
        not_paid=unpaid,
        worklist=f"visits of {', '.join(map(str, years))} until {day.date()}",
        appointments="none given" if appointments is None else f"{len(booked)} from {day.date()} on",
    )


def _paid(
    s: Session, frame: pd.DataFrame, model: str, payment_year: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows of persons of whom CMS pays some month of the payment year; and how many persons others are, by reason."""
    entitlement.load_unpaid(s, model, payment_year)
    reasons = s.frame("SELECT person_id, reason FROM unpaid").set_index("person_id")["reason"]
    why = frame["person_id"].map(reasons)
    counts = frame["person_id"].groupby(why).nunique()
    return frame[why.isna()].reset_index(drop=True), {str(name): int(n) for name, n in counts.items()}


def _dead(s: Session, day: pd.Timestamp) -> list[str]:
    """Persons who died by that day: no visit of theirs is to be expected."""
    found = s.rows("SELECT DISTINCT person_id FROM members WHERE death_date <= $day", {"day": day.date()})
    return [str(row["person_id"]) for row in found]


def check_columns(frame: Any, columns: Sequence[str], name: str) -> None:
    """Raise unless ``frame`` is a DataFrame with these columns."""
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(f"{name}: expected a DataFrame, found {type(frame).__name__}")
    if missing := [column for column in columns if column not in frame.columns]:
        raise SchemaError(f"{name}: no column {missing}; found {list(frame.columns)}")


def _day(value: str | date) -> pd.Timestamp:
    day = pd.to_datetime(value, errors="coerce")
    if pd.isna(day):
        raise ArgumentError(f"as_of={value!r}: give the day on which the list is made, such as '2025-10-01'")
    return pd.Timestamp(day).normalize()


def _booked(appointments: pd.DataFrame | None, day: pd.Timestamp) -> pd.DataFrame:
    """Appointments from ``day`` on, the first of each person and clinician: person_id, npi, appointment_date."""
    columns = ["person_id", "appointment_date", "npi"]
    if appointments is None:
        return pd.DataFrame(columns=columns)
    check_columns(appointments, columns[:2], "appointments")
    rows = appointments.assign(npi=appointments.get("npi", ""))[columns]
    dates = pd.to_datetime(rows["appointment_date"], errors="coerce", format="mixed")
    if (bad := dates.isna()).any():
        row = rows[bad].iloc[0]
        raise SchemaError(
            f"appointments: appointment_date {row['appointment_date']!r} of person {row['person_id']!r} is no date"
        )
    rows = rows.assign(
        person_id=rows["person_id"].astype("str"),
        npi=rows["npi"].fillna("").astype("str"),
        appointment_date=dates,
    )
    return rows[dates >= day].sort_values(["person_id", "appointment_date", "npi"], ignore_index=True)


def visits_of(
    s: Session, asked: pd.DataFrame, *, model: str, payment_year: int, as_of: pd.Timestamp
) -> Visits:
    """Visits of persons ``asked`` about (person_id, hcc, perhaps evidence_claims), of a session's ``encounters``."""
    pairs = asked[_KEY].drop_duplicates()
    near = {(hcc, hcc) for hcc in hcc_tables.labels(model).column("hcc").to_pylist()}
    for row in hcc_tables.hierarchy(model).to_pylist():
        near |= {(row["child"], row["parent"]), (row["parent"], row["child"])}
    claims = asked.get("evidence_claims", pd.Series(index=asked.index, dtype=object))
    evidence = asked[_KEY].assign(claim_id=claims).explode("claim_id").dropna().astype("str")
    s.load("asked_persons", pairs[["person_id"]].drop_duplicates())
    s.load("asked_conditions", pairs)
    s.load("asked_evidence", evidence.drop_duplicates())
    s.load("hcc_near", pd.DataFrame(sorted(near), columns=["hcc", "near"], dtype="str"))
    if not s.has("hcc_map"):
        s.load("hcc_map", hcc_tables.remembered(model, payment_year))
    s.create("care_visits", sql.text("risk/care_visits"), as_of=as_of.date())
    of_conditions = s.frame(sql.text("risk/care_visits_of_conditions"))
    of_persons = s.frame("SELECT DISTINCT person_id, claim_date, provider FROM care_visits")
    taxonomy = s.frame(sql.text("risk/care_providers")).set_index("provider")["taxonomy"]
    for frame in (of_conditions, of_persons):
        frame["claim_date"] = pd.to_datetime(frame["claim_date"])
    return Visits(of_persons, of_conditions, taxonomy)


def usual(visits: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One row per ``key``: the clinician with most days of visits, then the latest, then the first by number."""
    by = (
        visits.groupby([*key, "provider"])["claim_date"].agg(visits="nunique", last_visit="max").reset_index()
    )
    by = by.sort_values(
        [*key, "visits", "last_visit", "provider"], ascending=[*[True] * len(key), False, False, True]
    )
    return by.drop_duplicates(key, ignore_index=True)


def _seen(asked: pd.DataFrame, visits: Visits) -> pd.DataFrame:
    """``asked`` with the clinician of each row, by whom he was chosen, and his visits."""
    for_it = usual(visits.conditions, _KEY).assign(seen_for="condition")
    at_all = usual(visits.persons, ["person_id"]).assign(seen_for="person")
    rows = asked.merge(for_it, on=_KEY, how="left")
    other = asked[["person_id"]].merge(at_all, on="person_id", how="left")
    for name in ("provider", "visits", "last_visit", "seen_for"):
        rows[name] = (
            rows[name].where(rows["seen_for"].notna(), other[name]) if name != "seen_for" else rows[name]
        )
    rows["seen_for"] = rows["seen_for"].fillna(other["seen_for"]).fillna("")
    rows["rendering_npi"] = rows["provider"].astype(object).where(rows["provider"].notna(), None)
    rows["taxonomy"] = rows["provider"].map(visits.taxonomy)
    return rows.astype({"visits": "Int64"})


def _intervals(visits: pd.DataFrame, key: list[str]) -> pd.Series:
    """Median days between visits by ``key``; of at least two intervals, and none beyond a year and a month."""
    days = visits[[*key, "claim_date"]].drop_duplicates().sort_values([*key, "claim_date"])
    gap = days.groupby(key)["claim_date"].diff().dt.days
    by = gap.groupby([days[name] for name in key]).agg(["median", "count"])
    return by.loc[(by["count"] >= _INTERVALS) & (by["median"] <= _LONGEST_DAYS), "median"].round()


def _next(rows: pd.DataFrame, visits: Visits, booked: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """``rows`` with the usual interval and the next visit."""
    with_him = _intervals(visits.persons, ["person_id", "provider"]).rename("with_him").reset_index()
    at_all = _intervals(visits.persons, ["person_id"]).rename("at_all").reset_index()
    rows = rows.merge(with_him, on=["person_id", "provider"], how="left").merge(
        at_all, on="person_id", how="left"
    )
    rows["usual_days"] = rows["with_him"].fillna(rows["at_all"]).astype("Int64")
    expected = rows["last_visit"] + pd.to_timedelta(rows["usual_days"].astype("float64"), unit="D")
    first = booked.drop_duplicates("person_id").set_index("person_id")["appointment_date"]
    same = booked.drop_duplicates(["person_id", "npi"])
    pair = rows[["person_id", "provider"]].merge(
        same, left_on=["person_id", "provider"], right_on=["person_id", "npi"], how="left"
    )
    appointed = pd.to_datetime(pair["appointment_date"]).fillna(pd.to_datetime(rows["person_id"].map(first)))
    rows["next_visit"] = appointed.fillna(expected)
    rows["next_visit_by"] = np.select(
        [appointed.notna(), expected < day, expected.notna()],
        ["appointment", "overdue", "usual interval"],
        "",
    )
    return rows.astype({"next_visit_by": "str", "seen_for": "str"})


def _order(rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Positions of the rows: what comes first, then what is overdue, then the others; in each by worth."""
    group = rows["next_visit_by"].map({"appointment": 0, "usual interval": 0, "overdue": 1}).fillna(2)
    worth = next(
        (name for name in ("expected_dollars", "expected_score", "confidence") if name in rows), None
    )
    keys = pd.DataFrame({
        "group": group,
        "day": rows["next_visit"].where(group != 2, pd.NaT),
        "worth": -pd.to_numeric(rows[worth]).abs() if worth else 0.0,
        "person_id": rows["person_id"], "hcc": pd.to_numeric(rows["hcc"], errors="coerce"),
    })  # fmt: skip
    return keys.sort_values([str(name) for name in keys], kind="stable").index.to_numpy()
