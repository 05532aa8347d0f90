"""Which class the drugs of a data set belong to: National Drug Codes by product, RxNorm concepts, the user's rows."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd import reference
from cpticd.core.code_form import ndc
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.session import Session

#: Code systems of drugs, as the data name them.
SYSTEMS: Final = ("ndc", "rxnorm")
#: Labeler and product of a National Drug Code of eleven digits: what is left says how it is packed.
PRODUCT: Final = 9
_COLUMNS: Final = ("code_system", "code", "drug_class")


def classes(own: pd.DataFrame | None) -> pd.DataFrame:
    """One row per code: code_system, code, drug_class; the user's rows go before those that were added
    (``reference.add("drug_classes", …)``, of several releases the newest), these before the reference table's.

    ``own``: drug_class, and code with code_system (ndc or rxnorm), or ndc_code, or rxnorm_code. National Drug Codes
    have eleven digits, ten with hyphens, or nine for every package of a product. SchemaError for what is none of these.
    """
    builtin = reference.table("drug_classes").to_pandas()[list(_COLUMNS)]
    builtin = pd.concat([_added(), builtin]).drop_duplicates(["code_system", "code"], ignore_index=True)
    if own is None:
        return builtin
    rows = own.copy()
    for system in SYSTEMS:
        if f"{system}_code" in rows and "code" not in rows:
            rows = rows.rename(columns={f"{system}_code": "code"}).assign(code_system=system)
    if missing := [name for name in ("code", "drug_class") if name not in rows]:
        raise SchemaError(
            f"drug_classes: no column {missing}; found {list(own.columns)}; needs code_system, code, drug_class"
        )
    rows["code_system"] = rows["code_system"].astype(str).str.lower() if "code_system" in rows else "ndc"
    if wrong := sorted({*rows["code_system"]} - {*SYSTEMS}):
        raise SchemaError(f"drug_classes: code_system {wrong[0]!r}; there are {', '.join(SYSTEMS)}")
    rows["code"] = rows["code"].astype(str).str.strip()
    is_ndc = rows["code_system"] == "ndc"
    rows.loc[is_ndc, "code"] = rows.loc[is_ndc, "code"].map(lambda code: ndc(code) or code.replace("-", ""))
    bad = rows[is_ndc & ~rows["code"].str.fullmatch("[0-9]{9}|[0-9]{11}")]
    if len(bad):
        raise SchemaError(
            f"drug_classes: {bad['code'].iloc[0]!r} is no National Drug Code of 11 digits, nor its first 9; "
            "give it as text with its zeros (5-4-2 digits)"
        )
    rows["drug_class"] = rows["drug_class"].astype(str).str.strip()
    both = pd.concat([rows[["code_system", "code", "drug_class"]], builtin], ignore_index=True)
    return both.drop_duplicates(["code_system", "code"], ignore_index=True)


def _added() -> pd.DataFrame:
    """The classes that the user added to the reference, of the newest release; no row where there are none."""
    try:
        rows = reference.release("drug_classes").to_pandas()
    except ArgumentError:
        return pd.DataFrame(columns=list(_COLUMNS), dtype="str")
    return rows[rows["effective_from"] == rows["effective_from"].max()][list(_COLUMNS)]


def classed(s: Session, table: pd.DataFrame) -> pd.DataFrame:
    """One row per code of a drug of the year's persons (``gap_data_codes``) that has a class: system, code, drug_class.

    The whole code decides, else its product.
    """
    codes = s.frame("SELECT system, code FROM gap_data_codes WHERE system IN ('ndc', 'rxnorm')")
    whole = codes.merge(table, left_on=["system", "code"], right_on=["code_system", "code"], how="left")
    products = codes.assign(product=codes["code"].str[:PRODUCT]).merge(
        table[table["code_system"] == "ndc"], left_on="product", right_on="code", how="left"
    )
    by_product = products["drug_class"].where((codes["system"] == "ndc") & (codes["code"].str.len() == 11))
    found = codes.assign(drug_class=whole["drug_class"].fillna(by_product))
    return found.dropna(subset="drug_class").reset_index(drop=True)


def counted(s: Session, found: pd.DataFrame, read: set[str]) -> dict[str, Any]:
    """How many fills of the year's persons there are, and how many of them no class and no rule speaks of.

    ``read``: classes that a rule reads.
    """
    fills = s.frame(
        "SELECT system, code, count(*) AS fills FROM gap_services WHERE system IN ('ndc', 'rxnorm') "
        "GROUP BY system, code"
    )
    rows = fills.merge(found, on=["system", "code"], how="left")
    known = rows["drug_class"].notna()
    ruled = rows["drug_class"].isin(read)
    without = s.value(
        "SELECT count(*) AS n FROM drugs d JOIN gap_persons p ON p.person_id = d.person_id "
        "JOIN asked a ON a.year = year(d.fill_date) WHERE d.ndc_code IS NULL AND d.rxnorm_code IS NULL"
    )
    return {
        "fills": int(rows["fills"].sum()) + int(without),
        "without a code": int(without),
        "without a class": int(rows.loc[~known, "fills"].sum()),
        "of a class that no rule reads": int(rows.loc[known & ~ruled, "fills"].sum()),
        "classed": {
            str(name): int(n) for name, n in rows[known].groupby("drug_class")["fills"].sum().items()
        },
    }


def sentence(counts: dict[str, Any]) -> str:
    """What could not be classed, in one line; empty where there are no drugs."""
    if not counts["fills"]:
        return ""
    lost = counts["without a code"] + counts["without a class"]
    return (
        f"{counts['fills']:,} fills of drugs: {counts['fills'] - lost:,} have a class, {lost:,} have none and prove "
        "nothing here; add your own: drug_classes=DataFrame(ndc_code, drug_class)"
    )
