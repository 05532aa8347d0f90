"""Gaps: conditions that other evidence on a person's claims suggests, and that the year's diagnoses do not tell.

A gap is something for a clinician and a coder to review. Five kinds of evidence: lapsed, unspecified, combination,
implied (each in a ``gap_*`` module) and learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import contract
from cpticd.claims import Claims
from cpticd.engine import Engine
from cpticd.errors import ArgumentError
from cpticd.risk import calibration as confidences
from cpticd.risk import gap_inputs, tables
from cpticd.risk.gap_combination import combination
from cpticd.risk.gap_found import CANDIDATE, EVIDENCE, Found
from cpticd.risk.gap_lapsed import lapsed
from cpticd.risk.gap_services import implied, unspecified

KINDS: Final = ("lapsed", "unspecified", "combination", "implied", "learned")
STATUSES: Final = ("open", "closed by the same HCC", "closed by a higher HCC", "closed by a lower HCC")
#: Stratum of a gap that two or more kinds of evidence point to.
TOGETHER: Final = "with other evidence"
COLUMNS: Final = (
    "person_id", "hcc", "label", "kind", "also_kinds", "diagnosis_code", "confidence", "calibration", "stratum",
    "status", "evidence", "evidence_codes", "evidence_claims", "evidence_dates", "support", "first_date", "last_date",
)  # fmt: skip
_KEY: Final = ["person_id", "hcc"]


def gaps(
    claims: Claims,
    *,
    year: int,
    model: str = "V28",
    payment_year: int | None = None,
    kinds: Sequence[str] = KINDS,
    implied_services: pd.DataFrame | None = None,
    combinations: pd.DataFrame | None = None,
    specific_evidence: pd.DataFrame | None = None,
    calibration: pd.DataFrame | None = None,
    minimum_confidence: float = 0.02,
    lookback_years: int = 3,
) -> pd.DataFrame:
    """One row per person and suspected condition (HCC) of the service year ``year``."""
    asked = gap_inputs.scope(year, model, payment_year, lookback_years)
    chosen = _chosen(kinds)
    if not 0 <= minimum_confidence <= 1:
        raise ArgumentError(f"minimum_confidence lies from 0 to 1; found {minimum_confidence!r}")
    table = confidences.checked(calibration)
    engine = claims.engine
    try:
        gap_inputs.prepare(engine, asked)
        own = {"implied": implied_services, "combination": combinations, "unspecified": specific_evidence}
        parts = {kind: _rule(engine, kind, asked, own) for kind in chosen if kind != "learned"}
        rows = _merged(parts, table)
        left_out = {kind: part.left_out for kind, part in parts.items() if part.left_out}
    finally:
        gap_inputs.drop(engine)
    low = (rows["status"] == "open") & (rows["confidence"] < minimum_confidence)
    rows = _finished(rows[~low], parts, model)
    return contract.attach(
        rows, measure="suspected conditions", numerator="", denominator="", clock="", left_out=left_out
    )


def _chosen(kinds: Sequence[str]) -> list[str]:
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    unknown = [kind for kind in wanted if kind not in KINDS]
    if unknown or not wanted:
        raise ArgumentError(f"kinds: found {wanted!r}; choose from {list(KINDS)}")
    return [kind for kind in KINDS if kind in wanted]


def _rule(engine: Engine, kind: str, asked: gap_inputs.Scope, own: dict[str, Any]) -> Found:
    if kind == "lapsed":
        return lapsed(engine, asked)
    if kind == "combination":
        return combination(engine, own[kind])
    return {"implied": implied, "unspecified": unspecified}[kind](engine, asked, own[kind])


def _merged(parts: dict[str, Found], table: pd.DataFrame) -> pd.DataFrame:
    """One row per person and HCC of the candidates of all kinds: the strongest, the others named beside it."""
    frames = [part.candidates[list(CANDIDATE)] for part in parts.values() if len(part.candidates)]
    if not frames:
        return pd.DataFrame(columns=[*CANDIDATE, "confidence", "calibration", "status", "also_kinds"])
    rows = pd.concat(frames, ignore_index=True)
    rows = confidences.looked_up(rows, table)
    rows["status"] = rows["place"].map(dict(enumerate(STATUSES)))
    rows["closed"] = rows["place"] != 0
    rows["order"] = rows["kind"].map({kind: index for index, kind in enumerate(KINDS)})
    # What one kind of evidence holds to be open is open: a lower code is no answer to what it is the evidence of.
    open_somewhere = ~rows.groupby(_KEY)["closed"].transform("min").astype(bool)
    rows = rows[~(open_somewhere & rows["closed"])]
    rows = rows.sort_values(
        [*_KEY, "confidence", "order", "rule", "diagnosis_code"],
        ascending=[True, True, False, True, True, True],
        ignore_index=True,
    )
    rows = rows.drop_duplicates([*_KEY, "kind"])
    by = rows.groupby(_KEY)
    first = rows[by.cumcount() == 0].set_index(_KEY)
    others = rows[by.cumcount() > 0].groupby(_KEY)
    first["also_kinds"] = others["kind"].agg(", ".join).reindex(first.index).fillna("")
    beside = others["sentence"].agg("; ".join).reindex(first.index)
    first["sentence"] = first["sentence"] + ("; also " + beside).fillna("")
    together = (first["also_kinds"] != "") & ~first["closed"]
    first["stratum"] = first["stratum"].mask(together, TOGETHER)
    joint = confidences.looked_up(first[together].reset_index().assign(share=1.0), table)
    first.loc[together, "confidence"] = np.maximum(
        joint["confidence"].to_numpy(float), first.loc[together, "confidence"].to_numpy(float)
    )
    first.loc[together, "calibration"] = joint["calibration"].to_numpy()
    return first.reset_index()


def _finished(rows: pd.DataFrame, parts: dict[str, Found], model: str) -> pd.DataFrame:
    """The columns of the result, in order of status, confidence and person."""
    labels = {row["hcc"]: row["label"] for row in tables.labels(model).to_pylist()}
    rows = rows.assign(order=rows["status"].map({name: i for i, name in enumerate(STATUSES)}))
    rows["number"] = pd.to_numeric(rows["hcc"])
    rows = rows.sort_values(["order", "confidence", "person_id", "number"], ascending=[True, False, True, True])
    rows = rows.reset_index(drop=True)
    found = [part.evidence[list(EVIDENCE)] for part in parts.values() if len(part.evidence)]
    evidence = pd.concat(found) if found else pd.DataFrame(columns=list(EVIDENCE))
    evidence = rows[_KEY].reset_index(names="gap").merge(evidence, on=_KEY)
    dates = evidence["claim_date"] if len(evidence) else pd.Series(dtype="datetime64[s]")
    rows["evidence_codes"] = _lists(evidence["gap"], evidence["code"], len(rows))
    rows["evidence_claims"] = _lists(evidence["gap"], evidence["claim_id"], len(rows))
    rows["evidence_dates"] = _lists(evidence["gap"], dates.dt.strftime("%Y-%m-%d"), len(rows))
    spans = dates.groupby(evidence["gap"]).agg(["min", "max"]).reindex(rows.index)
    rows = rows.assign(
        label=rows["hcc"].map(labels).fillna(""),
        evidence=rows["sentence"],
        support=rows["support"].astype("Int64"),
        first_date=spans["min"],
        last_date=spans["max"],
    )
    return rows[list(COLUMNS)]


def _lists(gap: pd.Series, value: pd.Series, size: int) -> list[list[Any]]:
    """One sorted list of distinct values per gap."""
    pairs = pd.DataFrame({"gap": gap.to_numpy(), "value": value.to_numpy()}).dropna()
    pairs = pairs.drop_duplicates().sort_values(["gap", "value"])
    counts = np.bincount(pairs["gap"].to_numpy(np.int64), minlength=size)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    values = pa.array(pairs["value"].tolist(), pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values).to_pylist()
