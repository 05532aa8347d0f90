"""Coding patterns: pairs beyond chance, providers in their funnel, levels of a code family, pairs that changed."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd
from plotly.colors import sample_colorscale

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import Mark, Panel, bars, intervals, panels
from cpticd.core.errors import ArgumentError

ASSOCIATION: Final = [
    "hcpcs_code", "diagnosis_code", "observed", "expected", "lift", "ebgm", "eb05", "eb95", "q_value", "persons",
]  # fmt: skip
PROVIDERS: Final = [
    "provider", "lines", "observed", "rate", "expected", "ratio", "precision", "z_adjusted", "q_value", "lower_95",
    "upper_95", "lower_998", "upper_998", "position",
]  # fmt: skip
MIX: Final = ["family", "level", "codes", "lines", "family_lines", "share", "low", "high", "mean_level"]
DRIFT: Final = [
    "hcpcs_code", "diagnosis_code", "kind", "change_date", "change_from", "change_to", "share_before", "share_after",
    "q_value", "month_lines", "month_procedure_lines",
]  # fmt: skip
#: Marks of a logarithmic axis of ratios.
RATIOS: Final = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
LIMITS: Final = (
    ("998", "99.8 % limits", {"width": 1.5}),
    ("95", "95 % limits", {"width": 1.5, "dash": "dash"}),
)
#: Precisions that differ by more than this are drawn on a logarithmic axis.
WIDE: Final = 12
PRECISIONS: Final = [step * 10**power for power in range(8) for step in (1, 2, 5)]
#: Colors of what lies within and beyond limits.
POSITIONS: Final = {
    "within 95 %": themes.GREY,
    "beyond 95 %": themes.ORANGE,
    "beyond 99.8 %": themes.VERMILION,
}
#: From this share on a bar says its own level.
LABELLED: Final = 0.08
#: Beyond so many periods their means would run into each other; the hover has them.
MOST_MEANS: Final = 26


def association(pairs: pd.DataFrame, *, max_pairs: int = 20, theme: str = "light") -> Figure:
    """Two marks per pair on a logarithmic axis: EBGM with EB05 to EB95, and the lift before shrinkage.

    Parameters: ``pairs`` as ``patterns.association`` returns it, whose order is kept; ``max_pairs``, how many of the
    first to draw, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(pairs, ASSOCIATION, "association", "patterns.association(claims)")
    title = "Pairs that stand together more often than chance"
    if pairs.empty:
        return frames.nothing(title, "No pair is observed often enough; lower min_observed.", theme=theme)
    rows = pairs.head(max_pairs)
    hollow = {"marker": {"symbol": "circle-open", "size": 9}}
    return intervals(
        rows.assign(pair=rows["hcpcs_code"].map(str) + " × " + rows["diagnosis_code"].map(str)), label="pair",
        series=[Mark("lift", None, "lift, before shrinkage", themes.GREY, look=hollow),
                      Mark("ebgm", ("eb05", "eb95"), "EBGM", look={"marker": {"size": 9}})],
        title=title, subtitle="Observed over expected lines; bars: 90 % of the posterior (EB05 to EB95)", theme=theme,
        axis=marks.logarithmic("Observed / expected (logarithmic)", RATIOS, lambda tick: f"{tick:g}×"),
        facts=["{pair}", "n: {observed} observed, {expected:expectation} expected, {persons} persons", "lift: {lift}",
               "EBGM: {ebgm} ({eb05~eb95})", "q: {q_value}"],
        beside="n = {observed}", reference=1,
        notice=frames.cut(len(rows), len(pairs), "pairs", ", the highest EB05"),
    )  # fmt: skip


