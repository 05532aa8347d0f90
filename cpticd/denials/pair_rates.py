"""Which diagnosis x procedure pairs are denied more than their like, by whom, for what, at what cost."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from cpticd import codes, stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame

Level = Literal["code", "family"]
Pointer = Literal["all", "primary"]

#: Lines that a coarser rate weighs beside those of a stratum, so that a small stratum is not taken at its word.
PRIOR_LINES: Final = 10
#: Error rate at which a pair is put before the others.
Q_THRESHOLD: Final = 0.10

_KEYS = {"code": ("hcpcs_code", "diagnosis_code"), "family": ("hcpcs_family", "diagnosis_family")}


def by_pair(
    claims: Claims,
    *,
    by: Literal["payer"] | None = None,
    level: Level = "code",
    pointer: Pointer = "all",
    min_lines: int = 30,
) -> pd.DataFrame:
    """One row per procedure and diagnosis (and payer) of at least ``min_lines`` adjudicated lines.

    Parameters
    ----------
    by: ``"payer"`` gives each payer its own pairs.
    level: ``code``, or ``family`` (procedure section x diagnosis chapter; a line counts once per pair).
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines: pairs with fewer lines are left out, and counted in the contract.

    Columns
    -------
    payer (with ``by``), hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; lines, persons,
    denied_lines; rate with its Wilson interval low, high; expected_rate, that of other diagnoses' lines
    of the same procedure, payer, place and quarter (leaning on the payer's rate for the procedure, with
    the weight of 10 lines, where those are few); shrunk_rate (beta-binomial empirical Bayes towards
    expected_rate); excess_denials = denied_lines - expected; lift = rate / expected_rate;
    comparison_lines, the lines compared with; p_value (one-sided, stratified hypergeometric,
    saddlepoint), q_value (Benjamini-Hochberg over the rows, contract: family_size);
    denied_amount, the pair's share of denied dollars, excess_amount, the part of it beyond the expected;
    top_category, the most frequent of its denied lines, and top_carc, the most frequent of that category.

    First come pairs with q_value up to 0.10, then by excess_amount, excess_denials and codes.
    """
    if by not in (None, "payer") or level not in _KEYS or pointer not in ("all", "primary") or min_lines < 1:
        raise ArgumentError(
            f"by={by!r}, level={level!r}, pointer={pointer!r}, min_lines={min_lines!r}: expected by None or "
            "'payer', level 'code' or 'family', pointer 'all' or 'primary', min_lines 1 or more"
        )
    keys = [*([by] if by else []), *_KEYS[level]]
    sql = _code_sql(by, pointer) if level == "code" else _family_sql(by, pointer)
    found = to_frame(claims.engine.fetch(sql, {"min_lines": int(min_lines)}))
    result = _measure(found, keys, level)
    left_out = _left_out(claims)
    return attach(
        result,
        measure=f"initial denials by procedure x diagnosis {level}" + (" and payer" if by else ""),
        numerator="lines denied at first adjudication; dollars by the diagnosis's share (1/k) of the line",
        denominator=f"adjudicated lines that point to the diagnosis ({pointer} pointers)",
        clock=CLOCKS["initial"],
        exclusions=f"lines without procedure or diagnosis, not adjudicated; pairs under {min_lines} lines",
        expected="other lines of the same procedure, payer, place and quarter of service",
        family_size=int(result["p_value"].notna().sum()),
        test="stratified hypergeometric, one-sided (excess), Benjamini-Hochberg",
        rows_left_out=left_out,
        small_pairs_left_out=int(found["all_pairs"].iloc[0]) - len(found) if len(found) else None,
    )


#: From compared cells (n lines, d denied, of ns and ds in the stratum, and a prior rate) to expectations.
#: mean, variance, third and fourth are the cumulants of a count of the n lines' denials when ds of the
#: stratum's ns lines are denied, whichever: hypergeometric, as in stats.hypergeometric_cumulants.
_EXPECTED: Final = f"""
    SELECT {{names}}, sum(n * ds / ns) AS mean, sum(v) AS variance,
        sum(CASE WHEN ns > 2 THEN v * (ns - 2 * ds) * (ns - 2 * n) / (ns * (ns - 2)) ELSE 0 END) AS third,
        sum(CASE WHEN ns > 3
            THEN v * (ns * (ns + 1) - 6 * ds * (ns - ds) - 6 * n * (ns - n) + 6 * v * (5 * ns - 6))
                / ((ns - 2) * (ns - 3))
            ELSE v * (1 - 6 * v) END) AS fourth,
        sum(n * (ds - d + {PRIOR_LINES} * prior) / (ns - n + {PRIOR_LINES})) AS expected,
        CAST(sum(ns - n) AS BIGINT) AS comparison_lines
    FROM (
        SELECT *, CASE WHEN ns > 1 THEN n * (ns - n) * ds * (ns - ds) / (ns * ns * (ns - 1)) ELSE 0 END AS v
        FROM compared
    ) weighed
    GROUP BY {{names}}"""
#: The payer's rate for the procedure without the pair's own lines, leaning on its rate for everything.
_PRIOR: Final = f"({{d}} + {PRIOR_LINES} * {{rate}}) / ({{n}} + {PRIOR_LINES})"


def _of_category(names: list[str]) -> str:
    """SQL of what caused the denials of the pair's most frequent category."""
    same = " AND ".join(f"g.{name} = c.{name}" for name in names)
    return f"SELECT c.* FROM caused c JOIN categories g ON {same} AND g.denial_category = c.denial_category"


