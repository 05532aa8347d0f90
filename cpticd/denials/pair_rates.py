"""Diagnosis × procedure pairs: which are denied more than their like, by whom, for what, at what cost."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import codes, sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Part, measure
from cpticd.core.selection import By, Grouping
from cpticd.core.session import Session
from cpticd.denials import pair_leaves
from cpticd.denials.pair_leaves import KEYS, Q_THRESHOLD

Grain = Literal["code", "family"]
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
    min_lines: int = 30,
) -> pd.DataFrame:
    """One row per procedure and diagnosis (and group) of at least ``min_lines`` adjudicated lines.

    Parameters
    ----------
    by: dimensions, see ``claims.dimensions()``: each group has its own pairs, compared with lines of the group.
    grain: ``code``, or ``family`` (procedure section x diagnosis chapter; a line counts once per pair).
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines: pairs with fewer lines are left out, and counted in the contract.

    Columns
    -------
    the dimensions of ``by``, hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; lines, persons,
    denied_lines; rate with its Wilson interval low, high; expected_rate, that of other diagnoses' lines
    of the same procedure, payer, place and quarter (leaning on the payer's rate for the procedure, with
    the weight of 10 lines, where those are few); shrunk_rate (beta-binomial empirical Bayes towards
    expected_rate); excess_denials = denied_lines - expected; lift = rate / expected_rate;
    comparison_lines, the lines compared with; p_value (one-sided, stratified hypergeometric,
    saddlepoint), q_value (Benjamini-Hochberg over the rows, contract: family_size);
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
        found = s.frame(
            sql.text("denials/pairs_judged"),
            {"min_lines": int(min_lines)},
            p="primary_" if pointer == "primary" else "",
            prior_lines=PRIOR_LINES,
            **(_model(grain, groups) or _grouped(s, grain, groups)),
        )
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
        test="stratified hypergeometric, one-sided (excess), Benjamini-Hochberg",
        rows_left_out=left_out,
        small_pairs_left_out=int(found["all_pairs"].iloc[0]) - len(found) if len(found) else None,
    )


#: Names of a pair of codes or families, and of its payer, beside its totals.
_CODE_NAMES: Final = (
    "LEFT JOIN procedure_families hf ON hf.hcpcs_code = {q}.hcpcs_code "
    "LEFT JOIN diagnosis_families df ON df.diagnosis_code = {q}.diagnosis_code"
)


def _model(grain: Grain, groups: Grouping) -> dict[str, Any] | None:
    """The relations of the model that hold these pairs, as parts of ``pairs_judged``; none where no relation does."""
    if groups.names not in ([], ["payer"]):
        return None
    payer = bool(groups.names)
    if grain == "code":
        q = "q" if payer else "e"
        names = f"{q}.hcpcs_code, {q}.diagnosis_code, hf.hcpcs_family, df.diagnosis_family,"
        joins = ("JOIN pair_totals q ON q.pair_id = e.pair_id " if payer else "") + _CODE_NAMES.format(q=q)
        return {
            "totals": "payer_pair_totals" if payer else "pair_totals",
            "key": "payer_pair_id" if payer else "pair_id",
            "cells": "cells", "causes": "cell_causes",
            "names": ("e.payer, " if payer else "") + names, "name_joins": joins,
        }  # fmt: skip
    if not payer:
        return _families("family_totals", "pair_id", "", "")
    totals = "(SELECT t.*, t.pair_id AS payer_pair_id FROM payer_family_totals t)"
    return _families(
        totals, "payer_pair_id", "g0.payer, ",
        "JOIN (SELECT DISTINCT payer_id, payer FROM strata) g0 ON g0.payer_id = e.group_id",
    )  # fmt: skip


def _families(totals: str, key: str, names: str, joins: str) -> dict[str, Any]:
    return {
        "totals": totals, "key": key, "cells": "family_cells", "causes": "family_causes",
        "names": f"{names}e.h AS hcpcs_family, e.d AS diagnosis_family,", "name_joins": joins,
    }  # fmt: skip


def _grouped(s: Session, grain: Grain, groups: Grouping) -> dict[str, Any]:
    """Pairs of other groups, added up in the session; parts of ``pairs_judged``."""
    keys = groups.columns
    strata = s.create(
        "group_strata", sql.text("denials/pair_strata"),
        select=groups.select, joins=groups.joins, keys=keys, order_keys=f"ORDER BY {', '.join(groups.names)}",
    )  # fmt: skip
    hcpcs, diagnosis = KEYS[grain]
    bridge = s.create(
        "group_bridge", sql.text("denials/pair_bridge"), grain=grain, select=groups.select, joins=groups.joins,
        strata=strata, hcpcs=hcpcs, diagnosis=diagnosis,
        same="".join(f" AND s.{name} IS NOT DISTINCT FROM o.{name}" for name in groups.names),
    )  # fmt: skip
    parts: dict[str, Any] = {
        "bridge": bridge, "strata": strata, "group": "group_id", "ids": "t.pair_id",
        "totals": "JOIN group_totals t ON t.h = c.h AND t.d = c.d AND t.group_id = c.group_id",
    }  # fmt: skip
    s.create("group_totals", sql.text("pair_totals_of"), **parts)
    s.create("group_cells", sql.text("pair_cells_of"), **parts)
    s.create("group_causes", sql.text("pair_causes_of"), **parts)
    listed = "".join(f"g0.{name}, " for name in groups.names)
    names = f"{listed}e.h AS {hcpcs}, e.d AS {diagnosis}, "
    joins = f"JOIN (SELECT DISTINCT {keys} group_id FROM {strata}) g0 ON g0.group_id = e.group_id "
    if grain == "code":
        names += "hf.hcpcs_family, df.diagnosis_family,"
        joins += (
            "LEFT JOIN procedure_families hf ON hf.hcpcs_code = e.h "
            "LEFT JOIN diagnosis_families df ON df.diagnosis_code = e.d"
        )
    return {
        "totals": "group_totals", "key": "pair_id", "cells": "group_cells", "causes": "group_causes",
        "names": names, "name_joins": joins,
    }  # fmt: skip


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
    p_value = stats.stratified_excess(k, mean, variance, third, fourth)
    p_value = np.where(variance > 0, p_value, np.nan)
    low, high = stats.wilson(k, n)
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
