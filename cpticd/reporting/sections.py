"""The sections of the report, each from the findings alone."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Final, NamedTuple

import pandas as pd

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.core.measure import Part
from cpticd.denials.pair_leaves import Q_THRESHOLD
from cpticd.reporting.blocks import chart, longest, more, note, scroll, titled
from cpticd.reporting.coding_section import rules_section, specificity_section
from cpticd.reporting.data_set import by_table
from cpticd.reporting.definitions import brief, definitions_section, releases
from cpticd.reporting.drivers_section import drivers_section, nothing_passes
from cpticd.reporting.findings import Findings
from cpticd.reporting.first_screen import first_screen
from cpticd.reporting.headlines import headlines
from cpticd.reporting.risk_section import risk_section

#: Parts of the table of rates, and what each is called there.
RATES: Final = {
    "lines": "service lines, at first",
    "claims": "claims, at first",
    "charge": "charge dollars, at first",
    "final": "service lines, in the end",
}
#: Declared parts with a chart that a first reader sees unfolded.
MAIN: Final = ("open_summary",)


def findings_section(findings: Findings) -> str:
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in headlines(findings))
    every = f'<ul class="headlines">{items}</ul>' + scroll(_summary(findings))
    return first_screen(findings) + more(findings, "Every finding in words, and what the data hold", every)


def _summary(findings: Findings) -> str:
    rows = [
        (fmt.text(row.measure), fmt.dollars(row.value) if row.unit == "US dollars" else _plain(row.value))
        for row in findings.get("summary").itertuples()
    ]
    return charts.table(pd.DataFrame(rows, columns=["what the data hold", "value"], dtype="object"))


def _plain(value: object) -> str:
    return fmt.count(value) if isinstance(value, (int, float)) else fmt.text(value)


def accounting_section(findings: Findings) -> str:
    accounting = findings.get("accounting")
    rejects = findings.get("rejects")
    text = note(
        "Read = loaded + rejected + left out, in rows and in dollars, for every source and table. Rows of files are "
        "counted, not persons."
    )
    if len(accounting) and accounting["loaded"].isna().any():
        text += note(
            "What was read and loaded is left out: with what was adjudicated it would tell of fewer than "
            f"{findings.minimum} persons. claims.accounting() has it."
        )
    text += scroll(charts.table(by_table(accounting)))
    if not accounting.empty and accounting["source"].nunique() > 1:
        each = scroll(charts.table(accounting, max_rows=1000))
        text += f"<details><summary>The same by source</summary>{each}</details>"
    if rejects.empty:
        text += note("Nothing was rejected, repaired or noted.")
    else:
        text += "<h3>Rejected, repaired or noted</h3>" + scroll(charts.table(rejects, max_rows=60))
    return text + releases(findings)


def rates_section(findings: Findings) -> str:
    rows = rates_table(findings)
    columns = ["measure", "n", "denied", "partly_denied", "rate", "low", "high", "denied_amount"]
    text = note(findings.reason("lines", "No lines."))
    if len(rows):
        table = scroll(charts.table(rows, columns=columns))
        text = table + brief(findings, "lines", "claims", "charge", "final")
    if not findings.has("payers"):
        return text + note(findings.reason("payers", "No adjudicated lines."))
    overall = findings.get("lines") if findings.has("lines") else None
    payers = findings.get("payers")
    payers = payers[payers["n"].notna()]
    text += chart(charts.rates(payers.head(40), overall=overall), "payers") + brief(findings, "payers")
    return text + (note(f"{len(payers) - 40:,} more payers not drawn.") if len(payers) > 40 else "")


def rates_table(findings: Findings) -> pd.DataFrame:
    """One row per rate of the whole, from frames of one row each; what was suppressed of them stays known."""
    rows = {label: findings.get(key) for key, label in RATES.items() if findings.has(key)}
    if not rows:
        return pd.DataFrame(columns=["measure"])
    frame = pd.concat([part.assign(measure=label) for label, part in rows.items()], ignore_index=True)
    hidden: dict[str, list[str]] = {}
    for place, part in enumerate(rows.values()):
        for column in part.attrs.get("disclosure", {}).get("hidden", {}):
            hidden.setdefault(column, []).append(str(place))
    frame.attrs = {"disclosure": {"hidden": {column: " ".join(each) for column, each in hidden.items()}}}
    return frame


def causes_section(findings: Findings) -> str:
    causes = findings.get("causes")
    if causes.empty:
        return note(findings.reason("causes", "No line was denied, or no reason was given."))
    shown = causes[causes["denied_amount"].notna()]
    if shown.empty:
        return note("Every cause is of too few persons to be shown.")
    text = chart(charts.causes(shown), "causes") + brief(findings, "causes")
    return text + scroll(charts.table(causes))


def pairs_section(findings: Findings) -> str:
    pairs, families = findings.get("pairs"), findings.get("families")
    few = f"No pair has {findings.min_lines} adjudicated lines."
    if pairs.empty and families.empty:
        return note(findings.reason("pairs", few))
    text = note(
        "A pair is a service line's procedure and one diagnosis that it points to; pairs with fewer than "
        f"{findings.min_lines} lines are not judged. Expected: the rate of other lines of the same procedure "
        "at the same payer and place in the same quarter. q: the share of false alarms to expect among pairs "
        "at least as striking."
    )
    if not families.empty:
        drawn = chart(charts.pair_matrix(known(families)), "families") + brief(findings, "families")
        text += more(findings, "Families of procedures and diagnoses as a map", drawn)
    if pairs.empty:
        return text + note(findings.reason("pairs", few))
    compared = known(pairs)
    compared = compared[compared["excess_denials"].notna()].reset_index(drop=True)
    text += "<h3>Pairs to look at first</h3>" + _pair_list(findings, "pairs")
    drawn = chart(charts.pair_scatter(compared, max_points=1500), "scatter") + brief(findings, "pairs")
    text += more(findings, "Every pair: lines and denial rate", drawn)
    if not has_payer_pairs(findings):
        return text
    text += "<h3>Pairs to look at first, payer by payer</h3>" + _pair_list(findings, "payer_pairs")
    return text + brief(findings, "payer_pairs")


def _pair_list(findings: Findings, key: str) -> str:
    """The first pairs that pass; else that none does."""
    first = top_pairs(findings.get(key))
    if first.empty:
        return note(nothing_passes(findings, key))
    return scroll(charts.table(titled(first)))


def known(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs whose lines and denials may be shown."""
    return pairs[pairs["rate"].notna()].reset_index(drop=True)


