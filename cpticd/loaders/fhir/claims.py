"""Flat tables of resources become claims, lines, diagnoses, decisions, drugs, observations and members."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.errors import InputError
from cpticd.loaders import results
from cpticd.loaders.fhir import notes
from cpticd.loaders.fhir.resources import Resources
from cpticd.loaders.intake import Intake

#: Tables that are derived one from the other, in order, each from the statement of its name.
_STEPS: Final = (
    "keys", "said", "fates", "answers", "known_parties", "persons", "sums", "reasons", "headers", "lines", "rendering",
    "positions", "decisions", "answered", "causes", "adjustments", "outcomes", "turns",
    "standing",
)  # fmt: skip
_TABLES: Final = (
    "claims", "lines", "diagnoses", "pointers", "procedures", "adjudications", "line_payments", "adjustments",
    "remarks", "drugs",
)  # fmt: skip
#: Cells whose form is looked at before they are stored.
_MACROS: Final = {
    "fhir_ten(x)": "CASE WHEN regexp_full_match(trim(x), '[0-9]{10}') THEN trim(x) END",
    "fhir_place(x)": "CASE WHEN regexp_full_match(x, '[0-9]{1,2}') THEN lpad(x, 2, '0') END",
    "fhir_payer(name, is_medicare)": "CASE WHEN upper(name) IN ('CMS', 'MEDICARE', "
    "'CENTERS FOR MEDICARE & MEDICAID SERVICES', 'CENTERS FOR MEDICARE AND MEDICAID SERVICES') "
    "OR (name IS NULL AND is_medicare) THEN 'Medicare' "
    "ELSE nullif(trim(name), '') END",
    "fhir_bill(given, facility, class, frequency)": "CASE WHEN regexp_full_match(given, '0?[1-9][0-9][0-9A-Za-z]') "
    "THEN upper(right(given, 3)) WHEN regexp_full_match(concat(facility, class, frequency), '[1-9][0-9][0-9A-Za-z]') "
    "THEN upper(concat(facility, class, frequency)) END",
    # National Drug Codes with dashes: each part gets its zeros back, to eleven digits.
    "fhir_drug(x)": "CASE WHEN regexp_full_match(x, '[0-9]{4,5}-[0-9]{3,4}-[0-9]{1,2}') "
    "THEN lpad(split_part(x, '-', 1), 5, '0') || lpad(split_part(x, '-', 2), 4, '0') "
    "|| lpad(split_part(x, '-', 3), 2, '0') ELSE x END",
}


def fill(intake: Intake, resources: Resources) -> None:
    """Fill the canonical tables from what was taken apart, account for every resource, and forget the flat tables.

    Raises InputError, which says what was found, where nothing of it is a claim, a drug or a member.
    """
    engine = intake.engine
    resources.complete()
    made = [*resources.made]
    for name, body in _MACROS.items():
        engine.execute(f"CREATE OR REPLACE MACRO {name} AS {body}")
    names = [*resources.read]
    engine.load(
        "fhir_sources",
        pa.table({"source": pa.array([intake.source_id(n) for n in names], pa.int32()), "name": names}),
    )
    engine.load("fhir_carcs", reference.table("carc_categories").select(["carc", "is_denial"]))
    made += ["sources", "carcs"]
    for name in _STEPS:
        engine.create(f"fhir_{name}", sql.text(f"fhir/{name}"), materialize=True)
        made.append(name)
    rows = sum(intake.insert(table, sql.text(f"fhir/insert_{table}")) for table in _TABLES)
    measured = sql.text("fhir/insert_observations").format(system=results.system("o.system"))
    rows += intake.insert("observations", measured)
    rows += intake.insert("members", sql.text("fhir/insert_members").format(members=_given(intake)))
    why = notes.reasons(intake, resources) if not rows else ""
    notes.account(intake, resources)
    notes.note(intake, resources)
    notes.reject_codes(intake, resources)
    resources.forget()
    for name in made:
        engine.drop(f"fhir_{name}")
    for name in _MACROS:
        engine.execute(f"DROP MACRO IF EXISTS {name.partition('(')[0]}")
    if why:
        raise InputError(why)


def _given(intake: Intake) -> str:
    """SQL of the members that were in the data set before."""
    return (
        "earlier_members"
        if intake.has_earlier("members")
        else "(SELECT NULL AS person_id, NULL AS year WHERE false)"
    )
