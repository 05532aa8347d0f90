"""What changes of persons' HCCs do to their scores: of one model, or of all that CMS blends in a payment year.

In 2024 and 2025 CMS pays a share of a score of V24 and one of V28, each normalized and adjusted before they are
blended. A change is then known by its diagnosis codes, which count in either model as its mapping says: a code that is
added brings its HCC of each model, and an HCC is lost where all codes that the person has for it are taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.risk import hcc_tables
from cpticd.risk.numbering import Ints
from cpticd.risk.score import prepared
from cpticd.risk.scorer import Scorer
from cpticd.risk.shapley import Floats, raw_values

_RAW: Final = (
    "SELECT s.person, s.raw, (1 - r.coding_adjustment) / r.normalization AS factor "
    "FROM scores AS s JOIN rates AS r ON r.kind = s.kind ORDER BY s.person"
)
#: What a player changes in one model: a bit of a block; a bit that is lost goes where ``needed`` of its codes are gone.
_CHANGES: Final = ("player", "block", "bit", "removed", "code", "needed")


@dataclass
class Part:
    """One model of a payment: its share, its scorer, and its number of each person of the payment."""

    model: str
    share: float
    scorer: Scorer
    scores: pd.DataFrame  # number, person_id, raw, factor: raw x factor is the payment score
    number: Ints
    weight: Floats  # points of the payment's score per raw point, by person


class Payments:
    """Persons and their scores in one model, or in all of a blend.

    ``people`` has a row per person who is scored in all of them, numbered from 1: person, person_id, score, and
    payment_factor. Of one model score is raw and payment_factor (1 - coding adjustment) / normalization; of a blend
    score is the blended payment score and payment_factor 1.
    """

    def __init__(self, parts: list[tuple[str, float, Scorer]]) -> None:
        self.blended = len(parts) > 1
        self.shares = {model: share for model, share, _ in parts}
        self.scorer = parts[0][2]
        scores = [_scores(scorer) for _, _, scorer in parts]
        both = scores[0]["person_id"]
        for other in scores[1:]:
            both = both[both.isin(other["person_id"])]
        self.people = pd.DataFrame({"person": np.arange(1, len(both) + 1), "person_id": both.to_numpy()})
        self.people["score"], self.people["payment_factor"] = 0.0, 1.0
        self.parts = [
            self._part(*part, frame.set_index("person_id").loc[both].reset_index())
            for part, frame in zip(parts, scores, strict=True)
        ]

    def _part(self, model: str, share: float, scorer: Scorer, scores: pd.DataFrame) -> Part:
        if self.blended:
            weight = share * scores["factor"].to_numpy()
        else:
            weight = np.ones(len(scores))
            self.people["payment_factor"] = scores["factor"].to_numpy()
        self.people["score"] += weight * scores["raw"].to_numpy()
        return Part(model, share, scorer, scores, scores["number"].to_numpy(), weight)

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
    claims: Claims, payment_year: int, model: str, factors: pd.DataFrame | None = None
) -> Iterator[Payments]:
    """The payment of ``payment_year``: that of ``model``, and of all that it is blended with.

    Scores are made in sessions of their own; in the first one ``scored``, ``held`` and the like are those of ``model``.
    """
    hcc_tables.check_model(model, payment_year)
    shares = hcc_tables.shares(payment_year, factors)
    if model not in shares:
        shares = {model: 1.0}
    with ExitStack() as stack:
        parts = []
        for name in sorted(shares, key=lambda name: (name != model, name)):
            scorer = stack.enter_context(prepared(claims, None, name, payment_year))
            scorer.rate(hcc_tables.factors(name, payment_year, factors))
            scorer.score()
            parts.append((name, shares[name], scorer))
        yield Payments(parts)


def _scores(scorer: Scorer) -> pd.DataFrame:
    """One row per scored person, by number: number, person_id, raw, factor."""
    rows = scorer.s.fetch(_RAW).to_pandas().rename(columns={"person": "number"})
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
    back = pd.Series(np.arange(1, len(part.number) + 1), index=part.number)
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
