"""Combination: two codes of the year that ICD-10-CM joins by "with", where the joined code's HCC is not there."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from cpticd import reference
from cpticd.core.engine import Engine
from cpticd.core.frames import to_frame
from cpticd.risk.gap_found import Found, band, dotted, extended, nothing, prefixed

_PAIRS = """
WITH sides AS (
    SELECT c.person_id, r.rule, r.side, c.diagnosis_code, c.claims,
           row_number() OVER (
               PARTITION BY c.person_id, r.rule, r.side ORDER BY c.claims DESC, c.diagnosis_code
           ) AS place
    FROM risk_gap_codes c
    JOIN risk_gap_settings s ON s.year = c.year
    JOIN risk_gap_rule_codes r ON r.code = c.diagnosis_code
)
SELECT a.person_id, a.rule, m.hcc, j.diagnosis_code, j.strength,
       a.diagnosis_code AS code_a, b.diagnosis_code AS code_b,
       least(a.claims, b.claims) AS claims,
       -- A lower HCC is that of a part: it does not close what the two together are.
       CASE WHEN t.place IN (1, 2) THEN t.place ELSE 0 END AS place
FROM sides a
JOIN sides b ON b.person_id = a.person_id AND b.rule = a.rule AND b.side = 'b' AND b.place = 1
JOIN risk_gap_joined j ON j.rule = a.rule
JOIN risk_gap_persons p ON p.person_id = a.person_id
JOIN risk_gap_map m
  ON m.diagnosis_code = j.diagnosis_code AND (m.sex = '' OR m.sex = p.sex)
 AND coalesce(p.age, m.age_from) BETWEEN m.age_from AND m.age_to
LEFT JOIN risk_gap_states t ON t.person_id = a.person_id AND t.hcc = m.hcc
WHERE a.side = 'a' AND a.place = 1
"""
_EVIDENCE = """
SELECT DISTINCT g.person_id, g.hcc, e.claim_id, e.claim_date, e.diagnosis_code AS code
FROM risk_gap_pairs g
JOIN risk_gap_rule_codes r ON r.rule = g.rule
JOIN risk_gap_encounters e ON e.person_id = g.person_id AND e.diagnosis_code = r.code AND e.counted
JOIN risk_gap_settings s ON s.year = e.year
"""


def combination(engine: Engine, own: pd.DataFrame | None = None) -> Found:
    """One row per person, joined code and HCC, where both parts are coded in the year.

    ``own``: further rows of the reference table ``combinations`` (rule, codes_a, codes_b, diagnosis_code, …).
    """
    rules = extended(
        "combinations", reference.table("combinations").to_pandas(), own,
        ["rule", "codes_a", "codes_b", "diagnosis_code"],
    )  # fmt: skip
    rules = rules.drop_duplicates("rule")
    found = to_frame(engine.fetch("SELECT DISTINCT code FROM risk_gap_data_codes WHERE system = 'icd-10-cm'"))
    sides = pd.concat(
        [
            prefixed(rules[["rule", f"codes_{side}"]], f"codes_{side}", found["code"]).assign(side=side)
            for side in ("a", "b")
        ]
    ).drop_duplicates(["rule", "side", "code"])
    engine.load(
        "risk_gap_rule_codes", pa.Table.from_pandas(sides[["rule", "side", "code"]], preserve_index=False)
    )
    joined = rules[["rule", "diagnosis_code", "strength"]]
    engine.load("risk_gap_joined", pa.Table.from_pandas(joined, preserve_index=False))
    engine.create("risk_gap_pairs", _PAIRS, materialize=True)
    rows = to_frame(engine.fetch("SELECT * FROM risk_gap_pairs"))
    evidence = to_frame(engine.fetch(_EVIDENCE)).assign(kind="combination")
    for name in ("risk_gap_pairs", "risk_gap_joined", "risk_gap_rule_codes"):
        engine.drop(name)
    if rows.empty:
        return nothing()
    rows = rows.merge(rules[["rule", "reason"]], on="rule")
    candidates = rows.assign(
        kind="combination",
        stratum=rows["strength"] + ", " + band(rows["claims"], "claim"),
        share=1.0,
        sentence=dotted(rows["code_a"]) + " and " + dotted(rows["code_b"]) + " coded apart; joined they are "
        + dotted(rows["diagnosis_code"]) + " (" + rows["reason"] + ")",
        support=pd.array([pd.NA] * len(rows), dtype="Int64"),
    )  # fmt: skip
    return Found(candidates, evidence, {})
