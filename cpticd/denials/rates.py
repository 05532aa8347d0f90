"""How often, and for what: denial rates and root causes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.denials.dimensions import (
    CLAIM_DIMENSIONS,
    CLAIM_JOINS,
    LINE_DIMENSIONS,
    LINE_JOINS,
    columns,
    comma,
    names,
)

By = str | Sequence[str] | None
Measure = Literal["lines", "claims", "charge"]
Clock = Literal["initial", "final"]

#: Days after which a line's latest adjudication is taken for its last: three rounds of appeal take longer
#: (Premier: 45-60 days each), but most reworked lines are settled (see the contract's rows_left_out).
MATURITY_DAYS: Final = 90


def rates(
    claims: Claims,
    by: By = None,
    *,
    measure: Measure = "lines",
    clock: Clock = "initial",
    maturity_days: int = MATURITY_DAYS,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per group: n, denied, partly_denied, rate, low, high, denied_amount.

    Parameters
    ----------
    by: dimension or dimensions to group by, see ``cpticd.denials.LINE_DIMENSIONS``.
    measure: what is counted. ``lines`` and ``claims``: n adjudicated, of which denied; a partly denied one
        is not denied. ``charge``: n is dollars charged, denied and partly_denied are the dollars denied of
        lines denied as a whole and in part, and the rate is both over n.
    clock: ``initial`` (first adjudication) or ``final`` (latest adjudication, of lines whose first is at
        least ``maturity_days`` before the last adjudication in the data; younger ones would look clean).
    level: of the interval; Wilson's for counts, linearised and clustered by claim for dollars.

    denied_amount is US dollars. Definitions: HFMA's line-level initial denial rate; a line is denied where
    nothing is allowed and a denial CARC takes its charge.
    """
    if measure not in ("lines", "claims", "charge") or clock not in CLOCKS:
        raise ArgumentError(
            f"measure={measure!r}, clock={clock!r}: expected lines, claims or charge; initial or final"
        )
    claim_level = measure == "claims"
    known = CLAIM_DIMENSIONS if claim_level else LINE_DIMENSIONS
    wanted = names(by, known)
    relation, joins = ("claim_outcomes", CLAIM_JOINS) if claim_level else ("line_outcomes", LINE_JOINS)
    amount = "denied_amount" if clock == "initial" else "final_denied_amount"
    mature, left_out = _maturity(claims, relation, clock, maturity_days)
    sql = f"""
        WITH used AS (
            SELECT {columns(wanted, known)} o.claim_id, o.{clock}_outcome AS outcome,
                CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge,
                CAST(coalesce(o.{amount}, 0) AS DOUBLE) AS amount
            FROM {relation} o {joins if wanted else ""}
            WHERE o.{clock}_outcome <> 'not adjudicated' {mature}
        ),
        per_claim AS (
            SELECT {comma(wanted)} claim_id, count(*) AS n, sum(charge) AS charge, sum(amount) AS amount,
                sum(CASE WHEN outcome = 'denied' THEN 1 ELSE 0 END) AS denied,
                sum(CASE WHEN outcome = 'partly denied' THEN 1 ELSE 0 END) AS partly_denied,
                sum(CASE WHEN outcome = 'partly denied' THEN amount ELSE 0 END) AS partly_amount
            FROM used
            GROUP BY {comma(wanted)} claim_id
        )
        SELECT {comma(wanted)} sum(n) AS n, sum(denied) AS denied, sum(partly_denied) AS partly_denied,
            sum(charge) AS charge, sum(amount) AS denied_amount, sum(partly_amount) AS partly_amount,
            count(*) AS claims, sum(charge * charge) AS xx, sum(charge * amount) AS xy, sum(amount * amount) AS yy
        FROM per_claim
        {"GROUP BY " + ", ".join(wanted) if wanted else ""}
    """
    found = to_frame(claims.engine.fetch(sql))
    for column in ("n", "denied", "partly_denied"):
        found[column] = found[column].fillna(0).astype("int64")
    found = found.fillna({"charge": 0.0, "denied_amount": 0.0, "partly_amount": 0.0})
    result = _by_charge(found, wanted, level) if measure == "charge" else _by_count(found, wanted, level)
    result = result.sort_values(
        ["rate", "n", *wanted], ascending=[False, False, *[True] * len(wanted)], ignore_index=True
    )
    what = {"lines": "service lines", "claims": "claims", "charge": "charged US dollars"}[measure]
    return attach(
        result,
        measure=f"{clock} denial rate by {what}",
        numerator={
            "lines": "lines denied: nothing allowed, and a denial CARC takes the charge",
            "claims": "claims denied: all adjudicated lines are, or the claim status is 4",
            "charge": "dollars that denial CARCs took from lines denied as a whole or in part",
        }[measure],
        denominator=f"{what} adjudicated",
        clock=CLOCKS[clock],
        exclusions="not adjudicated"
        + (f"; first adjudicated within {maturity_days} days" if left_out else ""),
        rows_left_out=left_out,
        interval=f"{level:.0%} "
        + ("linearised ratio, clustered by claim" if measure == "charge" else "Wilson"),
    )


