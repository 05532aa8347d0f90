"""Drugs: fills of a class that is given for a condition, which the year's diagnoses do not have."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cpticd import reference, sql
from cpticd.core.session import Session
from cpticd.risk import drug_classes
from cpticd.risk.gap_found import Found, extended, nothing, number
from cpticd.risk.gap_inputs import Scope
from cpticd.risk.gap_services import coded_or_not, load_text, suspected, with_hcc
from cpticd.risk.rule_dates import COLUMNS, dated


def drugs(s: Session, asked: Scope, classed: pd.DataFrame, own: pd.DataFrame | None = None) -> Found:
    """One row per person, rule and condition that the fills of the year speak for: open, or closed by what is coded.

    ``own``: further rows of ``evidence_drugs``; ``classed``: ``drug_classes.classed``. Fills are rows of ``drugs``, and
    lines with a National Drug Code. A rule asks for fills on so many days (``min_fills``). A class of which a coded
    condition of the year explains the use proves nothing. What has no class is counted in ``left_out``.
    """
    rules = dated("evidence_drugs", drug_rules(own))
    counts = drug_classes.counted(s, classed, {*rules["drug_class"]})
    if not counts["fills"]:
        return replace(nothing(), left_out={"drugs": counts})
    codes = rules[["rule", "drug_class", *COLUMNS]].drop_duplicates().merge(classed, on="drug_class")
    load_text(s, "gap_rule_codes", codes[["rule", "system", "code", *COLUMNS]])
    s.create("gap_fills", sql.text("risk/gap_served"))
    fewest = rules.groupby("rule")["min_fills"].max().fillna(1).astype(int)
    s.load("gap_fewest", {"rule": fewest.index.tolist(), "days": fewest.tolist()})
    s.create(
        "gap_served",
        "SELECT f.* FROM gap_fills f JOIN gap_fewest r ON r.rule = f.rule WHERE f.days >= r.days",
    )
    rows, left_out = suspected(s, asked, rules, "drug")
    left_out = {"drugs": counts} | left_out
    if rows.empty:
        return replace(nothing(), left_out=left_out)
    evidence = s.frame(sql.text("risk/gap_service_evidence"))
    rows = rows.merge(rules.drop_duplicates("rule")[["rule", "drug_class"]], on="rule")
    candidates = rows.assign(
        kind="drug",
        stratum=rows["strength"],
        sentence=rows["drug_class"] + " filled on " + number(rows["days"], "day") + f" of {asked.year}, last "
        + rows["last_date"].dt.strftime("%Y-%m-%d") + " (" + rows["reason"] + "): " + rows["condition"]
        + coded_or_not(rows, asked),
    )  # fmt: skip
    return Found(candidates, with_hcc(evidence, candidates, "drug"), left_out)


def drug_rules(own: pd.DataFrame | None = None) -> pd.DataFrame:
    """The rows of ``evidence_drugs`` with the user's own, which replace those of the same key."""
    table = reference.table("evidence_drugs").to_pandas()
    return extended("evidence_drugs", table, own, ["rule", "drug_class", "diagnosis_code"])
