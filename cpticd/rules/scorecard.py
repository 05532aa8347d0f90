"""Each rule against what payers did: whom does it warn of, how often rightly, and for how many dollars."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.measure import Linked, Part, measure
from cpticd.core.selection import By
from cpticd.rules import flagged, inputs, outcomes, scores
from cpticd.rules.rule import mildness, scopes

_COUNTS: Final = ("lines", "flagged_lines", "flagged_claims", "denied_lines", "related_lines",
                  "category_denials", "overturned_lines", "matched_lines", "comparison_lines")  # fmt: skip
_ORDER: Final = (
    "lines", "flagged_lines", "flagged_claims", "denied_lines", "precision", "low", "high", "shrunk_precision",
    "related_lines", "related_precision", "category_denials", "recall", "base_rate", "lift", "lift_low", "lift_high",
    "odds_ratio", "odds_low", "odds_high", "matched_lines", "comparison_lines", "design_effect", "effective_lines",
    "p_value", "q_value", "overturned_lines",
    "flagged_amount", "caught_amount", "related_caught_amount", "paid_amount", "other_amount",
)  # fmt: skip
_AMOUNTS: Final = ("flagged_amount", "caught_amount", "related_caught_amount", "paid_amount", "other_amount")


@measure(
    heading="Coding rules against denials",
    leaves=Linked(flagged.of_scorecard, flagged.scorecard_as_shown),
    chart="scorecard",
    report=[
        Part("scorecard", "rules", "Coding rules against denials", lambda given: {"findings": given.part("rules")})
    ],
)  # fmt: skip
def scorecard(
    claims: Claims,
    findings: pd.DataFrame,
    *,
    by: By = "payer",
    like: Literal["family", "procedure"] = "family",
    related: Literal["category", "carc"] = "category",
    min_lines: int = 10,
    categories: str | Path | pd.DataFrame | pa.Table | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per rule and payer (or what ``by`` names) with a flagged line that was adjudicated.

    Parameters
    ----------
    findings: of ``rules.check(claims)``, or any frame with claim_id, claim_line_number (missing: the claim as a
        whole, which speaks for every line of it) and rule. A line that a rule flags twice counts once.
    by: dimensions, see ``claims.dimensions()``. By diagnoses a line counts in the group of each that it points to, and
        its dollars are shared out over them.
    like: what flagged lines are compared with: unflagged lines of the same group, payer, place, quarter of service
        and procedure ``family``, or ``procedure``.
    related: which denials speak of the rule: those of the root-cause categories that the table ``rule_categories``
        gives it, or those with the reason codes (``carc``) typical of it.
    min_lines: with fewer flagged lines that have a comparison, lift, odds ratio, p and q are missing.
    categories: a table in the columns of ``rule_categories`` instead of the built-in one.
    confidence: of all intervals.

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
    base rates; matched_lines, the flagged ones with lines alike, and comparison_lines, those; design_effect and
    effective_lines (flagged_lines over it);
    p_value (one-sided, exact stratified hypergeometric by saddlepoint) and q_value (Benjamini–Hochberg);
    overturned_lines: denied at first and paid at last; in US dollars flagged_amount (charged) = caught_amount (what
    denials took) + paid_amount (what the payer paid at first in spite of the finding) + other_amount (patients' share,
    contractual write-off); related_caught_amount.

    Lines of a claim, and of a person, are decided alike: the larger of their design effects, by which the variance of
    precision is larger than that of independent lines (Rao and Scott, Biometrics 48 (1992) 577), widens all intervals
    and raises p_value; few claims or persons count by a t distribution. Rows come by caught_amount, the largest first.
    Raises SchemaError for findings without the columns, ArgumentError for options that there are not.

    >>> import cpticd as cx
    >>> simulated = cx.simulate(persons=200, seed=1)
    >>> card = cx.rules.scorecard(simulated.claims, simulated.truth["rule_violations"], by=None)
    >>> bool((card["denied_lines"] <= card["flagged_lines"]).all())
    True
    """
    one_of("like", like, scores.LIKE)
    one_of("related", related, ("category", "carc"))
    whole("min_lines", min_lines)
    groups = claims.grouping(by)
    table = outcomes.categories(categories)
    causes = table.select(["rule", "category"]) if related == "category" else outcomes.carcs_of(table)
    with claims.session() as s:
        given = outcomes.load(s, findings, "scorecard")
        inputs.load_payer_kinds(s, given.payer_kinds)
        in_scope = outcomes.load_scopes(s, given.rules)
        s.load("score_related", causes.rename_columns(["rule", "cause"]))
        scores.prepare(s, groups, "o.denial_category" if related == "category" else "o.denial_carc")
        found = scores.summed(s, groups, scores.LIKE[like], in_scope)
    result = _judged(found, groups.names, findings, min_lines, confidence)
    silent = sorted({*given.rules} - {*result["rule"]})
    overlap = {"groups": scores.OVERLAP} if groups.level == "diagnosis" else {}
    return attach(
        result,
        measure="coding rules against initial denials"
        + (f", by {', '.join(groups.names)}" if groups.names else ""),
        numerator="flagged lines denied at first adjudication; related: for a "
        + ("root cause" if related == "category" else "reason code")
        + " that rule_categories gives the rule",
        denominator="flagged lines adjudicated (precision); lines in scope denied for a related cause (recall)",
        clock=CLOCKS["initial"],
        exclusions="lines not adjudicated; a partly denied line counts as not denied, its denied dollars as caught",
        rows_left_out=given.astray + given.open,
        expected=f"lines without an error or warning of the same group, payer, place, quarter and {like}",
        interval=f"{confidence:.0%} Wilson of effective lines (design effect by claim or person, the larger); "
        "Mantel–Haenszel with the same design effect",
        test="stratified hypergeometric of effective lines, one-sided (excess), Benjamini-Hochberg",
        family_size=int(result["p_value"].notna().sum()),
        min_lines=int(min_lines),
        rules_without_flagged_lines=silent,
        records={flagged.RECORD: findings},
        **overlap,
        **given.contract(),
    )


