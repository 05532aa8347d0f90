"""Lapsed: a lasting condition that was coded in the year before (or earlier), and is not in the measurement year."""

from __future__ import annotations

import pandas as pd

from cpticd import sql
from cpticd.codes import dotted
from cpticd.core.session import Session
from cpticd.risk.gap_found import Found, band, nothing, number
from cpticd.risk.gap_inputs import Scope
from cpticd.risk.histories import load_histories


def lapsed(s: Session, asked: Scope) -> Found:
    """One row per person and lasting HCC coded in the base year, open or closed in the measurement year.

    Open ones that were last coded in an earlier year, as far as is looked back, stand in a stratum of their own; so
    do those that a later history code says are over. What is over within the year by its nature
    (``condition_courses``) is none.
    """
    if asked.base_year not in asked.years:
        return nothing()
    load_histories(s)
    rows = s.frame(sql.text("risk/gap_lapsed"))
    evidence = s.frame(sql.text("risk/gap_lapsed_evidence")).assign(kind="lapsed")
    if rows.empty:
        return nothing()
    rows["place"] = rows["place"].fillna(0).astype(int)
    ending = rows["course"].map({"lasting": "lasting", "may_end": "may end"})
    # A person who was not seen is not set apart: nobody looked, which says nothing about the condition.
    on_record = band(rows["coded_years"], "year").mask(rows["years"] == 1, "only year")
    stratum = band(rows["claims"], "claim") + ", " + ending + ", " + on_record
    stratum = stratum.mask(rows["last_year"] < asked.base_year, ending + ", not for 2+ years")
    rows["stratum"] = stratum.mask(rows["died"], "died in the year, " + on_record).mask(
        rows["over"], "history code"
    )
    candidates = rows.assign(
        kind="lapsed",
        rule="lapsed",
        share=1.0,
        sentence=_sentence(rows, asked),
        support=pd.array([pd.NA] * len(rows), dtype="Int64"),
    )
    return Found(candidates, evidence, {})


def _sentence(rows: pd.DataFrame, asked: Scope) -> pd.Series:
    text = (
        dotted(rows["diagnosis_code"])
        + " (HCC "
        + rows["hcc"]
        + ") coded on "
        + number(rows["claims"], "claim")
        + " in "
        + rows["last_year"].astype(str)
        + ", last "
        + rows["last_date"].dt.strftime("%Y-%m-%d")
    )
    seen = number(rows["days"], "day")
    text += (rows["place"] == 1).map({True: "; coded again", False: "; not coded"}) + f" in {asked.year}"
    text += (", seen on " + seen).mask(rows["days"] == 0, ", when the person was not seen")
    return text + rows["over"].map({True: "; a history code says that it is over", False: ""})
