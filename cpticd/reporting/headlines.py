"""The findings in plain sentences, numbers with their intervals; used by the report and the terminal."""

from __future__ import annotations

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as parts
from cpticd.core.contract import terms_of
from cpticd.denials.pair_leaves import Q_THRESHOLD
from cpticd.reporting.drivers_section import no_driver
from cpticd.reporting.findings import Findings
from cpticd.reporting.totals import Totals


def headlines(findings: Findings) -> list[str]:
    """One sentence per main finding, the most important first; none about what the data cannot tell."""
    sentences = [
        _rate(findings),
        _money(findings),
        _final(findings),
        _driver(findings),
        _cause(findings),
        _related(findings),
        _pair(findings),
        _payers(findings),
        _delay(findings),
        *_declared(findings),
        *risk_headlines(findings),
        _accounting(findings),
    ]
    return [sentence for sentence in sentences if sentence]


def _declared(findings: Findings) -> list[str]:
    """Sentences that measures declare for their parts."""
    return [
        measure.sentence(findings.get(key))
        for key, (measure, _) in findings.parts.items()
        if measure.sentence is not None and findings.has(key) and key != "drivers"
    ]


def _rate(findings: Findings) -> str:
    if not findings.has("lines"):
        return ""
    row = findings.get("lines").iloc[0]
    if pd.isna(row["n"]) or pd.isna(row["rate"]) != (row["n"] == 0):
        return ""  # suppressed
    if not row["n"]:
        return "None of these service lines has been adjudicated: there is no payer's answer in the data."
    return (
        f"{fmt.percent(row['rate'])} of {fmt.count(row['n'])} adjudicated service lines were denied at first "
        f"(95 % interval {fmt.interval(row['low'], row['high'])}): {fmt.count(row['denied'])} lines"
    ) + (
        "."
        if pd.isna(row["partly_denied"])
        else f"; {fmt.count(row['partly_denied'])} more were denied in part."
    )


def _money(findings: Findings) -> str:
    if not findings.has("charge"):
        return ""
    row = findings.get("charge").iloc[0]
    if pd.isna(row["rate"]) or pd.isna(row["denied_amount"]):
        return ""
    amount, share = fmt.dollars(row["denied_amount"]), fmt.percent(row["rate"])
    return f"First denials took {amount} of charges, {share} of all."


def _final(findings: Findings) -> str:
    if not findings.has("final"):
        return ""
    row = findings.get("final").iloc[0]
    if pd.isna(row["rate"]):
        return ""
    return (
        f"Of lines old enough to be settled, {fmt.percent(row['rate'])} stayed denied "
        f"(95 % interval {fmt.interval(row['low'], row['high'])}, n = {fmt.count(row['n'])})."
    )


def _driver(findings: Findings) -> str:
    """The dearest driver, before what it consists of; else that there is none."""
    measure, _ = findings.parts["drivers"]
    if findings.has("drivers") and measure.sentence is not None:
        return measure.sentence(findings.get("drivers"))
    return no_driver(findings)


def _cause(findings: Findings) -> str:
    if not findings.has("causes"):
        return ""
    row = findings.get("causes").iloc[0]
    if findings.get("causes")["denied_amount"].isna().all():
        return ""
    counted = "" if pd.isna(row["lines"]) else f", {fmt.count(row['lines'])} lines"
    return (
        f"The largest root cause is {fmt.text(row['category'])}: {fmt.dollars(row['denied_amount'])}, "
        f"{fmt.percent(row['share'])} of the denied dollars{counted}."
    )


def _related(findings: Findings) -> str:
    if not findings.has("causes"):
        return ""
    causes = findings.get("causes")
    if causes["share"].isna().any():
        return ""  # some are suppressed: the shares do not add up
    flags = causes["diagnosis_related"].map(fmt.flag)
    surely, partly = (causes["share"][flags == word].sum() for word in ("yes", "partly"))
    return (
        f"Causes that concern the diagnosis carry {fmt.percent(surely)} of the denied dollars; those that "
        f"concern it in part, another {fmt.percent(partly)}."
    )