def _judged(
    found: pd.DataFrame, wanted: list[str], findings: pd.DataFrame, min_lines: int, confidence: float
) -> pd.DataFrame:
    """Rates, comparison and error control from the sums of each row."""
    found = found.rename(columns={f"d_{name}": name for name in wanted})
    values = {
        str(name): found[name].to_numpy(float, na_value=np.nan).round(9)
        for name in found
        if name not in {"rule", *wanted}
    }
    n, k, meant = values["flagged_lines"], values["denied_lines"], values["category_denials"]
    dependence = outcomes.dependence(values)
    effect = dependence.design_effect
    low, high = stats.wilson(k, n, confidence, design_effect=effect, freedom=dependence.freedom)
    result = found[["rule", *wanted]].copy()
    family, severity = _words(result["rule"], findings)
    result.insert(1, "family", family)
    result.insert(2, "severity", severity)
    kept = np.nan_to_num(values["matched_lines"]) >= min_lines
    compared = _compared(values, dependence, kept, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = {
            "precision": k / n, "low": low, "high": high, "shrunk_precision": _shrunk(result["rule"], k, n),
            "related_precision": values["related_lines"] / n,
            "recall": np.where(meant > 0, values["related_lines"] / meant, np.nan),
        }  # fmt: skip
    values["other_amount"] = values["flagged_amount"] - values["caught_amount"] - values["paid_amount"]
    every = {**values, **rates, **compared, "design_effect": effect, "effective_lines": n / effect}
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
    given: dict[str, dict[str, Any]] = {"family": {}, "severity": {}}
    if isinstance(findings, pd.DataFrame):
        for name in given:
            if name in findings:
                found = findings.dropna(subset=[name])[["rule", name]].drop_duplicates()
                # Of several severities the gravest.
                found = found.assign(place=mildness(found[name])).sort_values(["place", name])
                found = found.drop_duplicates("rule")
                given[name] = dict(zip(found["rule"].astype(str), found[name], strict=True))
    return tuple(  # type: ignore[return-value]
        [given[name].get(item) or (getattr(known[item], name) if item in known else "") for item in rule]
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
    values: dict[str, np.ndarray], dependence: stats.Dependence, kept: np.ndarray, confidence: float
) -> dict[str, np.ndarray]:
    """Lift and odds ratio with their intervals, p and q, of the rows with enough lines."""
    effect, freedom = dependence.design_effect, dependence.freedom
    z = stats.quantile(confidence, freedom)
    v = values
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        base, lift = v["rs"] / v["rw"], np.where(v["rs"] > 0, v["rr"] / v["rs"], np.nan)
        spread = z * np.sqrt(effect * v["rv"] / (v["rr"] * v["rs"]))
        odds = np.where(v["os"] > 0, v["oo"] / v["os"], np.nan)
        variance = (
            v["pr"] / (2 * v["oo"] ** 2) + v["pq"] / (2 * v["oo"] * v["os"]) + v["qs"] / (2 * v["os"] ** 2)
        )
        wide = z * np.sqrt(effect * variance)
        p = stats.stratified_excess(
            v["observed"],
            v["mean"],
            v["variance"],
            v["third"],
            v["fourth"],
            design_effect=effect,
            freedom=freedom,
        )
        rows = {
            "base_rate": base, "lift": lift, "lift_low": lift * np.exp(-spread), "lift_high": lift * np.exp(spread),
            "odds_ratio": odds, "odds_low": odds * np.exp(-wide), "odds_high": odds * np.exp(wide),
            "p_value": np.where(v["variance"] > 0, p, np.nan),
        }  # fmt: skip
    rows = {name: np.where(kept & np.isfinite(value), value, np.nan) for name, value in rows.items()}
    return rows | {"q_value": stats.benjamini_hochberg(rows["p_value"])}
