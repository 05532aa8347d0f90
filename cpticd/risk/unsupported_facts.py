"""What speaks for and against each coded HCC whose support is thin, worked out in SQL on the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.engine import Engine
from cpticd.core.frames import to_frame
from cpticd.risk import tables
from cpticd.risk.conditions import list_years, load_encounters

_SCRATCH: Final = (
    "risk_u_years", "risk_u_encounters", "risk_u_map", "risk_u_labels", "risk_u_kin", "risk_u_acute_care",
    "risk_u_rules", "risk_u_audit_codes", "risk_u_expected", "risk_u_expected_codes", "risk_u_expected_services",
    "risk_u_coded", "risk_u_thin", "risk_u_usual", "risk_u_again", "risk_u_services", "risk_u_acute",
)  # fmt: skip
#: Codes of the data that a range of codes takes in: a range names the first characters of a code.
_AUDIT_CODES: Final = """
SELECT d.diagnosis_code, min(r.audit_group) AS audit_group
FROM (SELECT DISTINCT diagnosis_code FROM risk_u_encounters) d
JOIN risk_u_rules r ON substr(d.diagnosis_code, 1, length(r.first)) BETWEEN r.first AND r.last
GROUP BY d.diagnosis_code
"""
_EXPECTED_CODES: Final = """
SELECT DISTINCT d.diagnosis_code, x.condition
FROM (SELECT DISTINCT diagnosis_code FROM risk_u_encounters) d
JOIN (SELECT DISTINCT condition, diagnosis_first, diagnosis_last FROM risk_u_expected) x
  ON substr(d.diagnosis_code, 1, length(x.diagnosis_first)) BETWEEN x.diagnosis_first AND x.diagnosis_last
"""
_EXPECTED_SERVICES: Final = """
SELECT x.condition, x.basis, x.kind, d.code
FROM (
    SELECT DISTINCT 'procedure' AS basis, hcpcs_code AS code FROM lines WHERE hcpcs_code IS NOT NULL
    UNION ALL
    SELECT DISTINCT 'diagnosis', diagnosis_code FROM risk_u_encounters
) d
JOIN (SELECT DISTINCT condition, basis, first, last, kind FROM risk_u_expected) x
  ON x.basis = d.basis AND substr(d.code, 1, length(x.first)) BETWEEN x.first AND x.last
"""


@dataclass(frozen=True)
class Asked:
    """What is judged, and by which rules."""

    year: int
    model: str
    payment_year: int
    audit_groups: pa.Table
    expected_services: pa.Table


def facts(engine: Engine, asked: Asked) -> pd.DataFrame:
    """One row per person and thinly supported HCC of the service year, with what unsupported_facts.sql says."""
    first, _ = list_years()
    years = [near for near in (asked.year - 1, asked.year, asked.year + 1) if near >= first]
    try:
        load_encounters(engine, years, name="risk_u_encounters")
        _load_tables(engine, asked)
        for name, text in (
            ("risk_u_audit_codes", _AUDIT_CODES),
            ("risk_u_expected_codes", _EXPECTED_CODES),
            ("risk_u_expected_services", _EXPECTED_SERVICES),
            ("risk_u_coded", sql.text("unsupported_coded")),
            ("risk_u_thin", sql.text("unsupported_thin")),
            ("risk_u_usual", sql.text("unsupported_usual")),
            ("risk_u_again", sql.text("unsupported_again")),
            ("risk_u_services", sql.text("unsupported_services")),
            ("risk_u_acute", sql.text("unsupported_acute_care")),
        ):
            engine.create(name, text, materialize=True)
        frame = to_frame(engine.fetch(sql.text("unsupported_facts")))
    finally:
        for name in _SCRATCH:
            engine.drop(name)
    for column in ("diagnosis_codes", "evidence_claims", "evidence_dates", "settings", "not_counted_reasons"):
        frame[column] = [[] if cell is None else list(cell) for cell in frame[column]]
    frame["audit_group"] = frame["audit_group"].fillna("")
    return frame


def _load_tables(engine: Engine, asked: Asked) -> None:
    years = {
        "year": pa.array([asked.year], pa.int32()),
        "payment_year": pa.array([asked.payment_year], pa.int32()),
    }
    engine.load("risk_u_years", pa.table(years))
    engine.load("risk_u_map", tables.mapping(asked.model, asked.payment_year))
    labels = tables.labels(asked.model)
    engine.load("risk_u_labels", labels)
    hccs = labels.column("hcc").to_pylist()
    above = [(row["parent"], row["child"]) for row in tables.hierarchy(asked.model).to_pylist()]
    kin = sorted({(hcc, hcc) for hcc in hccs} | set(above) | {(child, parent) for parent, child in above})
    engine.load("risk_u_kin", pa.table({"hcc": [a for a, _ in kin], "kin": [b for _, b in kin]}))
    engine.load("risk_u_rules", asked.audit_groups)
    engine.load("risk_u_expected", asked.expected_services)
    engine.load("risk_u_acute_care", reference.table("acute_care"))
