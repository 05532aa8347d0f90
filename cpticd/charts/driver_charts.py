"""Where denials come from: drivers, the dearest first, and rates by two dimensions as a map."""

from __future__ import annotations

import math
from typing import Any, Final, Literal

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames, marks
from cpticd.charts import theme as themes
from cpticd.charts.figure import Figure
from cpticd.charts.primitives import TEXT_CELLS, Mark, intervals, matrix
from cpticd.core.contract import carry, records_of
from cpticd.core.errors import ArgumentError

DRIVERS: Final = [
    *(
        "level",
        "lines",
        "persons",
        "denied_lines",
        "rate",
        "low",
        "high",
        "expected_denials",
        "expected_rate",
    ),
    *(
        "excess_denials",
        "excess_low",
        "excess_high",
        "odds_ratio",
        "q_value",
        "denied_amount",
        "excess_amount",
    ),
    *("top_category", "top_carc", "since"),
]
#: Levels that are distinguished, each with its color and the shape of its mark, which tells as much without color.
LEVELS: Final = {
    "payer": (themes.BLUE, "circle"),
    "procedure": (themes.GREEN, "square"),
    "payer × procedure": (themes.ORANGE, "diamond"),
    "place, provider, other": (themes.PURPLE, "cross"),
    "diagnosis within": (themes.VERMILION, "triangle-up"),
}
#: Between the dimensions of a level, and the values of a driver.
TIMES: Final = " × "
TITLE: Final = "Where denials come from"
#: How many times dearer than the middle one the dearest driver is, where the axis is logarithmic.
FAR: Final = 10
#: Columns of a table of drivers.
LISTED: Final = (
    "driver", "level", "lines", "denied_lines", "rate", "low", "high", "expected_rate", "excess_denials",
    "excess_amount", "odds_ratio", "q_value", "since", "top_category", "top_carc",
)  # fmt: skip
#: Columns of rates that are drawn as a map.
RATES: Final = ["n", "denied", "rate", "low", "high", "denied_amount"]
#: What a value is called beside others; payers, procedures and diagnoses speak for themselves.
_NAMES: Final = {"billing_npi": "provider", "rendering_npi": "rendering provider", "facility_npi": "facility"}


def drivers(
    drivers: pd.DataFrame,
    *,
    unit: Literal["charge", "lines"] | None = None,
    max_rows: int = 15,
    theme: str = "light",
) -> Figure:
    """One row per driver: what is denied beyond the expected with its interval, the dearest first, and since when.

    Parameters: ``drivers`` as ``denials.drivers`` returns it; ``unit``, ``charge`` for dollars or ``lines``, dollars
    unless the claims hold none; ``max_rows``, how many drivers to show, the rest is added up in words. Color and shape
    of a mark tell the level. Where nothing was found the figure says what could have been missed. Raises ArgumentError
    for other frames.
    """
    frames.require(drivers, DRIVERS, "drivers", "denials.drivers(claims)")
    if unit is not None:
        frames.one_of(unit, ["charge", "lines"], "drivers: unit")
    if drivers.empty:
        return _none(drivers, theme)
    dollars = unit != "lines" and (unit == "charge" or bool((drivers["excess_amount"] > 0).any()))
    column = "excess_amount" if dollars else "excess_denials"
    known = drivers[drivers[column].notna() & drivers["excess_denials"].notna()]
    if known.empty:
        return frames.nothing(TITLE, "No driver's excess may be shown.", theme=theme)
    rows = known.sort_values(column, ascending=False, kind="stable")
    shown = _worded(rows.head(max_rows), column)
    confidence = float(records_of(drivers).get("arguments", {}).get("confidence") or 0.95)
    series = [
        Mark(column, ("_low", "_high"), name, color, where=shown["_kind"] == name,
             look={"marker": {"symbol": symbol, "size": 11}, "keys": ["_row"]})
        for name, (color, symbol) in LEVELS.items()
    ]  # fmt: skip
    return intervals(
        shown, label="_label", series=series, max_rows=max_rows, title=TITLE, theme=theme, width=44,
        subtitle=f"Beyond what the other levels let expect, each effect once; bars: {100 * confidence:g} % interval",
        axis=_dollars_or_lines(shown, column),
        beside=_beside(shown, column), margin={"r": 190, "b": 110}, showlegend=True,
        notice=_rest(rows, column, max_rows, len(drivers) - len(known)),
        facts=["{_label}", "level: {_kind}", "n: {lines} lines, {persons} persons",
               "denied: {denied_lines} lines, {denied_amount}", "rate: {rate} ({low~high}), expected: {expected_rate}",
               "excess: {excess_denials} lines ({excess_low~excess_high:count}), {excess_amount}",
               "odds: {odds_ratio}, q: {q_value}", "since: {_since}", "first cause: {_cause}"],
    )  # fmt: skip


