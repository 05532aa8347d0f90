"""When persons' conditions were coded: every claim with a diagnosis of the model, whether it counts or not."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.measure import Records, measure
from cpticd.risk import hcc_tables
from cpticd.risk.conditions import check_years, list_years, load_encounters
from cpticd.risk.labels import hcc_label


@measure(heading="Diagnoses by day", leaves=Records(), chart="timeline")
def timeline(
    claims: Claims,
    persons: Iterable[str],
    *,
    year: int,
    payment_year: int | None = None,
    model: str = "V28",
    years_before: int = 1,
) -> pd.DataFrame:
    """One row per claim, diagnosis code and HCC of these ``persons``, in ``year`` and the ``years_before`` it.

    Columns: person_id, hcc, label, diagnosis_code, claim_id, claim_date, setting, counted (the claim counts for risk
    adjustment, see :func:`risk.conditions`), reason (why not). ``payment_year`` chooses the mapping of ``model``: that
    which pays on ``year``, ``year + 1``, unless another is given; its edits of age and sex are not applied, nor are
    hierarchies: what is coded is shown. Years before the first list of eligible procedures are left out. Raises
    ArgumentError for a year or model without tables.
    """
    paid = hcc_tables.paid_year(model, year, payment_year)
    first, _ = list_years()
    years = check_years([one for one in range(year - years_before, year + 1) if one >= first] or [year])
    codes = hcc_tables.mapping(model, paid).to_pandas()[["diagnosis_code", "hcc"]].drop_duplicates()
    wanted = sorted({str(person) for person in persons})
    with claims.session() as s:
        load_encounters(s, years, model=model)
        s.load("hcc_codes", codes)
        s.load("wanted", {"person_id": pa.array(wanted, pa.string())})
        found = s.frame(sql.text("risk/timeline"))
    labels = {hcc: hcc_label(model, hcc) for hcc in found["hcc"].unique()}
    found.insert(2, "label", found["hcc"].map(labels).astype("str"))
    return attach(
        found,
        measure=f"diagnoses of {model} on claims, by day",
        numerator="claims and diagnosis codes that map to a condition",
        denominator=f"claims of {len(wanted)} persons",
        clock=f"service years {', '.join(map(str, years))}: last day of a stay, else last day of an eligible line",
        exclusions="codes without an HCC; claims without a date; no hierarchies, no edits of age and sex",
        rows_left_out=0,
        code_set_release=f"CMS mapping of payment year {paid}",
        model=model,
        payment_year=paid,
    )
