"""Denials over time, and how long payers take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.denials.dimensions import CLAIM_DIMENSIONS, CLAIM_JOINS, LINE_JOINS, columns, comma, names

By = str | Sequence[str] | None
Period = Literal["week", "month", "quarter"]

#: Share of a period's lines that must be adjudicated before its rate is taken for what it will be.
MATURE_SHARE: Final = 0.95


def trend(
    claims: Claims,
    by: By = None,
    *,
    period: Period = "month",
    clock: Literal["service", "adjudication"] = "service",
    mature_share: float = MATURE_SHARE,
) -> pd.DataFrame:
    """One row per group and period: n, denied, rate, center, lower, upper, adjudicated_share, mature, signal.

    Parameters
    ----------
    by: dimensions, see ``cpticd.denials.LINE_DIMENSIONS``.
    period: ``week``, ``month`` or ``quarter``; column ``period`` is its first day.
    clock: the date that puts a line into a period: ``service`` (a cohort; recent ones are young) or
        ``adjudication`` (first adjudicated in the period, HFMA's definition of the initial rate).
    mature_share: a period is mature where at least this share of its lines is adjudicated, and where it had
        ended by the last date in the data.

    center, lower and upper are Laney p' limits over the mature periods of the group (Laney 2002): they
    widen the binomial limits by the spread between periods, which at large n is never zero. signal marks a
    mature period outside of them.
    """
    if period not in ("week", "month", "quarter") or clock not in ("service", "adjudication"):
        raise ArgumentError(
            f"period={period!r}, clock={clock!r}: expected week, month or quarter; service or adjudication"
        )
    wanted = names(by)
    day = "o.service_date" if clock == "service" else "o.first_paid_date"
    sql = f"""
        WITH used AS (
            SELECT {columns(wanted)} CAST(date_trunc('{period}', {day}) AS DATE) AS period, o.initial_outcome
            FROM line_outcomes o {LINE_JOINS if wanted else ""}
            WHERE {day} IS NOT NULL
        )
        SELECT {comma(wanted)} period, count(*) AS lines,
            sum(CASE WHEN initial_outcome <> 'not adjudicated' THEN 1 ELSE 0 END) AS n,
            sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied
        FROM used GROUP BY {comma(wanted)} period ORDER BY {comma(wanted)} period
    """
    found = to_frame(claims.engine.fetch(sql)).astype({"lines": "int64", "n": "int64", "denied": "int64"})
    found["adjudicated_share"] = found["n"] / found["lines"]
    found["mature"] = found["adjudicated_share"] >= mature_share
    if len(found):
        found["mature"] &= _ended(claims, found["period"], period)
    undated = claims.engine.fetch(
        f"SELECT count(*) AS n FROM line_outcomes o WHERE {day} IS NULL AND initial_outcome <> 'not adjudicated'"
    ).to_pylist()[0]["n"]
    groups = found.groupby(wanted, sort=False, dropna=False) if wanted else [((), found)]
    parts = [_limits(part) for _, part in groups]
    result = pd.concat(parts, ignore_index=True) if parts else _limits(found)
    order = [*wanted, "period", "n", "denied", "rate", "center", "lower", "upper"]
    result = result[[*order, "adjudicated_share", "mature", "signal"]]
    return attach(
        result,
        measure=f"initial line denial rate by {period} of {clock}",
        numerator="lines denied at first adjudication",
        denominator=f"lines adjudicated, by {period} of "
        + ("service" if clock == "service" else "first adjudication"),
        clock=CLOCKS["initial"],
        exclusions="lines without the date; limits from mature periods alone",
        rows_left_out=undated,
        limits="Laney p', 3 sigma",
        mature=f"at least {mature_share:.0%} of the period's lines adjudicated",
    )


def _ended(claims: Claims, start: pd.Series, period: str) -> pd.Series:
    """Whether each period was over on the last date, of service or adjudication, in the data."""
    sql = "SELECT max(greatest(first_paid_date, service_date)) AS last FROM line_outcomes"
    last = pd.Timestamp(claims.engine.fetch(sql).to_pylist()[0]["last"])
    step = {
        "week": pd.DateOffset(weeks=1),
        "month": pd.DateOffset(months=1),
        "quarter": pd.DateOffset(months=3),
    }
    return start + step[period] <= last + pd.Timedelta(days=1)


def _limits(part: pd.DataFrame) -> pd.DataFrame:
    """The periods of one group with limits from the mature ones."""
    n, denied = part["n"].to_numpy(float), part["denied"].to_numpy(float)
    mature = part["mature"].to_numpy(bool) & (n > 0)
    chart = stats.laney_p_prime(denied, n, use=mature)
    rate = chart["rate"].to_numpy()
    lower, upper = np.clip(chart["lower"].to_numpy(), 0, 1), np.clip(chart["upper"].to_numpy(), 0, 1)
    return part.assign(
        rate=rate,
        center=chart["center"].to_numpy(),
        lower=lower,
        upper=upper,
        signal=mature & ((rate < lower) | (rate > upper)),
    )


def payment_delay(claims: Claims, by: By = None, *, level: float = 0.95) -> pd.DataFrame:
    """One row per group and day: day, at_risk, adjudicated, survival, low, high.

    Days run from the day that the payer received the claim (the last day of service where that is not
    known) to its first adjudication; survival is the Kaplan-Meier share of claims still without one.
    Claims not adjudicated are censored at the last adjudication date in the data, never dropped. ``by``:
    dimensions of a claim. Claims adjudicated before their own start date, or without any date, are left
    out and counted in the contract.
    """
    wanted = names(by, CLAIM_DIMENSIONS)
    begin = "coalesce(c.received_date, c.claim_end_date, c.claim_start_date)"
    sql = f"""
        WITH used AS (
            SELECT {columns(wanted, CLAIM_DIMENSIONS)}
                CASE WHEN o.first_paid_date IS NOT NULL THEN 1 ELSE 0 END AS is_adjudicated,
                date_diff('day', {begin}, coalesce(o.first_paid_date,
                    (SELECT max(paid_date) FROM adjudications))) AS day
            FROM claim_outcomes o {CLAIM_JOINS}
            WHERE o.first_paid_date IS NOT NULL OR o.initial_outcome = 'not adjudicated'
        )
        SELECT {comma(wanted)} day, is_adjudicated, count(*) AS n FROM used GROUP BY {comma(wanted)} day, is_adjudicated
    """
    found = to_frame(claims.engine.fetch(sql))
    usable = found["day"].notna() & (found["day"] >= 0)
    left_out = int(found.loc[~usable, "n"].sum())
    found = found[usable].sort_values([*wanted, "day", "is_adjudicated"])
    groups: list[Any] = list(found.groupby(wanted, sort=True, dropna=False)) if wanted else [((), found)]
    parts = []
    for key, part in groups:
        curve = stats.kaplan_meier(
            part["day"].to_numpy(float),
            part["is_adjudicated"].to_numpy(bool),
            weights=part["n"].to_numpy(float),
            level=level,
        )
        curve = curve.rename(columns={"events": "adjudicated"})
        for name, value in zip(wanted, key, strict=True):
            curve.insert(0, name, value)
        parts.append(curve[[*wanted, "day", "at_risk", "adjudicated", "survival", "low", "high"]])
    names_out = [*wanted, "day", "at_risk", "adjudicated", "survival", "low", "high"]
    result = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names_out)
    return attach(
        result,
        measure="share of claims without a first adjudication, by days since receipt",
        numerator="claims not yet adjudicated",
        denominator="claims received (Kaplan-Meier: open claims are censored, not dropped)",
        clock="from the received date (last day of service where absent) to the first adjudication",
        exclusions="claims without dates, or adjudicated before they were received",
        rows_left_out=left_out,
        interval=f"{level:.0%} Greenwood, log-log",
    )
