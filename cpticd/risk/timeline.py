"""When persons' conditions were coded: every claim with a diagnosis of the model, whether it counts or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core import contract
from cpticd.core.frames import to_frame
from cpticd.risk import tables
from cpticd.risk.conditions import check_years, list_years, load_encounters
from cpticd.risk.wording import hcc_label

_SCRATCH: Final = ("risk_timeline_encounters", "risk_timeline_codes", "risk_timeline_persons")


def timeline(
    claims: Claims,
    persons: Iterable[str],
    *,
    year: int,
    model: str = "V28",
    payment_year: int | None = None,
    years_before: int = 1,
) -> pd.DataFrame:
    """One row per claim, diagnosis code and HCC of these ``persons``, in ``year`` and the ``years_before`` it.

    Columns: person_id, hcc, label, diagnosis_code, claim_id, claim_date, setting, counted (the claim counts for risk
    adjustment, see :func:`risk.conditions`), reason (why not). ``payment_year`` (None: year + 1) chooses the mapping
    of ``model``; its edits of age and sex are not applied, nor are hierarchies: what is coded is shown. Years before
    the first list of eligible procedures are left out. Raises ArgumentError for a year or model without tables.
    """
    paid = year + 1 if payment_year is None else payment_year
    tables.check_model(model, paid)
    first, _ = list_years()
    years = check_years([one for one in range(year - years_before, year + 1) if one >= first] or [year])
    engine = claims.engine
    codes = tables.mapping(model, paid).to_pandas()[["diagnosis_code", "hcc"]].drop_duplicates()
    wanted = pa.table({"person_id": pa.array(sorted({str(person) for person in persons}), pa.string())})
    try:
        load_encounters(engine, years, name=_SCRATCH[0])
        engine.load(_SCRATCH[1], pa.Table.from_pandas(codes, preserve_index=False))
        engine.load(_SCRATCH[2], wanted)
        found = to_frame(engine.fetch(sql.text("risk_timeline")))
    finally:
        for name in _SCRATCH:
            engine.drop(name)
    labels = {hcc: hcc_label(model, hcc) for hcc in found["hcc"].unique()}
    found.insert(2, "label", found["hcc"].map(labels).astype("str"))
    return contract.attach(
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
