"""How the lines of a code family divide over its levels: over time, by provider, by payer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import model, sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import attach
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By, Dimension, Grouping, joined, names
from cpticd.core.session import Session
from cpticd.patterns import code_levels, national
from cpticd.patterns.code_pairs import SERVICE_CLOCK
from cpticd.stats import ClusterSums, Products

Period = Literal["month", "quarter", "year"]
PERIODS: Final = ("month", "quarter", "year", None)
MEASURES: Final = (
    "level", "codes", "lines", "family_lines", "persons", "share", "low", "high", "mean_level", "mean_low", "mean_high",
    "entropy", "evenness", "design_effect", "effective_lines",
)  # fmt: skip
#: Sums over clusters, as the statement has them.
_SUMS: Final = tuple(f"{kind}_{name}" for kind in ("claim", "person") for name in ("part", "kk", "nk", "nx"))
#: What mixes all levels of a family, so that one left out would follow.
_WITHHELD: Final = (
    "family_lines",
    "low",
    "high",
    "mean_level",
    "mean_low",
    "mean_high",
    "entropy",
    "evenness",
    "design_effect",
    "effective_lines",
)


def _leaves(by: By = None, period: Period | None = "quarter", against: str | None = None, **_: Any) -> Cells:
    groups = ("family", *names(by), *(["period"] if period else []))
    return Cells(
        by=(*groups, "level"),
        persons="persons",
        shares={"share": groups},
        labels=("codes", *(national.COLUMNS if against else ())),
        facts=lambda claims, frame: _persons(claims, by, period),
        withheld=(*_WITHHELD, *national.COMPARED),
    )


@measure(heading="Levels of visits", leaves=_leaves, chart="mix")
def mix(
    claims: Claims,
    *,
    family: str | Sequence[str] | None = None,
    by: By = None,
    period: Period | None = "quarter",
    min_lines: int = 30,
    confidence: float = 0.95,
    against: str | None = None,
    folder: str | None = None,
) -> pd.DataFrame:
    """One row per code family, group, period and level: its lines and their share of the family.

    Parameters
    ----------
    family: one or several of ``reference.table("code_families")``, such as "office visit, established patient"; all
        that occur without it. A code counts on the days on which its row of that table holds.
    by: dimensions to group by (such as ``rendering_npi`` or ``payer``), see ``claims.dimensions()``. A line stands in
        the group of each diagnosis that it points to.
    period: ``month``, ``quarter`` or ``year`` of service (the column has its first day); None: all time together.
    min_lines: families of a group and period with fewer lines are left out, and counted in the contract.
    confidence: of the intervals.
    against: ``national``, or a specialty of Medicare's such as "Internal Medicine": each level is held against what
        Medicare's clinicians billed, from the file that you add (Medicare Physician and Other Practitioners, by
        provider and service: ``cx.reference.add("MUP_PHY_R24_P05_V10_D22_Prov_Svc.csv")``); ``folder``: where it lies,
        unless in your own.

    Columns
    -------
    family, the dimensions, period, level, codes (of the level, as billed), lines, family_lines, persons of the level;
    share = lines / family_lines with its interval low, high (Wilson's of effective lines), its design_effect (of claims
    or persons, the larger) and effective_lines, family_lines over it; and the same in every row of a family, group and
    period: mean_level with its interval mean_low, mean_high (Student's t, of its own design effect), entropy in bits
    and evenness,
    entropy over that of equal shares of the levels that the table has for the family in that period (1: all levels
    alike, 0: one level alone). Every level of the family that its table has in the period has a row, also with no
    lines. Lines of claims that a
    later claim replaced or voided are left out. With ``against`` also national_share and national_mean_level, and
    share_difference and mean_difference, by how much the group's own are larger; Medicare's patients are older.
    Raises ArgumentError for families and dimensions that are not known.

    >>> import cpticd as cx
    >>> found = cx.patterns.mix(cx.simulate(persons=100, seed=1).claims, by="claim_type", period="year")
    >>> found.columns[:4].tolist()
    ['family', 'claim_type', 'period', 'level']
    """
    one_of("period", period, PERIODS)
    whole("min_lines", min_lines)
    groups = claims.grouping(by)
    known = code_levels.families()
    chosen = list(names(family) or known)
    for name in chosen:
        one_of("family", name, known)
    columns = [*groups.names, *(["period"] if period else [])]
    with claims.session() as s:
        parts, terms = _divided(s, claims, groups, period, chosen)
        found = s.frame(sql.text("patterns/mix"), **parts)
        of_family = "hcpcs_code IN (SELECT code FROM code_levels)"
        dated = s.value(f"SELECT count(*) AS n FROM {parts['lines']} WHERE {of_family}")
        days = s.rows("SELECT min(service_date) AS first, max(service_date) AS last FROM standing_lines")[0]
    found = found.rename(columns=lambda name: name.removeprefix("by_")).rename(
        columns={"of_period": "period"}
    )
    full = _every_level(found, chosen, columns, period, days)
    result, left_out = _measured(full, columns, min_lines, confidence)
    if against is not None:
        result, of_nation = national.against_nation(result, against, folder)
        terms |= of_nation
    return attach(
        result,
        measure="share of levels within a code family" + (f" by {period} of service" if period else ""),
        numerator="service lines of the level",
        denominator="service lines of the family (in the group and period)",
        clock=SERVICE_CLOCK,
        exclusions="lines of claims that a later claim replaced or voided; lines billed outside the dates of their "
        f"code; families of a group and period under {min_lines} lines",
        rows_left_out=int(dated - int(found["lines"].sum())),
        small_groups_left_out=left_out,
        families=chosen if family is not None else "all of code_families that occur",
        groups=groups.names or "none",
        interval=f"{confidence:.0%} Wilson of effective lines (shares), Student's t (mean level); design effects by "
        "claim or person, the larger",
        code_families=code_levels.release(),
        **terms,
    )


def _divided(
    s: Session, claims: Claims, groups: Grouping, period: Period | None, families: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Lines that stand with their groups, and code levels, in a session: parts of the statements; contract terms."""
    code_levels.load(s, families)
    own = [each for each in groups.dimensions if each.level == "diagnosis"]
    dimensions = [each for each in groups.dimensions if each.level != "diagnosis"]
    if period:
        day = claims.known_dimensions()[period]
        dimensions.append(Dimension("of_period", day.sql, day.label, day.level, day.unit))
    terms = model.standing_lines(s, Grouping(tuple(dimensions)))
    lines = "standing_lines"
    if own:
        select = ", ".join(f"{each.sql} AS by_{each.name}" for each in own)
        lines = s.create("mix_lines", sql.text("patterns/mix_lines"), select=select, joins=joined(own))
    columns = "".join(f"o.by_{name}, " for name in [*groups.names, *(["of_period"] if period else [])])
    kept = "o.service_date IS NOT NULL" if period else "TRUE"
    return {"lines": lines, "columns": columns, "kept": kept}, terms


def _persons(claims: Claims, by: By, period: Period | None) -> pd.DataFrame:
    """One row per person, family, group, period and level: facts for disclosure control."""
    with claims.session() as s:
        parts, _ = _divided(s, claims, claims.grouping(by), period, list(code_levels.families()))
        found = s.frame(sql.text("patterns/mix_persons"), **parts)
    return found.rename(columns=lambda name: name.removeprefix("by_")).rename(columns={"of_period": "period"})


def _every_level(
    found: pd.DataFrame, chosen: list[str], columns: list[str], period: Period | None, days: dict[str, Any]
) -> pd.DataFrame:
    """A row for every level that a family has on the days of its period, with the level's codes.

    ``days``: first and last of all lines, which is the period where there is none.
    """
    rows = pd.DataFrame([row for name in chosen for row in code_levels.families()[name]])
    groups = found[["family", *columns]].drop_duplicates()
    full = groups.merge(rows[["family", "code", "level", "effective_from", "effective_to"]], on="family")
    if period:
        step = {"month": 1, "quarter": 3, "year": 12}[period]
        starts = pd.to_datetime(full["period"])
        ends = starts + pd.DateOffset(months=step) - pd.Timedelta(days=1)
    else:
        starts, ends = (pd.Series(pd.Timestamp(days[name]), index=full.index) for name in ("first", "last"))
    begins, stops = (pd.to_datetime(full[name]) for name in ("effective_from", "effective_to"))
    full = full[(begins.isna() | (begins <= ends)) & (stops.isna() | (stops >= starts))]
    keys = ["family", *columns, "level"]
    full = (
        full.groupby(keys, sort=True, dropna=False)["code"]
        .agg(lambda part: " ".join(sorted(part)))
        .reset_index()
    )
    merged = full.merge(found, on=keys, how="left")
    return merged.rename(columns={"code": "codes"}).fillna({"lines": 0, "persons": 0})


def _dependence(
    n: np.ndarray, of: dict[str, np.ndarray], sums: pd.DataFrame
) -> tuple[stats.Dependence, stats.Dependence]:
    """How levels of one claim, or one person, are alike: in shares, and in the mean level.

    of: sums over clusters of each level; sums: of all levels of a family, group and period together.
    """
    total, x = sums["n"].to_numpy(), sums["x"].to_numpy()
    shares, means = {}, {}
    for kind in ("claim", "person"):
        # Of a cluster's lines the levels' parts add up to one, and their numbers to all of them.
        number, whole = (sums[f"{kind}_{name}"].to_numpy() for name in ("part", "nk"))
        shares[kind] = ClusterSums(number, whole, Products(of[f"{kind}_kk"], of[f"{kind}_nk"], whole))
        crossed = Products(sums[f"{kind}_xx"].to_numpy(), sums[f"{kind}_nx"].to_numpy(), whole)
        means[kind] = ClusterSums(number, whole, crossed)
    of_share = stats.ratio_dependence(total, n, total, Products(n, n, total), shares)
    of_mean = stats.ratio_dependence(total, x, total, Products(sums["xx"].to_numpy(), x, total), means)
    return of_share, of_mean


def _measured(
    full: pd.DataFrame, columns: list[str], min_lines: int, confidence: float
) -> tuple[pd.DataFrame, int]:
    """Shares, mean level and entropy per family, group and period; how many of these had too few lines."""
    keys = ["family", *columns]
    full = full.astype({"lines": "int64", "persons": "int64", "level": "int64"})
    n = full["lines"].to_numpy(float)
    value = full["level"].to_numpy(float)
    of = {name: full[name].fillna(0).to_numpy(float) for name in _SUMS}
    sums = pd.DataFrame({"n": n, "x": n * value, "xx": n * value * value, "levels": 1.0, **of})
    sums = sums.assign(**{f"{kind}_xx": of[f"{kind}_nx"] * value for kind in ("claim", "person")})
    place = full.groupby(keys, sort=False, dropna=False).ngroup()
    sums = sums.groupby(place).transform("sum")
    of_share, of_mean = _dependence(n, of, sums)
    total = sums["n"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = n / total
        bits = np.where(n > 0, -share * np.log2(share), 0.0)
        mean = sums["x"].to_numpy() / total
        spread = np.maximum(sums["xx"].to_numpy() / total - mean**2, 0) * total / (total - 1)
        wide = stats.quantile(confidence, of_mean.freedom)
        half = wide * np.sqrt(of_mean.design_effect * spread / total)
        entropy = pd.Series(bits).groupby(place).transform("sum").to_numpy()
        even = np.log2(sums["levels"].to_numpy())
        evenness = np.where(even > 0, entropy / even, np.nan)
    low, high = stats.wilson(
        n, total, confidence, design_effect=of_share.design_effect, freedom=of_share.freedom
    )
    full = full.assign(
        family_lines=total.astype("int64"), share=share, low=low, high=high, mean_level=mean, mean_low=mean - half,
        mean_high=mean + half, entropy=entropy.round(12), evenness=evenness.round(12),
        design_effect=of_share.design_effect, effective_lines=total / of_share.design_effect,
    )  # fmt: skip
    enough = full["family_lines"] >= min_lines
    small = int(full.loc[~enough, keys].drop_duplicates().shape[0])
    return full.loc[enough, [*keys, *MEASURES]].reset_index(drop=True), small
