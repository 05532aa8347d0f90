"""How long denials last: days from the first denial to the next claim, and to the decision that ended it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry, records_of
from cpticd.core.measure import Part, Protected, measure
from cpticd.core.selection import By
from cpticd.core.words import percent
from cpticd.denials import counted, curves, divided

#: What may follow a denial, in the order in which it does.
STEPS: Final = ("resubmission", "resolution")
_COLUMNS: Final = ("step", "day", "at_risk", "done", "survival", "low", "high")


def _protected(found: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """The curves at days between which enough persons' denials took the step; curves by groups do not leave."""
    if list(found.columns) != list(_COLUMNS):
        return carry(found, found.head(0)), len(found)
    kept = counted.kept(bool(records_of(found)["arguments"]["duplicates"]))
    with claims.session() as s:
        persons = s.frame(sql.text("denials/resolution_persons"), kept=kept)
    parts = []
    for step, part in found.groupby("step", sort=False):
        days = curves.shown_days(part["day"], persons[persons["step"] == step], minimum)
        parts.append(curves.as_shown(part, days, "done"))
    shown = pd.concat(parts, ignore_index=True) if parts else found.head(0)
    return carry(found, shown), len(found) - len(shown)


def median(curve: pd.DataFrame) -> tuple[float, float, float]:
    """The day by which half have taken the step, and its interval; missing where that day was not seen."""

    def first(column: str) -> float:
        reached = curve.loc[curve[column] <= 0.5, "day"]
        return float(reached.min()) if len(reached) else np.nan

    return first("survival"), first("low"), first("high")


def _sentence(frame: pd.DataFrame) -> str:
    curve = frame[frame["step"] == "resolution"] if "step" in frame else frame
    if curve.empty or list(frame.columns) != list(_COLUMNS):
        return ""
    day, _, _ = median(curve)
    left = curve["survival"].iloc[-1]
    if np.isnan(day):
        days = curve["day"].iloc[-1]
        return (
            f"{percent(1 - left)} of denials were ended by a payment within {days:,.0f} days of the denial."
        )
    return f"Half of all denials were ended by a payment within {day:,.0f} days of the denial."


@measure(
    heading="Time from denial to resolution",
    leaves=Protected(_protected),
    chart="resolution",
    report=[Part("resolution", "from_denial_to_payment", "Time from denial to resolution")],
    sentence=_sentence,
)
def resolution(
    claims: Claims, by: By = None, *, duplicates: bool = False, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per group, step and day: step, day, at_risk, done, survival, low, high.

    step is ``resubmission`` (the next claim that bills the service again) or ``resolution`` (the decision that pays it,
    in whole or in part). Days run from the first denial; survival is the Kaplan-Meier share of denied services that
    have not taken the step, censored at the last adjudication date in the data, never dropped. An appeal that leaves no
    claim in the data is no resubmission.

    Parameters: ``by``, dimensions (``claims.dimensions()``); ``duplicates``, whether services denied at first as
    duplicates count; ``confidence``, of the interval. Services that were taken back (void) are left out; those without
    a date too, and are counted in the contract. A service that another payer had paid before it was denied is resolved
    on the day of its denial.

    >>> import cpticd as cx
    >>> curves = cx.denials.resolution(cx.simulate(persons=200, seed=1).claims)
    >>> bool(curves.groupby("step")["survival"].is_monotonic_decreasing.all())
    True
    """
    groups = claims.grouping(by)
    with claims.session() as s:
        pieces = divided.services(s, groups)
        found = s.frame(sql.text("denials/resolution"), kept=counted.kept(duplicates), **pieces.parts())
    usable = curves.usable(found)
    left_out = int(found.loc[~usable & (found["step"] == STEPS[1]), "n"].sum())
    wanted = [*groups.names, "step"]
    result = curves.curves(found[usable], wanted, ended="is_done", events="done", confidence=confidence)
    terms: dict[str, Any] = counted.duplicate_terms(duplicates) | divided.terms(groups, "lines")
    return attach(
        result,
        measure="share of denied services not yet resubmitted, and not yet resolved, by days since the denial",
        numerator="services not yet billed again, not yet paid in whole or in part",
        denominator="services denied as a whole at first (Kaplan-Meier: open ones are censored, not dropped)",
        clock="from the first denial to the next claim, and to the decision that pays",
        exclusions="void; without dates",
        rows_left_out=left_out,
        interval=f"{confidence:.0%} Greenwood, log-log",
        **terms,
    )
