"""Enrollees, their diagnoses and their drugs as HHS's models ask for them, from frames or from claims."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.core.code_form import ndc
from cpticd.core.conform import as_arrow, check_once, conform
from cpticd.core.errors import InputError, SchemaError
from cpticd.core.session import Session
from cpticd.core.tables import Table, declare
from cpticd.risk.beneficiaries import Members, Rejects, take_members
from cpticd.risk.conditions import load_encounters

#: What the models ask of a person. Columns that are absent are taken as said here, and the contract says of how many.
MEMBERS: Final[Table] = declare(
    "members",
    "One row per person.",
    "person_id",
    """
    person_id           text!
    age                 number  in years on the last day of enrolment in the benefit year; else birth_date
    birth_date          date
    last_enrolled_date  date    last day of enrolment; absent: December 31 of the benefit year
    sex                 text    female or male (F, M, 2, 1)
    metal_level         text    platinum, gold, silver, bronze or catastrophic; absent: silver
    csr_variant         code    last two digits of the plan's HIOS number, 00-06, 30-36, 42, 43; absent: no reduction
    csr_indicator       integer HHS's number of the cost-sharing reduction, before csr_variant
    enrolled_months     number  months of enrolment in the benefit year, 1-12; absent: 12
    enrolled_days       number  days, 1-366, before enrolled_months
    outside             text    why a person is not to be scored; absent: he is
    """,
)
DIAGNOSES: Final[Table] = declare(
    "diagnoses",
    "One row per diagnosis of a person.",
    "person_id diagnosis_code",
    """
    person_id       text!
    diagnosis_code  text!
    service_date    date    for edits by age at the diagnosis; absent: the age on the last day of enrolment
    """,
)
DRUGS: Final[Table] = declare(
    "drugs",
    "One row per drug that a person was dispensed or given.",
    "person_id ndc_code hcpcs_code",
    """
    person_id   text!
    ndc_code    text    National Drug Code, ten digits with hyphens or eleven
    hcpcs_code  text
    """,
)
_NO_DRUGS: Final = pa.schema(dict.fromkeys(["person_id", "ndc_code", "hcpcs_code", "code"], pa.string()))


def take_frames(
    s: Session, members: pd.DataFrame | pa.Table, diagnoses: Any, drugs: Any, rejects: Rejects
) -> Members:
    """Members from a frame; makes ``diagnoses_in`` and ``drugs_in``.

    Raises SchemaError where columns are missing that nothing can be taken for.
    """
    given = take_members(members, MEMBERS, clock="on the last day of enrolment")
    s.load("diagnoses_in", _rows(DIAGNOSES, diagnoses, ("person_id", "diagnosis_code"), rejects), copy=False)
    if drugs is None:
        s.load("drugs_in", pa.Table.from_pylist([], _NO_DRUGS))
        return given
    found = _rows(DRUGS, drugs, ("person_id",), rejects)
    if not {"ndc_code", "hcpcs_code"} & set(as_arrow(drugs).column_names):
        raise SchemaError(
            f"drugs: no column 'ndc_code' nor 'hcpcs_code'; found {as_arrow(drugs).column_names}; "
            "rename the one that says it"
        )
    s.load("drugs_in", _with_codes(found))
    return given


def _with_codes(drugs: pa.Table) -> pa.Table:
    """Drugs, with ``code``: that of the procedure, or the National Drug Code in eleven digits.

    Without hyphens HHS fills a National Drug Code up from the left.
    """
    given = drugs.column("ndc_code").combine_chunks().dictionary_encode()
    read = [ndc(text) or text.strip().zfill(11) for text in given.dictionary.to_pylist()]
    procedure = pc.utf8_upper(pc.utf8_trim_whitespace(drugs.column("hcpcs_code").cast(pa.string())))
    return drugs.append_column(
        "code", pc.coalesce(pa.array(read, pa.string()).take(given.indices), procedure)
    )


def _rows(table: Table, data: Any, wanted: tuple[str, ...], rejects: Rejects) -> pa.Table:
    """Rows with all columns of ``table``, null where absent; those that cannot be read are rejected."""
    arrow = as_arrow(data)
    check_once(table.name, arrow.column_names)
    if missing := [name for name in wanted if name not in arrow.column_names]:
        raise SchemaError(
            f"{table.name}: no column {missing}; found {arrow.column_names}; rename the ones that say it"
        )
    done = conform(table, arrow.select([name for name in table.names if name in arrow.column_names]))
    for row in done.failed.to_pylist():
        rejects.add(table.name, f"row {row['index'] + 1}", row["reason"], row["content"])
    return done.rows


def take_claims(s: Session, model: str, benefit_year: int) -> Members:
    """The members of a session's claims in the benefit year; makes ``diagnoses_in`` and ``drugs_in`` of that year.

    To be scored is who has a metal level in members, or claims of the year to a marketplace payer.
    Raises InputError where the claims have no members of that year.
    """
    s.create("outsiders", sql.text("risk/hhs_outsiders"))
    members = s.fetch(sql.text("risk/hhs_members_of_year"), {"year": benefit_year})
    if members.num_rows == 0:
        years = s.fetch("SELECT DISTINCT year FROM members ORDER BY year").column(0).to_pylist()
        raise InputError(
            f"members: none of {benefit_year} for payment_year={benefit_year} (HHS's models are concurrent: the "
            f"benefit year is scored on its own diagnoses); found years {years}; load the table 'members' "
            "(cpticd.read_tables) or choose another payment_year"
        )
    load_encounters(s, [benefit_year], model=model)
    s.create("diagnoses_in", sql.text("risk/hhs_diagnoses_of_year"))
    s.create("drugs_in", sql.text("risk/hhs_drugs_of_year").format(year=benefit_year))
    return take_members(members, MEMBERS, clock="on the last day of enrolment")
