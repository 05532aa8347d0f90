"""Denials over time: rates by period, with the limits between which they would stay by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach, carry, records_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Cells, Linked, Part, Parts, measure
from cpticd.core.outcomes import decided
from cpticd.core.selection import By, names
from cpticd.denials import divided, trend_changes, trend_rules
from cpticd.denials.excesses import digits

Period = Literal["week", "month", "quarter"]

#: Share of a period's lines that must be adjudicated before its rate is taken for what it will be.
MATURE_SHARE: Final = 0.95
_DAYS: Final = {"service": "o.service_date", "adjudication": "o.first_paid_date"}
#: Columns of a trend without its changes.
COLUMNS: Final = (
    "period", "n", "denied", "rate", "center", "lower", "upper", "adjudicated_share", "mature", "signal", "direction",
)  # fmt: skip
#: Columns that say how far the lines of a period depend on one another.
_DEPENDENCE: Final = ("design_effect", "effective_lines")


def _cells(by: By, period: Period, date: str) -> Cells:
    """What a row counts; changes, which compare two of them, are not of it."""
    day = "" if date == "service" else "paid_"
    return Cells(
        by={**{name: name for name in names(by)}, "period": f"{day}{period}"},
        where="adjudicated",
        numerators={"denied": ("denied", "rate", "signal", "direction", *_DEPENDENCE)},
        # A period's few lines that are not adjudicated would follow from it.
        withheld="adjudicated_share",
        # Limits are made of all periods: with one that is left out its denials would follow from the centre.
        mixed=("center", "lower", "upper"),
    )


def _tables(frame: pd.DataFrame, _: Parts) -> Mapping[str, tuple[pd.DataFrame, Cells]]:
    given = records_of(frame)["arguments"]
    # A period in which nothing was decided is no cell.
    counted = frame[frame["n"] > 0].drop(columns=list(trend_changes.COLUMNS)).reset_index(drop=True)
    counted = carry(frame, counted)
    return {"periods": (counted, _cells(given["by"], given["period"], given["date"]))}


def _apply(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The periods as they may leave: what compares two of them, or reads several, leaves where all of them do."""
    shown = tables["periods"]
    given = records_of(frame)["arguments"]
    groups = list(names(given["by"]))
    keys = [*groups, "period"]
    result = shown.merge(frame[[*keys, *trend_changes.COLUMNS]], on=keys, how="left")
    hidden = dict(shown.attrs["disclosure"]["hidden"])
    is_gone = result["rate"].isna().to_numpy(bool)
    gone = set(zip(*(result.loc[is_gone, key] for key in keys), strict=True))
    for name, (_, step) in zip(trend_changes.AGAINST, trend_changes.STEPS[given["period"]], strict=True):
        then = [*(result[key] for key in groups), result["period"] - step]
        masked = is_gone | np.array([key in gone for key in zip(*then, strict=True)], dtype=bool)
        for column in (name, f"{name}_low", f"{name}_high"):
            result[column] = pd.Series(digits(result[column], 3), index=result.index).mask(masked)
            hidden[column] = " ".join(map(str, np.flatnonzero(masked)))
    read = _read_together(result, groups, is_gone)
    for column in ("signal", "direction"):
        result[column] = result[column].mask(read)
        hidden[column] = " ".join(map(str, np.flatnonzero(read)))
    result = carry(frame, result[list(frame.columns)])
    result.attrs["disclosure"] = {"hidden": {column: rows for column, rows in hidden.items() if rows}}
    return result


def _read_together(result: pd.DataFrame, groups: list[str], is_gone: np.ndarray) -> np.ndarray:
    """Rows whose signal rests on a period that does not leave, or does not leave itself."""
    found = is_gone.copy()
    parts = result.groupby(groups, sort=False).indices.values() if groups else [np.arange(len(result))]
    for rows in parts:
        used = [row for row in rows if is_gone[row] or result["mature"].iloc[row]]
        for place, row in enumerate(used):
            points = trend_rules.POINTS.get(str(result["signal"].iloc[row]), 1)
            found[row] |= is_gone[used[max(0, place - points + 1) : place + 1]].any()
    return found


def _sentence(frame: pd.DataFrame) -> str:
    """How the last mature period has changed: the first comparison that shows more than chance, else the first."""
    given = records_of(frame).get("arguments", {})
    last = frame[frame["mature"].fillna(False).astype(bool)].tail(1)
    if not given or names(given["by"]) or last.empty:
        return ""
    row: dict[Any, Any] = last.iloc[0].to_dict()
    found = [name for name in trend_changes.AGAINST if pd.notna(row[name])]
    found.sort(key=lambda name: row[f"{name}_low"] <= 0 <= row[f"{name}_high"])
    return trend_changes.in_words(row, given["period"], found[0]) if found else ""


