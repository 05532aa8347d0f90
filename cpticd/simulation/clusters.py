"""Clusters: the truth of what befalls lines together, and of drivers that are no pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.chances import LEVELS
from cpticd.simulation.circumstances import Circumstances, Drivers, Spells, Units
from cpticd.simulation.columns import date, person_ids, text
from cpticd.simulation.practices import npi
from cpticd.simulation.recurrence import KINDS, Courses
from cpticd.simulation.vectors import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd


def cluster_frames(
    book: Book, courses: Courses, befallen: Circumstances, reasons: Reasons
) -> dict[str, pd.DataFrame]:
    """The tables of the truth that recurring services add, by name."""
    return {
        "drivers": driver_frame(book, befallen.drivers, reasons),
        "habits": habit_frame(book, befallen.habits),
        "spells": spell_frame(book, befallen.spells, reasons),
        "gaps": gap_frame(book, befallen.gaps, reasons),
        "courses": course_frame(book, courses, befallen.units, reasons),
    }


def _npis(providers: Ints) -> pa.Array:
    """Identifiers of billing providers; null for none (−1)."""
    return pa.array([npi(i) if i >= 0 else None for i in providers.tolist()], pa.string())


def driver_frame(book: Book, drivers: Drivers, reasons: Reasons) -> pd.DataFrame:
    """One row per payer x procedure, procedure or provider of which more is denied, whatever the diagnosis.

    level           payer x procedure, procedure or provider; keys that do not belong to it are null
    odds_ratio      factor on the odds of denial of its lines from start_date on
    carc            reason of the denials that it adds
    lines           all of its lines; lines_after: those from start_date on
    """
    return _frame(
        {
            "level": text(LEVELS, drivers.level),
            "payer": text(book.catalogue.payers, drivers.payer, drivers.payer >= 0),
            "hcpcs_code": text(book.catalogue.hcpcs, drivers.procedure, drivers.procedure >= 0),
            "billing_npi": _npis(drivers.provider),
            "odds_ratio": drivers.odds,
            "carc": text(reasons.carc, drivers.reason),
            "start_date": date(drivers.start),
            "lines": drivers.lines,
            "lines_after": drivers.after,
        }
    )


def habit_frame(book: Book, odds: Floats) -> pd.DataFrame:
    """One row per billing provider: the odds ratio of all of its lines, and how many there are."""
    count = np.bincount(book.claims.billing[book.lines.claim], minlength=odds.size)
    there = np.flatnonzero(count)
    return _frame({"billing_npi": _npis(there), "odds_ratio": odds[there], "lines": count[there]})


def spell_frame(book: Book, spells: Spells, reasons: Reasons) -> pd.DataFrame:
    """One row per person and spell without coverage, in which all services are refused (CARC 26 or 27)."""
    return _frame({"person_id": person_ids(spells.owner), **_span(book, spells, reasons)})


def gap_frame(book: Book, gaps: Spells, reasons: Reasons) -> pd.DataFrame:
    """One row per billing provider and payer that does not know it for some months (CARC B7 or 185)."""
    return _frame({"billing_npi": _npis(gaps.owner), **_span(book, gaps, reasons)})


def _span(book: Book, spans: Spells, reasons: Reasons) -> dict[str, object]:
    """Payer, first and last day of service, reason, and the lines within."""
    return {
        "payer": text(book.catalogue.payers, spans.payer),
        "start_date": date(spans.start),
        "end_date": date(spans.end),
        "carc": text(reasons.carc, spans.reason),
        "lines": spans.lines,
    }


def course_frame(book: Book, courses: Courses, units: Units, reasons: Reasons) -> pd.DataFrame:
    """One row per course of therapy, month of dialysis or year of weekly visits.

    refused         as a whole, beyond its limit, or null
    visit_limit     visits that are not refused, where there is a limit
    carc            reason of what is refused; lines, refused_lines: how many
    """
    of = courses.take(units.course)
    refused = np.where(units.whole > 0, 1, np.where(units.limit > 0, 2, 0))
    return _frame(
        {
            "kind": text(KINDS, of.kind),
            "person_id": person_ids(of.person),
            "diagnosis_code": text(book.codes, of.reason),
            "start_date": date(units.start),
            "end_date": date(units.end),
            "refused": text(("", "as a whole", "beyond its limit"), refused),
            "visit_limit": pa.array(units.limit, mask=units.limit == 0),
            "carc": text(reasons.carc, units.reason, units.reason >= 0),
            "lines": units.lines,
            "refused_lines": units.refused,
        }
    )


def _frame(columns: dict[str, object]) -> pd.DataFrame:
    return pa.table(columns).to_pandas()
