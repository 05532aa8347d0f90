"""How a cluster of unexplained denials came about: its rate month by month, and other payers' beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.frames import to_frame
from cpticd.rules import outcomes
from cpticd.rules.residual_inputs import KEYS, prepared

_PERIODS: Final = ("week", "month", "quarter")
_SQL: Final = """
    SELECT c.number, CAST(date_trunc('{period}', s.day) AS DATE) AS period,
        count(CASE WHEN s.payer = c.payer THEN 1 END) AS services,
        count(CASE WHEN s.payer = c.payer THEN d.service END) AS denied,
        count(CASE WHEN s.payer <> c.payer THEN 1 END) AS services_elsewhere,
        count(CASE WHEN s.payer <> c.payer THEN d.service END) AS denied_elsewhere
    FROM residual_wanted c
    JOIN residual_services s ON s.hcpcs_code = c.hcpcs_code
    JOIN residual_members m ON m.service = s.service AND m.diagnosis_family = c.diagnosis_family
    LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
    GROUP BY c.number, CAST(date_trunc('{period}', s.day) AS DATE)
    ORDER BY c.number, period
"""


def residual_months(
    claims: Claims,
    findings: pd.DataFrame,
    clusters: pd.DataFrame,
    *,
    period: Literal["week", "month", "quarter"] = "month",
    clock: Literal["service", "adjudication"] = "service",
    diagnosis_characters: int = 3,
    categories: str | Path | pd.DataFrame | pa.Table | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per cluster and period: services, denied, rate with its interval, and other payers' of the same.

    Parameters
    ----------
    clusters: rows of ``rules.residual(claims, findings)``, or any with payer, hcpcs_code, diagnosis_family, carc and
        start_date. ``clock``, ``diagnosis_characters`` and ``categories``: as they were asked of ``residual``.
    period: week, month or quarter; column ``period`` is its first day.

    Columns: the cluster's keys and start_date; period; services, denied, rate, low, high (Wilson);
    services_elsewhere, denied_elsewhere, rate_elsewhere. All services of the cluster are counted, those too that
    ``residual`` attributes to a better one. Raises SchemaError where clusters lack a column.
    """
    if missing := [name for name in (*KEYS, "start_date") if name not in getattr(clusters, "columns", [])]:
        raise SchemaError(
            f"residual_months: clusters have no {missing}; give rows of rules.residual(claims, findings)"
        )
    if period not in _PERIODS or clock not in ("service", "adjudication"):
        raise ArgumentError(
            f"period={period!r}, clock={clock!r}: expected week, month or quarter; service or adjudication"
        )
    outcomes.at_least("diagnosis_characters", diagnosis_characters, 1)
    picked = clusters[[*KEYS, "start_date"]].reset_index(drop=True)
    wanted = pa.table(
        {
            "number": pa.array(range(len(picked)), pa.int32()),
            **{name: pa.array(picked[name].astype(str), pa.string()) for name in KEYS},
        }
    )
    table = outcomes.categories(categories)
    with (
        outcomes.findings_of(claims, findings, "residual_months") as given,
        prepared(claims, table, clock=clock, characters=diagnosis_characters) as counts,
    ):
        claims.engine.load("residual_wanted", wanted)
        found = to_frame(claims.engine.fetch(_SQL.format(period=period)))
    result = picked.iloc[found.pop("number").to_numpy(int)].reset_index(drop=True).join(found)
    for part in ("", "_elsewhere"):
        n, k = result[f"services{part}"].to_numpy(float), result[f"denied{part}"].to_numpy(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            result[f"rate{part}"] = np.where(n > 0, k / n, np.nan)
        if not part:
            result["low"], result["high"] = stats.wilson(k, n, confidence=confidence)
    order = [
        "services",
        "denied",
        "rate",
        "low",
        "high",
        "services_elsewhere",
        "denied_elsewhere",
        "rate_elsewhere",
    ]
    result = result[[*KEYS, "start_date", "period", *order]]
    return attach(
        result,
        measure=f"unexplained denials of a cluster by {period} of {clock}",
        numerator="services denied at first adjudication for the CARC, without an error or warning for that cause",
        denominator="services adjudicated (a claim's lines of one procedure on one day) of payer, procedure and family",
        clock=f"{CLOCKS['initial']}; days are of "
        + ("service" if clock == "service" else "that adjudication"),
        exclusions="lines without procedure or date",
        rows_left_out=counts["left_out"],
        interval=f"{confidence:.0%} Wilson",
        **given.contract(),
    )
