"""Each rule against what payers did: whom does it warn of, how often rightly, and for how many dollars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.denials.dimensions import LINE_DIMENSIONS, LINE_JOINS, comma, names
from cpticd.rules import outcomes
from cpticd.rules.registry import scopes

#: What makes lines alike: they are compared within the payer's own, so that neither place nor kind of service
#: nor a change of the payer's strictness passes for an effect of the rule.
_LIKE: Final = {
    "family": ("like_payer", "like_place", "like_family", "like_quarter"),
    "procedure": ("like_payer", "like_place", "like_procedure", "like_quarter"),
}
_RELATIONS: Final = ("score_lines", "score_flags", "score_related")
_COUNTS: Final = ("lines", "flagged_lines", "flagged_claims", "denied_lines", "related_lines",
                  "category_denials", "overturned_lines", "matched_lines", "comparison_lines")  # fmt: skip
_ORDER: Final = (
    "lines", "flagged_lines", "flagged_claims", "denied_lines", "precision", "low", "high", "shrunk_precision",
    "related_lines", "related_precision", "category_denials", "recall", "base_rate", "lift", "lift_low", "lift_high",
    "odds_ratio", "odds_low", "odds_high", "matched_lines", "comparison_lines", "design_effect",
    "p_value", "q_value", "overturned_lines",
    "flagged_amount", "caught_amount", "related_caught_amount", "paid_amount", "other_amount",
)  # fmt: skip
_AMOUNTS: Final = ("flagged_amount", "caught_amount", "related_caught_amount", "paid_amount", "other_amount")


def scorecard(
    claims: Claims,
    findings: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = ("payer",),
    like: Literal["family", "procedure"] = "family",
    related: Literal["category", "carc"] = "category",
    minimum_lines: int = 10,
    categories: str | Path | pd.DataFrame | pa.Table | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per rule and payer (or what ``by`` names) with a flagged line that was adjudicated.

    Parameters
    ----------
    findings: of ``rules.check(claims)``, or any frame with claim_id, claim_line_number (missing: the claim as a
        whole, which speaks for every line of it) and rule. A line that a rule flags twice counts once.
    by: dimensions, see ``cpticd.denials.LINE_DIMENSIONS``.
    like: what flagged lines are compared with: unflagged lines of the same group, payer, place, quarter of service
        and procedure ``family``, or ``procedure``.
    related: which denials speak of the rule: those of the root-cause categories that the table ``rule_categories``
        gives it, or those with the reason codes (``carc``) typical of it.
    minimum_lines: with fewer flagged lines that have a comparison, lift, odds ratio, p and q are missing.
    categories: a table in the columns of ``rule_categories`` instead of the built-in one.
    level: of all intervals.

    Columns
    -------
    rule, family, severity, the dimensions;
    lines: adjudicated and in the rule's scope (setting, payer kind, dates of service), flagged_lines and
    flagged_claims of them; denied_lines of the flagged at first adjudication, with precision = denied / flagged and
    its interval low, high; shrunk_precision, drawn towards the rule's over all groups, and that towards all
    rules' (beta-binomial), for ranking; related_lines: flagged and denied for a related cause, related_precision;
    category_denials: lines in scope denied for a related cause, recall = related_lines / category_denials;
    base_rate, that of lines alike without an error or warning, lift = how many times as often flagged
    lines are denied (Mantel–Haenszel ratio of rates; lift_low, lift_high after Greenland and Robins), odds_ratio
    (Mantel–Haenszel; odds_low, odds_high after Robins, Breslow and Greenland), which compares payers of different
    base rates; matched_lines, the flagged ones with lines alike, and comparison_lines, those; design_effect;
    p_value (one-sided, exact stratified hypergeometric by saddlepoint) and q_value (Benjamini–Hochberg);
    overturned_lines: denied at first and paid at last; in US dollars flagged_amount (charged) = caught_amount (what
    denials took) + paid_amount (what the payer paid at first in spite of the finding) + other_amount (patients' share,
    contractual write-off); related_caught_amount.

    Lines of a claim are decided together: the design effect of claims (Rao and Scott) widens the intervals and
    raises p_value. Rows come by caught_amount, the largest first. Raises SchemaError for findings without the
    columns, ArgumentError for options that there are not.
    """
    wanted = names(by)
    if like not in _LIKE or related not in ("category", "carc"):
        raise ArgumentError(
            f"like={like!r}, related={related!r}: expected family or procedure; category or carc"
        )
    outcomes.at_least("minimum_lines", minimum_lines, 1)
    table = outcomes.categories(categories)
    engine = claims.engine
    with outcomes.findings_of(claims, findings, "scorecard") as given:
        in_scope = outcomes.load_scopes(engine, given.rules, given.payer_kinds)
        try:
            _prepare(claims, wanted, table, related)
            sql, params = _sql(wanted, _LIKE[like], in_scope, related)
            found = to_frame(engine.fetch(sql, params))
        finally:
            for name in _RELATIONS:
                engine.drop(name)
            outcomes.drop_scopes(engine)
    result = _measure(found, wanted, findings, minimum_lines, confidence)
    silent = sorted({*given.rules} - {*result["rule"]})
    return attach(
        result,
        measure="coding rules against initial denials" + (f", by {', '.join(wanted)}" if wanted else ""),
        numerator="flagged lines denied at first adjudication; related: for a "
        + ("root cause" if related == "category" else "reason code")
        + " that rule_categories gives the rule",
        denominator="flagged lines adjudicated (precision); lines in scope denied for a related cause (recall)",
        clock=CLOCKS["initial"],
        exclusions="lines not adjudicated; a partly denied line counts as not denied, its denied dollars as caught",
        rows_left_out=given.astray + given.open,
        expected=f"lines without an error or warning of the same group, payer, place, quarter and {like}",
        interval=f"{confidence:.0%} Wilson over lines divided by the design effect of claims; Mantel–Haenszel",
        test="stratified hypergeometric, one-sided (excess), Benjamini-Hochberg",
        family_size=int(result["p_value"].notna().sum()),
        minimum_lines=int(minimum_lines),
        rules_without_flagged_lines=silent,
        **given.contract(),
    )


