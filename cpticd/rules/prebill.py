"""What to look at before claims are paid: flagged lines, by the dollars that a correction is expected to save."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Records, check_claims, measure
from cpticd.core.rounding import rounded
from cpticd.rules import outcomes
from cpticd.rules.findings import check
from cpticd.rules.prebill_history import History, learn
from cpticd.rules.rule import scopes

#: Columns of a finding that a reviewer reads.
EVIDENCE: Final = ("message", "codes", "evidence", "source")
#: What stands between two findings of one rule on a line.
BETWEEN: Final = " | "
_LINE: Final = ("claim_id", "claim_line_number")
_COLUMNS: Final = (
    *_LINE, "payer", "service_date", "hcpcs_code", "diagnosis_codes", "charge_amount", "expected_allowed_amount",
    "expected_saved_amount", "denial_probability", "base_probability", "rule", "family", "severity", *EVIDENCE,
    "like_lines", "like_denied", "like_rate", "like_low", "like_high", "other_rules",
)  # fmt: skip
_OUTCOME: Final = ("initial_outcome", "denied_amount")


#: What a line's row says of other lines, and what follows from that.
_OF_OTHERS: Final = (
    "like_lines", "like_denied", "like_rate", "like_low", "like_high", "denial_probability", "base_probability",
    "expected_saved_amount",
)  # fmt: skip


def protected(work: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """The list without what it says of few lines alike; of more lines rounded: a difference tells nothing of few."""
    n, k = work["like_lines"], work["like_denied"]
    few = n.between(1, minimum - 1) | k.between(1, minimum - 1) | (n - k).between(1, minimum - 1)
    values: dict[str, Any] = {
        name: pd.array([rounded(value) for value in work[name]], dtype="Int64")
        for name in ("like_lines", "like_denied")
    }
    for name in ("like_rate", "like_low", "like_high", "denial_probability", "base_probability"):
        values[name] = work[name].round(2)
    values["expected_saved_amount"] = [rounded(value) for value in work["expected_saved_amount"]]
    shown = work.assign(**values)
    shown[list(_OF_OTHERS)] = shown[list(_OF_OTHERS)].mask(few)
    order = ["expected_saved_amount", "denial_probability", *_LINE]
    return carry(work, shown.sort_values(order, ascending=[False, False, True, True], ignore_index=True))


@measure(heading="What to correct before payment", leaves=Records(protected))
def prebill(
    claims: Claims,
    findings: pd.DataFrame | None = None,
    *,
    history: Claims | None = None,
    history_findings: pd.DataFrame | None = None,
    adjudicated: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per claim line with findings that no payer has decided yet, by expected dollars saved, for a reviewer.

    Parameters
    ----------
    findings: of ``rules.check(claims)``, which is asked where there are none; a finding about a claim as a whole
        speaks for every line of it (and stands by itself where the claim has no line).
    history: claims that payers have decided, to learn from, with ``history_findings`` of ``rules.check(history)``.
        None: the adjudicated lines of ``claims`` themselves, with ``findings``.
    adjudicated: all flagged lines instead, decided ones too, with what was decided, to see what the list would have
        been worth. A line's own outcome is left out of the rates that rank it.
    confidence: of the interval.

    Columns
    -------
    claim_id, claim_line_number (missing: a claim without lines), payer, service_date, hcpcs_code, diagnosis_codes
    (pointed to, in order); charge_amount; expected_allowed_amount: the charge times the share that the payer allows
    of the procedure's charges; expected_saved_amount = expected_allowed_amount · max(denial_probability -
    base_probability, 0), US dollars.
    denial_probability: share of lines denied that broke the rule at the payer, drawn towards the rule's share at all
    payers and that towards all rules' (beta-binomial, ``stats.shrink``); base_probability: that of the payer's lines
    of the place and procedure family without an error or warning, drawn towards the payer's.
    rule: of several on a line the one with the highest denial_probability, which alone counts: what is
    denied can be denied but once; other_rules names the rest. family, severity; message, codes, evidence, source of
    its findings; like_lines, like_denied, like_rate, like_low, like_high (Wilson): what the payer did with the
    lines before that broke the rule. With ``adjudicated``: initial_outcome, denied_amount.

    Without any adjudicated line to learn from, probabilities and savings are missing, and errors come first. Replaced
    and voided versions of a claim are left out. Identifiers are those of the claims: keep the list where they are kept.

    >>> import cpticd as cx
    >>> simulated = cx.simulate(persons=100, seed=1)
    >>> work = cx.rules.prebill(simulated.claims, simulated.truth["rule_violations"], adjudicated=True)
    >>> bool(work["expected_saved_amount"].is_monotonic_decreasing)
    True
    """
    if history is None and history_findings is not None:
        raise ArgumentError("prebill: history_findings go with history; pass both, or neither")
    stats.normal_quantile(confidence)
    found = check(claims) if findings is None else findings
    with claims.session() as s:
        given = outcomes.load(s, found, "prebill")
        flagged = s.frame(sql.text("rules/prebill_flagged"))
        diagnoses = s.frame(sql.text("rules/prebill_diagnoses"))
        known = learn(s) if history is None else _learned(history, history_findings)
    wanted = flagged if adjudicated else flagged[flagged["initial_outcome"] == "not adjudicated"]
    own = history is None
    ranked = _ranked(wanted.reset_index(drop=True), known, own=own)
    result = _described(ranked, found, diagnoses, confidence)
    columns = [*_COLUMNS, *(_OUTCOME if adjudicated else ())]
    return attach(
        result[columns],
        measure="flagged lines by expected dollars saved before payment",
        numerator="expected allowed dollars times the excess of the chance of denial over that of lines alike",
        denominator="none: a list, not a rate",
        clock="lines without an adjudication"
        if not adjudicated
        else "all lines, by their first adjudication",
        exclusions="claims that a later one replaced or voided"
        + ("" if adjudicated else "; adjudicated lines"),
        rows_left_out=given.astray - int(flagged["claim_line_number"].isna().sum()),
        history="the adjudicated lines of these claims" if own else "other claims",
        history_lines=known.lines,
        probability="beta-binomial empirical Bayes by rule and payer, by rule, over all rules",
        expected_saved_amount=round(float(result["expected_saved_amount"].sum()), 2),
        **given.contract(),
    )


