"""Coding rules against what payers did: precision and recall, rule by payer, and how an unwritten policy came about."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.errors import ArgumentError

SCORES: Final = [
    "rule", "family", "severity", "lines", "flagged_lines", "denied_lines", "precision", "low", "high", "related_lines",
    "related_precision", "category_denials", "recall", "lift", "q_value", "caught_amount", "paid_amount",
]  # fmt: skip
MONTHS: Final = [
    "payer", "hcpcs_code", "diagnosis_family", "carc", "start_date", "period", "services", "denied", "rate",
    "low", "high", "services_elsewhere", "denied_elsewhere", "rate_elsewhere",
]  # fmt: skip
COLOURS: Final = {
    "precision": ("Flagged lines that payers denied", "Share of flagged lines denied at first"),
    "related_precision": (
        "Flagged lines that payers denied for a related cause",
        "Share denied for the rule's causes",
    ),
}
#: Flagged lines under which a rate is drawn hollow, or grey: too few to be read.
READABLE_LINES: Final = 11
#: Cells of few lines, and the numbers in them: to be read on a light and on a dark page, which recolour a figure.
FEW: Final = "#C8C8C8"
INK: Final = "#24292F"
_HOVER: Final = frames.hover(
    "%{customdata[0]}",
    "%{customdata[1]}",
    "flagged: %{customdata[2]} of %{customdata[3]} lines",
    "denied: %{customdata[4]} (%{customdata[5]}; %{customdata[6]})",
    "for a related cause: %{customdata[7]} (%{customdata[8]})",
    "recall of such denials: %{customdata[9]} of %{customdata[10]}",
    "lift: %{customdata[11]}, q %{customdata[12]}",
    "denied $: %{customdata[13]}; paid in spite: %{customdata[14]}",
)


#: What the hover says of one row of a scorecard, in order: column and how it is written.
_TOLD: Final = (
    ("rule", fmt.safe), ("group", fmt.safe), ("flagged_lines", fmt.count), ("lines", fmt.count),
    ("denied_lines", fmt.count), ("precision", fmt.percent), ("interval", str), ("related_lines", fmt.count),
    ("related_precision", fmt.percent), ("recall", fmt.percent), ("category_denials", fmt.count), ("lift", fmt.ratio),
    ("q_value", fmt.probability), ("caught_amount", fmt.dollars), ("paid_amount", fmt.dollars),
)  # fmt: skip


def _facts(row: dict[Any, Any]) -> list[str]:
    """The hover's cells of one row."""
    told = {**row, "interval": fmt.interval(row["low"], row["high"])}
    return [write(told[name]) for name, write in _TOLD]


def _groups(card: pd.DataFrame) -> list[str]:
    """The dimensions of a scorecard: what stands between its rules and its counts."""
    return [name for name in frames.group_columns(card, SCORES[3:]) if name not in SCORES[:3]]


def _names(card: pd.DataFrame) -> pd.Series:
    """What each row is of: its payer, or what the card is by."""
    return pd.Series(frames.labels(card, _groups(card)), index=card.index, dtype=object).replace(
        "", "all lines"
    )


