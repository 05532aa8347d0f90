"""Both ledgers of unspecified coding added up over their families."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError

_SUMS: Final = (
    "unspecified_lines", "denied_lines", "denied_allowed_amount", "excess_allowed_amount", "gaps", "expected_gaps",
    "expected_score", "expected_dollars", "pays_twice",
)  # fmt: skip


def totals(ledgers: pd.DataFrame) -> pd.DataFrame:
    """One row: ``ledgers``, what ``specificity.two_ledgers`` returned or chosen rows of it, added up.

    Columns of counts and dollars as there, ``pays_twice`` the number of families that do; excess_low_amount and
    excess_high_amount, the interval of the excess, of one family alone; expected_dollars and expected_score are
    missing where no family has them. A line that points to codes of two families counts in both. Raises ArgumentError
    for other frames.
    """
    if missing := [name for name in _SUMS if name not in ledgers.columns]:
        raise ArgumentError(f"totals: no column {missing}; give what specificity.two_ledgers returned")
    one = ledgers.iloc[0] if len(ledgers) == 1 else None
    row = {
        name: ledgers[name].astype(float).sum(min_count=1 if name.startswith("expected") else 0)
        for name in _SUMS
    }
    for name in ("excess_low_amount", "excess_high_amount"):
        row[name] = np.nan if one is None else one[name]
    return pd.DataFrame([row])
