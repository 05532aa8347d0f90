"""Persons by impact: who comes first in a review, and how far the impact is concentrated."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import risk_parts as parts
from cpticd.charts import theme as themes

COLUMNS: Final = ["person_id", "hcc", "kind", "expected_score"]
#: Points of a concentration curve: more cannot be told apart.
CURVE_POINTS: Final = 200
DIRECTIONS: Final = (
    ("gaps", "raises the score", themes.BLUE, "solid"),
    ("unsupported", "lowers the score", themes.VERMILION, "dash"),
)


def impact_by_person(
    impact: pd.DataFrame,
    *,
    unit: parts.UnitName | None = None,
    max_persons: int = 20,
    name_persons: bool = True,
    theme: str = "light",
) -> go.Figure:
    """One bar per person, stacked by kind, largest first, beside the concentration of impact over persons.

    Parameters: ``impact`` as ``risk.impact`` returns it; ``unit``, ``score`` or ``dollars`` (dollars where
    the impact has them); ``max_persons``, how many bars; ``name_persons``, False to number persons instead
    of naming them. The curves tell which share of the impact the first persons carry, one per direction.
    Raises ArgumentError for other frames.
    """
    frames.require(impact, COLUMNS, "impact_by_person", parts.IMPACT)
    measure = parts.unit(impact, unit, "impact_by_person")
    impact = parts.to_review(impact)
    title = "Expected impact by person"
    if impact.empty:
        return frames.nothing(title, "No gaps and no unsupported conditions.", theme=theme)
    size = impact[measure.column].abs().groupby(impact["person_id"]).sum()
    ranked = sorted(size.index, key=lambda person: (-size[person], str(person)))
    shown = ranked[:max_persons]
    names = {
        str(person): fmt.text(person) if name_persons else str(rank)
        for rank, person in enumerate(shown, start=1)
    }
    fig = make_subplots(figure=frames.Figure(), 
        rows=1, cols=2, column_widths=[0.58, 0.42], horizontal_spacing=0.12,
        subplot_titles=[
            f"The first {len(shown)} of {len(ranked):,} persons" if len(shown) < len(ranked) else "Every person",
            "Concentration",
        ],
    )  # fmt: skip
    fig.layout.template = themes.template_name(theme)
    fig.update_layout(
        title_text=title,
        title_subtitle_text=f"Change of {measure.axis}, weighted by confidence; for a clinician and a coder to review",
        barmode="relative", bargap=0.2, height=max(440, 250 + 20 * len(shown)), margin={"t": 120, "b": 120},
    )  # fmt: skip
    for kind in parts.kinds(impact["kind"]):
        bars = _bars(impact[impact["kind"] == kind], names, kind, measure)
        if bars.y:
            fig.add_trace(bars, row=1, col=1)
    for curve in _curves(impact, measure):
        fig.add_trace(curve, row=1, col=2)
    fig.add_shape(
        type="line",
        x0=0,
        y0=0,
        x1=1,
        y1=1,
        line={"color": themes.GREY, "dash": "dot", "width": 1},
        row=1,
        col=2,
    )
    order = [names[person] for person in shown]
    fig.update_yaxes(
        type="category", categoryorder="array", categoryarray=order[::-1], tickmode="array", tickvals=order,
        ticktext=[fmt.short(name, 18) for name in order], title_text="Person" if name_persons else "Rank of the person",
        col=1,
    )  # fmt: skip
    fig.update_xaxes(
        title_text=f"Expected change of {measure.axis}", tickformat=measure.ticks, zeroline=True, col=1
    )
    fig.update_xaxes(title_text="Share of persons, largest first", tickformat=".0%", range=[0, 1.02], col=2)
    fig.update_yaxes(title_text="Share of expected impact", tickformat=".0%", range=[0, 1.02], col=2)
    return fig


def _bars(part: pd.DataFrame, names: dict[str, str], kind: str, measure: parts.Unit) -> go.Bar:
    """One kind's part of each shown person."""
    part = part[part["person_id"].isin(list(names))]
    grouped = part.groupby("person_id", observed=True)
    values = grouped[measure.column].sum()
    conditions = grouped["hcc"].agg(
        lambda codes: ", ".join(sorted(set(map(str, codes)), key=lambda c: (len(c), c)))
    )
    persons = [person for person in names if person in values.index]
    return go.Bar(
        orientation="h", name=parts.words(kind), marker_color=parts.colour(kind),
        y=[names[person] for person in persons],
        x=frames.numbers(values.reindex(persons), 4),
        customdata=[
            [fmt.safe(names[person]), measure.signed(values[person]), fmt.safe(conditions[person])]
            for person in persons
        ],
        hovertemplate=frames.hover(
            "%{customdata[0]}", f"{parts.words(kind)}: HCC %{{customdata[2]}}",
            f"expected change of {measure.noun}: %{{customdata[1]}}",
        ),
    )  # fmt: skip


def _curves(impact: pd.DataFrame, measure: parts.Unit) -> list[go.Scatter]:
    """Of each direction, which share of the impact the first persons carry."""
    lowers = impact["kind"] == parts.UNSUPPORTED
    curves = []
    for (name, effect, colour, dash), rows in zip(DIRECTIONS, (impact[~lowers], impact[lowers]), strict=True):
        amounts = rows[measure.column].abs().groupby(rows["person_id"]).sum().sort_values(ascending=False)
        total = float(amounts.sum())
        if not total > 0:
            continue
        running = amounts.cumsum().to_numpy() / total
        count = len(running)
        step = max(1, -(-count // CURVE_POINTS))
        places = sorted({*range(step, count, step), count})
        curves.append(
            go.Scatter(
                mode="lines", name=f"{name}: {effect}", line={"color": colour, "dash": dash},
                x=[0, *(round(place / count, 6) for place in places)],
                y=[0, *(round(float(running[place - 1]), 6) for place in places)],
                customdata=[["0"], *([fmt.count(place)] for place in places)],
                hovertemplate=frames.hover(
                    f"{name}: {effect}", f"first %{{customdata[0]}} of {count:,} persons (%{{x:.1%}})",
                    "%{y:.1%} of the expected impact",
                ),
            )
        )  # fmt: skip
    return curves