def trend_section(findings: Findings) -> str:
    if not findings.has("trend"):
        return note(findings.reason("trend", "No adjudicated line has a date."))
    trend = findings.get("trend")
    trend = trend[trend["n"].notna()].reset_index(drop=True)
    measure, _ = findings.parts["trend"]
    changed = measure.sentence(findings.get("trend")) if measure.sentence else ""
    text = note(changed) if changed else ""
    return text + chart(charts.trend(trend), "trend") + brief(findings, "trend")


def delay_section(findings: Findings) -> str:
    if not findings.has("delay"):
        return note(findings.reason("delay", "No claim has both a date to start from and a paid date."))
    drawn = chart(charts.delay(findings.get("delay")), "delay") + brief(findings, "delay")
    return more(findings, "Share of claims not yet decided, by day", drawn)


def silent_section(findings: Findings) -> str:
    if not findings.has("takebacks"):
        return note(
            findings.reason("takebacks", "No procedure was changed by a payer and no payment taken back.")
        )
    text = note("Lines paid under another procedure than submitted, and payments taken back.")
    return (
        text + _long(findings, findings.get("takebacks"), "Payers and kinds") + brief(findings, "takebacks")
    )


def _long(findings: Findings, frame: pd.DataFrame, summary: str) -> str:
    """A table that a first reader finds folded."""
    return more(findings, summary, scroll(charts.table(titled(frame), max_rows=longest(findings))))


def has_payer_pairs(findings: Findings) -> bool:
    """Whether pairs by payer say more than pairs alone."""
    return findings.has("payer_pairs") and len(findings.get("payers")) > 1