def _learned(history: Claims, findings: pd.DataFrame | None) -> History:
    """What other claims teach, by their findings, which are asked for where there are none."""
    check_claims("rules.prebill", history)
    found = check(history) if findings is None else findings
    with history.session() as s:
        outcomes.load(s, found, "prebill")
        return learn(s)


def _ranked(flagged: pd.DataFrame, known: History, *, own: bool) -> pd.DataFrame:
    """One row per line: the rule with the highest chance of denial, the others by name, amounts."""
    decided = flagged["initial_outcome"].isin(["paid", "denied", "partly denied"]) & own
    lines = flagged.assign(
        own_lines=decided.astype(int), own_denied=(flagged["initial_outcome"] == "denied") & decided
    )
    lines = known.with_rates(lines)
    severity = {
        name: ("error", "warning", "information").index(scope.severity) for name, scope in scopes().items()
    }
    lines["_mild"] = lines["rule"].map(severity).fillna(0)
    order = ["denial_probability", "_mild", "rule"]
    lines = lines.sort_values([*_LINE, *order], ascending=[True, True, False, True, True], ignore_index=True)
    by_line = lines.groupby(list(_LINE), sort=False, dropna=False)
    first = by_line.head(1).set_index(by_line.ngroup()[by_line.cumcount() == 0].to_numpy())
    rest = lines[by_line.cumcount() > 0]
    others = rest.groupby(by_line.ngroup()[rest.index], sort=False)["rule"].agg(" ".join)
    first = first.assign(other_rules=others.astype(object).reindex(first.index).fillna(""))
    excess = (first["denial_probability"] - first["base_probability"]).clip(lower=0)
    first["expected_saved_amount"] = (first["expected_allowed_amount"] * excess).round(2)
    columns = ["expected_saved_amount", "denial_probability", "_mild", "expected_allowed_amount", *_LINE]
    return first.sort_values(columns, ascending=[False, False, True, False, True, True], ignore_index=True)


def _described(
    ranked: pd.DataFrame, findings: Any, diagnoses: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """The list with its findings in words, its diagnoses, and the interval of what became of lines alike."""
    given = outcomes.rows(findings, "prebill")
    texts = [name for name in (*EVIDENCE, "family", "severity") if name in given.columns]
    given = given[[*_LINE, "rule", *texts]]
    on_line = given[given["claim_line_number"].notna()]
    whole = given[given["claim_line_number"].isna()].drop(columns="claim_line_number")
    keys = ranked[[*_LINE, "rule"]].assign(
        claim_line_number=ranked["claim_line_number"].astype("Int64"), row=range(len(ranked))
    )
    each = pd.concat([keys.merge(on_line, on=[*_LINE, "rule"]), keys.merge(whole, on=["claim_id", "rule"])])
    result = ranked.assign(claim_line_number=keys["claim_line_number"])
    for name in EVIDENCE:
        words = each[["row", name]].dropna() if name in texts else pd.DataFrame({"row": [], name: []})
        words = words[words[name].astype(str) != ""].drop_duplicates().sort_values(["row", name])
        result[name] = (
            words.groupby("row")[name]
            .agg(BETWEEN.join)
            .astype(object)
            .reindex(range(len(ranked)))
            .fillna("")
            .astype(str)
        )
    known = scopes()
    for name in ("family", "severity"):
        found = (
            each.dropna(subset=[name]).groupby("row")[name].min()
            if name in texts
            else pd.Series(dtype=object)
        )
        usual = ranked["rule"].map({rule: getattr(scope, name) for rule, scope in known.items()})
        result[name] = (
            found.astype(object)
            .reindex(range(len(ranked)))
            .fillna(usual.astype(object))
            .fillna("")
            .astype(str)
        )
    pointed = (
        diagnoses.groupby(list(_LINE))["diagnosis_code"].agg(" ".join).rename("diagnosis_codes").reset_index()
    )
    pointed["claim_line_number"] = pointed["claim_line_number"].astype("Int64")
    result = result.merge(pointed, on=list(_LINE), how="left")
    result["diagnosis_codes"] = result["diagnosis_codes"].astype(object).fillna("").astype(str)
    n, k = result["like_lines"].to_numpy(float), result["like_denied"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        result["like_rate"] = np.where(n > 0, k / n, np.nan)
    result["like_low"], result["like_high"] = stats.wilson(k, n, confidence=confidence)
    return result.astype({"like_lines": "int64", "like_denied": "int64"})
