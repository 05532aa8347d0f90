"""Changes of a rate from one period to the next and from year to year, with intervals that mind who recurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.core.outcomes import decided
from cpticd.core.selection import Grouping
from cpticd.core.session import Session
from cpticd.core.words import percent, points
from cpticd.denials.divided import Divided
from cpticd.stats.numbers import Floats

#: Periods: the step back to the one before, and to the same one a year before (52 weeks), for SQL and for pandas.
STEPS: Final[dict[str, tuple[tuple[str, Any], tuple[str, Any]]]] = {
    "week": (("7 DAY", pd.DateOffset(days=7)), ("364 DAY", pd.DateOffset(days=364))),
    "month": (("1 MONTH", pd.DateOffset(months=1)), ("1 YEAR", pd.DateOffset(years=1))),
    "quarter": (("3 MONTH", pd.DateOffset(months=3)), ("1 YEAR", pd.DateOffset(years=1))),
}
#: Comparisons: prefix of the columns, and what is compared with, in words.
AGAINST: Final = {"rate_change": "the {period} before", "year_rate_change": "the same {period} a year before"}
COLUMNS: Final = tuple(f"{name}{end}" for name in AGAINST for end in ("", "_low", "_high"))
#: Correlation of two periods' rates, through persons of both, that an interval takes into account at most.
_CLOSEST: Final = 0.9
#: What a contract says of the interval.
WORDS: Final = (
    "{confidence:.0%} of the difference of two mature periods: Newcombe's hybrid of Wilson intervals of effective "
    "lines, less what persons of both periods have in common"
)


def dependent(s: Session, pieces: Divided, groups: Grouping, period: str, day: str) -> pd.DataFrame:
    """One row per group and period: design_effect and freedom of its rate, from its claims and its persons."""
    s.create(
        "trend_lines", sql.text("denials/trend_lines"), period=period, day=day, decided=decided("o.initial_outcome"),
        source=pieces.relation, select=pieces.select, joins=pieces.joins, columns=pieces.columns,
    )  # fmt: skip
    keys = [*groups.names, "period"]
    found = s.frame(
        f"SELECT {groups.columns} period, sum(n) AS n, sum(denied) AS denied FROM trend_lines "
        f"GROUP BY {groups.columns} period ORDER BY {groups.columns} period"
    ).astype({"n": float, "denied": float})
    rate = (found["denied"] / found["n"]).to_numpy(float)
    clusters, correlations = {}, {}
    squares = found["n"].to_numpy() * rate * (1 - rate)
    for kind, column in (("claim", "claim_id"), ("person", "person_id")):
        sums = s.frame(
            sql.text("denials/trend_clusters"), lines="trend_lines", cluster=column, columns=groups.columns
        )
        sums = found[keys].merge(sums, on=keys, how="left")
        kk, kn, nn = (sums[name].to_numpy(float) for name in ("kk", "kn", "nn"))
        clusters[kind] = stats.Clusters(
            sums["clusters"].to_numpy(float), kk - 2 * rate * kn + rate * rate * nn, kn - rate * nn, nn
        )
        correlations[kind] = stats.correlation(found["n"], squares, clusters[kind])
    made = stats.dependence(found["n"], np.zeros(len(found)), squares, clusters, correlations)
    return found[keys].assign(design_effect=made.design_effect, freedom=made.freedom)


def shared(s: Session, groups: Grouping, period: str) -> pd.DataFrame:
    """One row per group, period and one that it is compared with: sums over the persons of both (``trend_lines``)."""
    return s.frame(
        sql.text("denials/trend_shared"), lines="trend_lines", columns=groups.columns,
        own="".join(f"a.{name}, " for name in groups.names),
        same="".join(f" AND a.{name} IS NOT DISTINCT FROM b.{name}" for name in groups.names),
        earlier=", ".join(f"CAST(a.period - INTERVAL {step} AS DATE)" for step, _ in STEPS[period]),
    )  # fmt: skip


def changes(
    found: pd.DataFrame, both: pd.DataFrame, groups: Sequence[str], period: str, confidence: float
) -> pd.DataFrame:
    """``found`` with the columns of changes; periods that are not mature have none, and none is compared with them."""
    keys = [*groups, "period"]
    usable = found[found["mature"] & (found["n"] > 0)]
    usable = usable[[*keys, "n", "denied", "rate", "design_effect", "freedom"]]
    low, high = stats.wilson(
        usable["denied"],
        usable["n"],
        confidence,
        design_effect=usable["design_effect"],
        freedom=usable["freedom"],
    )
    usable = usable.assign(low=low, high=high)
    for name, (_, step) in zip(AGAINST, STEPS[period], strict=True):
        now = usable.assign(earlier=usable["period"] - step)
        then = usable.rename(columns={"period": "earlier"})
        pairs = now.merge(then, on=[*groups, "earlier"], suffixes=("", "_then"))
        pairs = pairs.merge(both, on=[*keys, "earlier"], how="left")
        found = found.merge(pairs[keys].assign(**_differences(pairs, name)), on=keys, how="left")
    return found


def _differences(pairs: pd.DataFrame, name: str) -> dict[str, Floats]:
    """The difference of two rates and its interval, row by row."""
    p, q = pairs["rate"].to_numpy(float), pairs["rate_then"].to_numpy(float)
    difference = p - q
    alike = _alike(pairs, p, q)
    ends = {end: pairs[end].to_numpy(float) for end in ("low", "high", "low_then", "high_then")}

    def reach(own: Floats, other: Floats) -> Floats:
        found: Floats = np.sqrt(np.maximum(own * own - 2 * alike * own * other + other * other, 0.0))
        return found

    return {
        name: difference,
        f"{name}_low": difference - reach(p - ends["low"], ends["high_then"] - q),
        f"{name}_high": difference + reach(ends["high"] - p, q - ends["low_then"]),
    }


def _alike(pairs: pd.DataFrame, p: Floats, q: Floats) -> Floats:
    """Correlation of two rates through persons that both have, of which only what is positive counts."""
    kk, kn, nk, nn = (pairs[name].fillna(0).to_numpy(float) for name in ("kk", "kn", "nk", "nn"))
    common = kk - q * kn - p * nk + p * q * nn
    own = pairs["n"] * p * (1 - p) * pairs["design_effect"]
    other = pairs["n_then"] * q * (1 - q) * pairs["design_effect_then"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = common / np.sqrt((own * other).to_numpy(float))
    return np.clip(np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0), 0.0, _CLOSEST)


def in_words(row: Mapping[str, Any], period: str, name: str = "rate_change") -> str:
    """One sentence on the change of a period's rate, '' where it is not known.

    ``row`` of a trend; ``name``: against the period before (``rate_change``) or a year before (``year_rate_change``).
    """
    difference, low, high, now = row[name], row[f"{name}_low"], row[f"{name}_high"], row["rate"]
    if any(pd.isna(value) for value in (difference, low, high, now)):
        return ""
    before, by = (
        percent(now - difference),
        f"({points(difference)} points, {100 * low:.1f} to {100 * high:.1f})",
    )
    when, then = _named(row["period"], period), AGAINST[name].format(period=period)
    if low > 0 or high < 0:
        verb = "rose" if difference > 0 else "fell"
        return f"In {when} denials {verb} from {before} to {percent(now)} {by} against {then}."
    return f"In {when} {percent(now)} were denied after {before} in {then} {by}: no more than chance can do."


def _named(day: Any, period: str) -> str:
    """A period as sentences name it: ``2025-11``, ``2025 Q3``, ``the week of 2025-11-03``."""
    first = pd.Timestamp(day)
    if period == "quarter":
        return f"{first.year} Q{first.quarter}"
    return f"{first:%Y-%m}" if period == "month" else f"the week of {first:%Y-%m-%d}"