def _top(what: str, names: str, source: str = "caused") -> str:
    """SQL of the pair's most frequent category or CARC in ``source``; ties go to the first in the alphabet."""
    return f"""
        SELECT {names}, {what} FROM (
            SELECT {names}, {what}, row_number() OVER (PARTITION BY {names} ORDER BY sum(n) DESC, {what}) AS place
            FROM {source} WHERE {what} IS NOT NULL GROUP BY {names}, {what}
        ) WHERE place = 1"""


def _code_sql(by: str | None, pointer: Pointer) -> str:
    """SQL of one row per pair of codes with enough lines: totals, expectation, causes.

    Two phases: totals tell which pairs have enough lines, and only their cells are compared.
    """
    totals, key = ("payer_pair_totals", "payer_pair_id") if by else ("pair_totals", "pair_id")
    p = "primary_" if pointer == "primary" else ""
    code = "q" if by else "e"
    return f"""
        WITH enough AS MATERIALIZED (SELECT * FROM {totals} WHERE {p}lines >= $min_lines),
        compared AS (
            SELECT c.{key} AS id, CAST(c.{p}n AS DOUBLE) AS n, CAST(c.{p}d AS DOUBLE) AS d,
                CAST(c.stratum_n AS DOUBLE) AS ns, CAST(c.stratum_d AS DOUBLE) AS ds, c.{p}prior AS prior
            FROM cells c JOIN enough e ON e.{key} = c.{key}
            WHERE c.{p}n > 0
        ),
        expected AS ({_EXPECTED.format(names="id")}),
        caused AS (
            SELECT c.{key} AS id, c.denial_category, c.denial_carc, c.{p}n AS n
            FROM cell_causes c JOIN enough e ON e.{key} = c.{key}
            WHERE c.{p}n > 0
        ),
        categories AS ({_top("denial_category", "id")}),
        of_category AS ({_of_category(["id"])}),
        carcs AS ({_top("denial_carc", "id", "of_category")})
        SELECT {"e.payer, " if by else ""} {code}.hcpcs_code, {code}.diagnosis_code,
            hf.hcpcs_family, df.diagnosis_family,
            e.{p}lines AS lines, e.{p}persons AS persons, e.{p}denied_lines AS denied_lines,
            e.{p}denied_amount AS denied_amount, x.mean, x.variance, x.third, x.fourth, x.expected, x.comparison_lines,
            g.denial_category AS top_category, k.denial_carc AS top_carc,
            (SELECT count(*) FROM {totals} WHERE {p}lines > 0) AS all_pairs
        FROM enough e
        JOIN expected x ON x.id = e.{key}
        LEFT JOIN categories g ON g.id = e.{key}
        LEFT JOIN carcs k ON k.id = e.{key}
        {"JOIN pair_totals q ON q.pair_id = e.pair_id" if by else ""}
        LEFT JOIN procedure_families hf ON hf.hcpcs_code = {code}.hcpcs_code
        LEFT JOIN diagnosis_families df ON df.diagnosis_code = {code}.diagnosis_code
    """


