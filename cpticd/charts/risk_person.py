"""One person's score, term by term, with what hierarchies removed."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

COLUMNS: Final = [
    *(
        "person_id",
        "segment",
        "kind",
        "term",
        "label",
        "value",
        "hcc",
        "diagnosis_codes",
        "removed_by",
        "reason",
    ),
]
REMOVED: Final = "removed"
#: Kinds of terms in the order of the stack.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "demographic": (themes.SKY, "age, sex and enrolment"),
    "disease": (themes.BLUE, "conditions"),
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
TOTAL: Final = "Raw score"


def person_score(explained: pd.DataFrame, *, person: str | None = None, theme: str = "light") -> go.Figure:
    """One stacked bar of a person's terms, the same terms below it one by one, then what was removed.

    Parameters: ``explained`` as ``risk.explain`` returns it; ``person``, whom to draw where it holds several.
    A removed condition adds nothing; it is hatched where the condition that stands above it is counted.
    Raises ArgumentError for other frames, for several persons and for one who is not there.
    """
    frames.require(explained, COLUMNS, "person_score", "risk.explain(members, diagnoses)")
    if explained.empty and person is None:
        return frames.nothing("Risk score by term", "No terms: nobody was scored.", theme=theme)
    rows = _placed(_one(explained, person))
    total = float(rows["value"].sum())
    who = rows.iloc[0]
    model = (
        f"{frames.contract(explained).get('model', '')}, {SEGMENTS.get(str(who['segment']), who['segment'])}"
    )
    fig = frames.figure(
        f"Risk score of {fmt.safe(who['person_id'])}: {fmt.score(total)}",
        f"{fmt.safe(model.lstrip(', '))}; raw score, before normalization and coding adjustment",
        theme=theme, height=190 + 32 * (len(rows) + 1),
    )  # fmt: skip
    for kind in KINDS:
        part = rows[rows["kind"] == kind]
        for trace in _bars(part, kind) if len(part) else []:
            fig.add_trace(trace)
    frames.beside(fig, TOTAL, f"<b>{fmt.score(total)}</b>")
    names = rows["place"].tolist()
    for name, row in zip(names, rows.itertuples(), strict=True):
        frames.beside(fig, name, _value(row))
    fig.update_xaxes(title_text="Raw risk score", rangemode="tozero", zeroline=True)
    fig.update_yaxes(
        type="category", categoryorder="array", categoryarray=[*names[::-1], TOTAL], tickmode="array",
        tickvals=[TOTAL, *names],
        ticktext=[f"<b>{TOTAL}</b>", *(fmt.short(_name(row), 48) for row in rows.itertuples())],
        range=[-0.6, len(names) + 0.6], showgrid=False,
    )  # fmt: skip
    fig.update_layout(barmode="stack", bargap=0.3, margin={"r": 185, "b": 110})
    return fig


def _placed(rows: pd.DataFrame) -> pd.DataFrame:
    """The terms that add something and those removed, in their order, each with where its bar starts and ends."""
    rows = rows[(rows["value"] != 0) | ~rows["kind"].isin(["count"])]
    rows = rows.assign(order=rows["kind"].map(list(KINDS).index), size=-rows["value"].abs())
    rows = rows.sort_values(["order", "size", "term"], kind="stable").reset_index(drop=True)
    rows["value"] = rows["value"].where(rows["kind"] != REMOVED, 0.0)
    rows["start"], rows["length"] = rows["value"].cumsum() - rows["value"], rows["value"]
    rows["place"] = [f"term {index}" for index in rows.index]
    counted = rows[rows["kind"] == "disease"].set_index("hcc")
    for index in rows.index[rows["kind"] == REMOVED]:
        above = [hcc for hcc in str(rows.at[index, "removed_by"]).split() if hcc in counted.index]
        rows.loc[index, ["start", "length"]] = (
            counted.loc[above[0], ["start", "length"]] if above else (0.0, 0.0)
        )
    return rows


def _one(explained: pd.DataFrame, person: str | None) -> pd.DataFrame:
    """The rows of one person."""
    persons = explained["person_id"].drop_duplicates()
    if person is None:
        if len(persons) > 1:
            raise ArgumentError(
                f"person_score: found {len(persons)} persons; choose one, e.g. person={str(persons.iloc[0])!r}"
            )
        return explained
    rows = explained[explained["person_id"].astype(str) == str(person)]
    if rows.empty:
        raise ArgumentError(
            f"person_score: person {person!r} is not among the {len(persons)} of this frame; "
            "ask risk.explain for that person"
        )
    return rows


def _bars(part: pd.DataFrame, kind: str) -> list[go.Bar]:
    """A kind's terms one by one, and the same in the stacked bar of the total, unless they were removed."""
    colour, words = KINDS[kind]
    look: dict[str, Any] = {"color": colour, "line": {"width": 1, "color": "rgba(255,255,255,0.7)"}}
    if kind == REMOVED:
        look = {"color": themes.rgba(colour, 0.25), "pattern": {"shape": "/", "fgcolor": colour},
                "line": {"width": 1, "color": colour}}  # fmt: skip
    shared: dict[str, Any] = {
        "orientation": "h", "marker": look, "legendgroup": kind, "name": words, "hovertemplate": _HOVER,
        "x": frames.numbers(part["length"], 4), "base": frames.numbers(part["start"], 4),
        "customdata": [_facts(row) for row in part.itertuples()],
    }  # fmt: skip
    terms = go.Bar(y=part["place"].tolist(), **shared)
    if kind == REMOVED:
        return [terms]
    return [terms, go.Bar(y=[TOTAL] * len(part), showlegend=False, **shared)]


_HOVER = frames.hover(
    "%{customdata[0]}", "%{customdata[1]}", "%{customdata[2]}", "diagnoses: %{customdata[3]}"
)


def _facts(row: Any) -> list[str]:
    reason = fmt.text(row.reason)
    term = f"CMS's term {row.term}" + ("" if reason == fmt.MISSING else f"; {reason}")
    return [fmt.safe(_name(row)), _value(row), fmt.safe(term), fmt.safe(fmt.words(list(row.diagnosis_codes)))]


def _name(row: Any) -> str:
    """A term for people: a condition with its number, anything else in words."""
    if fmt.text(row.hcc) != fmt.MISSING:
        return parts.condition(row.hcc, row.label)
    label = fmt.text(row.label)
    return fmt.text(row.term) if label == fmt.MISSING else label


def _value(row: Any) -> str:
    """What a term adds; of a removed one by what it was removed."""
    if row.kind != REMOVED:
        return fmt.signed(fmt.score, row.value)
    by = ", ".join(fmt.text(row.removed_by).split())
    return "removed" if by == fmt.MISSING else fmt.safe(f"removed by HCC {fmt.short(by, 14)}")
