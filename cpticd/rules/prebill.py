"""What to look at before claims are paid: lines that no payer has decided, by the dollars that are at risk."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry, terms_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Records, check_claims, measure
from cpticd.core.rounding import rounded
from cpticd.rules import outcomes, traits
from cpticd.rules.findings import check
from cpticd.rules.prebill_history import COLUMNS, LIKE, REASONS, RECENT, alike, before, chances, shares
from cpticd.rules.prebill_words import EVIDENCE, LINE, chosen, diagnoses, with_findings

_COLUMNS: Final = (
    *LINE, "payer", "service_date", "hcpcs_code", "diagnosis_codes", "charge_amount", "expected_allowed_amount",
    "expected_at_risk_amount", "expected_saved_amount", *COLUMNS, "rule", "family", "severity", *EVIDENCE, *LIKE,
    "other_rules",
)  # fmt: skip
_OUTCOME: Final = ("initial_outcome", "denied_amount")
#: Dollars that follow from a chance of denial.
_DOLLARS: Final = ("expected_at_risk_amount", "expected_saved_amount")


def protected(work: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """The list without what it says of few lines alike; of more lines rounded: a difference tells nothing of few."""
    sources = [("like_lines", "like_denied")]
    sources += [(f"reason_{i}_lines", f"reason_{i}_denied") for i in range(1, REASONS + 1)]
    sources = [pair for pair in sources if pair[0] in work]
    hidden, unexplained = pd.Series(False, index=work.index), pd.Series(False, index=work.index)
    shown = work.copy()
    for lines, denied in sources:
        n, k = work[lines], work[denied]
        few = n.between(1, minimum - 1) | k.between(1, minimum - 1) | (n - k).between(1, minimum - 1)
        for name in (lines, denied):
            shown[name] = pd.array([rounded(value) for value in work[name]], dtype="Int64")
        if lines == "like_lines":
            said = [name for name in LIKE if name in work]
            hidden |= few
        else:
            unexplained |= few
            said = [lines, denied, lines.removesuffix("_lines"), lines.replace("reason", "contribution")[:-6]]
        rates = [name for name in said if work[name].dtype.kind == "f" and name not in (lines, denied)]
        shown[rates] = work[rates].round(2)
        shown[said] = shown[said].mask(few)
    chance = [
        "denial_probability",
        "base_probability",
        *(["remaining_log_odds"] if "remaining_log_odds" in work else []),
    ]
    shown[chance] = work[chance].round(2)
    dollars = [name for name in _DOLLARS if name in work]
    for name in dollars:
        shown[name] = [rounded(value) for value in work[name]]
    shown[[*chance, *dollars]] = shown[[*chance, *dollars]].mask(hidden)
    if "remaining_log_odds" in work:  # what remains beside the other reasons tells a hidden one
        shown["remaining_log_odds"] = shown["remaining_log_odds"].mask(unexplained)
    by = terms_of(work).get("order", "expected_saved_amount")
    order = [by, "denial_probability", *LINE]
    return carry(work, shown.sort_values(order, ascending=[False, False, True, True], ignore_index=True))


@measure(heading="What to correct before payment", leaves=Records(protected))
def prebill(
    claims: Claims,
    findings: pd.DataFrame | None = None,
    *,
    history: Claims | None = None,
    history_findings: pd.DataFrame | None = None,
    adjudicated: bool = False,
    flagged: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per claim line that no payer has decided yet, by the dollars at risk of denial, for a reviewer.

    Parameters
    ----------
    findings: of ``rules.check(claims)``, which is asked where there are none; a finding about a claim as a whole
        speaks for every line of it (and stands by itself where the claim has no line).
    history: claims that payers have decided, to learn from, with ``history_findings`` of ``rules.check(history)``.
        None: the adjudicated lines of ``claims`` themselves, with ``findings``.
    adjudicated: decided lines too, with what was decided, to see what the list would have been worth. Each is judged
        by what was decided before the calendar quarter of its own decision; those of the first quarter by nothing.
    flagged: lines with a finding alone, by expected_saved_amount.
    confidence: of the interval.

    Columns
    -------
    claim_id, claim_line_number (missing: a claim without lines), payer, service_date, hcpcs_code, diagnosis_codes
    (pointed to, in order); charge_amount; expected_allowed_amount: the charge times the share that the payer allows
    of the procedure's charges; expected_at_risk_amount = expected_allowed_amount · denial_probability;
    expected_saved_amount = expected_allowed_amount · max(denial_probability - base_probability, 0), US dollars.
    denial_probability: that the first decision is a denial. Log-odds add up over payer, procedure, place, provider,
    days to filing, diagnoses, modifiers, findings and their pairs; each term is drawn towards none as much as terms
    of its kind vary little (empirical Bayes, penalised quasi-likelihood: Breslow and Clayton, J. Am. Stat. Assoc. 88
    (1993) 9), and the sum is recalibrated on the two latest quarters of decisions, of each of which it was learned
    without them (shift and slope: Platt 1999). base_probability: the same line without its findings.
    reason_1 … reason_3: what moves a line's log-odds most beside the usual line, with contribution (log-odds), lines
    and denied of history that have it; denial_probability is the inverse logit of the contributions and
    remaining_log_odds.
    rule: of several on a line the one that adds most; other_rules names the rest; empty where there is no finding.
    family, severity; message, codes, evidence, source of its findings; like_lines, like_denied, like_rate, like_low,
    like_high (Wilson, of lines divided by like_design_effect: lines of a claim or person are decided alike): what
    the payer did before with lines that broke the rule. With ``adjudicated``: initial_outcome, denied_amount.

    Without any adjudicated line to learn from, probabilities and dollars at risk are missing, and errors come first.
    Replaced and voided versions of a claim are left out. ``contract(…).records["calibration"]`` has the fifths of
    the recent lines: lines, predicted_rate, denied_rate. Identifiers are those of the claims: keep the list where they
    are kept.

    >>> import cpticd as cx
    >>> simulated = cx.simulate(persons=100, seed=1)
    >>> work = cx.rules.prebill(simulated.claims, simulated.truth["rule_violations"])
    >>> bool(work["expected_at_risk_amount"].is_monotonic_decreasing)
    True
    """
    if history is None and history_findings is not None:
        raise ArgumentError("prebill: history_findings go with history; pass both, or neither")
    stats.normal_quantile(confidence)
    found = check(claims) if findings is None else findings
    with claims.session() as s:
        given = outcomes.load(s, found, "prebill")
        known = traits.read(s)
        allowed = s.frame(sql.text("rules/prebill_allowed")) if history is None else None
    lines = known.lines
    teaches = np.full(len(lines), history is None)
    if history is not None:
        past, allowed = _learned(history, history_findings)
        known = traits.together(known, past)
        teaches = np.concatenate([teaches, np.full(len(past.lines), True)])
    kept = (lines["is_current"] == 1) & (adjudicated | (lines["initial_outcome"] == "not adjudicated"))
    if flagged:
        kept &= lines["line"].isin(known.parts["flagged"]["line"])
    ranked, terms = _ranked(known, teaches, lines[kept], allowed, confidence, flagged=flagged)
    result = with_findings(ranked, found)
    result["diagnosis_codes"] = diagnoses(known.parts["pointed"], result["line"])
    alone = lines["claim_line_number"].isna() & (lines["is_current"] == 1)
    return attach(
        result[[*_COLUMNS, *(_OUTCOME if adjudicated else ())]],
        measure="lines by expected dollars at risk before payment",
        numerator="expected allowed dollars times the chance of denial",
        denominator="none: a list, not a rate",
        clock="lines without an adjudication"
        if not adjudicated
        else "all lines, by their first adjudication",
        exclusions="claims that a later one replaced or voided"
        + ("" if adjudicated else "; adjudicated lines")
        + ("; lines without a finding" if flagged else ""),
        rows_left_out=given.astray - int(alone.sum()),
        history="the adjudicated lines of these claims" if history is None else "other claims",
        probability="additive log-odds, empirical Bayes by kind of term, recalibrated on the latest quarters",
        interval=f"{confidence:.0%} Wilson of effective lines (design effect by claim or person, the larger)",
        order="expected_saved_amount" if flagged else "expected_at_risk_amount",
        expected_at_risk_amount=round(float(result["expected_at_risk_amount"].sum()), 2),
        expected_saved_amount=round(float(result["expected_saved_amount"].sum()), 2),
        **terms,
        **given.contract(),
    )


