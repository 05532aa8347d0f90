"""Diagnosis × procedure pairs: which are denied more than their like, by whom, for what, at what cost."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import codes, sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Part, measure
from cpticd.core.selection import By
from cpticd.core.session import Session
from cpticd.denials import pair_leaves
from cpticd.denials.pair_dependence import with_dependence
from cpticd.denials.pair_leaves import KEYS, Q_THRESHOLD
from cpticd.denials.pair_sources import Grain, grouped, of_model

Pointer = Literal["all", "primary"]

#: Lines that a coarser rate weighs beside those of a stratum, so that a small stratum is not taken at its word.
PRIOR_LINES: Final = 10


@measure(
    heading="Diagnosis × procedure pairs",
    leaves=pair_leaves.leaves,
    chart="pair_scatter",
    report=[
        Part("pairs", "pairs", "Diagnosis × procedure pairs", lambda given: {"min_lines": given["min_lines"]}),
        Part(
            "payer_pairs", "pairs", "Pairs by payer",
            lambda given: {"by": "payer", "min_lines": given["min_lines"]},
        ),
        Part(
            "families", "pairs", "Families of diagnoses and procedures",
            lambda given: {"grain": "family", "min_lines": given["min_lines"]},
        ),
    ],
)  # fmt: skip
def by_pair(
    claims: Claims,
    *,
    by: By = None,
    grain: Grain = "code",
    pointer: Pointer = "all",
    cause: str | Collection[str] | None = None,
    min_lines: int = 30,
) -> pd.DataFrame:
    """One row per procedure and diagnosis (and group) of at least ``min_lines`` adjudicated lines.

    Parameters
    ----------
    by: dimensions, see ``claims.dimensions()``: each group has its own pairs, compared with lines of the group.
    grain: ``code``, or ``family`` (procedure section x diagnosis chapter; a line counts once per pair).
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    cause: count only denials of this root cause, a category of ``causes``, or of several; ``diagnosis related``: all
        categories that concern the diagnosis (table carc_categories). Eligibility, credentialing and limits, which
        deny a person's or a provider's lines together, then do not blur what a diagnosis does.
    min_lines: pairs with fewer lines are left out, and counted in the contract.

    Columns
    -------
    the dimensions of ``by``, hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; lines, persons,
    denied_lines; rate with its interval low, high (Wilson's of effective lines); expected_rate, that of other
    diagnoses' lines of the same procedure, payer, place and quarter (leaning on the payer's rate for the procedure,
    with the weight of 10 lines, where those are few); shrunk_rate (beta-binomial empirical Bayes towards
    expected_rate); excess_denials = denied_lines - expected; lift = rate / expected_rate;
    comparison_lines, the lines compared with; p_value (one-sided, stratified hypergeometric of effective
    counts, saddlepoint), q_value (Benjamini-Hochberg over the rows; contract: family_size, their number, and
    detectable, which difference would have been found); design_effect, how many times the variance of the
    rate is that of independent lines, by claim or by person, the larger (``stats.dependence``), effective_lines =
    lines / design_effect, and the shares of the person and of the provider with most of the lines (p_value minds
    providers as well, whose habits are no diagnosis's);
    denied_amount, the pair's share of denied dollars, excess_amount, the part of it beyond the expected;
    top_category, the most frequent of its denied lines, and top_carc, the most frequent of that category.

    First come pairs with q_value up to 0.10, then by excess_amount, excess_denials and codes. Raises ArgumentError
    for dimensions that are not there, and for those of diagnoses, which a pair has itself.

    >>> import cpticd as cx
    >>> pairs = cx.denials.by_pair(cx.simulate(persons=200, seed=1).claims, grain="family", min_lines=10)
    >>> bool((pairs["lines"] >= 10).all())
    True
    """
    groups = claims.grouping(by)
    if grain not in KEYS or pointer not in ("all", "primary") or min_lines < 1:
        raise ArgumentError(
            f"grain={grain!r}, pointer={pointer!r}, min_lines={min_lines!r}: expected grain 'code' or 'family', "
            "pointer 'all' or 'primary', min_lines 1 or more"
        )
    if groups.level == "diagnosis":
        raise ArgumentError(f"by={by!r}: a pair has its diagnosis itself; divide pairs by other dimensions")
    keys = [*groups.names, *KEYS[grain]]
    with claims.session(pairs=True) as s:
        parts = (None if cause else of_model(grain, groups)) or grouped(s, grain, groups, cause)
        parts["p"] = "primary_" if pointer == "primary" else ""
        found = _found(s, int(min_lines), parts)
        left_out = _left_out(s)
    result = judge(found, keys, grain)
    return attach(
        result,
        measure=f"initial denials by procedure x diagnosis {grain}"
        + "".join(f" and {n}" for n in groups.names),
        numerator="lines denied at first adjudication; dollars by the diagnosis's share (1/k) of the line",
        denominator=f"adjudicated lines that point to the diagnosis ({pointer} pointers)",
        clock=CLOCKS["initial"],
        exclusions=f"lines without procedure or diagnosis, not adjudicated; pairs under {min_lines} lines",
        expected="other lines of the same procedure, payer, place and quarter of service"
        + ("" if groups.names in ([], ["payer"]) else ", in the group"),
        family_size=int(result["p_value"].notna().sum()),
        detectable=pair_leaves.missed(result),
        test="stratified hypergeometric of effective counts (design effect by claim, person or provider, the largest), "
        "one-sided (excess), Benjamini-Hochberg",
        interval="95% Wilson of effective lines (design effect by claim or person, the larger)",
        rows_left_out=left_out,
        small_pairs_left_out=int(found["all_pairs"].iloc[0]) - len(found) if len(found) else None,
    )


def _found(s: Session, min_lines: int, parts: dict[str, Any]) -> pd.DataFrame:
    """What the pairs are judged from: counts, what is expected, and how lines depend on one another."""
    found = s.frame(
        sql.text("denials/pairs_judged"), {"min_lines": min_lines}, prior_lines=PRIOR_LINES, **parts
    )
    sums = s.frame(sql.text("denials/pairs_clustered"), {"min_lines": min_lines}, **parts)
    procedures = s.frame(sql.text("denials/procedures_clustered"), **parts)
    return with_dependence(found, sums, procedures)


def _left_out(s: Session) -> int:
    """Adjudicated lines that are in no pair: the shares of a line's pairs add up to 1."""
    (row,) = s.rows(
        "SELECT (SELECT sum(lines) FROM strata) AS lines, (SELECT sum(share) FROM pair_totals) AS paired"
    )
    return round(float(row["lines"] or 0) - float(row["paired"] or 0))


def judge(found: pd.DataFrame, keys: list[str], grain: Grain) -> pd.DataFrame:
    """Rates, their expectation and error control, from the counts of each pair."""
    # Sums over rows in any order end in noise that differs from run to run.
    sums = ["denied_amount", "mean", "variance", "third", "fourth", "expected"]
    found = found.assign(**found[sums].astype(float).round(9))
    k, n = found["denied_lines"].to_numpy(float), found["lines"].to_numpy(float)
    expected = np.clip(found["expected"].to_numpy(float) / n, 0, 1)
    mean, variance, third, fourth = (
        found[name].to_numpy(float) for name in ("mean", "variance", "third", "fourth")
    )
    p_value = stats.stratified_excess(
        k, mean, variance, third, fourth,
        design_effect=found["test_effect"].to_numpy(float), freedom=found["test_freedom"].to_numpy(float),
    )  # fmt: skip
    p_value = np.where(variance > 0, p_value, np.nan)
    effect = found["design_effect"].to_numpy(float)
    low, high = stats.wilson(k, n, design_effect=effect, freedom=found["freedom"].to_numpy(float))
    rate = k / n
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where(expected > 0, rate / expected, np.nan)
        beyond = np.where(k > 0, np.clip((k - expected * n) / k, 0, None), 0)
    result = found[keys].copy()
    if grain == "code":
        result["hcpcs_family"] = found["hcpcs_family"].fillna(codes.UNKNOWN_FAMILY)
        result["diagnosis_family"] = found["diagnosis_family"].fillna(codes.UNKNOWN_FAMILY)
    amount = found["denied_amount"].to_numpy(float).round(6)  # half cents are common
    result = result.assign(
        lines=found["lines"].astype("int64"),
        persons=found["persons"].fillna(0).astype("int64"),
        denied_lines=found["denied_lines"].astype("int64"),
        rate=rate,
        low=low,
        high=high,
        expected_rate=expected,
        shrunk_rate=stats.shrink(k, n, expected)[0] if len(found) else rate,
        excess_denials=k - expected * n,
        comparison_lines=found["comparison_lines"],
        p_value=p_value,
        q_value=stats.benjamini_hochberg(p_value),
        lift=lift,
        design_effect=effect,
        effective_lines=n / effect,
        largest_person_share=found["largest_person_share"],
        largest_provider_share=found["largest_provider_share"],
        denied_amount=amount.round(2),
        excess_amount=(amount * beyond).round(2),
        top_category=found["top_category"],
        top_carc=found["top_carc"],
    )
    first = (result["q_value"] > Q_THRESHOLD) | result["q_value"].isna()
    order = ["_later", "excess_amount", "excess_denials", *keys]
    result = result.assign(_later=first).sort_values(
        order, ascending=[True, False, False, *[True] * len(keys)], ignore_index=True
    )
    return result.drop(columns="_later")
