"""What leaves with a report: its tables in one release, cells of few persons and what would give them away left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import disclosure, specificity
from cpticd.core.contract import carry
from cpticd.core.frames import to_frame
from cpticd.disclosure import Release, shapes
from cpticd.disclosure.facts import of_claims
from cpticd.reporting import leaving_risk
from cpticd.reporting.coding import rule_table
from cpticd.reporting.small import few, rounded

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.reporting.findings import Findings

#: Frames of service lines, and what their columns tell of whom.
SHAPES: Final[dict[str, dict[str, Any]]] = {
    "lines": shapes.rates(),
    "claims": shapes.rates(measure="claims"),
    "charge": shapes.rates(measure="charge"),
    "final": shapes.rates(clock="final"),
    "payers": shapes.rates("payer"),
    "causes": shapes.causes(),
    "pairs": shapes.pairs(),
    "payer_pairs": shapes.pairs(by="payer"),
    "families": shapes.pairs(level="family"),
    "trend": shapes.trend(),
}
#: Figures of the summary that are of persons, and of which of them: all, or lines with the flag.
SUMMARY: Final = {
    "": ("claims", "service lines", "persons", "diagnoses", "charges"),
    "adjudicated": ("adjudications", "adjudicated lines"),
    "denied": ("initially denied lines", "initially denied amount"),
}
#: Columns of a scorecard that a report tells, and which of them are of denied lines. Recall and what else compares with
#: denials outside the flagged lines would have to be protected against those, and stays in the session.
FLAGGED: Final = ("flagged_lines", "flagged_claims", "flagged_amount")
FLAGGED_DENIED: Final = (
    *(
        "denied_lines",
        "precision",
        "low",
        "high",
        "lift",
        "lift_low",
        "lift_high",
        "q_value",
        "caught_amount",
    ),
    "paid_amount",
)
#: Columns of unspecified shares that a report tells, by the yes-or-no column of the facts that they are of.
UNSPECIFIED: Final = {
    "unspecified": ("unspecified", "unspecified_share", "low", "high"),
    "with_specific": ("with_specific", "with_specific_share"),
}
#: Columns of the accounting that tell how many lines, claims and dollars there are.
LOADED: Final = ("read", "loaded", "amount_read", "amount_loaded")
_FOUND: Final = "report_found"


def protected(found: Findings, claims: Claims) -> Findings:
    """The findings as they may leave: every frame through one release, by the session's settings.

    ``said`` of the result holds how many counts each part lost. Where disclosure control is off, nothing changes.
    """
    if not disclosure.settings().is_on:
        return found
    minimum = disclosure.settings().minimum
    kept = replace(found, frames=dict(found.frames), reasons=dict(found.reasons), said={}, minimum=minimum)
    release = release_of(found, claims)
    for name in release.names:
        frame = release[name]
        kept.said[name] = {
            key: int(frame.attrs["disclosure"][key]) for key in ("cells", "suppressed", "complementary")
        }
        if name in kept.frames:
            kept.frames[name] = frame
    _summary(kept, release)
    _accounting(kept)
    _scorecard(kept, release, found)
    _trend(kept)
    kept.frames["delay"] = _delay(found.get("delay"), claims)
    _residual(kept)
    _effect(kept)
    leaving_risk.apply(kept, found, release)
    return kept


def release_of(found: Findings, claims: Claims) -> Release:
    """The release that a report's tables make: those of service lines share one set of facts."""
    rules = _rules(found)
    release = Release(_facts(claims, found, rules))
    for name, shape in SHAPES.items():
        if found.has(name):
            frame = found.get(name)
            if name == "trend":  # a month in which nothing was decided is no cell
                frame = frame[frame["n"] > 0].reset_index(drop=True)
            release.add(name, frame, **shape)
    _add_summary(release, found)
    _add_rules(release, found, rules)
    if found.has("takebacks"):
        facts = disclosure.with_persons(claims, found.get("silent"))
        release.add("takebacks", found.get("takebacks"), by=("payer", "kind"), facts=facts)
    if found.has("unspecified"):
        columns = ["payer", "claims", "diagnoses", *UNSPECIFIED["unspecified"], *UNSPECIFIED["with_specific"]]
        release.add("unspecified", found.get("unspecified")[columns], by="payer", numerators=UNSPECIFIED,
                    facts=_coded(claims))  # fmt: skip
    leaving_risk.add(release, found)
    return release


# -- service lines ---------------------------------------------------------------------------------


def _rules(found: Findings) -> dict[str, str]:
    """Rules that flag anything, each with the column of the facts that says which lines."""
    rules = found.get("rules")
    names = sorted(rules["rule"].unique()) if len(rules) else []
    return {name: f"rule_{number}" for number, name in enumerate(names)}


