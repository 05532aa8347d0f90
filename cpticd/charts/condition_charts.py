"""Conditions of risk adjustment: recaptured, coded and expected, in one person's time, and term by term in a score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Mark, bars, intervals, upright
from cpticd.core.errors import ArgumentError

RECAPTURE: Final = ["hcc", "label", "year", "due", "recaptured", "recapture_rate", "low", "high"]
PREVALENCE: Final = [
    "hcc", "label", "coded", "coded_low", "coded_high", "expected", "expected_low", "expected_high", "persons",
]  # fmt: skip
CODED: Final = ["hcc", "label", "diagnosis_code", "claim_date", "setting", "counted", "reason"]
REVIEW: Final = ["hcc", "label", "kind", "confidence", "evidence_codes", "evidence_dates"]
EXPLAINED: Final = [
    "person_id", "segment", "kind", "term", "label", "value", "hcc", "diagnosis_codes", "removed_by", "reason",
]  # fmt: skip
REMOVED: Final = "removed"
TOTAL: Final = "Raw score"
#: Kinds of a score's terms in the order of the stack.
TERMS: Final = {
    "demographic": (themes.SKY, "age, sex and enrolment"),
    "disease": (themes.BLUE, "conditions"),
    "drug": (themes.TEAL, "drugs"),
    "interaction": (themes.ORANGE, "interactions"),
    "count": (themes.PURPLE, "number of conditions"),
    REMOVED: (themes.GREY, "removed: counted in the one above it"),
}
#: The segments of the community models in words; others are shown by CMS's own name.
SEGMENTS: Final = {
    "CNA": "community, no Medicaid, aged",
    "CND": "community, no Medicaid, disabled",
    "CFA": "community, full Medicaid, aged",
    "CFD": "community, full Medicaid, disabled",
    "CPA": "community, partial Medicaid, aged",
    "CPD": "community, partial Medicaid, disabled",
    "INS": "long-term institutional",
    "NE": "new enrollee",
    "SNPNE": "new enrollee of a special needs plan",
}
#: Opacity of the first year; the last is blue, those before it grey, the paler the earlier.
FIRST_SHADE: Final = 0.6


def recapture(
    recapture: pd.DataFrame, *, min_due: int = 10, max_conditions: int = 20, theme: str = "light"
) -> Figure:
    """One dot per condition and year: which share of those coded the year before is coded again.

    Parameters: ``recapture`` as ``risk.recapture`` returns it; ``min_due``, the fewest persons due in
    all years together for a condition to be drawn; ``max_conditions``, how many, those with most persons due
    first. What is left out is announced. n, beside each dot, is the denominator: persons due.
    Raises ArgumentError for other frames.
    """
    frames.require(recapture, RECAPTURE, "recapture", "risk.recapture(claims)")
    title = "Recapture of conditions by year"
    # Missing: a condition that does not last, a first year.
    due = recapture["due"].astype("Float64").fillna(0)
    rows = recapture[due.gt(0).astype(bool) & recapture["recapture_rate"].notna()]
    if rows.empty:
        message = "No condition was due again: recapture needs two years of the same persons."
        return frames.nothing(title, message, theme=theme)
    due = rows.groupby("hcc", sort=False, observed=True)["due"].sum()
    every = sorted(due.index, key=lambda hcc: (-due[hcc], str(hcc)))
    shown = [hcc for hcc in every if due[hcc] >= min_due][:max_conditions]
    if not shown:
        message = f"No condition was due in {min_due} persons; lower min_due."
        return frames.nothing(title, message, theme=theme)
    years = sorted({int(year) for year in rows["year"]})
    rows = rows[rows["hcc"].isin(shown)].assign(condition=parts.conditions, year=rows["year"].astype(int))
    rows = rows.assign(order=rows["hcc"].map(shown.index)).sort_values(["order", "year"], kind="stable")
    paler = (1 - FIRST_SHADE) / max(len(years) - 2, 1)
    shades = [themes.rgba(themes.GREY, round(FIRST_SHADE + paler * n, 2)) for n in range(len(years) - 1)]
    return intervals(
        rows, label="condition", x="recapture_rate", low="low", high="high", by="year", theme=theme, width=46,
        colors=dict(zip(years, [*shades, themes.BLUE], strict=True)), beside="n = {due}",
        title=title if len(years) > 1 else f"Recapture of conditions in {years[0]}",
        subtitle="Share of persons coded the year before, and still enrolled, who are coded again; bars: 95 % interval",
        axis=marks.quantity("Recaptured share of persons due", "recapture_rate", range=[-0.01, 1.01]),
        facts=["{condition}, {year}", "n: {due} persons due", "recaptured: {recaptured}",
               "rate: {recapture_rate} (95 % interval {low~high})"],
        height=220 + max(24, 15 * len(years)) * len(shown),
        notice=frames.cut(len(shown), len(every), "conditions", "; the others were due in fewer persons"),
    )  # fmt: skip


def prevalence(prevalence: pd.DataFrame, *, max_conditions: int = 20, theme: str = "light") -> Figure:
    """Two dots per condition: prevalence as coded and as expected after review, each with its interval.

    Parameters: ``prevalence`` as ``risk.prevalence`` returns it; ``max_conditions``, how many to show, those
    with the largest difference first, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(prevalence, PREVALENCE, "prevalence", "risk.prevalence(claims, gaps, unsupported)")
    title = "Coded and expected prevalence by condition"
    if prevalence.empty:
        return frames.nothing(title, "No condition is coded or suspected.", theme=theme)
    change = prevalence["expected"] - prevalence["coded"]
    rows = prevalence.assign(size=change.abs(), change=change.map(fmt.points), condition=parts.conditions)
    rows = rows.sort_values(["size", "coded", "hcc"], ascending=[False, False, True]).head(max_conditions)
    facts = ["{condition}", "n: {persons} persons"]
    series = [
        Mark(name, (f"{name}_low", f"{name}_high"), words, color, offset, look={
            "marker": {"symbol": symbol},
            "facts": [*facts, f"{words}: {{{name}:percent}} (95 % interval {{{name}_low~{name}_high}})"],
        })
        for name, words, color, symbol, offset in (
            ("coded", "coded", themes.GREY, "circle-open", -0.14),
            ("expected", "expected after review", themes.BLUE, "circle", 0.14),
        )
    ]  # fmt: skip
    return intervals(
        rows, label="condition", series=series, beside="{change}", title=title, theme=theme, width=46,
        subtitle="Expected: coded, less what is expected to be unsupported, plus open gaps by their confidence; "
        "bars: 95 % interval",
        axis=marks.quantity("Share of persons", "coded", tickformat=".1%"), height=220 + 34 * len(rows),
        notice=frames.cut(len(rows), len(prevalence), "conditions", ", the largest differences"),
    )  # fmt: skip