def _family_sql(by: str | None, pointer: Pointer) -> str:
    """SQL of one row per pair of families; a line that points to two diagnoses of a chapter counts once."""
    keys = [*([by] if by else []), *_KEYS["family"]]
    names = ", ".join(keys)
    same = " AND ".join(f"x.{key} = t.{key}" for key in keys)
    prior = _PRIOR.format(d="p.d - a.d", n="p.n - a.n", rate="r.rate")
    return f"""
        WITH family_lines AS MATERIALIZED (
            SELECT h.hcpcs_family, f.diagnosis_family, o.claim_id, o.claim_line_number, o.hcpcs_code, o.payer,
                o.place, coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS quarter,
                o.person_id, o.denial_category, o.denial_carc,
                CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS denied,
                sum(p.share) * CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount
            FROM pairs p
            JOIN line_outcomes o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
            JOIN procedure_families h ON h.hcpcs_code = p.hcpcs_code
            JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code
            WHERE o.initial_outcome <> 'not adjudicated' {"AND p.is_primary" if pointer == "primary" else ""}
            GROUP BY h.hcpcs_family, f.diagnosis_family, o.claim_id, o.claim_line_number, o.hcpcs_code, o.payer,
                o.place, o.service_date, o.person_id, o.denial_category, o.denial_carc, o.initial_outcome,
                o.denied_amount
        ),
        totals AS MATERIALIZED (
            SELECT {names}, count(*) AS lines, count(DISTINCT person_id) AS persons, sum(denied) AS denied_lines,
                sum(denied_amount) AS denied_amount
            FROM family_lines GROUP BY {names}
        ),
        used AS MATERIALIZED (
            SELECT hcpcs_family, diagnosis_family, hcpcs_code, payer, place, quarter, count(*) AS n, sum(denied) AS d
            FROM family_lines GROUP BY hcpcs_family, diagnosis_family, hcpcs_code, payer, place, quarter
        ),
        own AS (
            SELECT hcpcs_family, diagnosis_family, hcpcs_code, payer, sum(n) AS n, sum(d) AS d
            FROM used GROUP BY hcpcs_family, diagnosis_family, hcpcs_code, payer
        ),
        procedures AS (
            SELECT hcpcs_code, payer, sum(lines) AS n, sum(denied_lines) AS d FROM strata GROUP BY hcpcs_code, payer
        ),
        payers AS (
            SELECT payer, CAST(sum(denied_lines) AS DOUBLE) / sum(lines) AS rate FROM strata GROUP BY payer
        ),
        compared AS (
            SELECT {", ".join("u." + key for key in keys)}, CAST(u.n AS DOUBLE) AS n, CAST(u.d AS DOUBLE) AS d,
                CAST(s.lines AS DOUBLE) AS ns, CAST(s.denied_lines AS DOUBLE) AS ds, {prior} AS prior
            FROM used u
            JOIN strata s ON s.hcpcs_code = u.hcpcs_code AND s.payer = u.payer AND s.place = u.place
                AND s.quarter = u.quarter
            JOIN own a ON a.hcpcs_family = u.hcpcs_family AND a.diagnosis_family = u.diagnosis_family
                AND a.hcpcs_code = u.hcpcs_code AND a.payer = u.payer
            JOIN procedures p ON p.hcpcs_code = u.hcpcs_code AND p.payer = u.payer
            JOIN payers r ON r.payer = u.payer
        ),
        expected AS ({_EXPECTED.format(names=names)}),
        caused AS (SELECT {names}, denial_category, denial_carc, denied AS n FROM family_lines WHERE denied = 1),
        categories AS ({_top("denial_category", names)}),
        of_category AS ({_of_category(keys)}),
        carcs AS ({_top("denial_carc", names, "of_category")})
        SELECT {", ".join("t." + key for key in keys)}, t.lines, t.persons, t.denied_lines, t.denied_amount,
            x.mean, x.variance, x.third, x.fourth, x.expected, x.comparison_lines,
            g.denial_category AS top_category, k.denial_carc AS top_carc, (SELECT count(*) FROM totals) AS all_pairs
        FROM totals t
        JOIN expected x ON {same}
        LEFT JOIN categories g ON {same.replace("x.", "g.")}
        LEFT JOIN carcs k ON {same.replace("x.", "k.")}
        WHERE t.lines >= $min_lines
    """


def _left_out(claims: Claims) -> int:
    """Adjudicated lines that are in no pair: the shares of a line's pairs add up to 1."""
    sql = "SELECT (SELECT sum(lines) FROM strata) AS lines, (SELECT sum(share) FROM pair_totals) AS paired"
    row = claims.engine.fetch(sql).to_pylist()[0]
    return round(float(row["lines"] or 0) - float(row["paired"] or 0))


def _measure(found: pd.DataFrame, keys: list[str], level: Level) -> pd.DataFrame:
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
    if level == "code":
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
