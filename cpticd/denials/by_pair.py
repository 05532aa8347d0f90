"""Which diagnosis x procedure pairs are denied more than their like, by whom, for what, at what cost."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from cpticd import codes, stats
from cpticd.claims import Claims
from cpticd.contract import CLOCKS, attach
from cpticd.errors import ArgumentError
from cpticd.frames import to_frame

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
    comparison_lines, the lines compared with; p_value (one-sided, exact mean and variance of the
    stratified hypergeometric), q_value (Benjamini-Hochberg over the rows, contract: family_size);
    denied_amount, the pair's share of denied dollars, excess_amount, the part of it beyond the expected;
    top_category and top_carc, the most frequent of its denied lines.

    First come pairs with q_value up to 0.10, then by excess_amount, excess_denials and codes.
    """
    if by not in (None, "payer") or level not in _KEYS or pointer not in ("all", "primary") or min_lines < 1:
        raise ArgumentError(
            f"by={by!r}, level={level!r}, pointer={pointer!r}, min_lines={min_lines!r}: expected by None or "
            "'payer', level 'code' or 'family', pointer 'all' or 'primary', min_lines 1 or more"
        )
    keys = [*([by] if by else []), *_KEYS[level]]
    sql = _sql(keys, level, pointer)
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


def _left_out(claims: Claims) -> int:
    """Adjudicated lines that are in no pair: the shares of a line's pairs add up to 1."""
    sql = "SELECT (SELECT sum(lines) FROM strata) AS lines, (SELECT sum(share) FROM cells) AS paired"
    row = claims.engine.fetch(sql).to_pylist()[0]
    return round(float(row["lines"] or 0) - float(row["paired"] or 0))


#: The family level's own cells: a line that points to two diagnoses of a chapter counts once.
_FAMILY_LINES = """
    family_lines AS (
        SELECT h.hcpcs_family, d.diagnosis_family, o.claim_id, o.claim_line_number, o.hcpcs_code, o.payer, o.place,
            coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS quarter,
            o.person_id, o.denial_category, o.denial_carc, o.initial_outcome,
            sum(p.share) * CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount
        FROM pairs p
        JOIN line_outcomes o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
        JOIN procedure_families h ON h.hcpcs_code = p.hcpcs_code
        JOIN diagnosis_families d ON d.diagnosis_code = p.diagnosis_code
        WHERE o.initial_outcome <> 'not adjudicated' {primary}
        GROUP BY h.hcpcs_family, d.diagnosis_family, o.claim_id, o.claim_line_number, o.hcpcs_code, o.payer,
            o.place, o.service_date, o.person_id, o.denial_category, o.denial_carc, o.initial_outcome,
            o.denied_amount
    ),
"""


def _sources(keys: list[str], level: Level, pointer: Pointer) -> tuple[str, str, str, str]:
    """SQL of the pair's lines by stratum, of its causes and of its persons, and what they need first."""
    names = ", ".join(keys)
    primary = pointer == "primary"
    if level == "family":
        base = _FAMILY_LINES.format(primary="AND p.is_primary" if primary else "")
        used = (
            "SELECT hcpcs_family, diagnosis_family, hcpcs_code, payer, place, quarter, count(*) AS n, "
            "sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS d, sum(denied_amount) AS amount "
            "FROM family_lines GROUP BY hcpcs_family, diagnosis_family, hcpcs_code, payer, place, quarter"
        )
        caused = (
            f"SELECT {names}, denial_category, denial_carc, count(*) AS n FROM family_lines "
            f"WHERE initial_outcome = 'denied' GROUP BY {names}, denial_category, denial_carc"
        )
        seen = f"SELECT {names}, count(DISTINCT person_id) AS persons FROM family_lines GROUP BY {names}"
        return base, used, caused, seen
    where = "WHERE is_primary" if primary else ""
    used = (
        "SELECT hcpcs_code, diagnosis_code, payer, place, quarter, sum(lines) AS n, "
        f"sum(denied_lines) AS d, sum(denied_amount) AS amount FROM cells {where} "
        "GROUP BY hcpcs_code, diagnosis_code, payer, place, quarter"
    )
    caused = (
        f"SELECT {names}, denial_category, denial_carc, sum(denied_lines) AS n FROM cell_causes {where} "
        f"GROUP BY {names}, denial_category, denial_carc"
    )
    persons = "primary_persons" if primary else "persons"
    scope = "IS NOT NULL" if "payer" in keys else "IS NULL"
    return "", used, caused, f"SELECT {names}, {persons} AS persons FROM cell_persons WHERE payer {scope}"


def _top(what: str, keys: list[str]) -> str:
    """SQL of the pair's most frequent category or CARC; ties go to the first in the alphabet."""
    names = ", ".join(keys)
    return f"""
        SELECT {names}, {what} FROM (
            SELECT {names}, {what}, row_number() OVER (
                PARTITION BY {names} ORDER BY sum(n) DESC, {what}) AS position
            FROM caused WHERE {what} IS NOT NULL GROUP BY {names}, {what}
        ) WHERE position = 1"""


