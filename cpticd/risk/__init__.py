"""CMS risk adjustment: scores, and what under-coded and unsupported conditions do to them.

    cx.risk.score(members, diagnoses, payment_year=2026)   # one row per person: CMS-HCC score and its parts
    cx.risk.explain(claims, payment_year=2026)             # one row per person and term, with codes and claims
    gaps = cx.risk.gaps(claims, year=2025)                 # suspected conditions, with evidence and confidence
    thin = cx.risk.unsupported(claims, year=2025)          # coded conditions whose support is thin
    cx.risk.impact(claims, gaps, thin, payment_year=2026)  # what both would do to scores, and to dollars
    cx.risk.recapture(claims, payment_year=2026)           # how conditions come, stay and come back
    cx.risk.radv_sample(claims, payment_year=2026, size=201, seed=1)  # persons and HCCs to validate, then extrapolate
    cx.risk.reconcile(claims, payment_year=2026, mmr=…)    # scores, HCCs, diagnoses beside CMS's reports, with reasons

Payment year Y pays on the diagnoses of service year Y - 1; one of the two is always given. HHS's models of marketplace
plans (``model="HHS V08"``) are concurrent: their payment year is the benefit year, paid on its own diagnoses. A gap and
an unsupported condition are for a clinician and a coder to review; neither is a finding by itself.
"""

from __future__ import annotations

from cpticd.risk.beneficiaries import rejects
from cpticd.risk.calibration import calibrate
from cpticd.risk.care_team import worklist
from cpticd.risk.conditions import conditions
from cpticd.risk.explain import explain
from cpticd.risk.gaps import gaps
from cpticd.risk.impact import impact
from cpticd.risk.model_bridge import model_bridge
from cpticd.risk.model_change import model_change
from cpticd.risk.population import population
from cpticd.risk.prevalence import prevalence
from cpticd.risk.provider_gaps import provider_gaps
from cpticd.risk.radv import radv_sample
from cpticd.risk.radv_extrapolation import extrapolate
from cpticd.risk.radv_reviews import deletes
from cpticd.risk.recapture import recapture
from cpticd.risk.reconciliation import reconcile
from cpticd.risk.score import blended, score
from cpticd.risk.unsupported import unsupported

__all__ = [
    "blended",
    "calibrate",
    "conditions",
    "deletes",
    "explain",
    "extrapolate",
    "gaps",
    "impact",
    "model_bridge",
    "model_change",
    "population",
    "prevalence",
    "provider_gaps",
    "radv_sample",
    "recapture",
    "reconcile",
    "rejects",
    "score",
    "unsupported",
    "worklist",
]


def __dir__() -> list[str]:
    return list(__all__)