def _prepare(claims: Claims, wanted: list[str], table: pa.Table, related: str) -> None:
    """Relations ``score_lines`` (adjudicated lines), ``score_related`` (rule, cause), ``score_flags``."""
    engine = claims.engine
    causes = table.select(["rule", "category"]) if related == "category" else outcomes.carcs_of(table)
    engine.load("score_related", causes.rename_columns(["rule", "cause"]))
    dimensions = "".join(f"{LINE_DIMENSIONS[name]} AS d_{name}, " for name in wanted)
    cause = "o.denial_category" if related == "category" else "o.denial_carc"
    engine.create(
        "score_lines",
        f"""
        SELECT o.claim_id, o.claim_line_number, {dimensions} o.service_date,
            {outcomes.SETTING} AS setting, k.payer_kind,
            o.payer AS like_payer, o.place AS like_place,
            coalesce(h.hcpcs_family, '(none)') AS like_family, coalesce(o.hcpcs_code, '(none)') AS like_procedure,
            coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS like_quarter,
            CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS denied,
            CASE WHEN o.initial_outcome = 'denied' AND o.final_outcome = 'paid' THEN 1 ELSE 0 END AS overturned,
            CASE WHEN o.initial_outcome = 'denied' THEN {cause} END AS cause,
            CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge,
            CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS taken,
            CASE WHEN s.claim_id IS NULL THEN 1 ELSE 0 END AS clean
        FROM line_outcomes o {LINE_JOINS}
        LEFT JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code {outcomes.SETTING_JOINS}
        LEFT JOIN (SELECT DISTINCT claim_id, claim_line_number FROM outcome_flags WHERE decides = 1) s
            ON s.claim_id = o.claim_id AND s.claim_line_number = o.claim_line_number
        WHERE o.initial_outcome <> 'not adjudicated'
        """,
        materialize=True,
    )
    engine.create(
        "score_flags",
        """
        WITH flagged AS (SELECT DISTINCT claim_id, claim_line_number FROM outcome_flags),
        numbered AS (
            SELECT a.claim_id, a.claim_line_number, a.paid_amount,
                row_number() OVER (PARTITION BY a.claim_id, a.claim_line_number ORDER BY a.adjudication_number) AS place
            FROM adjudicated_lines a
            JOIN flagged f ON f.claim_id = a.claim_id AND f.claim_line_number = a.claim_line_number
        )
        SELECT f.rule, r.scope, s.*, CASE WHEN m.cause IS NOT NULL THEN 1 ELSE 0 END AS related,
            CASE WHEN s.denied = 1 THEN 0 ELSE CAST(coalesce(p.paid_amount, 0) AS DOUBLE) END AS paid
        FROM outcome_flags f
        JOIN outcome_rules r ON r.rule = f.rule
        JOIN score_lines s ON s.claim_id = f.claim_id AND s.claim_line_number = f.claim_line_number
        LEFT JOIN score_related m ON m.rule = f.rule AND m.cause = s.cause
        LEFT JOIN numbered p ON p.claim_id = s.claim_id AND p.claim_line_number = s.claim_line_number AND p.place = 1
        """,
        materialize=True,
    )


