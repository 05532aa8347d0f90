"""The section on risk adjustment: what would raise scores and what would lower them, always side by side."""

from __future__ import annotations

import html
from collections import Counter

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as parts
from cpticd.core.contract import records_of
from cpticd.core.rounding import about
from cpticd.reporting.blocks import chart, more, note, scroll
from cpticd.reporting.definitions import brief
from cpticd.reporting.findings import Findings
from cpticd.reporting.headlines import risk_headlines
from cpticd.reporting.totals import Totals
from cpticd.risk.hcc_tables import service_year

WHAT = (
    "Two lists for a clinician and a coder to review, side by side: conditions that the claims suggest and that "
    "are not coded, which would raise scores, and coded conditions that rest on little, which would lower them. "
    "Neither is a code to add or to delete. A condition counts by its confidence, the chance that it holds."
)
CALIBRATE = (
    "The intervals take these confidences as true. Review a random part of each list, and replace them by what your "
    "own reviews bear out (cpticd.risk.calibrate, and weights= of cpticd.risk.unsupported)."
)
#: Counts in the contract of gaps that say what they are by where they stand.
TOO_WEAK = dict.fromkeys(("pairs", "gaps"), "below the smallest confidence that is listed")


def risk_section(findings: Findings) -> str:
    if "risk_impact" not in findings.frames:
        reason = findings.reason("risk_impact", "it was not asked for")
        return note(f"There is no section on risk adjustment: {reason.rstrip('.')}.")
    impact = findings.get("risk_impact")
    sentences = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in risk_headlines(findings))
    text = (
        note(WHAT)
        + note(_basis(findings))
        + note(_confidence(findings))
        + f'<ul class="headlines">{sentences}</ul>'
        + _sides(findings)
    )
    text += brief(findings, "risk_gaps", "risk_unsupported", "risk_impact")
    if parts.REVIEWED in Totals(impact).records:
        text += chart(charts.impact(impact), "risk-waterfall", wide=True) + brief(findings, "risk_impact")
    drawn = chart(charts.impact_matrix(impact), "risk-matrix", wide=True) + brief(findings, "risk_impact")
    text += more(findings, "Conditions and kinds of evidence", drawn)
    if findings.minimum <= 1:
        drawn = chart(charts.impact_persons(impact, name_persons=False), "risk-persons", wide=True)
        text += more(findings, "Person by person, without names", drawn + brief(findings, "risk_impact"))
    else:
        text += note(
            "The chart of single persons does not leave the session: cx.charts.impact_persons(impact)."
        )
    if findings.has("risk_prevalence"):
        prevalence = findings.get("risk_prevalence")
        drawn = chart(charts.prevalence(prevalence), "risk-prevalence", wide=True)
        drawn += brief(findings, "risk_prevalence") + _behind("The numbers behind it", prevalence)
        text += more(findings, "Prevalence of conditions, coded and expected", drawn)
    else:
        text += note(findings.reason("risk_prevalence", "No condition is coded or suspected."))
    return text + _recapture(findings) + _left_out(findings)


def _basis(findings: Findings) -> str:
    """Model, years, and the release of the tables."""
    terms = findings.terms("risk_impact")
    year = terms.get("payment_year")
    rate = terms.get("base_rate")
    dollars = (
        f"Dollars are at {fmt.dollars(rate)} per member and month at score 1."
        if rate
        else "Impact is in payment score; a base rate (--base-rate, base_rate=) would show dollars."
    )
    served = service_year(str(terms.get("model", "")), year) if year else None
    service = f" on diagnoses of service year {served} that count for risk adjustment" if year else ""
    release = terms.get("code_set_release")
    return (
        f"Model {terms.get('model', '')}, payment year {year}{service}. Tables: {release}; codes, hierarchies and "
        f"coefficients as vendored in data/reference, each with its source. {dollars}"
    )


def _confidence(findings: Findings) -> str:
    """Where the confidences come from."""
    sources = findings.terms("risk_gaps").get("calibrated_on", [])
    thin = findings.terms("risk_unsupported").get("confidence", "as given")
    origin = f"Confidences of suspected conditions come from {' and '.join(sources)}. " if sources else ""
    return f"{origin}Those of coded conditions: {thin}. {CALIBRATE}"


def _sides(findings: Findings) -> str:
    """What would raise scores on the left, what would lower them on the right."""
    totals = Totals(findings.get("risk_impact"))
    raises = scroll(charts.table(totals.table(lowers=False)))
    lowers = scroll(charts.table(totals.table(lowers=True)))
    why = scroll(charts.table(_reasons(findings.get("risk_reasons")))) if findings.has("risk_reasons") else ""
    return (
        '<div class="sides">'
        f"<div><h3>Would raise scores: suspected, not coded</h3>{raises}</div>"
        f"<div><h3>Would lower scores: coded, thinly supported</h3>{lowers}{why}</div>"
        "</div>"
    )


def _reasons(row: pd.DataFrame) -> pd.DataFrame:
    """Reasons and how many coded conditions each speaks against, most first; those of few persons are suppressed."""
    counts = [(name, row[name].iloc[0]) for name in row.columns if name != "conditions"]
    listed = [(name, n) for name, n in counts if pd.isna(n) or n]
    listed.sort(key=lambda item: (-(0 if pd.isna(item[1]) else int(item[1])), item[0]))
    frame = pd.DataFrame(listed, columns=["reason", "conditions"])
    frame["conditions"] = pd.array(
        [pd.NA if pd.isna(n) else int(n) for n in frame["conditions"]], dtype="Int64"
    )
    gone = " ".join(str(label) for label in frame.index[frame["conditions"].isna()])
    frame.attrs = {"disclosure": {"hidden": {"conditions": gone} if gone else {}}}
    return frame


def _recapture(findings: Findings) -> str:
    if not findings.has("risk_recapture"):
        return note(findings.reason("risk_recapture", "Recapture needs two years of the same persons."))
    recaptured = findings.get("risk_recapture")
    text = chart(charts.recapture(recaptured), "risk-recapture", wide=True)
    text += brief(findings, "risk_recapture")
    return more(findings, "Recapture of conditions", text + _behind("The numbers behind it", recaptured))


def _behind(summary: str, frame: pd.DataFrame) -> str:
    table = scroll(charts.table(frame, max_rows=200))
    return f"<details><summary>{html.escape(summary)}</summary>{table}</details>"


def _left_out(findings: Findings) -> str:
    """What the section does not count, by reason."""
    gaps, thin = findings.terms("risk_gaps"), findings.terms("risk_unsupported")
    rows = [("suspected conditions", reason, n) for reason, n in sorted(gaps.get("closed", {}).items())]
    for kind, reasons in gaps.get("left_out", {}).items():
        what = f"suspected conditions, {kind}" if kind in parts.KINDS else "suspected conditions"
        rows += [
            (what, TOO_WEAK.get(reason, reason), number)
            for reason, number in reasons.items()
            if isinstance(number, int)
        ]
    rows.append(("coded conditions", f"support is not thin, or {thin['exclusions']}", thin["rows_left_out"]))
    rejects = records_of(findings.get("risk_impact")).get("rejects", [])
    counted = Counter(str(row["reason"]) for row in rejects)
    rows += [("persons and diagnoses", reason, count) for reason, count in sorted(counted.items())]
    shown = [(what, reason, fmt.cell("number", about(n, findings.minimum))) for what, reason, n in rows]
    table = charts.table(pd.DataFrame(shown, columns=["what", "reason", "number"]))
    rounded = note("Counts are rounded.") if findings.minimum > 1 else ""
    return more(findings, "Left out", rounded + scroll(table))
