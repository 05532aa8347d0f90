"""What payers did before: chances learned from earlier decisions, lines that broke the same rule, what was allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.core.outcomes import DECIDED
from cpticd.rules import additive, outcomes
from cpticd.rules.traits import TRAITS, Known, Levels

if TYPE_CHECKING:
    from scipy import sparse

#: Lines with an allowed amount from which on a procedure's share of charges is a payer's own.
ALLOWED_LINES: Final = 10
#: Quarters of decisions by which chances are recalibrated.
RECENT: Final = 2
#: Reasons that a line's row gives.
REASONS: Final = 3


@dataclass(frozen=True, eq=False)
class Before:
    """Which lines teach, and how many quarters of decisions each line may learn from: those before its own."""

    teaches: np.ndarray
    quarters: int
    own: np.ndarray

    def taught(self, number: int) -> np.ndarray:
        """Lines decided before the quarter of this number."""
        return self.teaches & (self.own < number)


def before(lines: pd.DataFrame, teaches: np.ndarray) -> Before:
    """Quarters of decisions in order; a line that is not decided comes after all of them."""
    decided = teaches & lines["initial_outcome"].isin(DECIDED).to_numpy()
    quarter = pd.to_datetime(lines["quarter"])
    known = np.sort(quarter[decided].unique())
    own = np.where(quarter.isna(), len(known), np.searchsorted(known, quarter.to_numpy()))
    return Before(decided, len(known), own)


def chances(
    lines: pd.DataFrame, levels: Levels, past: Before, wanted: np.ndarray
) -> tuple[pd.DataFrame, list[dict[str, Any]], dict[int, np.ndarray]]:
    """One row per wanted line (numbers) by what was decided before its quarter; recent fifths; terms by number.

    denial_probability, base_probability (as if without its findings), reason_1 … reason_3 with contribution, lines and
    denied, remaining_log_odds; ``levels.x`` is of all lines.
    """
    from scipy.special import expit

    denied = (lines["initial_outcome"] == "denied").to_numpy(float)
    needed = set(past.own[wanted].tolist())
    needed |= {number - i for number in needed for i in range(1, RECENT + 1)}
    scores = np.full(len(lines), np.nan)
    parts: list[pd.DataFrame] = []
    fifths: list[dict[str, Any]] = []
    terms: dict[int, np.ndarray] = {}
    for number in sorted(each for each in needed if each >= 0):
        taught = np.flatnonzero(past.taught(number))
        mine = wanted[past.own[wanted] == number]
        if not len(taught):
            parts.append(pd.DataFrame(index=mine))
            continue
        model = additive.fit(levels.x[taught], denied[taught], levels.kinds)
        here = np.flatnonzero(past.teaches & (past.own == number))
        scores[here] = model.scores(levels.x[here])
        recent = np.flatnonzero(past.teaches & (past.own < number) & (past.own >= number - RECENT))
        recent = recent[~np.isnan(scores[recent])]
        shift, slope = additive.recalibrated(scores[recent], denied[recent])
        terms[number] = slope * model.terms
        if len(mine):
            heard = _Heard(levels, model, shift, slope, taught, denied)
            parts.append(heard.rows(mine))
        if number == past.quarters:
            fifths = by_fifth(expit(shift + slope * scores[recent]), denied[recent])
    filled = [part for part in parts if len(part)]
    frame = pd.concat(filled) if filled else pd.DataFrame()
    return frame.reindex(index=wanted, columns=list(COLUMNS)), fifths, terms


#: What a line's chance of denial says.
COLUMNS: Final = (
    "denial_probability", "base_probability",
    *(f"{name}_{i}{part}" for i in range(1, REASONS + 1)
      for name, part in (("reason", ""), ("contribution", ""), ("reason", "_lines"), ("reason", "_denied"))),
    "remaining_log_odds",
)  # fmt: skip


def by_fifth(probability: np.ndarray, denied: np.ndarray) -> list[dict[str, Any]]:
    """One record per fifth of lines by probability: lines, mean predicted, share denied."""
    order = np.argsort(probability, kind="stable")
    return [
        {"fifth": i, "lines": len(part), "predicted_rate": round(float(probability[part].mean()), 4),
         "denied_rate": round(float(denied[part].mean()), 4)}
        for i, part in enumerate(np.array_split(order, 5), start=1)
        if len(part)
    ]  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Heard:
    """A model with its recalibration, for the lines that it judges, and the lines that taught it."""

    levels: Levels
    model: additive.Additive
    shift: float
    slope: float
    taught: np.ndarray
    denied: np.ndarray

    def rows(self, mine: np.ndarray) -> pd.DataFrame:
        from scipy.special import expit

        x = self.levels.x[mine]
        score = self.shift + self.slope * self.model.scores(x)
        without = np.where(self.levels.of_findings(), self.model.terms, 0.0)
        result = pd.DataFrame(
            {
                "denial_probability": expit(score),
                "base_probability": expit(score - self.slope * (x @ without)),
            },
            index=mine,
        )
        reasons, added = self._reasons(x)
        return pd.concat([result, reasons.set_index(mine)], axis=1).assign(remaining_log_odds=score - added)

    def _reasons(self, x: sparse.csr_matrix) -> tuple[pd.DataFrame, np.ndarray]:
        """The levels that move a line's log-odds most, beside the usual line, and what they add together."""
        seen = self.levels.x[self.taught]
        counts, of_denied = seen.T @ np.ones(len(self.taught)), seen.T @ self.denied[self.taught]
        moved = self.slope * (self.model.terms - self._usual(seen))
        entries = x.tocoo()
        found = pd.DataFrame({"row": entries.row, "level": entries.col, "term": moved[entries.col]})
        found = found[counts[entries.col] > 0].assign(size=lambda f: -f["term"].abs().round(9))
        found = found.sort_values(["row", "size", "level"], ignore_index=True)
        found["place"] = found.groupby("row").cumcount()
        found = found[found["place"] < REASONS]
        frame = pd.DataFrame(index=range(x.shape[0]))
        added = np.bincount(found["row"], found["term"], minlength=x.shape[0])
        for i in range(REASONS):
            one = found[found["place"] == i].set_index("row")
            level = one["level"].to_numpy()
            frame[f"reason_{i + 1}"] = pd.Series(
                self._words(level, one["term"]), index=one.index, dtype=object
            )
            frame[f"contribution_{i + 1}"] = one["term"]
            for name, values in (("lines", counts), ("denied", of_denied)):
                frame[f"reason_{i + 1}_{name}"] = pd.Series(values[level].astype("int64"), index=one.index)
        return frame, added

    def _usual(self, seen: sparse.csr_matrix) -> np.ndarray:
        """The mean term of the kinds of which every line has exactly one level, by level; 0 for the others."""
        single = np.array([not source for source, _, _ in TRAITS])
        weight = np.asarray(seen.sum(axis=0)).ravel() * self.model.terms / max(len(self.taught), 1)
        mean = np.bincount(self.levels.kinds, weight, minlength=len(TRAITS))
        return np.where(single, mean, 0.0)[self.levels.kinds]

    def _words(self, level: np.ndarray, term: pd.Series) -> list[str]:
        odds = np.exp(term.to_numpy(float))
        return [
            f"{word}: odds of denial × {value:.2g}"
            for word, value in zip(self.levels.words[level], odds, strict=True)
        ]


