"""Denials over time: rates by period, with the limits between which they would stay by chance."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Cells, Part, measure
from cpticd.core.outcomes import decided
from cpticd.core.selection import By, names
from cpticd.denials import divided

Period = Literal["week", "month", "quarter"]

#: Share of a period's lines that must be adjudicated before its rate is taken for what it will be.
MATURE_SHARE: Final = 0.95
_DAYS: Final = {"service": "o.service_date", "adjudication": "o.first_paid_date"}
_COLUMNS: Final = (
    "period",
    "n",
    "denied",
    "rate",
    "center",
    "lower",
    "upper",
    "adjudicated_share",
    "mature",
    "signal",
)


def _leaves(by: By = None, period: Period = "month", date: str = "service", **_: Any) -> Cells:
    day = "" if date == "service" else "paid_"
    return Cells(
        by={**{name: name for name in names(by)}, "period": f"{day}{period}"},
        where="adjudicated",
        numerators={"denied": ("denied", "rate", "signal")},
        # A period's few lines that are not adjudicated would follow from it.
        withheld="adjudicated_share",
    )


@measure(
    heading="Trend",
    leaves=_leaves,
    chart="trend",
    report=[Part("trend", "trend", "Trend")],
)
def trend(
    claims: Claims,
    by: By = None,
    *,
    period: Period = "month",
    date: Literal["service", "adjudication"] = "service",
    mature_share: float = MATURE_SHARE,
) -> pd.DataFrame:
    """One row per group and period: n, denied, rate, center, lower, upper, adjudicated_share, mature, signal.

    Parameters
    ----------
    by: dimensions, see ``claims.dimensions()``.
    period: ``week``, ``month`` or ``quarter``; column ``period`` is its first day.
    date: which date puts a line into a period: that of ``service`` (a cohort; recent ones are young) or of
        ``adjudication`` (first adjudicated in the period, HFMA's definition of the initial rate).
    mature_share: a period is mature where at least this share of its lines is adjudicated, and where it had
        ended by the last date in the data set.

    center, lower and upper are Laney p' limits over the mature periods of the group (Laney 2002): they
    widen the binomial limits by the spread between periods, which at large n is never zero. signal marks a
    mature period outside of them.

    >>> import cpticd as cx
    >>> cx.denials.trend(cx.simulate(persons=100, seed=1).claims, period="quarter").columns[:3].tolist()
    ['period', 'n', 'denied']
    """
    if period not in ("week", "month", "quarter") or date not in _DAYS:
        raise ArgumentError(
            f"period={period!r}, date={date!r}: expected week, month or quarter; service or adjudication"
        )
    groups, day = claims.grouping(by), _DAYS[date]
    with claims.session() as s:
        pieces = divided.lines(s, groups)
        found = s.frame(sql.text("denials/trend"), period=period, day=day, **pieces.parts())
        last = s.value("SELECT max(greatest(first_paid_date, service_date)) AS day FROM main.line_outcomes")
        undated = s.value(
            f"SELECT count(*) AS n FROM line_outcomes o WHERE {day} IS NULL AND {decided('o.initial_outcome')}"
        )
    found = found.astype({"lines": "int64", "n": "int64", "denied": "int64"})
    found["adjudicated_share"] = found["n"] / found["lines"]
    found["mature"] = found["adjudicated_share"] >= mature_share
    if len(found):
        found["mature"] &= _ended(last, found["period"], period)
    wanted = groups.names
    parts = [_limits(part) for _, part in found.groupby(wanted, sort=False, dropna=False)] if wanted else []
    result = pd.concat(parts, ignore_index=True) if parts else _limits(found)
    return attach(
        result[[*wanted, *_COLUMNS]],
        measure=f"initial line denial rate by {period} of {date}",
        numerator="lines denied at first adjudication",
        denominator=f"lines adjudicated, by {period} of "
        + ("service" if date == "service" else "first adjudication"),
        clock=CLOCKS["initial"],
        exclusions="lines without the date; limits from mature periods alone",
        rows_left_out=undated,
        limits="Laney p', 3 sigma",
        mature=f"at least {mature_share:.0%} of the period's lines adjudicated",
        **divided.terms(groups, "lines"),
    )


def _ended(last: Any, start: pd.Series, period: str) -> pd.Series:
    """Whether each period was over on the last date, of service or adjudication, in the data."""
    step = {
        "week": pd.DateOffset(weeks=1),
        "month": pd.DateOffset(months=1),
        "quarter": pd.DateOffset(months=3),
    }
    return start + step[period] <= pd.Timestamp(last) + pd.Timedelta(days=1)


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