def rule_scatter(
    card: pd.DataFrame,
    *,
    colour: Literal["precision", "related_precision"] = "precision",
    readable_lines: int = READABLE_LINES,
    max_groups: int = 7,
    theme: str = "light",
) -> go.Figure:
    """One point per rule and payer: recall of related denials against precision, its area the denied dollars.

    Parameters: ``card`` as ``rules.scorecard`` returns it; ``colour``, which share stands on the vertical axis, of
    lines denied for any cause or for the rule's causes; points of fewer than ``readable_lines`` flagged lines are
    hollow; the ``max_groups`` payers (or what the card is by) with the most denied dollars have a colour, the rest is
    grey. A click's customdata starts with rule and payer.
    """
    _checked(card, colour, "rule_scatter")
    title, axis = COLOURS[colour]
    title = f"{title}, and how much of such denials they foretell"
    named = card.assign(group=_names(card))
    shown = named[named["recall"].notna() & named[colour].notna()]
    if shown.empty:
        return frames.nothing(title, "No rule flagged an adjudicated line.", theme=theme)
    amounts = shown["caught_amount"].fillna(0).astype(float)
    order = amounts.groupby(shown["group"]).sum().reset_index()
    order = order.sort_values(["caught_amount", "group"], ascending=[False, True])
    first = order["group"].head(max_groups).tolist()
    subtitle = f"Area: denied dollars of flagged lines; hollow: fewer than {readable_lines} flagged lines"
    marker = {"largest": max(float(amounts.max()), 1.0), "readable": readable_lines}
    traces = []
    for index, name in enumerate(first):
        ink = {**marker, "ink": themes.COLORWAY[index % len(themes.COLORWAY)]}
        traces.append(_points(shown[shown["group"] == name], colour, name, ink))
    rest = shown[~shown["group"].isin(first)]
    if len(rest):
        others = f"{rest['group'].nunique()} others"
        traces.append(_points(rest, colour, others, {**marker, "ink": themes.GREY}))
    recall = "Recall: share of denials for the rule's causes that it flagged"
    fig = frames.figure(
        title, subtitle, theme=theme, height=520, data=traces,
        xaxis={"title": {"text": recall}, "tickformat": ".0%", "rangemode": "tozero"},
        yaxis={"title": {"text": axis}, "tickformat": ".0%", "range": [-0.05, 1.08]},
    )  # fmt: skip
    if len(shown) < len(card):
        frames.notice(
            fig,
            f"{len(card) - len(shown)} of {len(card)} rows without denials for the rule's causes: not shown",
        )
    return fig


def _points(part: pd.DataFrame, colour: str, name: str, marker: dict[str, Any]) -> dict[str, Any]:
    """The points of one payer; ``marker`` has its colour, the size of the largest and which are hollow."""
    ink = marker["ink"]
    # The legend shows the first point: a full one where there is one.
    part = part.sort_values("flagged_lines", ascending=False, kind="stable")
    few = part["flagged_lines"] < marker["readable"]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": fmt.short(name, 28),
        "x": frames.numbers(part["recall"]),
        "y": frames.numbers(part[colour]),
        "marker": {
            "color": [themes.rgba(ink, 0.0 if hollow else 0.55) for hollow in few],
            "size": frames.numbers(part["caught_amount"].fillna(0), 0),
            "sizemode": "area",
            "sizeref": marker["largest"] / 34**2 * 2,
            "sizemin": 5,
            "line": {"color": ink, "width": 1.5},
        },
        "customdata": [_facts(row) for row in part.to_dict("records")],
        "hovertemplate": _HOVER,
    }


def rule_matrix(
    card: pd.DataFrame,
    *,
    colour: Literal["precision", "related_precision"] = "precision",
    readable_lines: int = READABLE_LINES,
    max_rows: int = 30,
    max_columns: int = 15,
    theme: str = "light",
) -> go.Figure:
    """One cell per rule and payer: the share of flagged lines denied, with how many there are; grey where too few.

    Parameters: ``card`` as ``rules.scorecard`` returns it, by one dimension or none; ``colour``, denied for any
    cause or for the rule's causes; cells of fewer than ``readable_lines`` flagged lines are grey, blank where the rule
    flagged none; ``max_rows`` and ``max_columns``, how many rules and payers to show, those with the most flagged
    lines. A click's customdata starts with rule and payer. Raises ArgumentError for a card by several dimensions.
    """
    _checked(card, colour, "rule_matrix")
    title, axis = COLOURS[colour]
    groups = _groups(card)
    if len(groups) > 1:
        raise ArgumentError(f"rule_matrix: found a card by {groups}; call scorecard(…, by={groups[0]!r})")
    if card.empty:
        return frames.nothing(title, "No rule flagged an adjudicated line.", theme=theme)
    names = _names(card)
    rules, columns = _most(card["rule"], card, max_rows), _most(names, card, max_columns)
    hidden = card["rule"].nunique() - len(rules), names.nunique() - len(columns)
    subtitle = f"Share · flagged lines; grey: fewer than {readable_lines} lines; blank: none"
    if any(hidden):
        subtitle = f"Not shown: {hidden[0]} rules, {hidden[1]} columns with fewer flagged lines"
    cells = _cells(card.assign(group=names), (rules, columns), colour, readable_lines)
    bar = {"title": {"text": axis, "side": "right"}, "ticksuffix": " %"}
    return frames.figure(
        title, subtitle, theme=theme, height=max(380, 230 + 24 * len(rules)), data=cells,
        coloraxis={"colorscale": themes.SEQUENTIAL, "cmin": 0, "cmax": 100, "colorbar": bar},
        xaxis={
            "title": {"text": fmt.heading(groups[0]) if groups else ""}, "type": "category", "showgrid": False,
            "tickangle": -35, "tickmode": "array", "tickvals": columns,
            "ticktext": [fmt.short(name, 24) for name in columns],
        },
        yaxis={
            "title": {"text": "Rule"}, "type": "category", "autorange": "reversed", "showgrid": False,
            "tickmode": "array", "tickvals": rules,
            "ticktext": [fmt.short(name.replace("_", " "), 40) for name in rules],
        },
    )  # fmt: skip


