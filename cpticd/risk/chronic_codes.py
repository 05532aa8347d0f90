"""Which codes stand for a condition that should come back every year: as CMS marks HCCs, or a user's own list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import pandas as pd
import pyarrow as pa

from cpticd.core.code_form import normal
from cpticd.core.errors import SchemaError
from cpticd.core.session import Session
from cpticd.risk import hcc_tables
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.hcc_numbers import hcc_numbers

#: A list of one's own: HCCs, or a table with a column hcc or diagnosis_code.
Chronic: TypeAlias = pd.DataFrame | Iterable[str | int] | None


def codes(model: str, payment_year: int, own: Chronic, found: Rejects) -> pd.DataFrame:
    """One row per diagnosis code and HCC that is chronic: diagnosis_code, hcc.

    Entries of ``own`` that the model does not have are in ``found``. SchemaError for a table without hcc and code, and
    where nothing of the list is of the model.
    """
    mapping = (
        hcc_tables.remembered(model, payment_year).to_pandas()[["diagnosis_code", "hcc"]].drop_duplicates()
    )
    if own is None:
        flags = {row["hcc"]: row["chronic"] is not False for row in hcc_tables.labels(model).to_pylist()}
        return mapping[mapping["hcc"].map(flags).fillna(True).astype(bool)]
    column, entries = _entries(own)
    place = f"{model} of payment year {payment_year}"
    known = set(mapping[column])
    for number, entry in enumerate(entries, start=1):
        if entry not in known:
            what = "no HCC of" if column == "hcc" else "a code without an HCC in"
            found.add("chronic", f"row {number}", f"{what} {place}", entry)
    chosen = mapping[mapping[column].isin({*entries})]
    if chosen.empty:
        raise SchemaError(f"chronic: no entry of the list is of {place}; found {entries[:5]}")
    return chosen


def load(s: Session, rows: pd.DataFrame) -> None:
    """Make ``chronic_codes``."""
    columns = {name: pa.array(rows[name].tolist(), pa.string()) for name in ("diagnosis_code", "hcc")}
    s.load("chronic_codes", columns)


def _entries(own: pd.DataFrame | Iterable[str | int]) -> tuple[str, list[str]]:
    """The column that a list names, and its entries in the form of the tables."""
    if isinstance(own, str):
        raise SchemaError(f"chronic: found the text {own!r}; give a list of HCCs, or a table")
    if not isinstance(own, pd.DataFrame):
        return "hcc", hcc_numbers(pd.Series(list(own), dtype=object)).tolist()
    if "diagnosis_code" in own:
        return "diagnosis_code", [str(code) for code in normal(own["diagnosis_code"]).dropna()]
    if "hcc" in own:
        return "hcc", hcc_numbers(own["hcc"].dropna()).tolist()
    raise SchemaError(f"chronic: no column hcc or diagnosis_code; found {list(own.columns)}")
