"""What the explorer of risk adjustment asks the analyses for: one model and year at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cpticd import risk as analyses
from cpticd.charts import risk_parts
from cpticd.claims import Claims
from cpticd.risk.review import review
from cpticd.risk.timeline import timeline


@dataclass(frozen=True)
class Assessment:
    """One model and year of service: what the analyses returned, ranked once; conditions to choose from, in words."""

    impact: pd.DataFrame
    review: pd.DataFrame
    timeline: pd.DataFrame
    conditions: tuple[tuple[str, str], ...]


def assess(claims: Claims, model: str, year: int, **money: Any) -> Assessment:
    """Both directions of a model and year of service; ``money``: base_rate and member_months."""
    of: dict[str, Any] = {"model": model, "payment_year": year + 1}
    gaps = analyses.gaps(claims, year=year, quiet=True, **of)
    thin = analyses.unsupported(claims, year=year, quiet=True, **of)
    impact = analyses.impact(claims, gaps, unsupported=thin, **of, **money)
    rows = review(impact, gaps, thin)
    coded = timeline(claims, rows["person_id"], year=year, **of)
    labels = rows.drop_duplicates("hcc")[["hcc", "label"]].itertuples(index=False)
    ordered = sorted(labels, key=lambda one: (len(str(one.hcc)), str(one.hcc)))
    options = tuple((str(one.hcc), risk_parts.condition(one.hcc, one.label)) for one in ordered)
    return Assessment(impact, rows, coded, options)
