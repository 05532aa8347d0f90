"""Risk adjustment by clinicians and panels, and from one model to another."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import bars, intervals
from cpticd.core.contract import records_of, terms_of

BRIDGE: Final = "risk.model_bridge(risk.model_change(claims, payment_year=…))"
#: What raises a mean score, and what lowers it.
RAISES: Final = ("raises", themes.BLUE)
LOWERS: Final = ("lowers", themes.VERMILION)
_WORDS: Final = {
    "demographic": "Age, sex, status", "no longer mapped": "Codes no longer mapped",
    "newly mapped": "Codes newly mapped",
    "hierarchy": "Hierarchies", "split": "HCC split", "merged": "HCCs merged", "regrouped": "HCCs regrouped",
    "constrained weights": "Constrained weights", "other weight": "Other weights", "in neither paid": "Paid in neither",
    "interaction": "Interactions", "count": "Number of HCCs",
}  # fmt: skip


def model_bridge(bridge: pd.DataFrame, *, max_rows: int = 20, theme: str = "light") -> Figure:
    """One step per reason from the mean payment score of one model to that of the other; of panels, a mark for each.

    Parameters: ``bridge`` as ``risk.model_bridge`` returns it, by reason, by condition (the largest ``max_rows``) or by
    panel. Steps begin and end at the two means where the contract has them (under disclosure control it may not).
    Raises ArgumentError for other frames.
    """
    frames.require(bridge, ["persons", "population", "change", "low", "high"], "model_bridge", BRIDGE)
    first, second = terms_of(bridge).get("models", ("first model", "second model"))
    title = f"Mean payment score, from {first} to {second}"
    if bridge.empty:
        return frames.nothing(title, "Nobody is scored by both models.", theme=theme)
    label = str(bridge.columns[0])
    if label not in ("reason", "from_hccs"):
        return intervals(
            bridge, label=label, x="change", low="low", high="high", reference=0.0, max_rows=max_rows, title=title,
            theme=theme, axis=f"Change of the mean payment score ({second} - {first})",
            facts=["{label}", "change: {change} ({low~high})", f"{first}: {{from_score}}", f"{second}: {{to_score}}",
                   "n = {persons} persons"],
        )  # fmt: skip
    rows = _steps(bridge, label, first, second, max_rows)
    totals = records_of(bridge).get("totals") or [{}]
    notice = (
        f"{max_rows} largest of {len(bridge):,} conditions"
        if label != "reason" and len(bridge) > max_rows
        else ""
    )
    ends = [totals[0].get(name) for name in ("from_score", "to_score")]
    footing = "" if None in ends else f": {first} {fmt.score(ends[0])}, {second} {fmt.score(ends[1])}"
    return bars(
        rows, label="words", x="change", by="direction", theme=theme, title=title,
        colors={name: (color, f"{name} the score") for name, color in (RAISES, LOWERS)},
        bar={"base": "start", "ends": ("below", "above")}, notice=notice,
        subtitle=f"Each step begins where the one above ends{footing}; lines: 95 % interval",
        facts=["{words}", "change of the mean: {written}", "95 % interval: {span}", "n = {persons} of {population}",
               "{label_text}"],
        axis=marks.quantity("Mean payment score", "score", zeroline=False, **_near(rows)), bargap=0.4,
    )  # fmt: skip


def _near(rows: pd.DataFrame) -> dict[str, Any]:
    """The range of an axis that shows the steps, which are small beside the scores: it need not hold zero."""
    ends = pd.concat([rows["start"], *(rows["start"] + rows[name] for name in ("low", "high", "change"))])
    room = 0.05 * float(ends.max() - ends.min()) or 0.05
    return {
        "rangemode": "normal",
        "range": [round(float(ends.min()) - room, 4), round(float(ends.max()) + room, 4)],
    }


def _steps(bridge: pd.DataFrame, label: str, first: str, second: str, most: int) -> pd.DataFrame:
    """The rows with where each step begins, from the mean of the first model on."""
    rows = (bridge if label == "reason" else bridge.head(most)).reset_index(drop=True)
    totals = records_of(bridge).get("totals") or [{}]
    start = float(totals[0].get("from_score") or 0.0) if label == "reason" else 0.0
    change = rows["change"].astype(float)
    if label == "reason":
        rows["words"] = rows["reason"].map(_WORDS).fillna(rows["reason"])
        rows["start"] = start + change.cumsum() - change
        rows["label_text"] = ""
    else:
        old = rows["from_hccs"].where(rows["from_hccs"] != "", "none")
        new = rows["to_hccs"].where(rows["to_hccs"] != "", "none")
        rows["words"] = [
            parts.condition(f"{one} → {two}", text)
            for one, two, text in zip(old, new, rows["label"], strict=True)
        ]
        rows["start"] = 0.0
        rows["label_text"] = f"{first} HCC → {second} HCC; " + rows["reason"]
    rows["direction"] = [RAISES[0] if value >= 0 else LOWERS[0] for value in change]
    rows["below"], rows["above"] = rows["low"], rows["high"]
    rows["written"] = [fmt.signed(fmt.score, round(value, 4) + 0.0) for value in change]
    rows["span"] = [
        fmt.span(fmt.score, low, high) for low, high in zip(rows["low"], rows["high"], strict=True)
    ]
    return rows


def provider_gaps(found: pd.DataFrame, *, max_rows: int = 30, theme: str = "light") -> Figure:
    """One row per clinician: the conditions that review is expected to confirm, with their interval.

    Parameters: ``found`` as ``risk.provider_gaps`` returns it; ``max_rows`` of the first rows, the rest is announced.
    Hover has recapture with its interval, dollars where they are known, and how many visits are booked. Raises
    ArgumentError for other frames.
    """
    source = "risk.provider_gaps(claims, worklist, year=…)"
    columns = ["persons", "gaps", "expected_gaps", "fewest_gaps", "most_gaps", "recapture_rate", "due"]
    frames.require(found, columns, "provider_gaps", source)
    title = "Conditions to review, by clinician"
    if found.empty:
        return frames.nothing(title, "No open gaps and no condition due.", theme=theme)
    label = "rendering_npi" if "rendering_npi" in found else "taxonomy"
    facts = ["{label}", "expected: {expected_gaps} of {gaps} ({fewest_gaps~most_gaps})", "n = {persons} persons",
             "recapture: {recapture_rate} of {due} ({low~high})",
             "visits ahead: {booked}, overdue: {overdue}"]  # fmt: skip
    facts += ["expected payment: {expected_dollars}"] if "expected_dollars" in found else []
    return intervals(
        found.rename(columns={"taxonomy": "specialty"}) if label != "taxonomy" else found,
        label=label, x="expected_gaps", low="fewest_gaps", high="most_gaps", facts=facts,
        max_rows=max_rows, title=title, theme=theme,
        subtitle="For review by a clinician and a coder; bars: 95 % interval", beside="{gaps} open",
        axis="Conditions expected to be confirmed",
    )  # fmt: skip


def population(panels: pd.DataFrame, *, max_points: int = 2000, theme: str = "light") -> Figure:
    """One point per panel: mean payment score against dollars per person, its area the number of persons.

    Parameters: ``panels`` as ``risk.population`` returns it; ``max_points`` of the first rows, the rest is announced.
    Panels whose ratio of observed to expected dollars lies above one with its whole interval, and those below, are
    colored; the line is what the score alone lets expect. Raises ArgumentError for other frames.
    """
    columns = [
        "persons",
        "score",
        "allowed_per_person",
        "expected_per_person",
        "observed_to_expected",
        "low",
        "high",
    ]
    frames.require(panels, columns, "population", "risk.population(claims, payment_year=…)")
    title = "Complexity and dollars by panel"
    if panels.empty:
        return frames.nothing(title, "No panel has enough persons.", theme=theme)
    by = str(panels.columns[0])
    shown = panels.head(max_points).reset_index(drop=True)
    above, below = (shown["low"] > 1).fillna(False), (shown["high"] < 1).fillna(False)
    groups = [
        (~above & ~below, "as the score lets expect, or cannot be told", themes.GREY, 0.65),
        (below, "below expected", themes.BLUE, 0.65),
        (above, "above expected", themes.VERMILION, 0.65),
    ]
    facts = [f"{{{by}}}", "score: {score} ({score_low~score_high})", "dollars per person: {allowed_per_person}",
             "expected: {expected_per_person}", "observed / expected: {observed_to_expected} ({low~high})",
             "conditions per person: {conditions}", "services per person: {services_per_person}",
             "n = {persons} persons"]  # fmt: skip
    ends = shown.sort_values("score").iloc[[0, -1]]
    line: dict[str, Any] = {
        "type": "scatter", "mode": "lines", "x": ends["score"].tolist(), "y": ends["expected_per_person"].tolist(),
        "line": {"color": themes.GREY, "dash": "dash", "width": 1}, "name": "expected by the score",
        "hoverinfo": "skip",
    }  # fmt: skip
    traces = marks.clouds(
        shown, "score", "allowed_per_person", groups, size="persons", diameter=36, facts=facts, keys=[by]
    )
    dollars = str(terms_of(panels).get("dollars", "allowed amount"))
    return frames.figure(
        title, "Area: persons. Color: the 95 % interval of observed / expected lies on one side of 1", theme=theme,
        notice=f"{len(shown):,} of {len(panels):,} panels shown" if len(shown) < len(panels) else "",
        data=[line, *traces], xaxis=marks.quantity("Mean payment score", "score"),
        yaxis=marks.quantity(f"{dollars.capitalize()} per person", "allowed_per_person"),
    )  # fmt: skip
