"""Clusters of unexplained denials over time: their rate month by month, and other payers' beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import CLOCKS, attach, carry
from cpticd.core.errors import SchemaError
from cpticd.core.measure import Protected, measure
from cpticd.rules import outcomes
from cpticd.rules.residual_inputs import DAYS, KEYS, Day, periods, prepare

_PERIODS = ("week", "month", "quarter")
_COUNTED = [
    "services", "denied", "rate", "low", "high", "services_elsewhere", "denied_elsewhere", "rate_elsewhere",
]  # fmt: skip


def _nothing(months: pd.DataFrame, _: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """Nothing: a cluster's months are of few persons each, and follow from its total where all but a few are shown."""
    return carry(months, months.head(0)), len(months)


@measure(heading="Unexplained denials by month", leaves=Protected(_nothing), chart="residual_months")
def residual_months(
    claims: Claims,
    findings: pd.DataFrame,
    clusters: pd.DataFrame,
    *,
    period: Literal["week", "month", "quarter"] = "month",
    date: Day = "service",
    diagnosis_characters: int = 3,
    categories: str | Path | pd.DataFrame | pa.Table | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per cluster and period: services, denied, rate with its interval, and other payers' of the same.

    Parameters
    ----------
    clusters: rows of ``rules.residual(claims, findings)``, or any with payer, hcpcs_code, diagnosis_family, carc and
        start_date. ``date``, ``diagnosis_characters`` and ``categories``: as they were asked of ``residual``.
    period: week, month or quarter; column ``period`` is its first day.

    Columns: the cluster's keys and start_date; period; services, denied, rate, low, high (Wilson, of effective
    services by the cluster's design_effect, where there is one);
    services_elsewhere, denied_elsewhere, rate_elsewhere. All services of the cluster are counted, those too that
    ``residual`` attributes to a better one. Raises SchemaError where clusters lack a column.

    >>> import cpticd as cx
    >>> simulated = cx.simulate(persons=300, seed=1)
    >>> claims, findings = simulated.claims, simulated.truth["rule_violations"]
    >>> months = cx.rules.clusters.residual_months(claims, findings, cx.rules.residual(claims, findings))
    >>> bool((months["denied"] <= months["services"]).all())
    True
    """
    if missing := [name for name in (*KEYS, "start_date") if name not in getattr(clusters, "columns", [])]:
        raise SchemaError(
            f"residual_months: clusters have no {missing}; give rows of rules.residual(claims, findings)"
        )
    one_of("period", period, _PERIODS)
    one_of("date", date, DAYS)
    whole("diagnosis_characters", diagnosis_characters)
    picked = clusters[[*KEYS, "start_date"]].reset_index(drop=True)
    table = outcomes.categories(categories)
    with claims.session() as s:
        given = outcomes.load(s, findings, "residual_months")
        counts = prepare(s, table, date=date, characters=diagnosis_characters)
        found = periods(s, picked, period)
    number = found.pop("number").to_numpy(int)
    result = picked.iloc[number].reset_index(drop=True).join(found)
    for part in ("", "_elsewhere"):
        n, k = result[f"services{part}"].to_numpy(float), result[f"denied{part}"].to_numpy(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            result[f"rate{part}"] = np.where(n > 0, k / n, np.nan)
        if not part:
            effect = (
                clusters["design_effect"]
                if "design_effect" in clusters
                else pd.Series(1.0, index=clusters.index)
            )
            effect = effect.fillna(1.0).to_numpy(float)[number]
            result["low"], result["high"] = stats.wilson(k, n, confidence, design_effect=effect)
    result = result[[*KEYS, "start_date", "period", *_COUNTED]]
    return attach(
        result,
        measure=f"unexplained denials of a cluster by {period} of {date}",
        numerator="services denied at first adjudication for the CARC, without an error or warning for that cause",
        denominator="services adjudicated (a claim's lines of one procedure on one day) of payer, procedure and family",
        clock=f"{CLOCKS['initial']}; days are of "
        + ("service" if date == "service" else "that adjudication"),
        exclusions="lines without procedure or date",
        rows_left_out=counts["left_out"],
        interval=f"{confidence:.0%} Wilson of effective services (design effect of the cluster, by person)",
        **given.contract(),
    )
