"""What is planted into ``recurring_claims``: on which pairs, procedures, providers and payer, how strongly, since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from tests.benchmarks.recurring_services import DIAGNOSES, PROCEDURES, PROVIDERS, Services

PAYERS: Final = tuple(
    f"{name} Health" for name in ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo")
)
LEVELS: Final = ("pair", "payer x procedure", "procedure", "provider", "payer")
PAIRS: Final = 40
STRENGTHS: Final = (1.5, 1.8, 2.2, 2.6, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)
#: Fewest and most lines of a planted pair, and its largest share of the lines that it is compared with.
PAIR_LINES: Final = (60, 3000)
LARGEST_SHARE: Final = 0.3
KEYS: Final = ["payer", "procedure", "diagnosis", "provider"]
_CARCS: Final = {
    "pair": ("50", "11", "167"), "payer x procedure": ("197", "204", "55"), "procedure": ("151", "204"),
    "provider": ("4", "18"), "payer": ("197",),
}  # fmt: skip


@dataclass
class Planted:
    """The effects, and what they bring to each line."""

    effects: pd.DataFrame  # level, KEYS as numbers (-1: any), odds_ratio, start (day)
    log_odds: np.ndarray  # of each line, all effects together
    carc: np.ndarray  # of each line: reason of its strongest effect
    pairs: pd.DataFrame  # one row per line and diagnosis: line, diagnosis_code, own, others


def plant(rng: np.random.Generator, s: Services, payer: np.ndarray, effects: bool) -> Planted:
    """Choose effects among what has lines enough, and add up what they bring; none without ``effects``."""
    lines = pd.DataFrame({"payer": payer, "procedure": s.procedure, "provider": s.provider, "day": s.day})
    row, position = np.nonzero(s.points)
    pairs = lines.iloc[row].assign(line=row, diagnosis=s.diagnoses[row, position])
    chosen = _chosen(rng, lines, pairs) if effects else _rows([], rng)
    log_odds, strongest = np.zeros(len(s)), np.zeros(len(s))
    carc = np.full(len(s), "", object)
    own = np.zeros(len(pairs))
    for effect in chosen.itertuples():
        table = pairs if effect.level == "pair" else lines
        where = (table["day"] >= effect.start).to_numpy()
        for key in KEYS:
            if getattr(effect, key) >= 0:
                where = where & (table[key].to_numpy() == getattr(effect, key))
        strength = np.log(effect.odds_ratio)
        hit = row[where] if effect.level == "pair" else np.flatnonzero(where)
        if effect.level == "pair":
            own[where] = strength
        log_odds[hit] += strength
        stronger = hit[strongest[hit] < strength]
        strongest[stronger], carc[stronger] = strength, effect.carc
    everything = np.bincount(row, own, len(s))
    codes = np.array(DIAGNOSES, object)[pairs["diagnosis"].to_numpy()]
    frame = pd.DataFrame({"line": row, "diagnosis_code": codes, "own": own, "others": everything[row] - own})
    return Planted(chosen, log_odds, carc, frame)


def _rows(rows: list[dict[str, object]], rng: np.random.Generator) -> pd.DataFrame:
    """Effects as a frame: keys that do not matter are -1, half of them begin at the start of a later quarter."""
    frame = pd.DataFrame(rows, columns=["level", *KEYS, "odds_ratio"])
    frame[KEYS] = frame[KEYS].fillna(-1).astype(int)
    frame["odds_ratio"] = frame["odds_ratio"].astype(float)
    late = rng.integers(1, 6, len(frame)) * 91
    frame["start"] = np.where(rng.random(len(frame)) < 0.5, 0, late)
    frame["carc"] = [str(rng.choice(_CARCS[level])) for level in frame["level"]]
    return frame


def _chosen(rng: np.random.Generator, lines: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Policies first; pairs where no policy is, so that an effect lives at one level."""
    rows: list[dict[str, object]] = [
        {"level": "payer", "payer": int(rng.integers(len(PAYERS))), "odds_ratio": 2.0}
    ]
    of_procedure = lines.groupby("procedure").size()
    busy = of_procedure[of_procedure >= 600].index.to_numpy()
    everywhere = rng.permutation(busy)[:3]
    rows += [
        {"level": "procedure", "procedure": h, "odds_ratio": rng.choice([2.5, 3.0, 4.0])} for h in everywhere
    ]
    cells = lines.groupby(["payer", "procedure"]).size().rename("n").reset_index()
    share = cells["n"] / cells["procedure"].map(of_procedure)
    cells = cells[(cells["n"] >= 200) & (share <= LARGEST_SHARE) & ~cells["procedure"].isin(everywhere)]
    policies = cells.sample(frac=1, random_state=rng).drop_duplicates("procedure").head(5)
    rows += [
        {"level": "payer x procedure", "payer": p, "procedure": h, "odds_ratio": rng.choice([3.0, 4.0, 6.0])}
        for p, h in policies[["payer", "procedure"]].itertuples(index=False)
    ]
    of_provider = lines.groupby("provider").size()
    usual = of_provider[(of_provider >= 300) & (of_provider <= len(lines) * 0.03)].index.to_numpy()
    rows += [
        {"level": "provider", "provider": d, "odds_ratio": rng.choice([2.5, 3.0, 4.0])}
        for d in rng.permutation(usual)[:4]
    ]
    taken = {*policies["procedure"], *everywhere}
    return _rows(rows + _pairs(rng, pairs, taken), rng)


