"""Drivers that were found as rows: observed, expected, excess, interval, cause, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.denials.driver_lines import DIAGNOSIS, Level, Lines
from cpticd.denials.driver_model import expit
from cpticd.denials.driver_search import Search

#: A beginning is named where lines since then fit better by this much of a chi-square, and two months lie before.
_BEGINS: Final = 10.0
#: Chance of finding an effect that is called detectable.
_POWER: Final = 0.8


def rows_of(
    search: Search, upper: Sequence[Level], dimensions: tuple[str, ...], *, q: float, confidence: float
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The rows of all drivers up to ``q``, and what could have been missed, by level in words."""
    parts, detectable = [], {}
    for each in upper:
        found, tested = _main_rows(search, each, q, confidence)
        parts.append(found)
    for number, each in enumerate(search.levels):
        found, tested = _found_rows(search, number, q, confidence)
        parts.append(found)
        detectable[each.name] = _detectable(search, each, len(found), tested, q)
    columns = ["diagnosis_code" if name == DIAGNOSIS else name for name in dimensions]
    made = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    made = made.rename(columns={DIAGNOSIS: "diagnosis_code"}).reindex(columns=["level", *columns, *_COLUMNS])
    made["since"] = pd.to_datetime(made["since"])
    made["level"] = made["level"].str.replace("diagnosis", "diagnosis_code", regex=False)
    order = ["excess_amount", "excess_denials", "level", *columns]
    return made.sort_values(
        order, ascending=[False, False, *[True] * (len(columns) + 1)], ignore_index=True, na_position="last"
    ), detectable


_COLUMNS: Final = (
    "lines", "persons", "denied_lines", "rate", "low", "high", "expected_denials", "expected_rate", "excess_denials",
    "excess_low", "excess_high", "odds_ratio", "p_value", "q_value", "design_effect", "effective_lines",
    "denied_amount", "excess_amount", "top_category", "top_carc", "since",
)  # fmt: skip


def _main_rows(search: Search, level: Level, q: float, confidence: float) -> tuple[pd.DataFrame, int]:
    """Payers (procedures, places) that are denied more than the others with the same lines."""
    name = level.dimensions[0]
    code, effects = search.model.mains[name], search.model.main_effects[name]
    weight = np.bincount(code, minlength=len(effects)).astype(float)
    whole = float(weight @ effects)
    rest = (whole - weight * effects) / np.maximum(weight.sum() - weight, 1)
    lone = weight >= weight.sum()
    shift = np.where(lone, 0.0, effects - rest)
    chance = expit(search.model.logit - shift[code])
    owners = code[level.line[level.start[:-1]]]
    one = Search.__new__(Search)
    one.__dict__ |= search.__dict__ | {"levels": [level], "_effects": [np.full(level.size, np.nan)]}
    one.__dict__["_freedom"] = [np.full(level.size, 1e9)]
    p = one.p_values(0, chance)
    return _rows(one, 0, np.arange(level.size), [chance] * level.size, p, shift[owners], q, confidence), level.size


def _found_rows(search: Search, number: int, q: float, confidence: float) -> tuple[pd.DataFrame, int]:
    """Drivers of one level, each against what all others let expect."""
    level = search.levels[number]
    every = search.p_values(number, search.expected(level))
    mine = [
        (candidate, place) for place, (of, candidate) in enumerate(search.found) if of == number
    ]
    chances, effects = [], []
    for candidate, place in mine:
        lines, effect = search.model.found[place], search.model.found_effects[place]
        chance = search.model.logit[lines] - effect
        chances.append((lines, expit(chance)))
        effects.append(effect)
        every[candidate] = _p_value(search, number, candidate, lines, expit(chance))
    candidates = np.array([candidate for candidate, _ in mine], dtype=int)
    full = []
    for lines, chance in chances:
        whole = np.zeros(search.lines.size)
        whole[lines] = chance
        full.append(whole)
    return _rows(search, number, candidates, full, every, np.array(effects), q, confidence), level.size


def _p_value(search: Search, number: int, candidate: int, lines: np.ndarray, chance: np.ndarray) -> float:
    variance = chance * (1 - chance)
    p = stats.stratified_excess(
        search.lines.denied[lines].sum(), chance.sum().round(9), variance.sum().round(9),
        (variance * (1 - 2 * chance)).sum().round(9), (variance * (1 - 6 * variance)).sum().round(9),
        design_effect=np.nan_to_num(search._effects[number][candidate], nan=1.0),
        freedom=search._freedom[number][candidate],
    )  # fmt: skip
    return float(p)


