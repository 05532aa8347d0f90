"""Which diagnoses count for risk adjustment: those of encounters that CMS would take, and why the others not.

The rules are CMS's encounter data filtering (HPMS memo "Final Encounter Data Diagnosis Filtering Logic", December
22, 2015; the lists of eligible CPT/HCPCS codes of each service year), as three reference tables:

- ``encounter_bill_types``: inpatient bill types 11X and 41X count by themselves; outpatient 12X, 13X, 43X, 71X,
  73X, 76X, 77X and 85X where a line's procedure is eligible; no other bill type counts. Professional claims need
  an eligible procedure.
- ``eligible_procedures``: codes by service year. A year beyond the last list is judged by the last list, and the
  contract says so; a year before the first is an error.
- ``encounter_exclusions``: ambulance, equipment, laboratory and stand-alone imaging do not count by code, nor by
  place of service whatever the code; sound-alone, remote and patientless services count where CMS lists them, and
  are not face to face.

CMS judges the claim, not the line: every diagnosis of a claim that counts does. The claim's service date is its
last day for a stay, else the last day of its eligible lines (each judged by the list of that line's year). A void
(frequency code 8) does not count, nor what it takes back; a replacement (7) stands for the claim it names. Claims
are judged as submitted: a denied line is one that took place.
"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Records, measure
from cpticd.core.session import Session
from cpticd.persons import Apart
from cpticd.risk import hcc_tables

#: Statements of a line or two, by the relation that they make.
_RULES: Final = {
    "place_rules": "SELECT p.code AS place, x.family, x.counts, x.face_to_face FROM place_names p "
    "JOIN line_rules x ON x.basis = 'place' AND p.code BETWEEN x.first AND x.last",
    "modifier_rules": "SELECT first AS modifier, family, counts, face_to_face, service_from, service_to "
    "FROM line_rules WHERE basis = 'modifier'",
}
#: Made in this order.
_RELATIONS: Final = (
    "procedure_rules", "place_rules", "modifier_rules", "encounter_lines", "encounter_claims", "deleted_diagnoses",
)  # fmt: skip
#: The codes of claims as they stand, a code that stands twice twice.
_CODES: Final = "(SELECT *, coalesce(diagnosis_code_type, '') = 'icd-9-cm' AS is_icd9 FROM diagnoses)"
Eligible: TypeAlias = str | Path | pd.DataFrame | pa.Table | None


def list_years(eligible: pa.Table | None = None) -> tuple[int, int]:
    """The first and the last service year that there is a list of eligible procedures for."""
    table = reference.table("eligible_procedures") if eligible is None else eligible
    return pc.min(table["first_year"]).as_py(), pc.max(table["last_year"]).as_py()


def check_years(years: Iterable[int], eligible: pa.Table | None = None) -> list[int]:
    """The years sorted, each once; ArgumentError for one before the first list, or where there is none."""
    first, last = list_years(eligible)
    found = list(years)
    for year in found:
        if isinstance(year, bool) or not isinstance(year, Integral) or not first <= year <= 9999:
            raise ArgumentError(
                f"no list of eligible procedures for service year {year!r}; there are {first} to {last} "
                "(a later year is judged by the last); pass eligible= with a list of your own"
            )
    if not found:
        raise ArgumentError(f"years: none given; pass service years from {first} on")
    return sorted({int(year) for year in found})


def load_encounters(s: Session, years: Iterable[int], *, eligible: Eligible = None, model: str = "") -> None:
    """Make the relation ``encounters``: one row per claim and distinct diagnosis code of the service ``years``.

    Columns: person_id, claim_id, year, diagnosis_code, claim_date, claim_type, kind (inpatient, outpatient, …,
    professional), place_of_service_code, setting (place or bill type in words), provider (NPI of the eligible
    line's clinician, of the biller on institutional claims; or null), diagnosis_position, counted, reason (null
    where counted), face_to_face (a claim that counts, by a service at which somebody saw the patient).
    Diagnoses of claims without a date, and of no claim, stand there too, with a reason and without a year.
    ``eligible`` replaces the reference table ``eligible_procedures``; for HHS's models exclusions that CMS dates for
    Medicare alone do not hold. Raises ArgumentError for a year without list.
    """
    load_encounter_claims(s, years, eligible=eligible, model=model)
    join_encounters(s)
    s.drop("encounter_claims")  # a row per claim, which nothing else reads


def judged(codes: str) -> str:
    """SQL of one row per row of ``codes`` (a relation, or SQL in brackets) with the reason why it does not count.

    It reads ``encounter_claims`` and ``deleted_diagnoses``. What diagnoses count is said here alone.
    """
    return sql.text("risk/judged_diagnoses").format(codes=codes)


def join_encounters(s: Session, *, lazy: bool = False) -> None:
    """Make the relation ``encounters`` where ``encounter_claims`` is there."""
    s.create("encounters", sql.text("risk/encounters"), judged=judged("codes"), lazy=lazy)


def load_counted(s: Session, year: int) -> None:
    """Make the relation ``counted_diagnoses``: person_id and diagnosis_code of claims of a service year that count.

    That is all that a score asks for: the relations of claims are no tables here, which would cost memory.
    """
    load_encounter_claims(s, [year], lazy=True)
    s.create(
        "counted_diagnoses", sql.text("risk/counted_diagnoses"), judged=judged(_CODES), year=year, lazy=True
    )


def load_encounter_claims(
    s: Session, years: Iterable[int], *, eligible: Eligible = None, model: str = "", lazy: bool = False
) -> None:
    """Make the relation ``encounter_claims``: one row per claim with its date and the reason why it does not count.

    ``lazy``: it and what it reads are worked out when they are asked for.
    """
    table = None if eligible is None else reference.replacement("eligible_procedures", eligible)
    chosen = check_years(years, table)
    rules = reference.table("encounter_exclusions")
    _load_rules(s, chosen, reference.table("eligible_procedures") if table is None else table,
                _undated(rules) if hcc_tables.is_hhs(model) else rules)  # fmt: skip
    for name in _RELATIONS:
        text = _RULES.get(name) or sql.text(f"risk/{name}")
        s.create(name, text, lazy=lazy and name.startswith("encounter_"))
    if not lazy:
        s.drop("encounter_lines")


def _undated(rules: pa.Table) -> pa.Table:
    """The exclusions as they were before those that begin on a day."""
    old = rules.filter(pc.is_null(rules["service_from"]))
    place = old.column_names.index("service_to")
    return old.set_column(place, "service_to", pa.nulls(len(old), rules.schema.field("service_to").type))


def _load_rules(s: Session, years: list[int], eligible: pa.Table, rules: pa.Table) -> None:
    """The reference tables, the list of eligible procedures with a row for each year."""
    first, last = list_years(eligible)
    begins, ends = (eligible.column(name).to_numpy() for name in ("first_year", "last_year"))
    years_each = np.maximum(ends - begins + 1, 0)
    row = np.repeat(np.arange(len(eligible)), years_each)
    on = begins[row] + np.arange(len(row)) - np.repeat(np.cumsum(years_each) - years_each, years_each)
    s.load(
        "eligible",
        {"hcpcs_code": eligible.column("hcpcs_code").take(pa.array(row)), "year": pa.array(on, pa.int32())},
    )
    bounds = {"first_year": pa.array([first], pa.int32()), "last_year": pa.array([last], pa.int32())}
    s.load("list_years", bounds)
    s.load("encounter_years", {"year": pa.array(years, pa.int32())})
    s.load("line_rules", rules)
    s.load("bill_rules", reference.table("encounter_bill_types"))
    s.load("bill_names", reference.table("bill_types").select(["prefix", "name"]))
    s.load("place_names", reference.table("place_of_service").select(["code", "name"]))


@measure(heading="Diagnoses that count for risk adjustment", leaves=Records(), apart=Apart())
def conditions(claims: Claims, *, year: int, eligible: Eligible = None) -> pd.DataFrame:
    """One row per person and diagnosis code on claims of service year ``year``, with what counts of it and why not.

    ``counted``: at least one claim counts. ``claims``, ``claims_not_counted``: how many do and do not;
    ``claims_face_to_face``: how many of those that count saw the patient. ``providers``, ``service_days``,
    ``first_date``, ``last_date`` and ``settings`` (list) are those of the claims that count, of all where none
    does; ``not_counted_reasons`` (list) says why the others do not. ``cx.contract(frame)["not_counted"]`` adds up
    claims and diagnoses by reason, those without a person or a date among them.
    ``eligible`` replaces the reference table ``eligible_procedures``. ``lazy=True``: rows for ``.to_table(name)``,
    which do not come here. Raises ArgumentError for a year before the first list. Source: CMS's encounter data
    filtering logic, HPMS memo of December 22, 2015.

    >>> import cpticd as cx
    >>> found = cx.risk.conditions(cx.simulate(persons=100, seed=1).claims, year=2025)
    >>> bool((found["counted"] == (found["claims"] > 0)).all())
    True
    """
    with claims.session() as s:
        load_encounters(s, [year], eligible=eligible)
        frame = s.frame(sql.text("risk/conditions"), {"year": year})
        missing = s.rows(sql.text("risk/conditions_not_counted"), {"year": year})
    for column in ("settings", "not_counted_reasons"):
        frame[column] = [[] if cell is None else list(cell) for cell in frame[column]]
    return attach(
        frame,
        measure="diagnoses that count for risk adjustment",
        numerator="claims that count and carry the code",
        denominator="claims of the service year that carry the code",
        clock=f"service year {year}: last day of a stay, else last day of an eligible line",
        exclusions="void and replaced claims, ICD-9-CM codes, and encounters that do not count, each with a reason",
        rows_left_out=sum(row["diagnoses"] for row in missing),
        not_counted=missing,
        eligible_procedures=list_used(year, eligible),
    )


def list_used(year: int, eligible: Any = None) -> str:
    """In words: which list of eligible procedures judges service year ``year``."""
    if eligible is not None:
        return "a list of the caller's own"
    last = list_years()[1]
    if year > last:
        return f"CMS's list of {last}, the last there is, stands in for {year}"
    return f"CMS's list of service year {year}"