def timeline(
    timeline: pd.DataFrame,
    review: pd.DataFrame | None = None,
    *,
    max_conditions: int = 14,
    theme: str = "light",
) -> Figure:
    """One row per condition of one person: claims that code it, and days of the evidence to review.

    Parameters: ``timeline`` as ``risk.timeline`` returns it and, for the evidence, ``review`` as ``risk.review`` does,
    both of one person; ``max_conditions``, how many rows, those to review first, the rest is announced. Circles are
    claims, hollow where they do not count; diamonds the evidence of gaps, crosses that of unsupported conditions.
    Dotted lines are turns of the year. Raises ArgumentError for other frames.
    """
    frames.require(timeline, CODED, "timeline", "risk.timeline(claims, persons, year=…)")
    review = pd.DataFrame(columns=REVIEW) if review is None else review
    frames.require(review, REVIEW, "timeline", "risk.review(impact, gaps, unsupported)")
    title = "When conditions were coded, and when evidence was seen"
    every = list(dict.fromkeys(parts.conditions(review) + parts.conditions(timeline)))
    if not every:
        return frames.nothing(title, "No condition of the model on this person's claims.", theme=theme)
    shown = every[:max_conditions]
    coded, evidence = (
        rows[rows["condition"].isin(shown)]
        for rows in (frame.assign(condition=parts.conditions) for frame in (timeline, review))
    )
    traces = [*_claims(coded), *_evidence(evidence.explode("evidence_dates"))]
    days = [value for trace in traces for value in trace["x"]]
    turns = range(int(min(days, default="1")[:4]) + 1, int(max(days, default="0")[:4]) + 1)
    return frames.figure(
        title, "Circle: a claim with the diagnosis; diamond: evidence of a gap; cross: a doubtful code", theme=theme,
        height=210 + 34 * len(shown), data=traces,
        shapes=[upright(f"{year}-01-01", dash="dot", width=1) for year in turns],
        xaxis={"type": "date", "title": {"text": "Date of service"}},
        yaxis=marks.categories(shown, width=44, range=[-0.6, len(shown) - 0.4]),
        notice=frames.cut(len(shown), len(every), "conditions"),
    )  # fmt: skip