def _most(values: pd.Series, card: pd.DataFrame, limit: int) -> list[str]:
    """The values with the most flagged lines, sorted by name."""
    totals = card.groupby(values)["flagged_lines"].sum().reset_index()
    totals.columns = ["name", "lines"]
    return sorted(totals.sort_values(["lines", "name"], ascending=[False, True])["name"].head(limit))


def _cells(
    card: pd.DataFrame, axes: tuple[list[str], list[str]], colour: str, readable: int
) -> list[dict[str, Any]]:
    """Readable cells in colour, the others in grey."""
    rules, columns = axes
    clear: list[list[float | None]] = [[None] * len(columns) for _ in rules]
    dim: list[list[float | None]] = [[None] * len(columns) for _ in rules]
    custom = [[[""] * len(_TOLD) for _ in columns] for _ in rules]
    written = {few: [[""] * len(columns) for _ in rules] for few in (False, True)}
    for row in card[card["rule"].isin(rules) & card["group"].isin(columns)].to_dict("records"):
        i, j = rules.index(row["rule"]), columns.index(row["group"])
        few = bool(row["flagged_lines"] < readable or pd.isna(row[colour]))
        (dim if few else clear)[i][j] = 0.0 if few else round(100 * float(row[colour]), 2)
        custom[i][j] = _facts(row)
        count = fmt.count(row["flagged_lines"])
        written[few][i][j] = count if few else f"{100 * row[colour]:.0f} % · {count}"
    common: dict[str, Any] = {
        "type": "heatmap", "x": columns, "y": rules, "customdata": custom, "texttemplate": "%{text}",
        "hovertemplate": _HOVER, "hoverongaps": False, "xgap": 1, "ygap": 1,
    }  # fmt: skip
    return [
        {"z": clear, "text": written[False], "coloraxis": "coloraxis", "name": "readable", **common},
        {
            "z": dim, "text": written[True], "textfont": {"color": INK}, "colorscale": [[0, FEW], [1, FEW]],
            "showscale": False,
            "name": "few lines", **common,
        },
    ]  # fmt: skip