def _pair(findings: Findings) -> str:
    if not findings.has("pairs"):
        return ""
    every = findings.get("pairs")
    pairs = every[every["rate"].notna() & every["excess_denials"].notna()]
    if pairs.empty:
        return ""
    which = "" if len(pairs) == len(every) else " that may be shown"
    if not (pairs["q_value"] <= Q_THRESHOLD).any():
        missed = fmt.sentence(str(terms_of(every).get("detectable") or ""))
        return (
            f"None of the {len(pairs):,} pairs{which} with at least {findings.min_lines} lines is denied more often "
            f"than expected at a false-discovery rate of {Q_THRESHOLD:.0%}."
            + (f" {missed}." if missed else "")
        )
    row = pairs[pairs["q_value"] <= Q_THRESHOLD].iloc[0]
    pair = f"procedure {fmt.text(row['hcpcs_code'])} with diagnosis {fmt.text(row['diagnosis_code'])}"
    sentence = (
        f"The pair to look at first is {pair}: {fmt.percent(row['rate'])} of {fmt.count(row['lines'])} lines "
        f"denied (95 % interval {fmt.interval(row['low'], row['high'])}) where "
        f"{fmt.percent(row['expected_rate'])} are expected, {fmt.count(row['excess_denials'])} lines more"
    )
    cause = fmt.text(row["top_category"])
    return sentence + (f"; first cause: {cause}." if cause != fmt.MISSING else ".")


def _payers(findings: Findings) -> str:
    payers = findings.get("payers")
    if payers.empty or len(judged := payers[payers["n"] >= findings.min_lines].dropna(subset=["rate"])) < 2:
        return ""
    judged = judged.sort_values(["rate", "payer"])
    low, high = judged.iloc[0], judged.iloc[-1]
    return (
        f"Payers differ: {fmt.text(high['payer'])} denies {fmt.percent(high['rate'])} of lines "
        f"({fmt.interval(high['low'], high['high'])}), {fmt.text(low['payer'])} {fmt.percent(low['rate'])} "
        f"({fmt.interval(low['low'], low['high'])})."
    )


def _delay(findings: Findings) -> str:
    delay = findings.get("delay")
    if delay.empty:
        return ""
    reached = delay[delay["survival"] <= 0.5]
    if reached.empty:
        return (
            f"Fewer than half of the claims had been adjudicated after {fmt.count(delay['day'].max())} days."
        )
    return f"Half of the claims were adjudicated within {fmt.count(reached['day'].min())} days."


def _accounting(findings: Findings) -> str:
    accounting = findings.get("accounting")
    if accounting.empty:
        return ""
    if accounting["loaded"].isna().any():
        return f"{int(accounting['rejected'].sum()):,} of the rows and segments read were rejected."
    read, loaded, rejected = (int(accounting[name].sum()) for name in ("read", "loaded", "rejected"))
    left = int(accounting["left_out"].sum()) if "left_out" in accounting else 0
    text = f"Of {read:,} rows and segments read, {loaded:,} were loaded and {rejected:,} rejected"
    return (
        f"{text}; {left:,} were left out, since no table holds them or they are copies."
        if left
        else f"{text}."
    )


def risk_headlines(findings: Findings) -> list[str]:
    """One sentence per finding on risk adjustment, both directions; none where members are not known."""
    if "risk_impact" not in findings.frames:
        return []
    totals = Totals(findings.get("risk_impact"))
    terms = terms_of(findings.get("risk_impact"))
    noun = totals.unit.noun
    basis = (
        f"{parts.counted(totals.persons(parts.CODED), 'person')} scored by {terms.get('model')} for payment year "
        f"{terms.get('payment_year')} add up to {totals.unit.write(totals.value(parts.CODED))} of {noun} as coded."
    )
    sentences = [basis]
    for direction, what, effect in (
        (parts.GAPS, "Suspected and not coded", "raise"),
        (parts.UNSUPPORTED, "Coded and thinly supported", "lower"),
    ):
        if direction in totals.hidden:
            sentences.append(f"{what}: conditions of too few persons to be shown.")
            continue
        if direction not in totals.records:
            sentences.append(f"{what}: nothing found.")
            continue
        number, persons = totals.records[direction]["gaps"], totals.persons(direction)
        sentences.append(
            f"{what}: {parts.counted(number, 'condition')} of {parts.counted(persons, 'person')}, for a clinician "
            f"and a coder to review; by their confidence they would {effect} the {noun} by "
            f"{totals.unit.write(abs(totals.value(direction)))} (95 % interval {totals.size(direction)})."
        )
    return [*sentences, _net(totals)] if parts.REVIEWED in totals.records else sentences


def _net(totals: Totals) -> str:
    net = totals.value(parts.REVIEWED) - totals.value(parts.CODED)
    low, high = (totals.value(parts.REVIEWED, field) - totals.value(parts.CODED) for field in (1, 2))
    return (
        f"Both together would change it by {totals.unit.signed(net)} "
        f"(95 % interval {fmt.span(totals.unit.signed, low, high)})."
    )
