"""What speaks for and against each coded HCC whose support is thin, worked out in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.session import Session
from cpticd.risk import gap_measured, hcc_tables
from cpticd.risk.conditions import list_years, load_encounters
from cpticd.risk.entitlement import load_outsiders, load_unpaid
from cpticd.risk.gap_found import prefixed
from cpticd.risk.histories import load_histories

#: Relations in the order in which they are made, each by the statement ``risk/unsupported_<name>``.
_RELATIONS: Final = (
    "audit_codes", "expected_codes", "expected_services", "coded", "assessed", "contradicted", "companions", "thin",
    "usual", "again", "supporting", "in_acute_care", "history",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What is judged, and by which rules."""

    year: int
    model: str
    payment_year: int
    audit_groups: pd.DataFrame
    expected_services: pa.Table
    contradictions: pd.DataFrame
    companions: pd.DataFrame


def facts(s: Session, asked: Asked) -> pd.DataFrame:
    """One row per person and thinly supported HCC of the service year, with what unsupported_facts.sql says."""
    first, _ = list_years()
    near = [year for year in (asked.year - 1, asked.year, asked.year + 1) if year >= first]
    load_encounters(s, near, model=asked.model)
    load_outsiders(s, asked.model)
    load_unpaid(s, asked.model, asked.payment_year)
    _load_tables(s, asked)
    for name in _RELATIONS:
        s.create(name, sql.text(f"risk/unsupported_{name}"))
    frame = s.frame(sql.text("risk/unsupported_facts"))
    for column in ("diagnosis_codes", "evidence_claims", "evidence_dates", "settings", "not_counted_reasons"):
        frame[column] = [[] if cell is None else list(cell) for cell in frame[column]]
    frame["audit_group"] = frame["audit_group"].fillna("")
    return frame


def _load_tables(s: Session, asked: Asked) -> None:
    years = {
        "year": pa.array([asked.year], pa.int32()),
        "payment_year": pa.array([asked.payment_year], pa.int32()),
    }
    s.load("asked", years)
    s.load("hcc_map", hcc_tables.remembered(asked.model, asked.payment_year))
    labels = hcc_tables.labels(asked.model)
    s.load("hcc_labels", labels)
    hccs = labels.column("hcc").to_pylist()
    above = [(row["parent"], row["child"]) for row in hcc_tables.hierarchy(asked.model).to_pylist()]
    kin = sorted({(hcc, hcc) for hcc in hccs} | set(above) | {(child, parent) for parent, child in above})
    s.load("hcc_kin", {"hcc": [a for a, _ in kin], "kin": [b for _, b in kin]})
    s.load("audit_rules", asked.audit_groups)
    s.load("expected", asked.expected_services)
    s.load("acute_care", reference.table("acute_care"))
    s.load("assessment_services", reference.table("assessment_services"))
    load_histories(s)
    _load_contradictions(s, asked.contradictions)
    _load_companions(s, asked.companions)


def _load_contradictions(s: Session, rules: pd.DataFrame) -> None:
    """Make ``observed_readings`` of the rules of contradicting_observations, and the codes that each is about."""
    gap_measured.load_rules(s, rules)
    s.create("observed_readings", sql.text("risk/observed_readings"))
    found = s.frame("SELECT DISTINCT diagnosis_code AS code FROM encounters")["code"]
    about = prefixed(rules, "condition_codes", found).assign(is_explaining=False)
    explaining = prefixed(rules, "explained_by", found).assign(is_explaining=True)
    both = pd.concat([about, explaining])[["rule", "code", "is_explaining"]].drop_duplicates()
    s.load(
        "contradiction_codes",
        {
            "rule": pa.array(both["rule"].tolist(), pa.string()),
            "diagnosis_code": pa.array(both["code"].tolist(), pa.string()),
            "is_explaining": pa.array(both["is_explaining"].tolist(), pa.bool_()),
        },
    )


def _load_companions(s: Session, rules: pd.DataFrame) -> None:
    """Make ``companion_codes``: codes of the data by rule and role: the code, what it needs, what is against it."""
    found = s.frame("SELECT DISTINCT diagnosis_code AS code FROM encounters")["code"]
    roles = {"code": "diagnosis_codes", "needed": "needs", "against": "against"}
    both = pd.concat([prefixed(rules, column, found).assign(role=role) for role, column in roles.items()])
    both = both[["rule", "role", "code", "against"]].drop_duplicates()
    s.load(
        "companion_codes",
        {
            "rule": pa.array(both["rule"].tolist(), pa.string()),
            "role": pa.array(both["role"].tolist(), pa.string()),
            "diagnosis_code": pa.array(both["code"].tolist(), pa.string()),
            "is_contradicted": pa.array((both["against"] != "").tolist(), pa.bool_()),
        },
    )
