"""The tables of HHS's models by benefit year, as the scorer reads them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError
from cpticd.core.session import Session

MODELS: Final = ("HHS V07", "HHS V08")
#: First benefit year of V08; V07 was before.
_V08_FROM: Final = 2025
POPULATIONS: Final = ("adult", "child", "infant")
METALS: Final = ("platinum", "gold", "silver", "bronze", "catastrophic")
#: Segments in the order of their numbers: population and metal level.
SEGMENTS: Final = tuple(f"{population} {metal}" for population in POPULATIONS for metal in METALS)


def is_hhs(model: str) -> bool:
    """Whether ``model`` is one of HHS's, for marketplace plans, and none of CMS's for Medicare."""
    return model.startswith("HHS")


def model_of(benefit_year: int) -> str:
    """The model that HHS scores a benefit year by."""
    return MODELS[benefit_year >= _V08_FROM]


@cache
def years(model: str) -> list[int]:
    """Benefit years for which there are tables of ``model``."""
    found = set(reference.table("hhs_coefficients").column("benefit_year").to_pylist())
    return sorted(year for year in found if model_of(year) == model)


def check(model: str, benefit_year: int) -> None:
    """Raise ArgumentError for a benefit year that HHS does not score by ``model``, or that no tables are there for."""
    known = {name: years(name) for name in MODELS}
    if isinstance(benefit_year, bool) or benefit_year not in known.get(model, []):
        other = [name for name, found in known.items() if benefit_year in found and name != model]
        use = f"; HHS scores {benefit_year} by model={other[0]!r}" if other and model in MODELS else ""
        raise ArgumentError(
            f"model {model!r} has no tables for payment_year={benefit_year!r}{use}; there are {known} "
            "(HHS's models are concurrent: payment_year is the benefit year, scored on its own diagnoses)"
        )


def dated(name: str, benefit_year: int) -> pa.Table:
    """The rows of a reference table that hold in the benefit year."""
    table = reference.table(name)
    if "benefit_year" in table.column_names:
        return table.filter(pc.equal(table["benefit_year"], benefit_year)).drop_columns(["benefit_year"])
    if "first_year" not in table.column_names:
        return table
    holds = pc.and_(
        pc.less_equal(table["first_year"], benefit_year), pc.greater_equal(table["last_year"], benefit_year)
    )
    return table.filter(holds).drop_columns(["first_year", "last_year"])


@cache
def edited(benefit_year: int) -> pa.Table:
    """One row per diagnosis code, HCC and kind of person for whom the code counts as that HCC.

    Columns: diagnosis_code, hcc, sex (empty: any), age_from, age_to (on the last day of enrolment, inclusive),
    then_from, then_to (the Medicare Code Editor's bounds, by age at the diagnosis).
    """
    with Session(DuckDBEngine()) as s:
        s.load("hhs_diagnoses", dated("hhs_diagnoses", benefit_year))
        s.load("mce_edits", reference.table("mce_edits"))
        s.load("mce_ages", reference.table("mce_ages"))
        return s.fetch(sql.text("risk/hhs_mapping"), {"year": benefit_year})


@cache
def mapping(benefit_year: int) -> pa.Table:
    """As :func:`edited`, with one pair of bounds: the age at diagnosis taken as that on the last day."""
    found = edited(benefit_year).to_pandas()
    found["age_from"] = found[["age_from", "then_from"]].max(axis=1)
    found["age_to"] = found[["age_to", "then_to"]].min(axis=1)
    found = found[found["age_from"] <= found["age_to"]].drop(columns=["then_from", "then_to"])
    return pa.Table.from_pandas(found, preserve_index=False)


@cache
def remembered(benefit_year: int) -> pa.Table:
    """The mapping of a benefit year, and that of earlier ones for codes that it has no more."""
    found = mapping(benefit_year)
    for year in (year for model in MODELS for year in years(model) if year < benefit_year):
        before = mapping(year)
        found = pa.concat_tables(
            [found, before.filter(pc.invert(pc.is_in(before["diagnosis_code"], found["diagnosis_code"])))]
        )
    return found


@cache
def labels(model: str) -> pa.Table:
    """One row per HCC of a model: hcc, label, chronic (null: HHS publishes no list of lasting HCCs)."""
    found = [
        {"hcc": row["hcc"], "label": row["label"], "chronic": None}
        for row in reference.table("hhs_labels").to_pylist()
        if row["model"] == model and not row["hcc"].startswith("RXC")
    ]
    found.sort(key=lambda row: float(row["hcc"]))
    return pa.Table.from_pylist(
        found, pa.schema({"hcc": pa.string(), "label": pa.string(), "chronic": pa.bool_()})
    )


@cache
def hierarchy(model: str) -> pa.Table:
    """One row per HCC (parent) and HCC that it removes (child), as of the model's newest benefit year."""
    table = dated("hhs_hierarchies", years(model)[-1])
    return table.filter(pc.invert(pc.starts_with(table["parent"], "RXC")))


@cache
def coefficients(benefit_year: int) -> pa.Table:
    """One row per segment (its number) and term: segment, term, value, exact."""
    frame = dated("hhs_coefficients", benefit_year).to_pandas()
    rows: list[dict[str, Any]] = []
    for number, segment in enumerate(SEGMENTS):
        population, metal = segment.split()
        part = frame[frame["population"] == population]
        rows += [
            {"segment": number, "term": term, "value": value}
            for term, value in zip(part["term"], part[metal], strict=True)
        ]
    kinds = pa.schema({"segment": pa.int32(), "term": pa.string(), "value": pa.float64()})
    table = pa.Table.from_pylist(rows, kinds)
    exact = pc.round(table["value"], 3).cast(pa.decimal128(12, 3), safe=False)
    return table.set_column(2, "value", exact)


def term_of(hcc: str) -> str:
    """HCC 35.1 under HHS's name, HHS_HCC035_1."""
    number, _, part = hcc.partition(".")
    return f"HHS_HCC{int(number):03d}" + (f"_{part}" if part else "")


@cache
def hccs(benefit_year: int) -> pa.Table:
    """One row per segment and HCC that counts in it: what the HCC stands for there.

    Columns: segment, hcc, term (of the HCC or its group; empty for infants), counted (in the number of payment HCCs),
    severe, transplant, severity (of infants, 1 to 5), maturity (of infants, 1 the most immature).
    """
    groups = {
        (row["population"], row["hcc"]): row["group_name"]
        for row in dated("hhs_groups", benefit_year).to_pylist()
    }
    roles: dict[tuple[str, str], set[str]] = {}
    for row in dated("hhs_roles", benefit_year).to_pylist():
        roles.setdefault((row["population"], row["hcc"]), set()).add(row["role"])
    valued: dict[int, set[str]] = {}
    for row in coefficients(benefit_year).to_pylist():
        valued.setdefault(row["segment"], set()).add(row["term"])
    rows = []
    for number, segment in enumerate(SEGMENTS):
        population = segment.split()[0]
        for hcc in labels(model_of(benefit_year)).column("hcc").to_pylist():
            term = groups.get((population, hcc), term_of(hcc)) if population != "infant" else ""
            if term and term not in valued[number]:
                continue
            has = roles.get((population, hcc), set())
            rows.append(
                {
                    "segment": number,
                    "hcc": hcc,
                    "term": term,
                    # The add-on for diabetes of type 1 is no payment HCC of its own.
                    "counted": hcc != "22",
                    "severe": "severe" in has,
                    "transplant": "transplant" in has,
                    "severity": max((int(r[-1]) for r in has if r.startswith("severity")), default=1),
                    "maturity": next((i for i, r in enumerate(MATURITIES, 1) if r in has), None),
                }
            )
    kinds = {"segment": pa.int32(), "hcc": pa.string(), "term": pa.string(), "counted": pa.bool_()}
    kinds |= {"severe": pa.bool_(), "transplant": pa.bool_(), "severity": pa.int32(), "maturity": pa.int32()}
    return pa.Table.from_pylist(rows, pa.schema(kinds))


#: What an infant of age 0 is by birth, the most immature first; one without any of these, or of age 1, is AGE1.
MATURITIES: Final = ("extremely immature", "immature", "premature multiples", "term")


def factors(model: str, benefit_year: int) -> pd.DataFrame:
    """The one row of :func:`cpticd.risk.hcc_tables.factors`: HHS neither normalizes nor adjusts for coding.

    What a cost-sharing reduction does to a person's score is his own factor (``hhs_csr``).
    """
    return pd.DataFrame(
        {
            "payment_year": [benefit_year], "model": [model], "population": [""], "share": [1.0],
            "normalization": [1.0], "coding_adjustment": [0.0],
        }
    )  # fmt: skip