def _learned(history: Claims, findings: pd.DataFrame | None) -> tuple[traits.Known, pd.DataFrame]:
    """What other claims teach, by their findings, which are asked for where there are none."""
    check_claims("rules.prebill", history)
    found = check(history) if findings is None else findings
    with history.session() as s:
        outcomes.load(s, found, "prebill")
        return traits.read(s), s.frame(sql.text("rules/prebill_allowed"))


def _ranked(
    known: traits.Known,
    teaches: np.ndarray,
    wanted: pd.DataFrame,
    allowed: Any,
    confidence: float,
    *,
    flagged: bool,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The wanted lines with their chances, reasons, dollars and the rule that counts most; what the contract says."""
    past = before(known.lines, teaches)
    levels = traits.levels(known)
    numbers = wanted["line"].to_numpy()
    chance, fifths, terms = chances(known.lines, levels, past, numbers)
    result = pd.concat([wanted.set_index("line"), chance], axis=1)
    breaks = known.parts["flagged"]
    breaks = breaks[breaks["line"].isin(numbers)].reset_index(drop=True)
    breaks["term"] = 0.0
    own = past.own[breaks["line"].to_numpy()]
    for number in np.unique(own):
        if number in terms:
            rows = breaks[own == number]
            breaks.loc[rows.index, "term"] = levels.rule_terms(terms[number], rows, known.lines)
    rules = chosen(breaks)
    like = alike(known, past, rules.reset_index(), confidence).set_index(rules.index)
    result = result.join(rules)
    result["mild"] = result["mild"].astype(float).fillna(9)
    result[["rule", "other_rules"]] = result[["rule", "other_rules"]].astype(object).fillna("")
    for name in LIKE:
        result[name] = like[name].astype(float).reindex(result.index)
    for name in ("like_lines", "like_denied"):
        result[name] = result[name].fillna(0).astype("int64")
    counts = [f"reason_{i}_{name}" for i in range(1, REASONS + 1) for name in ("lines", "denied")]
    result[counts] = result[counts].astype("Int64")
    result = result.reset_index(names="line")
    share = shares(allowed, result, past)
    result["expected_allowed_amount"] = (result["charge_amount"] * share).round(2)
    excess = (result["denial_probability"] - result["base_probability"]).clip(lower=0)
    result["expected_at_risk_amount"] = (
        result["expected_allowed_amount"] * result["denial_probability"]
    ).round(2)
    result["expected_saved_amount"] = (result["expected_allowed_amount"] * excess).round(2)
    first = ["expected_saved_amount", "expected_at_risk_amount"] if flagged else ["expected_at_risk_amount"]
    order = [*first, "denial_probability", "mild", "expected_allowed_amount", *LINE]
    result = result.sort_values(
        order, ascending=[*(False for _ in first), False, True, False, True, True], ignore_index=True
    )
    said = {
        "history_lines": int(past.teaches.sum()),
        "recalibrated_on": f"the {RECENT} latest quarters of decisions",
    }
    return result, {**said, "records": {"calibration": fifths}}
