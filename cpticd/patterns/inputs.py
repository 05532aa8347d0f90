"""What the patterns share: filters as keyword arguments, the pairs of a cohort's lines, code families."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, Literal

import pandas as pd
import pyarrow as pa

from cpticd import codes, reference
from cpticd.cohort import DIMENSIONS, Cohort
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame

Pointer = Literal["all", "primary"]
POINTERS: Final = ("all", "primary")
#: What a contract says of the clock where nothing waits for the payer.
SERVICE_CLOCK: Final = "date of service of the line (its own first day, else the claim's)"
EXCLUSIONS: Final = (
    "lines of claims that a later claim replaced or voided; lines without a procedure or a diagnosis"
)
#: Rounding of sums over rows in any order, whose last digits differ from run to run.
DIGITS: Final = 9


def positive(name: str, value: Any, least: int = 1) -> int:
    """A threshold as a whole number of at least ``least``; ArgumentError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name}={value!r}: expected a whole number of {least} or more")
    return value


def one_of(name: str, value: Any, known: Iterable[Any]) -> None:
    """Raise ArgumentError unless ``value`` is one of the known ones."""
    there = list(known)
    if value not in there:
        raise ArgumentError(f"{name}={value!r}: expected one of {', '.join(map(repr, there))}")


def normal(name: str, value: Any) -> list[str]:
    """Codes in normal form, one or several; ArgumentError where there is none."""
    given = [value] if isinstance(value, str) else list(value or [])
    found = [code for code in codes.normal(given).tolist() if isinstance(code, str) and code] if given else []
    if not found or len(found) < len(given):
        raise ArgumentError(f"{name}={value!r}: give one code or a list of codes, such as '99214'")
    return sorted({*found})


#: Lines that point to one, two or three diagnoses, or more.
POINTED: Final = "diagnoses_on_line"
_MOST_POINTED: Final = 4


def pairs_of(cohort: Cohort, pointer: Pointer, wanted: Sequence[str] = ()) -> str:
    """Relation of the cohort's lines with their diagnoses: one row per line and diagnosis.

    procedure, diagnosis, person (numbers of what ``procedures_of``, ``diagnoses_of`` name, and of the person, else of
    the claim), known (the person is), is_primary, share, service_date, month, charge_amount, denied_amount,
    initial_outcome, is_superseded, claim_id, claim_line_number, and stratum, one number per combination of ``wanted``.
    """
    one_of("pointer", pointer, POINTERS)
    here = cohort.name
    who = "coalesce(l.person_id, l.claim_id)"
    told = cohort.create(
        "told",
        f"""
        SELECT l.claim_id, l.claim_line_number, p.diagnosis_code, p.is_primary, p.share
        FROM {here} l
        JOIN pairs p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
        WHERE l.hcpcs_code IS NOT NULL AND p.diagnosis_code IS NOT NULL
        """,
    )
    _numbered(
        cohort, "procedures", f"SELECT DISTINCT hcpcs_code AS code FROM {here} WHERE hcpcs_code IS NOT NULL"
    )
    _numbered(cohort, "diagnoses", f"SELECT DISTINCT diagnosis_code AS code FROM {told}")
    _numbered(cohort, "people", f"SELECT DISTINCT {who} AS code FROM {here} l")
    lines = cohort.create(
        "numbered",
        f"""
        SELECT l.*, h.number AS procedure, w.number AS person, k.{POINTED}
        FROM {here} l
        JOIN {here}_procedures h ON h.code = l.hcpcs_code
        JOIN {here}_people w ON w.code = {who}
        JOIN (
            SELECT claim_id, claim_line_number, CAST(least(count(*), {_MOST_POINTED}) AS INTEGER) AS {POINTED}
            FROM {told} GROUP BY claim_id, claim_line_number
        ) k ON k.claim_id = l.claim_id AND k.claim_line_number = l.claim_line_number
        """,
        materialize=False,
    )
    divided = stratified(cohort, lines, wanted)
    primary = pointer == "primary"
    return cohort.create(
        "pairs",
        f"""
        SELECT l.claim_id, l.claim_line_number, l.procedure, d.number AS diagnosis, l.person,
            l.person_id IS NOT NULL AS known, t.is_primary,
            {"CAST(1 AS DOUBLE)" if primary else "t.share"} AS share, l.service_date, l.month, l.charge_amount,
            l.denied_amount, l.initial_outcome, l.is_superseded, l.stratum
        FROM {divided} l
        JOIN {told} t ON t.claim_id = l.claim_id AND t.claim_line_number = l.claim_line_number
        JOIN {here}_diagnoses d ON d.code = t.diagnosis_code
        {"WHERE t.is_primary" if primary else ""}
        """,
    )


