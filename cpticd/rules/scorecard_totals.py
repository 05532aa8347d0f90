"""A scorecard, its findings and its worklist added up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpticd.core.contract import CLOCKS, attach


def totals(card: pd.DataFrame, findings: pd.DataFrame, worklist: pd.DataFrame) -> pd.DataFrame:
    """One row: findings and their rules, what became of flagged lines, dollars, and what the worklist is worth.

    Parameters: what ``rules.scorecard``, ``rules.check`` and ``rules.prebill`` returned, or chosen rows of them.

    findings, rules; flagged_lines, denied_lines and related_lines (a line counts once for each rule that flags it),
    precision and related_precision, their shares of the flagged; low and high, the interval of precision, of a
    scorecard of one row alone; caught_amount, paid_amount; lines and expected_saved_amount of the worklist.
    """
    flagged, denied, related = (
        int(card[name].sum()) for name in ("flagged_lines", "denied_lines", "related_lines")
    )
    one = card.iloc[0] if len(card) == 1 else None
    row = {
        "findings": len(findings),
        "rules": int(findings["rule"].nunique()),
        "flagged_lines": flagged,
        "denied_lines": denied,
        "related_lines": related,
        "precision": denied / flagged if flagged else np.nan,
        "low": np.nan if one is None else one["low"],
        "high": np.nan if one is None else one["high"],
        "related_precision": related / flagged if flagged else np.nan,
        "caught_amount": round(float(card["caught_amount"].sum()), 2),
        "paid_amount": round(float(card["paid_amount"].sum()), 2),
        "lines": len(worklist),
        "expected_saved_amount": round(float(worklist["expected_saved_amount"].sum()), 2),
    }
    return attach(
        pd.DataFrame([row]),
        measure="coding rules against initial denials, added up",
        numerator="flagged lines denied at first adjudication; related: for a cause of the rule",
        denominator="flagged lines adjudicated, once for each rule that flags them",
        clock=CLOCKS["initial"],
    )
