"""What denials cost in the end: the expected payment of services denied for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError
from cpticd.core.maturity import MATURITY_DAYS, mature, young
from cpticd.core.measure import Cells, measure
from cpticd.core.outcomes import decided
from cpticd.core.selection import By, Grouping, names
from cpticd.core.session import Session
from cpticd.denials import clustered, counted, divided, expected

_DENIED: Final = "SELECT claim_id, claim_line_number FROM services"


def _leaves(by: By = None, duplicates: bool = False, **_: Any) -> Cells:
    return Cells(
        by=names(by),
        where=("finally_adjudicated", "mature", *(() if duplicates else ("!duplicate",))),
        numerators={
            "finally_denied": (
                "denied_lines",
                "written_off_amount",
                "rate",
                "low",
                "high",
                *clustered.COLUMNS,
            )
        },
        withheld="unpriced_lines",
    )


@measure(
    heading="Denial write-off",
    leaves=_leaves,
)
def write_off(
    claims: Claims,
    by: By = None,
    *,
    npsr: float | None = None,
    duplicates: bool = False,
    folder: str | Path | None = None,
    maturity_days: int = MATURITY_DAYS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group: lines, denied_lines, unpriced_lines, written_off_amount, revenue_amount, rate, its interval, …

    Parameters
    ----------
    by: dimensions, see ``claims.dimensions()``.
    npsr: net patient service revenue of the general ledger for the same services, US dollars, in the place of
        revenue_amount; of all services alone, not by group.
    duplicates: whether services denied at first as duplicates count.
    folder: where contract rates were added, as in ``reference.add``.
    maturity_days: how long before the last adjudication in the data the first one of a service must lie.
    confidence: of the interval low, high, a linearised one; missing with ``npsr``, as are design_effect and
        effective_lines (as in :func:`rates`).

    written_off_amount is what payers would have allowed for services that stay denied as a whole, revenue_amount that
    and what they did allow for the others, US dollars; services without an expected amount (unpriced_lines) count in
    neither. Definition: HFMA's denial write-offs, expected payment of services denied for good ÷ expected net revenue.

    >>> import cpticd as cx
    >>> found = cx.denials.write_off(cx.simulate(persons=200, seed=1).claims)
    >>> bool((found["written_off_amount"] <= found["revenue_amount"]).all())
    True
    """
    groups = claims.grouping(by)
    if npsr is not None and (groups.names or not npsr > 0):
        raise ArgumentError(
            f"npsr={npsr!r}: give US dollars above 0 for all services, without by=; choose a group by claims.where(…)"
        )
    with claims.session() as s:
        s.create("denied_services", f"{_DENIED} WHERE final_outcome = 'denied'")
        prices = expected.prices(s, "denied_services", expected.literal(expected.last_day(s)), folder=folder)
        found, left_out = _counted(
            s, groups, prices, duplicates=duplicates, maturity_days=maturity_days, confidence=confidence
        )
    if npsr is not None:
        found = found.assign(
            revenue_amount=float(npsr), low=np.nan, high=np.nan, **dict.fromkeys(clustered.COLUMNS, np.nan)
        )
        found["rate"] = found["written_off_amount"] / float(npsr)
    return attach(
        counted.ordered(found, groups, "rate", "lines"),
        measure="denial write-off",
        numerator="expected allowed of services that their latest decision denies as a whole",
        denominator="net patient service revenue, as given"
        if npsr is not None
        else "allowed of services decided, with what was expected of those denied",
        clock="latest decision of services old enough to be settled",
        exclusions=f"first adjudicated within {maturity_days} days of the last adjudication; no expected amount",
        rows_left_out=left_out,
        interval="none" if npsr is not None else counted.words("charge", confidence),
        expected=expected.WORDS,
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, "lines"),
    )


def _counted(
    s: Session, groups: Grouping, prices: str, *, duplicates: bool, maturity_days: int, confidence: float
) -> tuple[pd.DataFrame, int]:
    pieces = divided.services(s, groups)
    is_settled = f"{decided('o.final_outcome')} AND {mature(maturity_days)}"
    rows = s.create(
        "counted_rows", sql.text("denials/write_off"), of=is_settled, kept=counted.kept(duplicates), prices=prices,
        select=pieces.select, joins=pieces.joins, source=pieces.relation,
        part="o.part" if groups.level == "diagnosis" else "1",
    )  # fmt: skip
    unpriced = s.frame(
        f"SELECT {groups.columns} count(CASE WHEN unpriced THEN 1 END) AS unpriced_lines FROM {rows} {groups.group}"
    )
    shares = counted.interval(s, rows, groups, dollars=True, confidence=confidence)
    named = {"n": "lines", "hits": "denied_lines", "whole": "revenue_amount", "part": "written_off_amount"}
    found = shares.rename(columns=named)
    if groups.names:
        found = found.merge(unpriced, on=groups.names, how="left")
    else:
        found["unpriced_lines"] = int(unpriced["unpriced_lines"].iloc[0])
    order = [
        "lines",
        "denied_lines",
        "unpriced_lines",
        "written_off_amount",
        "revenue_amount",
        "rate",
        "low",
        "high",
        *clustered.COLUMNS,
    ]
    left_out = s.value(
        f"SELECT count(*) AS n FROM services o WHERE {decided('o.final_outcome')} AND {young(maturity_days)} "
        f"AND {counted.kept(duplicates)}"
    )
    return found[[*groups.names, *order]], int(left_out)
