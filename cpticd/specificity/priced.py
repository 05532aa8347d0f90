"""Both ledgers at another base rate: what risk adjustment is worth in dollars is proportional to it."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.contract import amend, carry, terms_of
from cpticd.core.errors import ArgumentError

_DOLLARS: Final = ("expected_dollars", "unspecified_expected_dollars")


def priced(ledgers: pd.DataFrame, base_rate: float | None) -> pd.DataFrame:
    """One row per row of ``ledgers``, what ``specificity.two_ledgers`` returned with dollars, at another base rate.

    base_rate: US dollars per member and month at score 1; None leaves the score alone and the dollars missing. Order
    and ``pays_twice`` do not depend on it. Raises ArgumentError for ledgers without a base rate, or one that is not
    above 0.
    """
    before = terms_of(ledgers).get("base_rate")
    missing = [name for name in _DOLLARS if name not in ledgers.columns]
    if missing or not before:
        raise ArgumentError(
            f"priced: ledgers with base_rate {before!r} and without {missing}; give what specificity.two_ledgers "
            "returned with a base_rate"
        )
    if base_rate is not None and not (np.isfinite(base_rate) and base_rate > 0):
        raise ArgumentError(f"base_rate: found {base_rate!r}; give US dollars per member and month, above 0")
    factor = np.nan if base_rate is None else float(base_rate) / float(before)
    result = ledgers.assign(**{name: (ledgers[name].astype(float) * factor).round(6) for name in _DOLLARS})
    return amend(carry(ledgers, result), base_rate=base_rate)
