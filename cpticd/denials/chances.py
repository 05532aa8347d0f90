"""The chance that a denial is overturned when it is worked, from those that were: by payer, root cause and age."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd import stats

#: Fewest services that stand for who a chance was learned from.
SUPPORTED: Final = 5
WORDS: Final = (
    "chance of overturn, when it is worked: of services denied at first, old enough to be settled, that were billed or "
    "decided again after at least as many days, the share paid in the end; of those denied again already, of such "
    "ones; by payer and root cause, shrunk towards the root cause, and that towards all (empirical Bayes). A service "
    "that is still to be worked is none of them. Appeals that were lost without a new decision in the data are not seen"
)
_COLUMNS: Final = ("overturn_probability", "chance_source", "chance_lines")


def chances(reference: pd.DataFrame, wanted: pd.DataFrame, every: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per wanted row: overturn_probability, chance_source, chance_lines (those it is learned from).

    ``reference``: payer, category, turn, is_paid, day and n, as ``resolved_before`` gives them; ``wanted``: payer,
    category, age and is_denied_again; ``every``: the same of all that are wanted, where these are some of them. Missing
    where there is no reference at all, or no age.
    """
    reference = reference[reference["day"].notna() & (reference["day"] >= 0)]
    asked = _asked(wanted)
    whole = asked if every is None else _asked(every)
    parts = []
    for turn, part in asked[asked["age"].notna()].groupby("turn"):
        learned = reference[reference["turn"] == turn]
        if len(learned):
            distinct = whole[whole["age"].notna() & (whole["turn"] == turn)].drop_duplicates()
            found = part.reset_index().merge(_learned(learned, distinct.reset_index(drop=True)), how="left")
            parts.append(found.set_index(found.columns[0]))
    nothing = {"overturn_probability": np.nan, "chance_source": None, "chance_lines": np.nan}
    if not parts:
        return pd.DataFrame(nothing, index=wanted.index).astype({"chance_source": "str"})
    return pd.concat(parts)[list(_COLUMNS)].reindex(wanted.index)


def _asked(wanted: pd.DataFrame) -> pd.DataFrame:
    """Payer, category, age and turn of each wanted row."""
    asked = wanted[["payer", "category", "age"]].astype({"age": float})
    return asked.assign(turn=np.where(wanted["is_denied_again"].astype(bool), 2, 1))


def _learned(reference: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The chance of each distinct payer, category and age (with its turn).

    First of any age: all, then the root cause, then the payer within. Then of that age: who is worked late is paid less
    often; how much less, all payers of a root cause say together.
    """
    whole, cause, own = (
        _Counts(reference, names, rows) for names in ([], ["category"], ["payer", "category"])
    )
    every = whole.k / whole.n
    m = _precision(cause, every)
    of_cause, _ = stats.shrink(cause.k, cause.n, every, m)
    w = _precision(own, of_cause)
    of_own, _ = stats.shrink(own.k, own.n, of_cause, w)
    late, _ = stats.shrink(whole.k_late, whole.n_late, every, m)
    slow, _ = stats.shrink(cause.k_late, cause.n_late, _moved(of_cause, late, every), m)
    chance, _ = stats.shrink(own.k_late, own.n_late, _moved(of_own, slow, of_cause), w)
    near = [own.n_late >= SUPPORTED, cause.n_late >= SUPPORTED]
    source = np.select(near, ["payer and category", "category"], "all denials")
    return rows.assign(
        overturn_probability=chance,
        chance_source=source,
        chance_lines=np.select(near, [own.n_late, cause.n_late], whole.n),
    )


class _Counts:
    """Of each row, by its group: worked denials (n) and those paid (k), of any age, and worked later than its own."""

    def __init__(self, reference: pd.DataFrame, names: list[str], rows: pd.DataFrame) -> None:
        size = len(rows)
        both = pd.concat([reference[names], rows[names]], ignore_index=True)
        group = both.groupby(names, sort=False).ngroup().to_numpy() if names else np.zeros(len(both), int)
        known, own = group[: len(reference)], group[len(reference) :]
        # By group, its last day first: what was worked later than a row's age stands before it.
        day, age = reference["day"].to_numpy(float), rows["age"].to_numpy(float)
        days = max(day.max(initial=0), age.max(initial=0)) + 1
        key = (known * days + (days - 1 - day))[known >= 0]
        order = np.argsort(key, kind="stable")
        n = reference["n"].to_numpy(float)
        counted = np.stack([n, n * reference["is_paid"].to_numpy(float)], axis=1)[known >= 0]
        sums = np.vstack([np.zeros((1, 2)), counted[order].cumsum(axis=0)])
        ends = (own * days, own * days + days - 1 - age, (own + 1) * days)
        first, later, last = (np.searchsorted(key[order], end) for end in ends)
        self.n, self.k = (sums[last] - sums[first]).reshape(size, 2).T
        self.n_late, self.k_late = (sums[later] - sums[first]).reshape(size, 2).T


def _precision(counts: _Counts, expected: np.ndarray) -> float:
    """How alike the groups are: what a group of its own must outweigh (each group once)."""
    distinct = np.unique(np.stack([counts.k, counts.n, expected]), axis=1)
    return stats.shrink(*distinct)[1]


def _moved(rate: np.ndarray, now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """A rate, changed as a rate beside it changed, in odds."""
    ends = 1e-6
    rate, now, before = (np.clip(each, ends, 1 - ends) for each in (rate, now, before))
    odds = rate / (1 - rate) * (now / (1 - now)) / (before / (1 - before))
    return odds / (1 + odds)
