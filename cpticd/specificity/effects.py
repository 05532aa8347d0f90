"""Do payers deny unspecified codes more often than their specific siblings?"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.measure import Linked, Part, measure
from cpticd.core.selection import By, Grouping
from cpticd.core.session import Session
from cpticd.reference import traits
from cpticd.specificity import effect_leaves, judged_codes
from cpticd.specificity.odds import mantel_haenszel

Pointer = Literal["all", "primary"]
POINTERS: Final = ("all", "primary")

#: Of each thing that a code may leave open: which codes are compared (relation ``k``), and with which.
CONTRASTS: Final = {
    "any": ("k.unspecified AND k.specific_sibling AND NOT k.alternative", "NOT k.unspecified"),
    "condition": (
        "k.condition_unspecified AND k.specific_sibling AND NOT k.alternative",
        "NOT k.condition_unspecified",
    ),
    "laterality": ("k.laterality_missing", "k.sided AND NOT k.laterality_missing"),
    "severity": ("k.severity_missing AND k.specific_sibling", "NOT k.unspecified"),
    "acuity": ("k.acuity_missing AND k.specific_sibling", "NOT k.unspecified"),
    "encounter": ("k.episode_missing", "k.staged AND NOT k.episode_missing"),
}
#: What a line is always compared within.
STRATA: Final = {
    "diagnosis_category": "k.diagnosis_category",
    "episode": "k.episode",
    "payer": "o.payer",
    "hcpcs_code": "o.hcpcs_code",
}
#: Cells that a stratum is expected to hold at least, for the test of homogeneity: with 2 it is right in 95 of 100 cases
#: where nothing differs, with less it is not (strata of these claims are small).
MIN_EXPECTED: Final = 2.0
#: Error rate at which a group is put before the others.
Q_THRESHOLD: Final = 0.10
#: Persons' worth of what all groups show of how alike a person's lines are, beside a group's own.
PRIOR_PERSONS: Final = 5.0
_CELLS: Final = ("a", "b", "c", "d")


@measure(
    heading="Denial odds of unspecified codes",
    leaves=Linked(effect_leaves.tables, effect_leaves.as_shown),
    chart="effect",
    report=[Part("effect", "specificity", "Denial odds of unspecified codes")],
)
def effect(
    claims: Claims,
    by: By = "diagnosis_family",
    *,
    missing: str = "any",
    within: By = None,
    pointer: Pointer = "all",
    min_lines: int = 20,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group: odds of an initial denial with an unspecified code against specific codes of its category.

    Parameters
    ----------
    by: dimensions to group by, see ``claims.dimensions()``; those of diagnoses (``diagnosis_family``,
        ``diagnosis_category``) are the code's own; None gives one row.
    missing: what the unspecified code leaves open: ``any`` (its title says unspecified or NOS), ``condition``,
        ``laterality``, ``severity``, ``acuity`` or ``encounter`` (the seventh character).
    within: further dimensions within which lines are compared, such as ``("place", "quarter")``. Always compared
        within are procedure, payer, diagnosis category and, of injuries, episode (not where that is missing).
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines: groups with fewer comparable lines of either kind are left out, and counted in the contract.
    confidence: of the intervals.

    Columns
    -------
    the dimensions; unspecified_lines, unspecified_denied, specific_lines, specific_denied, unspecified_rate,
    specific_rate, of lines in comparable strata (both kinds are there); other_lines (unspecified, nothing to compare
    with); strata (that are informative), persons, payers, procedures; odds_ratio (Mantel-Haenszel), low_odds_ratio
    and high_odds_ratio (Robins, Breslow and Greenland: as if lines were independent), clustered_low_odds_ratio and
    clustered_high_odds_ratio (of the variance times design_effect, Student's t); design_effect, by how much lines of
    one person widen the variance of the log odds ratio (linearised; 1 at least), and effective_lines, the compared
    lines over it; p_value (Cochran-Mantel-Haenszel, two-sided, its deviate over the root of the design effect),
    q_value (Benjamini-Hochberg over the rows); homogeneity (Breslow-Day with Tarone's correction, over the
    homogeneity_df + 1 strata of which every cell is expected to hold two lines or more) and homogeneity_p_value:
    small where the odds ratio differs from stratum to stratum, so that one number does not say it all;
    excess_denials (unspecified_denied - what the specific codes' rates of the same strata would give);
    denied_amount (US dollars, the unspecified codes' share of denied dollars in comparable strata).

    A line that points to an unspecified and to a specific code of the same category is not compared. Surest first:
    by q_value up to 0.10, then by excess_denials. The contract's ``records["total"]`` holds the same for all
    rows together. Raises ArgumentError for arguments that are not known.

    >>> import cpticd as cx
    >>> found = cx.specificity.effect(cx.simulate(persons=300, seed=1).claims, by=None, min_lines=1)
    >>> bool((found["low_odds_ratio"] <= found["high_odds_ratio"]).all())
    True
    """
    one_of("missing", missing, CONTRASTS)
    one_of("pointer", pointer, POINTERS)
    fewest = whole("min_lines", min_lines)
    groups, further = claims.grouping(by), claims.grouping(within, argument="within")
    every = Grouping(tuple(dict.fromkeys([*groups.dimensions, *further.dimensions])))
    inside = {name: column for name, column in STRATA.items() if name != "episode" or missing != "encounter"}
    inside |= judged_codes.columns(every)
    keys = [f"by_{name}" for name in groups.names]
    with claims.session() as s:
        terms = judged_codes.prepare(s, every, superseded=True)
        expose(s, inside, missing, pointer)
        strata, counts = _strata(s, list(inside), keys)
        variance = _clustered(s, strata)
        lines = _compared(s, keys)
    found = _measured(strata, counts.set_index("group"), variance, keys, confidence)
    enough = (found["unspecified_lines"] >= fewest) & (found["specific_lines"] >= fewest)
    result = _ordered(found[enough].drop(columns="log_variance"), keys)
    result = result.rename(columns=dict(zip(keys, groups.names, strict=True)))
    mixed = int(counts["mixed_lines"].sum())
    return attach(
        result,
        records={"total": _total(strata, confidence), effect_leaves.RECORD: lines},
        measure=f"denial odds of unspecified codes ({missing}) against specific codes of their category",
        numerator="lines denied at first adjudication",
        denominator=f"adjudicated lines that point to the category ({pointer} pointers)",
        clock=CLOCKS["initial"],
        exclusions="lines that point to both kinds; strata with one kind only; codes without a specific sibling; "
        f"groups with fewer than {fewest} comparable lines of either kind",
        rows_left_out=mixed + int(counts["other_lines"].sum()),
        lines_with_both_kinds=mixed,
        small_groups_left_out=int((~enough).sum()),
        compared_within=list(inside),
        interval=f"{confidence:.0%} Robins-Breslow-Greenland; clustered: times the design effect by person",
        test="Cochran-Mantel-Haenszel of effective lines, two-sided, Benjamini-Hochberg; homogeneity: Breslow-Day, "
        f"Tarone, over strata whose cells are expected to hold {MIN_EXPECTED:g} or more",
        family_size=int(result["p_value"].notna().sum()),
        code_set_release=traits.RELEASE,
        **terms,
    )