def _facts(claims: Claims, found: Findings, rules: Mapping[str, str]) -> pd.DataFrame:
    """One row per person and combination of what the tables of lines are grouped by, rules among it."""
    keys = {"adjudicated", "denied", "partly_denied", "any_denied", "claim_adjudicated", "claim_denied",
            "claim_partly_denied", "finally_adjudicated", "finally_denied", "finally_partly_denied", "mature",
            "payer", "category", "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family",
            "service_month"}  # fmt: skip
    if not rules:
        return of_claims(claims, keys)
    flagged = found.get("rules")[["claim_id", "claim_line_number", "rule"]].drop_duplicates()
    number = {name: place for place, name in enumerate(rules)}
    table = pa.table(
        {
            "claim_id": pa.array(flagged["claim_id"].astype(str), pa.string()),
            "line": pa.array(flagged["claim_line_number"].astype("Int64"), pa.int64()),
            "rule": pa.array(flagged["rule"].map(number), pa.int64()),
        }
    )
    claims.engine.load(_FOUND, table)
    columns = ", ".join(f"max(CASE WHEN f.rule = {place} THEN 1 ELSE 0 END) AS {rules[name]}"
                        for name, place in number.items())  # fmt: skip
    join = f"""
        LEFT JOIN (
            SELECT l.claim_id, l.claim_line_number, {columns}
            FROM line_outcomes l JOIN {_FOUND} f
                ON f.claim_id = l.claim_id AND (f.line IS NULL OR f.line = l.claim_line_number)
            GROUP BY l.claim_id, l.claim_line_number
        ) x ON x.claim_id = o.claim_id AND x.claim_line_number = o.claim_line_number
    """
    try:
        return of_claims(
            claims, keys, more={name: f"coalesce(x.{name} = 1, false)" for name in rules.values()}, join=join
        )
    finally:
        claims.engine.drop(_FOUND)


def _figures(found: Findings) -> dict[str, Any]:
    summary = found.get("summary")
    return dict(zip(summary["measure"], summary["value"], strict=True)) if len(summary) else {}


def _add_summary(release: Release, found: Findings) -> None:
    figures = _figures(found)
    if not figures.get("service lines"):
        return
    row = pd.DataFrame([{name: figures[name] for names in SUMMARY.values() for name in names}])
    release.add("summary_row", row, numerators={flag: names for flag, names in SUMMARY.items() if flag})


def _add_rules(release: Release, found: Findings, rules: Mapping[str, str]) -> None:
    card = found.get("scorecard")
    counted = rule_table(found.get("rules")).set_index("rule")["findings"] if rules else pd.Series(dtype=int)
    on_lines = set(found.get("rules").dropna(subset=["claim_line_number"])["rule"]) if rules else set()
    for name, column in rules.items():
        if name in on_lines:
            total = pd.DataFrame({"findings": [counted.get(name, 0)]})
            release.add(f"rule {name}", total, where=column)
        part = card[card["rule"] == name] if len(card) else card
        if len(part):
            frame = part[["payer", *FLAGGED, *FLAGGED_DENIED]].reset_index(drop=True)
            release.add(f"scorecard {name}", frame, by="payer", where=("adjudicated", column),
                        numerators={"denied": FLAGGED_DENIED})  # fmt: skip


def _coded(claims: Claims) -> pd.DataFrame:
    """One row per person, payer and diagnosis code, and whether it is unspecified."""
    facts = to_frame(
        claims.engine.fetch(
            "SELECT DISTINCT c.person_id, coalesce(c.payer, '(unknown)') AS payer, d.diagnosis_code FROM claims c "
            "JOIN diagnoses d ON d.claim_id = c.claim_id ORDER BY ALL"
        )
    )
    traits = specificity.classify(facts["diagnosis_code"])
    unspecified = traits["unspecified"].fillna(False).astype(bool)
    with_specific = unspecified & traits["specific_sibling"].fillna(False).astype(bool)
    return facts.assign(unspecified=unspecified.to_numpy(), with_specific=with_specific.to_numpy())


def _summary(kept: Findings, release: Release) -> None:
    """The summary without what its row lost; other small counts are said to be small."""
    if "summary_row" not in release.names:
        return
    row = release["summary_row"].iloc[0]
    of_persons = {name for names in SUMMARY.values() for name in names}
    summary = kept.get("summary")
    values = [
        row[name]
        if name in of_persons
        else few(value, kept.minimum)
        if name.startswith("returned")
        else value
        for name, value in zip(summary["measure"], summary["value"], strict=True)
    ]
    kept.frames["summary"] = summary.assign(value=pd.Series(values, index=summary.index, dtype=object))


def _accounting(kept: Findings) -> None:
    """Where figures of the summary had to go, what was loaded would give them away: only what was rejected stays."""
    figures, accounting = _figures(kept), kept.get("accounting")
    lost = [name for names in SUMMARY.values() for name in names if pd.isna(figures.get(name, 0))]
    if not len(accounting) or not lost:
        return
    hidden = {name: pd.array([pd.NA] * len(accounting), dtype="Float64") for name in LOADED}
    kept.frames["accounting"] = accounting.assign(**hidden)