def providers(providers: pd.DataFrame, *, max_labels: int = 6, theme: str = "light") -> Figure:
    """One point per provider: its precision against observed over expected, between the funnel's limits.

    Parameters: ``providers`` as ``patterns.providers`` returns it; ``max_labels``, how many of those beyond the
    99.8 % limits are named, furthest out first; the hover names all. Raises ArgumentError for other frames.
    """
    frames.require(providers, PROVIDERS, "providers", "patterns.providers(claims)")
    contract = frames.contract(providers)
    title = f"Providers: {str(contract.get('measure', 'providers')).removesuffix(' by provider')}"
    rows = providers[providers["precision"].notna()].sort_values("precision", kind="stable")
    if rows.empty:
        return frames.nothing(title, "No provider has enough lines, or others to compare with.", theme=theme)
    mix = contract.get("case_mix") or "none"
    named = mix if isinstance(mix, str) else ", ".join(fmt.heading(name).lower() for name in mix)
    spread = {"multiplicative": "limits widened by φ", "additive": "limits widened by τ²"}
    how = spread.get(str(contract.get("overdispersion")), "limits of chance alone")
    wide = float(rows["precision"].iloc[-1]) > WIDE * float(rows["precision"].iloc[0])
    traces = [
        marks.line(rows, "precision", f"{side}_{limit}", color=themes.GREY, look=look, name=words, legendgroup=words,
                   showlegend=side == "upper")
        for limit, words, look in LIMITS for side in ("lower", "upper")
    ]  # fmt: skip
    facts = ["{provider}", "n: {lines} lines", "observed: {observed} ({rate})", "expected: {expected:count}",
             "ratio: {ratio}, {position}", "z: {z_adjusted}, q: {q_value}"]  # fmt: skip
    beyond = rows["position"].str.replace("above", "beyond").str.replace("below", "beyond")
    groups = [(beyond == name, name, color, 0.75) for name, color in POSITIONS.items()]
    traces += marks.clouds(rows, "precision", "ratio", groups, facts=facts)
    far = providers[providers["position"].isin(["above 99.8 %", "below 99.8 %"])].head(max_labels)
    words = [
        {"x": math.log10(one["precision"]) if wide else one["precision"], "y": one["ratio"], "showarrow": False,
         "text": fmt.short(one["provider"], 18), "font": {"size": 11}, "yshift": 12 if one["ratio"] > 1 else -12}
        for one in far.to_dict("records")
    ]  # fmt: skip
    axis = "Precision (expected count, weighed by what it can vary)"
    top = max(float(rows["ratio"].max()), float(rows["upper_95"].quantile(0.9)))
    level = {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": 1, "y1": 1}
    level["line"] = {"color": themes.GREY, "width": 1}
    return frames.figure(
        title, f"Expected by {named}; {how}", theme=theme, height=520, data=traces, annotations=words, shapes=[level],
        xaxis=marks.logarithmic(f"{axis}, logarithmic", PRECISIONS, fmt.count) if wide
        else {"title": {"text": axis}, "rangemode": "tozero"},
        yaxis={"title": {"text": "Observed / expected"}, "tickformat": ".1f", "ticksuffix": "×",
               "range": [0, round(1.12 * top, 3)]},
        margin={"b": 110},
    )  # fmt: skip


def mix(levels: pd.DataFrame, *, max_groups: int = 30, theme: str = "light") -> Figure:
    """One stacked bar per period, or per group where time is all one: the shares of a family's levels.

    Parameters: ``levels`` as ``patterns.mix`` returns it, of one family; either of several periods and one group, or
    of several groups and one period. Groups are ordered by their mean level, which stands beside each bar;
    ``max_groups``, how many with most lines are drawn, the rest is announced. Raises ArgumentError for other frames.
    """
    frames.require(levels, MIX, "mix", "patterns.mix(claims, family)")
    if levels.empty:
        message = "No family has enough lines; lower min_lines."
        return frames.nothing("Levels of a code family", message, theme=theme)
    families = levels["family"].unique().tolist()
    if len(families) > 1:
        raise ArgumentError(
            f"mix: found {len(families)} families; choose one, e.g. frame[frame['family'] == {families[0]!r}]"
        )
    nation = "national_mean_level" in levels and levels["national_mean_level"].notna().any()
    names = [name for name in frames.group_columns(levels, ["level"]) if name not in ("family", "period")]
    periods = levels["period"].nunique() if "period" in levels else 1
    groups = frames.labels(levels, names)
    if periods > 1 and len({*groups}) > 1:
        raise ArgumentError("mix: found several groups and several periods; choose one group, or period=None")
    sideways = len({*groups}) > 1 or periods == 1
    rows = levels.assign(bar=groups if sideways else [f"{day:%Y-%m}" for day in levels["period"]])
    every = rows.drop_duplicates("bar")
    first = every.sort_values("bar", kind="stable")
    if sideways:
        first = every.sort_values(["family_lines", "bar"], ascending=[False, True]).head(max_groups)
        first = first.sort_values(["mean_level", "bar"])
    shown = first["bar"].tolist()
    # Places are numbers, the lowest first: a provider's number would be read as one on an axis of names.
    rows = rows[rows["bar"].isin(shown)].assign(place=lambda frame: frame["bar"].map(shown.index))
    scale = sorted(rows["level"].unique())
    inks = sample_colorscale(themes.SEQUENTIAL, [n / max(len(scale) - 1, 1) for n in range(len(scale))])
    codes = rows.groupby("level")["codes"].agg(lambda codes: " ".join(sorted({*codes})))
    along: dict[str, Any] = {"yaxis" if sideways else "xaxis": marks.rows(shown, width=34, upward=True)}
    fig = bars(
        rows.assign(text=rows["level"].astype(str).where(rows["share"] >= LABELLED, "")),
        label="place", x="share", by="level", text="{text:plain}", vertical=not sideways, theme=theme,
        colors={level: (ink, f"level {level} ({codes[level]})") for level, ink in zip(scale, inks, strict=True)},
        title=f"Levels billed: {families[0]}",
        subtitle="Share of lines by level; beside or above: the mean level"
        + (f" (Medicare's clinicians: {levels['national_mean_level'].iloc[0]:.2f})" if nation else ""),
        facts=["{bar}: level {level:plain} ({codes})", "n: {lines} of {family_lines} lines",
               "share: {share} (95 % interval {low~high})", "mean level: {mean_level}",
               *(["Medicare's clinicians: {national_share}, mean {national_mean_level}"] if nation else [])],
        axis=marks.quantity("Share of lines", "share", range=[0, 1]), bargap=0.15, max_rows=len(shown),
        annotations=_means(first["mean_level"].tolist(), sideways), legend_traceorder="normal",
        margin={"r": 80, "b": 120}, notice=frames.cut(len(shown), len(every), "groups", ", those with most lines"),
        **along,
    )  # fmt: skip
    fig.update_traces(textposition="inside", insidetextanchor="middle", textangle=0)
    for place, trace in enumerate(fig.data):  # white in the darker half of the levels
        trace.insidetextfont = {"color": "#FFFFFF" if place < len(scale) / 2 else themes.INK, "size": 11}
    return fig


def _means(means: list[float], sideways: bool) -> list[dict[str, Any]]:
    """The mean level beside or above each bar."""
    if sideways:
        return [frames.margin_words(y, f"{mean:.2f}", font={"size": 11}) for y, mean in enumerate(means)]
    above: dict[str, Any] = {"y": 1, "yref": "paper", "showarrow": False, "yanchor": "bottom"}
    above["font"] = {"size": 11}
    shown = means if len(means) <= MOST_MEANS else []
    return [above | {"x": x, "text": f"{mean:.2f}"} for x, mean in enumerate(shown)]


def drift(pairs: pd.DataFrame, *, max_pairs: int = 6, theme: str = "light") -> Figure:
    """One small picture per pair: the share of the procedure's lines that points to the diagnosis, by month.

    Parameters: ``pairs`` as ``patterns.drift`` returns it (its contract names the months); ``max_pairs``, how many of
    the first to draw, the rest is announced. The band is where the change lies with about 95 %, the lines are the
    shares before and after. Raises ArgumentError for other frames.
    """
    frames.require(pairs, DRIFT, "drift", "patterns.drift(claims)")
    title = "Pairs that changed"
    rows = pairs[pairs["change_date"].notna()]
    if rows.empty:
        return frames.nothing(title, "No pair has enough lines and months; lower min_lines.", theme=theme)
    months = frames.contract(pairs).get("months")
    if not months or any(len(row) != len(months) for row in rows["month_lines"]):
        raise ArgumentError(
            "drift: the frame's contract names no months, or others; give the DataFrame of patterns.drift as it came"
        )
    shown = rows.head(max_pairs)
    return panels(
        [_changed(row, list(months)) for _, row in shown.iterrows()], title=title, showlegend=False, theme=theme,
        subtitle="Share of the procedure's lines that points to the diagnosis; band: when it changed (95 %)",
        x={"type": "date", "tickformat": "%b %Y", "nticks": 6},
        y={"title": {"text": "Share of lines"}, "tickformat": ".0%", "rangemode": "tozero"},
        height=160 + 230 * math.ceil(len(shown) / 2), margin={"t": 110, "b": 70},
        notice=frames.cut(len(shown), len(rows), "pairs", ", the smallest q"),
    )  # fmt: skip


def _changed(row: pd.Series, months: list[str]) -> Panel:
    """One pair: months as points, shares before and after as lines, the change as a band."""
    counts = pd.DataFrame({"month": months, "lines": row["month_lines"], "of": row["month_procedure_lines"]})
    counts["share"] = counts["lines"] / counts["of"].where(counts["of"] > 0)
    pair, change = f"{row['hcpcs_code']} × {row['diagnosis_code']}", fmt.date(row["change_date"])
    q = fmt.probability(row["q_value"])
    counted = ["n: {of} lines of the procedure", "with the diagnosis: {lines}", "share: {share}"]
    facts = [f"{fmt.safe(pair)}, {{month}}", *counted]
    traces = [
        marks.points(counts, "month", "share", name=pair, marker={"size": 7}, cliponaxis=False, facts=facts)
    ]
    before, after = (months[0], change, row["share_before"]), (change, months[-1], row["share_after"])
    for begin, end, level in (before, after):
        if pd.notna(level):
            step = pd.DataFrame({"x": [begin, end], "y": [float(level)] * 2})
            traces.append(marks.line(step, "x", "y", color=themes.VERMILION, look={"width": 2}))
    band = fmt.date(row["change_from"]), fmt.date(row["change_to"] + pd.offsets.MonthBegin(1))
    words = f"{pair}: {row['kind']} {row['change_date']:%b %Y}, q {q if q.startswith('<') else f'= {q}'}"
    return Panel(traces, words, bands=[band])
