"""The chance that a denial is overturned, from what became of those before it: by payer, root cause and age."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd import stats

#: Who a chance was learned from, from the nearest on: at least so many of its services were open at that age.
SUPPORTED: Final = 5
WORDS: Final = (
    "chance of overturn: of services denied at first, old enough to be resolved and still open at the same age, the "
    "share that was paid later (Kaplan-Meier from that age on, so that none speaks for itself), by payer and root "
    "cause, shrunk towards the root cause, and that towards all (empirical Bayes)"
)


class _Course:
    """What became of one group of denials: the share paid after each age, and how many were open then."""

    def __init__(self, part: pd.DataFrame) -> None:
        day, paid, n = (part[name].to_numpy(float) for name in ("day", "is_paid", "n"))
        curve = stats.kaplan_meier(day, paid.astype(bool), weights=n)
        self._days = curve["day"].to_numpy(float)
        self._open = np.append(curve["survival"].to_numpy(float), 1.0)
        self._left = np.append(curve["at_risk"].to_numpy(float), 0.0)
        self._last = float(self._open[-2]) if len(curve) else 1.0

    def after(self, age: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each age: how many were open then, and the share of these that was paid later."""
        place = np.searchsorted(self._days, age, side="right")
        n = self._left[place]
        still_open = self._open[place - 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where((n > 0) & (still_open > 0), 1 - self._last / still_open, 0.0)
        return n, np.clip(rate, 0.0, 1.0)


def chances(reference: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """One row per wanted row: overturn_probability, chance_source, chance_lines (those it is learned from).

    ``reference``: payer, category, is_paid, day and n, as ``resolved_before`` gives them; ``wanted``: payer, category
    and age. Missing where there is no reference at all, or no age.
    """
    reference = reference[reference["day"].notna() & (reference["day"] >= 0)]
    asked = wanted[["payer", "category", "age"]].astype({"age": float})
    known = asked["age"].notna().to_numpy() & (len(reference) > 0)
    distinct = asked[known].drop_duplicates().reset_index(drop=True)
    result = pd.DataFrame(
        {"overturn_probability": np.nan, "chance_source": None, "chance_lines": np.nan}, index=wanted.index
    ).astype({"chance_source": "str"})
    if distinct.empty:
        return result
    learned = _learned(reference, distinct)
    found = asked[known].merge(learned, on=["payer", "category", "age"], how="left")
    for column in result.columns:
        result.loc[known, column] = found[column].to_numpy()
    return result


def _learned(reference: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The chance of each distinct payer, category and age."""
    age = rows["age"].to_numpy(float)
    all_n, all_rate = _Course(reference).after(age)
    of_category = _by(reference, ["category"])
    of_payer = _by(reference, ["payer", "category"])
    keys = rows["category"].map(lambda category: (category,))
    n_c, rate_c = _after(of_category, keys, age)
    category, _ = stats.shrink(n_c * rate_c, n_c, all_rate, _precision(of_category, reference))
    pairs = pd.Series(list(zip(rows["payer"], rows["category"], strict=True)))
    n_p, rate_p = _after(of_payer, pairs, age)
    chance, _ = stats.shrink(n_p * rate_p, n_p, category, _precision(of_payer, reference, of_category))
    near = [n_p >= SUPPORTED, n_c >= SUPPORTED]
    source = np.select(near, ["payer and category", "category"], "all denials")
    return rows.assign(
        overturn_probability=chance, chance_source=source, chance_lines=np.select(near, [n_p, n_c], all_n)
    )


def _by(reference: pd.DataFrame, names: list[str]) -> dict[tuple[object, ...], _Course]:
    return {tuple(key): _Course(part) for key, part in reference.groupby(names, sort=True, dropna=False)}


def _after(
    courses: dict[tuple[object, ...], _Course], keys: pd.Series, age: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    n, rate = np.zeros(len(age)), np.zeros(len(age))
    for key, rows in pd.Series(range(len(age))).groupby(keys.to_numpy(), sort=False).groups.items():
        if key in courses:
            places = np.asarray(rows)
            n[places], rate[places] = courses[key].after(age[places])
    return n, rate


def _precision(
    courses: dict[tuple[object, ...], _Course],
    reference: pd.DataFrame,
    within: dict[tuple[object, ...], _Course] | None = None,
) -> float:
    """How alike groups are, told by all that was denied: what a group of average size must outweigh."""
    start = np.zeros(1) - 0.5
    every = _Course(reference).after(start)[1][0]
    n, k, expected = [], [], []
    for key, course in courses.items():
        size, rate = (part[0] for part in course.after(start))
        n.append(size)
        k.append(size * rate)
        expected.append(within[key[1:]].after(start)[1][0] if within else every)
    return stats.shrink(np.array(k), np.array(n), np.array(expected))[1]