def top_pairs(pairs: pd.DataFrame, count: int = 15) -> pd.DataFrame:
    """The first-ranked pairs that pass, with the columns that fit a page, their first category and CARC in one."""
    if pairs.empty:
        return pairs
    # What is suppressed, or may be chance, is no finding to look at first.
    first = pairs[pairs["rate"].notna() & (pairs["q_value"] <= Q_THRESHOLD).fillna(False)].head(count)
    causes = [
        fmt.text(category) if fmt.text(carc) == fmt.MISSING else f"{category} (CARC {carc})"
        for category, carc in zip(first["top_category"], first["top_carc"], strict=True)
    ]
    columns = [
        *(["payer"] if "payer" in first.columns else []),
        *("hcpcs_code", "diagnosis_code", "lines", "denied_lines", "rate", "low", "high", "expected_rate"),
        *("excess_denials", "q_value", "denied_amount"),
    ]
    return first[columns].assign(first_cause=causes)


class Section(NamedTuple):
    """Anchor and heading of a section, what it says, and the parts that it says it of."""

    key: str
    heading: str
    content: Callable[[Findings], str]
    parts: tuple[str, ...] = ()


#: Sections written by hand, in order; what else a measure declares follows in its section, or in one of its own.
SECTIONS: Final[tuple[Section, ...]] = (
    Section("findings", "At a glance", findings_section, ("summary",)),
    Section("drivers", "Where denials come from", drivers_section, ("drivers", "payer_procedures")),
    Section("rates", "Denial rates and payers", rates_section, (*RATES, "payers")),
    Section("trend", "Trend", trend_section, ("trend",)),
    Section("causes", "Root causes", causes_section, ("causes",)),
    Section("pairs", "Diagnosis × procedure pairs", pairs_section, ("pairs", "payer_pairs", "families")),
    Section("from_denial_to_payment", "Open work: from denial to payment", lambda _: ""),
    Section("overturned", "Overturned denials", lambda _: ""),
    Section("delay", "Payment delay", delay_section, ("delay",)),
    Section("silent", "Silent denials", silent_section, ("takebacks",)),
    Section("rules", "Coding rules", rules_section, ("rules", "rule_counts", "scorecard", "residual")),
    Section("specificity", "Unspecified codes", specificity_section, ("unspecified", "effect")),
    Section(
        "risk", "Risk adjustment, both directions", risk_section,
        ("risk_gaps", "risk_unsupported", "risk_impact", "risk_reasons", "risk_prevalence", "risk_recapture",
         "risk_change", "risk_worklist"),
    ),
    Section("accounting", "Data quality: what was read", accounting_section, ("accounting", "rejects")),
    Section("definitions", "Appendix: how each number is defined", definitions_section),
)  # fmt: skip


def sections(findings: Findings) -> list[tuple[str, str, str]]:
    """Anchor, heading and HTML of every section: those written by hand, with what measures declare beside them."""
    own = {section.key: section for section in SECTIONS}
    others = [part for _, part in findings.parts.values() if not _is_written(own, part)]
    made = [
        (
            key,
            each.heading,
            each.content(findings) + "".join(generic(findings, p) for p in others if p.section == key),
        )
        for key, each in own.items()
    ]
    keys = dict.fromkeys(part.section for part in others if part.section not in own)
    new = [
        (
            key,
            fmt.heading(key),
            "".join(generic(findings, part, alone=True) for part in others if part.section == key),
        )
        for key in keys
    ]
    return [*made[:-2], *new, *made[-2:]]


def _is_written(own: dict[str, Section], part: Part) -> bool:
    return part.section in own and part.key in own[part.section].parts


def generic(findings: Findings, part: Part, *, alone: bool = False) -> str:
    """A part as its measure declares it: heading, sentence, chart, table and definition."""
    measure, _ = findings.parts[part.key]
    text = "" if alone else f"<h3>{html.escape(part.heading)}</h3>"
    frame = findings.get(part.key)
    if frame.empty:
        hidden = findings.account.get(part.key, {}).get("suppressed", 0)
        nothing = (
            "Every row is of too few persons to be shown." if hidden else "Nothing to show in these data."
        )
        return text + note(findings.reason(part.key, nothing))
    if measure.sentence is not None and (sentence := measure.sentence(frame)):
        text += note(sentence)
    rows = longest(findings)
    defined, table = brief(findings, part.key), scroll(charts.table(titled(frame), max_rows=rows))
    if measure.chart is None:
        return text + table + defined
    drawn = chart(charts.draw(frame), part.key.replace("_", "-"), wide=True)
    if part.key in MAIN or alone:
        return text + drawn + defined + more(findings, "The numbers behind it", table)
    return more(findings, part.heading, text + drawn + defined + table)
