"""How long payers take: days from receipt to the first adjudication."""

from __future__ import annotations

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry
from cpticd.core.measure import Part, Protected, measure
from cpticd.core.selection import By
from cpticd.denials import curves, divided

_COLUMNS = ("day", "at_risk", "adjudicated", "survival", "low", "high")


def _protected(curve: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """The curve at days between which enough persons' claims were adjudicated, without its counts.

    What remains open after the last day shown, adjudicated later or never, is of nobody or of enough persons. A curve
    by groups is of groups that are not told apart here, and does not leave.
    """
    if list(curve.columns) != list(_COLUMNS):
        return carry(curve, curve.head(0)), len(curve)
    with claims.session() as s:
        persons = s.frame(sql.text("denials/delay_persons"))
    ends = curves.shown_days(curve["day"], persons, minimum)
    shown = curves.as_shown(curve, ends, "adjudicated").reset_index(drop=True)
    return carry(curve, shown), len(curve) - len(shown)


@measure(
    heading="Payment delay",
    leaves=Protected(_protected),
    chart="delay",
    report=[Part("delay", "delay", "Payment delay")],
)
def delay(claims: Claims, by: By = None, *, confidence: float = 0.95) -> pd.DataFrame:
    """One row per group and day: day, at_risk, adjudicated, survival, low, high.

    Days run from the day that the payer received the claim (the last day of service where that is not
    known) to its first adjudication; survival is the Kaplan-Meier share of claims still without one.
    Claims not adjudicated are censored at the last adjudication date in the data, never dropped. ``by``: dimensions,
    see ``claims.dimensions()``; ``confidence``: of the interval. Claims adjudicated before their own start date, or
    without any date, are left out and counted in the contract.

    >>> import cpticd as cx
    >>> curve = cx.denials.delay(cx.simulate(persons=100, seed=1).claims, by="payer")
    >>> bool(curve["survival"].between(0, 1).all())
    True
    """
    groups = claims.grouping(by)
    with claims.session() as s:
        found = s.frame(sql.text("denials/delay"), **divided.claims(s, groups).parts())
    usable = curves.usable(found)
    left_out = int(found.loc[~usable, "n"].sum())
    result = curves.curves(
        found[usable], groups.names, ended="is_adjudicated", events="adjudicated", confidence=confidence
    )
    return attach(
        result,
        measure="share of claims without a first adjudication, by days since receipt",
        numerator="claims not yet adjudicated",
        denominator="claims received (Kaplan-Meier: open claims are censored, not dropped)",
        clock="from the received date (last day of service where absent) to the first adjudication",
        exclusions="claims without dates, or adjudicated before they were received",
        rows_left_out=left_out,
        interval=f"{confidence:.0%} Greenwood, log-log",
        **divided.terms(groups, "claims"),
    )