#: Sums over strata of n1 flagged lines, a denied, against n0 lines alike, c denied: N = n1 + n0, m = a + c.
#: rr, rs, rv: ratio of rates; oo, os, pr, pq, qs: odds; mean … fourth: cumulants of a given m, hypergeometric.
_STRATA: Final = """
    SELECT {rule_names}, sum(n1) AS matched_lines, sum(n0) AS comparison_lines, sum(a) AS observed,
        sum(a * n0 / n) AS rr, sum(c * n1 / n) AS rs, sum(n1 * n0 / n) AS rw,
        sum((n1 * n0 * m - a * c * n) / (n * n)) AS rv,
        sum(a * (n0 - c) / n) AS oo, sum((n1 - a) * c / n) AS os,
        sum((a + n0 - c) / n * a * (n0 - c) / n) AS pr, sum((n1 - a + c) / n * (n1 - a) * c / n) AS qs,
        sum((a + n0 - c) / n * (n1 - a) * c / n + (n1 - a + c) / n * a * (n0 - c) / n) AS pq,
        sum(n1 * m / n) AS mean, sum(v) AS variance,
        sum(CASE WHEN n > 2 THEN v * (n - 2 * m) * (n - 2 * n1) / (n * (n - 2)) ELSE 0 END) AS third,
        sum(CASE WHEN n > 3
            THEN v * (n * (n + 1) - 6 * m * (n - m) - 6 * n1 * (n - n1) + 6 * v * (5 * n - 6)) / ((n - 2) * (n - 3))
            ELSE v * (1 - 6 * v) END) AS fourth
    FROM (
        SELECT *, CASE WHEN n > 1 THEN n1 * n0 * m * (n - m) / (n * n * (n - 1)) ELSE 0 END AS v
        FROM (SELECT *, n1 + n0 AS n, a + c AS m FROM compared WHERE n0 > 0) sized
    ) weighed
    GROUP BY {rule_names}"""


