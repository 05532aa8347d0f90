"""What became of denied services: from their root cause, over a second claim, to where they stand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach, records_of
from cpticd.core.measure import Cells, Part, measure
from cpticd.core.outcomes import became, sent_again
from cpticd.core.selection import By, names
from cpticd.core.words import percent
from cpticd.denials import counted, divided


def _leaves(by: By = None, duplicates: bool = True, **_: Any) -> Cells:
    return Cells(
        by=(*names(by), "category", "sent_again", "became"),
        where=("denied", *(() if duplicates else ("!duplicate",))),
    )


def _sentence(frame: pd.DataFrame) -> str:
    if frame.empty or frame["lines"].isna().any() or frame.columns[0] != "category":
        return ""
    total, by = frame["lines"].sum(), frame.groupby("became")["lines"].sum()
    quiet = frame.loc[
        (frame["sent_again"] == "not billed again") & (frame["became"] == "denied for good"), "lines"
    ]
    paid = by.get("paid", 0) + by.get("paid in part", 0)
    doubled = records_of(frame).get("arguments", {}).get("duplicates", True)
    among = "young ones and duplicates among them" if doubled else "young ones among them"
    return (
        f"Of {total:,.0f} services denied at first, {among}, {percent(paid / total, 0)} have been paid since, "
        f"{percent(by.get('open', 0) / total, 0)} are open; {percent(quiet.sum() / total, 0)} were lost "
        "without a second claim."
    )


@measure(
    heading="What became of denied services",
    leaves=_leaves,
    chart="flow",
    report=[Part("flow", "from_denial_to_payment", "What became of denied services")],
    sentence=_sentence,
)
def flow(claims: Claims, by: By = None, *, duplicates: bool = True) -> pd.DataFrame:
    """One row per group, root cause, sent_again and became of services denied at first: lines, denied_amount.

    sent_again: ``billed again`` or ``not billed again`` (an appeal leaves no claim). became, by the latest decision:
    ``paid``, ``paid in part``, ``open`` (denied within the last 90 days of the data), ``denied for good``, ``taken back
    or undecided``. denied_amount is US dollars as first denied. The most dollars come first. Parameters: ``by``,
    dimensions (``claims.dimensions()``); ``duplicates``, whether services denied as duplicates count.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=200, seed=1).claims
    >>> cx.denials.flow(claims)["lines"].sum() == cx.denials.rates(claims)["denied"].sum()
    np.True_
    """
    groups = claims.grouping(by)
    with claims.session() as s:
        found = s.frame(
            sql.text("denials/flow"), kept=counted.kept(duplicates), sent_again=sent_again("o"), became=became("o"),
            **divided.services(s, groups).parts(),
        )  # fmt: skip
    found["denied_amount"] = found["denied_amount"].astype(float).round(2)
    keys = ["category", "sent_again", "became"]
    order = [*groups.names, "denied_amount", "lines", *keys]
    ascending = [*[True] * len(groups.names), False, False, True, True, True]
    return attach(
        found.sort_values(order, ascending=ascending, ignore_index=True),
        measure="services denied at first, and what became of them",
        numerator="services denied as a whole at first, by root cause, second claim and latest decision",
        denominator="none: numbers and dollars",
        clock=f"{CLOCKS['initial']}, against the latest",
        exclusions="services denied in part at first",
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, "lines"),
    )