def expose(s: Session, inside: dict[str, str], missing: str, pointer: Pointer) -> None:
    """Make ``exposed_lines`` in a session: adjudicated lines by category; of ``inside`` the columns by_<name>."""
    exposed, compared = CONTRASTS[missing]
    s.create(
        "exposed_lines",
        sql.text("specificity/exposed_lines"),
        exposed=exposed,
        compared=compared,
        select="".join(f"{column} AS by_{name}, " for name, column in inside.items()),
        by=", ".join(dict.fromkeys(inside.values())),
        pointer="p.is_primary" if pointer == "primary" else "TRUE",
    )


def _strata(s: Session, inside: list[str], groups: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per stratum that has both kinds of lines, its cells a to d; and counts of each group (``by_…``)."""
    keys = [f"by_{name}" for name in inside]
    s.create("effect_strata", sql.text("specificity/effect_strata"), keys=", ".join(keys))
    same = " AND ".join(f"x.{key} IS NOT DISTINCT FROM l.{key}" for key in keys)
    s.create("effect_lines", sql.text("specificity/effect_lines"), same=same)
    columns = "".join(f"{name}, " for name in groups)
    strata = s.frame("SELECT * FROM effect_strata ORDER BY stratum")
    counts = s.frame(
        sql.text("specificity/effect_groups"),
        columns=columns,
        group=f"GROUP BY {columns.rstrip(', ')}" if groups else "",
    )
    return strata.assign(group=effect_leaves.label(strata, groups)), counts.assign(
        group=effect_leaves.label(counts, groups)
    )


def _compared(s: Session, groups: list[str]) -> pd.DataFrame:
    """One row per line that is compared and group: group, claim_id, claim_line_number, exposed."""
    columns = "".join(f"{name}, " for name in groups)
    found = s.frame(
        f"SELECT {columns} claim_id, claim_line_number, exposed FROM effect_lines "
        "WHERE stratum IS NOT NULL AND exposed + compared = 1"
    )
    return found.assign(group=effect_leaves.label(found, groups)).drop(columns=groups)


def _measured(
    strata: pd.DataFrame, counts: pd.DataFrame, variance: pd.DataFrame, groups: list[str], confidence: float
) -> pd.DataFrame:
    common = mantel_haenszel(
        strata["group"], *(strata[cell] for cell in _CELLS), min_expected=MIN_EXPECTED, confidence=confidence
    )
    exposed, specific = strata["a"] + strata["b"], strata["c"] + strata["d"]
    sums = strata.assign(exposed=exposed, specific=specific, expected=exposed * strata["c"] / specific)
    sums = sums.groupby("group")[[*_CELLS, "exposed", "specific", "expected", "denied_amount"]].sum()
    frame = counts.join(sums, how="inner").join(common, how="left")
    whole = {name: frame[name].round().astype("int64") for name in ("exposed", "a", "specific", "c")}
    effect, freedom = _design_effect(variance.reindex(frame.index))
    p_value = two_sided(frame["p_value"], effect, freedom)
    half = stats.quantile(confidence, freedom) * np.sqrt(frame["log_variance"].to_numpy(float) * effect)
    found = frame[groups].assign(
        unspecified_lines=whole["exposed"],
        unspecified_denied=whole["a"],
        specific_lines=whole["specific"],
        specific_denied=whole["c"],
        unspecified_rate=frame["a"] / frame["exposed"],
        specific_rate=frame["c"] / frame["specific"],
        other_lines=frame["other_lines"],
        strata=frame["strata"].fillna(0).astype("int64"),
        **{name: frame[name].astype("int64") for name in ("persons", "payers", "procedures")},
        odds_ratio=frame["odds_ratio"],
        low_odds_ratio=frame["low"],
        high_odds_ratio=frame["high"],
        clustered_low_odds_ratio=frame["odds_ratio"] * np.exp(-half),
        clustered_high_odds_ratio=frame["odds_ratio"] * np.exp(half),
        design_effect=effect,
        effective_lines=(whole["exposed"] + whole["specific"]) / effect,
        p_value=p_value,
        homogeneity=frame["homogeneity"],
        homogeneity_df=frame["homogeneity_df"].fillna(0).astype("int64"),
        homogeneity_p_value=frame["homogeneity_p_value"],
        excess_denials=(frame["a"] - frame["expected"]).round(6),
        denied_amount=frame["denied_amount"].astype(float).round(2),
        log_variance=frame["log_variance"],
    )
    return found.reset_index(drop=True)


def _design_effect(variance: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Of each group how many times its log odds ratio's variance is that of independent lines; degrees of freedom.

    1 at least; with few persons it leans, with the weight of five, on what all groups together show.
    """
    persons = variance["persons"].fillna(0).to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log((variance["together"] / variance["alone"]).to_numpy(float))
    known = np.isfinite(logs)
    weight = np.where(known, np.maximum(persons - 1, 0), 0.0)
    logs = np.where(known, logs, 0.0)
    together = max(float((weight * logs).sum() / weight.sum()) if weight.sum() else 0.0, 0.0)
    effect = np.exp((weight * logs + PRIOR_PERSONS * together) / (weight + PRIOR_PERSONS)).round(9)
    effect = np.maximum(effect, 1.0)
    with np.errstate(divide="ignore"):
        freedom = (np.maximum(persons - 1, 0) + PRIOR_PERSONS) * (effect / (effect - 1)) ** 2
    return effect, freedom


def two_sided(p_value: pd.Series, effect: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Two-sided p-values whose deviates are divided by the root of the design effect, and are of a t distribution."""
    from scipy.special import ndtri, stdtr

    p = p_value.to_numpy(float)
    with np.errstate(invalid="ignore"):
        weaker = 2 * stdtr(np.minimum(freedom, 1e9), ndtri(p / 2) / np.sqrt(effect))
    return np.where(effect > 1, np.maximum(weaker, p), p)


def _clustered(s: Session, strata: pd.DataFrame) -> pd.DataFrame:
    """Persons, and the variance of each group's log odds ratio when lines of a person hang together, and alone.

    A line counts with the derivative of log(sum ad/n) - log(sum bc/n) by its cell.
    """
    t = pd.DataFrame({"stratum": strata["stratum"], "grp": strata["group"]})
    a, b, c, d = (strata[cell].astype(float) for cell in _CELLS)
    n = a + b + c + d
    total_r = (a * d / n).groupby(strata["group"]).transform("sum")
    total_s = (b * c / n).groupby(strata["group"]).transform("sum")
    r, s_ = a * d / n**2, b * c / n**2
    with np.errstate(divide="ignore", invalid="ignore"):
        t["w_a"] = (d / n - r) / total_r + s_ / total_s
        t["w_b"] = -r / total_r - (c / n - s_) / total_s
        t["w_c"] = -r / total_r - (b / n - s_) / total_s
        t["w_d"] = (a / n - r) / total_r + s_ / total_s
    s.load("effect_weights", t.loc[np.isfinite(t[["w_a", "w_b", "w_c", "w_d"]].to_numpy(float)).all(axis=1)])
    sums = s.frame(sql.text("specificity/effect_clusters"))
    clusters = sums["clusters"].astype(float)
    lines = sums["lines"].astype(float)
    together = (sums["squares"] * clusters / (clusters - 1)).where(clusters > 1).round(12)
    alone = (sums["line_squares"] * lines / (lines - 1)).where(lines > 1).round(12)
    columns = {"together": together, "alone": alone, "persons": clusters}
    found = {name: values.to_numpy(float) for name, values in columns.items()}
    return pd.DataFrame(found, index=pd.Index(sums["grp"], name="group"))


def _total(strata: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """All strata as one group."""
    cells = (strata[cell] for cell in _CELLS)
    row = mantel_haenszel(np.zeros(len(strata)), *cells, min_expected=MIN_EXPECTED, confidence=confidence)
    if row.empty:
        return {}
    one = row.iloc[0]
    names = {"low": "low_odds_ratio", "high": "high_odds_ratio"}
    columns = [
        "strata", "odds_ratio", "low", "high", "p_value", "homogeneity", "homogeneity_df", "homogeneity_p_value",
    ]  # fmt: skip
    found = {names.get(name, name): float(one[name]) for name in columns}
    return {
        "unspecified_lines": int((strata["a"] + strata["b"]).sum()),
        "specific_lines": int((strata["c"] + strata["d"]).sum()),
        "unspecified_denied": int(strata["a"].sum()),
        **found,
    }


def _ordered(found: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    found = found.assign(q_value=stats.benjamini_hochberg(found["p_value"].to_numpy(float)))
    later = ~(found["q_value"] <= Q_THRESHOLD)
    found = found.assign(_later=later).sort_values(
        ["_later", "excess_denials", "unspecified_lines", *groups],
        ascending=[True, False, False, *[True] * len(groups)], ignore_index=True,
    )  # fmt: skip
    columns = [name for name in found.columns if name not in ("_later", "q_value")]
    place = columns.index("p_value") + 1
    return found[[*columns[:place], "q_value", *columns[place:]]]
