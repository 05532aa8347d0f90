"""One person's score, term by term, with what hierarchies removed."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.errors import ArgumentError

COLUMNS: Final = [
    "person_id",
    "segment",
    "kind",
    "term",
    "label",
    "value",
    "diagnosis_codes",
    "removed_by",
    "reason",
]
REMOVED: Final = "removed"
#: Kinds of terms in the order of the stack.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "demographic": (themes.SKY, "age, sex and enrolment"),
    "disease": (themes.BLUE, "conditions"),
    "interaction": (themes.ORANGE, "interactions"),
    "count": (themes.PURPLE, "number of conditions"),
    REMOVED: (themes.GREY, "removed, adds nothing"),
}
TOTAL: Final = "Raw score"


def person_score(explained: pd.DataFrame, *, person: str | None = None, theme: str = "light") -> go.Figure:
    """One stacked bar of a person's terms, the same terms below it one by one, then what was removed.

    Parameters: ``explained`` as ``risk.explain`` returns it; ``person``, whom to draw where it holds several.
    A removed condition is hatched, starts at zero and is as long as its own value; it is not in the sum.
    Raises ArgumentError for other frames, for several persons and for one who is not there.
    """
    frames.require(explained, COLUMNS, "person_score", "risk.explain(members, diagnoses)")
    if explained.empty and person is None:
        return frames.nothing("Risk score by term", "No terms: nobody was scored.", theme=theme)
    rows = _one(explained, person)
    rows = rows.assign(order=rows["kind"].map(list(KINDS).index), size=-rows["value"].abs())
    rows = rows.sort_values(["order", "size", "term"], kind="stable").reset_index(drop=True)
    counted = rows["kind"] != REMOVED
    total = float(rows.loc[counted, "value"].sum())
    starts = (rows["value"].where(counted, 0.0).cumsum() - rows["value"]).where(counted, 0.0)
    contract = frames.contract(explained)
    model = f"{contract['model']}, " if contract.get("model") else ""
    fig = frames.figure(
        f"Risk score of {fmt.safe(rows['person_id'].iloc[0])}: {fmt.score(total)}",
        f"{model}{fmt.safe(_segment(rows))}; raw score, before normalization and coding adjustment",
        theme=theme, height=190 + 32 * (len(rows) + 1),
    )  # fmt: skip
    names = [f"term {index}" for index in range(len(rows))]
    for kind in KINDS:
        part = rows[rows["kind"] == kind]
        if not part.empty:
            for trace in _bars(
                part.assign(place=[names[i] for i in part.index], start=starts[part.index]), kind
            ):
                fig.add_trace(trace)
    for name, row in zip([TOTAL, *names], [None, *rows.itertuples()], strict=True):
        text = f"<b>{fmt.score(total)}</b>" if row is None else _value(row)
        fig.add_annotation(
            x=1, xref="paper", y=name, yref="y", text=text, showarrow=False, xanchor="left", xshift=10
        )
    fig.update_xaxes(title_text="Raw risk score", rangemode="tozero", zeroline=True)
    fig.update_yaxes(
        type="category", categoryorder="array", categoryarray=[*names[::-1], TOTAL], tickmode="array",
        tickvals=[TOTAL, *names], ticktext=[f"<b>{TOTAL}</b>", *(_tick(row) for row in rows.itertuples())],
        range=[-0.6, len(names) + 0.6], showgrid=False,
    )  # fmt: skip
    fig.update_layout(barmode="stack", bargap=0.3, margin={"r": 215, "b": 110})
    return fig


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


def _segment(rows: pd.DataFrame) -> str:
    return fmt.text(rows["segment"].iloc[0]).replace("_", " ")


def _bars(part: pd.DataFrame, kind: str) -> list[go.Bar]:
    """A kind's terms one by one, and the same in the stacked bar of the total, unless they were removed."""
    colour, words = KINDS[kind]
    look: dict[str, Any] = {"color": colour, "line": {"width": 1, "color": "rgba(255,255,255,0.7)"}}
    if kind == REMOVED:
        look = {"color": themes.rgba(colour, 0.25), "pattern": {"shape": "/", "fgcolor": colour},
                "line": {"width": 1, "color": colour}}  # fmt: skip
    shared: dict[str, Any] = {
        "orientation": "h", "marker": look, "legendgroup": kind, "name": words, "hovertemplate": _HOVER,
        "x": frames.numbers(part["value"], 4), "base": frames.numbers(part["start"], 4),
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
    codes = (
        row.diagnosis_codes if isinstance(row.diagnosis_codes, (list, tuple)) else list(row.diagnosis_codes)
    )
    return [
        fmt.safe(_name(row)), _value(row), fmt.safe(fmt.text(row.reason)), fmt.safe(fmt.words(codes)),
    ]  # fmt: skip


def _name(row: Any) -> str:
    label = fmt.text(row.label)
    return fmt.text(row.term) if label == fmt.MISSING else f"{row.term}: {label}"


def _tick(row: Any) -> str:
    return fmt.short(_name(row), 48)


def _value(row: Any) -> str:
    """What a term adds; of a removed one what it would have added, and by what it was removed."""
    if row.kind != REMOVED:
        return fmt.signed(fmt.score, row.value)
    by = fmt.safe(fmt.short(row.removed_by, 16))
    return (
        f"({fmt.score(row.value)}) removed by {by}"
        if by != fmt.MISSING
        else f"({fmt.score(row.value)}) removed"
    )