def _numbered(cohort: Cohort, name: str, text: str) -> None:
    """A relation of codes, numbered from 0 in their order."""
    cohort.create(
        name, f"SELECT code, CAST(row_number() OVER (ORDER BY code) - 1 AS INTEGER) AS number FROM ({text}) c"
    )


def code_names(cohort: Cohort) -> dict[str, list[str]]:
    """The codes behind the numbers of ``pairs_of``: hcpcs_code and diagnosis_code."""
    return {
        column: [row["code"] for row in cohort.rows(f"SELECT code FROM {cohort.name}_{name} ORDER BY number")]
        for column, name in (("hcpcs_code", "procedures"), ("diagnosis_code", "diagnoses"))
    }


def with_codes(found: pd.DataFrame, names: dict[str, list[str]]) -> pd.DataFrame:
    """The frame with hcpcs_code and diagnosis_code, in front, instead of procedure and diagnosis."""
    named = {
        column: pa.array(names[column], pa.string()).take(pa.array(found[number].to_numpy(int)))
        for column, number in (("hcpcs_code", "procedure"), ("diagnosis_code", "diagnosis"))
    }
    rest = found.drop(columns=["procedure", "diagnosis"]).reset_index(drop=True)
    return pd.concat([to_frame(pa.table(named)), rest], axis=1)


def stratified(cohort: Cohort, relation: str, wanted: Sequence[str]) -> str:
    """The relation with a column ``stratum``, one number per combination of the dimensions."""
    columns = list(dict.fromkeys(DIMENSIONS.get(name, name) for name in wanted))
    if not columns:
        text = f"SELECT l.*, CAST(1 AS INTEGER) AS stratum FROM {relation} l"
        return cohort.create("divided", text, materialize=False)
    names = ", ".join(columns)
    strata = cohort.create(
        "strata",
        f"SELECT {names}, CAST(row_number() OVER (ORDER BY {names}) AS INTEGER) AS stratum "
        f"FROM (SELECT DISTINCT {names} FROM {relation}) d",
    )
    same = " AND ".join(f"s.{name} = l.{name}" for name in columns)
    return cohort.create(
        "divided", f"SELECT l.*, s.stratum FROM {relation} l JOIN {strata} s ON {same}", materialize=False
    )


def lines_left_out(cohort: Cohort) -> int:
    """Lines of the cohort without a procedure, or without a diagnosis; after ``pairs_of``."""
    # Every line with both has one primary diagnosis.
    return int(
        cohort.rows(
            f"SELECT (SELECT count(*) FROM {cohort.name}) "
            f"- (SELECT count(*) FROM {cohort.name}_told WHERE is_primary) AS n"
        )[0]["n"]
    )


def with_families(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with hcpcs_family and diagnosis_family behind its codes."""
    place = list(frame.columns).index("diagnosis_code") + 1
    frame = frame.copy()
    frame.insert(place, "hcpcs_family", codes.procedure_family(frame["hcpcs_code"]).to_numpy())
    frame.insert(place + 1, "diagnosis_family", codes.diagnosis_family(frame["diagnosis_code"]).to_numpy())
    return frame


@cache
def levels() -> dict[str, list[dict[str, Any]]]:
    """Code families by name, in the order of the table: their codes, levels and dates."""
    families: dict[str, list[dict[str, Any]]] = {}
    for row in reference.table("code_families").to_pylist():
        families.setdefault(row["family"], []).append(row)
    return families
