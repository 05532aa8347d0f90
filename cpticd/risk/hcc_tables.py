"""The tables of CMS's risk adjustment models, as the scorer reads them: dated, and changed by nobody but the user."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.session import Session
from cpticd.risk.current_codes import ended
from cpticd.risk.hhs import tables as hhs

#: Medicare's models by name: CMS-HCC (Part C; V22 for PACE), its ESRD variant, and RxHCC (Part D).
MODELS: Final = ("V24", "V28", "V22", "ESRD V24", "RxHCC V08")
#: Those, and HHS's for marketplace plans.
KNOWN: Final = (*MODELS, *hhs.MODELS)
#: Those that CMS blends in payment years of transition for Medicare Advantage, and for members of PACE.
PART_C: Final = ("V24", "V28")
PART_C_OF_PACE: Final = ("V28", "V22")
#: The population of ``hcc_factors`` whose plan is a Program of All-Inclusive Care for the Elderly.
PACE: Final = "PACE"
#: Ages that an edit leaves open.
YOUNGEST, OLDEST = 0, 999


def years(model: str) -> list[int]:
    """Payment years for which there are tables of ``model``."""
    if hhs.is_hhs(model):
        return hhs.years(model)
    found = reference.table("hcc_factors").to_pylist()
    return sorted({row["payment_year"] for row in found if row["model"] == model})


def prefix(model: str) -> str:
    """What CMS writes before the number of an HCC in the terms of ``model``."""
    return "RXHCC" if model.startswith("Rx") else "HCC"


def check_model(model: str, payment_year: int) -> None:
    """Raise ArgumentError for a model, or a payment year of it, that no table is there for."""
    if model not in KNOWN:
        raise ArgumentError(f"no risk adjustment model {model!r}; there are {list(KNOWN)}")
    if hhs.is_hhs(model):
        hhs.check(model, payment_year)
    elif isinstance(payment_year, bool) or payment_year not in years(model):
        raise ArgumentError(
            f"model {model!r} has no tables for payment_year={payment_year!r}; there are {years(model)} "
            "(payment year Y is scored on diagnoses of service year Y-1)"
        )


def is_hhs(model: str) -> bool:
    """Whether ``model`` is one of HHS's, for marketplace plans."""
    return hhs.is_hhs(model)


def service_to_payment(model: str, year: int) -> int:
    """The payment year that service ``year`` is paid in: the year after, of HHS's models the year itself."""
    return year if hhs.is_hhs(model) else year + 1


def service_year(model: str, payment_year: int) -> int:
    """The service year that a payment year pays on: the year before, of HHS's models the year itself."""
    return payment_year if hhs.is_hhs(model) else payment_year - 1


def age_day(model: str, payment_year: int) -> date:
    """The day of a payment year on which ages are meant: February 1, of HHS's models the last (of enrolment)."""
    return date(payment_year, 12, 31) if hhs.is_hhs(model) else date(payment_year, 2, 1)


def paid_year(model: str, year: int, payment_year: int | None) -> int:
    """The payment year whose tables judge service ``year``: the one given, else ``year + 1``, which is paid on it.

    HHS's models are concurrent: their payment year, the benefit year, is the service year itself.

    Raises ArgumentError where ``year`` is no whole number, and as :func:`check_model` does.
    """
    if isinstance(year, bool) or not isinstance(year, int):
        raise ArgumentError(f"year: a whole service year such as 2025 is needed; found {year!r}")
    paid = service_to_payment(model, year) if payment_year is None else payment_year
    check_model(model, paid)
    return paid


@cache
def mapping(model: str, payment_year: int) -> pa.Table:
    """One row per diagnosis code, HCC and kind of person for whom the code counts as that HCC.

    Columns: diagnosis_code, hcc, sex (empty: any), age_from, age_to (inclusive, in years). CMS's age and sex
    edits are folded in: a code that is another HCC for women has a row per sex, one that is void above or below
    an age has that bound. Mandatory edits are applied before those of the Medicare Code Editor, as in CMS's SAS
    macros; both void a code as a whole, with all its HCCs.
    """
    if hhs.is_hhs(model):
        return hhs.mapping(payment_year)
    check_model(model, payment_year)
    with Session(DuckDBEngine()) as s:
        s.load("hcc_diagnoses", reference.table("hcc_diagnoses"), copy=False)
        s.load("hcc_edits", reference.table("hcc_edits"))
        text = sql.text("risk/mapping")
        return s.fetch(text, {"model": model, "year": payment_year}, youngest=YOUNGEST, oldest=OLDEST)


@cache
def remembered(model: str, payment_year: int) -> pa.Table:
    """The mapping of a payment year, and that of earlier ones for codes that had ended when its service year began.

    What was coded in earlier service years is a condition of these still, though nobody can code it so today.
    """
    if hhs.is_hhs(model):
        return hhs.remembered(payment_year)
    found = mapping(model, payment_year)
    for year in (year for year in reversed(years(model)) if year < payment_year):
        before = mapping(model, year)
        codes = pc.unique(
            before.filter(pc.invert(pc.is_in(before["diagnosis_code"], found["diagnosis_code"])))[
                "diagnosis_code"
            ]
        )
        given = codes.to_pandas()
        gone = pa.array(given[ended(given, payment_year - 1).to_numpy(bool)].tolist(), pa.string())
        found = pa.concat_tables([found, before.filter(pc.is_in(before["diagnosis_code"], gone))])
    return found


