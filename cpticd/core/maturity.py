"""Which decisions are old enough to be taken for the last."""

from __future__ import annotations

from typing import Final

#: Days after which a line's latest adjudication is taken for its last: three rounds of appeal take longer
#: (Premier: 45-60 days each), but most reworked lines are settled (see the contract's rows_left_out).
MATURITY_DAYS: Final = 90


def young(days: int) -> str:
    """SQL over ``o``, a relation of lines or claims: first adjudicated within ``days`` of the last adjudication.

    By the last day of the data set: a part that was chosen of it is no younger for that.
    """
    return f"o.first_paid_date > (SELECT max(paid_date) FROM main.adjudications) - INTERVAL {int(days)} DAY"


def mature(days: int = MATURITY_DAYS) -> str:
    """SQL of what is not ``young``; what has no day counts as old."""
    return f"NOT coalesce({young(days)}, FALSE)"
