"""What became of denials: how many lines that were denied at first have been paid since."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.maturity import MATURITY_DAYS, mature, young
from cpticd.core.measure import Cells, Chart, Part, measure
from cpticd.core.selection import By, names
from cpticd.denials import divided


def _leaves(by: By = None, **_: Any) -> Cells:
    return Cells(
        by=names(by),
        persons="persons",
        where=("denied", "mature"),
        numerators={
            "finally_adjudicated&!finally_denied": (
                "overturned_lines",
                "rate",
                "low",
                "high",
                "overturned_amount",
            )
        },
    )


def _chart(frame: pd.DataFrame) -> dict[str, Any]:
    """By group: the share of settled denials that were paid after all, with its interval."""
    place = list(frame.columns).index("denied_lines")
    groups = list(frame.columns[:place]) or ["denied_lines"]
    return {
        "label": groups, "x": "rate", "low": "low", "high": "high", "title": "Denials paid after all",
        "beside": "{overturned_lines} of {denied_lines}", "axis": "Overturned of lines denied at first",
    }  # fmt: skip


def _sentence(frame: pd.DataFrame) -> str:
    shown = frame.dropna(subset=["rate", "overturned_lines"])
    if shown.empty or len(shown) < len(frame):
        return ""
    overturned, denied = shown["overturned_lines"].sum(), shown["denied_lines"].sum()
    dollars = shown["overturned_amount"].sum()
    return (
        f"Of {denied:,.0f} lines denied at first and old enough to be settled, {overturned:,.0f} "
        f"({overturned / denied:.1%}) have been paid since, ${dollars:,.0f} of the denied dollars."
    )


def _tile(frame: pd.DataFrame) -> tuple[str, str, str] | None:
    row = frame.iloc[0] if len(frame) == 1 else None
    if row is None or pd.isna(row["rate"]):
        return None
    note = f"{row['low']:.0%} to {row['high']:.0%}, of {row['denied_lines']:,.0f} settled denials"
    return "Overturned", f"{row['rate']:.1%}", note


@measure(
    heading="Overturned denials",
    leaves=_leaves,
    chart=Chart("intervals", _chart),
    report=[Part("overturned", "overturned", "Overturned denials", lambda given: {"by": "payer"})],
    sentence=_sentence,
    tile=_tile,
)
def overturned(
    claims: Claims, by: By = None, *, maturity_days: int = MATURITY_DAYS, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per group: denied_lines, persons, overturned_lines, rate, low, high, denied_amount, overturned_amount.

    Parameters: ``by``, dimensions (``claims.dimensions()``); ``maturity_days``, the days that a line's first
    adjudication must lie before the last one in the data, so that its latest decision is taken for the last;
    ``confidence``, of Wilson's interval.

    A line is overturned where its first adjudication denied it as a whole and its latest pays it, in whole or in part.
    Amounts are US dollars as first denied. Definition: initially denied and later paid ÷ initially denied, mature.

    >>> import cpticd as cx
    >>> found = cx.denials.overturned(cx.simulate(persons=200, seed=1).claims)
    >>> bool((found["overturned_lines"] <= found["denied_lines"]).all())
    True
    """
    groups = claims.grouping(by)
    with claims.session() as s:
        pieces = divided.lines(s, groups)
        found = s.frame(sql.text("denials/overturned"), mature=mature(maturity_days), **pieces.parts())
        left_out = s.value(
            f"SELECT count(*) AS n FROM line_outcomes o WHERE initial_outcome = 'denied' AND {young(maturity_days)}"
        )
    n, k = (found[name].fillna(0).to_numpy(float) for name in ("denied_lines", "overturned_lines"))
    low, high = stats.wilson(k, n, confidence)
    result = found[groups.names].assign(
        denied_lines=n.astype("int64"),
        persons=found["persons"].to_numpy("int64"),
        overturned_lines=k.astype("int64"),
        rate=k / np.where(n > 0, n, np.nan),
        low=low,
        high=high,
        denied_amount=found["denied_amount"].fillna(0).astype(float).round(2),
        overturned_amount=found["overturned_amount"].fillna(0).astype(float).round(2),
    )
    order = ["rate", "denied_lines", *groups.names]
    result = result.sort_values(
        order, ascending=[False, False, *[True] * len(groups.names)], ignore_index=True
    )
    return attach(
        result,
        measure="overturned denials of service lines",
        numerator="lines denied as a whole at first whose latest adjudication pays them, in whole or in part",
        denominator="lines denied as a whole at first",
        clock="first adjudication, against the latest; a payment taken back is none",
        exclusions=f"first adjudicated within {maturity_days} days of the last adjudication",
        rows_left_out=int(left_out),
        interval=f"{confidence:.0%} Wilson",
        **divided.terms(groups, "lines"),
    )