def _sql(
    wanted: list[str], like: tuple[str, ...], in_scope: list[Any], related: str
) -> tuple[str, dict[str, Any]]:
    """SQL of one row per rule and group: counts, dollars, and the sums over strata."""
    groups = [f"d_{name}" for name in wanted]
    conditions = [outcomes.condition(scope, i) for i, scope in enumerate(in_scope)]
    params = {name: value for _, bound in conditions for name, value in bound.items()}
    inside = "CASE f.scope " + " ".join(
        f"WHEN {i} THEN CASE WHEN {text} THEN 1 ELSE 0 END" for i, (text, _) in enumerate(conditions)
    )
    inside = f"{inside} END" if conditions else "0"

    def per_scope(columns: str, where: str, by: str) -> str:
        parts = [
            f"SELECT {i} AS scope, {columns} FROM score_lines WHERE {text}{where} GROUP BY {by}"
            for i, (text, _) in enumerate(conditions)
        ]
        return (
            " UNION ALL ".join(parts)
            or f"SELECT 0 AS scope, {columns} FROM score_lines WHERE 1 = 0 GROUP BY {by}"
        )

    cells = ", ".join([*groups, *like])
    by_group = ", ".join(groups) or "1 = 1"
    keys = ", ".join(["rule", *groups])
    caused = f"{comma(groups)} cause"
    return (
        f"""
        WITH flags AS MATERIALIZED (SELECT f.*, {inside} AS inside FROM score_flags f),
        strata AS MATERIALIZED ({per_scope(f"{cells}, sum(clean) AS n, sum(clean * denied) AS d", "", cells)}),
        sizes AS ({per_scope(f"{comma(groups)} count(*) AS lines", "", by_group)}),
        causes AS ({per_scope(f"{caused}, count(*) AS n", " AND cause IS NOT NULL", caused)}),
        flagged AS (
            SELECT rule, scope, {comma(groups)} count(*) AS flagged_lines, sum(1 - inside) AS outside,
                count(DISTINCT claim_id) AS flagged_claims, sum(denied) AS denied_lines, sum(related) AS related_lines,
                sum(related * (1 - inside)) AS related_outside, sum(overturned) AS overturned_lines,
                sum(charge) AS flagged_amount, sum(taken) AS caught_amount, sum(paid) AS paid_amount,
                sum(related * taken) AS related_caught_amount
            FROM flags GROUP BY rule, scope{"".join(", " + name for name in groups)}
        ),
        claimwise AS (
            SELECT {keys}, sum(n * n) AS nn, sum(n * d) AS nd, sum(d * d) AS dd FROM (
                SELECT {keys}, claim_id, CAST(count(*) AS DOUBLE) AS n, CAST(sum(denied) AS DOUBLE) AS d
                FROM flags GROUP BY {keys}, claim_id) per_claim
            GROUP BY {keys}
        ),
        totals AS (
            SELECT r.rule, {"".join(f"c.{name}, " for name in groups)} sum(c.n) AS category_denials
            FROM causes c JOIN outcome_rules r ON r.scope = c.scope
            JOIN score_related m ON m.rule = r.rule AND m.cause = c.cause
            GROUP BY r.rule{"".join(f", c.{name}" for name in groups)}
        ),
        known AS (SELECT DISTINCT rule, 1 AS is_known FROM score_related),
        marked AS (
            SELECT rule, scope, {cells}, CAST(count(*) AS DOUBLE) AS n1, CAST(sum(denied) AS DOUBLE) AS a,
                CAST(sum(clean * inside) AS DOUBLE) AS own, CAST(sum(clean * inside * denied) AS DOUBLE) AS own_denied
            FROM flags GROUP BY rule, scope, {cells}
        ),
        compared AS (
            SELECT {", ".join(f"k.{name}" for name in ["rule", *groups])}, k.n1, k.a,
                t.n - k.own AS n0, t.d - k.own_denied AS c
            FROM marked k JOIN strata t ON {_same(["scope", *groups, *like], "k", "t")}
        ),
        strata_sums AS ({_STRATA.format(rule_names=keys)})
        SELECT {", ".join(f"g.{name}" for name in ["rule", *groups])},
            coalesce(z.lines, 0) + g.outside AS lines, g.flagged_lines, g.flagged_claims, g.denied_lines,
            CASE WHEN u.is_known = 1 THEN g.related_lines END AS related_lines,
            CASE WHEN u.is_known = 1 THEN coalesce(t.category_denials, 0) + g.related_outside END AS category_denials,
            g.overturned_lines, g.flagged_amount, g.caught_amount, g.paid_amount,
            CASE WHEN u.is_known = 1 THEN g.related_caught_amount END AS related_caught_amount, w.nn, w.nd, w.dd,
            x.matched_lines, x.comparison_lines, x.observed, x.rr, x.rs, x.rw, x.rv, x.oo, x.os, x.pr, x.pq, x.qs,
            x.mean, x.variance, x.third, x.fourth
        FROM flagged g
        JOIN claimwise w ON {_same(["rule", *groups], "g", "w")}
        LEFT JOIN sizes z ON {_same(["scope", *groups], "g", "z")}
        LEFT JOIN totals t ON {_same(["rule", *groups], "g", "t")}
        LEFT JOIN known u ON u.rule = g.rule
        LEFT JOIN strata_sums x ON {_same(["rule", *groups], "g", "x")}
    """,
        params,
    )


def _same(columns: list[str], left: str, right: str) -> str:
    """Equal in every column, two missing dates being equal too."""
    return " AND ".join(
        f"{left}.{name} = {right}.{name}"
        if name in ("rule", "scope") or name.startswith("like_")
        else f"({left}.{name} = {right}.{name} OR ({left}.{name} IS NULL AND {right}.{name} IS NULL))"
        for name in columns
    )