def _worded(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows with what names them, in words; the interval of the excess in the unit that is drawn."""
    each = rows[column] / rows["excess_denials"].where(rows["excess_denials"] != 0)
    codes = [f" (CARC {carc})" if carc else "" for carc in map(fmt.plain, rows["top_carc"].tolist())]
    causes = zip(map(fmt.text, rows["top_category"].tolist()), codes, strict=True)
    return frames.light(rows).assign(
        _low=(rows["excess_low"] * each).clip(lower=_least(rows[column])), _high=rows["excess_high"] * each,
        _label=[driver(row) for row in rows.to_dict("records")],
        _kind=[kind(level) for level in rows["level"]],
        _since=[fmt.month(day) for day in rows["since"]],
        _cause=[cause + carc for cause, carc in causes],
        _row=[str(row) for row in rows.index],
    )  # fmt: skip


def _far_apart(excess: pd.Series) -> bool:
    """Whether a few drivers are so much dearer than the others that these would all lie at the axis's beginning."""
    return bool(excess.min() > 0 and excess.max() > FAR * excess.median())


def _least(excess: pd.Series) -> float | None:
    """Where a logarithmic axis begins; an interval that reaches to nothing or below begins there too."""
    return float(excess.min()) / 10 if _far_apart(excess) else None


def _dollars_or_lines(shown: pd.DataFrame, column: str) -> dict[str, Any]:
    dollars = column == "excess_amount"
    title = f"Denied {'charges' if dollars else 'lines'} beyond the expected"
    least = _least(shown[column])
    if least is None:
        return marks.quantity(title, column)
    most = max(float(shown["_high"].max()), float(shown[column].max()))
    least = max(least, float(shown["_low"].min()))
    ends = [math.log10(least / 1.2), math.log10(most * 1.2)]
    steps = (1,) if ends[1] - ends[0] > 3 else (1, 2, 5)
    ticks = [step * 10**power for power in range(math.floor(ends[0]), math.ceil(ends[1])) for step in steps]
    return marks.logarithmic(
        f"{title} (log)", ticks, _tick if dollars else fmt.count, range=ends, tickangle=0
    )


def _tick(amount: Any) -> str:
    """Dollars as an axis has room for them: ``$20k``."""
    step, unit = next(((1000**n, unit) for n, unit in ((2, "M"), (1, "k")) if amount >= 1000**n), (1, ""))
    return f"${amount / step:g}{unit}"


def driver(row: Any) -> str:
    """What a driver is called: ``Cedar Advantage``, ``99213 × I10 at Aspen Medicare``, ``place 23``."""
    names = str(row["level"]).split(TIMES)
    what = [_value(name, row[name]) for name in names if name != "payer"]
    payer = [fmt.text(row["payer"])] if "payer" in names else []
    return " at ".join(filter(None, [TIMES.join(what), *payer]))


def _value(name: str, value: Any) -> str:
    if name in ("hcpcs_code", "diagnosis_code"):
        return fmt.text(value)
    return f"{_NAMES.get(name, fmt.heading(name).lower())} {fmt.text(value)}"


def listed(drivers: pd.DataFrame) -> pd.DataFrame:
    """Drivers with what each is called, without columns of which nothing is known."""
    named = drivers.assign(
        driver=[driver(row) for row in drivers.to_dict("records")],
        level=[words(str(level)) for level in drivers["level"]],
    )
    columns = [name for name in LISTED if name in named and (named[name].notna().any() or name == "lines")]
    return carry(drivers, named[columns])


def kind(level: str) -> str:
    """Which of LEVELS a driver's level is."""
    names = str(level).split(TIMES)
    if "diagnosis_code" in names:
        return "diagnosis within"
    if names == ["hcpcs_code"]:
        return "procedure"
    if names == ["payer", "hcpcs_code"]:
        return "payer × procedure"
    return "payer" if names == ["payer"] else "place, provider, other"


def _beside(shown: pd.DataFrame, column: str) -> list[str]:
    """What stands at the right edge: the excess, and since when."""
    write = fmt.dollars if column == "excess_amount" else fmt.count
    since = ["" if day == fmt.MISSING else f", since {day}" for day in shown["_since"]]
    return [f"{write(value)}{begun}" for value, begun in zip(shown[column], since, strict=True)]


def _rest(rows: pd.DataFrame, column: str, most: int, unknown: int) -> str:
    """What is not drawn: the other drivers together, and those whose excess may not be shown."""
    rest = rows[column].iloc[most:]
    words = ""
    if len(rest):
        amount = fmt.dollars(rest.sum()) if column == "excess_amount" else f"{fmt.count(rest.sum())} lines"
        words = f"{most:,} of {len(rows):,} drivers shown; the other {len(rest):,} hold {amount} beyond the expected"
    hidden = f"{unknown:,} more whose excess may not be shown" if unknown else ""
    return "; ".join(filter(None, [words, hidden]))


def _none(drivers: pd.DataFrame, theme: str) -> Figure:
    """That nothing was found, and which differences would have been."""
    q = float(records_of(drivers).get("arguments", {}).get("q") or 0.10)
    missed = frames.contract(drivers).get("detectable") or {}
    lines = [f"No driver passes q {q:.2f}."]
    lines += [f"{words(level)}: {each}." for level, each in dict(missed).items()]
    return frames.nothing(TITLE, *lines, theme=theme)


def words(level: str) -> str:
    """A level in words: ``Payer × procedure``."""
    return fmt.sentence(
        TIMES.join(_NAMES.get(name) or fmt.heading(name).lower() for name in level.split(TIMES))
    )


def rate_matrix(
    rates: pd.DataFrame,
    *,
    order: Literal["rate", "n"] = "rate",
    max_rows: int = 20,
    max_columns: int = 20,
    min_lines: int = 30,
    theme: str = "light",
) -> Figure:
    """One cell per pair of values of two dimensions: its denial rate; the first goes down, the second across.

    Parameters: ``rates`` as ``denials.rates(claims, by=["payer", "hcpcs_code"])`` returns it; ``order``, of rows and
    columns: the highest ``rate`` first, or the most counted (``n``); ``max_rows`` and ``max_columns``, those with the
    most counted are shown, the rest is announced; cells of fewer than ``min_lines`` are pale. A cell's customdata
    begins with its two values. Raises ArgumentError for other frames.
    """
    source = 'denials.rates(claims, by=["payer", "hcpcs_code"])'
    frames.require(rates, RATES, "rate_matrix", source)
    frames.one_of(order, ["rate", "n"], "rate_matrix: order")
    groups = frames.group_columns(rates, RATES)
    if len(groups) != 2:
        raise ArgumentError(
            f"rate_matrix: found {len(groups)} dimensions {groups}; give rates by two: {source}"
        )
    contract = frames.contract(rates)
    measure = str(contract.get("measure", "denial rate"))
    title = f"{fmt.sentence(measure)}, {' × '.join(map(_heading, groups))}"
    known = rates[rates["rate"].notna() & (rates["n"] > 0)]
    if known.empty:
        return frames.nothing(title, "No adjudicated lines in these claims.", theme=theme)
    down, across = groups
    rows, columns = (
        _axis(known, name, order, most) for name, most in zip(groups, (max_rows, max_columns), strict=True)
    )
    cells = known[known[down].map(fmt.text).isin(rows) & known[across].map(fmt.text).isin(columns)]
    cells = frames.light(cells).assign(_value=100 * cells["rate"].astype(float))
    cells["_written"] = [f"{round(value)}" for value in cells["_value"]]
    dollars = "charge" in measure
    lines = cells["effective_lines"] if dollars and "effective_lines" in cells else cells["n"]
    enough = (lines >= min_lines).fillna(False).astype(bool)
    unit = ":dollars" if dollars else ""
    return matrix(
        cells, x=across, y=down, color="_value", keys=groups, rows=rows, columns=columns, title=title, theme=theme,
        text="_written" if len(rows) * len(columns) <= 2 * TEXT_CELLS else "", few=None if enough.all() else ~enough,
        subtitle="; ".join([
            f"Per cent of {contract.get('denominator', 'service lines adjudicated')}",
            *([] if enough.all() else [f"grey: fewer than {min_lines} lines"]), "blank: none, or too few to be shown",
            *_not_shown(known, {down: rows, across: columns})]),
        scale={"cmin": 0, "cmax": float(cells["_value"][enough].max()) if enough.any() else 100.0,
               "colorbar": {"title": {"text": "rate"}, "ticksuffix": " %"}},
        facts=[f"{{{down}}} × {{{across}}}", f"n: {{n{unit}}}", f"denied: {{denied{unit}}}, {{denied_amount}}",
               "rate: {rate} (95 % interval {low~high})"],
        axes=(marks.named(fmt.heading(across), columns, 24), marks.named(fmt.heading(down), rows, 24)),
        margin={"b": 130},
    )  # fmt: skip


def _not_shown(known: pd.DataFrame, shown: dict[str, list[str]]) -> list[str]:
    """How many rows and columns are left out."""
    left = {name: known[name].map(fmt.text).nunique() - len(values) for name, values in shown.items()}
    each = [
        f"{count:,} {_heading(name)}{'s' * (count != 1)} of fewer lines"
        for name, count in left.items()
        if count
    ]
    return [f"not shown: {', '.join(each)}"] if each else []


def _heading(name: str) -> str:
    return _NAMES.get(name) or fmt.heading(name).lower()


def _axis(known: pd.DataFrame, name: str, order: str, most: int) -> list[str]:
    """The values of a dimension with the most counted, by their rate or by how many are counted."""
    counted = known.assign(_name=known[name].map(fmt.text), _n=known["n"].astype(float))
    counted["_hit"] = counted["rate"].astype(float) * counted["_n"]
    sums = counted.groupby("_name")[["_n", "_hit"]].sum().reset_index()
    first = sums.sort_values(["_n", "_name"], ascending=[False, True]).head(most)
    if order == "rate":
        first = first.assign(_rate=first["_hit"] / first["_n"])
        first = first.sort_values(["_rate", "_n", "_name"], ascending=[False, False, True])
    return first["_name"].tolist()
