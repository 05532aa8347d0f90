"""Drivers that were found as rows: observed, expected, excess, interval, cause, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.denials.detectable import detectable
from cpticd.denials.driver_lines import DIAGNOSIS, Level, Lines
from cpticd.denials.driver_model import expit
from cpticd.denials.driver_search import Search
from cpticd.denials.driver_tests import LevelTests, dependence

#: A beginning is named where lines since then fit better by this much of a chi-square, and two months lie before.
_BEGINS: Final = 10.0


def rows_of(
    search: Search, upper: Sequence[Level], dimensions: tuple[str, ...], *, q: float, confidence: float
) -> tuple[pd.DataFrame, dict[str, str], dict[str, tuple[int, float]]]:
    """The rows of all drivers up to ``q``, and what could have been missed, by level in words and in numbers."""
    looked = [_mains(search, each) for each in upper]
    looked += [_taken(search, number, chance) for number, chance in enumerate(search.expected())]
    parts = [_rows(each, q, confidence) for each in looked]
    levels = {each.name.replace(DIAGNOSIS, "diagnosis_code"): each for each in (*upper, *search.levels)}
    sizes = {
        name: (each.size, float(np.median(np.diff(each.start)))) for name, each in levels.items() if each.size
    }
    rate = float(search.lines.denied.mean()) if search.lines.size else 0.0
    missed = {
        name: detectable(*sizes[name], rate, len(part), q)
        for name, part in zip(levels, parts, strict=True)
        if name in sizes
    }
    columns = ["diagnosis_code" if name == DIAGNOSIS else name for name in dimensions]
    made = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    made = made.rename(columns={DIAGNOSIS: "diagnosis_code"}).reindex(columns=["level", *columns, *_COLUMNS])
    made["since"] = pd.to_datetime(made["since"])
    made["level"] = made["level"].str.replace("diagnosis", "diagnosis_code", regex=False)
    order = ["excess_amount", "excess_denials", "level", *columns]
    return (
        made.sort_values(
            order,
            ascending=[False, False, *[True] * (len(columns) + 1)],
            ignore_index=True,
            na_position="last",
        ),
        {level: words for level, words in missed.items() if words},
        sizes,
    )


_COLUMNS: Final = (
    "lines", "persons", "denied_lines", "rate", "low", "high", "expected_denials", "expected_rate", "excess_denials",
    "excess_low", "excess_high", "odds_ratio", "p_value", "q_value", "design_effect", "effective_lines",
    "denied_amount", "excess_amount", "top_category", "top_carc", "since",
)  # fmt: skip


class Looked(NamedTuple):
    """What was looked at on a level: ``p`` of all candidates; of some their lines' chances without what they do."""

    tests: LevelTests
    candidates: np.ndarray
    chances: Sequence[np.ndarray]
    effects: np.ndarray
    p: np.ndarray


def _mains(search: Search, level: Level) -> Looked:
    """Payers (procedures, places, providers), each as if it were like the others with the same lines."""
    name = level.dimensions[0]
    code, effects = search.model.mains[name], search.model.main_effects[name]
    weight = np.bincount(code, minlength=len(effects)).astype(float)
    whole = float(weight @ effects)
    rest = (whole - weight * effects) / np.maximum(weight.sum() - weight, 1)
    shift = np.where(weight >= weight.sum(), 0.0, effects - rest)
    chance = expit(search.model.logit - shift[code])
    owners = code[level.line[level.start[:-1]]]
    tests, every = LevelTests(search.lines, level, search.like), np.arange(level.size)
    chances = [chance[level.lines_of(each)] for each in every.tolist()]
    return Looked(tests, every, chances, shift[owners], tests.p_values(chance))


def _taken(search: Search, number: int, chance: np.ndarray) -> Looked:
    """Drivers of one level, each against what all others let expect; ``chance``: of all lines, with the drivers."""
    tests = search.tests[number]
    p = tests.p_values(chance)
    mine = [place for place, (of, _) in enumerate(search.found) if of == number]
    candidates = np.array([search.found[place][1] for place in mine], dtype=int)
    chances = []
    for place, candidate in zip(mine, candidates.tolist(), strict=True):
        lines = search.model.found[place]
        chances.append(expit(search.model.logit[lines] - search.model.found_effects[place]))
        p[candidate] = tests.p_value(candidate, lines, chances[-1])
    effects = np.array([search.model.found_effects[place] for place in mine])
    return Looked(tests, candidates, chances, effects, p)


def _rows(looked: Looked, q: float, confidence: float) -> pd.DataFrame:
    """The candidates that pass, as rows."""
    q_value = stats.benjamini_hochberg(looked.p)
    level, lines = looked.tests.level, looked.tests.lines
    made = []
    for candidate, chance, effect in zip(
        looked.candidates.tolist(), looked.chances, looked.effects.tolist(), strict=True
    ):
        own = level.lines_of(candidate)
        if not (q_value[candidate] <= q and lines.denied[own].sum() > chance.sum()):
            continue
        whole = np.zeros(lines.size)
        whole[own] = chance
        depends = dependence(lines, level, looked.tests.like, np.array([candidate]), whole, providers=False)
        found = {"level": level.name, "p_value": looked.p[candidate], "q_value": q_value[candidate]}
        found |= level.keys.iloc[candidate].to_dict() | {"odds_ratio": float(np.exp(effect))}
        made.append(found | _row(lines, own, chance, depends, confidence))
    return pd.DataFrame(made, columns=None if made else ["level", *level.dimensions, *_COLUMNS])


def _row(
    lines: Lines, own: np.ndarray, chance: np.ndarray, depends: stats.Dependence, confidence: float
) -> dict[str, Any]:
    n, denied, expected = len(own), float(lines.denied[own].sum()), float(chance.sum())
    effect, freedom = float(depends.design_effect[0]), float(depends.freedom[0])
    low, high = (
        float(each) for each in stats.wilson(denied, n, confidence, design_effect=effect, freedom=freedom)
    )
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