def _pairs(rng: np.random.Generator, pairs: pd.DataFrame, taken: set[int]) -> list[dict[str, object]]:
    """Pairs from rare to frequent, at most two of a payer's procedure, none that is most of what it is compared with."""
    keys = ["payer", "procedure", "diagnosis"]
    cells = pairs.groupby(keys).size().rename("n").reset_index()
    cells = cells.merge(pairs.groupby(keys[:2])["line"].nunique().rename("all").reset_index(), on=keys[:2])
    low, high = PAIR_LINES
    cells = cells[cells["n"].between(low, high) & (cells["n"] <= LARGEST_SHARE * cells["all"])]
    cells = cells[~cells["procedure"].isin(taken)]
    # Spread over the sizes: each third by the logarithm of the lines gives its share.
    size = np.minimum((np.log(cells["n"] / low) / np.log(high / low) * 4).astype(int), 3)
    alike = size.map(size.value_counts())
    cells = cells.iloc[np.argsort(-(rng.random(len(cells)) ** alike.to_numpy(float)))]
    cells = cells[cells.groupby(keys[:2]).cumcount() < 2].head(PAIRS)
    strengths = rng.permutation(np.resize(STRENGTHS, len(cells)))
    return [
        {"level": "pair", **dict(zip(keys, map(int, key), strict=True)), "odds_ratio": strength}
        for key, strength in zip(cells[keys].itertuples(index=False), strengths, strict=True)
    ]


def truth_of(planted: Planted, s: Services, payer: np.ndarray, first_day: np.datetime64) -> pd.DataFrame:
    """One row per effect, its keys as the tables have them, with lines (all, and since it began) and persons."""
    lines = pd.DataFrame({"payer": payer, "procedure": s.procedure, "provider": s.provider})
    rows = []
    for effect in planted.effects.itertuples():
        where = np.ones(len(s), bool)
        for key in ("payer", "procedure", "provider"):
            if getattr(effect, key) >= 0:
                where &= lines[key].to_numpy() == getattr(effect, key)
        if effect.diagnosis >= 0:
            where &= ((s.diagnoses == effect.diagnosis) & s.points).any(axis=1)
        since = where & (s.day >= effect.start)
        named = [
            (names[number] if number >= 0 else None)
            for names, number in (
                (PAYERS, effect.payer), (PROCEDURES, effect.procedure), (DIAGNOSES, effect.diagnosis),
                (PROVIDERS, effect.provider),
            )
        ]  # fmt: skip
        day = first_day + np.timedelta64(int(effect.start), "D")
        persons = len(np.unique(s.person[where]))
        rows.append(
            (effect.level, *named, effect.odds_ratio, day, effect.carc, where.sum(), since.sum(), persons)
        )
    columns = ["level", "payer", "hcpcs_code", "diagnosis_code", "billing_npi", "odds_ratio", "since", "carc"]
    return pd.DataFrame(rows, columns=[*columns, "lines", "lines_since", "persons"])
