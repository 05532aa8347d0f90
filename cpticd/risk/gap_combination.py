"""Combination: two codes of the year that ICD-10-CM joins by "with", where the joined code's HCC is not there."""

from __future__ import annotations

import pandas as pd

from cpticd import reference, sql
from cpticd.codes import dotted
from cpticd.core.session import Session
from cpticd.risk.current_codes import current
from cpticd.risk.gap_found import Found, band, extended, nothing, prefixed
from cpticd.risk.gap_inputs import Scope
from cpticd.risk.gap_services import load_text
from cpticd.risk.rule_dates import COLUMNS, dated


def combination(s: Session, asked: Scope, own: pd.DataFrame | None = None) -> Found:
    """One row per person, joined code and HCC, where both parts are coded in the year.

    ``own``: further rows of the reference table ``combinations`` (rule, codes_a, codes_b, diagnosis_code, …).
    """
    rules = extended(
        "combinations", reference.table("combinations").to_pandas(), own,
        ["rule", "codes_a", "codes_b", "diagnosis_code"],
    )  # fmt: skip
    rules = dated("combinations", rules.drop_duplicates("rule"))
    rules["diagnosis_code"] = current(rules["diagnosis_code"], asked.year)
    found = s.frame("SELECT DISTINCT code FROM gap_data_codes WHERE system = 'icd-10-cm'")
    sides = pd.concat(
        [
            prefixed(rules[["rule", f"codes_{side}", *COLUMNS]], f"codes_{side}", found["code"]).assign(
                side=side
            )
            for side in ("a", "b")
        ]
    ).drop_duplicates(["rule", "side", "code"])
    load_text(s, "gap_rule_codes", sides[["rule", "side", "code", *COLUMNS]])
    load_text(s, "gap_joined", rules[["rule", "diagnosis_code", "strength"]])
    s.create("gap_pairs", sql.text("risk/gap_combination"))
    rows = s.frame("SELECT * FROM gap_pairs")
    evidence = s.frame(sql.text("risk/gap_combination_evidence")).assign(kind="combination")
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
