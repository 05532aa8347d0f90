"""Tables by provider or panel as they may leave: no row of few persons, nor one that follows from the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from cpticd.core.contract import amend, carry

if TYPE_CHECKING:
    from cpticd.claims import Claims


def rows_of_enough(
    *counts: tuple[str, str],
) -> Callable[[pd.DataFrame, Claims, int], tuple[pd.DataFrame, int]]:
    """Keeps rows of enough persons, and of none or enough in each part and rest of ``counts`` (part, whole).

    Where a single row would be left out, the smallest of the others goes with it: else it would be what is missing from
    a total. Totals in the contract leave only where every row does.
    """

    def protect(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
        small = frame["persons"] < minimum
        for part, whole in counts:
            for values in (frame[part].fillna(0), frame[whole].fillna(0) - frame[part].fillna(0)):
                small |= (values > 0) & (values < minimum)
        if int(small.sum()) == 1 and len(frame) > 1:
            small |= frame.index == frame.loc[~small, "persons"].idxmin()
        shown = carry(frame, frame[~small].reset_index(drop=True))
        return (amend(shown, {"totals": []}) if small.any() else shown), int(small.sum())

    return protect