@cache
def labels(model: str) -> pa.Table:
    """One row per HCC of a model: hcc, label, chronic (null where CMS publishes no list of lasting HCCs)."""
    if hhs.is_hhs(model):
        return hhs.labels(model)
    rows = [
        {
            "hcc": row["hcc"],
            "label": row["label"],
            "chronic": {"true": True, "false": False}.get(row["chronic"]),
        }
        for row in _rows("hcc_labels", model)
    ]
    return pa.Table.from_pylist(
        rows, pa.schema({"hcc": pa.string(), "label": pa.string(), "chronic": pa.bool_()})
    )


@cache
def hierarchy(model: str) -> pa.Table:
    """One row per HCC (parent) and HCC that it removes (child)."""
    if hhs.is_hhs(model):
        return hhs.hierarchy(model)
    return _part("hcc_hierarchies", model)


@cache
def requirements(model: str) -> pa.Table:
    """One row per HCC that counts only beside others (hcc, beside); beside is empty where it never counts."""
    return _part("hcc_requirements", model)


@cache
def coefficients(model: str) -> pa.Table:
    """One row per segment and term: segment, term, value (share of an average beneficiary's cost)."""
    return _part("hcc_coefficients", model)


@cache
def interactions(model: str) -> pa.Table:
    """One row per interaction and HCC that can stand for one of its factors: term, factor, hcc, flag, factors.

    ``hcc`` is empty where the factor is a fact about the person, named in ``flag`` (DISABLED, NONAGED).
    ``factors`` is how many must be there together.
    """
    members: dict[str, list[str]] = {}
    for row in _rows("hcc_groups", model):
        members.setdefault(row["group_name"], []).append(row["hcc"])
    wanted: dict[str, list[str]] = {}
    for row in _rows("hcc_interactions", model):
        wanted.setdefault(row["term"], []).append(row["factor"])
    rows = []
    for term, factors in wanted.items():
        for factor in factors:
            flag = factor if factor in ("DISABLED", "NONAGED") else ""
            one = [factor.removeprefix("HCC")] if factor.startswith("HCC") else [""]
            for hcc in members.get(factor, one):
                rows.append(
                    {"term": term, "factor": factor, "hcc": hcc, "flag": flag, "factors": len(factors)}
                )
    kinds = {"term": pa.string(), "factor": pa.string(), "hcc": pa.string(), "flag": pa.string()}
    return pa.Table.from_pylist(rows, pa.schema({**kinds, "factors": pa.int32()}))


def _rows(name: str, model: str) -> list[dict[str, Any]]:
    return [row for row in reference.table(name).to_pylist() if row["model"] == model]


def _part(name: str, model: str) -> pa.Table:
    table = reference.table(name)
    mask = pa.array([value == model for value in table.column("model").to_pylist()])
    return table.filter(mask).drop_columns(["model"])


def factors(model: str, payment_year: int, override: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per population of a model in a payment year: what turns a raw score into a payment score.

    Columns: payment_year, model, population (empty: everybody; PACE; dialysis, graft; MA-PD, PDP), share (in the
    blend), normalization, coding_adjustment. ``override``: rows of the same columns that take the place of the
    built-in ones; SchemaError where columns are missing or a figure is out of range.
    """
    check_model(model, payment_year)
    if hhs.is_hhs(model):
        if override is not None:
            raise ArgumentError(
                f"factors: {model} has none, HHS neither normalizes nor adjusts scores for coding"
            )
        return hhs.factors(model, payment_year)
    table = reference.table("hcc_factors").to_pandas()
    if override is not None:
        table = _overridden(table, override)
    return table[(table["model"] == model) & (table["payment_year"] == payment_year)].reset_index(drop=True)


def shares(payment_year: int, override: pd.DataFrame | None = None, population: str = "") -> dict[str, float]:
    """Share of each Part C model in the payment of a year, where it has one; empty for a year without tables.

    ``population``: empty for Medicare Advantage, or :data:`PACE`.
    """
    found = {}
    for model in PART_C_OF_PACE if population else PART_C:
        if payment_year in years(model):
            rates = factors(model, payment_year, override)
            of_population = rates.loc[rates["population"] == population, "share"]
            found[model] = float(of_population.sum())  # one row, or none
    return {model: share for model, share in found.items() if share > 0}


def _overridden(table: pd.DataFrame, override: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in table.columns if name not in override.columns]
    if missing:
        raise SchemaError(
            f"factors: no column {missing}; found {list(override.columns)}; needs {list(table.columns)}"
        )
    new = override[list(table.columns)].copy()
    new["population"] = new["population"].fillna("").astype(str)
    for name in ("payment_year", "share", "normalization", "coding_adjustment"):
        new[name] = pd.to_numeric(new[name], errors="coerce")
    bad = ~((new["normalization"] > 0) & new["share"].between(0, 1) & (new["coding_adjustment"] < 1))
    if bad.any():
        row = override[bad].iloc[0].to_dict()
        raise SchemaError(
            f"factors: {row}: normalization must be positive, share from 0 to 1, coding_adjustment below 1"
        )
    key = ["payment_year", "model", "population"]
    if new.duplicated(key).any():
        raise SchemaError(
            f"factors: {key} repeats: {new[new.duplicated(key)].iloc[0].to_dict()}; keep one row of each"
        )
    both = pd.concat([new, table], ignore_index=True)
    return both.drop_duplicates(key, keep="first")
