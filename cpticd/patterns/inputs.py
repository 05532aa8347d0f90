"""What the patterns share: filters as keyword arguments, the pairs of a cohort's lines, code families."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, Literal

import pandas as pd

from cpticd import codes, reference
from cpticd.cohort import DIMENSIONS, Cohort
from cpticd.errors import ArgumentError

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


def pairs_of(cohort: Cohort, pointer: Pointer) -> str:
    """Relation of the cohort's lines with their diagnoses: one row per line and diagnosis, dimensions included."""
    one_of("pointer", pointer, POINTERS)
    only = "AND p.is_primary" if pointer == "primary" else ""
    return cohort.create(
        f"pairs_{pointer}",
        f"""
        SELECT l.*, p.diagnosis_code, p.is_primary,
            coalesce(d.diagnosis_family, '{codes.UNKNOWN_FAMILY}') AS diagnosis_family,
            {"CAST(1 AS DOUBLE)" if pointer == "primary" else "p.share"} AS share
        FROM {cohort.name} l
        JOIN pairs p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
        LEFT JOIN diagnosis_families d ON d.diagnosis_code = p.diagnosis_code
        WHERE l.hcpcs_code IS NOT NULL AND p.diagnosis_code IS NOT NULL {only}
        """,
    )


def lines_left_out(cohort: Cohort) -> int:
    """Lines of the cohort without a procedure, or without a diagnosis."""
    return int(
        cohort.rows(
            f"""
            SELECT count(*) AS n FROM {cohort.name} l
            WHERE l.hcpcs_code IS NULL OR NOT EXISTS (
                SELECT 1 FROM pairs p WHERE p.claim_id = l.claim_id
                    AND p.claim_line_number = l.claim_line_number AND p.diagnosis_code IS NOT NULL)
            """
        )[0]["n"]
    )


def keys(wanted: list[str], alias: str = "l", **aliases: str) -> str:
    """SQL of the stratum that the dimensions make, one number per combination; ``diagnosis`` is a table of its own."""
    if not wanted:
        return "CAST(1 AS INTEGER)"
    others = {"diagnosis_family": aliases.get("diagnosis", alias)}
    columns = ", ".join(f"{others.get(name, alias)}.{DIMENSIONS.get(name, name)}" for name in wanted)
    return f"CAST(dense_rank() OVER (ORDER BY {columns}) AS INTEGER)"


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
