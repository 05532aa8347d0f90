"""Coding rules against what payers did: precision and recall, rule by payer, and how an unwritten policy came about."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Panel, matrix, panels
from cpticd.core.errors import ArgumentError

SCORES: Final = [
    "rule", "family", "severity", "lines", "flagged_lines", "denied_lines", "precision", "low", "high", "related_lines",
    "related_precision", "category_denials", "recall", "lift", "q_value", "caught_amount", "paid_amount",
]  # fmt: skip
MONTHS: Final = [
    "payer", "hcpcs_code", "diagnosis_family", "carc", "start_date", "period", "services", "denied", "rate",
    "low", "high", "services_elsewhere", "denied_elsewhere", "rate_elsewhere",
]  # fmt: skip
COLORS: Final = {
    "precision": ("Flagged lines that payers denied", "Share of flagged lines denied"),
    "related_precision": (
        "Flagged lines that payers denied for a related cause",
        "Share denied for the rule's causes",
    ),
}
Share = Literal["precision", "related_precision"]
#: Flagged lines under which a rate is drawn hollow, or grey: too few to be read.
READABLE_LINES: Final = 11
#: Hover of one row of a scorecard; a click reads the first two.
FACTS: Final = [
    "{rule}", "of: {group}", "flagged: {flagged_lines} of {lines} lines",
    "denied: {denied_lines} ({precision}; {low~high})",
    "for a related cause: {related_lines} ({related_precision})",
    "recall of such denials: {recall} of {category_denials}", "lift: {lift}, q {q_value}",
    "denied $: {caught_amount}; paid in spite: {paid_amount}",
]  # fmt: skip


def _card(card: pd.DataFrame, color: str, chart: str) -> tuple[pd.DataFrame, list[str], str]:
    """The card with what each row is of, its dimensions, and the axis of what is shown."""
    frames.one_of(color, [*COLORS], f"{chart}: color")
    frames.require(card, SCORES, chart, "rules.scorecard(claims, findings)")
    groups = [name for name in frames.group_columns(card, SCORES[3:]) if name not in SCORES[:3]]
    decision = {"Initial denials": " at first", "Final denials": " at last"}.get(frames.denials(card), "")
    return card.assign(group=frames.labels(card, groups, "all lines")), groups, COLORS[color][1] + decision


#: Marks of payers in the order of the legend: their colors are not told apart by all.
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "pentagon", "star", "hexagon")


def scorecard_scatter(
    card: pd.DataFrame,
    *,
    color: Share = "precision",
    readable_lines: int = READABLE_LINES,
    max_groups: int = 7,
    theme: str = "light",
) -> Figure:
    """One point per rule and payer: recall of related denials against precision, its area the denied dollars.

    Parameters: ``card`` as ``rules.scorecard`` returns it; ``color``, which share stands on the vertical axis, of
    lines denied for any cause or for the rule's causes; points of fewer than ``readable_lines`` flagged lines are
    hollow; the ``max_groups`` payers (or what the card is by) with the most denied dollars have a color and a mark, the
    rest is grey. A click's customdata starts with rule and payer.
    """
    named, _, axis = _card(card, color, "scorecard_scatter")
    title = f"{COLORS[color][0]}, and how much of such denials they foretell"
    shown = named[named["recall"].notna() & named[color].notna()]
    if shown.empty:
        return frames.nothing(title, "No rule flagged an adjudicated line.", theme=theme)
    amounts = shown["caught_amount"].fillna(0).astype(float)
    order = amounts.groupby(shown["group"]).sum().reset_index()
    order = order.sort_values(["caught_amount", "group"], ascending=[False, True])
    first = order["group"].head(max_groups).tolist()
    rest = shown["group"].where(shown["group"].isin(first))
    others = shown.loc[rest.isna(), "group"].nunique()
    traces = []
    for place, name in enumerate([*first, *([f"{others} others"] if others else [])]):
        ink = themes.GREY if name not in first else themes.COLORWAY[place % len(themes.COLORWAY)]
        part = shown[rest.isna() if name not in first else rest == name]
        # The legend shows the first point: a full one where there is one.
        part = part.sort_values("flagged_lines", ascending=False, kind="stable")
        hollow = part["flagged_lines"] < readable_lines
        look = {
            "symbol": SYMBOLS[place % len(SYMBOLS)],
            "color": [themes.rgba(ink, 0.0 if few else 0.55) for few in hollow],
            "line": {"color": ink, "width": 1.5},
        }
        look |= marks.areas(part["caught_amount"].fillna(0), max(float(amounts.max()), 1.0), 34)
        traces.append(marks.points(part, "recall", color, facts=FACTS, marker=look, name=fmt.short(name, 28)))
    left = len(card) - len(shown)
    return frames.figure(
        title, f"Area: denied dollars of flagged lines; hollow: fewer than {readable_lines} flagged lines", theme=theme,
        height=520, data=traces, xaxis=marks.quantity("Recall: share of denials for the rule's causes that it flagged",
                                                      "recall"),
        yaxis={"title": {"text": axis}, "tickformat": ".0%", "range": [-0.05, 1.08]},
        notice=f"{left} of {len(card)} rows without denials for the rule's causes: not shown" if left else "",
    )  # fmt: skip


def scorecard(
    card: pd.DataFrame,
    *,
    color: Share = "precision",
    readable_lines: int = READABLE_LINES,
    max_rows: int = 30,
    max_columns: int = 15,
    theme: str = "light",
) -> Figure:
    """One cell per rule and payer: the share of flagged lines denied, with how many there are; grey where too few.

    Parameters: ``card`` as ``rules.scorecard`` returns it, by one dimension or none; ``color``, denied for any
    cause or for the rule's causes; cells of fewer than ``readable_lines`` flagged lines are grey, blank where the rule
    flagged none; ``max_rows`` and ``max_columns``, how many rules and payers to show, those with the most flagged
    lines. A click's customdata starts with rule and payer. Raises ArgumentError for a card by several dimensions.
    """
    cells, groups, axis = _card(card, color, "scorecard")
    title = COLORS[color][0]
    if len(groups) > 1:
        raise ArgumentError(f"scorecard: found a card by {groups}; call rules.scorecard(…, by={groups[0]!r})")
    if card.empty:
        return frames.nothing(title, "No rule flagged an adjudicated line.", theme=theme)
    rules, columns = _most(cells, "rule", max_rows), _most(cells, "group", max_columns)
    hidden = cells["rule"].nunique() - len(rules), cells["group"].nunique() - len(columns)
    subtitle = f"Share · flagged lines; grey: fewer than {readable_lines} lines; blank: none"
    if any(hidden):
        subtitle = f"Not shown: {hidden[0]} rules, {hidden[1]} columns with fewer flagged lines"
    few = (cells["flagged_lines"] < readable_lines) | cells[color].isna()
    share = 100 * cells[color].astype(float)
    written = [
        fmt.count(lines) if dim else f"{value:.0f} % · {fmt.count(lines)}"
        for dim, value, lines in zip(few, share, cells["flagged_lines"], strict=True)
    ]
    return matrix(
        cells.assign(_share=share.round(2), _written=written), x="group", y="rule", color="_share", text="_written",
        facts=FACTS, rows=rules, columns=columns, few=few, title=title, subtitle=subtitle, theme=theme,
        scale={"cmin": 0, "cmax": 100, "colorbar": {"title": {"text": axis, "side": "right"}, "ticksuffix": " %"}},
        axes=(marks.named(fmt.heading(groups[0]) if groups else "", columns, 24) | {"tickangle": -35},
              {"title": {"text": "Rule"}, "ticktext": [fmt.short(name.replace("_", " "), 40) for name in rules]}),
        height=max(380, 230 + 24 * len(rules)),
    )  # fmt: skip


def _most(card: pd.DataFrame, column: str, limit: int) -> list[str]:
    """The values with the most flagged lines, sorted by name."""
    totals = card.groupby(column)["flagged_lines"].sum().reset_index()
    return sorted(totals.sort_values(["flagged_lines", column], ascending=[False, True])[column].head(limit))


def residual_months(months: pd.DataFrame, *, max_clusters: int = 6, theme: str = "light") -> Figure:
    """One point per month: the share of a cluster's services denied without a rule, other payers' beside it.

    Parameters: ``months`` as ``rules.residual_months`` returns it; one panel per cluster, the first ``max_clusters`` of
    them, the rest is announced. A line marks the first denial of the rise; the band is the interval.
    """
    frames.require(months, MONTHS, "residual_months", "rules.residual_months(claims, findings, clusters)")
    title = "Denials that no rule explains, before and after they begin"
    if months.empty:
        return frames.nothing(title, "No cluster of unexplained denials.", theme=theme)
    clusters = [rows for _, rows in months.groupby(MONTHS[:4], sort=False, dropna=False)]
    parts: list[Panel] = []
    for rows in clusters[:max_clusters]:
        payer, procedure, family, carc, start = (rows[name].iloc[0] for name in MONTHS[:5])
        series = _series(rows.sort_values("period", kind="stable"), not parts)
        parts.append(Panel(series, f"{payer}: {procedure} for {family}, CARC {carc}", [fmt.date(start)]))
    return panels(
        parts, title=title, theme=theme,
        subtitle="Share of services denied for the CARC; dashed line: first denial of the rise",
        x={"title": {"text": "Period"}, "type": "date"}, notice=frames.cut(len(parts), len(clusters), "clusters"),
        y={"title": {"text": "Denied share of services"}, "tickformat": ".0%", "range": [0, 1.02]},
    )  # fmt: skip


def _series(part: pd.DataFrame, legend: bool) -> list[dict[str, Any]]:
    """The interval, other payers' rate and the cluster's own of one panel."""
    facts = [
        "{payer}, {hcpcs_code}, {period}", "n: {services} services", "denied: {denied} ({rate}; {low~high})",
        "other payers: {denied_elsewhere} of {services_elsewhere} ({rate_elsewhere})",
    ]  # fmt: skip
    return [
        *marks.band(part[part["services"] > 0], "period", "low", "high", name="interval", showlegend=legend),
        marks.line(part, "period", "rate_elsewhere", color=themes.GREY, look={"dash": "dot"}, facts=facts,
                   name="other payers", showlegend=legend),
        marks.line(part, "period", "rate", facts=facts, mode="lines+markers", marker={"size": 7}, connectgaps=True,
                   name="this payer", showlegend=legend),
    ]  # fmt: skip
