"""How many claims need no second look: resolved by the first decision, without resubmission."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.measure import Cells, Chart, measure
from cpticd.core.outcomes import decided
from cpticd.core.selection import By, names
from cpticd.denials import clustered, counted, divided


def _leaves(by: By = None, unit: str = "claims", duplicates: bool = False, **_: Any) -> Cells:
    rate = ("rate", "low", "high", *clustered.COLUMNS)
    dollars = ("resolved_amount", *(rate if unit == "charge" else ()))
    counts = ("resolved_claims", *(() if unit == "charge" else rate))
    return Cells(
        by=names(by),
        where=("claim_adjudicated", *(() if duplicates else ("!claim_duplicate",))),
        numerators={"claim_resolved_at_first": (*counts, *dollars)},
    )


def _chart(frame: pd.DataFrame) -> dict[str, Any]:
    groups = list(frame.columns[: list(frame.columns).index("claims")]) or ["claims"]
    return {
        "label": groups, "x": "rate", "low": "low", "high": "high", "title": "Resolved by the first decision",
        "beside": "{resolved_claims} of {claims}", "axis": "Share of claims decided",
    }  # fmt: skip


def _tile(frame: pd.DataFrame) -> tuple[str, str, str] | None:
    return counted.tile("Resolved at first", frame, "claims", "claims decided")


@measure(
    heading="First-pass resolution",
    leaves=_leaves,
    chart=Chart("intervals", _chart),
    tile=_tile,
)
def first_pass(
    claims: Claims,
    by: By = None,
    *,
    unit: Literal["claims", "charge"] = "claims",
    duplicates: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group: claims, resolved_claims, rate, its interval, charge_amount, resolved_amount, …

    Parameters: ``by``, dimensions (``claims.dimensions()``); ``unit``, what rate, low and high are of, ``claims`` or
    ``charge`` dollars; ``duplicates``, whether claims denied at first as duplicates count; ``confidence``, of
    the interval low, high: Wilson's of effective claims, of dollars a linearised one. design_effect and effective_lines
    (claims over it): as in :func:`rates`.

    A claim is resolved at first where its first decision pays all of its lines or leaves them to the patient, and no
    later claim bills them again. A claim stands in the group of each of its lines. Amounts are US dollars charged.
    Definition: first-pass resolution, or acceptance; claims resolved at first adjudication with no denial ÷ claims
    adjudicated.

    >>> import cpticd as cx
    >>> found = cx.denials.first_pass(cx.simulate(persons=200, seed=1).claims, by="payer")
    >>> bool(found["rate"].between(0, 1).all())
    True
    """
    one_of("unit", unit, ("claims", "charge"))
    groups = claims.grouping(by)
    with claims.session() as s:
        of = decided("o.initial_outcome")
        found = counted.share(
            s, groups, unit="claims", confidence=confidence, duplicates=duplicates, of=of, dollars=unit == "charge",
            hit="o.initial_outcome = 'paid' AND coalesce(r.submissions, 1) = 1",
            whole="o.charge_amount", part="o.charge_amount",
        )  # fmt: skip
        left_out = s.value(
            f"SELECT count(*) AS n FROM claim_outcomes o WHERE {of} AND NOT {counted.kept(duplicates)}"
        )
    named = {"n": "claims", "hits": "resolved_claims", "whole": "charge_amount", "part": "resolved_amount"}
    result = found.rename(columns=named)
    order = [
        "claims",
        "resolved_claims",
        "rate",
        "low",
        "high",
        "charge_amount",
        "resolved_amount",
        *clustered.COLUMNS,
    ]
    return attach(
        counted.ordered(result[[*groups.names, *order]], groups, "rate", "claims"),
        measure="first-pass resolution of claims" + (", by dollars" if unit == "charge" else ""),
        numerator="claims whose first decision pays all lines or leaves them to the patient, not billed again",
        denominator="claims decided",
        clock=CLOCKS["initial"],
        exclusions="not adjudicated; returned as unprocessable",
        rows_left_out=int(left_out),
        interval=counted.words("charge" if unit == "charge" else "claims", confidence),
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, "claims"),
    )
