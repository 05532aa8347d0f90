"""Denials: rates, causes, how they run over time, how long payers take; what was read, and what claims consist of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.driver_charts import rate_matrix
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Mark, Panel, bar_traces, bars, intervals, panels, steps
from cpticd.core.errors import ArgumentError

RATES: Final = ["n", "denied", "rate", "low", "high", "denied_amount"]
FLAGS: Final = ["coding_related", "diagnosis_related", "preventable"]
CAUSES: Final = ["category", "lines", "denied_amount", "share", "cumulative_share", *FLAGS]
TREND: Final = ["period", "n", "denied", "rate", "center", "lower", "upper", "mature", "signal", "direction"]
#: Signals of a trend by their name in the legend, each with its color. A rise beyond the limits alone has the color of
#: an alarm; a fall is none, and what several periods show together is neither.
SIGNALS: Final = {
    "above the limits: a rise": ({"above limit"}, themes.VERMILION),
    "below the limits: a fall": ({"below limit"}, themes.GREEN),
    "run or trend, up or down": (
        {"two of three above", "run above", "rising", "two of three below", "run below", "falling"}, themes.GREY,
    ),
}  # fmt: skip
DELAY: Final = ["day", "at_risk", "adjudicated", "survival", "low", "high"]
ACCOUNTING: Final = ["source", "table_name", "read", "loaded", "rejected", "amount_read", "amount_rejected"]
#: What causes are related to, in the order of the legend.
RELATED: Final = {
    "diagnosis": (themes.VERMILION, "diagnosis-related"),
    "partly": (themes.ORANGE, "diagnosis-related in part"),
    "coding": (themes.PURPLE, "coding-related, not by diagnosis"),
    "neither": (themes.BLUE, "neither"),
}
UNITS: Final = {
    "charge": ("denied_amount", "Denied dollars by root cause", "Denied charges, US dollars"),
    "lines": ("lines", "Denied lines by root cause", "Denied service lines"),
}
#: Columns of an outcome, and whose answer it is.
ANSWERS: Final = {"initial_outcome": "first answer", "final_outcome": "latest answer"}
#: Outcomes of the view line_outcomes, in the order of the stack.
OUTCOMES: Final = {
    "paid": themes.BLUE, "partly denied": themes.ORANGE, "denied": themes.VERMILION, "not adjudicated": themes.GREY,
}  # fmt: skip
#: Periods with fewer than this share of the median period's lines do not set the axis.
USUAL_SHARE: Final = 0.05


def rates(rates: pd.DataFrame, *, overall: pd.DataFrame | None = None, theme: str = "light") -> Figure:
    """One dot per payer (or whatever the rates are by): denial rate with its interval, highest first.

    Parameters: ``rates`` as ``denials.rates(claims, by="payer")`` returns it; ``overall``, the one row of
    ``denials.rates(claims)``, which draws the reference line. Rates by two dimensions are drawn as a map
    (:func:`rate_matrix`). Raises ArgumentError for other frames.
    """
    source = 'denials.rates(claims, by="payer")'
    frames.require(rates, RATES, "rates", source)
    groups = frames.group_columns(rates, RATES)
    if not groups:
        raise ArgumentError(f"rates: no group column before 'n'; give the DataFrame of {source}")
    if len(groups) == 2 and overall is None:
        return rate_matrix(rates, theme=theme)
    contract = frames.contract(rates)
    counted = str(contract.get("denominator", "service lines adjudicated"))
    measure = str(contract.get("measure", "denial rate"))
    title = f"{fmt.sentence(measure)} and {_noun(groups)}"
    if rates.empty:
        return frames.nothing(title, "No adjudicated lines in these claims.", theme=theme)
    rows = rates.sort_values("rate", ascending=False, kind="stable", na_position="last")
    unit = ":dollars" if "charge" in measure else ""
    every = _overall(overall)
    words = {"x": every, "y": 1, "yref": "y domain", "yanchor": "bottom", "showarrow": False}
    words["text"] = f"all: {fmt.percent(every)}"
    return intervals(
        rows, label=groups, x="rate", low="low", high="high", width=34, title=title, theme=theme,
        subtitle=f"Bars: {contract.get('interval', '95 % interval')}", axis=f"Denied share of {counted}",
        reference=every, annotations=[] if every is None else [words],
        facts=["{label}", f"n: {{n{unit}}} {counted}", f"denied: {{denied{unit}}}, {{denied_amount}}",
               "rate: {rate} (95 % interval {low~high})"],
    )  # fmt: skip


def _noun(groups: Sequence[str]) -> str:
    return " and ".join(fmt.heading(name).lower() for name in groups)


def _overall(overall: pd.DataFrame | None) -> float | None:
    if overall is None:
        return None
    frames.require(overall, ["rate"], "rates", "denials.rates(claims)")
    if len(overall) != 1:
        raise ArgumentError(f"rates: overall has {len(overall)} rows; give the one of denials.rates(claims)")
    rate = overall["rate"].iloc[0]
    return None if pd.isna(rate) else round(float(rate), 6)


def causes(
    causes: pd.DataFrame, *, unit: Literal["charge", "lines"] = "charge", theme: str = "light"
) -> Figure:
    """One bar per root cause, largest first, colored by what it is related to, and the cumulative share.

    Parameters: ``causes`` as ``denials.causes`` returns it, one group; ``unit``, the bars' length, denied charges or
    denied lines (the cumulative share is the analysis's and shown only where the bars follow it).
    Raises ArgumentError for other frames and for several groups in one frame.
    """
    frames.one_of(unit, [*UNITS], "causes: unit")
    frames.require(causes, CAUSES, "causes", "denials.causes(claims)")
    frames.no_groups(causes, frames.group_columns(causes, CAUSES), "causes")
    column, title, axis = UNITS[unit]
    if causes.empty:
        return frames.nothing(title, "No denied lines in these claims.", theme=theme)
    related = [_related(row) for row in causes[FLAGS].to_dict("records")]
    return pareto(
        causes.assign(related=related), x=column, label="category", running="cumulative_share", by="related",
        colors=RELATED, title=title, axis=axis, subtitle=f"{frames.denials(causes)}; the line adds the causes up",
        facts=["{category}", "denied lines: {lines}", "denied dollars: {denied_amount} ({share})",
               "coding-related: {coding_related}", "diagnosis-related: {diagnosis_related}",
               "preventable: {preventable}"],
        running_text="of denied dollars", bar={"hatched": True}, theme=theme,
    )  # fmt: skip


def _related(row: Mapping[Any, Any]) -> str:
    """Which of RELATED a cause is; flags may be booleans or yes, partly, no."""
    diagnosis, coding = (fmt.flag(row[name]).lower() for name in ("diagnosis_related", "coding_related"))
    if diagnosis in ("yes", "partly"):
        return "diagnosis" if diagnosis == "yes" else "partly"
    return "coding" if coding in ("yes", "partly") else "neither"


def pareto(
    frame: pd.DataFrame,
    *,
    x: str = "denied_amount",
    label: str = "category",
    running: str = "cumulative_share",
    running_text: str = "",
    theme: str = "light",
    **options: Any,
) -> Figure:
    """One bar per row of any frame, largest first, and the running share of all rows.

    Parameters: ``frame`` with a column of amounts ``x``, of names ``label`` and of the share that the first rows have
    together, ``running`` (drawn where the bars follow it); ``options`` are those of :func:`bars`. The defaults suit
    ``denials.causes(claims)``, of which :func:`causes` shows more. Raises ArgumentError where a column is missing.
    """
    frames.require(frame, [x, label, running], "pareto", "denials.causes(claims), or name its columns")
    if frame.empty:
        return frames.nothing(options.get("title") or fmt.heading(x), "No rows to show.", theme=theme)
    rows = frame.sort_values(x, ascending=False, kind="stable")
    line = []
    if rows[running].is_monotonic_increasing:
        facts = [f"{{{label}}}", f"cumulative share: {{{running}}} {running_text}".strip()]
        line.append(marks.line(rows, running, label, color=themes.GREY, look={"width": 2}, facts=facts, xaxis="x2",
                               mode="lines+markers", name=f"cumulative share {running_text}".strip()))  # fmt: skip
    upper = marks.quantity("Cumulative share", running, overlaying="x", side="top", range=[0, 1.03], dtick=0.2,
                           showgrid=False)  # fmt: skip
    upper["title"]["standoff"] = 4
    return bars(
        rows, label=label, x=x, text=f"{{{x}}}", max_rows=len(rows), data=line, xaxis2=upper,
        margin={"t": 120, "b": 100}, theme=theme, **options,
    )  # fmt: skip


def trend(trend: pd.DataFrame, *, max_groups: int = 12, theme: str = "light") -> Figure:
    """One point per period: denial rate within control limits; rises, falls and runs marked, immature periods hollow.

    A rise above the limits has the color of an alarm, a fall below them another one, runs and trends are grey: eight
    periods on one side, six rising or falling, two of three near a limit.

    Parameters: ``trend`` as ``denials.trend`` returns it; with ``by``, one panel per group, the first ``max_groups`` of
    them, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(trend, TREND, "trend", "denials.trend(claims)")
    contract = frames.contract(trend)
    dollars = contract.get("unit") == "US dollars"
    counted = "charged dollars" if dollars else "service lines"
    title = f"{frames.denials(trend).removesuffix('s')} rate of {counted} over time"
    if trend.empty:
        return frames.nothing(title, "No adjudicated lines with a date in these claims.", theme=theme)
    groups = frames.group_columns(trend, TREND)
    rows = trend.assign(group=frames.labels(trend, groups))
    every = list(rows["group"].drop_duplicates())
    shown = every[:max_groups]
    rows = rows[rows["group"].isin(shown)].sort_values("period", kind="stable")
    kinds = [name for name, (words, _) in SIGNALS.items() if rows["signal"].isin(words).any()]
    parts = [
        Panel(_periods(rows[rows["group"] == name], kinds, name == shown[0], dollars), name) for name in shown
    ]
    along = str(contract.get("measure", "")).rpartition(" by ")[2].capitalize() or "Period"
    return panels(
        parts, title=title, x=marks.quantity(along, "period"), shared=True, theme=theme,
        subtitle=f"Band: {'3 sigma' if dollars else 'Laney p′'} limits; hollow: too recent to be complete",
        y=marks.quantity(f"Denied share of {'dollars' if dollars else 'lines'}", "rate",
                         range=[0, _top(rows)]),
        notice=frames.cut(len(shown), len(every), "groups"),
    )  # fmt: skip


def _top(rows: pd.DataFrame) -> float:
    """Upper end of the axis: a period of a few lines, whose limits span everything, does not flatten the rest."""
    usual = rows[rows["n"] >= USUAL_SHARE * rows["n"].median()]
    highest = usual[["rate", "upper", "center"]].max().max()
    return 1.0 if pd.isna(highest) else min(1.02, round(1.15 * max(float(highest), 0.01), 4))


def _periods(part: pd.DataFrame, kinds: Sequence[str], legend: bool, dollars: bool) -> list[dict[str, Any]]:
    """Limits, center, rate and signals of one group."""
    mature = part["mature"].astype(bool)
    words = [f"{name}, " if name else "" for name in part["group"]]
    state = mature.map({True: "", False: "; not yet complete"})
    read = [f"; {word}" if word else "" for word in part["signal"].fillna("")]
    part = part.assign(words=words, state=state, read=read)
    unit = ":dollars}" if dollars else "} lines"
    counts = [f"n: {{n{unit}", f"denied: {{denied{unit}"]
    facts = ["{words:plain}{period}{state:plain}{read:plain}", *counts, "rate: {rate} (limits {lower~upper})"]
    if "rate_change" in part:
        facts.append("against the period before: {rate_change} ({rate_change_low} to {rate_change_high})")
    symbols = ["circle" if one else "circle-open" for one in mature]
    return [
        *marks.band(part, "period", "lower", "upper", shape="hvh", name="control limits", showlegend=legend),
        marks.line(part, "period", "center", color=themes.GREY, look={"dash": "dash", "width": 1}, name="center",
                   showlegend=legend),
        marks.line(part, "period", "rate", facts=facts, name="denial rate", mode="lines+markers", showlegend=legend,
                   marker={"size": 8, "symbol": symbols}),
        *_signals(part, kinds, legend),
    ]  # fmt: skip


def _signals(part: pd.DataFrame, kinds: Sequence[str], legend: bool) -> list[dict[str, Any]]:
    """Marks of each kind of signal, pointing up for a rise and down for a fall."""
    found = []
    for name in kinds:
        words, color = SIGNALS[name]
        rows = part[part["signal"].isin(words)]
        symbols = [f"triangle-{'up' if way == 'rise' else 'down'}-open" for way in rows["direction"]]
        marker = {"size": 16, "symbol": symbols, "color": color, "line": {"width": 2, "color": color}}
        found.append(
            marks.points(rows, "period", "rate", color=color, marker=marker, name=name, showlegend=legend)
        )
    return found


def delay(delay: pd.DataFrame, *, max_groups: int = 7, theme: str = "light") -> Figure:
    """One step curve per group: share not yet adjudicated by days since the claim was received.

    Parameters: ``delay`` as ``denials.delay`` returns it (Kaplan–Meier); ``max_groups``, how many groups to draw, the
    rest is announced. A single curve shows its interval as a band. Raises ArgumentError for other frames.
    """
    frames.require(delay, DELAY, "delay", "denials.delay(claims)")
    title = "Claims not yet adjudicated, by day"
    if delay.empty:
        return frames.nothing(title, "No claim has both a date to start from and a paid date.", theme=theme)
    groups = frames.group_columns(delay, DELAY)
    who = frames.labels(delay, groups, "All claims")
    rows = delay.assign(group=who if groups else "not yet adjudicated", who=who)
    return steps(
        frames.begun(rows, "adjudicated"), x="day", y="survival", low="low", high="high", by="group",
        max_groups=max_groups, title=title, theme=theme,
        subtitle="Kaplan–Meier: open claims count as long as they were seen",
        facts=["{who}, day {day}", "n: {at_risk} claims open, {adjudicated} adjudicated this day",
               "not yet adjudicated: {survival} (95 % interval {low~high})"],
        axes=("Days to first adjudication", marks.quantity("Share not yet adjudicated", "survival", range=[0, 1.02])),
    )  # fmt: skip


def outcomes(rows: pd.DataFrame, *, max_groups: int = 30, theme: str = "light") -> Figure:
    """One bar per group, service lines on the left and charges on the right, split by outcome.

    Parameters: ``rows``, one per group and outcome: the group's columns, ``initial_outcome`` or ``final_outcome`` as in
    the view line_outcomes, ``lines`` and ``charge_amount`` (US dollars); groups are drawn in their order;
    ``max_groups``, how many to draw, the rest is announced. Raises ArgumentError for other frames.
    """
    measures, source = ["lines", "charge_amount"], "a query over line_outcomes"
    frames.require(rows, measures, "outcomes", source)
    answer = next((name for name in ANSWERS if name in rows.columns), None)
    if answer is None:
        raise ArgumentError(
            f"outcomes: no column {' or '.join(map(repr, ANSWERS))}; found {list(map(str, rows.columns))}; "
            f"give the DataFrame of {source}"
        )
    groups = frames.group_columns(rows, [answer, *measures])
    title = "Service lines and charges" + (f" by {_noun(groups)}" if groups else "")
    if rows.empty:
        return frames.nothing(title, "No service lines in these claims.", theme=theme)
    rows = rows.assign(group=frames.labels(rows, groups, "all lines"))
    every = list(rows["group"].drop_duplicates())
    shown = every[:max_groups]
    facts = ["{group}: {by}", "n: {lines} lines", "charges: {charge_amount}"]
    parts = [
        Panel([trace | {"showlegend": column == "lines", "legendgroup": trace["name"]} for trace in bar_traces(
            rows[rows["group"].isin(shown)], label="group", x=column, by=answer, facts=facts,
            colors={name: (color, name) for name, color in OUTCOMES.items()})])
        for column in measures
    ]  # fmt: skip
    return panels(
        parts, title=title, subtitle=f"Split by the payer's {ANSWERS[answer]}", theme=theme, shared=True,
        x=[marks.quantity("Service lines"), marks.quantity("Charges, US dollars", "charge_amount")],
        y=marks.categories(shown, width=36), height=240 + 22 * len(shown), margin={"t": 90, "b": 110},
        bargap=0.25, barmode="stack",
        notice=frames.cut(len(shown), len(every), "groups"),
    )  # fmt: skip


def accounting(accounts: pd.DataFrame, *, max_rows: int = 40, theme: str = "light") -> Figure:
    """One row per file and table: how much was read and loaded, on a logarithmic axis; what was rejected stands out.

    Parameters: ``accounts`` as ``claims.accounting()`` returns it; ``max_rows``, how many rows to show, those with
    rejects and then the largest first, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(accounts, ACCOUNTING, "accounting", "claims.accounting()")
    title = "What was read: loaded or rejected"
    if accounts.empty:
        return frames.nothing(title, "Nothing was read.", theme=theme)
    order = accounts.sort_values(["rejected", "read"], ascending=False, kind="stable").index[:max_rows]
    shown = accounts[accounts.index.isin(order)].reset_index(drop=True)
    loaded, rejected, read = (fmt.count(accounts[name].sum()) for name in ("loaded", "rejected", "read"))
    sources = accounts["source"].nunique()
    accounts = accounts if "left_out" in accounts else accounts.assign(left_out=0)
    shown = shown.assign(left_out=accounts["left_out"][accounts.index.isin(order)].to_numpy())
    total = accounts["left_out"].sum()
    counts = f"{loaded} loaded, {rejected} rejected" + (f", {fmt.count(total)} left out" if total else "")
    words = [
        f"{fmt.count(row.loaded)} loaded"
        + (f", <b>{fmt.count(row.rejected)} rejected</b>" if row.rejected else "")
        + (f", {fmt.count(row.left_out)} left out" if row.left_out else "")
        for row in shown.itertuples()
    ]
    return intervals(
        shown.assign(name=_tables(shown)), label="name", theme=theme, title=title, width=56,
        subtitle=f"{read} records of {sources:,} source{'s' * (sources != 1)}: {counts}",
        series=[
            Mark("loaded", name="loaded", where=shown["loaded"] > 0),
            Mark("rejected", name="rejected", color=themes.VERMILION, where=shown["rejected"] > 0,
                 look={"marker": {"symbol": "diamond"}}),
        ],
        facts=["{source} · {table_name}", "read: {read}, {amount_read}", "loaded: {loaded}",
               "rejected: {rejected}, {amount_rejected}"],
        beside=words, max_rows=len(shown), margin={"r": 240, "b": 90},
        axis=marks.quantity("Records (segments, rows), logarithmic", type="log", tickformat=",d", dtick=1),
        notice=frames.cut(len(shown), len(accounts), "rows"),
    )  # fmt: skip


def _tables(shown: pd.DataFrame) -> Sequence[str]:
    """Tables, each file's name before the first of its tables."""
    repeated = shown["source"].eq(shown["source"].shift())
    return [
        f"{'' if again else f'{source} · '}{str(name).replace('_', ' ')}"
        for source, name, again in zip(shown["source"], shown["table_name"], repeated, strict=True)
    ]
