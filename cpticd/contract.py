"""What a number means: every analysis says so in ``attrs["contract"]``."""

from __future__ import annotations

from typing import Any

import pandas as pd

#: What an initial and a final denial are, in the words of the contract.
CLOCKS = {
    "initial": "first adjudication of the line that is no reversal",
    "final": "latest adjudication of the line; a payment taken back leaves it not adjudicated",
}


def attach(
    frame: pd.DataFrame,
    *,
    measure: str,
    numerator: str,
    denominator: str,
    clock: str,
    exclusions: str = "none",
    rows_left_out: int = 0,
    **more: Any,
) -> pd.DataFrame:
    """``frame`` with its contract: what was counted over what, when, and what was left out.

    ``code_set_release`` is "as submitted" unless an analysis judges codes by a release of their code set.
    """
    contract = {
        "measure": measure,
        "numerator": numerator,
        "denominator": denominator,
        "clock": clock,
        "exclusions": exclusions,
        "rows_left_out": rows_left_out,
        "code_set_release": "codes as submitted, judged by no release",
    }
    frame.attrs["contract"] = contract | more
    return frame
