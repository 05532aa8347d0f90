"""What became of denials: how many lines that were denied at first have been paid since."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.contract import attach, records_of
from cpticd.core.maturity import MATURITY_DAYS, mature, young
from cpticd.core.measure import Cells, Part, measure
from cpticd.core.selection import By, Grouping, names
from cpticd.core.session import Session
from cpticd.core.words import percent
from cpticd.denials import clustered, counted, divided


def _leaves(by: By = None, duplicates: bool = True, **_: Any) -> Cells:
    again = tuple(f"resubmitted_{name}" for name in ("rate", "low", "high", *clustered.COLUMNS))
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
                *clustered.COLUMNS,
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
    counted_ = records_of(frame).get("arguments", {}).get("duplicates", True)
    which = "old enough to be settled" if counted_ else "old enough to be settled, duplicates left out"
    return (
        f"Of {denied:,.0f} lines denied at first ({which}) {overturned:,.0f} ({percent(overturned / denied)}) have "
        f"been paid since, ${dollars:,.0f} of the denied dollars."
    )


def _tile(frame: pd.DataFrame) -> tuple[str, str, str] | None:
    return counted.tile("Overturned", frame, "denied_lines", "settled denials")


@measure(
    heading="Overturned denials",
    leaves=_leaves,
    chart="overturned",
    report=[
        Part(
            "overturned", "overturned", "Overturned denials",
            # As the standard measures beside it: one share of overturned denials in a report, by HFMA's definition.
            lambda given: {"by": "payer", "duplicates": False},
        )
    ],
    sentence=_sentence,
    tile=_tile,
)  # fmt: skip
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
    confidence: of the interval; Wilson's of effective lines, a linearised one for dollars.

    A line is overturned where its first adjudication denied it as a whole and its latest pays it, in whole or in part,
    over all versions of its claim. resubmitted_lines were billed again after the denial; resubmitted_rate is the share
    of these that were overturned (an appeal that leaves no claim in the data is none of them). Amounts are US dollars
    as first denied. design_effect and effective_lines: as in :func:`rates`, and of the resubmitted with their name in
    front. Definition: initially denied and later paid ÷ initially denied, mature.

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
        denied = f"o.initial_outcome = 'denied' AND {mature(maturity_days)}"
        shares = _paid_since(s, groups, denied, duplicates, unit=unit, confidence=confidence)
        again = f"{denied} AND o.days_to_resubmission IS NOT NULL"
        of_again = _paid_since(s, groups, again, duplicates, unit="lines", confidence=confidence)
        left_out = s.value(
            f"SELECT count(*) AS n FROM services o WHERE initial_outcome = 'denied' AND {young(maturity_days)} "
            f"AND {counted.kept(duplicates)}"
        )
    result = _with(
        _with(_counts(found, groups.names), shares, groups.names), of_again, groups.names, "resubmitted_"
    )
    first = [
        "denied_lines",
        "persons",
        "overturned_lines",
        "rate",
        "low",
        "high",
        "denied_amount",
        "overturned_amount",
    ]
    order = [*groups.names, *first, *(name for name in result if name not in {*groups.names, *first})]
    return attach(
        counted.ordered(result[order], groups, "rate", "denied_lines"),
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


def _counts(found: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Numbers and dollars."""
    numbers = {name: found[name].fillna(0).to_numpy(float) for name in found.columns if name not in names}
    dollars = {name: value.round(2) for name, value in numbers.items() if name.endswith("_amount")}
    return found[names].assign(
        **{name: value.astype("int64") for name, value in numbers.items() if name not in dollars}, **dollars
    )


def _paid_since(
    s: Session, groups: Grouping, of: str, duplicates: bool, *, unit: str, confidence: float
) -> pd.DataFrame:
    """Shares of services (of dollars) that meet the condition ``of`` and have been paid since."""
    return counted.share(
        s, groups, unit=unit, confidence=confidence, duplicates=duplicates, of=of,
        hit="o.final_outcome IN ('paid', 'partly denied')", whole="o.denied_amount", part="o.denied_amount",
    )  # fmt: skip


def _with(result: pd.DataFrame, shares: pd.DataFrame, names: list[str], prefix: str = "") -> pd.DataFrame:
    """The result with rates, intervals and design effects, their columns named by ``prefix``."""
    rates = ["rate", "low", "high", *clustered.COLUMNS]
    shares = shares[[*names, *rates]].rename(columns={name: f"{prefix}{name}" for name in rates})
    if not names:
        return result.assign(**{name: shares[name].to_numpy() for name in map(str, shares)})
    return result.merge(shares, on=names, how="left")
