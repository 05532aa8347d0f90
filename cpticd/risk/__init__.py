"""CMS risk adjustment: scores, and what under-coded and unsupported conditions do to them.

    cx.risk.score(members, diagnoses)             # one row per person: CMS-HCC score and its parts
    cx.risk.gaps(claims, year=2025)               # suspected conditions, with evidence and confidence
    cx.risk.unsupported(claims, year=2025)        # coded conditions whose support is thin
    cx.risk.impact(claims, gaps, payment_year=2026)

A gap and an unsupported condition are for a clinician and a coder to review; neither is a finding by itself.
"""

from __future__ import annotations

from cpticd.risk.inputs import rejects
from cpticd.risk.score import score

__all__ = ["rejects", "score"]