def _scorecard(kept: Findings, release: Release, found: Findings) -> None:
    card = found.get("scorecard")
    if len(card):
        parts = [
            release[f"scorecard {name}"].assign(rule=name)
            for name in card["rule"].unique()
            if f"scorecard {name}" in release.names
        ]
        shown = pd.concat([part.set_axis(range(len(part))) for part in parts], ignore_index=True)
        same = card[["rule", "payer", "family", "severity"]].merge(shown, on=["rule", "payer"], how="left")
        result = same.reindex(columns=[name for name in card.columns if name in card])
        kept.frames["scorecard"] = carry(card, result)
    counts = {name.removeprefix("rule "): release[name]["findings"].iloc[0] for name in release.names
              if name.startswith("rule ")}  # fmt: skip
    kept.rule_findings = counts


def _trend(kept: Findings) -> None:
    """Without the share that is adjudicated: a period's few lines that are not would follow from it."""
    if kept.has("trend"):
        kept.frames["trend"] = kept.get("trend").assign(adjudicated_share=float("nan"))


# -- what is no table of lines ---------------------------------------------------------------------


def _delay(delay: pd.DataFrame, claims: Claims) -> pd.DataFrame:
    """The curve at days between which enough persons' claims were adjudicated, without its counts."""
    if delay.empty:
        return delay
    begin = "coalesce(c.received_date, c.claim_end_date, c.claim_start_date)"
    rows = claims.engine.fetch(
        f"""
        SELECT DISTINCT c.person_id, CASE WHEN o.first_paid_date IS NOT NULL
            THEN date_diff('day', {begin}, o.first_paid_date) END AS day
        FROM claim_outcomes o JOIN claims c ON c.claim_id = o.claim_id
        WHERE o.first_paid_date IS NOT NULL OR o.initial_outcome = 'not adjudicated'
        """
    )
    persons = to_frame(rows)
    least = disclosure.settings().minimum
    by_day = persons.dropna(subset=["day"]).groupby("day")["person_id"].agg(set)
    ends, pending = [], set()
    for day in sorted(delay["day"]):
        pending |= by_day.get(day, set())
        if len(pending) >= least:
            ends.append(day)
            pending = set()
    # What remains open after the last day shown, adjudicated later or never, is of nobody or of enough persons.
    while ends:
        rest = set(persons.loc[~(persons["day"] <= ends[-1]), "person_id"])
        if not rest or len(rest) >= least:
            break
        ends.pop()
    shown = delay[delay["day"].isin(ends)].reset_index(drop=True)
    shown = shown.assign(at_risk=float("nan"), adjudicated=float("nan"))
    return carry(delay, shown)


def _residual(kept: Findings) -> None:
    """Clusters with rounded counts: a difference from the pairs' counts tells nothing of few persons."""
    residual = kept.get("residual")
    if residual.empty:
        return
    shown = residual[residual["denied_persons"] >= kept.minimum]
    counts = ("denied_persons", "denied_lines", "denied_amount", "excess_amount")
    shown = shown.assign(**{name: [rounded(value) for value in shown[name]] for name in counts})
    small = {side: shown[f"denied_{side}"].between(1, kept.minimum - 1) for side in ("before", "elsewhere")}
    for side, is_small in small.items():
        shown[f"rate_{side}"] = shown[f"rate_{side}"].round(2).mask(is_small)
    rest = (shown["services_after"] - shown["denied_after"]).between(1, kept.minimum - 1)
    shown["rate_after"] = shown["rate_after"].round(2).mask(rest)
    kept.frames["residual"] = shown.reset_index(drop=True)
    kept.said["residual"] = {
        "cells": len(residual),
        "suppressed": len(residual) - len(shown),
        "complementary": 0,
    }


def _effect(kept: Findings) -> None:
    """Odds ratios of groups whose four counts are large; the counts themselves stay in the session."""
    effect = kept.get("effect")
    if effect.empty:
        return
    counts: Iterable[tuple[str, str]] = (
        ("unspecified_denied", "unspecified_lines"),
        ("specific_denied", "specific_lines"),
    )
    large = effect["persons"] >= kept.minimum
    for denied, lines in counts:
        large &= (effect[denied] >= kept.minimum) & (effect[lines] - effect[denied] >= kept.minimum)
    shown = effect[large].reset_index(drop=True)
    hidden = ("unspecified_denied", "specific_denied", "unspecified_rate", "specific_rate", "unspecified_lines",
              "specific_lines", "other_lines", "persons", "excess_denials", "denied_amount")  # fmt: skip
    shown = shown.assign(**dict.fromkeys(hidden, float("nan")))
    kept.frames["effect"] = carry(effect, shown)
    kept.said["effect"] = {"cells": len(effect), "suppressed": len(effect) - len(shown), "complementary": 0}
