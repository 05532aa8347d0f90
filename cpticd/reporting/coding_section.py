"""The sections on coding: rules against what payers did, denials that no rule explains, unspecified codes."""

from __future__ import annotations

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.denials.pair_leaves import Q_THRESHOLD
from cpticd.reporting.blocks import chart, more, note, scroll
from cpticd.reporting.definitions import brief
from cpticd.reporting.drivers_section import nothing_passes
from cpticd.reporting.findings import Findings

RULES = (
    "Lines that break a coding rule under the tables of their date of service, for a coder to review, beside what "
    "payers did with them. Precision is the share of flagged lines that were denied at first; lift, how many times as "
    "often as lines alike without a finding."
)
RESIDUAL = "What payers deny since some day without a rule that says so: policies that no table holds."
UNSPECIFIED = (
    "An unspecified code is not an error: often nothing more is known, or the list has no better code. Whether a "
    "record says more, a coder finds out."
)
SCORES = ("rule", "payer", "flagged_lines", "denied_lines", "precision", "low", "high", "lift", "q_value",
          "caught_amount", "paid_amount")  # fmt: skip
CLUSTERS = ("payer", "hcpcs_code", "diagnosis_family", "carc", "category", "start_date", "rate_before", "rate_after",
            "rate_elsewhere", "denied_lines", "denied_amount", "q_value")  # fmt: skip
RATES = ("rate_before", "rate_after", "rate_elsewhere")
ODDS = ("diagnosis_family", "unspecified_rate", "specific_rate", "odds_ratio", "q_value", "excess_denials",
        "denied_amount")  # fmt: skip


def rules_section(findings: Findings) -> str:
    counts = findings.get("rule_counts")
    if counts.empty:
        return note(
            findings.reason("rules", findings.reason("rule_counts", "Coding rules were not asked for."))
        )
    text = note(RULES) + _scorecard(findings) + _residual(findings) + _ran(counts)
    return text + _unjudged(findings, counts)


def _unjudged(findings: Findings, counts: pd.DataFrame) -> str:
    """Rules that judged none of their lines, or a part: that they found nothing does not make the others clean."""
    silent = counts["status"].isin(["no table", "no table for the dates"])
    partly = counts["status"].eq("ran") & counts["judged"].eq("part") & counts["detail"].ne("")
    missing = counts.loc[silent | partly, ["rule", "status", "judged", "detail"]].sort_values("rule")
    if missing.empty:
        return ""
    head = note(
        "These rules judged none of their lines, or a part: their tables are licensed or too large to come with the "
        "package, or hold for other days than those of service. Lines that no table judged are not clean lines."
    )
    shown = missing.assign(judged=missing["judged"].replace("", "none"))
    listed = shown.rename(columns={"judged": "lines_judged", "detail": "why_not"}).reset_index(drop=True)
    table = scroll(charts.table(listed, max_rows=60))
    return head + more(findings, f"{len(listed):,} rules without a table for these lines", table)


def _scorecard(findings: Findings) -> str:
    card = findings.get("scorecard")
    if card.empty:
        return note(findings.reason("scorecard", "No rule flagged an adjudicated line."))
    flagged = card[card["flagged_lines"].notna()]
    if flagged.empty:
        return note("No rule flagged lines of enough persons to be shown.")
    shown = flagged.assign(flagged_lines=flagged["flagged_lines"].astype("int64"))
    text = chart(charts.scorecard(shown), "rules", wide=True) + brief(findings, "rules", "scorecard")
    passing = shown["precision"].notna() & (shown["q_value"] <= Q_THRESHOLD).fillna(False)
    listed = shown[passing].sort_values(
        ["caught_amount", "flagged_lines", "rule", "payer"], ascending=[False, False, True, True]
    )
    text += "<h3>Rules that payers follow, by denied dollars</h3>"
    if listed.empty:
        return text + note(nothing_passes(findings, "scorecard", "rule of a payer"))
    return text + scroll(charts.table(listed.head(20), columns=list(SCORES)))


def _residual(findings: Findings) -> str:
    text = "<h3>Denials that no rule explains</h3>"
    residual = findings.get("residual")
    if residual.empty:
        return text + note(
            findings.reason("residual", "No cluster of unexplained denials begins in these data.")
        )
    rounded = "" if findings.minimum <= 1 else note("Lines and dollars are rounded, rates to whole per cent.")
    shown = residual[[*CLUSTERS]] if findings.minimum <= 1 else _in_whole_per_cent(residual[[*CLUSTERS]])
    table = scroll(charts.table(shown, max_rows=30))
    return text + note(RESIDUAL) + rounded + table + brief(findings, "residual")


def _in_whole_per_cent(residual: pd.DataFrame) -> pd.DataFrame:
    """Rates as they left, without a decimal that did not."""
    written = residual.assign(**{name: [fmt.chance(rate) for rate in residual[name]] for name in RATES})
    return written.rename(columns={name: name.replace("_", " ") for name in RATES})


def _ran(counts: pd.DataFrame) -> str:
    """Every rule that ran, with its findings as they may leave."""
    ran = counts[counts["status"] == "ran"]
    if ran.empty:
        return ""
    shown = ran[["rule", "severity", "findings", "lines", "judged", "tables"]].rename(
        columns={"judged": "lines_judged", "tables": "judged_by"}
    )
    shown.attrs = dict(counts.attrs)
    table = scroll(charts.table(shown, max_rows=100))
    return f"<details><summary>{len(ran)} rules ran</summary>{table}</details>"


def specificity_section(findings: Findings) -> str:
    share = findings.get("unspecified")
    text = note(UNSPECIFIED)
    shown = share[share["unspecified_share"].notna()] if len(share) else share
    if shown.empty:
        text += note(findings.reason("unspecified", "No diagnosis codes of enough persons in these claims."))
    else:
        text += chart(charts.share(shown), "unspecified") + brief(findings, "unspecified")
    effect = findings.get("effect")
    if effect.empty:
        return text + note(
            findings.reason("effect", "No group has enough lines with and without unspecified codes.")
        )
    drawn = chart(charts.effect(effect), "effect", wide=True) + brief(findings, "effect")
    text += more(findings, "Denial odds of unspecified codes, family by family", drawn)
    found = effect[(effect["q_value"] <= Q_THRESHOLD).fillna(False)].reset_index(drop=True)
    if found.empty:
        return text + note(nothing_passes(findings, "effect", "family of diagnoses"))
    columns = [name for name in ODDS if found[name].notna().any()]
    return text + scroll(charts.table(found, columns=columns, max_rows=30))
