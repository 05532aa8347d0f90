"""How the lines of a code family divide over its levels: over time, by provider, by payer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, Unpack

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import stats
from cpticd.claims import Claims
from cpticd.cohort import DIMENSIONS, Filters, dimensions, lines
from cpticd.core.contract import attach
from cpticd.core.frames import to_frame
from cpticd.patterns import inputs

Period = Literal["month", "quarter", "year"]
PERIODS: Final = ("month", "quarter", "year", None)
MEASURES: Final = (
    "level", "codes", "lines", "family_lines", "persons", "share", "low", "high", "mean_level", "mean_low", "mean_high",
    "entropy", "evenness",
)  # fmt: skip


def mix(
    claims: Claims,
    family: str | Sequence[str] | None = None,
    *,
    by: Sequence[str] | str | None = None,
    period: Period | None = "quarter",
    min_lines: int = 30,
    confidence: float = 0.95,
    **filters: Unpack[Filters],
) -> pd.DataFrame:
    """One row per code family, group, period and level: its lines and their share of the family.

    Parameters
    ----------
    family: one or several of ``reference.table("code_families")``, such as "office visit, established patient"; all
        that occur without it. A code counts on the days on which its row of that table holds.
    by: groups, out of ``cpticd.cohort.DIMENSIONS`` (such as ``rendering_npi`` or ``payer``).
    period: ``month``, ``quarter`` or ``year`` of service (the column has its first day); None: all time together.
    min_lines: families of a group and period with fewer lines are left out, and counted in the contract.
    confidence: of the interval, 0.95 unless said otherwise.
    filters: dates, payer, setting, place, claim_type, person_id (``cpticd.cohort.Filters``).

    Columns
    -------
    family, the groups, period, level, codes (of the level, as billed), lines, family_lines, persons of the level;
    share = lines / family_lines with its Wilson interval low, high; and the same in every row of a family, group and
    period: mean_level with its interval mean_low, mean_high (normal, over lines), entropy in bits and evenness,
    entropy over that of equal shares of the levels that the table has for the family in that period (1: all levels
    alike, 0: one level alone). Every level of the family that its table has in the period has a row, also with no
    lines. Lines of one person are not independent, so that intervals are on the narrow side.
    Raises ArgumentError for families, groups and filters that are unknown.
    """
    inputs.one_of("period", period, PERIODS)
    inputs.positive("min_lines", min_lines)
    wanted = dimensions(by, "by")
    known = inputs.levels()
    chosen = [family] if isinstance(family, str) else list(family or known)
    for name in chosen:
        inputs.one_of("family", name, known)
    columns = [*(f"l.{DIMENSIONS[name]} AS {name}" for name in wanted)]
    names = [*wanted, *(["period"] if period else [])]
    if period:
        columns.append(f"l.{period} AS period")
    listed = "".join(f"{column}, " for column in columns)
    comma = "".join(f"{name}, " for name in names)
    with lines(claims, filters) as cohort:
        rows = [row for name in chosen for row in known[name]]
        table = cohort.load("family", pa.Table.from_pylist(rows, schema=_SCHEMA))
        found = to_frame(
            cohort.engine.fetch(
                f"""
                WITH used AS (
                    SELECT v.family, {listed} v.level, l.hcpcs_code, l.person_id
                    FROM {cohort.name} l
                    JOIN {table} v ON v.code = l.hcpcs_code
                        AND (v.effective_from IS NULL OR l.service_date >= v.effective_from)
                        AND (v.effective_to IS NULL OR l.service_date <= v.effective_to)
                    {"WHERE l.service_date IS NOT NULL" if period else ""}
                )
                SELECT family, {comma} level, count(*) AS lines, count(DISTINCT person_id) AS persons
                FROM used GROUP BY family, {comma} level ORDER BY family, {comma} level
                """
            )
        )
        dated = cohort.rows(
            f"SELECT count(*) AS n FROM {cohort.name} l JOIN (SELECT DISTINCT code FROM {table}) v "
            "ON v.code = l.hcpcs_code"
        )[0]["n"]
        days = cohort.rows(
            f"SELECT min(service_date) AS first, max(service_date) AS last FROM {cohort.name}"
        )[0]
        told = cohort.contract
    full = _every_level(found, chosen, names, period, days)
    result, left_out = _measured(full, names, min_lines, confidence)
    return attach(
        result,
        measure="share of levels within a code family" + (f" by {period} of service" if period else ""),
        numerator="service lines of the level",
        denominator="service lines of the family (in the group and period)",
        clock=inputs.SERVICE_CLOCK,
        exclusions="lines of claims that a later claim replaced or voided; lines billed outside the dates of their "
        f"code; families of a group and period under {min_lines} lines",
        rows_left_out=int(dated - int(found["lines"].sum())),
        small_groups_left_out=left_out,
        families=chosen if family is not None else "all of code_families that occur",
        groups=wanted or "none",
        interval=f"{confidence:.0%} Wilson (shares), normal (mean level), lines as independent",
        code_families=_release(),
        **told,
    )


_SCHEMA: Final = pa.schema(
    [
        ("family", pa.string()),
        ("code", pa.string()),
        ("level", pa.int32()),
        ("effective_from", pa.date32()),
        ("effective_to", pa.date32()),
    ]
)


def _release() -> str:
    from cpticd import reference

    held = reference.releases().set_index("name")["release"]
    return f"release {held['code_families']}"


def _every_level(
    found: pd.DataFrame, chosen: list[str], names: list[str], period: Period | None, days: dict[str, Any]
) -> pd.DataFrame:
    """A row for every level that a family has on the days of its period, with the level's codes.

    ``days``: first and last of all lines, which is the period where there is none.
    """
    rows = pd.DataFrame([row for name in chosen for row in inputs.levels()[name]])
    groups = found[["family", *names]].drop_duplicates()
    full = groups.merge(rows[["family", "code", "level", "effective_from", "effective_to"]], on="family")
    if period:
        step = {"month": 1, "quarter": 3, "year": 12}[period]
        starts = pd.to_datetime(full["period"])
        ends = starts + pd.DateOffset(months=step) - pd.Timedelta(days=1)
    else:
        starts, ends = (pd.Series(pd.Timestamp(days[name]), index=full.index) for name in ("first", "last"))
    begins, stops = (pd.to_datetime(full[name]) for name in ("effective_from", "effective_to"))
    full = full[(begins.isna() | (begins <= ends)) & (stops.isna() | (stops >= starts))]
    keys = ["family", *names, "level"]
    full = (
        full.groupby(keys, sort=True, dropna=False)["code"]
        .agg(lambda part: " ".join(sorted(part)))
        .reset_index()
    )
    merged = full.merge(found, on=keys, how="left")
    return merged.rename(columns={"code": "codes"}).fillna({"lines": 0, "persons": 0})


def _measured(full: pd.DataFrame, names: list[str], min_lines: int, confidence: float) -> tuple[pd.DataFrame, int]:
    """Shares, mean level and entropy per family, group and period; how many of these had too few lines."""
    keys = ["family", *names]
    full = full.astype({"lines": "int64", "persons": "int64", "level": "int64"})
    n = full["lines"].to_numpy(float)
    value = full["level"].to_numpy(float)
    sums = pd.DataFrame({"n": n, "x": n * value, "xx": n * value * value, "levels": 1.0})
    place = full.groupby(keys, sort=False, dropna=False).ngroup()
    sums = sums.groupby(place).transform("sum")
    total = sums["n"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = n / total
        bits = np.where(n > 0, -share * np.log2(share), 0.0)
        mean = sums["x"].to_numpy() / total
        spread = np.maximum(sums["xx"].to_numpy() / total - mean**2, 0) * total / (total - 1)
        half = stats.normal_quantile(confidence) * np.sqrt(spread / total)
        entropy = pd.Series(bits).groupby(place).transform("sum").to_numpy()
        even = np.log2(sums["levels"].to_numpy())
        evenness = np.where(even > 0, entropy / even, np.nan)
    low, high = stats.wilson(n, total, confidence)
    full = full.assign(
        family_lines=total.astype("int64"), share=share, low=low, high=high, mean_level=mean, mean_low=mean - half,
        mean_high=mean + half, entropy=entropy.round(12), evenness=evenness.round(12),
    )  # fmt: skip
    enough = full["family_lines"] >= min_lines
    small = int(full.loc[~enough, keys].drop_duplicates().shape[0])
    return full.loc[enough, [*keys, *MEASURES]].reset_index(drop=True), small
