"""What the explorer of risk adjustment asks the analyses for: one model and year at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cpticd import risk as analyses
from cpticd.charts import risk_parts as words
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.risk import tables
from cpticd.risk.selected import review
from cpticd.risk.timeline import timeline


@dataclass(frozen=True)
class Case:
    """One model and year: what the analyses returned, ranked once."""

    impact: pd.DataFrame
    review: pd.DataFrame
    timeline: pd.DataFrame
    conditions: tuple[tuple[str, str], ...]


def work_out(claims: Claims, model: str, year: int, **money: Any) -> Case:
    """Both directions of a model and service year; ``money``: base_rate and member_months."""
    told: dict[str, Any] = {"model": model, "payment_year": year + 1}
    gaps = analyses.gaps(claims, year=year, **told)
    thin = analyses.unsupported(claims, year=year, **told)
    impact = analyses.impact(claims, gaps, unsupported=thin, **told, **money)
    rows = review(impact, gaps, thin)
    coded = timeline(claims, rows["person_id"], year=year, **told)
    # What is said of a frame is copied by every step of pandas: it is kept with the impact alone.
    rows.attrs, coded.attrs = {}, {}
    labels = rows.drop_duplicates("hcc")[["hcc", "label"]].itertuples(index=False)
    ordered = sorted(labels, key=lambda one: (len(str(one.hcc)), str(one.hcc)))
    options = tuple((str(one.hcc), words.condition(one.hcc, one.label)) for one in ordered)
    return Case(impact, rows, coded, options)


def known(model: str, year: int, *, money: bool) -> bool:
    """Whether the model has tables for the payment year after ``year``, for dollars its normalization too."""
    try:
        rates = tables.factors(model, year + 1)
    except ArgumentError:
        return False
    return not (money and rates["normalization"].isna().any())
