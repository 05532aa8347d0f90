"""What changes of persons' HCCs do to their scores: of one model, or of all that CMS blends in a payment year.

In 2024 and 2025 CMS pays a share of a score of V24 and one of V28, each normalized and adjusted before they are
blended. A change is then known by its diagnosis codes, which count in either model as its mapping says: a code that is
added brings its HCC of each model, and an HCC is lost where all codes that the person has for it are taken away.
Members of PACE have a blend of their own, of V28 and V22.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from cpticd import sql
from cpticd.claims import Claims
from cpticd.risk import hcc_tables
from cpticd.risk.numbering import Ints
from cpticd.risk.score import prepared
from cpticd.risk.scorer import Scorer
from cpticd.risk.shapley import Floats, raw_values

#: What a player changes in one model: a bit of a block; a bit that is lost goes where ``needed`` of its codes are gone.
_CHANGES: Final = ("player", "block", "bit", "removed", "code", "needed")


@dataclass
class Part:
    """One model of a payment: its scorer, and its number of each person of the payment."""

    model: str
    scorer: Scorer
    number: Ints  # 1 where the model does not score the person, whose weight is 0
    weight: Floats  # points of the payment's score per raw point, by person


class Payments:
    """Persons and their scores in one model, or in all of a blend.

    ``people`` has a row per person who is scored in all of ``shares``, numbered from 1: person, person_id, score, and
    payment_factor. Of one model score is raw and payment_factor (1 - coding adjustment) / normalization; of a blend
    score is the blended payment score and payment_factor 1. ``shares_of_pace``: of its members, where there are any.
    """

    def __init__(
        self, scorers: dict[str, Scorer], shares: dict[str, float], shares_of_pace: dict[str, float]
    ) -> None:
        self.blended = len(scorers) > 1
        self.shares, self.shares_of_pace = shares, shares_of_pace
        self.scorer = next(iter(scorers.values()))
        scores = {model: _scores(scorer) for model, scorer in scorers.items()}
        first = next(iter(scores.values()))
        both = first["person_id"]
        for model, other in scores.items():
            if model in shares:
                both = both[both.isin(other["person_id"])]
            else:  # of PACE alone
                of_pace = first.loc[first["population"] == hcc_tables.PACE, "person_id"]
                scores[model] = other[other["person_id"].isin(of_pace)]
        self.people = pd.DataFrame({"person": np.arange(1, len(both) + 1), "person_id": both.to_numpy()})
        self.people["population"] = first.set_index("person_id")["population"].reindex(both).to_numpy()
        self.people["score"], self.people["payment_factor"] = 0.0, 1.0
        self.parts = [self._part(model, scorer, scores[model]) for model, scorer in scorers.items()]

    def _part(self, model: str, scorer: Scorer, scores: pd.DataFrame) -> Part:
        mine = scores.set_index("person_id").reindex(self.people["person_id"])
        if self.blended:
            weight = (mine["share"] * mine["factor"]).where(mine["number"].notna(), 0.0).to_numpy()
        else:
            weight = np.ones(len(mine))
            self.people["payment_factor"] = mine["factor"].to_numpy()
        self.people["score"] += weight * mine["raw"].fillna(0).to_numpy()
        return Part(model, scorer, mine["number"].fillna(1).to_numpy(np.int64), weight)

    def worth(self, players: pd.DataFrame) -> Worth:
        """What sets of ``players`` are worth: person (number), hcc of the first model, remove, code ('': not known)."""
        changes = [_own(self.parts[0], players)]
        if self.blended:
            lost = _codes_lost(self.parts[0], players)
            coded = players.assign(code=_assumed(self.parts[0], players)) if len(players) else players
            changes += [_by_code(part, coded, lost) for part in self.parts[1:]]
        return Worth(self, changes)

    def worth_by_model(self, players: pd.DataFrame) -> Worth:
        """As :meth:`worth`, of players whose HCC is of the model that each names (model) and changes that one alone."""
        changes = []
        for part in self.parts:
            mine = np.flatnonzero((players["model"] == part.model).to_numpy())
            own = _own(part, players.iloc[mine])
            changes.append(own.assign(player=mine[own["player"].to_numpy(dtype=int)]))
        return Worth(self, changes)


@dataclass
class Worth:
    """Scores of sets of changes, less nothing: the same unit as ``people.score``."""

    payments: Payments
    changes: list[pd.DataFrame]

    def __call__(self, case: Ints, player: Ints, whose: Ints) -> Floats:
        """Scores of sets: ``case`` and ``player`` say who is in which, ``whose`` which person each set is of."""
        total = np.zeros(len(whose))
        for part, changes in zip(self.payments.parts, self.changes, strict=True):
            members = _members(case, player, changes)
            number = part.number[whose - 1]
            total += part.weight[whose - 1] * raw_values(part.scorer, _whole(members), number)
        return total


@contextmanager
def payments(
    claims: Claims,
    payment_year: int,
    model: str,
    factors: pd.DataFrame | None = None,
    *,
    pace: bool = False,
) -> Iterator[Payments]:
    """The payment of ``payment_year``: that of ``model`` and of all that it is blended with, by ``pace`` for PACE too.

    Scores are made in sessions of their own; in the first one ``scored``, ``held`` and the like are those of ``model``.
    """
    hcc_tables.check_model(model, payment_year)
    shares = hcc_tables.shares(payment_year, factors)
    shares_of_pace = hcc_tables.shares(payment_year, factors, hcc_tables.PACE) if pace else {}
    if model not in shares:
        shares_of_pace = {}
        shares = {model: 1.0}
    with ExitStack() as stack:

        def scorer(name: str) -> Scorer:
            made = stack.enter_context(prepared(claims, None, name, payment_year))
            made.rate(hcc_tables.factors(name, payment_year, factors))
            made.score()
            return made

        scorers = {name: scorer(name) for name in sorted(shares, key=lambda name: (name != model, name))}
        if shares_of_pace and not _of_pace(scorers[model]):
            shares_of_pace = {}
        scorers |= {name: scorer(name) for name in shares_of_pace if name not in scorers}
        yield Payments(scorers, shares, shares_of_pace)


def _of_pace(scorer: Scorer) -> bool:
    """Whether a member of PACE is scored."""
    kinds = scorer.s.fetch(
        "SELECT kind FROM rates WHERE population = $pace", {"pace": hcc_tables.PACE}
    ).column(0)
    return bool(pc.any(pc.is_in(scorer.scored.column("kind"), value_set=kinds.combine_chunks())).as_py())


def _scores(scorer: Scorer) -> pd.DataFrame:
    """One row per scored person, by number: number, person_id, population, share, raw, factor."""
    rows = scorer.s.fetch(sql.text("risk/payment_factors")).to_pandas().rename(columns={"person": "number"})
    rows["person_id"] = scorer.scored.column("person_id").to_pandas().astype("str").to_numpy()
    return rows


def _bits(part: Part) -> pd.DataFrame:
    return part.scorer.blocks.bits.to_pandas()


def _own(part: Part, players: pd.DataFrame) -> pd.DataFrame:
    """The change of each player in the model whose HCC he is."""
    rows = pd.DataFrame({"player": np.arange(len(players)), "hcc": players["hcc"].to_numpy()})
    rows = rows.merge(_bits(part), on="hcc").drop(columns="hcc")
    removed = players["remove"].to_numpy(dtype=bool)[rows["player"]]
    return rows.assign(removed=removed, code=0, needed=1)[list(_CHANGES)]


def _assumed(part: Part, players: pd.DataFrame) -> pd.Series:
    """The code of each player; where none is named, the one by which the claims code his HCC most often."""
    mapping = hcc_tables.mapping(part.model, part.scorer.payment_year).to_pandas()
    coded = part.scorer.s.fetch(  # diagnoses_in and codes_in hold a person's code once
        "SELECT c.diagnosis_code, count(*) AS diagnoses FROM counted_diagnoses d "
        "JOIN codes_in c ON c.given = d.diagnosis_code WHERE c.is_code GROUP BY c.diagnosis_code"
    ).to_pandas()
    mapping["diagnoses"] = (
        mapping["diagnosis_code"].map(coded.set_index("diagnosis_code")["diagnoses"]).fillna(0)
    )
    usual = mapping.sort_values(["hcc", "diagnoses", "diagnosis_code"], ascending=[True, False, True])
    by_hcc = usual.drop_duplicates("hcc").set_index("hcc")["diagnosis_code"]
    return players["code"].where(players["code"] != "", players["hcc"].map(by_hcc))


def _supported(part: Part, persons: pd.Series) -> pd.DataFrame:
    """One row per person (number of the payment), HCC and code that he has for it."""
    back = pd.Series(np.arange(1, len(part.number) + 1), index=part.number)[part.weight != 0]
    part.scorer.s.load("asked_people", {"person": part.number[persons.unique() - 1].astype("int32")})
    found = part.scorer.s.frame(
        sql.text("risk/explained_support"),
        claim="''",
        diagnoses="diagnoses_in",
        kept="AND s.person IN (SELECT person FROM asked_people)",
    )
    found["person"] = found["person"].map(back)
    return found.dropna(subset="person").astype({"person": "int64"})[["person", "hcc", "diagnosis_code"]]


def _codes_lost(part: Part, players: pd.DataFrame) -> pd.DataFrame:
    """One row per player who takes an HCC away and code that the person has for it: player, person, diagnosis_code."""
    removed = players.assign(player=np.arange(len(players)))[players["remove"].to_numpy(dtype=bool)]
    if removed.empty:
        return pd.DataFrame({"player": [], "person": [], "diagnosis_code": []}).astype(
            {"player": int, "person": int}
        )
    found = removed[["player", "person", "hcc"]].merge(
        _supported(part, removed["person"]), on=["person", "hcc"]
    )
    return found[["player", "person", "diagnosis_code"]]


def _by_code(part: Part, players: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
    """The changes of players in another model than theirs, by their codes."""
    changes = []
    added = players.assign(player=np.arange(len(players)))[~players["remove"].to_numpy(dtype=bool)]
    if len(added):
        mapping = hcc_tables.mapping(part.model, part.scorer.payment_year).to_pandas()
        facts = part.scorer.scored.select(["age", "sex"]).to_pandas()
        mine = facts.iloc[part.number[added["person"] - 1] - 1].reset_index(drop=True)
        rows = added[["player", "code"]].reset_index(drop=True).assign(of_age=mine["age"], of_sex=mine["sex"])
        rows = rows.merge(mapping.rename(columns={"diagnosis_code": "code"}), on="code")
        fits = rows["of_age"].between(rows["age_from"], rows["age_to"])
        fits &= (rows["sex"] == "") | (rows["sex"] == rows["of_sex"])
        rows = rows[fits][["player", "hcc"]].drop_duplicates()
        changes.append(rows.assign(removed=False, code=0, needed=1))
    if len(lost):
        have = _supported(part, lost["person"])
        have["needed"] = have.groupby(["person", "hcc"])["diagnosis_code"].transform("size")
        have["code"] = have.groupby(["person", "hcc"]).cumcount()
        rows = lost.merge(have, on=["person", "diagnosis_code"])
        changes.append(rows[["player", "hcc", "code", "needed"]].assign(removed=True))
    if not changes:
        return pd.DataFrame({name: pd.Series([], dtype="int64") for name in _CHANGES})
    found = pd.concat(changes, ignore_index=True).merge(_bits(part), on="hcc")
    return found[list(_CHANGES)].astype({"removed": bool})


def _members(case: Ints, player: Ints, changes: pd.DataFrame) -> pd.DataFrame:
    """The changes of each case's players: ``changes`` for every case and player, with its case_id."""
    ordered = changes.sort_values("player", kind="stable")
    many = np.bincount(ordered["player"].to_numpy(dtype=int), minlength=int(player.max(initial=-1)) + 1)
    first = np.cumsum(many) - many
    times = many[player]
    within = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
    rows = ordered.iloc[np.repeat(first[player], times) + within]
    return rows.assign(case_id=np.repeat(case, times))


def _whole(members: pd.DataFrame) -> pd.DataFrame:
    """The changes that come true: an HCC that several codes bear is lost where all of them are taken away."""
    shared = members["needed"] > 1
    if not shared.any():
        return members
    key = ["case_id", "block", "bit"]
    gone = members[shared].groupby([*key, "needed"])["code"].nunique().reset_index()
    gone = gone[gone["code"] >= gone["needed"]][key].assign(removed=True)
    return pd.concat([members[~shared][[*key, "removed"]], gone], ignore_index=True)