def _maturity(claims: Claims, relation: str, clock: str, days: int) -> tuple[str, int]:
    """SQL that keeps mature rows on the final clock, and the number of rows that it leaves out."""
    if clock == "initial":
        return "", 0
    young = f"first_paid_date > (SELECT max(paid_date) FROM adjudications) - INTERVAL {int(days)} DAY"
    sql = f"SELECT count(*) AS n FROM {relation} WHERE final_outcome <> 'not adjudicated' AND {young}"
    return f"AND NOT coalesce(o.{young}, false)", claims.engine.fetch(sql).to_pylist()[0]["n"]


def _by_count(found: pd.DataFrame, wanted: list[str], level: float) -> pd.DataFrame:
    low, high = stats.wilson(found["denied"].to_numpy(), found["n"].to_numpy(), level=level)
    with np.errstate(invalid="ignore"):
        rate = found["denied"].to_numpy() / np.where(found["n"] > 0, found["n"], np.nan)
    return found[[*wanted, "n", "denied", "partly_denied"]].assign(
        rate=rate, low=low, high=high, denied_amount=found["denied_amount"].round(2)
    )


def _by_charge(found: pd.DataFrame, wanted: list[str], level: float) -> pd.DataFrame:
    """Ratio of sums over claims, with its linearised interval."""
    charge, amount = found["charge"].to_numpy(float), found["denied_amount"].to_numpy(float)
    rate, low, high = stats.ratio_interval_of_sums(
        found["claims"].to_numpy(float),
        amount,
        charge,
        num_squared=found["yy"].to_numpy(float),
        den_squared=found["xx"].to_numpy(float),
        product=found["xy"].to_numpy(float),
        level=level,
    )
    return found[wanted].assign(
        n=charge.round(2),
        denied=(amount - found["partly_amount"]).round(2),
        partly_denied=found["partly_amount"].round(2),
        rate=rate,
        low=low,
        high=high,
        denied_amount=amount.round(2),
    )


def causes(claims: Claims, by: By = None) -> pd.DataFrame:
    """One row per group and root-cause category of initial denials, the largest first.

    Columns: the dimensions of ``by``, category, lines (denied), partly_denied_lines, denied_amount (US
    dollars, of denied and partly denied lines), share and cumulative_share of the group's denied_amount
    (of its lines where no dollars are known), coding_related, diagnosis_related, preventable.

    A line's category is that of its largest denial adjustment, corrected by its remark codes; a CARC that
    the table does not list is ``other``, a denial without a CARC ``no reason given``. The tables
    ``carc_categories`` and ``carc_rarc_overrides`` decide; ``claims.use`` replaces them.
    """
    wanted = names(by)
    sql = f"""
        SELECT {columns(wanted)} o.denial_category AS category,
            sum(CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END) AS lines,
            sum(CASE WHEN o.initial_outcome = 'partly denied' THEN 1 ELSE 0 END) AS partly_denied_lines,
            sum(CAST(coalesce(o.denied_amount, 0) AS DOUBLE)) AS denied_amount
        FROM line_outcomes o {LINE_JOINS if wanted else ""}
        WHERE o.initial_outcome IN ('denied', 'partly denied')
        GROUP BY {", ".join([*(LINE_DIMENSIONS[name] for name in wanted), "o.denial_category"])}
    """
    found = to_frame(claims.engine.fetch(sql))
    found["denied_amount"] = found["denied_amount"].round(2)
    order = [*wanted, "denied_amount", "lines", "category"]
    found = found.sort_values(order, ascending=[*[True] * len(wanted), False, False, True], ignore_index=True)
    weight = found["denied_amount"] if found["denied_amount"].sum() > 0 else found["lines"].astype(float)
    if wanted:
        grouped = weight.groupby([found[name] for name in wanted], sort=False, dropna=False)
        found["share"] = weight / grouped.transform("sum").replace(0, np.nan)
        found["cumulative_share"] = (
            found["share"].groupby([found[name] for name in wanted], sort=False, dropna=False).cumsum()
        )
    else:
        found["share"] = weight / (weight.sum() or np.nan)
        found["cumulative_share"] = found["share"].cumsum()
    flags = _category_flags(claims)
    found = found.merge(flags, on="category", how="left")
    for column in ("coding_related", "diagnosis_related", "preventable"):
        found[column] = found[column].fillna("unknown")
    return attach(
        found,
        measure="initial denials by root cause",
        numerator="denied lines, and dollars that denial CARCs took, by category of the largest denial CARC",
        denominator="all denied lines and dollars of the group",
        clock=CLOCKS["initial"],
        exclusions="lines paid in full or not adjudicated",
        categories="table carc_categories, by the CAQH CORE 360 business scenarios; flags are a judgement",
    )


def _category_flags(claims: Claims) -> pd.DataFrame:
    """One row per category: its flags, ``partly`` where its CARCs differ."""
    flags = ("coding_related", "diagnosis_related", "preventable")
    merged = ", ".join(f"CASE WHEN min({f}) = max({f}) THEN min({f}) ELSE 'partly' END AS {f}" for f in flags)
    sql = f"SELECT category, {merged} FROM carc_categories WHERE is_denial GROUP BY category"
    return to_frame(claims.engine.fetch(sql))