def _claims(coded: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Claims that code a condition: those that count, and those that do not."""
    counted = coded["counted"].astype(bool)
    facts = ["{condition}", "on: {claim_date:date}, {diagnosis_code}, {setting}"]
    for part, name, symbol, color, more in (
        (coded[counted], "coded, on a claim that counts", "circle", themes.BLUE, []),
        (coded[~counted], "coded, on a claim that does not count", "circle-open", themes.GREY, ["why not: {reason}"]),
    ):  # fmt: skip
        yield from _days(
            part, "claim_date", [*facts, *more], name=name, color=color, marker={"symbol": symbol}
        )


def _evidence(review: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Days of the evidence, by kind."""
    for kind in parts.kinds(review["kind"]):
        color, words = parts.look(kind)
        when = "on: {evidence_dates:date}, {evidence_codes}"
        facts = ["{condition}", f"kind: {words}, confidence {{confidence}}", when]
        look = {"symbol": "x-thin" if kind == parts.UNSUPPORTED else "diamond-open", "size": 15}
        part = review[review["kind"] == kind]
        yield from _days(part, "evidence_dates", facts, name=words, color=color, marker=look)


def _days(rows: pd.DataFrame, day: str, facts: list[str], **look: Any) -> Iterator[dict[str, Any]]:
    """A mark on every day of the rows that have one."""
    rows = rows[rows[day].notna()]
    if len(rows):
        rows = rows.assign(day=rows[day].map(fmt.date))
        yield marks.points(rows, "day", "condition", facts=facts, **look)


def risk_explain(explained: pd.DataFrame, *, person: str | None = None, theme: str = "light") -> Figure:
    """One stacked bar of a person's terms, the same terms below it one by one, then what was removed.

    Parameters: ``explained`` as ``risk.explain`` returns it; ``person``, whom to draw where it holds several.
    A removed condition adds nothing; it is hatched where the condition that stands above it is counted.
    Raises ArgumentError for other frames, for several persons and for one who is not there.
    """
    frames.require(explained, EXPLAINED, "risk_explain", "risk.explain(members, diagnoses)")
    if explained.empty and person is None:
        return frames.nothing("Risk score by term", "No terms: nobody was scored.", theme=theme)
    name = str(frames.contract(explained).get("model", ""))
    marketplace = name.startswith("HHS")
    rows = _terms(_one(explained, person), "HHS" if marketplace else "CMS")
    total = fmt.score(float(rows["value"].sum()))
    who = rows.iloc[0]
    segment = str(who["segment"])
    model = f"{name}, {SEGMENTS.get(segment, segment)}".lstrip(", ")
    before = (
        "the factor of a cost-sharing reduction" if marketplace else "normalization and coding adjustment"
    )
    stack = rows[rows["kind"] != REMOVED].assign(place=TOTAL)
    names = rows["place"].tolist()
    beside = zip([TOTAL, *names], [f"<b>{total}</b>", *rows["change"].map(fmt.safe)], strict=True)
    fig = bars(
        pd.concat([stack, rows]), label="place", x="length", bar={"base": "start"}, by="kind", colors=TERMS,
        theme=theme, words=[f"<b>{TOTAL}</b>", *(fmt.short(name, 48) for name in rows["name"])],
        title=f"Risk score of {fmt.safe(who['person_id'])}: {total}", axis=marks.quantity("Raw risk score", "score"),
        subtitle=f"{fmt.safe(model)}; raw score, before {before}",
        facts=["{name}", "adds: {change}", "term: {why}", "diagnoses: {diagnosis_codes}"],
        height=190 + 32 * (len(names) + 1), annotations=[frames.margin_words(*each) for each in beside], bargap=0.3,
        margin={"r": 185, "b": 110}, max_rows=len(names) + 1,
    )  # fmt: skip
    grey, words = TERMS[REMOVED]
    hatched = {"color": themes.rgba(grey, 0.25), "pattern": {"shape": "/", "fgcolor": grey}}
    hatched["line"] = {"color": grey}
    fig.update_traces(marker_line={"width": 1, "color": "rgba(255,255,255,0.7)"})
    return fig.update_traces(marker=hatched, selector={"name": words})


def _terms(rows: pd.DataFrame, publisher: str) -> pd.DataFrame:
    """The terms that add something and those removed, in their order, each with its words and where its bar stands."""
    rows = rows[(rows["value"] != 0) | ~rows["kind"].isin(["count"])]
    rows = rows.assign(order=rows["kind"].map(list(TERMS).index), size=-rows["value"].abs())
    rows = rows.sort_values(["order", "size", "term"], kind="stable").reset_index(drop=True)
    removed = rows["kind"] == REMOVED
    rows["value"] = rows["value"].mask(removed, 0.0)
    rows["start"], rows["length"] = rows["value"].cumsum() - rows["value"], rows["value"]
    counted = rows[rows["kind"] == "disease"]
    # A group of HHS's stands for each of its HCCs.
    counted = (
        counted.assign(hcc=counted["hcc"].str.split()).explode("hcc").set_index("hcc")[["start", "length"]]
    )
    for index in rows.index[removed]:
        above = [hcc for hcc in str(rows.at[index, "removed_by"]).split() if hcc in counted.index]
        rows.loc[index, ["start", "length"]] = counted.loc[above[0]] if above else (0.0, 0.0)
    hccs, labels, by, why = (rows[name].map(fmt.plain) for name in ("hcc", "label", "removed_by", "reason"))
    codes = by.str.split().str.join(", ").map(lambda text: text if len(text) <= 14 else f"{text[:13]}…")
    taken = "removed" + (" by HCC " + codes).where(codes != "", "")
    return rows.assign(
        place=[f"term {index}" for index in rows.index],
        name=pd.Series(parts.conditions(rows)).where(hccs != "", labels.where(labels != "", rows["term"])),
        change=taken.where(removed, [fmt.signed(fmt.score, value) for value in rows["value"]]),
        why=f"{publisher}'s term " + rows["term"] + ("; " + why).where(why != "", ""),
    )


def _one(explained: pd.DataFrame, person: str | None) -> pd.DataFrame:
    """The rows of one person."""
    persons = explained["person_id"].drop_duplicates()
    if person is None:
        if len(persons) > 1:
            raise ArgumentError(
                f"risk_explain: found {len(persons)} persons; choose one, e.g. person={str(persons.iloc[0])!r}"
            )
        return explained
    rows = explained[explained["person_id"].astype(str) == str(person)]
    if rows.empty:
        raise ArgumentError(
            f"risk_explain: person {person!r} is not among the {len(persons)} of this frame; "
            "ask risk.explain for that person"
        )
    return rows