def _sql(keys: list[str], level: Level, pointer: Pointer) -> str:
    """SQL of one row per pair with enough lines: counts, dollars, persons, causes, and its expectation.

    Two phases: every pair is added up lightly, and only those with enough lines are compared.
    """
    base, used, caused, seen = _sources(keys, level, pointer)
    names = ", ".join(keys)
    pair = _KEYS[level]
    pair_names = ", ".join(pair)
    on = " AND ".join(f"x.{key} = t.{key}" for key in keys)
    same_pair = " AND ".join(f"a.{key} = u.{key}" for key in pair)
    others = f"greatest(p.n - a.n + {PRIOR_LINES}, 1)"
    families = "hf.hcpcs_family, df.diagnosis_family," if level == "code" else ""
    family_joins = (
        "LEFT JOIN procedure_families hf ON hf.hcpcs_code = t.hcpcs_code "
        "LEFT JOIN diagnosis_families df ON df.diagnosis_code = t.diagnosis_code"
        if level == "code"
        else ""
    )
    prior = f"(p.d - a.d + {PRIOR_LINES} * r.rate) / {others}"
    return f"""
        WITH {base}
        used AS MATERIALIZED ({used}),
        totals AS MATERIALIZED (
            SELECT {names}, sum(n) AS lines, sum(d) AS denied_lines, sum(amount) AS denied_amount
            FROM used GROUP BY {names}
        ),
        enough AS (SELECT * FROM totals WHERE lines >= $min_lines),
        procedures AS (
            SELECT hcpcs_code, payer, sum(lines) AS n, sum(denied_lines) AS d FROM strata GROUP BY hcpcs_code, payer
        ),
        payers AS (
            SELECT payer, CAST(sum(denied_lines) AS DOUBLE) / sum(lines) AS rate FROM strata GROUP BY payer
        ),
        kept AS MATERIALIZED (SELECT x.* FROM used x JOIN enough t ON {on}),
        own AS (
            SELECT {pair_names}{", hcpcs_code" if level == "family" else ""}, payer, sum(n) AS n, sum(d) AS d
            FROM kept GROUP BY {pair_names}{", hcpcs_code" if level == "family" else ""}, payer
        ),
        compared AS (
            SELECT {", ".join("u." + key for key in keys)},
                CAST(u.n AS DOUBLE) AS n, CAST(u.d AS DOUBLE) AS d,
                CAST(s.lines AS DOUBLE) AS ns, CAST(s.denied_lines AS DOUBLE) AS ds, {prior} AS prior
            FROM kept u
            JOIN strata s ON s.hcpcs_code = u.hcpcs_code AND s.payer = u.payer AND s.place = u.place
                AND s.quarter = u.quarter
            JOIN own a ON {same_pair} AND a.payer = u.payer AND a.hcpcs_code = u.hcpcs_code
            JOIN procedures p ON p.hcpcs_code = u.hcpcs_code AND p.payer = u.payer
            JOIN payers r ON r.payer = u.payer
        ),
        expected AS (
            SELECT {names}, sum(n * ds / ns) AS mean,
                sum(CASE WHEN ns > 1 THEN n * (ns - n) * ds * (ns - ds) / (ns * ns * (ns - 1)) ELSE 0 END) AS variance,
                sum(n * (ds - d + {PRIOR_LINES} * prior) / (ns - n + {PRIOR_LINES})) AS expected,
                sum(ns - n) AS comparison_lines
            FROM compared GROUP BY {names}
        ),
        caused AS ({caused}),
        categories AS ({_top("denial_category", keys)}),
        carcs AS ({_top("denial_carc", keys)}),
        seen AS ({seen})
        SELECT {", ".join("t." + key for key in keys)}, t.lines, x.persons, t.denied_lines, t.denied_amount,
            e.mean, e.variance, e.expected, CAST(e.comparison_lines AS BIGINT) AS comparison_lines,
            g.denial_category AS top_category, c.denial_carc AS top_carc,
            {families} (SELECT count(*) FROM totals) AS all_pairs
        FROM enough t
        JOIN expected e ON {on.replace("x.", "e.")}
        LEFT JOIN seen x ON {on}
        LEFT JOIN categories g ON {on.replace("x.", "g.")}
        LEFT JOIN carcs c ON {on.replace("x.", "c.")}
        {family_joins}
    """


def _measure(found: pd.DataFrame, keys: list[str], level: Level) -> pd.DataFrame:
    """Rates, their expectation and error control, from the counts of each pair."""
    k, n = found["denied_lines"].to_numpy(float), found["lines"].to_numpy(float)
    expected = np.clip(found["expected"].to_numpy(float) / n, 0, 1)
    variance = found["variance"].to_numpy(float)
    p_value = stats.stratified_excess(k, found["mean"].to_numpy(float), variance)
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
    amount = found["denied_amount"].to_numpy(float)
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
