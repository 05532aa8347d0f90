"""What became of denials: how many lines that were denied at first have been paid since."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.contract import attach
from cpticd.core.maturity import MATURITY_DAYS, mature, young
from cpticd.core.measure import Cells, Part, measure
from cpticd.core.selection import By, Grouping, names
from cpticd.core.session import Session
from cpticd.core.words import percent
from cpticd.denials import counted, divided


def _leaves(by: By = None, duplicates: bool = True, **_: Any) -> Cells:
    again = ("resubmitted_rate", "resubmitted_low", "resubmitted_high")
    return Cells(
        by=names(by),
        persons="persons",
        where=("denied", "mature", *(() if duplicates else ("!duplicate",))),
        numerators={
            "finally_adjudicated&!finally_denied": (
                "overturned_lines",
                "rate",
                "low",
                "high",
                "overturned_amount",
            ),
            "resubmitted": ("resubmitted_lines", *again),
            "resubmitted&finally_adjudicated&!finally_denied": ("resubmitted_overturned_lines", *again),
        },
    )


def _sentence(frame: pd.DataFrame) -> str:
    shown = frame.dropna(subset=["rate", "overturned_lines"])
    if shown.empty or len(shown) < len(frame):
        return ""
    overturned, denied = shown["overturned_lines"].sum(), shown["denied_lines"].sum()
    dollars = shown["overturned_amount"].sum()
    return (
        f"Of {denied:,.0f} lines denied at first and old enough to be settled, {overturned:,.0f} "
        f"({percent(overturned / denied)}) have been paid since, ${dollars:,.0f} of the denied dollars."
    )


def _tile(frame: pd.DataFrame) -> tuple[str, str, str] | None:
    return counted.tile("Overturned", frame, "denied_lines", "settled denials")


@measure(
    heading="Overturned denials",
    leaves=_leaves,
    chart="overturned",
    report=[Part("overturned", "overturned", "Overturned denials", lambda given: {"by": "payer"})],
    sentence=_sentence,
    tile=_tile,
)
def overturned(
    claims: Claims,
    by: By = None,
    *,
    unit: Literal["lines", "charge"] = "lines",
    duplicates: bool = True,
    maturity_days: int = MATURITY_DAYS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group: denied_lines, persons, overturned_lines, rate, low, high, denied_amount, overturned_amount, …

    Parameters
    ----------
    by: dimensions, see ``claims.dimensions()``.
    unit: what rate, low and high are of: ``lines``, or ``charge``, the dollars as first denied.
    duplicates: whether services denied at first as duplicates count, which HFMA leaves out.
    maturity_days: the days that a line's first adjudication must lie before the last one in the data, so that its
        latest decision is taken for the last.
    confidence: of the interval; Wilson's for lines, linearised and clustered by claim for dollars.

    A line is overturned where its first adjudication denied it as a whole and its latest pays it, in whole or in part,
    over all versions of its claim. resubmitted_lines were billed again after the denial; resubmitted_rate is the share
    of these that were overturned (an appeal that leaves no claim in the data is none of them). Amounts are US dollars
    as first denied. Definition: initially denied and later paid ÷ initially denied, mature.

    >>> import cpticd as cx
    >>> found = cx.denials.overturned(cx.simulate(persons=200, seed=1).claims)
    >>> bool((found["overturned_lines"] <= found["denied_lines"]).all())
    True
    """
    one_of("unit", unit, ("lines", "charge"))
    groups = claims.grouping(by)
    with claims.session() as s:
        pieces = divided.services(s, groups)
        found = s.frame(
            sql.text("denials/overturned"), mature=mature(maturity_days), kept=counted.kept(duplicates),
            **pieces.parts(),
        )  # fmt: skip
        shares = _of_dollars(s, groups, duplicates, maturity_days, confidence) if unit == "charge" else None
        left_out = s.value(
            f"SELECT count(*) AS n FROM services o WHERE initial_outcome = 'denied' AND {young(maturity_days)} "
            f"AND {counted.kept(duplicates)}"
        )
    result = _counts(found, groups.names, confidence)
    if shares is not None:
        result = _with(result, shares, groups.names)
    return attach(
        counted.ordered(result, groups, "rate", "denied_lines"),
        measure="overturned denials of service lines" + (", by dollars" if unit == "charge" else ""),
        numerator="lines denied as a whole at first whose latest adjudication pays them, in whole or in part",
        denominator="lines denied as a whole at first; of resubmitted_rate those that were billed again since",
        clock="first adjudication, against the latest; a payment taken back is none",
        exclusions=f"first adjudicated within {maturity_days} days of the last adjudication",
        rows_left_out=int(left_out),
        interval=counted.words(unit, confidence),
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, "lines"),
    )


def _counts(found: pd.DataFrame, names: list[str], confidence: float) -> pd.DataFrame:
    """Numbers, and the rates of lines."""
    numbers = {name: found[name].fillna(0).to_numpy(float) for name in found.columns if name not in names}
    n, k = numbers["denied_lines"], numbers["overturned_lines"]
    again, won = numbers["resubmitted_lines"], numbers["resubmitted_overturned_lines"]
    low, high = stats.wilson(k, n, confidence)
    again_low, again_high = stats.wilson(won, again, confidence)
    return found[names].assign(
        denied_lines=n.astype("int64"),
        persons=numbers["persons"].astype("int64"),
        overturned_lines=k.astype("int64"),
        rate=k / np.where(n > 0, n, np.nan),
        low=low,
        high=high,
        denied_amount=numbers["denied_amount"].round(2),
        overturned_amount=numbers["overturned_amount"].round(2),
        resubmitted_lines=again.astype("int64"),
        resubmitted_overturned_lines=won.astype("int64"),
        resubmitted_rate=won / np.where(again > 0, again, np.nan),
        resubmitted_low=again_low,
        resubmitted_high=again_high,
    )


def _of_dollars(
    s: Session, groups: Grouping, duplicates: bool, maturity_days: int, confidence: float
) -> pd.DataFrame:
    return counted.share(
        s, groups, unit="charge", confidence=confidence, duplicates=duplicates,
        hit="o.final_outcome IN ('paid', 'partly denied')",
        of=f"o.initial_outcome = 'denied' AND {mature(maturity_days)}",
        whole="o.denied_amount", part="o.denied_amount",
    )  # fmt: skip


def _with(result: pd.DataFrame, shares: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The result with the rates of dollars in the place of those of lines."""
    rates = ["rate", "low", "high"]
    if not names:
        return result.assign(**{name: shares[name].to_numpy() for name in rates})
    order = list(result.columns)
    return result.drop(columns=rates).merge(shares[[*names, *rates]], on=names, how="left")[order]