def _measure(
    found: pd.DataFrame, wanted: list[str], findings: pd.DataFrame, minimum_lines: int, confidence: float
) -> pd.DataFrame:
    """Rates, comparison and error control from the sums of each row."""
    found = found.rename(columns={f"d_{name}": name for name in wanted})
    values = {
        str(name): found[name].to_numpy(float, na_value=np.nan).round(9)
        for name in found
        if name not in {"rule", *wanted}
    }
    n, k, meant = values["flagged_lines"], values["denied_lines"], values["category_denials"]
    effect = outcomes.design_effect(
        values["flagged_claims"], n, k, squares=(values["nn"], values["nd"], values["dd"])
    )
    low, high = stats.wilson(k / effect, n / effect, confidence=confidence)
    result = found[["rule", *wanted]].copy()
    family, severity = _words(result["rule"], findings)
    result.insert(1, "family", family)
    result.insert(2, "severity", severity)
    kept = np.nan_to_num(values["matched_lines"]) >= minimum_lines
    compared = _compared(values, effect, kept, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = {
            "precision": k / n, "low": low, "high": high, "shrunk_precision": _shrunk(result["rule"], k, n),
            "related_precision": values["related_lines"] / n,
            "recall": np.where(meant > 0, values["related_lines"] / meant, np.nan),
        }  # fmt: skip
    values["other_amount"] = values["flagged_amount"] - values["caught_amount"] - values["paid_amount"]
    every = {**values, **rates, **compared, "design_effect": effect}
    for name in _ORDER:
        if name in _COUNTS:
            whole = pd.Series(every[name], index=result.index)
            whole = whole.fillna(0) if name in ("matched_lines", "comparison_lines") else whole
            result[name] = whole.astype("Int64" if whole.isna().any() else "int64")
        else:
            result[name] = every[name].round(2) + 0.0 if name in _AMOUNTS else every[name]
    ascending = [False, False, True, *[True] * len(wanted)]
    return result.sort_values(
        ["caught_amount", "flagged_lines", "rule", *wanted], ascending=ascending, ignore_index=True
    )


def _words(rule: pd.Series, findings: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Family and severity of each rule: as its findings say, else as ``edit_rules`` does."""
    known = scopes()
    said: dict[str, dict[str, Any]] = {"family": {}, "severity": {}}
    if isinstance(findings, pd.DataFrame):
        for name in said:
            if name in findings:
                told = findings.dropna(subset=[name]).groupby("rule")[name].min()
                said[name] = {str(rule): value for rule, value in told.items()}
    return tuple(  # type: ignore[return-value]
        [said[name].get(item) or (getattr(known[item], name) if item in known else "") for item in rule]
        for name in ("family", "severity")
    )


def _shrunk(rule: pd.Series, k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Each rate drawn towards its rule's over all groups, and that towards all rules'."""
    if not len(k):
        return k
    of_rule = pd.DataFrame({"k": k, "n": n}).groupby(rule.to_numpy()).sum()
    overall = of_rule["k"].sum() / of_rule["n"].sum()
    of_rule["rate"], _ = stats.shrink(of_rule["k"], of_rule["n"], overall)
    rates, _ = stats.shrink(k, n, of_rule["rate"].reindex(rule).to_numpy(float))
    return rates


def _compared(
    values: dict[str, np.ndarray], effect: np.ndarray, kept: np.ndarray, confidence: float
) -> dict[str, np.ndarray]:
    """Lift and odds ratio with their intervals, p and q, of the rows with enough lines."""
    z = stats.normal_quantile(confidence)
    v = values
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        base, lift = v["rs"] / v["rw"], np.where(v["rs"] > 0, v["rr"] / v["rs"], np.nan)
        spread = z * np.sqrt(effect * v["rv"] / (v["rr"] * v["rs"]))
        odds = np.where(v["os"] > 0, v["oo"] / v["os"], np.nan)
        variance = (
            v["pr"] / (2 * v["oo"] ** 2) + v["pq"] / (2 * v["oo"] * v["os"]) + v["qs"] / (2 * v["os"] ** 2)
        )
        wide = z * np.sqrt(effect * variance)
        p = stats.stratified_excess(v["observed"], v["mean"], v["variance"], v["third"], v["fourth"])
        rows = {
            "base_rate": base, "lift": lift, "lift_low": lift * np.exp(-spread), "lift_high": lift * np.exp(spread),
            "odds_ratio": odds, "odds_low": odds * np.exp(-wide), "odds_high": odds * np.exp(wide),
            "p_value": np.where(v["variance"] > 0, outcomes.weaker(p, effect), np.nan),
        }  # fmt: skip
    rows = {name: np.where(kept & np.isfinite(value), value, np.nan) for name, value in rows.items()}
    return rows | {"q_value": stats.benjamini_hochberg(rows["p_value"])}