@measure(
    heading="Trend",
    leaves=Linked(_tables, _apply),
    chart="trend",
    report=[Part("trend", "trend", "Trend")],
    sentence=_sentence,
)
def trend(
    claims: Claims,
    by: By = None,
    *,
    period: Period = "month",
    date: Literal["service", "adjudication"] = "service",
    mature_share: float = MATURE_SHARE,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group and period: n, denied, rate, its limits, the rule that it breaks, and how it has changed.

    Parameters
    ----------
    by: dimensions, see ``claims.dimensions()``.
    period: ``week``, ``month`` or ``quarter``; column ``period`` is its first day.
    date: which date puts a line into a period: that of ``service`` (a cohort; recent ones are young) or of
        ``adjudication`` (first adjudicated in the period, HFMA's definition of the initial rate).
    mature_share: a period is mature where at least this share of its lines is adjudicated, and where it had
        ended by the last date in the data set.
    confidence: of the intervals of changes.

    center, lower and upper are Laney p' limits over the mature periods of the group (Laney 2002): they
    widen the binomial limits by the spread between periods, which at large n is never zero. signal names the gravest
    rule that a mature period completes, '' for none: ``above limit``, ``two of three above`` (beyond two sigma),
    ``run above`` (eight in a row over the center), ``rising`` (six in a row), and ``below limit``, ``two of three
    below``, ``run below``, ``falling``; direction is ``rise`` or ``fall``. Of 24 periods of independent lines without
    any change, one series in seven has a signal all the same, and one in eighteen a point beyond its limits.

    rate_change is the difference of the rate from that of the period before, year_rate_change from the same period a
    year before (of weeks: 52 weeks), of mature periods alone, each with its interval (_low, _high). design_effect says
    by how much lines that are decided together (those of a claim, or of a person, the larger) widen the variance of a
    rate; effective_lines is n over it.

    >>> import cpticd as cx
    >>> cx.denials.trend(cx.simulate(persons=100, seed=1).claims, period="quarter").columns[:3].tolist()
    ['period', 'n', 'denied']
    """
    if period not in ("week", "month", "quarter") or date not in _DAYS:
        raise ArgumentError(
            f"period={period!r}, date={date!r}: expected week, month or quarter; service or adjudication"
        )
    groups, day = claims.grouping(by), _DAYS[date]
    with claims.session() as s:
        pieces = divided.lines(s, groups)
        found = s.frame(sql.text("denials/trend"), period=period, day=day, **pieces.parts())
        last = s.value("SELECT max(greatest(first_paid_date, service_date)) AS day FROM main.line_outcomes")
        undated = s.value(
            f"SELECT count(*) AS n FROM line_outcomes o WHERE {day} IS NULL AND {decided('o.initial_outcome')}"
        )
        effects = trend_changes.dependent(s, pieces, groups, period, day)
        both = trend_changes.shared(s, groups, period)
    found = found.astype({"lines": "int64", "n": "int64", "denied": "int64"})
    found["adjudicated_share"] = found["n"] / found["lines"]
    found["mature"] = found["adjudicated_share"] >= mature_share
    if len(found):
        found["mature"] &= _ended(last, found["period"], period)
    wanted = groups.names
    parts = [_limits(part) for _, part in found.groupby(wanted, sort=False, dropna=False)] if wanted else []
    result = pd.concat(parts, ignore_index=True) if parts else _limits(found)
    result = result.merge(effects, on=[*wanted, "period"], how="left")
    result["effective_lines"] = result["n"] / result["design_effect"]
    result = trend_changes.changes(result, both, wanted, period, confidence)
    return attach(
        result[[*wanted, *COLUMNS, *trend_changes.COLUMNS, *_DEPENDENCE]],
        measure=f"initial line denial rate by {period} of {date}",
        numerator="lines denied at first adjudication",
        denominator=f"lines adjudicated, by {period} of "
        + ("service" if date == "service" else "first adjudication"),
        clock=CLOCKS["initial"],
        exclusions="lines without the date; limits and changes from mature periods alone",
        rows_left_out=undated,
        limits="Laney p', 3 sigma",
        signals=trend_rules.WORDS,
        changes=trend_changes.WORDS.format(confidence=confidence),
        mature=f"at least {mature_share:.0%} of the period's lines adjudicated",
        **divided.terms(groups, "lines"),
    )


def _ended(last: Any, start: pd.Series, period: Period) -> pd.Series:
    """Whether each period was over on the last date, of service or adjudication, in the data."""
    (_, step), _ = trend_changes.STEPS[period]
    return start + step <= pd.Timestamp(last) + pd.Timedelta(days=1)


def _limits(part: pd.DataFrame) -> pd.DataFrame:
    """The periods of one group with limits from the mature ones."""
    n, denied = part["n"].to_numpy(float), part["denied"].to_numpy(float)
    mature = part["mature"].to_numpy(bool) & (n > 0)
    return part.assign(**trend_rules.limited(stats.laney_p_prime(denied, n, use=mature), n, mature))
