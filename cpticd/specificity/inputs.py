"""Codes with what they leave open: of a list in a notebook, or of all codes of a data set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import codes as _codes
from cpticd import cohort
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.reference import icd10cm, traits

CATEGORY_LENGTH: Final = 3
#: What a code can leave open, and the column of the traits that says so.
MISSING: Final = {
    "condition": "condition_unspecified",
    "laterality": "laterality_missing",
    "severity": "severity_missing",
    "acuity": "acuity_missing",
    "encounter": "episode_missing",
}
#: The release that the traits were read from, for contracts.
RELEASE: Final = (
    "ICD-10-CM titles of FY2021, FY2025 and FY2026, each code by the last of them in which it was billable"
)
_TRAITS: Final = (
    "unspecified", "condition_unspecified", "alternative", "specific_sibling", "specific_codes", "laterality",
    "other_side_code", "laterality_missing", "episode", "severity_missing", "acuity_missing", "episode_missing",
)  # fmt: skip


def classify(codes: _codes.Codes, on: Any = None, *, folder: str | Path | None = None) -> pd.DataFrame:
    """One row per code given, in its order and with its index: what it says, and what it leaves open.

    code (normal form), title; valid and reason on the date of service ``on``, as ``reference.icd10cm.valid`` says
    (one date, or one per code; without it the latest release judges); unspecified (AHIMA: the official title says
    unspecified or NOS), condition_unspecified (more than the side alone), alternative (unspecified only beside
    something specific, as in "chronic or unspecified"), specific_sibling and specific_codes (is there a more
    specific code in the category, how many under the nearest code above), laterality, other_side_code, episode,
    laterality_missing, severity_missing, acuity_missing, episode_missing (no seventh character), and missing, these
    in words. ``cpticd.reference.traits`` defines them. A code without a title in the built-in releases has missing
    values. ``folder``: where added releases are.
    """
    given = _codes.normal(codes)
    judged = icd10cm.valid(given, on, folder=folder)
    found = _traits(given.dropna().unique()).reindex(given.array)
    found.index = given.index
    flags = pd.DataFrame({name: found[column].fillna(False) for name, column in MISSING.items()})
    words = [", ".join(flags.columns[row]) for row in flags.to_numpy(bool)]
    result = pd.concat(
        [judged[["code"]], icd10cm.title(given), judged[["valid", "reason"]], found[list(_TRAITS)]], axis=1
    )
    return result.assign(missing=words)


def _traits(codes: Any) -> pd.DataFrame:
    """The traits of codes that have any, by code; flags are nullable."""
    wanted = pa.array(list(codes), pa.string())
    parts = [table.filter(pc.is_in(table["diagnosis_code"], value_set=wanted)) for table in _tables()]
    found = pa.concat_tables(parts).to_pandas().set_index("diagnosis_code")
    kinds = {"bool": "boolean", "int32": "Int64"}
    return found.astype({name: kinds.get(str(kind), "str") for name, kind in found.dtypes.items()})


def _tables() -> tuple[pa.Table, pa.Table]:
    return traits.diagnosis(), traits.incomplete()


#: Dimensions of a diagnosis, beside those of a line (cpticd.cohort.DIMENSIONS): column of the relation ``codes``.
CODE_DIMENSIONS: Final = ("diagnosis_family", "diagnosis_category", "diagnosis_code")


@contextmanager
def coded(
    claims: Claims, filters: cohort.Filters, *, superseded: bool
) -> Iterator[tuple[cohort.Cohort, str]]:
    """The lines that ``filters`` choose, and the name of a relation of every ICD-10-CM code in the data.

    Columns of the relation: diagnosis_code, diagnosis_family, diagnosis_category, judged (it has traits), and of
    the traits those of ``flags``; a code without any is not unspecified.
    """
    with cohort.lines(claims, filters, superseded=superseded) as chosen:
        yield chosen, chosen.load("codes", _code_table(claims))


def _code_table(claims: Claims) -> pa.Table:
    """Every diagnosis code of the data that is not ICD-9-CM, with family, category and traits."""
    rows = to_frame(
        claims.engine.fetch(
            """
            SELECT d.diagnosis_code, min(f.diagnosis_family) AS diagnosis_family
            FROM diagnoses d LEFT JOIN diagnosis_families f ON f.diagnosis_code = d.diagnosis_code
            WHERE d.diagnosis_code IS NOT NULL AND coalesce(d.diagnosis_code_type, '') <> 'icd-9-cm'
            GROUP BY d.diagnosis_code ORDER BY d.diagnosis_code
            """
        )
    )
    found = _traits(rows["diagnosis_code"]).reindex(rows["diagnosis_code"].array)
    table: dict[str, pa.Array] = {
        "diagnosis_code": pa.array(rows["diagnosis_code"].tolist(), pa.string()),
        "diagnosis_family": pa.array(
            rows["diagnosis_family"].fillna(_codes.UNKNOWN_FAMILY).tolist(), pa.string()
        ),
        "diagnosis_category": pa.array(rows["diagnosis_code"].str[:CATEGORY_LENGTH].tolist(), pa.string()),
        "judged": pa.array(found["unspecified"].notna().tolist(), pa.bool_()),
    }
    flags = [*MISSING.values(), "unspecified", "alternative", "specific_sibling"]
    for name in flags:
        table[name] = pa.array(found[name].fillna(False).tolist(), pa.bool_())
    table["episode"] = pa.array(found["episode"].fillna("").tolist(), pa.string())
    table["sided"] = pa.array(found["laterality"].fillna("").ne("").tolist(), pa.bool_())
    staged = found["episode"].fillna("").ne("") | found["episode_missing"].fillna(False)
    table["staged"] = pa.array(staged.tolist(), pa.bool_())
    return pa.table(table)


def columns(by: Any, *extra: str, argument: str = "by") -> list[tuple[str, str]]:
    """(name, column) of each dimension that a user named; column as of lines ``o`` and codes ``k``."""
    names = cohort.dimensions(by, argument, *CODE_DIMENSIONS, *extra)
    own = {name: f"k.{name}" for name in CODE_DIMENSIONS} | {name: f"o.{name}" for name in extra}
    return [(name, own.get(name) or f"o.{cohort.DIMENSIONS[name]}") for name in names]


def one_of(argument: str, value: str, known: Any) -> str:
    """The value, where it is known; ArgumentError otherwise."""
    if value not in known:
        raise ArgumentError(f"{argument}={value!r}: expected one of {list(known)}")
    return value


def whole(argument: str, value: Any, least: int = 1) -> int:
    """A whole number from ``least`` on; ArgumentError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{argument}={value!r}: a whole number from {least} on is needed")
    return int(value)


def unjudged(chosen: cohort.Cohort, codes: str) -> int:
    """Diagnoses of the chosen claims that no built-in title tells of, and ICD-9-CM ones."""
    return int(
        chosen.rows(
            f"""
            SELECT count(*) AS n FROM diagnoses d LEFT JOIN {codes} k ON k.diagnosis_code = d.diagnosis_code
            WHERE coalesce(k.judged, FALSE) = FALSE
              AND d.claim_id IN (SELECT claim_id FROM {chosen.name})
            """
        )[0]["n"]
    )