def alike(known: Known, past: Before, flagged: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """What the payer did with lines that broke the same rule, before the quarter of each row of ``flagged``.

    like_lines, like_denied, like_rate, like_low, like_high, like_design_effect: the interval is of effective lines.
    """
    lines = known.lines
    rows = known.parts["flagged"]
    rows = rows.join(lines[["payer", "claim_id", "person_id", "initial_outcome"]], on="line")
    rows = rows.assign(
        own=past.own[rows["line"].to_numpy()], denied=(rows["initial_outcome"] == "denied").astype(float)
    )
    rows = rows[past.teaches[rows["line"].to_numpy()]]
    own = past.own[flagged["line"].to_numpy()]
    keys = pd.DataFrame(
        {"rule": flagged["rule"].to_numpy(), "payer": lines["payer"].to_numpy()[flagged["line"].to_numpy()]},
        index=flagged.index,
    )
    parts = [
        _clustered(rows[rows["own"] < number], keys[own == number], confidence) for number in np.unique(own)
    ]
    found = pd.concat(parts) if parts else pd.DataFrame(index=keys.index, columns=list(LIKE), dtype=float)
    return found.loc[flagged.index]


LIKE: Final = ("like_lines", "like_denied", "like_rate", "like_low", "like_high", "like_design_effect")


def _clustered(rows: pd.DataFrame, keys: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Counts by rule and payer, with intervals widened because lines of a claim, or of a person, are decided alike."""
    at = ["rule", "payer"]
    rows = rows.assign(person=rows["person_id"].fillna("claim " + rows["claim_id"]))
    by_cell = rows.groupby(at)["denied"]
    cells = pd.DataFrame({"flagged_lines": by_cell.size(), "denied_lines": by_cell.sum()}).astype(float)
    for kind, number, name in (("claim", "flagged_claims", "claim_id"), ("person", "persons", "person")):
        each = rows.groupby([*at, name])["denied"].agg(["size", "sum"]).astype(float).reset_index()
        each = each.assign(
            nn=each["size"] ** 2, nd=each["size"] * each["sum"], dd=each["sum"] ** 2, one=1.0
        ).groupby(at)[["nn", "nd", "dd", "one"]].sum()  # fmt: skip
        cells[[f"{kind}_nn", f"{kind}_nd", f"{kind}_dd", number]] = each
    sums = {str(name): cells[name].to_numpy(float) for name in cells}
    if len(cells):
        dependence = outcomes.dependence(sums)
        cells["effect"], cells["freedom"] = dependence.design_effect, dependence.freedom
    found = cells.reindex(
        pd.MultiIndex.from_frame(keys[at]), columns=[*cells, *({"effect", "freedom"} - {*cells})]
    )
    n, k = (found[name].fillna(0).to_numpy(float) for name in ("flagged_lines", "denied_lines"))
    effect, freedom = (
        found["effect"].fillna(1).to_numpy(float),
        found["freedom"].fillna(np.inf).to_numpy(float),
    )
    low, high = stats.wilson(k, n, confidence, design_effect=effect, freedom=freedom)
    with np.errstate(invalid="ignore"):
        rate = np.where(n > 0, k / n, np.nan)
    values = (n.astype(int), k.astype(int), rate, low, high, np.where(n > 0, effect, np.nan))
    return pd.DataFrame(dict(zip(LIKE, values, strict=True)), index=keys.index)


def shares(allowed: pd.DataFrame, lines: pd.DataFrame, past: Before) -> np.ndarray:
    """Allowed dollars per dollar charged: the payer's for the procedure, else its own, else all payers', else 1.

    By lines decided before each line's quarter.
    """
    quarter = pd.to_datetime(lines["quarter"])
    own = past.own[lines["line"].to_numpy()]
    result = np.ones(len(lines))
    for number in np.unique(own):
        here = own == number
        first = quarter[here].min()
        earlier = allowed if pd.isna(first) else allowed[pd.to_datetime(allowed["quarter"]) < first]
        result[here] = _share(earlier, lines[here])
    return result


def _share(allowed: pd.DataFrame, lines: pd.DataFrame) -> np.ndarray:
    sums = allowed.groupby(["payer", "hcpcs_code"])[["lines", "allowed", "charge"]].sum()
    enough = sums[sums["lines"] >= ALLOWED_LINES]
    code = lines["hcpcs_code"].fillna("(none)").astype(str)
    at = pd.MultiIndex.from_arrays([lines["payer"], code])
    own = (enough["allowed"] / enough["charge"]).reindex(at).to_numpy(float)
    payers = allowed.groupby("payer")[["allowed", "charge"]].sum()
    payer = (payers["allowed"] / payers["charge"]).reindex(lines["payer"]).to_numpy(float)
    total = allowed["charge"].sum()
    overall = allowed["allowed"].sum() / total if total else 1.0
    return np.where(np.isnan(own), np.where(np.isnan(payer), overall, payer), own)