def residual_timeline(months: pd.DataFrame, *, max_clusters: int = 6, theme: str = "light") -> go.Figure:
    """One point per month: the share of a cluster's services denied without a rule, other payers' beside it.

    Parameters: ``months`` as ``rules.residual_months`` returns it; one panel per cluster, the first ``max_clusters`` of
    them, the rest is announced. A line marks the first denial of the rise; the band is the interval.
    """
    frames.require(months, MONTHS, "residual_timeline", "rules.residual_months(claims, findings, clusters)")
    title = "Denials that no rule explains, before and after they begin"
    if months.empty:
        return frames.nothing(title, "No cluster of unexplained denials.", theme=theme)
    keys = MONTHS[:4]
    names = pd.Series(frames.labels(months, keys), index=months.index)
    every = list(names.drop_duplicates())
    shown = every[:max_clusters]
    columns = 1 if len(shown) == 1 else 2
    rows = -(-len(shown) // columns)
    fig = make_subplots(figure=frames.Figure(), 
        rows=rows, cols=columns, subplot_titles=[_cluster(months[names == name].iloc[0]) for name in shown],
        vertical_spacing=0.35 / max(rows, 2), horizontal_spacing=0.09,
    )  # fmt: skip
    fig.layout.template = themes.template_name(theme)
    fig.update_layout(
        title_text=title,
        title_subtitle_text="Share of services denied for the CARC; dashed line: first denial of the rise",
        height=460 if rows == 1 else 200 + 240 * rows,
        margin={"t": 120, "b": 100},
    )
    for index, name in enumerate(shown):
        part = months[names == name].sort_values("period", kind="stable")
        place = {"row": index // columns + 1, "col": index % columns + 1}
        for trace in _series(part, legend=index == 0):
            fig.add_trace(trace, **place)
        fig.add_vline(
            x=fmt.date(part["start_date"].iloc[0]), line={"dash": "dash", "color": themes.VERMILION}, **place
        )
    fig.update_yaxes(tickformat=".0%", range=[0, 1.02])
    fig.update_yaxes(title_text="Denied share of services", col=1)
    fig.update_xaxes(type="date")
    fig.update_xaxes(title_text="Period", row=rows)
    if len(shown) < len(every):
        frames.notice(fig, f"{len(shown)} of {len(every)} clusters shown")
    return fig


def _cluster(row: pd.Series) -> str:
    return fmt.short(
        f"{row['payer']}: {row['hcpcs_code']} for {row['diagnosis_family']}, CARC {row['carc']}", 46
    )


def _series(part: pd.DataFrame, *, legend: bool) -> list[go.Scatter]:
    """The interval, the cluster's rate and other payers' of one panel."""
    days = [fmt.date(value) for value in part["period"]]
    facts = [
        [day, fmt.count(row.services), fmt.count(row.denied), fmt.percent(row.rate), fmt.interval(row.low, row.high),
         fmt.count(row.services_elsewhere), fmt.count(row.denied_elsewhere), fmt.percent(row.rate_elsewhere)]
        for day, row in zip(days, part.itertuples(), strict=True)
    ]  # fmt: skip
    hover = frames.hover(
        "%{customdata[0]}",
        "n: %{customdata[1]} services",
        "denied: %{customdata[2]} (%{customdata[3]}; %{customdata[4]})",
        "other payers: %{customdata[6]} of %{customdata[5]} (%{customdata[7]})",
    )
    edge = {"mode": "lines", "hoverinfo": "skip", "line": {"width": 0}}
    band = part[part["services"] > 0]
    at = [fmt.date(value) for value in band["period"]]
    return [
        go.Scatter(x=at, y=frames.numbers(band["high"]), name="upper", showlegend=False, **edge),
        go.Scatter(
            x=at, y=frames.numbers(band["low"]), name="interval", fill="tonexty", showlegend=legend,
            fillcolor=themes.rgba(themes.SKY, 0.22), **edge,
        ),
        go.Scatter(
            x=days, y=frames.numbers(part["rate_elsewhere"]), name="other payers", showlegend=legend,
            mode="lines", line={"color": themes.GREY, "dash": "dot"}, customdata=facts, hovertemplate=hover,
        ),
        go.Scatter(
            x=days, y=frames.numbers(part["rate"]), name="this payer", showlegend=legend, connectgaps=True,
            mode="lines+markers", line={"color": themes.BLUE}, marker={"size": 7}, customdata=facts,
            hovertemplate=hover,
        ),
    ]  # fmt: skip


def _checked(card: pd.DataFrame, colour: str, chart: str) -> None:
    if colour not in COLOURS:
        raise ArgumentError(f"{chart}: colour {colour!r} is unknown; give one of {', '.join(COLOURS)}")
    frames.require(card, SCORES, chart, "rules.scorecard(claims, findings)")