def _rows(
    search: Search,
    number: int,
    candidates: np.ndarray,
    chances: Sequence[np.ndarray],
    p: np.ndarray,
    effects: np.ndarray,
    q: float,
    confidence: float,
) -> pd.DataFrame:
    """The candidates that pass, as rows; ``p`` is of all candidates of the level."""
    level, lines = search.levels[number], search.lines
    q_value = stats.benjamini_hochberg(p)
    made = []
    for place, candidate in enumerate(candidates.tolist()):
        own = level.lines_of(candidate)
        chance = chances[place][own]
        denied = float(lines.denied[own].sum())
        expected = float(chance.sum())
        if not (q_value[candidate] <= q and denied > expected):
            continue
        depends = search.dependence(number, np.array([candidate]), chances[place], providers=False)
        made.append(
            level.keys.iloc[candidate].to_dict()
            | {"level": level.name, "p_value": p[candidate], "q_value": q_value[candidate]}
            | {"odds_ratio": float(np.exp(effects[place]))}
            | _row(lines, own, chance, depends, confidence)
        )
    return pd.DataFrame(made, columns=None if made else ["level", *level.dimensions, *_COLUMNS])


def _row(
    lines: Lines, own: np.ndarray, chance: np.ndarray, depends: stats.Dependence, confidence: float
) -> dict[str, Any]:
    n, denied, expected = len(own), float(lines.denied[own].sum()), float(chance.sum())
    effect, freedom = float(depends.design_effect[0]), float(depends.freedom[0])
    low, high = (float(each) for each in stats.wilson(denied, n, confidence, design_effect=effect, freedom=freedom))
    amount = float(lines.amount[own].sum())
    excess = denied - expected
    person = lines.person[own]
    return {
        "lines": n, "persons": len(np.unique(person[person >= 0])), "denied_lines": int(denied), "rate": denied / n,
        "low": low, "high": high, "expected_denials": expected, "expected_rate": expected / n,
        "excess_denials": excess, "excess_low": n * low - expected, "excess_high": n * high - expected,
        "design_effect": effect, "effective_lines": n / effect, "denied_amount": round(amount, 2),
        "excess_amount": round(amount * excess / denied, 2) if denied else 0.0,
        **_cause(lines, own), "since": _since(lines, own, chance, effect),
    }  # fmt: skip


def _cause(lines: Lines, own: np.ndarray) -> dict[str, Any]:
    """The most frequent category of denied lines, and its most frequent CARC; ties go to the first in the alphabet."""
    category, carc = lines.codes["category"][own], lines.codes["carc"][own]
    known = category >= 0
    if not known.any():
        return {"top_category": None, "top_carc": None}
    first = int(np.bincount(category[known]).argmax())
    codes = carc[(category == first) & (carc >= 0)]
    second = lines.names["carc"][int(np.bincount(codes).argmax())] if len(codes) else None
    return {"top_category": lines.names["category"][first], "top_carc": second}


def _since(lines: Lines, own: np.ndarray, chance: np.ndarray, effect: float) -> pd.Timestamp | None:
    """The month since which the excess is there, where it is not there before."""
    month = lines.month[own]
    dated = ~np.isnat(month)
    months, place = np.unique(month[dated], return_inverse=True)
    if len(months) < 4:
        return None
    excess = np.bincount(place, (lines.denied[own] - chance)[dated])
    variance = np.bincount(place, (chance * (1 - chance))[dated]) * effect
    after, spread = excess[::-1].cumsum()[::-1], variance[::-1].cumsum()[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        fit = np.where((spread > 0) & (after > 0), after**2 / spread, 0.0)
    best = int(fit.argmax())
    if best < 2 or fit[best] - fit[0] < _BEGINS:
        return None
    before, room = excess[:best].sum(), variance[:best].sum()
    if room > 0 and before / np.sqrt(room) > 2 and before / room > 0.5 * after[best] / spread[best]:
        return None
    return pd.Timestamp(months[best])


def _detectable(search: Search, level: Level, found: int, tested: int, q: float) -> str:
    """Which difference of rates a candidate of usual size would have shown."""
    n = float(np.median(np.diff(level.start)))
    rate = float(search.lines.denied.mean())
    z = float(-_ndtri(q * max(found, 1) / max(tested, 1)) + _ndtri(_POWER))
    points = 100 * z * np.sqrt(rate * (1 - rate) / n)
    return (
        f"{tested:,} looked at; of {n:,.0f} lines, as independent as they come, {points:.1f} points above what is "
        f"expected would have been found in {_POWER:.0%} of cases"
    )


def _ndtri(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(p))
